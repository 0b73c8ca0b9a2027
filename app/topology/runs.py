"""Edges by the twin that they begin at (or end at): each twin has a run of entries in one pool, as in a sparse matrix.

A run has room to grow and moves to the end of the pool when it is full, so that a changed edge costs what its two runs
are long, and not the million beside it. What runs have left behind is taken back once it is half of the pool. The
entries of many runs are read as one array: a walk costs a few array operations a level, whatever the level holds.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Places = NDArray[np.int64]
_LEAST_ROOM = 4
_ONE_BY_ONE = 8
"""Entries to take out of a run from which counting them costs less than looking for each."""


class Entry(NamedTuple):
    other: int
    """Index of the twin at the other end."""
    label: int
    declarer: int


class Runs:
    def __init__(self) -> None:
        self._starts: Places = np.zeros(0, np.int64)
        self._lengths: Ints = np.zeros(0, np.int32)
        self._rooms: Ints = np.zeros(0, np.int32)
        self.others: Ints = np.zeros(0, np.int32)
        self.labels: Ints = np.zeros(0, np.int32)
        self.declarers: Ints = np.zeros(0, np.int32)
        self._used = 0
        self._left_behind = 0

    @classmethod
    def of(cls, count: int, here: Ints, others: Ints, labels: Ints, declarers: Ints) -> "Runs":
        """All at once, for twins 0 to `count`: entry by entry the twin whose run it is in and the rest of it."""
        runs = cls()
        order = np.argsort(here, kind="stable")
        runs.others, runs.labels, runs.declarers = others[order], labels[order], declarers[order]
        runs._lengths = np.bincount(here, minlength=count).astype(np.int32)
        runs._rooms = runs._lengths.copy()
        runs._starts = np.cumsum(runs._lengths, dtype=np.int64) - runs._lengths
        runs._used = len(here)
        return runs

    @property
    def nbytes(self) -> int:
        arrays = (self._starts, self._lengths, self._rooms, self.others, self.labels, self.declarers)
        return sum(array.nbytes for array in arrays)

    # ------------------------------------------------------------ reading

    def places(self, indexes: Sequence[int] | Ints) -> Places:
        """Where in `others`, `labels` and `declarers` the entries of these runs are, run by run."""
        lengths = self._lengths[indexes]
        ends = lengths.cumsum(dtype=np.int64)
        places: Places = (self._starts[indexes] - ends + lengths).repeat(lengths)
        places += np.arange(len(places))
        return places

    def run(self, index: int) -> slice:
        """Where those of one run are."""
        start = int(self._starts[index])
        return slice(start, start + int(self._lengths[index]))

    def lengths(self, indexes: Sequence[int] | Ints) -> Ints:
        return self._lengths[indexes]

    def at(self, places: Places | slice) -> list[Entry]:
        columns = (self.others[places].tolist(), self.labels[places].tolist(), self.declarers[places].tolist())
        return [Entry(*values) for values in zip(*columns, strict=True)]

    def entries(self, index: int) -> list[Entry]:
        return self.at(self.run(index))

    def declared_by(self, index: int, declarer: int) -> list[Entry]:
        at = self.run(index)
        if at.start == at.stop:
            return []
        return self.at(at.start + np.flatnonzero(self.declarers[at] == declarer))

    # ------------------------------------------------------------ changing

    def grow(self, count: int) -> None:
        """Let there be runs for twins 0 to `count` at least."""
        if count <= len(self._lengths):
            return
        size = max(count, 2 * len(self._lengths))
        self._starts, self._lengths, self._rooms = (
            np.concatenate([array, np.zeros(size - len(array), array.dtype)])
            for array in (self._starts, self._lengths, self._rooms)
        )

    def add(self, here: Ints, others: Ints, labels: Ints, declarers: Ints) -> None:
        """Entry by entry the twin whose run it comes into and the rest of it."""
        order = np.argsort(here, kind="stable")
        runs, more = np.unique(here, return_counts=True)
        self._make_room(runs, more)
        behind = self._starts[runs] + self._lengths[runs]
        places = (behind - np.cumsum(more) + more).repeat(more) + np.arange(len(order))
        self.others[places], self.labels[places], self.declarers[places] = (
            others[order],
            labels[order],
            declarers[order],
        )
        self._lengths[runs] += more.astype(np.int32)

    def drop(self, index: int, entries: Sequence[Entry]) -> None:
        """Each of these once; all are there."""
        at = self.run(index)
        stay = np.ones(at.stop - at.start, np.bool_)
        if len(entries) <= _ONE_BY_ONE:
            others, labels, declarers = self.others[at], self.labels[at], self.declarers[at]
            for entry in entries:
                same = stay & (others == entry.other) & (labels == entry.label) & (declarers == entry.declarer)
                stay[np.argmax(same)] = False
        else:
            going = Counter(entries)
            for place, entry in enumerate(self.entries(index)):
                if going[entry] > 0:
                    going[entry] -= 1
                    stay[place] = False
        self._keep(index, stay)

    def forget(self, index: int, other: int) -> None:
        """Whatever leads to that twin."""
        self._keep(index, self.others[self.run(index)] != other)

    def clear(self, index: int) -> None:
        self._lengths[index] = 0

    def _keep(self, index: int, stay: NDArray[np.bool_]) -> None:
        at, count = self.run(index), int(np.count_nonzero(stay))
        for column in (self.others, self.labels, self.declarers):
            column[at.start : at.start + count] = column[at][stay]
        self._lengths[index] = count

    def _make_room(self, runs: Ints, more: Places) -> None:
        """For so many more entries in each; a run that has too little moves to the end of the pool."""
        full = self._lengths[runs] + more > self._rooms[runs]
        moving = runs[full]
        if not len(moving):
            return
        rooms = np.maximum(_LEAST_ROOM, 2 * (self._lengths[moving] + more[full]))
        whole = int(rooms.sum())
        if self._used + whole > len(self.others):
            self._make_place(whole)
        before = self.places(moving)
        self._left_behind += int(self._rooms[moving].sum(dtype=np.int64))
        self._starts[moving] = self._used + np.cumsum(rooms) - rooms
        self._rooms[moving] = rooms
        self._used += whole
        after = self.places(moving)
        for column in (self.others, self.labels, self.declarers):
            column[after] = column[before]

    def _make_place(self, room: int) -> None:
        """A larger pool, or where half of this one is left behind, the same runs packed into a new one."""
        if 2 * self._left_behind > self._used:
            self._pack()
        size = max(self._used + room, 2 * self._used)
        if size > len(self.others):
            self.others, self.labels, self.declarers = (
                np.concatenate([column[: self._used], np.zeros(size - self._used, np.int32)])
                for column in (self.others, self.labels, self.declarers)
            )

    def _pack(self) -> None:
        everything = np.arange(len(self._lengths), dtype=np.int32)
        places = self.places(everything)
        self.others, self.labels, self.declarers = (
            column[places] for column in (self.others, self.labels, self.declarers)
        )
        self._starts = np.cumsum(self._lengths, dtype=np.int64) - self._lengths
        self._rooms = self._lengths.copy()
        self._used, self._left_behind = len(places), 0


def grouped(pairs: Iterable[tuple[int, Entry]]) -> dict[int, list[Entry]]:
    """By the run that they are in."""
    found: dict[int, list[Entry]] = {}
    for index, entry in pairs:
        found.setdefault(index, []).append(entry)
    return found
