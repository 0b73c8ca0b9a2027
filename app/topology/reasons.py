"""Why a twin is lost or degraded: which of its groups lost whom, and along which relationships that came to it.

Paths are shortest ones; where several sources are as near, the one with the least id is told, so that an answer is the
same after every restart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.topology.loss import Loss
from app.topology.runs import Ints
from app.topology.topology import Edge, Topology, group_name

MOST_HOPS = 100
MOST_NAMED = 20
"""Of the sources of one group."""


class Hop(NamedTuple):
    """One step of a loss: `to_twin` misses what it had of `from_twin`."""

    from_twin: str
    to_twin: str
    name: str
    relationship_type: str
    group: str


@dataclass(frozen=True, slots=True)
class GroupLoss:
    group: str
    died: bool
    """Whether nobody is left."""
    width: int
    """How many sources it had."""
    lost: tuple[str, ...]
    """The first of those that it has lost, by id."""
    lost_count: int
    remaining: tuple[str, ...]
    """The first of those that are left, by id."""
    remaining_count: int


class Reasons:
    """Good for the version of the topology that the loss was reckoned on."""

    def __init__(self, topology: Topology, groups: Sequence[str], loss: Loss) -> None:
        self._topology = topology
        self._groups = groups
        self._loss = loss
        self._before: dict[int, tuple[int, Hop]] = {}

    def groups(self, twin: int) -> list[GroupLoss]:
        """Those that have lost somebody, by name."""
        needs, loss = self._loss.needs, self._loss
        found = []
        for need in self._needs(twin):
            if loss.gone[need] == loss.gone_before[need]:
                continue
            sources = needs.sources_of(need)
            dead, before = loss.dead[sources] == 1, loss.dead_before[sources] == 1
            lost, remaining = self._named(sources[dead & ~before]), self._named(sources[~dead])
            found.append(
                GroupLoss(
                    self._groups[needs.group[need]],
                    not remaining,
                    len(sources) - int(before.sum()),
                    lost[:MOST_NAMED],
                    len(lost),
                    remaining[:MOST_NAMED],
                    len(remaining),
                )
            )
        return sorted(found, key=lambda item: item.group)

    def path(self, twin: int) -> list[Hop]:
        """From a removed twin to this one: the last hops, where there are more than 100."""
        hops: list[Hop] = []
        while self._loss.depth[twin] > 0 and len(hops) < MOST_HOPS:
            twin, hop = self._step(twin)
            hops.append(hop)
        return hops[::-1]

    def _step(self, twin: int) -> tuple[int, Hop]:
        found = self._before.get(twin)
        if found is None:
            found = self._before[twin] = self._nearest(twin)
        return found

    def _nearest(self, twin: int) -> tuple[int, Hop]:
        loss, needs, ids = self._loss, self._loss.needs, self._topology
        carriers: dict[int, str] = {}
        for need in self._needs(twin):
            if loss.gone[need] == loss.gone_before[need] or (loss.dead[twin] and loss.gone[need] < needs.width[need]):
                continue
            sources = needs.sources_of(need)
            near = sources[(loss.depth[sources] == loss.depth[twin] - 1) & (loss.dead[sources] == 1)]
            for source in near.tolist():
                group = self._groups[needs.group[need]]
                carriers[source] = min(group, carriers.get(source, group))
        source = min(carriers, key=ids.id)
        edge = carrying(self._topology, source, twin, carriers[source])
        return source, Hop(ids.id(source), ids.id(twin), edge.name, edge.relationship_type, carriers[source])

    def _needs(self, twin: int) -> range:
        return range(int(self._loss.needs.first[twin]), int(self._loss.needs.first[twin + 1]))

    def _named(self, twins: Ints) -> tuple[str, ...]:
        return tuple(sorted(self._topology.ids(twins.astype(np.int32))))


def carrying(topology: Topology, source: int, target: int, group: str | None = None) -> Edge:
    """The edge by which the target depends on the source, in that group or in any: the first by name. There is one."""
    edges = [
        topology.edge(source, target, entry.label, entry.declarer)
        for entry in topology.incoming.entries(target)
        if entry.other == source
    ]
    against = [
        topology.edge(target, source, entry.label, entry.declarer)
        for entry in topology.outgoing.entries(target)
        if entry.other == source
    ]
    found = [edge for edge in edges if topology.impact(edge.relationship_type) in ("forward", "both")]
    found += [edge for edge in against if topology.impact(edge.relationship_type) in ("backward", "both")]
    fitting = [edge for edge in found if group is None or group_name(edge.relationship_type, edge.group) == group]
    return min(fitting, key=lambda edge: (edge.name, edge.relationship_type))
