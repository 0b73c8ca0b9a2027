"""Deadbands: what is told differs from what is by at most the deadband, and everything that is no number is told."""

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.events import Outcome, PropertyChanged
from app.model.values import Override
from app.runtime.bus import Bus
from app.runtime.thinning import Thinning

numbers = st.one_of(st.integers(-100, 100), st.floats(-100, 100))


def change(value: Any, twin: str = "a", name: str = "x", **more: Any) -> PropertyChanged:
    return PropertyChanged(
        twin, name, value, **{"quality": "good", "timestamp": 0, "reported_at": 0, "known": True, **more}
    )


def half(twin_id: str, name: str) -> float | None:
    return 0.5 if name == "x" else None


@given(st.lists(numbers), st.floats(0.01, 50))
def test_whoever_is_told_is_never_off_by_more_than_the_deadband(values: list[float], deadband: float) -> None:
    thinning, told = Thinning(lambda twin_id, name: deadband), None
    for value in values:
        passed = thinning.passes(change(value))
        assert passed == (told is None or abs(value - told) > deadband)
        told = value if passed else told


@pytest.mark.parametrize(
    "more",
    [
        {"quality": "uncertain"},
        {"quality": "bad", "known": False, "reason": "Stale"},
        {"known": False},
        {"reason": "ClockAhead"},
        {"override": Override("forced", "ann", 0, "test", 10.0)},
        {"value": None},
    ],
)
def test_what_is_no_matter_of_the_value_is_always_told(more: dict[str, Any]) -> None:
    thinning = Thinning(half)
    assert thinning.passes(change(10.0))
    assert not thinning.passes(change(10.1, timestamp=5, reported_at=5))
    assert thinning.passes(msgspec.structs.replace(change(10.1), **more))
    assert thinning.passes(change(10.1))


def test_what_happens_under_a_forced_value_is_thinned_alike() -> None:
    thinning, forced = Thinning(half), Override("forced", "ann", 0, "test", 50.0)
    assert [thinning.passes(change(value, override=forced)) for value in (10.0, 10.4, 10.6)] == [True, False, True]


@pytest.mark.parametrize("deadband", [None, 0.0])
def test_nothing_is_thinned_nor_remembered_without_a_deadband(deadband: float | None) -> None:
    thinning = Thinning(lambda twin_id, name: deadband)
    assert all(thinning.passes(change(value)) for value in (1.0, 1.0, 1.0))
    assert thinning._told == {}


def test_each_property_and_twin_is_compared_with_itself() -> None:
    thinning = Thinning(half)
    places = list(itertools.product("ab", "xy"))
    assert all(thinning.passes(change(1.0, twin, name)) for twin, name in places)
    assert [thinning.passes(change(1.1, twin, name)) for twin, name in places] == [False, True, False, True]
    thinning.forget(["a"])
    assert [thinning.passes(change(1.2, twin)) for twin in "ab"] == [True, False]


async def test_a_subscriber_is_pushed_what_goes_beyond_the_deadband_and_its_first_change_in_any_case() -> None:
    bus = Bus(half)

    def publish(*values: float) -> None:
        for value in values:
            bus.publish(1, 0, Outcome(changes=(change(value),)))

    async def read(count: int) -> list[Any]:
        return [(await anext(first)).fact.value for _ in range(count)]  # type: ignore[union-attr]

    first = bus.subscribe([PropertyChanged])
    publish(10.0, 10.2, 10.4, 10.6, 10.9, 9.0)
    assert await read(3) == [10.0, 10.6, 9.0]
    with bus.subscribe([PropertyChanged], twins=["a"]):
        publish(9.1, 9.2)
    bus.definitions_changed()
    publish(9.3, 9.4)
    assert await read(2) == [9.1, 9.3]
