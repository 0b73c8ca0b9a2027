"""A part of the graph to draw: the twins around some, and the edges among those.

It is cut where it has more than is asked for, the farthest first, and says how much was left out.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.topology.runs import Ints
from app.topology.topology import Edge, Topology, Way
from app.topology.walk import Walk


@dataclass(frozen=True, slots=True)
class Subgraph:
    nodes: tuple[tuple[str, int], ...]
    """Twins with how many hops away they are, nearest first, then by id."""
    edges: tuple[Edge, ...]
    """By source, in no further order that means anything, but always the same one."""
    nodes_left_out: int
    edges_left_out: int
    """Of those among the nodes."""


def subgraph(
    topology: Topology,
    starts: Ints,
    way: Way,
    types: Collection[str],
    through: NDArray[np.bool_] | None,
    depth: int,
    max_nodes: int,
    max_edges: int,
) -> Subgraph:
    """Of twins that may be walked `through` alone, but for the starts themselves."""
    walk = Walk(topology, way, types, through)
    nodes = [(id, 0) for id in sorted(topology.ids(starts))]
    for at, level in enumerate(walk.levels(starts, depth), 1):
        nodes += [(id, at) for id in sorted(topology.ids(level))]
    shown = nodes[:max_nodes]
    edges, more = _among(topology, topology.indexes(id for id, _ in shown), types, max_edges)
    return Subgraph(tuple(shown), edges, len(nodes) - len(shown), more)


def _among(topology: Topology, nodes: Ints, types: Collection[str], max_edges: int) -> tuple[tuple[Edge, ...], int]:
    """The first of the edges between these, and how many more there are."""
    inside = np.zeros(topology.size, np.bool_)
    inside[nodes] = True
    runs, labels = topology.outgoing, topology.labels.of_types(tuple(types))
    places = runs.places(nodes)
    sources = np.repeat(nodes, runs.lengths(nodes))
    chosen = inside[runs.others[places]]
    if labels is not None:
        chosen &= labels[runs.labels[places]]
    found = np.flatnonzero(chosen)
    at = places[found[:max_edges]]
    rows = zip(
        sources[found[:max_edges]].tolist(),
        runs.others[at].tolist(),
        runs.labels[at].tolist(),
        runs.declarers[at].tolist(),
        strict=True,
    )
    return tuple(topology.edge(*row) for row in rows), len(found) - min(len(found), max_edges)
