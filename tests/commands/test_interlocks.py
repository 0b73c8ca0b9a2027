"""Interlocks and limits as they are declared: what is refused, what is warned of, what the engine is loaded with."""

from typing import Any

import pytest

from app.commands.plan import plan_for
from app.errors import Conflict, Invalid, Problem
from app.model.definitions import Kind
from app.model.plan import Interlock
from app.model.time import SECOND
from tests.commands.ports import ANN, House
from tests.commands.station import pump_type, station, station_type, twin, whole

DRY: dict[str, Any] = {"name": "dry", "role": "main", "method": "start", "while": "outlet.position < 5.0"}
HOT: dict[str, Any] = {"name": "hot", "method": "start", "while": "temperature > 80.0"}


async def standing(*more: tuple[Kind, dict[str, Any]]) -> House:
    house = House()
    await house.save(*whole())
    for item in more:
        await house.save(item)
    return house


async def refused(kind: Kind, document: dict[str, Any]) -> list[Problem]:
    house = await standing()
    with pytest.raises(Invalid) as caught:
        await house.save((kind, document))
    return list(caught.value.problems)


def pump(**interlock: Any) -> dict[str, Any]:
    return pump_type(interlocks=[{**HOT, **interlock}])


def over(**interlock: Any) -> dict[str, Any]:
    return station_type(interlocks=[{**DRY, **interlock}])


def locked(**interlock: Any) -> dict[str, Any]:
    return station(interlocks=[{**DRY, **interlock}])


@pytest.mark.parametrize(
    ("kind", "document", "code", "path"),
    [
        ("twin_type", pump(method="strat"), "UNKNOWN_METHOD", "/interlocks/0/method"),
        ("twin_type", pump(method=None, property="sped"), "UNKNOWN_PROPERTY", "/interlocks/0/property"),
        ("twin_type", pump(method=None, property="status"), "PROPERTY_READ_ONLY", "/interlocks/0/property"),
        ("twin_type", pump(role="main"), "TARGET_NOT_ALLOWED", "/interlocks/0/role"),
        ("twin_type", pump(**{"while": "temprature > 80.0"}), "DTSL205", "/interlocks/0/while"),
        ("twin_type", pump(**{"while": "temperature >"}), "DTSL104", "/interlocks/0/while"),
        ("twin_type", pump(**{"while": "temperature > 80.0 for 5s"}), "INTERLOCK_NEEDS_PAST", "/interlocks/0/while"),
        ("twin_type", pump(**{"while": "previous(temperature) > 80.0"}), "INTERLOCK_NEEDS_PAST", "/interlocks/0/while"),
        ("twin_type", pump(**{"while": "changed(temperature)"}), "INTERLOCK_ON_PULSE", "/interlocks/0/while"),
        ("overlay_type", over(role=None), "MISSING_TARGET", "/interlocks/0"),
        ("overlay_type", over(role="mian"), "UNKNOWN_ROLE", "/interlocks/0/role"),
        ("overlay_type", over(role=None, twin_id="p1"), "TARGET_NOT_ALLOWED", "/interlocks/0/twin_id"),
        ("overlay_type", over(role="outlet"), "UNKNOWN_METHOD", "/interlocks/0/method"),
        ("overlay", locked(role=None, twin_id="p9"), "UNKNOWN_TWIN", "/interlocks/0/twin_id"),
    ],
)  # fmt: skip
async def test_an_interlock_that_can_not_be_is_refused_where_it_is_wrong(
    kind: Kind, document: dict[str, Any], code: str, path: str
) -> None:
    problems = await refused(kind, document)
    assert [(item.code, item.path) for item in problems] == [(code, path)]


