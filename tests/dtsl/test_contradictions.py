"""Conditions that can't be TRUE are found, and none is found that can."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dtsl.contradictions import never_holds
from app.dtsl.parse import parse_condition
from app.model.conditions import Among, And, Between, Compare, Condition, Literal, Not, Or, PropertyRef


@pytest.mark.parametrize(
    "text",
    [
        "x > 5 && x < 3",
        "x > 5 && x <= 5",
        "x == 1 && x == 2",
        "x == 1 && x != 1",
        "status == 'a' && status == 'b'",
        "status == 'a' && !(status == 'a')",
        "1 > 2",
        "false",
        "!true",
        "x > 1 && (y > 5 && y < 2)",
        "(x > 5 && x < 3) || (y == 1 && y == 2)",
        "!(x > 5 || x <= 5)",
        "5 < x && 3 > x",
        "x > -1 && x < -2",
        "x between 5 and 3",
        "x between 1 and 2 && x > 2",
        "x in [1, 2] && x == 3",
    ],
)
def test_what_excludes_itself_never_holds(text: str) -> None:
    assert never_holds(parse_condition(text))


@pytest.mark.parametrize(
    "text",
    ["x > 5", "x >= 5 && x <= 5", "x > 5 || x < 3", "x > 5 && y < 3", "x != 1 && x != 2", "true",
     "a != null", "!(x > 5 && x < 3)", "x + 1 > 5 && x < 3", "flag && !flag"],
)  # fmt: skip
def test_what_may_hold_is_not_found(text: str) -> None:
    assert not never_holds(parse_condition(text))


NUMBERS = st.integers(-2, 2).map(lambda number: Literal(number))
THINGS = st.sampled_from([PropertyRef(None, "x"), PropertyRef(None, "y")])
ATOMS = st.one_of(
    st.builds(Compare, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), THINGS, NUMBERS),
    st.builds(Compare, st.sampled_from(["==", "<", ">="]), NUMBERS, THINGS),
    st.builds(Compare, st.sampled_from(["<", "=="]), NUMBERS, NUMBERS),
    st.builds(Between, THINGS, NUMBERS, NUMBERS),
    st.builds(Among, THINGS, st.lists(NUMBERS, min_size=1, max_size=2).map(tuple)),
    st.booleans().map(Literal),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def _truth(node: Condition, values: dict[str, float]) -> Any:
    match node:
        case Literal(value=value):
            return value
        case PropertyRef(name=name):
            return values[name]
        case Compare(op=op, left=left, right=right):
            one, other = _truth(left, values), _truth(right, values)
            return {
                "==": one == other, "!=": one != other, "<": one < other,
                "<=": one <= other, ">": one > other, ">=": one >= other,
            }[op]  # fmt: skip
        case Between(item=item, low=low, high=high):
            return _truth(low, values) <= _truth(item, values) <= _truth(high, values)
        case Among(item=item, values=allowed):
            return _truth(item, values) in [_truth(value, values) for value in allowed]
        case Not(item=item):
            return not _truth(item, values)
        case And(items=items):
            return all(_truth(item, values) for item in items)
        case Or(items=items):
            return any(_truth(item, values) for item in items)
        case _:
            raise AssertionError(node)


@given(CONDITIONS)
def test_nothing_makes_true_what_is_said_to_never_hold(condition: Condition) -> None:
    points = [number / 2 for number in range(-6, 7)]
    if never_holds(condition):
        assert not any(_truth(condition, {"x": x, "y": y}) for x, y in itertools.product(points, points))
