"""Other ways to a device: what a fallback takes from the preferred path, and what is refused of it."""

from typing import Any

import pytest

from app.commands.connections import connections
from app.commands.merge import merge
from app.commands.plan import plan_for
from app.errors import Invalid
from app.model.connectivity import paths_of
from app.model.definitions import Connectivity
from tests.commands.ports import House
from tests.commands.station import pump_type, twin

MQTT = {
    "protocol": "mqtt",
    "endpoint": "mqtt://broker.factory.local:1883",
    "mapping": {"properties": {"speed": {"topic": "pumps/{twin_id}/speed"}}},
}


def _opc_ua(**changes: Any) -> dict[str, Any]:
    return {
        "protocol": "opc-ua",
        "endpoint": "opc.tcp://plc1.factory.local:4840",
        "namespace": "urn:acme",
        "node_id": "ns=2;s={twin_id}",
        "authentication": {"type": "none"},
        "mapping": {
            "properties": {"speed": {"node_id": "ns=2;s={twin_id}.Speed"}, "status": {"node_id": "i=7"}},
            "methods": {"start": {"node_id": "ns=2;s={twin_id}.Start"}},
        },
        **changes,
    }


async def _problems(connectivity: dict[str, Any]) -> list[tuple[str, str]]:
    house = House()
    await house.save(("twin_type", pump_type()))
    with pytest.raises(Invalid) as caught:
        await house.save(("twin", twin("p1", connectivity=connectivity)))
    return [(item.code, item.path) for item in caught.value.problems]


async def test_a_fallback_of_the_same_protocol_takes_all_that_it_does_not_say_from_the_preferred_path() -> None:
    house = House()
    second = {
        "endpoint": "opc.tcp://plc2.factory.local:4840",
        "mapping": {"properties": {"status": {"node_id": "i=9"}}},
    }
    await house.save(("twin_type", pump_type(connectivity=_opc_ua(fallbacks=[second]))), ("twin", twin("p1")))
    (found,) = house.devices.configured[-1]
    (fallback,) = found.fallbacks
    path = fallback.connectivity
    assert (path.protocol, path.endpoint) == ("opc-ua", second["endpoint"])
    assert (path.namespace, path.node_id, path.authentication) == ("urn:acme", "ns=2;s=p1", {"type": "none"})
    assert path.mapping.properties["speed"].node_id == "ns=2;s=p1.Speed"
    assert path.mapping.properties["status"].node_id == "i=9"
    assert path.mapping.methods["start"].node_id == "ns=2;s=p1.Start"
    assert fallback.fallbacks == () == tuple(path.fallbacks)
    assert list(fallback.properties) == ["status", "speed"]


async def test_one_of_another_protocol_has_its_own_words_alone() -> None:
    house = House()
    await house.save(("twin_type", pump_type(connectivity=_opc_ua(fallbacks=[MQTT]))), ("twin", twin("p1")))
    (found,) = house.devices.configured[-1]
    (fallback,) = found.fallbacks
    assert (fallback.connectivity.node_id, fallback.connectivity.authentication) == (None, None)
    assert fallback.connectivity.mapping.properties["speed"].topic == "pumps/p1/speed"
    assert (list(fallback.properties), list(fallback.connectivity.mapping.methods)) == (["speed"], [])


async def test_what_any_path_maps_is_the_devices() -> None:
    house = House()
    note = {**MQTT, "mapping": {"properties": {"note": {"topic": "note"}}}}
    await house.save(("twin_type", pump_type(connectivity=_opc_ua(fallbacks=[note]))), ("twin", twin("p1")))
    (plan,) = plan_for(house.catalogue, twins=["p1"]).twins
    assert plan.mapped == ("speed", "status", "note")
    own = _opc_ua(node_id="i=1", mapping={"properties": {"status": {"node_id": "i=7"}}}, fallbacks=[note])
    await house.save(("twin", twin("p2", connectivity=own)))
    (plan,) = plan_for(house.catalogue, twins=["p2"]).twins
    assert plan.mapped == ("speed", "status", "note")


async def test_twins_own_fallbacks_replace_their_types_whole() -> None:
    house = House()
    other = {"endpoint": "opc.tcp://plc3.factory.local:4840"}
    await house.save(
        ("twin_type", pump_type(connectivity=_opc_ua(fallbacks=[MQTT]))),
        ("twin", twin("p1", connectivity={"fallbacks": [other]})),
        ("twin", twin("p2", connectivity={"fallbacks": []})),
        ("twin", twin("p3")),
    )
    found = {item.twin_id: item for item in connections(house.catalogue)}
    assert {id: [path.address.endpoint for path in item.fallbacks] for id, item in found.items()} == {
        "p1": [other["endpoint"]],
        "p2": [],
        "p3": [MQTT["endpoint"]],
    }
    assert found["p3"].fallbacks[0].properties is not found["p3"].properties
    assert connections(house.catalogue) == list(found.values()), "equal where nothing has changed"


async def test_twins_of_a_type_share_what_their_fallbacks_have_in_common() -> None:
    house = House()
    await house.save(
        ("twin_type", pump_type(connectivity=_opc_ua(fallbacks=[MQTT]))), ("twin", twin("p1")), ("twin", twin("p2"))
    )
    first, second = connections(house.catalogue)
    assert first.fallbacks[0].given is second.fallbacks[0].given
    assert first.fallbacks[0].properties is second.fallbacks[0].properties


