"""What values may meet in a comparison, and which value fits a property or a parameter.

Enum values and moments are written as text, so text is compared with them by its content, not by its type.
"""

import sys
from dataclasses import dataclass
from typing import Any
from typing import Literal as OneOf

from app.dtsl import diagnostics
from app.dtsl.diagnostics import Message
from app.dtsl.lengths import write_duration
from app.dtsl.measures import NUMBER_OF, PURE, UNTOLD, Measure
from app.dtsl.spelling import dtsl_member, quote
from app.model.conditions import Duration, Quantity
from app.model.definitions import Described, PropertyDefinition
from app.model.time import parse_iso

Kind = OneOf["number", "boolean", "text", "enum", "moment", "composed", "duration", "unknown"]

_KINDS: dict[str, Kind] = {
    "float": "number",
    "integer": "number",
    "boolean": "boolean",
    "string": "text",
    "enum": "enum",
    "datetime": "moment",
    "array": "composed",
    "object": "composed",
}
_LARGEST = sys.float_info.max
_ORDERED = ("<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Type:
    kind: Kind
    shown: str
    """As a message names it: `'primaryPump.status' (enum)`, `"running"`."""
    values: tuple[str, ...] = ()
    """Of an enum."""
    literal: str | None = None
    """Of a text written out."""
    measure: Measure = UNTOLD
    """Of a number."""
    constant: float | None = None
    """Of a number written out, and of a length of time in microseconds."""
    lowest: float | None = None
    highest: float | None = None
    """Of a property; it may be outside, but that is not how it is meant."""


UNKNOWN = Type("unknown", "this")
"""Something wrong that is reported already; fits everything."""
NUMBER = Type("number", "this number")
COUNT = Type("number", "this count", measure=NUMBER_OF, lowest=0)
BOOLEAN = Type("boolean", "this condition")


def type_of_literal(value: bool | int | float | str) -> Type:
    if isinstance(value, bool):
        return Type("boolean", "true" if value else "false")
    if isinstance(value, str):
        return Type("text", f"the text {shown_value(value)}", literal=value)
    return Type("number", f"the number {shown_value(value)}", measure=PURE, constant=value)


def type_of_quantity(node: Quantity) -> Type:
    shown = f"the quantity {shown_value(node.value)} {node.unit}"
    return Type("number", shown, measure=Measure(node.unit, None), constant=node.value)


def type_of_duration(node: Duration) -> Type:
    return Type("duration", f"the length of time {write_duration(node.micros)}", constant=node.micros)


def type_of_property(definition: Described, name: str) -> Type:
    data_type, unit = definition.data_type, definition.unit
    kind = _KINDS[data_type]
    shown = f"'{name}' ({data_type}{f' in {unit}' if unit and kind == 'number' else ''})"
    if kind != "number":
        return Type(kind, shown, tuple(definition.enum_values or ()))
    measure = Measure(unit) if unit else UNTOLD
    return Type(kind, shown, measure=measure, lowest=definition.min_value, highest=definition.max_value)


def comparison_fault(operator: str, left: Type, right: Type) -> Message | None:
    kinds = {left.kind, right.kind}
    if "unknown" in kinds:
        return None
    for side in (left, right):
        if side.kind == "composed":
            return diagnostics.not_comparable(side.shown)
    if kinds != {left.kind} and not kinds <= {"text", "enum"} and not kinds <= {"text", "moment"}:
        return diagnostics.incompatible(left.shown, right.shown)
    for enum, other in ((left, right), (right, left)):
        if enum.kind == "enum" and other.literal is not None and other.literal not in enum.values:
            return diagnostics.unknown_value(other.literal, enum.shown, enum.values)
        if enum.kind == "moment" and other.literal is not None and not _is_moment(other.literal):
            return diagnostics.no_moment(other.shown)
    if kinds == {"enum"} and not set(left.values) & set(right.values):
        return diagnostics.nothing_in_common(left.shown, right.shown)
    if operator in _ORDERED and not kinds <= {"number", "duration"} and "moment" not in kinds:
        return diagnostics.no_order(left.shown, operator)
    return None


_RESULTS: dict[Kind, tuple[str, tuple[str, ...]]] = {
    "number": ("a number", ("float", "integer")),
    "boolean": ("true or false", ("boolean",)),
    "text": ("a text", ("string", "enum")),
    "enum": ("a text", ("string", "enum")),
    "moment": ("a date and time", ("datetime",)),
    "composed": ("a list or an object", ()),
    "duration": ("a length of time", ()),
}


def result_fault(result: Type, definition: PropertyDefinition) -> Message | None:
    """Why what an expression gives can't be the value of the property that it is written for. A text that may or may
    not be of an enum is left to the moment when it is computed."""
    if result.kind == "unknown":
        return None
    gives, fitting = _RESULTS[result.kind]
    name, data_type = definition.name, definition.data_type
    if data_type not in fitting:
        return diagnostics.wrong_result(name, data_type, gives)
    if data_type == "enum" and result.kind == "enum":
        more = [value for value in result.values if value not in (definition.enum_values or ())]
        return diagnostics.unknown_value(more[0], f"'{name}'", definition.enum_values or ()) if more else None
    return None


def value_fault(value: Any, definition: Described, name: str) -> Message | None:
    """Why `value` is none for the property or parameter that messages call `name`; None where it fits."""
    if definition.data_type == "object":
        return _object_fault(value, definition, name)
    if definition.data_type == "array":
        return _list_fault(value, definition, name)
    data_type = definition.data_type
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST
    fits = {
        "float": number,
        "integer": number and isinstance(value, int),
        "boolean": isinstance(value, bool),
        "datetime": isinstance(value, str) and _is_moment(value),
    }.get(data_type, isinstance(value, str))
    if not fits:
        return diagnostics.wrong_value_type(name, data_type, shown_value(value))
    if data_type == "enum" and value not in (definition.enum_values or ()):
        return diagnostics.unknown_value(value, f"'{name}'", definition.enum_values or ())
    low, high = definition.min_value, definition.max_value
    if number and ((low is not None and value < low) or (high is not None and value > high)):
        return diagnostics.out_of_range(name, shown_value(value), low, high, definition.unit)
    return None


def _list_fault(value: Any, definition: Described, name: str) -> Message | None:
    if not isinstance(value, list):
        return diagnostics.wrong_value_type(name, definition.data_type, shown_value(value))
    if definition.max_items is not None and len(value) > definition.max_items:
        return diagnostics.too_many_items(name, definition.max_items, len(value))
    items = definition.items
    faults = (value_fault(item, items, f"{name}[{index}]") for index, item in enumerate(value) if items is not None)
    return next((fault for fault in faults if fault is not None), None)


def _object_fault(value: Any, definition: Described, name: str) -> Message | None:
    if not isinstance(value, dict):
        return diagnostics.wrong_value_type(name, definition.data_type, shown_value(value))
    fields = {item.name: item for item in definition.fields or ()}
    for key in value:
        if key not in fields:
            return diagnostics.unknown_field(dtsl_member(key), name, map(dtsl_member, fields))
    for key, item in fields.items():
        if key in value:
            fault = value_fault(value[key], item, f"{name}.{dtsl_member(key)}")
            if fault is not None:
                return fault
        elif item.required:
            return diagnostics.missing_field(dtsl_member(key), name)
    return None


def shown_value(value: Any) -> str:
    """A value as DTSL writes it, cut short for a message."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value) if abs(value) <= _LARGEST else "a number beyond measure"
    if isinstance(value, str):
        return quote(value if len(value) <= 40 else value[:37] + "...", '"')
    return "a list" if isinstance(value, list) else "an object"


def _is_moment(text: str) -> bool:
    try:
        parse_iso(text)
    except (ValueError, OverflowError):
        return False
    return True
