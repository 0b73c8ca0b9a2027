"""What every twin needs, as arrays: its groups of sources, who is fed by whom, and in which order all come alive.

A *need* is one group of one twin: it lives while one of its sources does. Made once of a version's impact edges and
never changed, so that any thread may read it; a question brings arrays of its own (loss.py). An edge from a twin to
itself says nothing and is left out.
"""

from collections.abc import Iterator

import numpy as np
import rustworkx as rx
from numpy.typing import NDArray

from app.topology.runs import Ints, Places

Flags = NDArray[np.uint8]

FEW = 12
"""A frontier of fewer twins is walked one by one: a dozen array operations cost more than that."""


class Needs:
    """`target[k]`, `group[k]` and `width[k]` are those of need k; the needs of twin t are first[t] to first[t + 1]."""

    __slots__ = (
        "count_type",
        "feeds",
        "feeds_start",
        "feeds_through",
        "few",
        "first",
        "group",
        "inner",
        "level",
        "sources",
        "sources_start",
        "supports",
        "target",
        "twins",
        "width",
    )

    def __init__(self, twins: int, sources: Ints, targets: Ints, groups: Ints, few: int = FEW) -> None:
        """`twins`: above every index. Each edge says what its target takes from its source in which group; parallel
        ones count once."""
        self.twins = twins
        self.few = few
        apart = sources != targets
        spread, wide = np.int64(max(1, twins)), np.int64(int(groups.max()) + 1 if len(groups) else 1)
        key = (targets[apart].astype(np.int64) * wide + groups[apart]) * spread + sources[apart]
        key.sort()
        if len(key):
            key = key[np.concatenate(([True], key[1:] != key[:-1]))]
        of, source = key // spread, (key % spread).astype(np.int32)
        begins = np.flatnonzero(np.concatenate(([True], of[1:] != of[:-1]))) if len(of) else np.zeros(0, np.int64)
        self.target: Ints = (of[begins] // wide).astype(np.int32)
        self.group: Ints = (of[begins] % wide).astype(np.int32)
        self.sources: Ints = source
        """Need by need, ascending."""
        self.sources_start: Places = np.concatenate((begins, [len(source)])).astype(np.int64)
        self.width: Ints = np.diff(self.sources_start).astype(np.int32)
        self.count_type = np.min_scalar_type(int(self.width.max(initial=0)))
        """What counts the sources of a need: the less room a question takes, the less there is to clear for it."""
        self.first: Places = np.searchsorted(self.target, np.arange(twins + 1)).astype(np.int64)
        need = np.repeat(np.arange(len(self.target), dtype=np.int32), self.width)
        self.feeds_start: Places = np.concatenate(([0], np.cumsum(np.bincount(source, minlength=twins)))).astype(
            np.int64
        )
        self.feeds: Ints = need[np.argsort(source, kind="stable")]
        """By source, the needs that it is in."""
        self.level, self.inner = _Growth(self).all()
        """By twin, the step at which it came alive with everything in order; a twin without needs at 0. By need,
        whether it is met from inside a cycle that is its own source."""
        supporting = (self.level[source] < self.level[self.target[need]]) & (self.inner[need] == 0)
        self.supports: Ints = np.bincount(need[supporting], minlength=len(self.target)).astype(np.int32)
        """By need, how many of its sources were alive before its target; of an inner one 0."""
        order = np.argsort(source.astype(np.int64) * 2 + ~supporting, kind="stable")
        self.feeds = need[order]
        """Those that it was alive for in time come first, up to `feeds_through`."""
        self.feeds_through: Places = self.feeds_start[:-1] + np.bincount(source[supporting], minlength=twins)

    @property
    def edges(self) -> int:
        return len(self.sources)

    def fed_by(self, twins: Ints) -> Ints:
        """The needs that these are sources of, twin by twin."""
        fed: Ints = self.feeds[between(self.feeds_start[twins], self.feeds_start[twins + 1])]
        return fed

    def supported_by(self, twins: Ints) -> Ints:
        fed: Ints = self.feeds[between(self.feeds_start[twins], self.feeds_through[twins])]
        return fed

    def of(self, twins: Ints) -> Places:
        """The needs of these, twin by twin."""
        return between(self.first[twins], self.first[twins + 1])

    def sources_of(self, need: int) -> Ints:
        found: Ints = self.sources[self.sources_start[need] : self.sources_start[need + 1]]
        return found


def between(begins: Places, ends: Places) -> Places:
    """The places from each begin to its end, run by run."""
    lengths = ends - begins
    upto = np.cumsum(lengths)
    total = int(upto[-1]) if len(upto) else 0
    return np.repeat(begins - upto + lengths, lengths) + np.arange(total)


def once(values: Ints, marks: Ints) -> Ints:
    """Each value once, in no order. `marks` is scratch, as long as values are high."""
    places = np.arange(len(values), dtype=np.int32)
    marks[values] = places
    each: Ints = values[marks[values] == places]
    return each


class _Growth:
    """How the plant comes alive: first what needs nothing, then whatever has a living source in each of its groups.

    A twin waits for all of its sources as long as anything else goes on: where there are no cycles, everybody then has
    every source before it, and a loss never has to be looked at twice. Twins that only wait for one another are a cycle
    without a source outside: it feeds itself.
    """

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        count = len(needs.target)
        self.level: Ints = np.full(needs.twins, -1, np.int32)
        self.inner: Flags = np.zeros(count, np.uint8)
        self._met: Flags = np.zeros(count, np.uint8)
        self._unmet: Ints = np.diff(needs.first).astype(np.int32)
        """By twin, its needs without a living source; and its sources that are not alive, once for each need."""
        self._dead: Ints = np.add.reduceat(
            np.concatenate((needs.width, [0])), np.minimum(needs.first[:-1], count), dtype=np.int32
        ) * (np.diff(needs.first) > 0)
        self._pending: list[Ints] = []
        self._marks: Ints = np.zeros(max(needs.twins, count, 1), np.int32)
        self._step = 0

    def all(self) -> tuple[Ints, Flags]:
        self._grow(np.flatnonzero(self._unmet == 0).astype(np.int32))
        waiting = [self._cycles(np.flatnonzero(self.level < 0).astype(np.int32))]
        while waiting:
            part, unmet = next(waiting[-1], (None, 0))
            if part is None:
                waiting.pop()
                continue
            left = part[self.level[part] < 0]
            if len(left) and int(self._unmet[part].sum()) != unmet:
                waiting.append(self._cycles(left))  # some of them have come alive: who of the rest waits for whom?
            elif len(left):
                own = self._needs.of(part)
                self.inner[own[self._met[own] == 0]] = 1
                self._grow(part)
        return self.level, self.inner

    def _grow(self, frontier: Ints) -> None:
        while len(frontier):
            self.level[frontier] = self._step
            self._step += 1
            frontier = (
                self._one_by_one(frontier.tolist()) if len(frontier) < self._needs.few else self._together(frontier)
            )
            while not len(frontier) and self._pending:
                found = np.concatenate(self._pending)
                self._pending.clear()
                frontier = once(found[self.level[found] < 0], self._marks)

    def _together(self, frontier: Ints) -> Ints:
        needs = self._needs
        fed = needs.fed_by(frontier)
        target = needs.target[fed]
        np.subtract.at(self._dead, target, 1)
        fresh = once(fed[self._met[fed] == 0], self._marks)
        self._met[fresh] = 1
        np.subtract.at(self._unmet, needs.target[fresh], 1)
        met = needs.target[fresh]
        self._pending.append(met[(self._unmet[met] == 0) & (self._dead[met] > 0)])
        return once(target[(self._dead[target] == 0) & (self.level[target] < 0)], self._marks)

    def _one_by_one(self, frontier: list[int]) -> Ints:
        needs = self._needs
        feeds, starts, targets = needs.feeds.data, needs.feeds_start.data, needs.target.data
        dead, unmet, met = self._dead.data, self._unmet.data, self._met.data
        found, pending = [], []
        for twin in frontier:
            for need in feeds[starts[twin] : starts[twin + 1]]:
                target = targets[need]
                dead[target] -= 1
                if not met[need]:
                    met[need] = 1
                    unmet[target] -= 1
                    if not unmet[target]:
                        pending.append(target)
                if not dead[target]:
                    found.append(target)
        level = self.level
        if pending:
            self._pending.append(np.array(pending, np.int32))
        return np.array([twin for twin in found if level[twin] < 0], np.int32)

    def _cycles(self, left: Ints) -> Iterator[tuple[Ints, int]]:
        """The groups of those that wait for one another, each behind those that it waits for, and how many needs they
        are waiting with."""
        if not len(left):
            return iter(())
        needs = self._needs
        place = np.full(needs.twins, -1, np.int32)
        place[left] = np.arange(len(left), dtype=np.int32)
        waiting = needs.of(left)
        waiting = waiting[self._met[waiting] == 0]
        begins, ends = needs.sources_start[waiting], needs.sources_start[waiting + 1]
        sources = place[needs.sources[between(begins, ends)]]
        targets = place[np.repeat(needs.target[waiting], needs.width[waiting])]
        graph: rx.PyDiGraph[None, None] = rx.PyDiGraph(multigraph=True)
        graph.add_nodes_from([None] * len(left))
        graph.add_edges_from_no_data(list(zip(sources.tolist(), targets.tolist(), strict=True)))
        parts = [left[members] for members in reversed(rx.strongly_connected_components(graph))]
        return iter([(part, int(self._unmet[part].sum())) for part in parts])
