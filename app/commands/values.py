"""A value against the definition it is meant for: what we send to a device or keep as a person's word.

Limits bind here and only here: a reading outside them is still the reading (design, "Sample"), but nothing outside
them is ever sent.
"""

import math
from typing import Any

from app.commands.pointers import found, pointer, shown
from app.errors import Problem
from app.model.definitions import DataType, Described, ParameterDefinition, PropertyDefinition
from app.model.document import MAX_TEXT
from app.model.near import near
from app.model.time import parse_iso
from app.model.value_types import NUMBERS
from app.model.values import MAX_SIZE, Value, size

_INTEGERS = range(-(2**63), 2**63)
_WANTED: dict[DataType, str] = {
    "float": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "string": "a text",
    "enum": "a text",
    "datetime": "a date and time like 2026-01-02T03:04:05Z",
    "array": "a list",
    "object": "an object",
}
_TOLD = 100
"""Faults after which the rest of a value is not looked at."""


def fitted(definition: PropertyDefinition | ParameterDefinition, value: Any, path: str) -> tuple[Value, list[Problem]]:
    """The value as the definition's type has it (a whole number becomes a float where a float is meant), and what is
    wrong with it, each at its place in the value: WRONG_TYPE, NOT_FINITE, VALUE_NOT_ALLOWED, VALUE_OUT_OF_RANGE,
    TOO_LONG, MISSING_FIELD, UNKNOWN_FIELD, VALUE_TOO_LARGE."""
    fitting = _Fitting()
    plain = fitting.fit(definition, definition.name, value, path)
    if not fitting.problems and size(plain) > MAX_SIZE:
        message = f"the value for '{definition.name}' has more than {MAX_SIZE} parts and characters"
        fitting.wrong("VALUE_TOO_LARGE", message, path, f"at most {MAX_SIZE} are allowed")
    return None if fitting.problems else plain, fitting.problems


class _Fitting:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, code: str, message: str, path: str, hint: str) -> None:
        self.problems.append(Problem(code, message, path, hint))

    def fit(self, described: Described, label: str, value: Any, path: str) -> Value:
        """`label` names the place for people: `profile[2].speed`."""
        kind = described.data_type
        if isinstance(value, float) and not math.isfinite(value):
            return self.wrong("NOT_FINITE", f"'{label}' can't be {value}", path, "give a finite number")
        plain = _of_type(kind, value)
        if plain is None:
            wanted = _WANTED[kind]
            message = f"'{label}' is {wanted}, not {found(value)}"
            return self.wrong("WRONG_TYPE", message, path, f"give {wanted}")
        if kind == "array":
            return self._list(described, label, plain, path)
        if kind == "object":
            return self._object(described, label, plain, path)
        if kind == "enum" and plain not in (described.enum_values or ()):
            choices = described.enum_values or []
            hint = f"{near(plain, choices)} allowed are {', '.join(choices)}".strip()
            return self.wrong("VALUE_NOT_ALLOWED", f"'{label}' can't be {found(value)}", path, hint)
        if isinstance(plain, str) and len(plain) > MAX_TEXT:
            message = f"the text for '{label}' has more than {MAX_TEXT} characters"
            return self.wrong("TOO_LONG", message, path, f"at most {MAX_TEXT} are allowed")
        low, high = described.min_value, described.max_value
        if kind in NUMBERS and ((low is not None and plain < low) or (high is not None and plain > high)):
            unit = f" {described.unit}" if described.unit else ""
            message = f"'{label}' can't be {plain}{unit}"
            return self.wrong("VALUE_OUT_OF_RANGE", message, path, f"allowed is {_limits(low, high)}{unit}")
        return plain

    def _list(self, described: Described, label: str, value: list[Any], path: str) -> Value:
        most = MAX_SIZE if described.max_items is None else described.max_items
        if len(value) > most:
            message = f"'{label}' has {len(value)} items, more than {most}"
            return self.wrong("TOO_LONG", message, path, f"at most {most} are allowed")
        kept = []
        for index, item in enumerate(value):
            if described.items is not None and len(self.problems) < _TOLD:
                kept.append(self.fit(described.items, f"{label}[{index}]", item, f"{path}/{index}"))
        return kept

    def _object(self, described: Described, label: str, value: dict[Any, Any], path: str) -> Value:
        fields = {field.name: field for field in described.fields or ()}
        for name in value:
            if name not in fields:
                hint = near(str(name), fields) or f"known are {', '.join(fields)}"
                message = f"'{label}' has no field {shown(str(name))}"
                self.wrong("UNKNOWN_FIELD", message, path + pointer((str(name),)), hint)
        kept: dict[str, Value] = {}
        for name, field in fields.items():
            where = path + pointer((name,))
            if name not in value and field.required:
                self.wrong("MISSING_FIELD", f"'{label}' needs '{name}'", where, f"add '{name}'")
            elif value.get(name) is not None or (name in value and field.required):
                kept[name] = self.fit(field, f"{label}.{name}", value[name], where)
        return kept


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
        case ("array", list()) | ("object", dict()):
            return value
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
