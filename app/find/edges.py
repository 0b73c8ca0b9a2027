"""The edges between twins as documents declare them, one hop from a twin; the topology has those of twins that exist.

Edges come from the twin's own document, from those that name it, and from the overlays it is in, at any depth, or is
named by. An end that does not exist yet is told too: the edge joins when it appears.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange
from app.model.composition import overlay_edges, overlays_around
from app.model.definitions import Overlay, Twin
from app.model.relationships import direction_of, group_of, type_of
from app.topology.topology import Way


class Edge(NamedTuple):
    """One edge, in its direction, with the twin or overlay whose document makes it; ordered by name, then ends."""

    name: str
    source: str
    target: str
    kind: Literal["twin", "overlay"]
    """Of what declares it."""
    declared_by: str
    relationship_type: str
    group: str | None = None

    @property
    def key(self) -> str:
        """Its identity and its place in an order; no identifier has a slash."""
        return "/".join(self[:5])

    def runs(self, twin_id: str, way: Way) -> bool:
        """Whether it leads into or out of the twin, as asked."""
        return (self.source == twin_id and way != "incoming") or (self.target == twin_id and way != "outgoing")


class Edges:
    """Keeps what an overlay's roles make, by twin, until definitions change: many twins of one overlay are asked for
    together. Make one per catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._of_overlay: dict[str, dict[str, list[Edge]]] = {}
        catalogue.followers.append(self._forget)

    def of(self, twin_id: str, way: Way = "both", types: Iterable[str] = (), names: Iterable[str] = ()) -> list[Edge]:
        """Those that lead into or out of it, each once, in their order."""
        kinds, called = frozenset(types), frozenset(names)
        found = {
            edge
            for edge in self._around(twin_id)
            if edge.runs(twin_id, way)
            and (not kinds or edge.relationship_type in kinds)
            and (not called or edge.name in called)
        }
        return sorted(found, key=lambda edge: edge[:5])

    def find(self, key: str) -> Edge | None:
        """By `Edge.key`."""
        parts = key.split("/")
        if len(parts) != 5:
            return None
        _, source, target, kind, declared_by = parts
        declared = (
            edges_of_twin(self._catalogue, self._catalogue.twin(declared_by))
            if kind == "twin"
            else (edge for twin_id in (source, target) for edge in self._overlay(declared_by).get(twin_id, ()))
        )
        return next((edge for edge in declared if edge.key == key), None)

    def _around(self, twin_id: str) -> Iterator[Edge]:
        catalogue = self._catalogue
        for declaring in (twin_id, *catalogue.twins_relating_to(twin_id)):
            yield from edges_of_twin(catalogue, catalogue.twin(declaring))
        overlays = {
            *overlays_around(catalogue, catalogue.overlays_of_twin(twin_id)),
            *catalogue.overlays_relating_to(twin_id),
        }
        for overlay_id in overlays:
            yield from self._overlay(overlay_id).get(twin_id, ())

    def _overlay(self, overlay_id: str) -> dict[str, list[Edge]]:
        found = self._of_overlay.get(overlay_id)
        if found is None:
            found = self._of_overlay[overlay_id] = {}
            for edge in edges_of_overlay(self._catalogue, self._catalogue.overlay(overlay_id)):
                for end in {edge.source, edge.target}:
                    found.setdefault(end, []).append(edge)
        return found

    def _forget(self, change: DefinitionChange) -> None:
        self._of_overlay.clear()


def edges_of_overlay(catalogue: Catalogue, overlay: Overlay | None) -> Iterator[Edge]:
    """Its own and those that its type makes between those who fill its roles."""
    for edge in overlay_edges(catalogue, overlay) if overlay is not None else ():
        assert overlay is not None
        yield Edge(
            edge.name,
            edge.source,
            edge.target,
            "overlay",
            overlay.overlay_id,
            edge.relationship_type,
            edge.group,
        )


def edges_of_twin(catalogue: Catalogue, twin: Twin | None) -> Iterator[Edge]:
    """Those that its own document declares."""
    for item in twin.relationships if twin is not None else ():
        assert twin is not None
        source, target = twin.twin_id, item.target_twin_id
        if direction_of(catalogue, twin, item) == "incoming":
            source, target = target, source
        kind, group = type_of(catalogue, twin, item), group_of(catalogue, twin, item)
        yield Edge(item.name, source, target, "twin", twin.twin_id, kind, group)
