"""The twins one edge away from a twin, read off the documents that mention it; the graph holds the same edges.

Edges come from the twin's own document, from those that name it, and from the overlays it is in, at any depth, or is
named by.
"""

from collections.abc import Iterator

from app.find.query import Related
from app.model.catalogue import Catalogue
from app.model.composition import overlay_edges, overlays_around
from app.model.definitions import Twin
from app.model.relationships import direction_of, type_of

Edge = tuple[str, str, str]
"""Source, target, relationship type."""


def neighbours(catalogue: Catalogue, related: Related) -> set[str]:
    """Without the twin itself."""
    here, types, way = related.twin_id, related.relationship_types, related.way
    found = set()
    for source, target, kind in _edges(catalogue, here):
        if types and kind not in types:
            continue
        if source == here and way != "incoming":
            found.add(target)
        if target == here and way != "outgoing":
            found.add(source)
    found.discard(here)
    return {twin_id for twin_id in found if catalogue.twin(twin_id) is not None}


def _edges(catalogue: Catalogue, twin_id: str) -> Iterator[Edge]:
    for declaring in (twin_id, *catalogue.twins_relating_to(twin_id)):
        twin = catalogue.twin(declaring)
        if twin is not None:
            yield from _of_twin(catalogue, twin)
    overlays = {
        *overlays_around(catalogue, catalogue.overlays_of_twin(twin_id)),
        *catalogue.overlays_relating_to(twin_id),
    }
    for overlay_id in overlays:
        overlay = catalogue.overlay(overlay_id)
        for edge in overlay_edges(catalogue, overlay) if overlay is not None else ():
            yield edge.source, edge.target, edge.relationship_type


def _of_twin(catalogue: Catalogue, twin: Twin) -> Iterator[Edge]:
    for item in twin.relationships:
        if direction_of(catalogue, twin, item) == "incoming":
            yield item.target_twin_id, twin.twin_id, type_of(catalogue, twin, item)
        else:
            yield twin.twin_id, item.target_twin_id, type_of(catalogue, twin, item)
