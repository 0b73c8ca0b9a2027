"""OPC UA's structures as objects, by the names of fields that the device gives them, and objects as structures.

asyncua makes a class of each structure that a server describes and keeps it for the whole process, so two servers that
call different structures by one node id can't be told apart.
"""

import re
from collections.abc import Callable
from dataclasses import fields
from enum import IntEnum
from typing import Any

from asyncua import ua

from app.connectors.decode import Unusable
from app.model.plan import PropertyPlan
from app.model.values import Value

Encode = Callable[[Value, ua.VariantType, PropertyPlan], Any]
"""A plain value as one of OPC UA's own types; raises Unusable."""
_TYPE = re.compile(r"ua\.(\w+)")


def is_structure(value: Any) -> bool:
    return type(value) in ua.typeid_by_extension_objects


def parts_of(structure: Any) -> dict[str, Any]:
    return {item.name: getattr(structure, item.name) for item in fields(structure)}


def structure_of(data_type: ua.NodeId) -> type | None:
    """None for what is no structure, or one that the server does not describe."""
    return next(
        (known for known in ua.typeid_by_extension_objects if getattr(known, "data_type", None) == data_type), None
    )


def build(structure: type, value: Value, plan: PropertyPlan, encode: Encode) -> Any:
    """The device's own default where the object says nothing of a field. Raises Unusable."""
    if not isinstance(value, dict):
        raise Unusable("TypeMismatch", f"the node takes a {structure.__name__}, not {type(value).__name__}")
    types = {item.name: str(item.type) for item in fields(structure)}
    given = {}
    for part in plan.fields:
        if part.name not in value:
            continue
        if part.name not in types:
            known = ", ".join(types)
            raise Unusable("TypeMismatch", f"the device's {structure.__name__} has no '{part.name}', but {known}")
        given[part.name] = _part(types[part.name], value[part.name], part, encode)
    return structure(**given)


def _part(declared: str, value: Value, plan: PropertyPlan, encode: Encode) -> Any:
    """`declared` as asyncua writes it: `ua.Double`, `typing.List[ua.Double]`."""
    if isinstance(value, list) and plan.items is not None:
        return [_part(declared, item, plan.items, encode) for item in value]
    found = _TYPE.search(declared)
    name = found.group(1) if found else ""
    if name in ua.VariantType.__members__:
        return encode(value, ua.VariantType[name], plan)
    made = getattr(ua, name, None)
    if isinstance(made, type) and issubclass(made, IntEnum):
        try:
            return made(encode(value, ua.VariantType.Int32, plan))
        except ValueError:
            raise Unusable("NotInEnum", f"{value} is none of {name}") from None
    if isinstance(made, type) and made in ua.typeid_by_extension_objects:
        return build(made, value, plan, encode)
    raise Unusable("TypeMismatch", f"'{plan.name}' is of {declared}, which can't be written")
