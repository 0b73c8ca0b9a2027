"""Aggregates over a role of many: kept member by member, equal to what is computed anew, and unknown only where it
matters."""

from math import inf
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.aggregates import Bounds, Numbers, Truths, compare, computed, kept
from app.model.conditions import AggregateFunction, CompareOp

TRUTHS = st.sampled_from([True, False, None])
NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**70), 2**70))
FUNCTIONS: tuple[AggregateFunction, ...] = get_args(AggregateFunction)
OPERATORS: tuple[CompareOp, ...] = get_args(CompareOp)


def _values(function: AggregateFunction) -> st.SearchStrategy[Any]:
    return TRUTHS if function in ("any", "all", "count") else NUMBERS


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("function", FUNCTIONS)
@given(data=st.data())
def test_what_is_kept_is_what_is_computed_anew_to_the_last_bit(
    function: AggregateFunction, known: bool, data: st.DataObject
) -> None:
    size = data.draw(st.integers(0, 9))
    running = kept(function, size, known)
    members: list[Any] = [None] * size
    changes = st.lists(st.tuples(st.integers(0, size - 1), _values(function)), max_size=20) if size else st.just([])
    for place, value in data.draw(changes):
        running.put(place, value)
        members[place] = value
    anew = computed(function, members, known)
    assert repr(running.value()) == repr(anew.value())
    assert running.bounds() == anew.bounds()
    assert [running.member(place) for place in range(size)] == members


@pytest.mark.parametrize(
    ("function", "members", "value"),
    [
        ("any", [], False),
        ("any", [False, None], None),
        ("any", [True, None], True),
        ("all", [], True),
        ("all", [True, None], None),
        ("all", [False, None], False),
        ("count", [], 0),
        ("count", [True, False, True], 2),
        ("count", [True, None], None),
        ("sum", [], 0),
        ("sum", [1, 2.5], 3.5),
        ("sum", [1, None], None),
        ("sum", [1e308, 1e308], None),
        ("sum", [1.5, 2.5, 10**400], None),
        ("avg", [], None),
        ("avg", [1, 2], 1.5),
        ("min", [], None),
        ("min", [3, 1.5, 2], 1.5),
        ("max", [3, None], None),
    ],
)
def test_unknown_members_make_it_unknown_and_an_empty_role_has_its_own_answer(
    function: AggregateFunction, members: list[Any], value: Any
) -> None:
    assert computed(function, members).value() == value


@pytest.mark.parametrize(
    ("function", "members", "value"),
    [
        ("any", [None, False], False),
        ("all", [None, True], True),
        ("count", [None, True], 1),
        ("sum", [None, 2], 2),
        ("sum", [None], 0),
        ("avg", [None, 2, 4], 3.0),
        ("avg", [None], None),
        ("min", [None, 2, 4], 2),
        ("max", [None, 2, 4], 4),
    ],
)
def test_known_leaves_unknown_members_out(function: AggregateFunction, members: list[Any], value: Any) -> None:
    assert computed(function, members, known=True).value() == value


@pytest.mark.parametrize("op", OPERATORS)
@given(members=st.lists(TRUTHS, max_size=5), limit=st.integers(-1, 6))
def test_a_comparison_of_a_count_is_unknown_only_where_the_unknown_members_decide_it(
    op: CompareOp, members: list[bool | None], limit: int
) -> None:
    found = Truths("count", len(members))
    for place, value in enumerate(members):
        found.put(place, value)
    low, unknown = members.count(True), members.count(None)
    answers = {_holds(count, op, limit) for count in range(low, low + unknown + 1)}
    expected = answers.pop() if len(answers) == 1 else None
    verdict = compare(found.bounds(), op, Bounds(limit, limit))
    # A count is a whole number, and so is the limit: an equality inside the bounds is open for both.
    assert verdict is expected


@pytest.mark.parametrize("op", OPERATORS)
@given(known=st.lists(st.integers(-3, 3), min_size=1, max_size=4), limit=st.integers(-4, 4))
def test_the_least_of_members_some_of_which_are_unknown_is_bounded_by_the_known(
    op: CompareOp, known: list[int], limit: int
) -> None:
    found = Numbers("min", len(known) + 1)
    for place, value in enumerate(known):
        found.put(place, value)
    candidates = [min([*known, other]) for other in (-inf, *range(-6, 7), inf)]
    answers = {_holds(value, op, limit) for value in candidates}
    assert compare(found.bounds(), op, Bounds(limit, limit)) is (answers.pop() if len(answers) == 1 else None)


def test_nothing_is_known_of_the_least_of_unknown_members_alone() -> None:
    assert Numbers("min", 2).bounds() == Bounds(-inf, inf)
    assert Numbers("avg", 2).bounds() is None
    assert compare(None, "<", Bounds(1, 1)) is None


def _holds(value: float, op: CompareOp, limit: float) -> bool:
    match op:
        case "==":
            return value == limit
        case "!=":
            return value != limit
        case "<":
            return value < limit
        case "<=":
            return value <= limit
        case ">":
            return value > limit
        case ">=":
            return value >= limit
