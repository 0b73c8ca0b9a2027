"""A value against the definition it is meant for: what we send to a device or keep as a person's word.

Limits bind here and only here: a reading outside them is still the reading (design, "Sample"), but nothing outside
them is ever sent.
"""

import math
from typing import Any

from app.commands.pointers import found
from app.errors import Problem
from app.model.definitions import MAX_TEXT, DataType, ParameterDefinition, PropertyDefinition
from app.model.near import near
from app.model.time import parse_iso
from app.model.values import Value

_INTEGERS = range(-(2**63), 2**63)
_WANTED: dict[DataType, str] = {
    "float": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "string": "a text",
    "enum": "a text",
    "datetime": "a date and time like 2026-01-02T03:04:05Z",
}


def fitted(definition: PropertyDefinition | ParameterDefinition, value: Any, path: str) -> tuple[Value, list[Problem]]:
    """The value as the definition's type has it (a whole number becomes a float where a float is meant), and what is
    wrong with it: WRONG_TYPE, NOT_FINITE, VALUE_NOT_ALLOWED, VALUE_OUT_OF_RANGE, TOO_LONG."""
    kind = definition.data_type
    if isinstance(value, float) and not math.isfinite(value):
        return None, [Problem("NOT_FINITE", f"'{definition.name}' can't be {value}", path, "give a finite number")]
    plain = _of_type(kind, value)
    if plain is None:
        wanted = _WANTED[kind]
        message = f"'{definition.name}' is {wanted}, not {found(value)}"
        return None, [Problem("WRONG_TYPE", message, path, f"give {wanted}")]
    if kind == "enum" and plain not in (definition.enum_values or ()):
        choices = definition.enum_values or []
        hint = f"{near(plain, choices)} allowed are {', '.join(choices)}".strip()
        return None, [Problem("VALUE_NOT_ALLOWED", f"'{definition.name}' can't be {found(value)}", path, hint)]
    if isinstance(plain, str) and len(plain) > MAX_TEXT:
        message = f"the text for '{definition.name}' has more than {MAX_TEXT} characters"
        return None, [Problem("TOO_LONG", message, path, f"at most {MAX_TEXT} are allowed")]
    low, high = definition.min_value, definition.max_value
    if kind in ("float", "integer") and ((low is not None and plain < low) or (high is not None and plain > high)):
        unit = f" {definition.unit}" if definition.unit else ""
        message = f"'{definition.name}' can't be {plain}{unit}"
        return None, [Problem("VALUE_OUT_OF_RANGE", message, path, f"allowed is {_limits(low, high)}{unit}")]
    return plain, []


def _of_type(kind: DataType, value: Any) -> Any:
    """The value in the type's own form, None where it is not of the type."""
    match kind, value:
        case (("float" | "integer"), bool()):
            return None
        case "float", (int() | float()):
            return float(value) if isinstance(value, float) or value in _INTEGERS else None
        case "integer", int():
            return value if value in _INTEGERS else None
        case "integer", float():
            return int(value) if value.is_integer() and int(value) in _INTEGERS else None
        case "boolean", bool():
            return value
        case (("string" | "enum"), str()):
            return value if is_text(value) else None
        case "datetime", str():
            return value if _is_moment(value) else None
        case _:
            return None


def is_text(value: str) -> bool:
    """Whether it can be written anywhere: half of a surrogate pair can't."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_moment(value: str) -> bool:
    try:
        parse_iso(value)
    except (ValueError, OverflowError):
        return False
    return True


def _limits(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high}"
    if high is None:
        return f"at least {low}"
    return f"{low} to {high}"
