"""What a device sent, as samples and events: pure functions that never raise on bad input, but say what they rejected.

A rejected value is a counted reason and nothing else; the rest of its message lands. What is outside min/max is not
rejected here (design, section 4: the worst reading must not silence its own alarm); only what cannot be a value of the
property's type is.
"""

import contextlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from app.model.events import DeviceEvent, Sample
from app.model.plan import PropertyPlan
from app.model.time import Micros, iso, parse_iso
from app.model.unreadable import UNREADABLE
from app.model.values import MAX_SIZE, Quality, Value

MAX_TEXT_LENGTH = 10_000
MAX_MOMENT: Micros = 253_402_300_799_999_999
"""The last microsecond of the year 9999: what the fixed-width text of a moment can hold."""
_SMALLEST_INTEGER, _LARGEST_INTEGER = -(2**63), 2**63 - 1
_MAX_DEPTH = 8


class Unusable(Exception):
    """A value that cannot be used; `reason` is what is counted, `at` where in a list or object it lies (`/2/speed`)."""

    def __init__(self, reason: str, what: str, at: str = "") -> None:
        self.reason = reason
        self.what = what
        self.at = at
        self.detail = f"{at}: {what}" if at else what
        super().__init__(f"{reason}: {self.detail}")


@dataclass(frozen=True, slots=True)
class Rejected:
    """One counted loss: BadPayload, MissingPointer, MissingField, TypeMismatch, NotInEnum, NotFinite, OutOfRange,
    TooLong, TooLarge, NoValue, BadTimestamp (the receipt time was used), BadQuality (uncertain was used), Overflow
    (older samples were lost)."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Decoded:
    samples: tuple[Sample, ...] = ()
    events: tuple[DeviceEvent, ...] = ()
    rejected: tuple[Rejected, ...] = ()


# ---------------------------------------------------------------- values


def fit(plan: PropertyPlan, raw: Any) -> Value:
    """`raw` as a value of the property's type, where that loses nothing. Raises Unusable."""
    match plan.data_type:
        case "float":
            return _number(raw)
        case "integer":
            return _integer(raw)
        case "boolean":
            if isinstance(raw, bool):
                return raw
        case "string":
            if isinstance(raw, str):
                return text(raw)
        case "datetime":
            if isinstance(raw, str):
                return _datetime(raw)
        case "enum":
            return _enum(plan.enum_values, raw)
        case "array":
            if isinstance(raw, list):
                return _list(plan, raw)
        case "object":
            if isinstance(raw, dict):
                return _object(plan, raw)
    raise _mismatch(plan.data_type, raw)


def _list(plan: PropertyPlan, raw: list[Any]) -> list[Value]:
    if plan.max_items is not None and len(raw) > plan.max_items:
        raise Unusable("TooLong", f"{len(raw)} items, at most {plan.max_items}")
    if len(raw) > MAX_SIZE or plan.items is None:
        raise Unusable("TooLarge", f"{len(raw)} items, at most {MAX_SIZE}")
    return [_part(plan.items, item, index) for index, item in enumerate(raw)]


def _object(plan: PropertyPlan, raw: dict[str, Any]) -> dict[str, Value]:
    """What the definition does not name is left out: new firmware that tells more must not silence the property."""
    kept: dict[str, Value] = {}
    for field in plan.fields:
        if raw.get(field.name) is None and not field.required:
            continue
        if field.name not in raw:
            raise Unusable("MissingField", f"there is no '{field.name}' in it")
        kept[field.name] = _part(field, raw[field.name], field.name)
    return kept


def _part(plan: PropertyPlan, raw: Any, where: str | int) -> Value:
    try:
        return fit(plan, raw)
    except Unusable as unusable:
        raise Unusable(unusable.reason, unusable.what, f"/{where}{unusable.at}") from None