@pytest.mark.parametrize(
    ("interlock", "code", "path"),
    [
        ({"name": "x", "method": "start"}, "MISSING_FIELD", "/interlocks/0/while"),
        ({"name": "x", "while": "speed > 1"}, "MISSING_FIELD", "/interlocks/0/method"),
        ({**HOT, "property": "speed"}, "TWO_TARGETS", "/interlocks/0/property"),
        ({**HOT, "whle": "x"}, "UNKNOWN_FIELD", "/interlocks/0/whle"),
        ({**HOT, "while": ""}, "TOO_SHORT", "/interlocks/0/while"),
    ],
)
async def test_its_form_is_told_with_the_pointer_of_what_is_wrong(
    interlock: dict[str, Any], code: str, path: str
) -> None:
    problems = await refused("twin_type", pump_type(interlocks=[interlock]))
    assert (code, path) in [(item.code, item.path) for item in problems]
    if code == "UNKNOWN_FIELD":
        [hint] = [item.hint for item in problems if item.code == code]
        assert hint == "did you mean 'while'?"


async def test_two_interlocks_of_one_name_are_refused() -> None:
    problems = await refused("twin_type", pump_type(interlocks=[HOT, HOT]))
    assert [(item.code, item.path) for item in problems] == [("DUPLICATE_NAME", "/interlocks/1/name")]


@pytest.mark.parametrize(
    ("interlock", "code"),
    [
        ({"method": "stop"}, "INTERLOCK_ON_SAFE_METHOD"),
        ({"while": "temperature > 80.0 && temperature < 20.0"}, "INTERLOCK_NEVER_HOLDS"),
        ({"while": "1 > 0"}, "INTERLOCK_READS_NOTHING"),
    ],
)
async def test_an_interlock_that_is_allowed_and_probably_a_mistake_is_warned_of(
    interlock: dict[str, Any], code: str
) -> None:
    methods = [{**item, "safe": item["name"] == "stop"} for item in pump_type()["methods"]]
    saved = await (await standing()).save(("twin_type", pump_type(methods=methods, interlocks=[{**HOT, **interlock}])))
    assert [item.code for item in saved.warnings if item.code.startswith("INTERLOCK")] == [code]


async def test_a_limit_on_a_safe_method_is_warned_of() -> None:
    methods = [{**item, "safe": True, "min_interval": 5.0} for item in pump_type()["methods"]]
    saved = await (await standing()).save(("twin_type", pump_type(methods=methods)))
    assert ("LIMIT_ON_SAFE_METHOD", "/methods/0/min_interval") in [(item.code, item.path) for item in saved.warnings]


async def test_an_optional_role_without_a_guard_is_warned_of() -> None:
    locked = station_type(interlocks=[{**DRY, "while": "spare.status == 'fault'"}])
    saved = await (await standing()).save(("overlay_type", locked))
    assert "/interlocks/0/while" in [item.path for item in saved.warnings]


async def test_a_type_below_must_keep_the_promise_that_a_method_is_safe() -> None:
    stop = {"name": "stop", "return_type": "boolean", "idempotent": True}
    methods = [{"name": "start", "return_type": "boolean"}, {**stop, "safe": True}]
    house = await standing(("twin_type", pump_type(methods=methods)))
    with pytest.raises(Invalid) as caught:
        await house.save(("twin_type", {"type_id": "big", "extends": "pump", "methods": [stop]}))
    assert [(item.code, item.path) for item in caught.value.problems] == [
        ("OVERRIDE_BREAKS_PROMISE", "/methods/0/safe")
    ]


async def test_the_document_comes_back_as_it_was_written() -> None:
    house = await standing(("twin_type", pump()))
    assert house.document("twin_type", "pump")["interlocks"] == [HOT]


async def test_an_update_merges_interlocks_by_name() -> None:
    house = await standing(("twin_type", pump_type(interlocks=[HOT, {**HOT, "name": "other"}])))
    patch = {"interlocks": [{"name": "hot", "while": "temperature > 90.0"}, {"name": "other", "remove": True}]}
    await house.definitions.update("twin_type", "pump", patch, ANN)
    assert house.document("twin_type", "pump")["interlocks"] == [{**HOT, "while": "temperature > 90.0"}]


def planned(house: House, twin_id: str) -> dict[str, Interlock]:
    plan = plan_for(house.catalogue, twins=[twin_id])
    return {item.name: item for item in plan.shapes[0].interlocks}


