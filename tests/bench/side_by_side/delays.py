"""How long things took, counted by half milliseconds: what two looks found can be added, and minutes take no room."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

_IN_A_MILLISECOND = 2


class Delays:
    def __init__(self, counts: Mapping[Any, int] | None = None) -> None:
        """`counts` as another has them, also as JSON made them."""
        self.counts: Counter[int] = Counter({int(place): count for place, count in (counts or {}).items()})

    def add(self, milliseconds: float) -> None:
        self.counts[int(milliseconds * _IN_A_MILLISECOND)] += 1

    def __add__(self, other: "Delays") -> "Delays":
        found = Delays(self.counts)
        found.counts.update(other.counts)
        return found

    @property
    def number(self) -> int:
        return self.counts.total()

    def percentile(self, percent: float) -> float:
        """In milliseconds, to the half above; 0 of nothing."""
        left = self.number * percent / 100
        for place in sorted(self.counts):
            left -= self.counts[place]
            if left <= 0:
                return (place + 1) / _IN_A_MILLISECOND
        return 0.0
