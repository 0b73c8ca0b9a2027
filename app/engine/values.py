"""What may become the live value of a property, and what a person or a rule may send.

A number outside min/max is accepted from a device (`uncertain`: the worst reading must not silence its own alarm) and
refused only in what we send. `bool` is never a number here, although Python thinks so.
"""

from math import inf, isfinite
from typing import Any, Final

from app.model.plan import PropertyPlan
from app.model.time import FIRST, LAST, parse_iso, to_datetime
from app.model.value_types import COMPOSED
from app.model.values import MAX_SIZE, Value, size

MAX_TEXT = 10_000
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_FLOAT_MAX = 1.7976931348623157e308
_MAX_DEPTH = 8

EXCEEDED: Final = "EngineeringUnitsExceeded"


class Spec:
    """A property's plan with its limits ready to compare; one per shape, shared by all its owners."""

    __slots__ = ("enum", "fields", "high", "is_float", "item", "low", "plan", "stales")

    def __init__(self, plan: PropertyPlan) -> None:
        self.plan = plan
        self.is_float = plan.data_type == "float"
        self.low = -_FLOAT_MAX if plan.minimum is None else plan.minimum
        self.high = _FLOAT_MAX if plan.maximum is None else plan.maximum
        self.stales = plan.stale_after is not None
        self.enum = frozenset(plan.enum_values)
        self.item = None if plan.items is None else Spec(plan.items)
        self.fields = tuple([Spec(field) for field in plan.fields])

    def accept(self, value: Any) -> tuple[Value, str]:
        """(the value as kept, "") or (None, why it can't be a value of this type)."""
        kind = type(value)
        match self.plan.data_type:
            case "float":
                if kind is int and _INT64_MIN <= value <= _INT64_MAX:
                    return float(value), ""
                if kind is not float:
                    return None, "TypeMismatch"
                return (value, "") if isfinite(value) else (None, "NotFinite")
            case "integer":
                if kind is int and _INT64_MIN <= value <= _INT64_MAX:
                    return value, ""
                return None, "NotFinite" if kind is float and not isfinite(value) else "TypeMismatch"
            case "boolean":
                return (value, "") if kind is bool else (None, "TypeMismatch")
            case "string":
                if kind is not str or not is_text(value):
                    return None, "TypeMismatch"
                return (value, "") if len(value) <= MAX_TEXT else (None, "TooLong")
            case "enum":
                if kind is not str:
                    return None, "TypeMismatch"
                return (value, "") if value in self.enum else (None, "NotInEnum")
            case "datetime":
                moment = normal_datetime(value) if kind is str else None
                return (moment, "") if moment is not None else (None, "TypeMismatch")
            case "array" | "object":
                kept, why = self._composed(value)
                return (None, "TooLarge") if not why and size(kept) > MAX_SIZE else (kept, why)

    def _composed(self, value: Any) -> tuple[Value, str]:
        """A list or an object by its parts; whatever is in it and the definition does not name is left out."""
        if self.plan.data_type == "object":
            return self._object(value) if type(value) is dict else (None, "TypeMismatch")
        if type(value) is not list or self.item is None:
            return None, "TypeMismatch"
        if self.plan.max_items is not None and len(value) > self.plan.max_items:
            return None, "TooLong"
        if len(value) > MAX_SIZE:
            return None, "TooLarge"
        kept = []
        for item in value:
            part, why = self.item._part(item)
            if why:
                return None, why
            kept.append(part)
        return kept, ""

    def _object(self, value: dict[Any, Any]) -> tuple[Value, str]:
        kept: dict[str, Value] = {}
        for spec in self.fields:
            name = spec.plan.name
            given = value.get(name)
            if given is None and (name not in value or not spec.plan.required):
                if spec.plan.required:
                    return None, "MissingField"
                continue
            part, why = spec._part(given)
            if why:
                return None, why
            kept[name] = part
        return kept, ""

    def _part(self, value: Any) -> tuple[Value, str]:
        """The size is that of the whole."""
        return self._composed(value) if self.plan.data_type in COMPOSED else self.accept(value)

    def exceeded(self, value: Value) -> bool:
        """Whether a number that was accepted, or one in it, lies outside min/max."""
        if self.plan.data_type == "array":
            return self.item is not None and any(map(self.item.exceeded, value))
        if self.plan.data_type == "object":
            return any(spec.exceeded(value[spec.plan.name]) for spec in self.fields if spec.plan.name in value)
        if self.plan.data_type not in ("float", "integer"):
            return False
        low = -inf if self.plan.minimum is None else self.plan.minimum
        high = inf if self.plan.maximum is None else self.plan.maximum
        return not low <= value <= high

    def sendable(self, value: Any) -> tuple[Value, str]:
        """(the value as sent, "") or (None, `CODE message`): here min/max refuse too."""
        name = self.plan.name
        kept, why = self.accept(value)
        if why == "NotInEnum":
            return None, f"VALUE_NOT_IN_ENUM '{name}' takes one of {', '.join(self.plan.enum_values)}"
        if why:
            return None, f"VALUE_INVALID '{name}' takes a value of type {self.plan.data_type} ({why})"
        if self.exceeded(kept):
            low, high = self.plan.minimum, self.plan.maximum
            if self.plan.data_type in COMPOSED:
                return None, f"VALUE_OUT_OF_RANGE a number in '{name}' is out of its range"
            return None, f"VALUE_OUT_OF_RANGE '{name}' takes {low} to {high}, not {kept}"
        return kept, ""


def normal_datetime(text: str) -> str | None:
    """ISO 8601 text as fixed-width UTC (so that text order is time order), or None where it is no date and time, or at
    an end of the calendar: that may be another moment, moved there, and a value is never moved."""
    try:
        moment = parse_iso(text)
        if moment in (FIRST, LAST):
            return None
        return to_datetime(moment).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return None


def is_text(value: str) -> bool:
    """Whether it can be written down at all (a lone surrogate can't)."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_plain(value: Any, depth: int = _MAX_DEPTH) -> bool:
    """Whether a device's free-form data (event parameters, results) can be journaled as it is."""
    kind = type(value)
    if value is None or kind is bool:
        return True
    if kind is int:
        return bool(_INT64_MIN <= value <= _INT64_MAX)
    if kind is float:
        return isfinite(value)
    if kind is str:
        return len(value) <= MAX_TEXT and is_text(value)
    if depth == 0:
        return False
    if kind in (list, tuple):
        return all(is_plain(item, depth - 1) for item in value)
    if kind is dict:
        return all(type(key) is str and is_text(key) and is_plain(item, depth - 1) for key, item in value.items())
    return False
