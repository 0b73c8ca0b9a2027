"""Connectivity that a type gives its twins: their ids in it, their own over it, and whom a change of it reaches."""

from typing import Any

import pytest

from app.commands.connections import connections
from app.commands.plan import plan_for
from app.errors import Conflict, Invalid
from app.model.definitions import Kind
from tests.commands.ports import ANN, House
from tests.commands.station import pump_type, twin

ENDPOINT = "opc.tcp://plc1.factory.local:4840"


def _template(**changes: Any) -> dict[str, Any]:
    return {
        "protocol": "opc-ua",
        "endpoint": ENDPOINT,
        "node_id": "ns=2;s={twin_id}",
        "authentication": {"note": "{kept}"},
        "mapping": {
            "properties": {
                "speed": {"node_id": "ns=2;s={twin_id}.Speed"},
                "status": {"node_id": "ns=2;s=Line.Status", "sampling_interval": 500},
            },
            "methods": {"start": {"node_id": "ns=2;s={twin_id}.Start"}},
        },
        **changes,
    }


async def _refused(*documents: tuple[Kind, dict[str, Any]]) -> list[tuple[str, str]]:
    house = House()
    with pytest.raises(Invalid) as caught:
        await house.save(*documents)
    return [(item.code, item.path) for item in caught.value.problems]


async def test_a_twin_that_says_nothing_is_connected_as_its_type_says() -> None:
    house = House()
    await house.save(("twin_type", pump_type(connectivity=_template())), ("twin", twin("P-101A")))
    (found,) = house.devices.configured[-1]
    assert found.connectivity.endpoint == ENDPOINT
    assert found.connectivity.node_id == "ns=2;s=P-101A"
    assert found.connectivity.authentication == {"note": "{kept}"}
    assert found.connectivity.mapping.properties["speed"].node_id == "ns=2;s=P-101A.Speed"
    assert found.connectivity.mapping.methods["start"].node_id == "ns=2;s=P-101A.Start"
    assert list(found.properties) == ["status", "speed"]
    assert "connectivity" not in house.document("twin", "P-101A")
    (plan,) = plan_for(house.catalogue, twins=["P-101A"]).twins
    assert (plan.mapped, plan.connected) == (("speed", "status"), True)


async def test_a_twins_own_goes_over_its_types_field_by_field_and_entry_by_entry() -> None:
    own = {
        "endpoint": "opc.tcp://plc2.factory.local:4840",
        "mapping": {"properties": {"speed": {"node_id": "ns=3;s={literally}"}, "note": {"node_id": "i=7"}}},
    }
    house = House()
    await house.save(("twin_type", pump_type(connectivity=_template())), ("twin", twin("p1", connectivity=own)))
    (found,) = house.devices.configured[-1]
    properties = found.connectivity.mapping.properties
    assert found.connectivity.endpoint == own["endpoint"]
    assert found.connectivity.node_id == "ns=2;s=p1"
    assert {name: item.node_id for name, item in properties.items()} == {
        "speed": "ns=3;s={literally}",
        "status": "ns=2;s=Line.Status",
        "note": "i=7",
    }
    assert house.document("twin", "p1")["connectivity"] == own


async def test_a_twin_may_say_that_it_is_not_connected() -> None:
    house = House()
    await house.save(("twin_type", pump_type(connectivity=_template())), ("twin", twin("p1", connectivity=None)))
    assert connections(house.catalogue) == []


async def test_a_type_may_leave_the_endpoint_to_its_twins_and_they_must_say_it() -> None:
    template = _template()
    del template["endpoint"]
    types: tuple[Kind, dict[str, Any]] = ("twin_type", pump_type(connectivity=template))
    house = House()
    await house.save(types, ("twin", twin("p1", connectivity={"endpoint": ENDPOINT})))
    assert len(connections(house.catalogue)) == 1
    assert await _refused(types, ("twin", twin("p1"))) == [("MISSING_FIELD", "/1/connectivity/endpoint")]


