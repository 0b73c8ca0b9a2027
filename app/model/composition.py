"""Overlays inside overlays: who is within, who is around, and the edges that roles make, at any depth.

No overlay contains itself once it is saved (commands/check_roles.py); these walks end in any case, because what the
graph holds may have been written by hand. A path of roles is kept with slashes (`pumping/primary_pump`), which no
identifier has, and written with dots, which identifiers may have.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from app.model.definitions import Overlay, OverlayType, RoleDefinition, RoleRelationship
from app.model.relationships import Twins, type_by_kind, type_in_overlay


class Overlays(Protocol):
    """The part of a catalogue, or of a draft of one, that the walks need."""

    def overlay(self, overlay_id: str) -> Overlay | None: ...

    def overlay_type(self, type_id: str) -> OverlayType | None: ...

    def overlays_of_overlay(self, overlay_id: str) -> Iterable[str]:
        """Those in which it fills a role."""


class Plant(Overlays, Twins, Protocol):
    """With the twins that edges run between."""


class Edge(NamedTuple):
    """One edge of an overlay; names repeat where a role has many, so all three of name and ends tell it from others."""

    name: str
    relationship_type: str
    source: str
    target: str
    description: str = ""
    group: str | None = None


def twins_in(overlay: Overlay) -> list[str]:
    """The twins that fill its roles themselves, in order."""
    return list(dict.fromkeys(binding.twin_id for binding in overlay.twins if binding.twin_id is not None))


def overlays_in(overlay: Overlay) -> list[str]:
    """The overlays that fill its roles themselves, in order."""
    return list(dict.fromkeys(binding.overlay_id for binding in overlay.twins if binding.overlay_id is not None))


def overlays_within(world: Overlays, overlay_id: str) -> list[str]:
    """The overlay itself and every one inside it, at any depth."""

    def inner(id: str) -> Iterable[str]:
        found = world.overlay(id)
        return overlays_in(found) if found is not None else ()

    return _closure([overlay_id], inner)


def overlays_around(world: Overlays, overlay_ids: Iterable[str]) -> list[str]:
    """These and every overlay that they are inside of, at any depth."""
    return _closure(overlay_ids, world.overlays_of_overlay)


def twins_within(world: Overlays, overlay_id: str) -> list[str]:
    """Of the overlay and of every one inside it."""
    found: dict[str, None] = {}
    for id in overlays_within(world, overlay_id):
        overlay = world.overlay(id)
        found.update(dict.fromkeys(twins_in(overlay) if overlay is not None else ()))
    return list(found)


def chain_to(start: str, wanted: str, inner: Callable[[str], Iterable[str]]) -> list[str]:
    """The way from `start` inwards to `wanted`, both ends included; empty where there is none."""
    came_from: dict[str, str | None] = {start: None}
    waiting = [start]
    while waiting:
        at = waiting.pop()
        if at == wanted:
            chain: list[str] = []
            step: str | None = at
            while step is not None:
                chain.append(step)
                step = came_from[step]
            return chain[::-1]
        for next_id in inner(at):
            if next_id not in came_from:
                came_from[next_id] = at
                waiting.append(next_id)
    return []


def splits(written: str) -> Iterator[tuple[str, str]]:
    """`a.b.c` as the name it may begin with and the rest: ("a.b.c", ""), ("a.b", "c"), ("a", "b.c"). The longest name
    comes first, so that a role whose own name has a dot goes before a path."""
    yield written, ""
    at = written.rfind(".")
    while at > 0:
        if at < len(written) - 1:
            yield written[:at], written[at + 1 :]
        at = written.rfind(".", 0, at)


def role_path(world: Overlays, overlay_type: OverlayType, written: str) -> tuple[RoleDefinition, ...]:
    """The roles along `pumping.outlet_pipe`; empty where there are none of that name."""
    roles = {role.role: role for role in overlay_type.twin_roles}
    for name, rest in splits(written):
        role = roles.get(name)
        if role is None:
            continue
        if not rest:
            return (role,)
        inner = world.overlay_type(role.overlay_type) if role.overlay_type is not None else None
        path = role_path(world, inner, rest) if inner is not None else ()
        if path:
            return (role, *path)
    return ()


def fillers(world: Overlays, overlay: Overlay, path: Iterable[str]) -> list[str]:
    """The twins at the end of a path of roles, through every overlay on it."""
    first, *rest = path
    found: list[str] = []
    for binding in overlay.twins:
        if binding.role != first:
            continue
        if not rest and binding.twin_id is not None:
            found.append(binding.twin_id)
        inner = world.overlay(binding.overlay_id) if rest and binding.overlay_id is not None else None
        if inner is not None:
            found += fillers(world, inner, rest)
    return list(dict.fromkeys(found))


def edges_made(world: Overlays, overlay: Overlay) -> int:
    """How many edges the roles make at most, without making them: two roles that many fill make one for each pair."""
    if not overlay.in_place:
        return 0
    return sum(len(sources) * len(targets) for _, sources, targets, _ in _by_role(world, overlay))


def overlay_edges(world: Plant, overlay: Overlay) -> list[Edge]:
    """The overlay type's between filled roles, from each of the source to each of the target (a twin is never led to
    itself by one role), with the overlay's own added or replacing by name. Ends may be missing for the latter. A draft
    and a retired overlay have none."""
    if not overlay.in_place:
        return []
    overlay_type = world.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    found: list[Edge] = []
    for item, sources, targets, itself in _by_role(world, overlay):
        assert overlay_type is not None, "it has the relationship"
        kind = role_relationship_type(world, overlay_type, item)
        found += [
            Edge(item.name, kind, source, target, item.description, item.group)
            for source in sources
            for target in targets
            if source != target or not itself
        ]
    return found + [
        Edge(item.name, type_in_overlay(world, item), item.source_twin_id, item.target_twin_id, group=item.group)
        for item in overlay.relationships
    ]


def _by_role(world: Overlays, overlay: Overlay) -> Iterator[tuple[RoleRelationship, list[str], list[str], bool]]:
    """The relationships of the type that the overlay does not replace, each with who is at its ends, and whether both
    ends are the same role."""
    overlay_type = world.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    own = {item.name for item in overlay.relationships}
    for item in overlay_type.relationship_types if overlay_type else ():
        if item.name in own or overlay_type is None:
            continue
        source_path, target_path = (
            [role.role for role in role_path(world, overlay_type, end)] for end in (item.source_role, item.target_role)
        )
        if source_path and target_path:
            sources, targets = (fillers(world, overlay, path) for path in (source_path, target_path))
            yield item, sources, targets, source_path == target_path


def role_relationship_type(world: Plant, overlay_type: OverlayType, item: RoleRelationship) -> str:
    """The type in effect: where none is written by the kind that the source role asks for, so that it means the same in
    every overlay of the type."""
    if item.relationship_type is not None:
        return item.relationship_type
    path = role_path(world, overlay_type, item.source_role)
    return type_by_kind(world, path[-1].twin_type if path else None)


def _closure(start: Iterable[str], step: Callable[[str], Iterable[str]]) -> list[str]:
    found = dict.fromkeys(start)
    waiting = list(found)
    while waiting:
        for next_id in step(waiting.pop()):
            if next_id not in found:
                found[next_id] = None
                waiting.append(next_id)
    return list(found)
