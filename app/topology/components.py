"""Weakly connected components: which twins hang together at all, whichever way their edges run.

They are found by arrays alone: every twin points at a twin of its component with a lower index, round by round, until
all point at the lowest. A round halves what is left at least, so that a million edges take a dozen of them.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.topology.runs import Ints
from app.topology.topology import Topology


@dataclass(frozen=True, slots=True)
class Component:
    least: str
    """Of its twins' ids; no two components share one."""
    members: tuple[str, ...]
    """By id."""


class Components:
    """Largest first, then by the least id; of all twins, or of some and the edges among those."""

    def __init__(
        self, topology: Topology, types: Collection[str], twin_ids: Iterable[str] | None, min_size: int
    ) -> None:
        self._ids: list[list[str]] = [
            sorted(topology.ids(component))
            for component in _connected(topology, types, topology.marked(twin_ids))
            if len(component) >= min_size
        ]
        self._ids.sort(key=lambda ids: (-len(ids), ids[0]))

    def __len__(self) -> int:
        return len(self._ids)

    def after(self, size: int, least: str) -> int:
        """Where the first stands that comes behind this key."""
        return bisect_right(self._ids, (-size, least), key=lambda ids: (-len(ids), ids[0]))

    def page(self, start: int, count: int) -> list[Component]:
        return [Component(ids[0], tuple(ids)) for ids in self._ids[start : start + count]]


def _connected(topology: Topology, types: Collection[str], inside: NDArray[np.bool_]) -> list[Ints]:
    sources, targets, labels = topology.columns()
    chosen = inside[sources] & inside[targets]
    if (wanted := topology.labels.of_types(tuple(types))) is not None:
        chosen &= wanted[labels]
    lowest = _lowest(topology.size, sources[chosen], targets[chosen])
    indexes = np.flatnonzero(inside).astype(np.int32)
    if not len(indexes):
        return []
    heads = lowest[indexes]
    order = np.argsort(heads, kind="stable")
    bounds = np.flatnonzero(np.diff(heads[order])) + 1
    return np.split(indexes[order], bounds)


def _lowest(size: int, sources: Ints, targets: Ints) -> Ints:
    """By index: the lowest that it hangs together with."""
    lowest = np.arange(size, dtype=np.int32)
    while len(sources):
        low, high = np.minimum(sources, targets), np.maximum(sources, targets)
        apart = low != high
        low, high = low[apart], high[apart]
        lowest[high] = low  # any lower one will do: of several, the last that is written
        while True:
            further = lowest[lowest]
            if np.array_equal(further, lowest):
                break
            lowest = further
        sources, targets = lowest[low], lowest[high]
    return lowest
