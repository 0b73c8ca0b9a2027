"""All shortest paths between two twins, one after the other: there may be more than anybody can count.

Distances are taken from the far end first, so that every step that is tried leads there; parallel edges are one hop.
"""

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from app.topology.topology import Topology, Way
from app.topology.walk import Hop, Walk, hop_of

_BACK: Mapping[Way, Way] = {"outgoing": "incoming", "incoming": "outgoing", "both": "both"}


class ShortestPaths:
    """From one twin to another; both are there, and not the same."""

    def __init__(
        self, topology: Topology, start: int, end: int, way: Way, types: Collection[str], max_depth: int
    ) -> None:
        self._topology = topology
        self._start = start
        self._end = end
        self._known_steps: dict[int, list[tuple[int, Hop]]] = {}
        self._back = Walk(topology, _BACK[way], types)
        levels = self._back.levels(np.array([end], np.int32), max_depth)
        while self._back.depths[start] < 0 and next(levels, None) is not None:
            pass

    @property
    def length(self) -> int | None:
        """In hops; None where there is no path of at most `max_depth`."""
        found = int(self._back.depths[self._start])
        return found if found >= 0 else None

    def paths(self) -> Iterator[tuple[Hop, ...]]:
        """By the ids of the twins that they go through, in order from the start."""
        if self.length is None:
            return
        hops: list[Hop] = []
        steps = [self._steps(self._start)]
        while steps:
            found = next(steps[-1], None)
            if found is None:
                steps.pop()
                if hops:
                    hops.pop()
                continue
            index, hop = found
            if index == self._end:
                yield (*hops, hop)
            else:
                hops.append(hop)
                steps.append(self._steps(index))

    def _steps(self, index: int) -> Iterator[tuple[int, Hop]]:
        """To the twins that are one hop nearer to the end, by id."""
        if index not in self._known_steps:
            nearer = self._back.edges_nearer(index, from_start=False)
            by_id = sorted(nearer, key=self._topology.id)
            self._known_steps[index] = [(other, hop_of(nearer[other])) for other in by_id]
        return iter(self._known_steps[index])