def _number(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise _mismatch("float", raw)
    try:
        number = float(raw)
    except OverflowError:
        raise Unusable("NotFinite", "an integer too large for a float") from None
    if not math.isfinite(number):
        raise Unusable("NotFinite", f"{number} is not a finite number")
    return number


def _integer(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise _mismatch("integer", raw)
    if isinstance(raw, float):
        if not math.isfinite(raw):
            raise Unusable("NotFinite", f"{raw} is not a finite number")
        if not raw.is_integer():
            raise Unusable("TypeMismatch", f"{raw} is not a whole number")
        raw = int(raw)
    if not _SMALLEST_INTEGER <= raw <= _LARGEST_INTEGER:
        raise Unusable("OutOfRange", "an integer of more than 64 bits")
    return int(raw)


def text(raw: str) -> str:
    """`raw` where it can be stored and sent on. Raises Unusable for lone surrogates (JSON can carry them, UTF-8
    can't) and for more than MAX_TEXT_LENGTH characters."""
    if len(raw) > MAX_TEXT_LENGTH:
        raise Unusable("TooLong", f"{len(raw)} characters, at most {MAX_TEXT_LENGTH}")
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise Unusable("TypeMismatch", "text with half a surrogate pair") from None
    return str(raw)


def _datetime(raw: str) -> str:
    try:
        return iso(parse_iso(raw))
    except (ValueError, OverflowError):
        raise Unusable("TypeMismatch", f"'{raw[:40]}' is not an ISO 8601 date and time") from None


def _enum(names: tuple[str, ...], raw: Any) -> str:
    if isinstance(raw, str):
        if raw in names:
            return raw
        raise Unusable("NotInEnum", f"'{raw[:40]}' is none of {', '.join(names)}")
    index = _integer(raw)
    if 0 <= index < len(names):
        return names[index]
    raise Unusable("NotInEnum", f"{index} is no index into {', '.join(names)}")


def plain(raw: Any, depth: int = 0) -> Value:
    """`raw`, parsed from JSON, as a value that can be stored. Raises Unusable."""
    match raw:
        case None | bool():
            return raw
        case int():
            return _integer(raw)
        case float():
            return _number(raw)
        case str():
            return text(raw)
        case list() if depth < _MAX_DEPTH:
            return [plain(item, depth + 1) for item in raw]
        case dict() if depth < _MAX_DEPTH:
            return {text(name): plain(item, depth + 1) for name, item in raw.items()}
    raise _mismatch("plain JSON value", raw)


def _mismatch(wanted: str, raw: Any) -> Unusable:
    article = "an" if wanted[0] in "aeio" else "a"
    if raw is None:
        return Unusable("NoValue", f"null where {article} {wanted} belongs")
    return Unusable("TypeMismatch", f"{type(raw).__name__} where {article} {wanted} belongs")


def moment(raw: Any) -> Micros:
    """ISO 8601 text, or a number since 1970: seconds, or milliseconds where it is too large for seconds (10^11 seconds
    are the year 5138). Raises Unusable (BadTimestamp)."""
    found: Micros | None = None
    if isinstance(raw, str):
        try:
            found = parse_iso(raw)
        except (ValueError, OverflowError):
            found = None
    elif isinstance(raw, int | float) and not isinstance(raw, bool) and 0 <= raw < 1e14:
        found = round(raw * 1_000_000) if raw < 1e11 else round(raw * 1_000)
    if found is None or not 0 <= found <= MAX_MOMENT:
        raise Unusable("BadTimestamp", f"{_shown(raw)} is neither ISO 8601 nor seconds or milliseconds since 1970")
    return found


_QUALITIES: tuple[Quality, ...] = ("good", "uncertain", "bad")


def quality_of(raw: Any) -> tuple[Quality, str | None]:
    """`good`, `uncertain`, `bad` (any case, also as the start of a status name: `BadSensorFailure`), true or false.
    Raises Unusable (BadQuality)."""
    if isinstance(raw, bool):
        return ("good", None) if raw else ("bad", "Bad")
    if isinstance(raw, str):
        for quality in _QUALITIES:
            if raw.lower().startswith(quality):
                return quality, None if quality == "good" else text(raw[:100])
    raise Unusable("BadQuality", f"{_shown(raw)} is none of good, uncertain, bad")


def _shown(raw: Any) -> str:
    return f"'{str(raw)[:40]}'" if isinstance(raw, str | int | float) else type(raw).__name__


# ---------------------------------------------------------------- RFC 6901

Pointer = tuple[str, ...]


def parse_pointer(pointer: str) -> Pointer:
    """`/data/0/a~1b` -> ("data", "0", "a/b"); "" is the whole document. Raises Unusable (BadPointer)."""
    if pointer == "":
        return ()
    if not pointer.startswith("/"):
        raise Unusable("BadPointer", f"'{pointer[:100]}' must start with '/' (RFC 6901)")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))


def resolve(document: Any, pointer: Pointer) -> Any:
    """What the pointer points at. Raises Unusable (MissingPointer)."""
    found = document
    for part in pointer:
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and _is_index(part) and int(part) < len(found):
            found = found[int(part)]
        else:
            raise Unusable("MissingPointer", f"there is nothing at '/{'/'.join(pointer)}'")
    return found


def _is_index(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) <= 9 and (part == "0" or part[0] != "0")


# ---------------------------------------------------------------- MQTT


