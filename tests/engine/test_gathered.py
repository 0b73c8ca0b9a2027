"""Behaviors over all who fill a role of many: right at every change, equal to a fresh look, and unknown honestly."""

import gc
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.engine import Engine
from app.engine.gathered import Gathered
from app.model.conditions import (
    Aggregate,
    And,
    Bound,
    Compare,
    CompareOp,
    Condition,
    Evidence,
    Held,
    Literal,
    PropertyRef,
)
from app.model.events import ClearOverride, Load, SetOverride, Started
from app.model.plan import OverlayPlan, OwnerKey, Plan, Rule, Shape
from app.model.time import SECOND
from tests.engine.plant import Plant, alert, alerts, compare, pump, pump_shape, ref, rule, sample, turns, write

FLEET = OwnerKey("overlay", "fleet")
HOT = Aggregate("any", compare("temperature", ">", 80.0, "pumps"), over="pumps")


def number(function: Any, op: CompareOp, limit: float, *, known: bool = False) -> Condition:
    return Compare(op, Aggregate(function, ref("temperature", "pumps"), known, "pumps"), Literal(limit))


def running(op: CompareOp, count: float) -> Condition:
    item = compare("status", "==", "running", "pumps")
    return Compare(op, Aggregate("count", item, over="pumps"), Literal(count))


def plan(*rules: Rule, members: tuple[str, ...] = ("p1", "p2", "p3"), revision: int = 1, **bindings: str) -> Plan:
    shape_id = f"fleet@{revision}"
    fleet = OverlayPlan(
        "fleet",
        "fleet",
        shape_id,
        revision,
        {**{f"pumps/{twin}": twin for twin in members}, **bindings},
        members={"pumps": members},
    )
    twins = tuple(pump(twin) for twin in ("p1", "p2", "p3"))
    return Plan(revision, (pump_shape(), Shape(shape_id, rules=rules)), twins, (fleet,))


def test_one_member_is_enough_for_any_and_its_alert_names_it() -> None:
    plant = Plant(plan=plan(rule("hot", HOT, alert("hot"))))
    assert plant.behavior("hot", FLEET) == ("inactive", "unknown")
    for twin in ("p1", "p2", "p3"):
        plant.read(twin, temperature=20.0)
    assert plant.behavior("hot", FLEET) == ("inactive", "false")
    raised = plant.read("p2", temperature=90.0)
    assert turns(raised) == [("hot", "active")]
    assert raised.alerts[0].alert.twins == ("p2",)
    assert turns(plant.read("p1", temperature=95.0)) == []
    assert turns(plant.read("p2", temperature=20.0)) == []
    assert alerts(plant.read("p1", temperature=20.0)) == [("hot", "cleared"), ("hot", "closed")]


def test_a_delay_goes_on_after_a_start_once_every_member_was_heard() -> None:
    plant = Plant(plan=plan(rule("hot", HOT, msgspec.structs.replace(alert("hot"), delay_on=5 * SECOND))))
    for twin in ("p1", "p2", "p3"):
        plant.read(twin, temperature=90.0)
    other = plant.restart()
    other.do(Started())
    for twin in ("p2", "p3", "p1"):
        assert other.engine.next_due() is None
        other.alive(twin)
        other.read(twin, temperature=90.0)
    assert other.engine.next_due() is not None
    assert alerts(other.wait(5)) == [("hot", "raised")]


def test_for_counts_from_when_a_member_was_measured() -> None:
    plant = Plant(plan=plan(rule("hot", Held(HOT, 10 * SECOND), alert("hot"))))
    for twin in ("p1", "p2", "p3"):
        plant.read(twin, temperature=20.0)
    measured = plant.now - 2 * SECOND
    plant.take(sample("temperature", 90.0, measured, twin="p2"), sample("level", 1.0, plant.now, twin="p3"))
    assert plant.engine.next_due() == measured + 10 * SECOND


