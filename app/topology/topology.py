"""The graph of twins: every edge that the graph's RELATED holds, kept by the changes that the catalogue applies.

A twin is an index into arrays as long as it is there; its index may be given to another once it is gone, so whatever is
made of indexes is good for one `version` only.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange
from app.model.definitions import Impact
from app.model.plan import OwnerKey
from app.topology.declared import Declared, Moving, declared
from app.topology.labels import Label, Labels
from app.topology.runs import Entry, Ints, Runs, grouped

Way = Literal["incoming", "outgoing", "both"]
_AS_ONE: Mapping[str, str] = {"control_relationship": "control"}
"""Relationship types that make one group with another."""
_WAYS: Mapping[Impact, int] = {"none": 0, "forward": 1, "backward": 2, "both": 3}


class Edge(NamedTuple):
    """As it is stored: from its source to its target."""

    source: str
    target: str
    name: str
    relationship_type: str
    declared_by: OwnerKey
    group: str | None = None


@dataclass(frozen=True, slots=True)
class ImpactEdges:
    """Every edge along which failure travels, once for each way it does: what stops at `sources[n]` is missed at
    `targets[n]`, where it belongs to the group `names[groups[n]]`. Parallel edges are all there."""

    sources: Ints
    targets: Ints
    groups: Ints
    names: tuple[str, ...]


def group_name(relationship_type: str, group: str | None) -> str:
    """What an edge's sources stand in for one another in: the declared group, else all of its type."""
    return group or _AS_ONE.get(relationship_type, relationship_type)