class PropertyRoute(msgspec.Struct, frozen=True, gc=False):
    """Where one property lies in the messages of one topic; no `value` pointer means the whole payload. There is one
    for each property of each twin, in no circle: the collector need not look at it."""

    twin_id: str
    plan: PropertyPlan
    value: Pointer | None = None
    timestamp: Pointer | None = None
    quality: Pointer | None = None


class EventRoute(msgspec.Struct, frozen=True, gc=False):
    """An event that a topic carries: its parameters are the object at `pointer`, the whole payload where None."""

    twin_id: str
    name: str
    pointer: Pointer | None = None


def decode_message(
    payload: bytes, received_at: Micros, properties: Sequence[PropertyRoute], events: Sequence[EventRoute] = ()
) -> Decoded:
    """One MQTT message. Without a source timestamp a sample has the receipt time."""
    samples: list[Sample] = []
    raised: list[DeviceEvent] = []
    rejected: list[Rejected] = []
    try:
        document = read_json(payload)
    except Unusable as unusable:
        document = unusable  # a plain text may be all that the topic carries; whoever needs JSON rejects below
    for route in properties:
        try:
            samples.append(_sample(route, payload, document, received_at, rejected))
        except Unusable as unusable:
            rejected.append(Rejected(unusable.reason, f"{route.twin_id}.{route.plan.name}: {unusable.detail}"))
    for event in events:
        try:
            raised.append(_event(event, document, received_at))
        except Unusable as unusable:
            if unusable.reason == "MissingPointer":
                continue  # several events may share a topic: this message is another one
            rejected.append(Rejected(unusable.reason, f"{event.twin_id}.{event.name}: {unusable.detail}"))
    return Decoded(tuple(samples), tuple(raised), _once(rejected))


def read_json(payload: bytes) -> Any:
    with contextlib.suppress(*UNREADABLE):
        return msgspec.json.decode(payload)  # a tenth of the time; what it takes, both read alike
    try:
        return json.loads(payload.decode("utf-8-sig"))  # a byte order mark, NaN: and it says where it is no JSON
    except (ValueError, RecursionError) as error:
        raise Unusable("BadPayload", f"not JSON: {str(error)[:100]}") from None


def _once(rejected: list[Rejected]) -> tuple[Rejected, ...]:
    """A payload that is not JSON is one bad payload, however many properties it should have carried."""
    bad = [item for item in rejected if item.reason == "BadPayload"]
    return tuple(bad[:1] + [item for item in rejected if item.reason != "BadPayload"])


def _sample(
    route: PropertyRoute, payload: bytes, document: Any, received_at: Micros, rejected: list[Rejected]
) -> Sample:
    where = f"{route.twin_id}.{route.plan.name}"
    needs_json = route.value is not None or route.timestamp is not None or route.quality is not None
    if needs_json and isinstance(document, Unusable):
        raise document
    timestamp = received_at
    quality: Quality = "good"
    reason: str | None = None
    if route.timestamp is not None:
        try:
            timestamp = moment(resolve(document, route.timestamp))
        except Unusable as unusable:
            rejected.append(Rejected("BadTimestamp", f"{where}: {unusable.detail}; the receipt time is used"))
    if route.quality is not None:
        try:
            quality, reason = quality_of(resolve(document, route.quality))
        except Unusable as unusable:
            quality, reason = "uncertain", "BadQuality"
            rejected.append(Rejected("BadQuality", f"{where}: {unusable.detail}"))
    if quality == "bad":  # carries no value: the last one stays shown
        return Sample(route.twin_id, route.plan.name, None, timestamp, quality, reason)
    raw = _whole(route.plan, payload, document) if route.value is None else resolve(document, route.value)
    return Sample(route.twin_id, route.plan.name, fit(route.plan, raw), timestamp, quality, reason)


def _whole(plan: PropertyPlan, payload: bytes, document: Any) -> Any:
    """The payload as it stands: JSON where it is JSON of a fitting kind, else its text for the types that are text."""
    if plan.data_type not in ("string", "enum", "datetime") or isinstance(document, str):
        if isinstance(document, Unusable):
            raise document
        return document
    try:
        found = payload.decode("utf-8-sig").strip()
    except ValueError:
        raise Unusable("BadPayload", "not UTF-8") from None
    if plan.data_type == "enum" and found not in plan.enum_values and not isinstance(document, Unusable):
        return document
    return found


def _event(route: EventRoute, document: Any, received_at: Micros) -> DeviceEvent:
    if isinstance(document, Unusable):
        raise document
    found = plain(resolve(document, route.pointer or ()))
    parameters = found if isinstance(found, dict) else {} if found is None else {"value": found}
    return DeviceEvent(route.twin_id, route.name, received_at, parameters)
