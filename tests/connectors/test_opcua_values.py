"""OPC UA's types to plain values and back."""

import math
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from app.connectors.decode import Unusable
from app.connectors.opcua_values import decode_data_value, encode, plain_variant, status_name
from app.model.events import Sample
from app.model.plan import PropertyPlan

NOW = 1_767_323_045_000_000
FLOW = PropertyPlan("flow", "float")
MODE = PropertyPlan("mode", "enum", enum_values=("off", "on"))
VT = ua.VariantType


def data(value: Any, kind: ua.VariantType, status: int = 0, source: Any = None, server: Any = None) -> ua.DataValue:
    return ua.DataValue(
        ua.Variant(value, kind), ua.StatusCode(ua.UInt32(status)), SourceTimestamp=source, ServerTimestamp=server
    )


def test_the_source_time_is_taken_else_the_servers_else_the_receipt() -> None:
    source, server = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    null = datetime(1601, 1, 1, tzinfo=UTC)
    for given, expected in [
        ((source, server), 1_767_225_600_000_000),
        ((None, server), 1_767_312_000_000_000),
        ((null, None), NOW),
        ((None, None), NOW),
    ]:
        sample, _ = decode_data_value("t", FLOW, data(1.0, VT.Double, 0, *given), NOW)
        assert sample is not None
        assert sample.timestamp == expected


def test_a_status_code_becomes_a_quality_with_its_name() -> None:
    sample, _ = decode_data_value("t", FLOW, data(1.0, VT.Double, 0x408F0000), NOW)
    assert sample == Sample("t", "flow", 1.0, NOW, "uncertain", "UncertainNoCommunicationLastUsableValue")
    sample, _ = decode_data_value("t", FLOW, data(1.0, VT.Double, StatusCodes.BadSensorFailure), NOW)
    assert sample == Sample("t", "flow", None, NOW, "bad", "BadSensorFailure")
    sample, _ = decode_data_value("t", FLOW, data(1.0, VT.Double, 0xC0000000), NOW)
    assert sample is not None
    assert sample.quality == "bad"


def test_the_overflow_bit_is_counted_and_the_value_taken() -> None:
    sample, rejected = decode_data_value("t", FLOW, data(1.0, VT.Double, 0x0480), NOW)
    assert sample == Sample("t", "flow", 1.0, NOW, reason="SamplesLost")
    assert [item.reason for item in rejected] == ["Overflow"]
    assert status_name(0x808C0480) == "BadSensorFailure"


def test_an_enum_delivered_as_a_number_is_its_index() -> None:
    sample, _ = decode_data_value("t", MODE, data(1, VT.Int32), NOW)
    assert sample is not None
    assert sample.value == "on"
    sample, rejected = decode_data_value("t", MODE, data(2, VT.Int32), NOW)
    assert sample is None
    assert rejected[0].reason == "NotInEnum"


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (math.nan, VT.Double, "NotFinite"),
        (None, VT.Null, "NoValue"),
        (b"\x01", VT.ByteString, "TypeMismatch"),
        ([1.0, 2.0], VT.Double, "TypeMismatch"),
        (True, VT.Boolean, "TypeMismatch"),
        (ua.NodeId(ua.Int32(5)), VT.NodeId, "TypeMismatch"),
    ],
)
def test_what_has_no_place_in_the_property_is_rejected(value: Any, kind: ua.VariantType, expected: str) -> None:
    sample, rejected = decode_data_value("t", FLOW, data(value, kind), NOW)
    assert sample is None
    assert [item.reason for item in rejected] == [expected]


def test_plain_values_are_exactly_pythons_own() -> None:
    cases: list[tuple[Any, ua.VariantType, Any]] = [
        (ua.LocalizedText("hot"), VT.LocalizedText, "hot"),
        (ua.QualifiedName("Pump", ua.UInt16(2)), VT.QualifiedName, "Pump"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), VT.DateTime, "2026-01-02T03:04:05.000000Z"),
        (UUID(int=7), VT.Guid, str(UUID(int=7))),
        ([1, 2], VT.Int32, [1, 2]),
        (ua.String("text"), VT.String, "text"),
    ]
    for value, kind, expected in cases:
        found = plain_variant(ua.Variant(value, kind))
        assert found == expected
        assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "kind", "plan", "expected"),
    [
        (3.0, VT.Int16, FLOW, 3),
        (3, VT.Double, FLOW, 3.0),
        ("on", VT.Int32, MODE, 1),
        ("on", VT.String, MODE, "on"),
        (1.5, VT.Variant, FLOW, 1.5),
        (True, VT.Boolean, PropertyPlan("b", "boolean"), True),
        ("2026-01-02T04:04:05+01:00", VT.DateTime, PropertyPlan("d", "datetime"), datetime(2026, 1, 2, 3, 4, 5)),
    ],
)
def test_a_value_is_sent_in_the_nodes_own_type(
    value: Any, kind: ua.VariantType, plan: PropertyPlan, expected: Any
) -> None:
    variant = encode(value, kind, plan)
    assert variant.Value == expected
    assert variant.VariantType == (VT.Double if kind == VT.Variant else kind)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (3.5, VT.Int16, "TypeMismatch"),
        (40_000, VT.Int16, "OutOfRange"),
        (-1, VT.UInt32, "OutOfRange"),
        (math.inf, VT.Int32, "TypeMismatch"),
        (math.inf, VT.Double, "NotFinite"),
        (1e39, VT.Float, "OutOfRange"),
        (10**400, VT.Double, "OutOfRange"),
        (True, VT.Int32, "TypeMismatch"),
        (1, VT.Boolean, "TypeMismatch"),
        ("x", VT.Double, "TypeMismatch"),
        ("x", VT.ByteString, "TypeMismatch"),
        ("soon", VT.DateTime, "TypeMismatch"),
    ],
)
def test_a_value_that_the_nodes_type_cannot_hold_is_refused(value: Any, kind: ua.VariantType, expected: str) -> None:
    with pytest.raises(Unusable) as caught:
        encode(value, kind, FLOW)
    assert caught.value.reason == expected