def test_a_true_member_wins_over_unknown_ones_and_silence_makes_false_unknown() -> None:
    plant = Plant(plan=plan(rule("hot", HOT, alert("hot"))))
    plant.read("p1", temperature=90.0)
    assert plant.behavior("hot", FLEET) == ("active", "true")
    plant.read("p1", temperature=20.0)
    assert plant.behavior("hot", FLEET) == ("active", "unknown")
    plant.read("p2", temperature=20.0)
    plant.read("p3", temperature=20.0)
    assert plant.behavior("hot", FLEET) == ("inactive", "false")
    plant.silent("p3")
    assert plant.behavior("hot", FLEET) == ("inactive", "unknown")
    [line, *_] = plant.engine.live.why_unknown(next(iter(plant.engine.live.behaviors(FLEET))).key)
    assert line == "any(pumps): 1 of 3 in pumps are unknown: p3 (p3.temperature: PathSilent)"


@pytest.mark.parametrize(
    ("condition", "evidence"),
    [
        (running(">=", 1), "true"),
        (running(">=", 2), "unknown"),
        (running(">=", 3), "false"),
        (running("==", 2), "unknown"),
        (running("!=", 3), "true"),
        (number("max", ">", 40.0), "true"),
        (number("max", ">", 60.0), "unknown"),
        (number("min", "<", 40.0), "unknown"),
        (number("min", "<", 60.0), "true"),
        (number("avg", ">", 1.0), "unknown"),
        (number("avg", ">", 40.0, known=True), "true"),
        (number("sum", "==", 50.0, known=True), "true"),
        (Compare("==", Aggregate("count", None, over="pumps"), Literal(3)), "true"),
        (Aggregate("all", Evidence("known", ref("temperature", "pumps")), over="pumps"), "false"),
    ],
)
def test_what_is_unknown_of_some_leaves_open_only_what_depends_on_them(condition: Condition, evidence: str) -> None:
    """One runs, one is stopped and of one nothing is known; one is at 50."""
    plant = Plant(plan=plan(rule("it", condition)))
    plant.read("p1", status="running", temperature=50.0)
    plant.read("p2", status="stopped")
    assert plant.behavior("it", FLEET)[1] == evidence


@pytest.mark.parametrize(
    ("condition", "evidence"),
    [
        (HOT, "false"),
        (Aggregate("all", compare("temperature", ">", 80.0, "pumps"), over="pumps"), "true"),
        (running("==", 0), "true"),
        (number("sum", "==", 0.0), "true"),
        (number("avg", ">", 0.0), "unknown"),
        (number("min", "<", 0.0), "unknown"),
    ],
)
def test_a_role_that_nobody_fills_has_an_answer_where_there_is_one(condition: Condition, evidence: str) -> None:
    plant = Plant(plan=plan(rule("it", condition), members=()))
    assert plant.behavior("it", FLEET)[1] == evidence


def test_who_joins_or_leaves_counts_from_then_on() -> None:
    plant = Plant(plan=plan(rule("hot", HOT, alert("hot")), members=("p1",)))
    plant.read("p1", temperature=20.0)
    plant.read("p2", temperature=90.0)
    assert plant.behavior("hot", FLEET) == ("inactive", "false")
    plant.do(Load(plan(rule("hot", HOT, alert("hot")), members=("p1", "p2"), revision=2)))
    assert plant.behavior("hot", FLEET) == ("active", "true")
    plant.do(Load(plan(rule("hot", HOT, alert("hot")), members=("p1",), revision=3)))
    assert plant.behavior("hot", FLEET) == ("inactive", "false")
    assert plant.engine.live.twins["p2"].cells["temperature"].past is None


