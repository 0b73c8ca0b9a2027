"""Questions that follow edges: who is related, by which paths, what is around, what hangs together.

All of it is answered from memory at one journal sequence. A filter says which twins are shown; they are walked through
whether they pass it or not, except in a drawing, which would fall apart.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from app.errors import Problem
from app.find.check import (
    MAX_DEPTH,
    check_depth,
    check_size,
    refuse,
    unknown_one,
    unknown_twin_types,
    unknown_twins,
    unknown_types,
)
from app.find.cursor import Cursors, is_ranked, seal, unseal
from app.find.finder import Finder
from app.find.query import Around, Connected, TwinFilter
from app.model.catalogue import Catalogue
from app.model.composition import twins_within
from app.ports import LiveView
from app.topology.components import Component, Components
from app.topology.paths import ShortestPaths
from app.topology.subgraph import Subgraph, subgraph
from app.topology.topology import Topology, Way
from app.topology.walk import Hop, Walk

MAX_PATH = 1_000
"""Hops of a shortest path."""
MAX_STARTS = 100
MAX_NODES = 5_000
MAX_EDGES = 20_000
"""Of a drawing, as the nodes are."""
_ABOVE_ALL = 2**31 - 1
_KEPT = 8
"""Answers about all twins that are kept until an edge changes: they read every edge."""


@dataclass(frozen=True, slots=True)
class RelatedTwin:
    twin_id: str
    depth: int
    path: Callable[[], tuple[Hop, ...]]
    """Looked for when asked, within the same turn of the loop."""


@dataclass(frozen=True, slots=True)
class RelatedPage:
    items: tuple[RelatedTwin, ...]
    cursors: Cursors
    """Of each of them."""
    has_previous: bool
    has_next: bool
    sequence: int
    count: Callable[[], int]
    """How many there are over all pages; the walk goes on to its end when asked, within the same turn of the loop."""


@dataclass(frozen=True, slots=True)
class FoundPaths:
    length: int | None
    """In hops; None where there is no path."""
    paths: tuple[tuple[Hop, ...], ...]
    more: bool
    sequence: int


@dataclass(frozen=True, slots=True)
class FoundSubgraph:
    subgraph: Subgraph
    sequence: int


@dataclass(frozen=True, slots=True)
class ComponentsPage:
    items: tuple[Component, ...]
    cursors: Cursors
    has_previous: bool
    has_next: bool
    total: int
    sequence: int


class Traversals:
    def __init__(self, catalogue: Catalogue, topology: Topology, finder: Finder, live: LiveView) -> None:
        self._catalogue = catalogue
        self._topology = topology
        self._finder = finder
        self._live = live
        self._kept: dict[tuple[int, Connected], Components] = {}

    def related(self, asked: Around, size: int, after: str | None) -> RelatedPage:
        """Nearest first, then by id. Raises Invalid with everything that is wrong with the question, CURSOR_INVALID,
        CURSOR_FOREIGN."""
        refuse(self._wrong_with(asked))
        sealed = seal("related", asked)
        key = unseal(after, sealed, "after", is_ranked) if after is not None else None
        walk = Walk(self._topology, asked.way, asked.relationship_types)
        levels = _Levels(self._levels(asked, walk))
        found: list[tuple[int, str]] = []
        for depth, ids in levels:
            found += [(depth, id) for id in ids if key is None or (depth, id) > key]
            if len(found) > size:
                break
        return RelatedPage(
            tuple(RelatedTwin(id, depth, self._path_to(walk, id)) for depth, id in found[:size]),
            Cursors(sealed, found[:size]),
            has_previous=key is not None and levels.met > len(found),
            has_next=len(found) > size,
            sequence=self._live.sequence,
            count=levels.count,
        )

    def shortest_paths(
        self, start: str, end: str, way: Way, relationship_types: tuple[str, ...], max_depth: int, first: int
    ) -> FoundPaths:
        """Raises Invalid: UNKNOWN_TWIN, SAME_TWIN, UNKNOWN_RELATIONSHIP_TYPE, DEPTH_INVALID."""
        refuse(self._wrong_with_ends(start, end, relationship_types, max_depth))
        here, there = self._topology.index(start), self._topology.index(end)
        assert here is not None, "it was checked"
        assert there is not None, "it was checked"
        asked = ShortestPaths(self._topology, here, there, way, relationship_types, max_depth)
        found = list(islice(asked.paths(), first + 1))
        return FoundPaths(asked.length, tuple(found[:first]), len(found) > first, self._live.sequence)

    def subgraph(
        self,
        around: Sequence[str],
        way: Way,
        relationship_types: tuple[str, ...],
        twin_types: tuple[str, ...],
        depth: int,
        max_nodes: int,
    ) -> FoundSubgraph:
        """Raises Invalid: NO_IDS, TOO_MANY_IDS, UNKNOWN_TWIN, UNKNOWN_RELATIONSHIP_TYPE, UNKNOWN_TWIN_TYPE,
        DEPTH_INVALID, SIZE_INVALID."""
        refuse(self._wrong_with_drawing(around, relationship_types, twin_types, depth, max_nodes))
        topology, through = self._topology, None
        if twin_types:
            through = topology.marked(self._finder.all_twins(TwinFilter(types=twin_types)))
        starts = topology.indexes(dict.fromkeys(around))
        found = subgraph(topology, starts, way, relationship_types, through, depth, max_nodes, MAX_EDGES)
        return FoundSubgraph(found, self._live.sequence)

    def components(self, asked: Connected, size: int, after: str | None) -> ComponentsPage:
        """Largest first, then by the least id of their twins. Raises Invalid: UNKNOWN_OVERLAY,
        UNKNOWN_RELATIONSHIP_TYPE, SIZE_INVALID, what is wrong with the filter, CURSOR_INVALID, CURSOR_FOREIGN."""
        refuse(self._wrong_with_parts(asked))
        sealed = seal("components", asked)
        key = unseal(after, sealed, "after", is_ranked) if after is not None else None
        components = self._components(asked)
        start = components.after(*key) if key is not None else 0
        found = components.page(start, size)
        return ComponentsPage(
            tuple(found),
            Cursors(sealed, [(len(item.members), item.least) for item in found]),
            has_previous=start > 0,
            has_next=start + len(found) < len(components),
            total=len(components),
            sequence=self._live.sequence,
        )

    # ------------------------------------------------------------ walking

    def _levels(self, asked: Around, walk: Walk) -> Iterator[tuple[int, list[str]]]:
        """The depths that are asked for, with who is there and passes, by id."""
        topology = self._topology
        tests = [
            self._finder.passing(where)
            for where in (TwinFilter(types=asked.twin_types), asked.where)
            if where != TwinFilter()
        ]
        for depth, level in enumerate(walk.levels(topology.indexes([asked.twin_id]), asked.max_depth), 1):
            if depth >= asked.min_depth:
                ids = sorted(topology.ids(level))
                for passing in tests:
                    ids = passing(ids)
                yield depth, ids

    def _path_to(self, walk: Walk, twin_id: str) -> Callable[[], tuple[Hop, ...]]:
        index = self._topology.index(twin_id)
        assert index is not None, "the walk found it"
        return lambda: walk.path(index)

    def _components(self, asked: Connected) -> Components:
        topology = self._topology
        types, least = asked.relationship_types, asked.min_size
        if asked.overlay_id is None and asked.where is None:
            key = topology.version, asked
            if key not in self._kept:
                if len(self._kept) == _KEPT or any(version != topology.version for version, _ in self._kept):
                    self._kept.clear()
                self._kept[key] = Components(topology, types, None, least)
            return self._kept[key]
        chosen: Iterable[str] = ()
        if asked.overlay_id is not None:
            chosen = twins_within(self._catalogue, asked.overlay_id)
            if asked.where is not None:
                chosen = self._finder.passing(asked.where)(list(chosen))
        elif asked.where is not None:
            chosen = self._finder.all_twins(asked.where)
        return Components(topology, types, chosen, least)

    # ------------------------------------------------------------ checking

    def _wrong_with(self, asked: Around) -> Iterator[Problem]:
        yield from unknown_types(self._catalogue, asked.relationship_types, "/relationshipTypes")
        yield from unknown_twin_types(self._catalogue, asked.twin_types, "/twinTypes")
        yield from self._finder.problems(asked.where)
        yield from check_depth(asked.max_depth, 1, MAX_DEPTH, "/maxDepth")
        most = asked.max_depth if 1 <= asked.max_depth <= MAX_DEPTH else MAX_DEPTH
        yield from check_depth(asked.min_depth, 1, most, "/minDepth")

    def _wrong_with_ends(
        self, start: str, end: str, relationship_types: tuple[str, ...], max_depth: int
    ) -> Iterator[Problem]:
        for name, twin_id in (("from", start), ("to", end)):
            yield from unknown_one("twin", twin_id, self._finder.twin_ids, f"/{name}")
        if start == end:
            yield Problem("SAME_TWIN", f"`from` and `to` are both '{start}'", "/to", "a path has two ends")
        yield from unknown_types(self._catalogue, relationship_types, "/relationshipTypes")
        yield from check_depth(max_depth, 1, MAX_PATH, "/maxDepth")

    def _wrong_with_drawing(
        self,
        around: Sequence[str],
        relationship_types: tuple[str, ...],
        twin_types: tuple[str, ...],
        depth: int,
        max_nodes: int,
    ) -> Iterator[Problem]:
        if not 0 < len(around) <= MAX_STARTS:
            message = f"{len(around)} ids were given; there may be 1 to {MAX_STARTS}"
            yield Problem("TOO_MANY_IDS" if around else "NO_IDS", message, "/around")
        yield from unknown_twins(self._finder.twin_ids, around[:MAX_STARTS], "/around")
        yield from unknown_types(self._catalogue, relationship_types, "/relationshipTypes")
        yield from unknown_twin_types(self._catalogue, twin_types, "/twinTypes")
        yield from check_depth(depth, 0, MAX_DEPTH, "/depth")
        yield from check_size(max_nodes, 1, MAX_NODES, "/maxNodes")

    def _wrong_with_parts(self, asked: Connected) -> Iterator[Problem]:
        if asked.overlay_id is not None:
            yield from unknown_one("overlay", asked.overlay_id, self._finder.overlay_ids, "/overlayId")
        if asked.where is not None:
            yield from self._finder.problems(asked.where)
        yield from unknown_types(self._catalogue, asked.relationship_types, "/relationshipTypes")
        yield from check_size(asked.min_size, 1, _ABOVE_ALL, "/minSize")


class _Levels:
    """Levels as they are walked, counted; `count` walks on to the end."""

    def __init__(self, levels: Iterator[tuple[int, list[str]]]) -> None:
        self._levels = levels
        self.met = 0

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        for depth, ids in self._levels:
            self.met += len(ids)
            yield depth, ids

    def count(self) -> int:
        for _ in self:
            pass
        return self.met
