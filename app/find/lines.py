"""Keys in an order, ascending in memory and read from either end; where a cursor's key stands is a bisection.

A key always ends with the id, so that no two are equal and a place in the order survives its item.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Key = tuple[Any, ...]


class Line(Protocol):
    def __len__(self) -> int: ...

    def ids(self, start: int, stop: int) -> list[str]:
        """As they are shown, from `start` up to `stop`."""

    def after(self, key: Key) -> int:
        """Where the first shown behind this key stands."""

    def before(self, key: Key) -> int:
        """How many are shown ahead of this key."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Rows are ids where the id is the whole key, else keys."""

    rows: Sequence[Any]
    descending: bool
    plain: bool
    """Whether a row is the id itself."""

    def __len__(self) -> int:
        return len(self.rows)

    def ids(self, start: int, stop: int) -> list[str]:
        rows = self.rows
        if self.descending:
            part = list(rows[len(rows) - stop : len(rows) - start])
            part.reverse()
        else:
            part = list(rows[start:stop])
        return part if self.plain else [row[-1] for row in part]

    def after(self, key: Key) -> int:
        row = self._row(key)
        return len(self.rows) - bisect_left(self.rows, row) if self.descending else bisect_right(self.rows, row)

    def before(self, key: Key) -> int:
        row = self._row(key)
        return len(self.rows) - bisect_right(self.rows, row) if self.descending else bisect_left(self.rows, row)

    def _row(self, key: Key) -> Any:
        return key[-1] if self.plain else key


@dataclass(frozen=True, slots=True)
class ByValue:
    """By a live value: those that have one, then the rest by id. A key is (rank, value, id), rank None for the rest."""

    known: Keys
    unknown: Keys

    def __len__(self) -> int:
        return len(self.known) + len(self.unknown)

    def ids(self, start: int, stop: int) -> list[str]:
        split = len(self.known)
        found = self.known.ids(min(start, split), min(stop, split))
        return found + self.unknown.ids(max(start - split, 0), max(stop - split, 0))

    def after(self, key: Key) -> int:
        return self.known.after(key) if key[0] is not None else len(self.known) + self.unknown.after(key)

    def before(self, key: Key) -> int:
        return self.known.before(key) if key[0] is not None else len(self.known) + self.unknown.before(key)


def rank(value: Any) -> int | None:
    """Values of one rank have an order among themselves; None for what has none (nothing, a list, an object)."""
    match value:
        case bool():
            return 0
        case int() | float():
            return 1
        case str():
            return 2
        case _:
            return None


def by_value(ids: Sequence[str], values: Sequence[Any], descending: bool) -> ByValue:
    """`ids` ascending, `values` beside them. Sorting indexes by the values alone and relying on its stability costs a
    third of sorting the keys: 100,000 floats in 40 ms."""
    ranked: dict[int, list[int]] = {}
    floats = [index for index, value in enumerate(values) if value.__class__ is float]
    if len(floats) + values.count(None) == len(values):  # most properties: nothing else to look into
        ranked[1] = floats
        unknown = [id for id, value in zip(ids, values, strict=True) if value is None]
    else:
        unknown = []
        for index, value in enumerate(values):
            where = rank(value)
            if where is None:
                unknown.append(ids[index])
            else:
                ranked.setdefault(where, []).append(index)
    rows: list[Key] = []
    for where in sorted(ranked):
        order = ranked[where]
        order.sort(key=values.__getitem__)
        rows += [(where, values[index], ids[index]) for index in order]
    return ByValue(Keys(rows, descending, False), Keys(unknown, descending, True))
