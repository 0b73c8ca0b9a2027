"""How parts of an explanation are named for programs: the kind of a node, its text, the definitions it is of."""

import re

from app.dtsl.format_conditions import format_condition
from app.model.conditions import Condition

_TWIST = re.compile(r"~[0-9a-f]+")


def kind_of(node: Condition) -> str:
    """`compare`, `property`, ...: as it is journaled."""
    return str(type(node).__struct_config__.tag)


def text_of(node: Condition) -> str:
    return format_condition(node)


def revisions(shape_id: str) -> str:
    """`twin/p1/3 twin_type/pump/2`: without the part of a shape's id that names no definition."""
    return _TWIST.sub("", shape_id).replace("+", " ")
