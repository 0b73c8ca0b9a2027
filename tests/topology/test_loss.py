"""Who is lost and who is degraded: equal to the definition on any graph, and the laws that follow from it."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.topology.loss import Loss, loss
from app.topology.needs import FEW, Needs
from tests.topology.impact_oracle import expected, groups_of, inner_groups

Edge = tuple[int, int, int]


def needs_of(count: int, edges: Iterable[Edge], few: int = FEW) -> Needs:
    sources, targets, groups = (np.ascontiguousarray(it) for it in np.array(list(edges), np.int32).reshape(-1, 3).T)
    return Needs(count, sources, targets, groups, few)


def lost_of(needs: Needs, removed: Iterable[int], without: Iterable[int] = ()) -> Loss:
    return loss(needs, np.array(sorted(removed), np.int32), np.array(sorted(without), np.int32))


@st.composite
def plants(draw: st.DrawFn) -> tuple[int, list[Edge]]:
    """Sparse and dense ones, with cycles, several groups, parallel edges and edges from a twin to itself; some are
    ladders of pairs that feed one another, which alone decide what a cycle is."""
    count = draw(st.integers(1, 14))
    twins = st.integers(0, count - 1)
    edges = draw(st.lists(st.tuples(twins, twins, st.integers(0, 2)), max_size=3 * count))
    for twin in draw(st.lists(st.integers(0, max(0, count - 2)), max_size=4)):
        if count > 1:
            edges += [(twin, twin + 1, 0), (twin + 1, twin, draw(st.integers(0, 1)))]
    return count, edges


def some(count: int, most: int = 3) -> st.SearchStrategy[set[int]]:
    return st.sets(st.integers(0, count - 1), max_size=most)


@pytest.mark.parametrize("few", [0, 1000], ids=["in arrays", "one by one"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_loss_is_the_one_of_the_definition(few: int, data: st.DataObject) -> None:
    """The same walk has two forms, for many and for few: each is asked everything."""
    count, edges = data.draw(plants())
    removed, without = data.draw(some(count)), data.draw(some(count, 2))
    needs = needs_of(count, edges, few)
    found = lost_of(needs, removed, without)
    groups = groups_of(count, edges)
    wanted = expected(groups, removed, without)
    inner = {(int(needs.target[need]), int(needs.group[need])) for need in np.flatnonzero(needs.inner)}
    assert inner == inner_groups(groups)
    assert sorted(found.lost.tolist()) == sorted(wanted.lost)
    assert sorted(found.degraded.tolist()) == sorted(wanted.degraded)
    assert {twin: int(depth) for twin, depth in enumerate(found.depth) if depth >= 0} == wanted.depths
    assert sorted(found.already_lost.tolist()) == sorted(wanted.already_lost)
    assert sorted(found.already_degraded.tolist()) == sorted(wanted.already_degraded)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_losing_more_loses_no_less(data: st.DataObject) -> None:
    count, edges = data.draw(plants())
    needs = needs_of(count, edges)
    removed, more = data.draw(some(count)), data.draw(some(count))
    some_lost, more_lost = set(lost_of(needs, removed).lost.tolist()), set(lost_of(needs, removed | more).lost.tolist())
    assert removed <= some_lost <= more_lost
    assert not len(lost_of(needs, ()).lost)
    step_by_step = lost_of(needs, more, removed)
    assert some_lost | set(step_by_step.lost.tolist()) == more_lost


def lost_and_degraded(count: int, edges: list[Edge], *removed: int) -> tuple[list[int], list[int]]:
    found = lost_of(needs_of(count, edges), removed)
    return sorted(found.lost.tolist()), sorted(found.degraded.tolist())


@pytest.mark.parametrize(
    ("why", "edges", "removed", "wanted"),
    [
        ("one of two pumps of one group", [(0, 2, 0), (1, 2, 0), (2, 3, 0)], [0], ([0], [2])),
        ("both of them", [(0, 2, 0), (1, 2, 0), (2, 3, 0)], [0, 1], ([0, 1, 2, 3], [])),
        ("power and control are two groups", [(0, 2, 0), (1, 2, 1)], [1], ([1, 2], [])),
        ("two lines to one source count once", [(0, 1, 0), (0, 1, 0)], [0], ([0, 1], [])),
        ("two pipes that only feed one another are lost with the well", [(0, 1, 0), (1, 2, 0), (2, 1, 0)], [0],
         ([0, 1, 2], [])),
        ("a cooling loop stops with its one pump", [(0, 1, 0), (1, 2, 0), (2, 0, 0)], [0], ([0, 1, 2], [])),
        ("a ring that is fed from nowhere lives on without one of it",
         [(0, 1, 0), (1, 0, 0), (1, 2, 0), (2, 1, 0), (2, 0, 0), (0, 2, 0)], [0], ([0], [1, 2])),
        ("a signal loop with power from outside goes with the power", [(0, 1, 0), (1, 2, 1), (2, 1, 1)], [0],
         ([0, 1, 2], [])),
        ("nothing feeds itself", [(0, 0, 0), (0, 1, 0)], [0], ([0, 1], [])),
    ],
)  # fmt: skip
def test_small_plants(why: str, edges: list[Edge], removed: list[int], wanted: Any) -> None:
    count = 1 + max(max(edge[:2]) for edge in edges)
    assert lost_and_degraded(count, edges, *removed) == wanted, why


def test_a_chain_is_lost_to_its_end_however_long_it_is() -> None:
    count = 50_000
    ring = [(twin, (twin + 1) % count, 0) for twin in range(count)]
    found = lost_of(needs_of(count, ring), [7])
    assert len(found.lost) == count
    assert found.depth[6] == count - 1


def test_pairs_that_feed_themselves_in_a_long_row_are_told_apart() -> None:
    """Each pair needs the one before it as well: what is a cycle of its own shows one after another."""
    pairs = 3000
    edges = [edge for at in range(0, 2 * pairs, 2) for edge in ((at, at + 1, 1), (at + 1, at, 1))]
    edges += [(at, at + 2, 0) for at in range(0, 2 * pairs - 2, 2)]
    needs = needs_of(2 * pairs, edges)
    assert int(needs.inner.sum()) == 2 * pairs
    assert len(lost_of(needs, [2 * pairs // 2]).lost) == pairs