def test_a_members_inner_roles_are_asked_and_one_that_is_open_is_unknown_unless_guarded() -> None:
    inner = compare("temperature", ">", 80.0, "lines/pump")
    guarded = And((Bound("lines/pump"), inner))
    rules = (
        rule("plain", Aggregate("any", inner, over="lines")),
        rule("guarded", Aggregate("any", guarded, over="lines")),
    )
    lines = OverlayPlan("fleet", None, "fleet@1", 1, {"lines/l1/pump": "p1"}, members={"lines": ("l1", "l2")})
    plant = Plant(plan=Plan(1, (pump_shape(), Shape("fleet@1", rules=rules)), (pump(),), (lines,)))
    plant.read(temperature=20.0)
    assert plant.behavior("plain", FLEET) == ("inactive", "unknown")
    assert plant.behavior("guarded", FLEET) == ("inactive", "false")
    plant.read(temperature=90.0)
    assert plant.behavior("guarded", FLEET) == ("active", "true")


def test_members_are_compared_with_somebody_outside_of_the_role() -> None:
    above = Compare(">", ref("temperature", "pumps"), ref("temperature", "leader"))
    plant = Plant(plan=plan(rule("above", Aggregate("any", above, over="pumps")), members=("p1", "p2"), leader="p3"))
    for twin, value in (("p1", 50.0), ("p2", 60.0), ("p3", 70.0)):
        plant.read(twin, temperature=value)
    assert plant.behavior("above", FLEET) == ("inactive", "false")
    plant.read("p3", temperature=55.0)
    assert plant.behavior("above", FLEET) == ("active", "true")


def test_an_aggregate_may_have_to_hold_for_a_while() -> None:
    plant = Plant(plan=plan(rule("hot", Held(HOT, 5 * SECOND), alert("hot"))))
    for twin in ("p1", "p2", "p3"):
        plant.read(twin, temperature=90.0)
    plant.wait(1)
    assert plant.behavior("hot", FLEET) == ("inactive", "false")
    assert turns(plant.wait(3)) == [("hot", "active")]


def test_forcing_a_member_is_seen_and_so_is_its_end() -> None:
    plant = Plant(plan=plan(rule("hot", HOT)))
    for twin in ("p1", "p2", "p3"):
        plant.read(twin, temperature=20.0)
    plant.do(SetOverride("p2", "temperature", "forced", "eva", "test", 95.0))
    assert plant.behavior("hot", FLEET) == ("active", "true")
    plant.do(ClearOverride("p2", "temperature", "eva"))
    assert plant.behavior("hot", FLEET) == ("inactive", "false")


def test_a_write_of_a_behavior_is_counted_in_the_same_step() -> None:
    limits = Compare(">", Aggregate("sum", ref("limit", "pumps"), over="pumps"), Literal(100.0))
    rules = (rule("hot", HOT, write("limit", 90.0, "pumps/p1")), rule("much", limits, alert("much")))
    plant = Plant(plan=plan(*rules, members=("p1", "p2")))
    for twin in ("p1", "p2"):
        plant.read(twin, temperature=20.0)
        plant.do(SetOverride(twin, "limit", "forced", "eva", "test", 20.0))
        plant.do(ClearOverride(twin, "limit", "eva"))
    plant.do(SetOverride("p2", "limit", "forced", "eva", "test", 20.0))
    assert turns(plant.read("p1", temperature=90.0)) == [("hot", "active"), ("much", "active")]


def test_what_its_transition_stood_on_is_recorded_by_count_and_by_name() -> None:
    plant = Plant(plan=plan(rule("two", running(">=", 2))))
    plant.read("p1", status="running")
    [fact] = plant.read("p2", status="running").behaviors
    assert fact.basis is not None
    [together] = fact.basis.together
    assert [item.id for item in together.deciding] == ["p1", "p2"]
    assert (together.members, together.unknown, together.missing, together.bounds) == (3, 1, ("p3",), (2.0, 3.0))


