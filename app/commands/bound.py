"""Who stands behind the names of an overlay as the engine takes them: twins by role and path, and members of roles of
many.

A path through a role of many means each of its members in turn: `lines.pump` of the member `l1` is kept as
`lines/l1/pump`. Only aggregates may write such a path, and each is over one role.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from app.commands.draft import World
from app.commands.overlay_names import (
    Named,
    Names,
    behaviors_in_effect,
    interlocks_in_effect,
    names_in_overlay,
    names_used,
)
from app.model.definitions import Overlay, RoleBinding


class Bound(NamedTuple):
    twins: dict[str, str]
    """Role -> twin id (for one of many `role/twin id`), and each other name or path that a behavior or an interlock
    uses for a twin -> its id."""
    overlays: tuple[str, ...]
    """The names and paths behind which conditions ask for an overlay (`pumping != null`), and there is one."""
    members: dict[str, tuple[str, ...]]
    """Of each role of many, or path to one, that conditions use: the ids of who fills it, in order."""


def bound_in(world: World, overlay: Overlay) -> Bound:
    names = names_in_overlay(world, overlay)
    behaviors = behaviors_in_effect(world, overlay).values()
    used = names_used(names, behaviors, interlocks_in_effect(world, overlay).values())
    twins: dict[str, str] = {}
    for binding in overlay.twins:
        if binding.twin_id is not None:
            many = names[binding.role].many
            twins[f"{binding.role}/{binding.twin_id}" if many else binding.role] = binding.twin_id
    overlays: list[str] = []
    members: dict[str, tuple[str, ...]] = {}
    for name in sorted(used):
        over = role_of_many(names, name)
        if over is not None and over not in members:
            members[over] = tuple(_id(item) for item in _fillers(world, overlay, names, over))
        for path, named in behind(world, overlay, names, name):
            if named.twin_id is not None:
                twins.setdefault(path, named.twin_id)
            elif named.overlay_id is not None:
                overlays.append(path)
    return Bound(twins, tuple(overlays), members)


def role_of_many(names: Mapping[str, Named], path: str) -> str | None:
    """The first role on the path that several may fill."""
    parts = path.split("/")
    for length in range(1, len(parts) + 1):
        role = "/".join(parts[:length])
        named = names.get(role)
        if named is None:
            return None
        if named.many:
            return role
    return None


def behind(world: World, overlay: Overlay, names: Names, path: str) -> Iterator[tuple[str, Named]]:
    """Everyone who is meant by it, each with the path that means him alone."""
    over = role_of_many(names, path)
    if over is None:
        if (named := names.get(path)) is not None:
            yield path, named
        return
    rest = path[len(over) + 1 :]
    for filler in _fillers(world, overlay, names, over):
        member = f"{over}/{_id(filler)}"
        if not rest:
            yield (
                member,
                Named(world.capabilities(filler.twin_id), filler.twin_id)
                if filler.twin_id is not None
                else (Named(names[over].capabilities, is_overlay=True, overlay_id=filler.overlay_id)),
            )
            continue
        inner = world.overlay(filler.overlay_id) if filler.overlay_id is not None else None
        named = names_in_overlay(world, inner).get(rest) if inner is not None else None
        if named is not None:
            yield f"{member}/{rest}", named


def _fillers(world: World, overlay: Overlay, names: Names, over: str) -> list[RoleBinding]:
    above, _, role = over.rpartition("/")
    holder: Overlay | None = overlay
    if above:
        overlay_id = names[above].overlay_id
        holder = world.overlay(overlay_id) if overlay_id is not None else None
    return [binding for binding in holder.twins if binding.role == role] if holder is not None else []


def _id(binding: RoleBinding) -> str:
    return binding.twin_id or binding.overlay_id or ""
