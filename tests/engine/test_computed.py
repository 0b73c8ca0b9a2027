"""Computed properties: one step with what they are computed from, as good as that, and the same after a replay."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dtsl.parse import parse_condition
from app.engine.cells import ComputedCell
from app.model.conditions import (
    MAX_NESTING,
    And,
    Arithmetic,
    Compare,
    Condition,
    Literal,
    Negative,
    Not,
    Or,
    PropertyRef,
)
from app.model.definitions import DataType
from app.model.events import ClearOverride, Load, SetManual, SetOverride, Started, Tick
from app.model.plan import Plan, PropertyPlan, Rule, Shape, TwinPlan
from app.model.time import SECOND
from app.model.values import Value
from tests.engine.plant import T0, Plant, alert, alerts, compare, rule, sample, turns

MEASURED = (
    PropertyPlan("power", "float", "kW"),
    PropertyPlan("flow", "float", "m3/h", 0.0, 1000.0, stale_after=60 * SECOND),
    PropertyPlan("starts", "integer"),
    PropertyPlan("remote", "boolean"),
    PropertyPlan("status", "enum", enum_values=("running", "stopped")),
    PropertyPlan("factor", "float", access="read-write"),
)
EFFICIENCY = {"efficiency": "power / flow"}
CHAIN = {"percent": "efficiency * 100", **EFFICIENCY, "poor": "percent < 50 || !remote"}
TYPES: dict[str, DataType] = {"poor": "boolean", "any": "boolean", "count": "integer", "label": "enum"}


def computed(name: str, expression: str, **limits: Any) -> PropertyPlan:
    if TYPES.get(name) == "enum":
        limits["enum_values"] = ("running", "fault")
    return PropertyPlan(name, TYPES.get(name, "float"), computed=parse_condition(expression), **limits)


def plan(expressions: dict[str, str], *rules: Rule, revision: int = 1, **limits: Any) -> Plan:
    properties = (*MEASURED, *(computed(name, text, **limits) for name, text in expressions.items()))
    mapped = tuple(item.name for item in MEASURED if item.access == "read")
    twin = TwinPlan("p1", "pump", f"pump@{revision}", revision, 1, mapped, connected=True)
    return Plan(revision, (Shape(f"pump@{revision}", properties, (), rules),), (twin,))


def plant(expressions: dict[str, str], *rules: Rule, **limits: Any) -> Plant:
    return Plant(plan=plan(expressions, *rules, **limits))


def shown(found: Plant, name: str) -> tuple[Value, str, str | None, bool]:
    state = found.state(name)
    return state.value, state.quality, state.reason, state.known


def test_one_reading_is_one_step_and_each_property_is_computed_once() -> None:
    found = plant(CHAIN, rule("low", compare("percent", "<", 40.0), alert()))
    outcome = found.read(power=50.0, flow=100.0, remote=True)
    assert [(it.property, it.value) for it in outcome.changes] == [
        ("power", 50.0),
        ("flow", 100.0),
        ("remote", True),
        ("efficiency", 0.5),
        ("percent", 50.0),
        ("poor", False),
    ]
    assert alerts(found.read(power=30.0, flow=100.0)) == [("0", "raised")]
    assert turns(found.read(power=30.0, flow=60.0)) == [("low", "inactive")]  # and not at 30 / 100 in between


def test_a_value_is_as_new_as_the_newest_of_what_it_is_computed_from() -> None:
    found = plant(EFFICIENCY)
    at = found.now
    found.take(sample("power", 50.0, at + 1), sample("flow", 100.0, at), received=at + 7)
    state = found.state("efficiency")
    assert (state.timestamp, state.reported_at, state.quality, state.known) == (at + 1, at + 7, "good", True)
    outcome = found.take(sample("flow", 100.0, at + 5), received=at + 9)
    assert outcome.changes == ()
    assert [(it.property, it.timestamp, it.reported_at) for it in outcome.reports] == [
        ("flow", at + 5, at + 9),
        ("efficiency", at + 5, at + 9),
    ]


def test_quality_and_reason_are_carried_and_the_last_value_stays_shown() -> None:
    found = plant(CHAIN)
    assert shown(found, "percent") == (None, "bad", "power: NoReading", False)
    found.read(power=50.0)
    assert shown(found, "percent") == (None, "bad", "flow: NoReading", False)
    found.read(flow=2000.0)
    assert shown(found, "percent") == (2.5, "uncertain", "flow: EngineeringUnitsExceeded", True)
    found.read(flow=100.0)
    assert shown(found, "percent") == (50.0, "good", None, True)
    found.take(sample("power", None, found.now, "bad", reason="BadSensorFailure"))
    assert shown(found, "efficiency") == (0.5, "bad", "power: BadSensorFailure", False)
    assert shown(found, "percent") == (50.0, "bad", "power: BadSensorFailure", False)
    found.read(power=60.0)
    found.do(Tick(), after=120 * SECOND)
    assert shown(found, "percent") == (60.0, "bad", "flow: Stale", False)


def test_an_input_that_does_not_decide_counts_for_nothing() -> None:
    found = plant({"poor": "power < 5 || flow < 5"})
    found.read(power=1.0)
    assert shown(found, "poor") == (True, "good", None, True)
    found.read(power=10.0)
    assert shown(found, "poor") == (True, "bad", "flow: NoReading", False)


def test_its_own_limits_make_a_good_result_uncertain() -> None:
    found = plant(EFFICIENCY, maximum=1.0)
    found.read(power=50.0, flow=10.0)
    assert shown(found, "efficiency") == (5.0, "uncertain", "EngineeringUnitsExceeded", True)


@pytest.mark.parametrize(
    ("name", "expression", "reading", "reason"),
    [
        ("x", "power / flow", {"power": 1.0, "flow": 0.0}, "DivisionByZero"),
        ("x", "1 + power % (flow - flow)", {"power": 1.0, "flow": 3.0}, "DivisionByZero"),
        ("x", "-(power * power)", {"power": 1e200}, "Overflow"),
        ("any", "power / flow > 1 && remote", {"power": 1.0, "flow": 0.0, "remote": True}, "DivisionByZero"),
        ("count", "starts / 2", {"starts": 7}, "NotWhole"),
        ("count", "starts * starts", {"starts": 2**40}, "Overflow"),
        ("label", "status", {"status": "stopped"}, "NotInEnum"),
    ],
)
def test_what_has_no_result_says_why(name: str, expression: str, reading: dict[str, Any], reason: str) -> None:
    found = plant({name: expression})
    found.read(**reading)
    assert shown(found, name) == (None, "bad", reason, False)


def test_a_whole_number_that_a_division_gives_is_an_integer() -> None:
    found = plant({"count": "starts / 2"})
    found.read(starts=8)
    value = found.state("count").value
    assert (value, type(value)) == (4, int)


def test_a_manual_value_and_a_path_that_goes_quiet_reach_it_in_the_same_step() -> None:
    found = plant({"scaled": "factor * power"}, rule("big", compare("scaled", ">", 10.0), alert()))
    found.read(power=6.0)
    outcome = found.do(SetManual("p1", "factor", 2.0, "eva"))
    assert [(it.property, it.value) for it in outcome.changes] == [("factor", 2.0), ("scaled", 12.0)]
    assert alerts(outcome) == [("0", "raised")]
    assert found.do(SetManual("p1", "scaled", 2.0, "eva")).refused.startswith("PROPERTY_COMPUTED ")
    found.silent("p1")
    assert shown(found, "scaled") == (12.0, "bad", "power: PathSilent", False)
    assert found.behavior("big") == ("active", "unknown")


def test_what_a_person_puts_over_an_input_or_over_itself_is_what_is_computed_with() -> None:
    found = plant(CHAIN, rule("low", compare("percent", "<", 40.0), alert()))
    found.read(power=50.0, flow=100.0, remote=True)
    outcome = found.do(SetOverride("p1", "flow", "forced", "eva", "test", 200.0))
    assert shown(found, "percent") == (25.0, "good", "flow: Forced", True)
    assert alerts(outcome) == [("0", "raised")]
    found.read(flow=500.0)
    assert shown(found, "percent") == (25.0, "good", "flow: Forced", True)
    found.do(SetOverride("p1", "flow", "out_of_service", "eva", "repair"))
    assert shown(found, "percent") == (25.0, "bad", "flow: OutOfService", False)
    found.do(ClearOverride("p1", "flow", "eva"))
    assert shown(found, "percent") == (10.0, "good", None, True)
    found.do(SetOverride("p1", "efficiency", "forced", "eva", "test", 0.9))
    assert shown(found, "percent") == (90.0, "good", "efficiency: Forced", True)
    found.read(power=100.0)
    assert (found.state("efficiency").value, found.state("percent").value) == (0.9, 90.0)
    found.do(ClearOverride("p1", "efficiency", "eva"))
    assert shown(found, "percent") == (20.0, "good", None, True)


def test_a_sample_for_it_is_rejected() -> None:
    outcome = plant(EFFICIENCY).read(efficiency=1.0)
    assert [(it.property, it.reason) for it in outcome.rejected] == [("efficiency", "Computed")]


def test_an_edited_expression_is_computed_at_once_and_wakes_its_readers() -> None:
    low = rule("low", compare("efficiency", "<", 0.4), alert())
    found = plant(EFFICIENCY, low)
    found.read(power=50.0, flow=100.0)
    outcome = found.do(Load(plan({"efficiency": "power / flow / 2"}, low, revision=2)))
    assert [(it.property, it.value, it.known) for it in outcome.changes] == [("efficiency", 0.25, True)]
    assert alerts(outcome) == [("0", "raised")]
    outcome = found.do(Load(plan({"efficiency": "power / flow", "twice": "efficiency * 2"}, low, revision=3)))
    assert [(it.property, it.value) for it in outcome.changes] == [("efficiency", 0.5), ("twice", 1.0)]
    outcome = found.do(Load(plan({}, low, revision=4)))
    assert found.engine.live.property_state("p1", "efficiency") is None


def test_after_a_restart_it_is_unknown_until_its_inputs_are_known_in_this_run() -> None:
    found = plant(CHAIN)
    found.read(power=50.0, flow=100.0, remote=True)
    other = found.restart(snapshot_after=3)
    assert other.engine.state_digest() == found.engine.state_digest()
    other.do(Started())
    assert shown(other, "efficiency") == (0.5, "bad", "power: PathSilent", False)
    assert other.read(power=50.0, flow=100.0).changes[-1].known is False
    other.alive("p1")
    assert shown(other, "percent") == (50.0, "good", None, True)
    assert other.restart().engine.state_digest() == other.engine.state_digest()


def test_what_can_not_be_computed_says_so_and_its_neighbours_go_on() -> None:
    found = plant({"a": "b + power", "b": "a", "c": "a + 1", **EFFICIENCY})
    found.read(power=50.0, flow=100.0)
    assert shown(found, "a") == (None, "bad", "ComputedCycle", False)
    assert shown(found, "c") == (None, "bad", "a: ComputedCycle", False)
    assert shown(found, "efficiency") == (0.5, "good", None, True)
    broken = PropertyPlan("efficiency", "float", error="DTSL205 unknown property")
    nested: Condition = PropertyRef(None, "power")
    for _ in range(MAX_NESTING):
        nested = Negative(nested)
    deep = PropertyPlan("deep", "float", computed=nested)
    twin = TwinPlan("p1", "pump", "pump@2", 2, 1, ("power", "flow"), connected=True)
    outcome = found.do(Load(Plan(2, (Shape("pump@2", (*MEASURED, broken, deep)),), (twin,))))
    assert shown(found, "deep") == (None, "bad", "ComputedTooDeep", False)
    assert [(it.property, it.value, it.reason) for it in outcome.changes if it.property == "efficiency"] == [
        ("efficiency", None, "DTSL205 unknown property")
    ]


def test_ten_thousand_twins_of_a_type_share_one_compiled_expression() -> None:
    one = plan(EFFICIENCY)
    twins = tuple(TwinPlan(f"p{number}", "pump", "pump@1", 1, 1, ("power", "flow")) for number in range(10_000))
    live = Plant(plan=Plan(1, one.shapes, twins)).engine.live
    cells = [live.twins[twin.twin_id].cells["efficiency"] for twin in twins]
    assert len({cell.formula for cell in cells if isinstance(cell, ComputedCell)}) == 1


# ---------------------------------------------------------------- the law

EXPRESSIONS = (
    CHAIN,
    {
        "x": "power * 2 - flow % 3",
        "any": "x > 1 && remote || status == 'running'",
        "count": "starts + starts / 2",
        "label": "status",
    },
    {"any": "!(flow > 10) || factor >= x", "x": "-(factor - power) / (starts - 1)"},
)


def evaluate(node: Condition, values: dict[str, Value]) -> Value:
    """Three-valued, and in no hurry."""
    match node:
        case Literal(value=value):
            return value
        case PropertyRef(name=name):
            return values[name]
        case Negative(item=item):
            value = evaluate(item, values)
            return None if value is None else -value
        case Not(item=item):
            value = evaluate(item, values)
            return None if value is None else not value
        case And(items=items):
            found = [evaluate(item, values) for item in items]
            return False if False in found else None if None in found else True
        case Or(items=items):
            found = [evaluate(item, values) for item in items]
            return True if True in found else None if None in found else False
        case Compare(op=op, left=left, right=right) | Arithmetic(op=op, left=left, right=right):
            a, b = evaluate(left, values), evaluate(right, values)
            if a is None or b is None or (op in "/%" and b == 0):
                return None
            return _OPERATIONS[op](a, b)
    raise AssertionError(node)


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: a - b * int(a / b),
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
}


def expected(item: PropertyPlan, values: dict[str, Value]) -> Value:
    assert item.computed is not None
    result = evaluate(item.computed, values)
    if item.data_type == "integer" and isinstance(result, float):
        return int(result) if result.is_integer() else None
    if item.data_type == "enum" and result not in item.enum_values:
        return None
    return result


steps = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {},
            optional={
                "power": st.sampled_from([0.0, 1.0, 7.5, -3.0]),
                "flow": st.sampled_from([0.0, 10.0, 2000.0]),
                "starts": st.integers(0, 5),
                "remote": st.booleans(),
                "status": st.sampled_from(["running", "stopped", "nonsense"]),
            },
        ),
        st.sampled_from(["alive", "silent", "tick", "start", "bad"]),
        st.tuples(st.just("factor"), st.sampled_from([0.0, 2.5])),
        st.tuples(st.just("force"), st.sampled_from(["power", "flow", "x"]), st.sampled_from([0.0, 4.0])),
        st.tuples(st.sampled_from(["out", "back"]), st.sampled_from(["power", "remote", "x", "efficiency"])),
        st.tuples(st.just("load"), st.integers(0, len(EXPRESSIONS) - 1)),
    ),
    max_size=25,
)


def _do(found: Plant, step: Any, revision: int) -> None:
    match step:
        case dict():
            found.read(**step)
        case "alive":
            found.alive("p1")
        case "silent":
            found.silent("p1")
        case "tick":
            found.do(Tick(), after=61 * SECOND)
        case "start":
            found.do(Started())
        case "bad":
            found.take(sample("power", None, found.now, "bad"))
        case ("factor", value):
            found.do(SetManual("p1", "factor", value, "eva"))
        case ("force", name, value):
            found.do(SetOverride("p1", name, "forced", "eva", "test", value))
        case ("out", name):
            found.do(SetOverride("p1", name, "out_of_service", "eva", "test"))
        case ("back", name):
            found.do(ClearOverride("p1", name, "eva"))
        case ("load", which):
            found.do(Load(plan(EXPRESSIONS[which], rule("r", compare("power", ">", 1), alert()), revision=revision)))


def _check(found: Plant) -> None:
    twin = found.engine.live.twins["p1"]
    values = {name: cell.live for name, cell in twin.cells.items()}
    for cell in twin.computed:
        names: Sequence[str] = cell.formula.reads
        seen = [twin.cells[name].state() for name in names]
        known = [state for state in seen if state.known]
        wanted = expected(cell.spec.plan, values)
        if cell.override is None:
            assert cell.live == wanted
        assert cell.reporting() == (wanted is not None) == (cell.quality != "bad")
        if wanted is not None:
            assert cell.value == wanted
            assert (cell.quality == "uncertain") == any(state.quality == "uncertain" for state in known)
            assert cell.timestamp == max((state.timestamp for state in known), default=0)
        assert cell.reported_at == max((state.reported_at for state in seen), default=0)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_it_is_always_what_evaluating_its_expression_gives_and_a_replay_gives_the_same(script: list[Any]) -> None:
    found = plant(EXPRESSIONS[0])
    for number, step in enumerate(script):
        _do(found, step, number + 2)
        _check(found)
    for after in (0, len(found.journal) // 2, len(found.journal)):
        other = found.restart(after)
        assert other.engine.state_digest() == found.engine.state_digest()
        other.do(Started())
        _check(other)
    assert found.now >= T0
