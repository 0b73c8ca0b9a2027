"""Units in documents: unknown ones are refused, a device's own is converted, and what can't be is told."""

from typing import Any

import pytest

from app.errors import Invalid, Problem
from app.model.definitions import Kind
from app.model.units import conversion
from tests.commands.ports import House
from tests.commands.station import opc_ua, pump_type, twin, whole


async def _refused(kind: Kind, document: dict[str, Any]) -> list[Problem]:
    house = House()
    await house.save(*whole())
    with pytest.raises(Invalid) as caught:
        await house.save((kind, document))
    assert house.agrees()
    return list(caught.value.problems)


def _mapped(**mapping: Any) -> dict[str, Any]:
    return {**opc_ua(), "mapping": mapping}


async def test_unknown_units_are_refused_wherever_they_stand_with_a_suggestion() -> None:
    number = {"name": "x", "data_type": "float", "unit": "celsuis"}
    document = {"type_id": "t", "properties": [number], "methods": [{"name": "m", "parameters": [number]}]}
    document["events"] = [{"name": "e", "parameters": [number]}]
    found = await _refused("twin_type", document)
    assert {item.code for item in found} == {"UNKNOWN_UNIT"}
    assert [item.path for item in found] == [
        "/properties/0/unit",
        "/methods/0/parameters/0/unit",
        "/events/0/parameters/0/unit",
    ]
    assert found[0].hint == "did you mean 'celsius'?"
    assert [item.path for item in await _refused("twin", twin("p9", properties=[number]))] == ["/properties/0/unit"]


async def test_a_devices_unit_that_can_not_become_the_definitions_is_refused() -> None:
    properties = {
        "temperature": {"node_id": "ns=2;s=T", "unit": "bar"},
        "speed": {"node_id": "ns=2;s=S", "unit": "hertz"},
        "starts": {"node_id": "ns=2;s=C", "unit": "count"},
        "note": {"node_id": "ns=2;s=N", "unit": "bar"},
        "status": {"node_id": "ns=2;s=X", "unit": "brr"},
    }
    methods = {"set_speed": {"node_id": "ns=2;s=M", "units": {"sped": "rpm", "speed": "rpm"}}}
    found = await _refused("twin", twin("p9", connectivity=_mapped(properties=properties, methods=methods)))
    at = "/connectivity/mapping/"
    assert [(item.code, item.path) for item in found] == [
        ("INCOMPATIBLE_UNIT", at + "properties/temperature/unit"),
        ("INCOMPATIBLE_UNIT", at + "properties/speed/unit"),
        ("INCOMPATIBLE_UNIT", at + "properties/starts/unit"),
        ("INCOMPATIBLE_UNIT", at + "properties/note/unit"),
        ("UNKNOWN_UNIT", at + "properties/status/unit"),
        ("UNKNOWN_PARAMETER", at + "methods/set_speed/units/sped"),
        ("INCOMPATIBLE_UNIT", at + "methods/set_speed/units/speed"),
    ]
    assert found[0].message == "'temperature': 'bar' and 'celsius' measure different things"


async def test_a_connection_carries_what_is_to_be_converted_and_nothing_else() -> None:
    house = House()
    document = pump_type()
    document["methods"][2]["parameters"][0]["unit"] = "rpm"
    properties = {
        "temperature": {"node_id": "ns=2;s=T", "unit": "fahrenheit"},
        "speed": {"node_id": "ns=2;s=S", "unit": "rev/min"},
    }
    methods = {"set_speed": {"node_id": "ns=2;s=M", "units": {"speed": "rad/s"}}}
    connectivity = _mapped(properties=properties, methods=methods)
    await house.save(("twin_type", document), ("twin", twin("p9", connectivity=connectivity)))
    (connection,) = house.devices.configured[-1]
    assert connection.conversions == {"temperature": conversion("fahrenheit", "celsius")}
    assert connection.argument_conversions == {"set_speed": {"speed": conversion("rad/s", "rpm")}}


async def test_a_changed_unit_of_the_type_is_checked_against_every_mapping() -> None:
    house = House()
    mapped = _mapped(properties={"temperature": {"node_id": "ns=2;s=T", "unit": "fahrenheit"}})
    await house.save(("twin_type", pump_type()), ("twin", twin("p9", connectivity=mapped)))
    other = pump_type()
    other["properties"][1]["unit"] = "bar"
    with pytest.raises(Exception, match="measure different things") as caught:
        await house.save(("twin_type", other))
    assert getattr(caught.value, "code", "") == "BREAKS_DEPENDENTS"
