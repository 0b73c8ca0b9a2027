"""Leaves as Python expressions: when a value is of the class a resolver nearly always returns, and what it becomes.

Every other value goes to graphql-core, which knows what else a type takes and what it refuses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)

PLAIN = frozenset((str, int, float, bool, list, dict))
"""Classes of values that a scalar of ours may be given; what is to be awaited or raised is of none of them."""


@dataclass(frozen=True, slots=True)
class Leaf:
    test: str
    """Over `{v}`, the name of the value."""
    given: str
    """What is answered where that holds."""
    sure: bool = True
    """Whether that is never null."""


def leaf(kind: GraphQLLeafType, constant: Callable[[Any], str]) -> Leaf | None:
    """None for a type whose manners are not known here. `constant` gives an object a name."""
    if kind is GraphQLString or kind is GraphQLID:
        return Leaf("{v}.__class__ is str", "{v}")
    if kind is GraphQLBoolean:
        return Leaf("({v} is True or {v} is False)", "{v}")
    if kind is GraphQLInt:
        return Leaf("{v}.__class__ is int and -2147483648 <= {v} <= 2147483647", "{v}")
    if kind is GraphQLFloat:
        return Leaf("{v}.__class__ is float and {v} - {v} == 0.0", "{v}")  # which no infinity is, nor what is no number
    if isinstance(kind, GraphQLEnumType):
        members = getattr(kind, "wrapped_cls", None)
        if not (isinstance(members, type) and issubclass(members, Enum)):
            return None
        # By the member's name: an Enum's own hash is a call of Python code.
        names = {member.name: kind.coerce_output_value(member) for member in members}
        return Leaf(f"{{v}}.__class__ is {constant(members)}", f"{constant(names)}[{{v}}._name_]")
    given = f"{constant(kind.coerce_output_value)}({{v}})"  # of a scalar of ours
    return Leaf(f"{{v}}.__class__ in {constant(PLAIN)}", given, sure=False)


def words_of(kind: object) -> dict[str, str]:
    """What an enum's members are answered as, by their values, which are the model's words; empty for anything else."""
    members = getattr(kind, "wrapped_cls", None)
    if not (isinstance(kind, GraphQLEnumType) and isinstance(members, type) and issubclass(members, Enum)):
        return {}
    return {member.value: kind.coerce_output_value(member) for member in members if isinstance(member.value, str)}
