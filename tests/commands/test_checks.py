"""Definitions against each other: every name that leads nowhere and every action that can't be done is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from app.errors import Invalid, Problem
from app.model.definitions import Kind
from tests.commands.ports import House
from tests.commands.station import opc_ua, pump_type, station, station_type, twin, whole


async def _standing() -> House:
    house = House()
    await house.save(*whole())
    return house


async def _refused(kind: Kind, document: dict[str, Any]) -> list[Problem]:
    house = await _standing()
    with pytest.raises(Invalid) as caught:
        await house.save((kind, document))
    assert caught.value.code == "DEFINITION_INVALID"
    assert house.agrees()
    return list(caught.value.problems)


def _behavior(*conditions: str, actions: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"name": "b", "conditions": list(conditions), "actions": actions or []}


def _call(method: str = "set_speed", *, role: str | None = None, **parameters: Any) -> dict[str, Any]:
    listed = [{"name": name, "value": value} for name, value in parameters.items()]
    return {"type": "method_call", "method": method, "parameters": listed, **({"role": role} if role else {})}


def _write(property: str, value: Any) -> dict[str, Any]:
    return {"type": "property_write", "property": property, "value": value}


def _pump(*actions: dict[str, Any]) -> dict[str, Any]:
    return pump_type(behaviors=[_behavior("speed > 1", actions=list(actions))])


ACTION = "/behaviors/0/actions/0"
FAULTS: list[tuple[Kind, dict[str, Any], str, str]] = [
    ("twin", twin("p3", "pmp"), "UNKNOWN_TWIN_TYPE", "/twin_type"),
    (
        "twin_type",
        _pump(*[{"type": "alert", "severity": "info", "message": "m", "code": "leak"}] * 2),
        "DUPLICATE_NAME",
        "/behaviors/0/actions/1/code",
    ),
    ("twin", twin("p3", behaviors=[_behavior("speeed > 1")]), "DTSL", "/behaviors/0/conditions/0"),
    ("twin", twin("p3", behaviors=[_behavior("speed >")]), "DTSL", "/behaviors/0/conditions/0"),
    ("twin", twin("p3", behaviors=[_behavior("status == 'runing'")]), "DTSL", "/behaviors/0/conditions/0"),
    ("twin", twin("p3", behaviors=[_behavior("speed > 'fast'")]), "DTSL", "/behaviors/0/conditions/0"),
    ("twin", twin("p3", behaviors=[_behavior("p1.speed > 1")]), "DTSL", "/behaviors/0/conditions/0"),
    ("twin_type", _pump(_call("stopp")), "UNKNOWN_METHOD", f"{ACTION}/method"),
    ("twin_type", _pump(_call(role="main")), "TARGET_NOT_ALLOWED", f"{ACTION}/role"),
    ("twin_type", _pump(_call(speed=1)), "MISSING_PARAMETER", f"{ACTION}/parameters"),
    ("twin_type", _pump(_call(speed=1, ramp="slow", to=2)), "UNKNOWN_PARAMETER", f"{ACTION}/parameters/2/value"),
    ("twin_type", _pump(_call(speed=9000, ramp="slow")), "VALUE_OUT_OF_RANGE", f"{ACTION}/parameters/0/value"),
    ("twin_type", _pump(_call(speed="x", ramp="slow")), "WRONG_TYPE", f"{ACTION}/parameters/0/value"),
    ("twin_type", _pump(_call(speed=1, ramp="medium")), "VALUE_NOT_ALLOWED", f"{ACTION}/parameters/1/value"),
    ("twin_type", _pump(_write("spede", 1)), "UNKNOWN_PROPERTY", f"{ACTION}/property"),
    ("twin_type", _pump(_write("temperature", 1)), "PROPERTY_READ_ONLY", f"{ACTION}/property"),
    ("twin_type", _pump(_write("speed", None)), "WRONG_TYPE", f"{ACTION}/value"),
    ("twin_type", _pump(_write("starts", 1.5)), "WRONG_TYPE", f"{ACTION}/value"),
    (
        "twin",
        twin("p3", connectivity=opc_ua(spede="ns=2;s=A")),
        "UNKNOWN_PROPERTY",
        "/connectivity/mapping/properties/spede",
    ),
    (
        "twin",
        twin("p3", connectivity=opc_ua(speed="A")),
        "BAD_NODE_ID",
        "/connectivity/mapping/properties/speed/node_id",
    ),
    ("twin", twin("p3", connectivity={**opc_ua(), "endpoint": "http://x"}), "BAD_ENDPOINT", "/connectivity/endpoint"),
    (
        "twin",
        twin("p3", connectivity={**opc_ua(), "endpoint": "opc.tcp://x:99999"}),
        "BAD_ENDPOINT",
        "/connectivity/endpoint",
    ),
    ("twin", twin("p3", connectivity={**opc_ua(), "node_id": "x=1"}), "BAD_NODE_ID", "/connectivity/node_id"),
    (
        "twin",
        twin("p3", connectivity={**opc_ua(), "mapping": {"methods": {"start": {"topic": "a"}}}}),
        "MISSING_FIELD",
        "/connectivity/mapping/methods/start/node_id",
    ),
    (
        "twin",
        twin("p3", connectivity={**opc_ua(), "mapping": {"methods": {"strt": {"node_id": "i=5"}}}}),
        "UNKNOWN_METHOD",
        "/connectivity/mapping/methods/strt",
    ),
    (
        "twin",
        twin("p3", connectivity={**opc_ua(), "mapping": {"events": {"fault": {"node_id": "i=5"}}}}),
        "UNKNOWN_EVENT",
        "/connectivity/mapping/events/fault",
    ),
    (
        "twin",
        twin("p3", connectivity={"protocol": "mqtt", "endpoint": "mqtt://b", "mapping": {"properties": {"speed": {}}}}),
        "MISSING_FIELD",
        "/connectivity/mapping/properties/speed/topic",
    ),
    (
        "twin",
        twin(
            "p3",
            connectivity={
                "protocol": "mqtt",
                "endpoint": "mqtt://b",
                "mapping": {"properties": {"speed": {"topic": "a", "write_topic": "a/#", "pointer": "x"}}},
            },
        ),
        "BAD_TOPIC",
        "/connectivity/mapping/properties/speed/write_topic",
    ),
    (
        "twin",
        twin(
            "p3",
            connectivity={
                "protocol": "mqtt",
                "endpoint": "mqtt://b",
                "mapping": {"properties": {"speed": {"topic": "a", "pointer": "x"}}},
            },
        ),
        "BAD_POINTER",
        "/connectivity/mapping/properties/speed/pointer",
    ),
    (
        "overlay_type",
        station_type(twin_roles=[{"role": "main", "twin_type": "pmp"}]),
        "UNKNOWN_TWIN_TYPE",
        "/twin_roles/0/twin_type",
    ),
    (
        "overlay_type",
        station_type(
            relationship_types=[{"name": "r", "source_role": "mian", "target_role": "main", "relationship_type": "x"}]
        ),
        "UNKNOWN_ROLE",
        "/relationship_types/0/source_role",
    ),
    ("overlay_type", station_type(behaviors=[_behavior("mian.speed > 1")]), "DTSL", "/behaviors/0/conditions/0"),
    (
        "overlay_type",
        station_type(behaviors=[_behavior("main.speed > 1", actions=[_call("start")])]),
        "MISSING_TARGET",
        ACTION,
    ),
    (
        "overlay_type",
        station_type(behaviors=[_behavior("main.speed > 1", actions=[_call("start", role="spar")])]),
        "UNKNOWN_ROLE",
        f"{ACTION}/role",
    ),
    (
        "overlay_type",
        station_type(behaviors=[_behavior("main.speed > 1", actions=[{**_call("start"), "twin_id": "p1"}])]),
        "TARGET_NOT_ALLOWED",
        f"{ACTION}/twin_id",
    ),
    ("overlay", station(overlay_type="sttion"), "UNKNOWN_OVERLAY_TYPE", "/overlay_type"),
    ("overlay", station(twins=station()["twins"][:2]), "ROLE_UNBOUND", "/twins"),
    (
        "overlay",
        station(twins=[*station()["twins"], {"twin_id": "p1", "role": "third"}]),
        "UNKNOWN_ROLE",
        "/twins/3/role",
    ),
    (
        "overlay",
        station(twins=[{"twin_id": "v1", "role": "main"}, *station()["twins"][1:]]),
        "ROLE_TYPE_MISMATCH",
        "/twins/0/twin_id",
    ),
    (
        "overlay",
        station(behaviors=[_behavior("main.speed > 1", actions=[{**_call("start"), "twin_id": "p9"}])]),
        "UNKNOWN_TWIN",
        f"{ACTION}/twin_id",
    ),
    ("overlay", station(behaviors=[_behavior("p9.speed > 1")]), "DTSL", "/behaviors/0/conditions/0"),
]


@pytest.mark.parametrize(("kind", "document", "code", "path"), FAULTS)
async def test_a_name_or_action_that_leads_nowhere_is_refused(
    kind: Kind, document: dict[str, Any], code: str, path: str
) -> None:
    problems = await _refused(kind, document)
    matching = [item for item in problems if item.path == path and item.code.startswith(code)]
    assert matching, problems
    assert matching[0].message


async def test_every_missing_twin_of_an_overlay_is_listed_with_a_suggestion() -> None:
    twins = [{"twin_id": "p11", "role": "main"}, {"twin_id": "v11", "role": "outlet"}]
    problems = await _refused("overlay", station(twins=twins))
    assert [(item.code, item.path) for item in problems] == [
        ("UNKNOWN_TWIN", "/twins/0/twin_id"),
        ("UNKNOWN_TWIN", "/twins/1/twin_id"),
    ]
    assert problems[0].hint == "did you mean 'p1'?"


async def test_several_faults_of_several_documents_are_told_at_once_each_with_its_owner() -> None:
    house = await _standing()
    with pytest.raises(Invalid) as caught:
        await house.save(
            ("twin", twin("p3", "pmp")),
            ("twin", twin("p4", connectivity={**opc_ua(spede="A"), "endpoint": "x"})),
        )
    told = [(item.code, item.path) for item in caught.value.problems]
    assert told == [
        ("UNKNOWN_TWIN_TYPE", "/0/twin_type"),
        ("BAD_ENDPOINT", "/1/connectivity/endpoint"),
        ("UNKNOWN_PROPERTY", "/1/connectivity/mapping/properties/spede"),
        ("BAD_NODE_ID", "/1/connectivity/mapping/properties/spede/node_id"),
    ]
    assert caught.value.problems[1].message.startswith("twin 'p4': ")


async def test_an_optional_role_used_without_a_null_test_is_a_warning() -> None:
    house = await _standing()
    behaviors = [_behavior("spare.status == 'running'")]
    saved = await house.save(("overlay_type", station_type(behaviors=behaviors)))
    assert [item.path for item in saved.warnings] == ["/behaviors/0/conditions/0"]


ACCEPTED: list[Callable[[], tuple[Kind, dict[str, Any]]]] = [
    lambda: (
        "overlay",
        station(overlay_id="free", overlay_type=None, behaviors=[_behavior("'p1'.speed > 1", "main.speed > 1")]),
    ),
    lambda: ("overlay", station(behaviors=[_behavior("'p1'.speed > 1", actions=[{**_call("stop"), "twin_id": "p1"}])])),
    lambda: ("overlay", station(twins=[item for item in station()["twins"] if item["role"] != "spare"])),
    lambda: ("twin_type", _pump(_call(speed=100, ramp="slow"), _write("speed", 3), _write("starts", 3.0))),
    lambda: ("twin", twin("p3", connectivity=opc_ua(speed="nsu=http://acme.com/pumps/;s=Pump.Speed"))),
    lambda: ("twin", twin("p3", connectivity=opc_ua(speed="g=09087e75-8e5e-499b-954f-f2a9603db28a"))),
]


@pytest.mark.parametrize("make", ACCEPTED)
async def test_what_is_right_is_accepted(make: Callable[[], tuple[Kind, dict[str, Any]]]) -> None:
    house = await _standing()
    saved = await house.save(make())
    assert len(saved.created) + len(saved.updated) == 1


async def test_a_twins_own_property_is_checked_against_its_types_behaviors() -> None:
    own = [{"name": "temperature", "data_type": "string"}]
    problems = await _refused("twin", twin("p3", properties=own))
    assert problems[0].message.startswith("behavior 'hot': ")
    assert problems[0].code.startswith("DTSL")