async def test_a_template_is_inherited_and_laid_over() -> None:
    below = {"mapping": {"properties": {"speed": {"node_id": "ns=4;s={twin_id}.N"}}}}
    house = House()
    await house.save(
        ("twin_type", pump_type(connectivity=_template())),
        ("twin_type", {"type_id": "booster", "extends": "pump", "connectivity": below}),
        ("twin_type", {"type_id": "loose", "extends": "booster", "connectivity": None}),
        ("twin", twin("b1", "booster")),
        ("twin", twin("l1", "loose")),
    )
    (found,) = connections(house.catalogue)
    assert found.twin_id == "b1"
    assert found.connectivity.mapping.properties["speed"].node_id == "ns=4;s=b1.N"
    assert found.connectivity.mapping.methods["start"].node_id == "ns=2;s=b1.Start"


async def test_unknown_placeholders_are_refused_and_doubled_braces_stay() -> None:
    mapping = {
        "properties": {
            "speed": {"node_id": "ns=2;s={twin}.Speed"},
            "status": {"node_id": "ns=2;s={}"},
            "note": {"node_id": "ns=2;s={{twin_id}}"},
        }
    }
    assert await _refused(("twin_type", pump_type(connectivity=_template(node_id="i=1", mapping=mapping)))) == [
        ("UNKNOWN_PLACEHOLDER", "/connectivity/mapping/properties/speed/node_id"),
        ("UNKNOWN_PLACEHOLDER", "/connectivity/mapping/properties/status/node_id"),
    ]
    house = House()
    only = {"properties": {"note": {"node_id": "ns=2;s={{twin_id}}"}}}
    await house.save(("twin_type", pump_type(connectivity=_template(mapping=only))), ("twin", twin("p1")))
    assert connections(house.catalogue)[0].connectivity.mapping.properties["note"].node_id == "ns=2;s={twin_id}"


async def test_a_template_is_checked_against_its_type() -> None:
    mapping = {"properties": {"sped": {"node_id": "x"}, "temperature": {"node_id": "i=1", "unit": "bar"}}}
    assert await _refused(("twin_type", pump_type(connectivity=_template(mapping=mapping)))) == [
        ("UNKNOWN_PROPERTY", "/connectivity/mapping/properties/sped"),
        ("BAD_NODE_ID", "/connectivity/mapping/properties/sped/node_id"),
        ("INCOMPATIBLE_UNIT", "/connectivity/mapping/properties/temperature/unit"),
    ]


async def test_a_changed_template_reconnects_every_twin_and_a_lost_one_disconnects() -> None:
    house = House()
    await house.save(("twin_type", pump_type(connectivity=_template())), ("twin", twin("p1")), ("twin", twin("p2")))
    moved = "opc.tcp://plc9.factory.local:4840"
    await house.save(("twin_type", pump_type(connectivity=_template(endpoint=moved))))
    assert [item.connectivity.endpoint for item in house.devices.configured[-1]] == [moved, moved]
    assert {item.twin_id for item in house.inbox.plans[-1].twins} == {"p1", "p2"}
    await house.save(("twin_type", pump_type()))
    assert house.devices.configured[-1] == []
    assert not any(item.connected for item in house.inbox.plans[-1].twins)


async def test_a_template_that_a_twin_needs_for_its_endpoint_is_not_taken_away() -> None:
    part = {"mapping": {"properties": {"note": {"node_id": "i=7"}}}}
    house = House()
    await house.save(("twin_type", pump_type(connectivity=_template())), ("twin", twin("p1", connectivity=part)))
    with pytest.raises(Conflict) as caught:
        await house.definitions.save([("twin_type", pump_type())], ANN)
    assert {problem.code for problem in caught.value.problems} == {"MISSING_FIELD"}


async def test_five_hundred_twins_share_what_has_no_placeholder() -> None:
    house = House()
    await house.save(
        ("twin_type", pump_type(connectivity=_template())), *(("twin", twin(f"p{number}")) for number in range(500))
    )
    found = connections(house.catalogue)
    assert len(found) == 500
    assert len({item.connectivity.mapping.properties["speed"].node_id for item in found}) == 500
    for part in (
        [item.connectivity.mapping.properties["status"] for item in found],
        [item.properties["speed"] for item in found],
        [item.methods["start"] for item in found],
    ):
        assert len({id(item) for item in part}) == 1
    fixed = pump_type(connectivity=_template(node_id="i=1", mapping={"properties": {"speed": {"node_id": "i=2"}}}))
    await house.save(("twin_type", fixed))
    assert len({id(item.connectivity.mapping) for item in connections(house.catalogue)}) == 1
