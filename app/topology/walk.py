"""Going from twin to twin along edges, nearest first: which twins are how far away, and by which hops.

A walk costs the edges it meets, a level at a time; paths are found backwards from the twins they are wanted of, so that
nobody pays for a million of them to show ten.
"""

from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.topology.runs import Ints, Runs
from app.topology.topology import Edge, Topology, Way

_DENSE = 16
"""A level of more than one in so many of all twins is read off the marks; a smaller one is sorted."""
Sense = Literal["outgoing", "incoming"]


class Hop(NamedTuple):
    """One step of a path, from one twin to the next."""

    edge: Edge
    direction: Sense
    """Whether the step follows the edge or goes against it."""
    parallel: tuple[Edge, ...]
    """The other edges between the same two twins that the walk might have taken."""


class Walk:
    """One question's walk; `depths` says of every twin's index how far away it was found, -1 of the others."""

    def __init__(
        self, topology: Topology, way: Way, types: Collection[str] = (), through: NDArray[np.bool_] | None = None
    ) -> None:
        self._topology = topology
        self._labels = topology.labels.of_types(tuple(types))
        self._through = through
        """By index: the twins that may be walked to; all where it is None."""
        self._forward: list[Runs] = []
        if way != "incoming":
            self._forward.append(topology.outgoing)
        if way != "outgoing":
            self._forward.append(topology.incoming)
        self.depths: Ints = np.full(topology.size, -1, np.int32)
        self._before: dict[int, tuple[int, Hop]] = {}
        """Of twins that a path was asked of, or that one goes through: the twin before, and the hop from there."""

    def levels(self, starts: Ints, max_depth: int | None = None) -> Iterator[Ints]:
        """The indexes first found at depth 1, 2 and so on, each ascending, until nothing is left or `max_depth`."""
        self.depths[starts] = 0
        frontier, depth = starts, 0
        while len(frontier) and depth != max_depth:
            depth += 1
            frontier = self._next(frontier, depth)
            if len(frontier):
                yield frontier

    def path(self, index: int) -> tuple[Hop, ...]:
        """A shortest one to a twin that the walk has found: of several, by the least ids seen from its end."""
        found: list[Hop] = []
        while self.depths[index] > 0:
            if index not in self._before:
                nearer = self.edges_nearer(index, from_start=True)
                before = min(nearer, key=self._topology.id)
                self._before[index] = before, hop_of(nearer[before])
            index, hop = self._before[index]
            found.append(hop)
        return tuple(reversed(found))

    def edges_nearer(self, index: int, from_start: bool) -> dict[int, list[tuple[Edge, Sense]]]:
        """By the twin one hop nearer to where the walk began: the edges between the two that it went along, each with
        whether a path follows it, one `from_start` to here or the other way round."""
        found: dict[int, list[tuple[Edge, Sense]]] = {}
        topology, wanted = self._topology, int(self.depths[index]) - 1
        for runs in self._forward:
            along = runs is topology.outgoing
            sense: Sense = "outgoing" if along is from_start else "incoming"
            back = topology.incoming if along else topology.outgoing
            run = back.run(index)
            chosen = self.depths[back.others[run]] == wanted
            if self._labels is not None:
                chosen &= self._labels[back.labels[run]]
            for other, label, declarer in back.at(run.start + np.flatnonzero(chosen)):
                ends = (other, index) if along else (index, other)
                found.setdefault(other, []).append((topology.edge(*ends, label, declarer), sense))
        return found

    def _next(self, frontier: Ints, depth: int) -> Ints:
        met: list[Ints] = []
        for runs in self._forward:
            places = runs.places(frontier)
            others = runs.others[places]
            if self._labels is not None:
                others = others[self._labels[runs.labels[places]]]
            met.append(others[self.depths[others] < 0])
        found = met[0] if len(met) == 1 else np.concatenate(met)
        if self._through is not None:
            found = found[self._through[found]]
        self.depths[found] = depth
        if len(found) * _DENSE > len(self.depths):
            return np.flatnonzero(self.depths == depth).astype(np.int32)
        found.sort()
        first = np.ones(len(found), np.bool_)
        np.not_equal(found[1:], found[:-1], out=first[1:])
        return found[first]


def hop_of(edges: list[tuple[Edge, Sense]]) -> Hop:
    """One hop by the first of them: following goes before going against, then by name."""
    edges.sort(key=lambda item: (item[1] == "incoming", *in_order(item[0])))
    (edge, direction), *rest = edges
    return Hop(edge, direction, tuple(other for other, _ in rest))


def in_order(edge: Edge) -> tuple[str, ...]:
    """A key to sort edges by."""
    owner = edge.declared_by
    return edge.source, edge.target, edge.name, edge.relationship_type, owner.kind, owner.id


def downstream(
    topology: Topology,
    twin_ids: Collection[str],
    way: Way = "outgoing",
    types: Collection[str] = (),
    depth: int | None = None,
) -> set[str]:
    """The twins that edges lead to from any of these, at most so many hops away; without these themselves. Ids of no
    twin lead nowhere."""
    walk = Walk(topology, way, types)
    found: set[str] = set()
    for level in walk.levels(topology.indexes(twin_ids), depth):
        found.update(topology.ids(level))
    return found
