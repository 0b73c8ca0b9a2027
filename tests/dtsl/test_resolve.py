"""What the engine gets of a condition: plain numbers in one unit, names put in, aggregates with their role."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dtsl.computed import check_computed, computed_as_planned
from app.dtsl.format_conditions import format_condition
from app.dtsl.names_given import names_given
from app.dtsl.parse import parse_condition
from app.dtsl.resolve import resolved
from app.dtsl.scope import Scope
from app.model.conditions import Aggregate, Arithmetic, Compare, Condition, EventValue, Literal, PropertyRef, nodes
from app.model.definitions import PropertyDefinition
from tests.dtsl.test_types import METER, OVERLAY, TWIN


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("bar > 5 bar", "bar > 5"),
        ("bar > 500 kPa", "bar > 5.0"),
        ("500 kPa < bar", "5.0 < bar"),
        ("-500 kPa < bar", "-5.0 < bar"),
        ("bar > kpa", "bar > kpa / 100.0"),
        ("kpa > bar", "kpa > bar * 100.0"),
        ("bar - kpa > 50 kPa", "bar - kpa / 100.0 > 0.5"),
        ("bar between 100 kPa and 2", "bar between 1.0 and 2"),
        ("bar in [1, 200 kPa]", "bar in [1, 2.0]"),
        ("celsius > 176 degF", "celsius > 80.0"),
        ("fahrenheit > 80 celsius", "fahrenheit > 176.0"),
        ("fahrenheit > celsius", "fahrenheit > (celsius * 9.0 + 160.0) / 5.0"),
        ("celsius - other > 9 degF", "celsius - other > 5.0"),
        ("(celsius + other) / 2 > 176 degF", "(celsius + other) / 2 > 80.0"),
        ("celsius - other > 5 celsius", "celsius - other > 5"),
        ("flow > 5 'l/s'", "flow > 18.0"),
        ("volt * ampere > 5 kW", "volt * ampere > 5000.0"),
        ("rate(celsius, 1m) > 1 'K/min'", f"rate(celsius, 1m) > {1 / 60!r}"),
        ("hours > 30m", "hours > 0.5"),
        ("hours > 30 min", "hours > 0.5"),
        ("age(bar) > 5 min", "age(bar) > 5m"),
        ("age(bar) > 30s", "age(bar) > 30s"),
        ("plain > 5 bar", "plain > 5"),
        ("odd > 5 bar", "odd > 5"),
        ("bar > 3 for 30s && !on", "bar > 3 for 30s && !on"),
    ],
)
def test_numbers_that_meet_are_in_one_unit(text: str, plain: str) -> None:
    assert format_condition(resolved(parse_condition(text), TWIN)) == plain


@given(st.floats(-1e6, 1e6), st.sampled_from([("celsius", "fahrenheit"), ("bar", "kpa"), ("hours", "seconds")]))
def test_a_comparison_comes_to_the_same_whichever_side_is_converted(value: float, pair: tuple[str, str]) -> None:
    one, other = pair
    condition = resolved(parse_condition(f"{one} >= {other}"), TWIN)
    assert isinstance(condition, Compare)
    back = resolved(parse_condition(f"{other} <= {one}"), TWIN)
    assert isinstance(back, Compare)

    there = _computed(condition.right, {other: value})
    again = _computed(back.right, {one: there})

    assert math.isclose(again, value, rel_tol=1e-9, abs_tol=1e-6)


def _computed(node: Condition, values: dict[str, float]) -> float:
    match node:
        case Literal(value=int() | float() as number):
            return number
        case PropertyRef(name=name):
            return values[name]
        case Arithmetic(op=op, left=left, right=right):
            one, other = _computed(left, values), _computed(right, values)
            return {"*": one * other, "+": one + other, "/": one / other if op == "/" else 0.0}[op]
        case _:
            raise AssertionError(node)


def test_an_aggregate_knows_its_role_of_many() -> None:
    def over(text: str) -> list[str]:
        found = resolved(parse_condition(text), OVERLAY)
        return [node.over for node in nodes(found) if isinstance(node, Aggregate)]

    assert over("any(pumps.remote) && avg(lines.pump.speed) > 3") == ["pumps", "lines"]
    assert over("count(pumps) > 1 && count(line.pumps) > 1 && count(line.pumps.remote) > 1") == [
        "pumps",
        "line/pumps",
        "line/pumps",
    ]
    assert resolved(parse_condition("count(line.pumps) > 1"), OVERLAY) == Compare(
        ">", Aggregate("count", None, over="line/pumps"), Literal(1)
    )


def test_names_stand_for_what_they_mean() -> None:
    lets = [("dp", parse_condition("bar - kpa")), ("limit", parse_condition("50 kPa")), ("wait", parse_condition("5m"))]
    condition = parse_condition("on tripped(code) && dp > limit && code > 3 && age(bar) < wait && hours > wait")

    names = names_given(lets, [condition], TWIN, {"dp", "limit", "code", "wait"})

    assert not names.of_lets
    assert not names.of_events
    found = resolved(condition, names.scope)
    assert format_condition(resolved(parse_condition("dp > limit"), names.scope)) == "bar - kpa / 100.0 > 0.5"
    assert [node for node in nodes(found) if isinstance(node, EventValue)] == [EventValue(None, "tripped", "code")]
    assert format_condition(resolved(parse_condition("hours > wait"), names.scope)).startswith("hours > 0.08333")


def test_each_let_may_use_those_before_it_and_faults_are_told_of_the_names() -> None:
    texts = {"a": "bar * 2", "b": "a + 1", "plain": "b", "unused": "1", "wrong": "nothing > 1", "pulse": "changed(bar)"}
    lets = [(name, parse_condition(text)) for name, text in texts.items()]

    names = names_given(lets, [parse_condition("plain > 1 && wrong && pulse")], TWIN, {"plain", "wrong", "pulse"})

    assert [(at, message.code) for at, message in names.of_lets] == [(2, "DTSL544"), (3, "DTSL543")]
    assert [(at, found.message.code) for at, item in names.lets for found in item.errors] == [
        (4, "DTSL205"),
        (5, "DTSL343"),
    ]
    assert format_condition(resolved(parse_condition("plain > 1"), names.scope)) == "bar * 2 + 1 > 1"


def test_a_name_means_one_parameter() -> None:
    condition = parse_condition("on tripped(code) || on tripped(code)")
    assert not names_given([], [condition], TWIN, ()).of_events

    (found,) = names_given([("code", parse_condition("1"))], [condition], TWIN, {"code"}).of_lets
    assert found[1].code == "DTSL242"


@pytest.mark.parametrize(
    ("unit", "text", "plain"),
    [
        ("kPa", "bar - bar", "(bar - bar) * 100.0"),
        ("bar", "bar + kpa", "bar + kpa / 100.0"),
        ("degF", "celsius", "(celsius * 9.0 + 160.0) / 5.0"),
        ("degF", "celsius - other", "(celsius - other) * 9.0 / 5.0"),
        ("kW", "watt", "watt / 1000.0"),
        (None, "watt / 1000", "watt / 1000"),
        ("W", "watt / 2", "watt / 2"),
        ("%", "watt / volt * 3", "watt / volt * 3"),
    ],
)
def test_what_is_computed_comes_in_the_unit_of_its_property(unit: str | None, text: str, plain: str) -> None:
    definition = PropertyDefinition(name="it", data_type="float", unit=unit, computed=text)
    scope = Scope(METER, {})

    assert check_computed(parse_condition(text), definition, scope, "") == []
    assert format_condition(computed_as_planned(parse_condition(text), definition, scope)) == plain


@pytest.mark.parametrize(
    ("unit", "text", "code"),
    [
        ("kW", "watt / 1000", "DTSL352"),
        ("celsius", "bar", "DTSL351"),
        ("bar", "bar + celsius", "DTSL341"),
        ("bar", "previous(bar)", "DTSL350"),
        ("bar", "rate(bar, 5s)", "DTSL350"),
        ("bar", "5 bar", "DTSL320"),
        ("s", "30s", "DTSL320"),
    ],
)
def test_what_can_not_be_computed_is_told(unit: str, text: str, code: str) -> None:
    definition = PropertyDefinition(name="it", data_type="float", unit=unit, computed=text)

    (problem,) = check_computed(parse_condition(text), definition, Scope(METER, {}), "/x")

    assert (problem.code, problem.path) == (code, "/x")
