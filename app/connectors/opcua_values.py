"""Between OPC UA's types and plain values: a DataValue becomes a Sample, a value to send becomes a Variant.

The trap is time: asyncua's ServerTimestamp can be wrong in its picoseconds and a device may send none at all, so the
order is SourceTimestamp, ServerTimestamp, receipt.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from asyncua import ua

from app.connectors.decode import Rejected, Unusable, fit, text
from app.connectors.opcua_structures import build, is_structure, parts_of
from app.model.events import Sample
from app.model.plan import PropertyPlan
from app.model.time import Micros, from_datetime, iso, parse_iso, to_datetime
from app.model.values import SAMPLES_LOST, Quality, Value

_OVERFLOW = 0x0480
"""InfoType DataValue with the Overflow bit: the device's queue for this item dropped samples."""
_INFO_TYPE_AND_OVERFLOW = 0x0C80


def status_name(code: int) -> str:
    """The name of a status code, its info bits left out: `BadSensorFailure`."""
    name = ua.StatusCode(ua.UInt32(code & 0xFFFF0000)).name
    return name if name not in ("Good", "Uncertain", "Bad") or not code & 0x3FFF0000 else f"{name} 0x{code:08X}"


def quality_of_status(code: int) -> tuple[Quality, str | None]:
    if code & 0x80000000:
        return "bad", status_name(code)
    if code & 0x40000000:
        return "uncertain", status_name(code)
    return "good", None


def decode_data_value(
    twin_id: str, plan: PropertyPlan, data: ua.DataValue, received_at: Micros
) -> tuple[Sample | None, tuple[Rejected, ...]]:
    """The sample, where there is one, and what is counted. A bad one carries no value: the last one stays shown."""
    code = int(data.StatusCode.value) if data.StatusCode is not None else 0
    where = f"{twin_id}.{plan.name}"
    lost = (Rejected("Overflow", f"{where}: the device's queue overflowed"),) if _overflowed(code) else ()
    quality, reason = quality_of_status(code)
    if lost and reason is None:
        reason = SAMPLES_LOST
    timestamp = source_time(data.SourceTimestamp) or source_time(data.ServerTimestamp) or received_at
    if quality == "bad":
        return Sample(twin_id, plan.name, None, timestamp, quality, reason), lost
    try:
        value = fit(plan, plain_variant(data.Value))
    except Unusable as unusable:
        return None, (*lost, Rejected(unusable.reason, f"{where}: {unusable.detail}"))
    return Sample(twin_id, plan.name, value, timestamp, quality, reason), lost


def _overflowed(code: int) -> bool:
    return code & _INFO_TYPE_AND_OVERFLOW == _OVERFLOW


def source_time(value: datetime | None) -> Micros | None:
    """None for a timestamp that says nothing (OPC UA's null is the year 1601)."""
    if value is None:
        return None
    found = from_datetime(value)
    return found if found > 0 else None


def plain_variant(variant: ua.Variant | None) -> Value:
    """Plain data of a Variant; a structure is an object. Raises Unusable for what has no plain form (ByteString, a
    structure that the server does not describe)."""
    return None if variant is None else _plain(variant.Value)


def _plain(value: Any) -> Value:
    match value:
        case None | bool() | int() | float():
            return value if not isinstance(value, int) or isinstance(value, bool) else int(value)
        case str():
            return text(value)
        case datetime():
            return iso(from_datetime(value))
        case ua.LocalizedText():
            return text(value.Text or "")
        case ua.QualifiedName():
            return text(value.Name or "")
        case UUID():
            return str(value)
        case list():
            return [_plain(item) for item in value]
        case _ if is_structure(value):
            return {name: _plain(part) for name, part in parts_of(value).items()}
    raise Unusable("TypeMismatch", f"{type(value).__name__} has no plain value")


def event_parameters(fields: Mapping[str, ua.Variant]) -> tuple[dict[str, Value], tuple[Rejected, ...]]:
    """An event's own fields as parameters, those without a value left out."""
    parameters: dict[str, Value] = {}
    rejected: list[Rejected] = []
    for name, variant in fields.items():
        try:
            value = plain_variant(variant)
            if isinstance(value, float) and not math.isfinite(value):
                raise Unusable("NotFinite", f"{value} is not a finite number")
        except Unusable as unusable:
            rejected.append(Rejected(unusable.reason, f"event parameter {name}: {unusable.detail}"))
        else:
            if value is not None:
                parameters[name] = value
    return parameters, tuple(rejected)


# ---------------------------------------------------------------- towards the device