async def test_a_twin_has_its_type_s_interlocks_with_its_own_added_or_replacing_by_name() -> None:
    own = twin("p2", interlocks=[{**HOT, "while": "temperature > 60.0"}, {**HOT, "name": "more"}])
    house = await standing(("twin_type", pump()), ("twin", own))
    assert {name: item.written for name, item in planned(house, "p2").items()} == {
        "hot": "temperature > 60.0",
        "more": "temperature > 80.0",
    }
    assert {name: item.written for name, item in planned(house, "p1").items()} == {"hot": "temperature > 80.0"}


async def test_an_overlay_s_interlocks_come_with_its_type_s_and_their_roles_are_bound() -> None:
    own = station(interlocks=[{"name": "own", "twin_id": "p2", "method": "stop", "while": "main.speed > 5"}])
    house = await standing(("overlay_type", station_type(interlocks=[DRY])), ("overlay", own))
    plan = plan_for(house.catalogue, overlays=["north"])
    assert {item.name: item.owner for item in plan.shapes[0].interlocks} == {"dry": "main", "own": "p2"}
    assert plan.overlays[0].bindings["p2"] == "p2"


async def test_a_change_that_an_overlay_s_interlock_does_not_stand_is_refused() -> None:
    lock = {"name": "slow", "role": "main", "method": "set_speed", "while": "outlet.position < 5.0"}
    house = await standing(("overlay_type", station_type(interlocks=[lock])))
    with pytest.raises(Conflict) as caught:
        await house.save(("twin_type", pump_type(methods=pump_type()["methods"][:2])))
    assert [(item.code, item.message) for item in caught.value.problems] == [
        ("UNKNOWN_METHOD", "overlay type 'station' would break: there is no method 'set_speed' of 'main'")
    ]


async def test_rebinding_a_role_moves_the_overlay_s_own_interlocks() -> None:
    own = station(interlocks=[{"name": "own", "twin_id": "p1", "method": "stop", "while": "'p1'.speed > 5"}])
    house = await standing(("overlay", own), ("twin", twin("p3")))
    patch = {"twins": [{"role": "main", "twin_id": "p3"}]}
    await house.definitions.update("overlay", "north", patch, ANN)
    assert house.document("overlay", "north")["interlocks"] == [
        {"name": "own", "twin_id": "p3", "method": "stop", "while": "'p3'.speed > 5"}
    ]


async def test_limits_reach_the_engine_in_its_own_units() -> None:
    methods = [
        {**item, "min_interval": 1.5, "rate_limit": {"calls": 6, "per": 3600}} if item["name"] == "start" else item
        for item in pump_type()["methods"]
    ]
    house = await standing(("twin_type", pump_type(methods=methods)))
    start = next(item for item in plan_for(house.catalogue, twins=["p1"]).shapes[0].methods if item.name == "start")
    assert (start.min_interval, start.most_calls, start.per) == (1_500_000, 6, 3600 * SECOND)


@pytest.mark.parametrize(
    ("field", "value", "code", "path"),
    [
        ("min_interval", 0, "OUT_OF_RANGE", "/methods/0/min_interval"),
        ("rate_limit", {"calls": 0, "per": 1}, "OUT_OF_RANGE", "/methods/0/rate_limit/calls"),
        ("rate_limit", {"calls": 1}, "MISSING_FIELD", "/methods/0/rate_limit/per"),
    ],
)
async def test_a_limit_that_is_none_is_refused(field: str, value: Any, code: str, path: str) -> None:
    problems = await refused("twin_type", pump_type(methods=[{"name": "start", field: value}], behaviors=[]))
    assert (code, path) in [(item.code, item.path) for item in problems]


async def test_a_required_action_is_planned_as_required() -> None:
    behavior = {
        "name": "b",
        "conditions": ["speed > 1"],
        "actions": [{"type": "method_call", "method": "stop", "required": True}],
    }
    house = await standing(("twin_type", pump_type(behaviors=[behavior])))
    (rule,) = plan_for(house.catalogue, twins=["p1"]).shapes[0].rules
    assert [getattr(item, "required", None) for item in rule.actions] == [True]
