"""Which edges a twin or an overlay declares, and whose edges a change of definitions may have changed.

Both ends of an edge must be there; a twin that comes or goes therefore moves the edges of others. An edge's type may
follow from the kinds of twins, so that a twin type can move the edges of every twin of it.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange
from app.model.composition import overlay_edges, overlays_around
from app.model.definitions import Overlay, RelationshipRule, Twin, TwinKind
from app.model.lineage import family, kind_in_effect
from app.model.plan import OwnerKey
from app.model.relationships import type_of
from app.topology.labels import Label


class Declared(NamedTuple):
    source: str
    target: str
    label: Label


def declared(catalogue: Catalogue, owner: OwnerKey) -> Iterator[Declared]:
    """Between twins that are there; nothing of an owner that is not."""
    if owner.kind == "twin":
        if (twin := catalogue.twin(owner.id)) is not None:
            yield from _of_twin(catalogue, twin)
    elif (overlay := catalogue.overlay(owner.id)) is not None:
        yield from _of_overlay(catalogue, overlay)


def _of_twin(catalogue: Catalogue, twin: Twin) -> Iterator[Declared]:
    """What direction, type and group come to, as model/relationships.py has it, looking for the rules once: a million
    edges are read at a start."""
    if not twin.relationships:
        return
    here, there = twin.twin_id, catalogue.ids("twin")
    rules = catalogue.type_capabilities(twin.twin_type).relationships
    for item in twin.relationships:
        other, rule = item.target_twin_id, rules.get(item.name)
        if other not in there:
            continue
        kind, direction, group = item.relationship_type, item.direction, item.group
        if rule is not None:
            direction, group = direction or rule.direction, group or rule.group
        label = Label(item.name, kind or type_of(catalogue, twin, item), group)
        yield Declared(other, here, label) if direction == "incoming" else Declared(here, other, label)


def _of_overlay(catalogue: Catalogue, overlay: Overlay) -> Iterator[Declared]:
    there = catalogue.ids("twin")
    for edge in overlay_edges(catalogue, overlay):
        if edge.source in there and edge.target in there:
            yield Declared(edge.source, edge.target, Label(edge.name, edge.relationship_type, edge.group))


class Moving:
    """Remembers of each twin type what edges can follow from, to tell a change that moves edges from one that does not:
    a new description of a type with 10,000 twins is looked at once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._types: dict[str, tuple[TwinKind, Mapping[str, RelationshipRule]]] = {}
        self._twins: dict[str, str] = {}
        """Twin -> its type."""
        for type_id in catalogue.ids("twin_type"):
            self._types[type_id] = self._meaning(type_id)
        for stored in catalogue.all("twin"):
            assert isinstance(stored.definition, Twin)
            self._twins[stored.id] = stored.definition.twin_type

    def owners(self, change: DefinitionChange) -> set[OwnerKey]:
        """Whose edges may differ once the catalogue has taken the change up; call it once for each."""
        catalogue = self._catalogue
        keys = [*change.removed, *((item.kind, item.id) for item in change.saved)]
        changed = [id for kind, id in keys if kind == "twin_type"]
        types = self._moved_types({below for type_id in changed for below in family(catalogue, type_id)})
        others = {twin_id for type_id in types for twin_id in catalogue.twins_of_exactly(type_id)}
        for kind, id in keys:
            if kind == "twin" and self._is_another(id):
                others.add(id)
        found = {OwnerKey("twin", id) for kind, id in keys if kind == "twin"}
        overlays = {id for kind, id in keys if kind == "overlay"}
        for id in others:
            found.add(OwnerKey("twin", id))
            found.update(OwnerKey("twin", other) for other in catalogue.twins_relating_to(id))
            overlays.update(catalogue.overlays_relating_to(id))
            overlays.update(catalogue.overlays_of_twin(id))
        overlay_types = {id for kind, id in keys if kind == "overlay_type"}
        overlay_types.update(other for id in types for other in catalogue.overlay_types_of_twin_type(id))
        overlays.update(id for type_id in overlay_types for id in catalogue.overlays_of_type(type_id))
        found.update(OwnerKey("overlay", id) for id in overlays_around(catalogue, overlays))
        return found

    def _moved_types(self, type_ids: set[str]) -> set[str]:
        moved = set()
        for type_id in type_ids:
            before, after = self._types.pop(type_id, None), self._meaning(type_id)
            if self._catalogue.twin_type(type_id) is not None:
                self._types[type_id] = after
            if before != after:
                moved.add(type_id)
        return moved

    def _meaning(self, type_id: str) -> tuple[TwinKind, Mapping[str, RelationshipRule]]:
        return kind_in_effect(self._catalogue, type_id), self._catalogue.type_capabilities(type_id).relationships

    def _is_another(self, twin_id: str) -> bool:
        """Whether it came, went or changed its type."""
        twin, before = self._catalogue.twin(twin_id), self._twins.pop(twin_id, None)
        if twin is None:
            return before is not None
        self._twins[twin_id] = twin.twin_type
        return before != twin.twin_type