CONDITIONS = (
    HOT,
    running(">=", 2),
    number("avg", ">", 50.0, known=True),
    number("max", ">", 80.0),
    number("sum", ">", 100.0),
    Aggregate("any", Evidence("isStale", ref("temperature", "pumps")), over="pumps"),
    Compare("==", Aggregate("count", Evidence("known", ref("status", "pumps")), over="pumps"), Literal(2)),
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["p1", "p2", "p3"]), st.sampled_from([0.0, 40.0, 60.0, 90.0])),
            st.tuples(st.sampled_from(["p1", "p2", "p3"]), st.sampled_from(["running", "stopped"])),
            st.tuples(st.sampled_from(["p1", "p2", "p3"]), st.booleans()),
            st.just("restart"),
            st.just("force"),
            st.just("release"),
        ),
        max_size=20,
    )
)
def test_what_is_kept_member_by_member_is_what_a_fresh_look_gives(changes: list[Any]) -> None:
    plant = Plant(plan=plan(*(rule(f"r{index}", condition) for index, condition in enumerate(CONDITIONS))))
    for change in changes:
        match change:
            case "restart":
                plant = plant.restart()
                plant.do(Started())
            case "force":
                plant.do(SetOverride("p2", "temperature", "forced", "eva", "test", 95.0))
            case "release":
                plant.do(ClearOverride("p2", "temperature", "eva"))
            case (twin, bool() as alive):
                (plant.alive if alive else plant.silent)(twin)
            case (twin, str() as status):
                plant.read(twin, status=status)
            case (twin, value):
                plant.read(twin, temperature=value)
        fresh = Engine()
        fresh.restore(plant.engine.snapshot())
        for name, running_rule in plant.engine.live.overlays["fleet"].rules.items():
            again = fresh.live.overlays["fleet"].rules[name]
            assert running_rule.evaluate() is again.evaluate()
            known = running_rule.evaluate()
            assert known is None or running_rule.evidence is known


def test_a_start_is_no_loss_an_aggregate_over_the_known_waits_until_all_were_heard_of() -> None:
    plant = Plant(plan=plan(rule("warm", number("avg", ">", 50.0, known=True))))
    for twin, value in (("p1", 20.0), ("p2", 90.0), ("p3", 20.0)):
        plant.read(twin, temperature=value)
    plant.do(SetOverride("p2", "temperature", "forced", "eva", "test", 90.0))
    assert plant.behavior("warm", FLEET) == ("inactive", "false")
    again = plant.restart()
    again.do(Started())
    assert again.behavior("warm", FLEET) == ("inactive", "unknown")
    again.alive("p1", "p2")
    assert again.behavior("warm", FLEET) == ("inactive", "unknown")
    again.silent("p3")
    assert again.behavior("warm", FLEET) == ("active", "true")


def test_what_was_kept_of_members_is_free_without_a_collector_once_it_is_replaced() -> None:
    """It names every member: of 10,000 of them it is megabytes, and a server never looks for cycles in what stays."""

    def gathered() -> int:
        return sum(isinstance(found, Gathered) for found in gc.get_objects())

    eased = msgspec.structs.replace(alert("warm"), deadband=2.0)
    plant = Plant(plan=plan(rule("busy", running(">", 1)), rule("warm", number("sum", ">", 100.0), eased)))
    plant.read("p1", temperature=20.0)
    gc.collect()
    before = gathered()
    gc.disable()
    try:
        plant.do(Load(plan(rule("busy", running(">", 2)), rule("warm", number("sum", ">", 50.0), eased), revision=2)))
        plant.read("p1", temperature=30.0)
        assert gathered() == before
        plant.do(Load(plan(rule("busy", running(">", 2)), revision=3)))
        assert gathered() == before - 2, "what its alert asks, too"
    finally:
        gc.enable()


def test_a_property_that_members_lack_is_unknown_and_noted() -> None:
    plant = Plant(
        plan=plan(rule("odd", Aggregate("any", Compare(">", PropertyRef("pumps", "none"), Literal(1)), over="pumps")))
    )
    assert plant.behavior("odd", FLEET) == ("inactive", "unknown")
    key = next(iter(plant.engine.live.behaviors(FLEET))).key
    assert "there is no 'pumps.none' to read" in plant.engine.live.why_unknown(key)[0]
