"""The twins one edge away from a twin, read off the documents that mention it; the graph holds the same edges.

Edges come from the twin's own document, from those that name it, and from the overlays it is in or is named by.
"""

from collections.abc import Iterator

from app.find.query import Related
from app.model.catalogue import Catalogue
from app.model.definitions import Overlay, Twin

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
            yield from _of_twin(twin)
    overlays = {*catalogue.overlays_of_twin(twin_id), *catalogue.overlays_relating_to(twin_id)}
    for overlay_id in overlays:
        overlay = catalogue.overlay(overlay_id)
        if overlay is not None:
            yield from _of_overlay(catalogue, overlay)


def _of_twin(twin: Twin) -> Iterator[Edge]:
    for item in twin.relationships:
        if item.direction == "incoming":
            yield item.target_twin_id, twin.twin_id, item.relationship_type
        else:
            yield twin.twin_id, item.target_twin_id, item.relationship_type


def _of_overlay(catalogue: Catalogue, overlay: Overlay) -> Iterator[Edge]:
    """Its own, and its type's between bound roles unless one of its own has the name."""
    own = {item.name for item in overlay.relationships}
    for item in overlay.relationships:
        yield item.source_twin_id, item.target_twin_id, item.relationship_type
    overlay_type = catalogue.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    bound = {binding.role: binding.twin_id for binding in overlay.twins}
    for relation in overlay_type.relationship_types if overlay_type else ():
        source, target = bound.get(relation.source_role), bound.get(relation.target_role)
        if source is not None and target is not None and relation.name not in own:
            yield source, target, relation.relationship_type