class Topology:
    """Keeps itself from the moment it is made; make one per catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.version = 1
        """Another one after every change of twins, edges or what relationship types mean."""
        self.labels = Labels()
        self._catalogue = catalogue
        self._moving = Moving(catalogue)
        self._ids: list[str] = []
        """"" where no twin has the index."""
        self._index: dict[str, int] = {}
        self._free: list[int] = []
        self._overlays: dict[str, int] = {}
        """Overlay -> the number it has as a declarer: below zero, as twins have their index."""
        self._overlay_ids: dict[int, str] = {}
        self._sources: dict[int, set[int]] = {}
        """By an overlay's number: the twins at which its edges begin."""
        self._impact_edges: tuple[int, ImpactEdges] | None = None
        self._next_overlay = -1
        for twin_id in sorted(catalogue.ids("twin")):
            self._index[twin_id] = len(self._ids)
            self._ids.append(twin_id)
        self.outgoing, self.incoming = self._read_all()
        catalogue.followers.append(self._follow)

    # ------------------------------------------------------------ reading

    def __len__(self) -> int:
        """How many twins there are."""
        return len(self._index)

    def __contains__(self, twin_id: object) -> bool:
        return twin_id in self._index

    @property
    def size(self) -> int:
        """Above every index."""
        return len(self._ids)

    @property
    def edge_count(self) -> int:
        return int(self.outgoing.lengths(self._everyone()).sum(dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Of the edges."""
        return self.outgoing.nbytes + self.incoming.nbytes

    def index(self, twin_id: str) -> int | None:
        return self._index.get(twin_id)

    def id(self, index: int) -> str:
        return self._ids[index]

    def ids(self, indexes: Iterable[int] | Ints) -> list[str]:
        """In their order."""
        return list(map(self._ids.__getitem__, indexes.tolist() if isinstance(indexes, np.ndarray) else indexes))

    def indexes(self, twin_ids: Iterable[str]) -> Ints:
        """Of those that are there."""
        index = self._index
        return np.fromiter((index[id] for id in twin_ids if id in index), np.int32)

    def marked(self, twin_ids: Iterable[str] | None = None) -> NDArray[np.bool_]:
        """By index, whether it is that of one of these twins; of any where they are None."""
        found = np.zeros(len(self._ids), np.bool_)
        found[self.indexes(self._index if twin_ids is None else twin_ids)] = True
        return found

    def all(self) -> Iterator[Edge]:
        for index in self._index.values():
            yield from self.edges_from(index)

    def edges_from(self, index: int) -> list[Edge]:
        return [self.edge(index, *entry) for entry in self.outgoing.entries(index)]

    def edge(self, source: int, target: int, label: int, declarer: int) -> Edge:
        name, relationship_type, group = self.labels[label]
        owner = OwnerKey("twin", self._ids[declarer]) if declarer >= 0 else self._overlay(declarer)
        return Edge(self._ids[source], self._ids[target], name, relationship_type, owner, group)

    def impact(self, relationship_type: str) -> Impact:
        """Which way failure travels along edges of that type now."""
        found = self._catalogue.relationship_type(relationship_type)
        return found.impact if found is not None else "none"

    def impact_edges(self) -> ImpactEdges:
        """As of this version; the same object until the next."""
        if self._impact_edges is None or self._impact_edges[0] != self.version:
            self._impact_edges = self.version, self._read_impact_edges()
        return self._impact_edges[1]

    def columns(self) -> tuple[Ints, Ints, Ints]:
        """Sources, targets and labels of all edges, by source."""
        everyone = self._everyone()
        places = self.outgoing.places(everyone)
        sources = np.repeat(everyone, self.outgoing.lengths(everyone))
        return sources, self.outgoing.others[places], self.outgoing.labels[places]

    def _everyone(self) -> Ints:
        return np.arange(len(self._ids), dtype=np.int32)

    def _overlay(self, number: int) -> OwnerKey:
        return OwnerKey("overlay", self._overlay_ids[number])

    def _read_impact_edges(self) -> ImpactEdges:
        ways = np.zeros(max(1, len(self.labels)), np.int8)
        groups = np.zeros(max(1, len(self.labels)), np.int32)
        names: dict[str, int] = {}
        for number, label in self.labels.items():
            ways[number] = _WAYS[self.impact(label.relationship_type)]
            name = group_name(label.relationship_type, label.group)
            groups[number] = names.setdefault(name, len(names))
        sources, targets, labels = self.columns()
        forward: NDArray[np.bool_] = ways[labels] & 1 > 0
        backward: NDArray[np.bool_] = ways[labels] & 2 > 0
        return ImpactEdges(
            np.concatenate([sources[forward], targets[backward]]),
            np.concatenate([targets[forward], sources[backward]]),
            np.concatenate([groups[labels[forward]], groups[labels[backward]]]),
            tuple(names),
        )

    # ------------------------------------------------------------ keeping

    def _read_all(self) -> tuple[Runs, Runs]:
        """Column by column: a million edges are no objects in between."""
        sources, targets, labels, declarers = (array("i") for _ in range(4))
        owners = [OwnerKey("twin", id) for id in self._index]
        owners += [OwnerKey("overlay", id) for id in self._catalogue.ids("overlay")]
        index, take = self._index, self.labels.take
        for owner in owners:
            if not (edges := list(declared(self._catalogue, owner))):
                continue
            declarer = self._declarer(owner)
            begins = [index[source] for source, _, _ in edges]
            sources.extend(begins)
            targets.extend([index[target] for _, target, _ in edges])
            labels.extend([take(label) for _, _, label in edges])
            declarers.extend([declarer] * len(edges))
            if declarer < 0:
                self._sources[declarer].update(begins)
        columns = [np.array(column, np.int32) for column in (sources, targets, labels, declarers)]
        begin, end, *rest = columns
        return Runs.of(len(self._ids), begin, end, *rest), Runs.of(len(self._ids), end, begin, *rest)

    def _follow(self, change: DefinitionChange) -> None:
        owners = self._moving.owners(change)
        changed = any(kind == "relationship_type" for kind, _ in change.removed)
        changed |= any(item.kind == "relationship_type" for item in change.saved)
        for kind, id in change.removed:
            if kind == "twin" and id in self._index and self._catalogue.twin(id) is None:
                self._drop_twin(id)
                changed = True
        for item in change.saved:
            if item.kind == "twin" and item.id not in self._index:
                self._put_twin(item.id)
                changed = True
        if self._replace(owners) or changed:
            self.version += 1

    def _put_twin(self, twin_id: str) -> None:
        if self._free:
            index = self._free.pop()
            self._ids[index] = twin_id
        else:
            index = len(self._ids)
            self._ids.append(twin_id)
            self.outgoing.grow(index + 1)
            self.incoming.grow(index + 1)
        self._index[twin_id] = index

    def _drop_twin(self, twin_id: str) -> None:
        """With every edge that begins or ends at it, whoever declares them."""
        index = self._index.pop(twin_id)
        for runs, others in ((self.outgoing, self.incoming), (self.incoming, self.outgoing)):
            entries = runs.entries(index)
            for other in {entry.other for entry in entries}:
                if other != index:
                    others.forget(other, index)
            for label, uses in Counter(e.label for e in entries if runs is self.outgoing or e.other != index).items():
                self.labels.give_back(label, uses)
            runs.clear(index)
        self._ids[index] = ""
        self._free.append(index)

    def _replace(self, owners: Iterable[OwnerKey]) -> bool:
        """Whether any of their edges came or went."""
        coming: list[tuple[int, int, int, int]] = []
        going: list[tuple[int, Entry]] = []
        index, take = self._index, self.labels.take
        for owner in owners:
            edges = list(declared(self._catalogue, owner))
            if not edges and not self._is_declarer(owner):
                continue
            declarer = self._declarer(owner)
            wanted: Iterable[tuple[int, int, Label]] = ((index[s], index[t], label) for s, t, label in edges)
            if held := list(self._declared(declarer)):
                left = Counter(wanted)
                for source, entry in held:
                    key = source, entry.other, self.labels[entry.label]
                    if left[key] > 0:
                        left[key] -= 1
                    else:
                        going.append((source, entry))
                wanted = left.elements()
            coming += [(source, target, take(label), declarer) for source, target, label in wanted]
            if declarer < 0:
                self._remember(declarer, owner, edges)
        self._take_out(going)
        if coming:
            begin, end, *rest = np.array(coming, np.int32).T
            self.outgoing.add(begin, end, *rest)
            self.incoming.add(end, begin, *rest)
        return bool(coming or going)

    def _is_declarer(self, owner: OwnerKey) -> bool:
        return owner.id in (self._index if owner.kind == "twin" else self._overlays)

    def _declarer(self, owner: OwnerKey) -> int:
        if owner.kind == "twin":
            return self._index[owner.id]
        number = self._overlays.get(owner.id)
        if number is None:
            number = self._overlays[owner.id] = self._next_overlay
            self._next_overlay -= 1
            self._overlay_ids[number] = owner.id
            self._sources[number] = set()
        return number

    def _declared(self, declarer: int) -> Iterator[tuple[int, Entry]]:
        """All that it declares, each with its source. Those of a twin begin or end at it."""
        if declarer < 0:
            for source in self._sources[declarer]:
                for entry in self.outgoing.declared_by(source, declarer):
                    yield source, entry
            return
        for entry in self.outgoing.declared_by(declarer, declarer):
            yield declarer, entry
        for other, label, _ in self.incoming.declared_by(declarer, declarer):
            if other != declarer:
                yield other, Entry(declarer, label, declarer)

    def _remember(self, number: int, owner: OwnerKey, edges: Iterable[Declared]) -> None:
        """Where the edges of an overlay begin; a number that nothing is declared by any more is forgotten."""
        self._sources[number] = {self._index[edge.source] for edge in edges}
        if not self._sources[number]:
            del self._sources[number], self._overlays[owner.id], self._overlay_ids[number]

    def _take_out(self, going: list[tuple[int, Entry]]) -> None:
        for source, entries in grouped(going).items():
            self.outgoing.drop(source, entries)
        for target, entries in grouped((entry.other, entry._replace(other=source)) for source, entry in going).items():
            self.incoming.drop(target, entries)
        for label, uses in Counter(entry.label for _, entry in going).items():
            self.labels.give_back(label, uses)
