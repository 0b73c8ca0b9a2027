"""What is wrong with how a value is described: limits that don't fit its data type, parts that are missing, nesting.

The faults are found in a document as it was sent and in a model alike, so that all of them are told at once, also
where the document is wrong elsewhere. What has another form than it should is passed over: the models tell that.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

MAX_LEVELS = 5
"""Of lists and objects inside each other."""
MAX_FIELDS = 200
"""Of one object."""
NUMBERS = ("float", "integer")
COMPOSED = ("array", "object")
_KNOWN = (*NUMBERS, "boolean", "string", "enum", "datetime", *COMPOSED)

At = tuple[str | int, ...]


class Fault(NamedTuple):
    """One thing wrong with the form of a part: a stable code, where below the part, what, and what to do."""

    code: str
    at: At
    message: str
    hint: str = ""


def type_faults(part: Any) -> Iterator[Fault]:
    """Of a property, or a parameter of a method or event."""
    name = _get(part, "name")
    label = name if isinstance(name, str) else ""
    yield from _limits(part, label, (), 0)
    data_type = _get(part, "data_type")
    if _get(part, "deadband") is not None and data_type in _KNOWN and data_type not in NUMBERS:
        message = f"'{label}' has a deadband but its data_type is {data_type}"
        yield Fault("NOT_FOR_TYPE", ("deadband",), message, "only a number has one")
    if _get(part, "computed") is not None:
        yield from _computed(part, label)


def _computed(part: Any, label: str) -> Iterator[Fault]:
    if (access := _get(part, "access")) not in (None, "read"):
        message = f"'{label}' is computed and can't have access {access}"
        yield Fault("COMPUTED_READ_ONLY", ("access",), message, "leave access out, or write read")
    if _get(part, "stale_after") is not None:
        message = f"'{label}' is computed: it is as fresh as what it is computed from"
        hint = "leave stale_after out; give it to the properties that a device feeds"
        yield Fault("COMPUTED_NEVER_STALE", ("stale_after",), message, hint)
    if (data_type := _get(part, "data_type")) in COMPOSED:
        message = f"'{label}' is computed and can't be an {data_type}"
        yield Fault("NOT_FOR_TYPE", ("computed",), message, "compute a number, text, truth or moment")


def _limits(part: Any, label: str, at: At, levels: int) -> Iterator[Fault]:
    data_type = _get(part, "data_type")
    if data_type not in _KNOWN:
        return
    listed = _get(part, "enum_values")
    limits = "enum_values are for an enum, min_value and max_value for a float or integer, the lower one first"
    if data_type == "enum" and not listed:
        message = f"'{label}' is an enum and needs enum_values"
        yield Fault("MISSING_FIELD", (*at, "enum_values"), message, "list the values that it can take")
    if data_type != "enum" and listed is not None:
        message = f"'{label}' has enum_values but its data_type is {data_type}"
        yield Fault("BAD_LIMITS", (*at, "enum_values"), message, limits)
    if isinstance(listed, list) and len({item for item in listed if isinstance(item, str)}) != len(listed):
        message = f"'{label}' lists an enum value twice"
        yield Fault("DUPLICATE_NAME", (*at, "enum_values"), message, "give each its own name")
    for field in ("min_value", "max_value"):
        if _get(part, field) is not None and data_type not in NUMBERS:
            message = f"'{label}' has {field} but its data_type is {data_type}"
            yield Fault("BAD_LIMITS", (*at, field), message, limits)
    low, high = _get(part, "min_value"), _get(part, "max_value")
    if _is_number(low) and _is_number(high) and low > high:
        message = f"'{label}' has min_value {low} above max_value {high}"
        yield Fault("BAD_LIMITS", (*at, "min_value"), message, limits)
    yield from _parts(part, label, at, levels, data_type)


def _parts(part: Any, label: str, at: At, levels: int, data_type: str) -> Iterator[Fault]:
    items, fields = _get(part, "items"), _get(part, "fields")
    for field, wanted in (("items", "array"), ("max_items", "array"), ("fields", "object")):
        if _get(part, field) is not None and data_type != wanted:
            message = f"'{label}' has {field} but its data_type is {data_type}"
            yield Fault("NOT_FOR_TYPE", (*at, field), message, f"{field} is for an {wanted}")
    if data_type in COMPOSED and _get(part, "unit") is not None:
        hint = "give its items the unit" if data_type == "array" else "give its fields their units"
        yield Fault("NOT_FOR_TYPE", (*at, "unit"), f"'{label}' is an {data_type} and has no unit itself", hint)
    if data_type == "array" and items is None:
        hint = 'say what its elements are: "items": {"data_type": "float"}'
        yield Fault("MISSING_FIELD", (*at, "items"), f"'{label}' is an array and needs items", hint)
    if data_type == "object" and not fields:
        hint = 'list its parts: "fields": [{"name": "x", "data_type": "float"}]'
        yield Fault("MISSING_FIELD", (*at, "fields"), f"'{label}' is an object and needs fields", hint)
    if data_type in COMPOSED and levels == MAX_LEVELS:
        message = f"'{label}' lies more than {MAX_LEVELS} levels of lists and objects deep"
        yield Fault("TYPE_TOO_DEEP", at, message, f"at most {MAX_LEVELS} levels are allowed")
        return
    if data_type == "array":
        yield from _limits(items, f"{label}[]", (*at, "items"), levels + 1)
    elif data_type == "object" and isinstance(fields, list):
        yield from _fields(fields, label, (*at, "fields"), levels + 1)


def _fields(fields: list[Any], label: str, at: At, levels: int) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, field in enumerate(fields):
        name = _get(field, "name")
        if not isinstance(name, str):
            continue
        if name in seen:
            message = f"'{label}' has the field '{name}' twice"
            yield Fault("DUPLICATE_NAME", (*at, index, "name"), message, "give each its own name")
        seen.add(name)
        yield from _limits(field, f"{label}.{name}", (*at, index), levels)


def _get(part: Any, field: str) -> Any:
    return part.get(field) if isinstance(part, Mapping) else getattr(part, field, None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