def test_paths_are_the_preferred_one_and_then_its_fallbacks_in_their_order() -> None:
    document = _opc_ua(fallbacks=[MQTT, {"endpoint": "opc.tcp://plc2.factory.local:4840"}])
    paths = paths_of(Connectivity.model_validate(document))
    assert [path.endpoint for path in paths] == [
        "opc.tcp://plc1.factory.local:4840",
        "mqtt://broker.factory.local:1883",
        "opc.tcp://plc2.factory.local:4840",
    ]


async def test_everything_wrong_of_a_fallback_is_told_at_once_with_its_place() -> None:
    wrong = {
        "endpoint": "http://x",
        "node_id": "x=1",
        "mapping": {"properties": {"spede": {"node_id": "A"}}, "methods": {"start": {"topic": "a"}}},
    }
    at = "/connectivity/fallbacks/1"
    assert await _problems(_opc_ua(fallbacks=[{"endpoint": "opc.tcp://plc2:4840"}, wrong])) == [
        ("BAD_ENDPOINT", f"{at}/endpoint"),
        ("BAD_NODE_ID", f"{at}/node_id"),
        ("UNKNOWN_PROPERTY", f"{at}/mapping/properties/spede"),
        ("BAD_NODE_ID", f"{at}/mapping/properties/spede/node_id"),
        ("MISSING_FIELD", f"{at}/mapping/methods/start/node_id"),
    ]


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"fallbacks": [{}]}, "MISSING_FIELD", "/connectivity/fallbacks/0/endpoint"),
        (
            {"fallbacks": [{"endpoint": "opc.tcp://plc1.factory.local:4840"}]},
            "SAME_PATH",
            "/connectivity/fallbacks/0/endpoint",
        ),
        (
            {"fallbacks": [{"endpoint": "opc.tcp://b:1"}, {"endpoint": "opc.tcp://b:1"}]},
            "SAME_PATH",
            "/connectivity/fallbacks/1/endpoint",
        ),
        (
            {"fallbacks": [{"protocol": "mqtt", "endpoint": "mqtt://b"}]},
            "MISSING_FIELD",
            "/connectivity/fallbacks/0/mapping",
        ),
        (
            {"fallbacks": [{"endpoint": "opc.tcp://b:1", "fallbacks": []}]},
            "UNKNOWN_FIELD",
            "/connectivity/fallbacks/0/fallbacks",
        ),
        ({"fallbacks": [{"endpoint": "opc.tcp://b:1"}] * 9}, "TOO_LONG", "/connectivity/fallbacks"),
        ({"fallback_after": -1.0}, "OUT_OF_RANGE", "/connectivity/fallback_after"),
        ({"return_after": 1e9}, "OUT_OF_RANGE", "/connectivity/return_after"),
        ({"heartbeat": {"property": "speed"}}, "MISSING_FIELD", "/connectivity/heartbeat/interval"),
        ({"heartbeat": {"interval": 0.0}}, "OUT_OF_RANGE", "/connectivity/heartbeat/interval"),
        (
            {"heartbeat": {"interval": 5.0, "property": "spede"}},
            "UNKNOWN_PROPERTY",
            "/connectivity/heartbeat/property",
        ),
        (
            {"heartbeat": {"interval": 5.0, "property": "temperature"}},
            "HEARTBEAT_NOT_MAPPED",
            "/connectivity/heartbeat/property",
        ),
    ],
)
async def test_what_is_no_other_path_is_refused(changes: dict[str, Any], code: str, path: str) -> None:
    assert (code, path) in await _problems(_opc_ua(**changes))


async def test_a_types_fallbacks_are_checked_with_it_its_placeholders_too() -> None:
    house = House()
    wrong = {**MQTT, "mapping": {"properties": {"speed": {"topic": "pumps/{twin}/speed"}}}}
    with pytest.raises(Invalid) as caught:
        await house.save(("twin_type", pump_type(connectivity=_opc_ua(fallbacks=[wrong]))))
    assert [(item.code, item.path) for item in caught.value.problems] == [
        ("UNKNOWN_PLACEHOLDER", "/connectivity/fallbacks/0/mapping/properties/speed/topic")
    ]


async def test_a_patch_replaces_the_fallbacks_and_merges_the_heartbeat() -> None:
    first, second = {"endpoint": "opc.tcp://b:1"}, {"endpoint": "opc.tcp://c:1"}
    written = twin("p1", connectivity=_opc_ua(fallbacks=[first], heartbeat={"property": "speed", "interval": 5.0}))
    patch = {"connectivity": {"fallbacks": [second], "heartbeat": {"interval": 9.0}}}
    merged = merge("twin", written, patch).document["connectivity"]
    assert merged["fallbacks"] == [second]
    assert merged["heartbeat"] == {"property": "speed", "interval": 9.0}
    removed = merge("twin", written, {"connectivity": {"fallbacks": None, "heartbeat": None}}).document
    assert not {"fallbacks", "heartbeat"} & removed["connectivity"].keys()
