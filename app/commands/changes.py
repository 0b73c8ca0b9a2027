"""What a change of definitions writes: the DefinitionChange with everything derived from it, for owners it reaches.

Owners that were not sent are written only where their rows come out differently: a new description of a type with
10,000 twins must not rewrite 70,000 property nodes.
"""

from collections.abc import Mapping, Sequence

from app.commands.actor import Actor
from app.commands.dependents import Reach
from app.commands.draft import Draft, Key, World
from app.commands.rows import (
    overlay_behaviors,
    overlay_edges,
    overlay_interlocks,
    property_rows,
    twin_behaviors,
    twin_edges,
    twin_interlocks,
)
from app.model.catalogue import Capabilities, Catalogue
from app.model.change import (
    BehaviorNode,
    DefinitionChange,
    InterlockNode,
    PropertyRow,
    RelationshipEdge,
    StoredDefinition,
)
from app.model.definitions import Kind, Lifecycle, Overlay
from app.model.plan import OwnerKey
from app.model.time import Micros
from app.off_loop import give_way

_BREATHE_EVERY = 100
"""Twins between two turns of the event loop. Nothing can change meanwhile: who asks for a change holds the lock."""


async def change_of(
    base: Catalogue,
    draft: Draft,
    reached: Reach,
    saved: Sequence[StoredDefinition],
    removed: Sequence[Key],
    at: Micros,
    actor: Actor,
    reason: str,
) -> DefinitionChange:
    sent = {(item.kind, item.id) for item in saved}
    rows = _Rows(base, draft, sent)
    for number, twin_id in enumerate(sorted(reached.twins), 1):
        rows.twin(twin_id)
        if number % _BREATHE_EVERY == 0:
            await give_way()
    for overlay_id in sorted(reached.overlays):
        rows.overlay(overlay_id)
    for kind, id in sorted(reached.related.difference(sent, removed)):
        rows.edges(kind, id)
    return DefinitionChange(
        base.revision,
        at,
        actor.name,
        reason,
        tuple(saved),
        tuple(removed),
        rows.twin_properties,
        rows.relationships,
        rows.behaviors,
        rows.interlocks,
        _lifecycles(base, saved),
        actor.origin,
    )


def _lifecycles(base: Catalogue, saved: Sequence[StoredDefinition]) -> dict[str, Lifecycle]:
    found: dict[str, Lifecycle] = {}
    for item in saved:
        before = base.overlay(item.id) if isinstance(item.definition, Overlay) else None
        if isinstance(item.definition, Overlay) and (before is None or before.lifecycle != item.definition.lifecycle):
            found[item.id] = item.definition.lifecycle
    return found


class _Rows:
    def __init__(self, base: Catalogue, draft: Draft, sent: set[Key]) -> None:
        self._base = base
        self._draft = draft
        self._sent = sent
        self._same: dict[tuple[int, int], tuple[Capabilities, Capabilities, bool, bool, bool]] = {}
        self.twin_properties: dict[str, tuple[PropertyRow, ...]] = {}
        self.relationships: dict[OwnerKey, tuple[RelationshipEdge, ...]] = {}
        self.behaviors: dict[OwnerKey, tuple[BehaviorNode, ...]] = {}
        self.interlocks: dict[OwnerKey, tuple[InterlockNode, ...]] = {}

    def twin(self, twin_id: str) -> None:
        twin = self._draft.twin(twin_id)
        if twin is None:
            return
        owner = OwnerKey("twin", twin_id)
        if ("twin", twin_id) in self._sent:
            self.twin_properties[twin_id] = property_rows(self._draft, twin_id)
            self.behaviors[owner] = twin_behaviors(self._draft, twin_id)
            self.interlocks[owner] = twin_interlocks(self._draft, twin_id)
            self.relationships[owner] = twin_edges(self._draft, twin)
            return
        self.edges("twin", twin_id)
        same_properties, same_behaviors, same_interlocks = self._compared(twin_id)
        if not same_properties:
            self.twin_properties[twin_id] = property_rows(self._draft, twin_id)
        if not same_behaviors:
            self.behaviors[owner] = twin_behaviors(self._draft, twin_id)
        if not same_interlocks:
            self.interlocks[owner] = twin_interlocks(self._draft, twin_id)

    def overlay(self, overlay_id: str) -> None:
        overlay, before = self._draft.overlay(overlay_id), self._base.overlay(overlay_id)
        if overlay is None:
            return
        owner = OwnerKey("overlay", overlay_id)
        sent = before is None or ("overlay", overlay_id) in self._sent
        nodes, edges = overlay_behaviors(self._draft, overlay), overlay_edges(self._draft, overlay)
        if sent or nodes != overlay_behaviors(self._base, before):  # type: ignore[arg-type]
            self.behaviors[owner] = nodes
        guards = overlay_interlocks(self._draft, overlay)
        if sent or guards != overlay_interlocks(self._base, before):  # type: ignore[arg-type]
            self.interlocks[owner] = guards
        if sent or edges != overlay_edges(self._base, before):  # type: ignore[arg-type]
            self.relationships[owner] = edges

    def edges(self, kind: Kind, id: str) -> None:
        """Of one that was not sent: twins that it names come and go, and a type left out follows the twins' types."""
        before, after = _edges(self._base, kind, id), _edges(self._draft, kind, id)
        if before != after:
            self.relationships[OwnerKey("twin" if kind == "twin" else "overlay", id)] = after

    def _compared(self, twin_id: str) -> tuple[bool, bool, bool]:
        """Whether properties, behaviors and interlocks stay as they are; asked once for all twins that share both."""
        old, new = self._base.capabilities(twin_id), self._draft.capabilities(twin_id)
        key = (id(old), id(new))
        if key not in self._same:
            self._same[key] = (
                old,  # kept, so that an id can't come to mean another object
                new,
                property_rows(self._base, twin_id) == property_rows(self._draft, twin_id),
                old.behaviors == new.behaviors and old.properties.keys() == new.properties.keys(),
                old.interlocks == new.interlocks and old.properties.keys() == new.properties.keys(),
            )
        return self._same[key][2:]


def _edges(world: World, kind: Kind, id: str) -> tuple[RelationshipEdge, ...]:
    if kind == "overlay":
        overlay = world.overlay(id)
        return overlay_edges(world, overlay) if overlay is not None else ()
    twin = world.twin(id)
    return twin_edges(world, twin) if twin is not None else ()


def differing(
    base: Mapping[Key, StoredDefinition], found: Sequence[StoredDefinition]
) -> tuple[list[StoredDefinition], list[Key]]:
    """What another writer saved and removed, by revision and life."""
    there = {(item.kind, item.id): item for item in found}
    saved = [
        item
        for key, item in there.items()
        if key not in base or (base[key].revision, base[key].life) != (item.revision, item.life)
    ]
    return saved, [key for key in base if key not in there]
