"""Rebinding a role: what named its twin names the next one, and both notations go on meaning the same."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.commands.rebind import rebound
from app.engine.engine import Engine
from app.errors import Invalid
from app.model.events import Load, Outcome, PathStatus, Reading, Sample, Samples, SourceStatus
from app.model.plan import OwnerKey
from tests.commands.ports import ANN, House
from tests.commands.station import opc_ua, pump_type, twin, valve_type

PUMPS = ("p1", "p2", "p3")


def behavior(main: str, spare: str, target: dict[str, str]) -> dict[str, Any]:
    return {
        "name": "failure",
        "conditions": [f"{main}.status == 'fault'", f"{spare} != null && !({spare}.status == 'running')"],
        "actions": [
            {"type": "alert", "severity": "error", "message": "m"},
            {"type": "property_write", "property": "speed", "value": 5.0, **target},
        ],
    }


def overlay(**changes: Any) -> dict[str, Any]:
    return {
        "overlay_id": "north",
        "twins": [
            {"role": "main", "twin_id": "p1"},
            {"role": "spare", "twin_id": "p2"},
            {"role": "outlet", "twin_id": "v1"},
        ],
        "relationships": [
            {"name": "out", "source_twin_id": "p1", "target_twin_id": "v1", "relationship_type": "physical_connection"},
            {"name": "back", "source_twin_id": "v1", "target_twin_id": "p2", "relationship_type": "control"},
        ],
        "behaviors": [behavior("'p1'", "'p2'", {"twin_id": "p2"})],
        **changes,
    }


async def house_with(*overlays: dict[str, Any]) -> House:
    house = House()
    mapped = opc_ua(status="ns=2;s=Status")
    pumps = [("twin", twin(id, connectivity=mapped)) for id in (*PUMPS, "p4")]
    types = [("twin_type", pump_type()), ("twin_type", valve_type())]
    documents = [*types, *pumps, ("twin", twin("v1", "valve")), *[("overlay", item) for item in overlays]]
    await house.save(*documents)  # type: ignore[arg-type]
    return house


async def update(house: House, *twins: dict[str, Any], **more: Any) -> dict[str, Any]:
    await house.definitions.update("overlay", "north", {"twins": list(twins), **more}, ANN)
    return house.document("overlay", "north")


def ends(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(item["source_twin_id"], item["target_twin_id"]) for item in document["relationships"]]


async def test_behaviors_and_relationships_move_with_the_role() -> None:
    house = await house_with(overlay())
    found = await update(house, {"role": "spare", "twin_id": "p3"})
    assert ends(found) == [("p1", "v1"), ("v1", "p3")]
    [moved] = found["behaviors"]
    assert moved["conditions"] == ["'p1'.status == 'fault'", "'p3' != null && !('p3'.status == 'running')"]
    assert moved["actions"][1]["twin_id"] == "p3"
    again = await house.definitions.update("overlay", "north", {"twins": [{"role": "spare", "twin_id": "p3"}]}, ANN)
    assert again.unchanged == (("overlay", "north"),)


async def test_two_that_change_places_are_exchanged_everywhere() -> None:
    house = await house_with(overlay())
    found = await update(house, {"role": "main", "twin_id": "p2"}, {"role": "spare", "twin_id": "p1"})
    assert ends(found) == [("p2", "v1"), ("v1", "p1")]
    assert found["behaviors"][0]["conditions"][0] == "'p2'.status == 'fault'"
    assert found["behaviors"][0]["actions"][1]["twin_id"] == "p1"


async def test_what_the_same_patch_writes_is_taken_as_it_is_written() -> None:
    house = await house_with(overlay())
    written = {"name": "back", "source_twin_id": "p2"}
    condition = ["'p1'.status == 'off'"]
    found = await update(
        house,
        {"role": "spare", "twin_id": "p3"},
        relationships=[written],
        behaviors=[{"name": "failure", "conditions": condition}],
    )
    assert ends(found) == [("p1", "v1"), ("p2", "p3")]
    assert found["behaviors"][0]["conditions"] == condition
    assert found["behaviors"][0]["actions"][1]["twin_id"] == "p3"


async def test_who_fills_two_roles_is_nobody_s_in_particular() -> None:
    document = overlay()
    document["twins"].append({"role": "reserve", "twin_id": "p2"})
    house = await house_with(document)
    found = await update(house, {"role": "spare", "twin_id": "p3"})
    assert ends(found) == [("p1", "v1"), ("v1", "p2")]
    assert found["behaviors"] == document["behaviors"]


async def test_unbinding_what_a_behavior_names_is_refused_and_says_which() -> None:
    house = await house_with(overlay())
    with pytest.raises(Invalid) as caught:
        await update(house, {"role": "spare", "twin_id": None})
    assert {item.code for item in caught.value.problems} == {"DTSL204", "UNKNOWN_TWIN"}
    assert all("'p2'" in item.message for item in caught.value.problems)


async def test_a_twin_that_can_not_do_it_is_refused_and_nothing_moves() -> None:
    house = await house_with(overlay())
    with pytest.raises(Invalid):
        await update(house, {"role": "spare", "twin_id": "v1"})
    assert house.document("overlay", "north") == overlay()


async def test_a_name_that_is_a_role_means_the_role_whoever_has_it_as_an_id() -> None:
    document = {"twins": [{"role": "x", "twin_id": "a"}, {"role": "a", "twin_id": "b"}]}
    document |= {"behaviors": [behavior("a", "x", {"role": "a"})], "relationships": []}
    assert rebound(document, {"twins": [{"role": "x", "twin_id": "c"}]}, (), ()) == document


async def test_an_id_with_a_dot_is_not_a_path_into_the_one_before_the_dot() -> None:
    twins = [{"role": "a", "twin_id": "p"}, {"role": "b", "twin_id": "p.1"}, {"role": "c", "twin_id": "p.1.x"}]
    actions = [{"twin_id": "p"}, {"twin_id": "p.1"}, {"role": "p.1"}, {"role": "p.1.x"}, {"role": "p.main"}]
    document = {"twins": twins, "behaviors": [{"name": "b", "conditions": [], "actions": actions}]}

    def moved(**roles: str) -> list[str]:
        patch = {"twins": [{"role": role, "twin_id": id} for role, id in roles.items()]}
        [found] = rebound(document, patch, (), ())["behaviors"]
        return [value for action in found["actions"] for value in action.values()]

    assert moved(a="q") == ["q", "p.1", "p.1", "p.1.x", "q.main"]
    assert moved(b="q") == ["p", "q", "q", "p.1.x", "p.main"]
    assert moved(a="q", b="r.s") == ["q", "r.s", "r.s", "p.1.x", "q.main"]


async def test_paths_into_another_overlay_follow_it() -> None:
    inner = overlay(overlay_id="inner", behaviors=[], relationships=[])
    other = {**inner, "overlay_id": "other"}
    write = {"type": "property_write", "role": "inner.main", "property": "speed", "value": 1.0}
    names = {"name": "b", "conditions": ["inner.main.status == 'fault'"], "actions": [write]}
    outer = {"overlay_id": "north", "twins": [{"role": "a", "overlay_id": "inner"}], "behaviors": [names]}
    house = await house_with(inner, other, outer)
    [found] = (await update(house, {"role": "a", "overlay_id": "other"}))["behaviors"]
    assert (found["conditions"], found["actions"][0]["role"]) == (["other.main.status == 'fault'"], "other.main")


# ---------------------------------------------------------------- the law


pairs = st.permutations(PUMPS).map(lambda order: (order[0], order[1]))
steps = st.lists(
    pairs | st.tuples(st.sampled_from(PUMPS), st.sampled_from(["off", "running", "fault"])), min_size=1, max_size=12
)


def decided(outcome: Outcome, overlay_id: str) -> Any:
    """What became of one overlay, without its id and without how it names whom it acts on."""
    owner = OwnerKey("overlay", overlay_id)
    behaviors = [item for item in outcome.behaviors if item.key.owner == owner]
    skipped = [[why.partition(": ")[2] for why in item.skipped] for item in behaviors]
    return (
        [(item.state, item.evidence, item.was) for item in behaviors],
        skipped,
        [(item.transition, item.alert.twins) for item in outcome.alerts if item.alert.owner == owner],
    )


def shown(engine: Engine, overlay_id: str) -> list[Any]:
    views = engine.live.behaviors(OwnerKey("overlay", overlay_id))
    return [(view.state, view.evidence, view.error) for view in views]


@settings(max_examples=25, deadline=None)
@given(first=pairs, script=steps)
async def test_by_role_and_by_id_decide_the_same_before_and_after_every_rebinding(
    first: tuple[str, str], script: list[tuple[str, str]]
) -> None:
    main, spare = first
    roles = [{"role": "main", "twin_id": main}, {"role": "spare", "twin_id": spare}]
    by_id = behavior(f"'{main}'", f"'{spare}'", {"twin_id": spare})
    house = await house_with(
        {"overlay_id": "roles", "twins": roles, "behaviors": [behavior("main", "spare", {"role": "spare"})]},
        {"overlay_id": "ids", "twins": roles, "behaviors": [by_id]},
    )
    engine, now = Engine(), 1
    engine.decide(Load(house.inbox.plans[-1]), now)
    engine.decide(SourceStatus("opc", tuple(PathStatus(id, True) for id in PUMPS)), now)
    for one, two in script:
        now += 1
        if two in PUMPS:
            twins = [{"role": "main", "twin_id": one}, {"role": "spare", "twin_id": two}]
            loads = len(house.inbox.plans)
            for overlay_id in ("roles", "ids"):
                await house.definitions.update("overlay", overlay_id, {"twins": twins}, ANN)
            outcomes = [engine.decide(Load(plan), now) for plan in house.inbox.plans[loads:]]
        else:
            outcomes = [engine.decide(Samples((Reading("opc", now, (Sample(one, "status", two, now),)),)), now)]
        by_role, by_id_too = (
            [found for item in outcomes if any(found := decided(item, overlay_id))] for overlay_id in ("roles", "ids")
        )
        assert by_role == by_id_too
        assert shown(engine, "roles") == shown(engine, "ids")


def test_names_move_in_messages_expectations_and_every_nested_list() -> None:
    def alert(message: str) -> dict[str, Any]:
        return {"type": "alert", "severity": "info", "message": message}

    def nested(id: str) -> dict[str, Any]:
        return {
            "name": "b",
            "let": [{"name": "dp", "value": f"'{id}'.speed - 1"}],
            "conditions": [f"'{id}'.speed > 1"],
            "actions": [
                alert(f"{{{{braces}}}} {{'{id}'.speed:.1f}}"),
                {
                    "type": "expect",
                    "within": 5.0,
                    "condition": f"'{id}'.status == 'off'",
                    "otherwise": [{"type": "emit_event", "twin_id": id, "event": "e"}],
                },
            ],
            "otherwise": [{"type": "method_call", "role": id, "method": "stop"}],
            "escalations": [{"after": 5.0, "actions": [alert(f"{{'{id}'.speed}}")]}],
        }

    document = {"twins": [{"role": "main", "twin_id": "p1"}], "behaviors": [nested("p1")]}
    patch = {"twins": [{"role": "main", "twin_id": "p2"}]}
    assert rebound(document, patch, (), ())["behaviors"] == [nested("p2")]