_INTEGERS = {
    ua.VariantType.SByte: (-(2**7), 2**7 - 1),
    ua.VariantType.Byte: (0, 2**8 - 1),
    ua.VariantType.Int16: (-(2**15), 2**15 - 1),
    ua.VariantType.UInt16: (0, 2**16 - 1),
    ua.VariantType.Int32: (-(2**31), 2**31 - 1),
    ua.VariantType.UInt32: (0, 2**32 - 1),
    ua.VariantType.Int64: (-(2**63), 2**63 - 1),
    ua.VariantType.UInt64: (0, 2**64 - 1),
}
_LARGEST_FLOAT = 3.4028234663852886e38
_FREE = {
    "float": ua.VariantType.Double,
    "integer": ua.VariantType.Int64,
    "boolean": ua.VariantType.Boolean,
    "string": ua.VariantType.String,
    "enum": ua.VariantType.String,
    "datetime": ua.VariantType.DateTime,
}
"""What is sent where the node takes any type (BaseDataType, Number)."""


def encode(value: Value, kind: ua.VariantType | None, plan: PropertyPlan, structure: type | None = None) -> ua.Variant:
    """`value` in the node's own type, exactly; of an array in that of its elements, and an object as the node's
    `structure`. Raises Unusable where that type cannot hold it."""
    if plan.data_type == "array":
        return _array(value, kind, plan, structure)
    if plan.data_type == "object":
        if structure is None:
            raise Unusable("TypeMismatch", "the node takes no structure, or one that the server does not describe")
        return ua.Variant(build(structure, value, plan, _encoded), ua.VariantType.ExtensionObject)
    if kind is None or kind in (ua.VariantType.Variant, ua.VariantType.Null):
        kind = _FREE[plan.data_type]
    if plan.data_type == "enum" and isinstance(value, str) and kind in _INTEGERS:
        if value not in plan.enum_values:
            raise Unusable("NotInEnum", f"'{value}' is none of {', '.join(plan.enum_values)}")
        value = plan.enum_values.index(value)
    if kind in _INTEGERS:
        return ua.Variant(_whole(value, kind), kind)
    if kind in (ua.VariantType.Float, ua.VariantType.Double):
        return ua.Variant(_real(value, kind), kind)
    if kind == ua.VariantType.Boolean and isinstance(value, bool):
        return ua.Variant(value, kind)
    if kind == ua.VariantType.String and isinstance(value, str):
        return ua.Variant(value, kind)
    if kind == ua.VariantType.LocalizedText and isinstance(value, str):
        return ua.Variant(ua.LocalizedText(value), kind)
    if kind == ua.VariantType.DateTime and isinstance(value, str):
        try:
            moment = to_datetime(parse_iso(value)).astimezone(UTC).replace(tzinfo=None)
        except (ValueError, OverflowError):
            raise Unusable("TypeMismatch", f"'{value[:40]}' is not an ISO 8601 date and time") from None
        return ua.Variant(moment, kind)
    raise Unusable("TypeMismatch", f"the node takes {kind.name}, not {type(value).__name__}")


def _encoded(value: Value, kind: ua.VariantType, plan: PropertyPlan) -> Any:
    return encode(value, kind, plan).Value


def _array(value: Value, kind: ua.VariantType | None, plan: PropertyPlan, structure: type | None) -> ua.Variant:
    element = plan
    while element.items is not None:
        element = element.items
    if kind is None or kind in (ua.VariantType.Variant, ua.VariantType.Null):
        kind = _FREE.get(element.data_type, ua.VariantType.ExtensionObject)
    sent = _elements(value, kind, plan, structure)
    if not _is_even([sent]):
        raise Unusable("TypeMismatch", "OPC UA takes lists in a list only where they are of one length")
    return ua.Variant(sent, kind, is_array=True)


def _is_even(lists: list[Any]) -> bool:
    """Whether lists on the same level are of one length, as the dimensions of a matrix are."""
    while lists and isinstance(lists[0], list):
        if len({len(item) for item in lists}) > 1:
            return False
        lists = [part for item in lists for part in item]
    return True


def _elements(value: Value, kind: ua.VariantType, plan: PropertyPlan, structure: type | None) -> Any:
    if plan.data_type != "array" or plan.items is None:
        return encode(value, kind, plan, structure).Value
    if not isinstance(value, list):
        raise Unusable("TypeMismatch", f"the node takes an array, not {type(value).__name__}")
    return [_elements(item, kind, plan.items, structure) for item in value]


def _whole(value: Value, kind: ua.VariantType) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unusable("TypeMismatch", f"the node takes {kind.name}, not {type(value).__name__}")
    if isinstance(value, float) and not value.is_integer():
        raise Unusable("TypeMismatch", f"the node takes {kind.name}, and {value} is not a whole number")
    low, high = _INTEGERS[kind]
    if not low <= value <= high:
        raise Unusable("OutOfRange", f"the node takes {kind.name}, {low} to {high}, and {value} is outside")
    return int(value)


def _real(value: Value, kind: ua.VariantType) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unusable("TypeMismatch", f"the node takes {kind.name}, not {type(value).__name__}")
    try:
        number = float(value)
    except OverflowError:
        raise Unusable("OutOfRange", f"{value} is too large for {kind.name}") from None
    if not math.isfinite(number):
        raise Unusable("NotFinite", f"{number} is not a finite number")
    if kind == ua.VariantType.Float and abs(number) > _LARGEST_FLOAT:
        raise Unusable("OutOfRange", f"{number} is too large for Float")
    return number
