"""What the names in an overlay mean: its roles, who is bound to them, what is inside, and the behaviors in effect.

A twin id may stand for a role where the twin is bound (the specification's untyped overlays do so), and an overlay id
likewise; a role of the same name wins. A path into an overlay that fills a role is kept with slashes
(`pumping/primary_pump`). Whatever names nobody that is bound means nothing here, and the checks refuse it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from app.commands.draft import World
from app.dtsl.parse import parse_condition
from app.dtsl.references import owners_in
from app.errors import Invalid
from app.model.behaviors import BehaviorDefinition, TargetedAction, expressions, messages, targeted_actions
from app.model.catalogue import NO_CAPABILITIES, Capabilities
from app.model.composition import splits
from app.model.conditions import Aggregate, PropertyRef, nodes, owners
from app.model.definitions import Overlay, OverlayType, RoleBinding, RoleDefinition
from app.model.interlocks import InterlockDefinition


@dataclass(frozen=True, slots=True)
class Named:
    """What a name stands for: a twin or, where `is_overlay`, an overlay; an id is None where the role is open."""

    capabilities: Capabilities
    twin_id: str | None = None
    optional: bool = False
    """It may be nobody, for its own role or for one above it on the path."""
    guard: str = ""
    """Whose `!= null` makes sure that it is somebody: itself, or the last optional role above it."""
    many: bool = False
    """Several may fill the role, so it is the name of none of them."""
    is_overlay: bool = False
    overlay_id: str | None = None
    overlay_type: str | None = None
    by_id: bool = False
    """It is named by its own id, not by a role."""


class Names(Mapping[str, Named]):
    """Paths are looked up when they are asked for, because an overlay may be reached over more paths than anybody
    could list; iterating gives the names of the first level."""

    def __init__(self, world: World | None, first: Mapping[str, Named]) -> None:
        self._world = world
        self._first = first
        self._levels: dict[str, Mapping[str, Named]] = {}

    def __getitem__(self, path: str) -> Named:
        above, _, name = path.rpartition("/")
        if not above:
            return self._first[name]
        outer, found = self[above], self.inside(above)[name]
        if not outer.optional:
            return replace(found, guard=path) if found.optional else found
        return replace(found, optional=True, guard=path if found.optional else outer.guard)

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def inside(self, path: str) -> Mapping[str, Named]:
        """The names one level below; those of the overlay's type where the role is open. "" is the first level."""
        if not path:
            return self._first
        found = self._levels.get(path)
        if found is None:
            found = self._levels[path] = self._look(self.get(path))
        return found

    def target(self, action: TargetedAction | InterlockDefinition) -> str | None:
        """The name or path of whom it acts on, or stands before; None where it says nobody, or nobody who is here."""
        if action.role is not None:
            return self._path(action.role, "", ids=False) or self._path(action.role, "", ids=True)
        return action.twin_id if action.twin_id in self._first else None

    def beside(self, written: str) -> list[str]:
        """The texts that may have been meant instead of one that means nobody."""
        for name, rest in splits(written):
            path = self._path(name, "", ids=True) if rest else None
            if path is not None and (inside := self.inside(path)):
                return [f"{name}.{inner}" for inner in inside]
        return list(self._first)

    def _path(self, written: str, above: str, *, ids: bool) -> str | None:
        """Of `pumping.primary_pump`. Without ids first: what a text means in an overlay's type, it means in it."""
        level = self.inside(above)
        for name, rest in splits(written):
            outer = level.get(name)
            if outer is None or (outer.by_id and not ids):
                continue
            path = f"{above}/{name}" if above else name
            if not rest:
                return path
            if outer.is_overlay and not outer.many and (found := self._path(rest, path, ids=ids)) is not None:
                return found
        return None

    def _look(self, outer: Named | None) -> Mapping[str, Named]:
        if outer is None or self._world is None:
            return {}
        overlay = self._world.overlay(outer.overlay_id) if outer.overlay_id is not None else None
        if overlay is not None:
            return _in_overlay(self._world, overlay)
        overlay_type = self._world.overlay_type(outer.overlay_type) if outer.overlay_type is not None else None
        return _in_type(self._world, overlay_type) if overlay_type is not None else {}


def nobody() -> Names:
    """The names in a twin, which knows itself only."""
    return Names(None, {})


def behaviors_in_effect(world: World, overlay: Overlay) -> dict[str, BehaviorDefinition]:
    """The overlay type's, with the overlay's own added or replacing by name."""
    overlay_type = world.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    inherited = {item.name: item for item in overlay_type.behaviors} if overlay_type else {}
    return {**inherited, **{item.name: item for item in overlay.behaviors}}


def interlocks_in_effect(world: World, overlay: Overlay) -> dict[str, InterlockDefinition]:
    """Likewise."""
    overlay_type = world.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    inherited = {item.name: item for item in overlay_type.interlocks} if overlay_type else {}
    return {**inherited, **{item.name: item for item in overlay.interlocks}}


def names_in_type(world: World, overlay_type: OverlayType) -> Names:
    return Names(world, _in_type(world, overlay_type))


def names_in_overlay(world: World, overlay: Overlay) -> Names:
    """Roles, bound or not, and the ids of those that are bound."""
    return Names(world, _in_overlay(world, overlay))


def _in_type(world: World, overlay_type: OverlayType) -> dict[str, Named]:
    return {role.role: _of_role(world, role) for role in overlay_type.twin_roles}


def _in_overlay(world: World, overlay: Overlay) -> dict[str, Named]:
    overlay_type = world.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    roles = _in_type(world, overlay_type) if overlay_type is not None else {}
    overlays: dict[str, Named] = {}
    twins: dict[str, Named] = {}
    bound: dict[str, Named] = {}
    for binding in overlay.twins:
        filler = _filler(world, binding)
        if filler.twin_id is not None:
            twins[filler.twin_id] = replace(filler, by_id=True)
        elif filler.overlay_id is not None:
            overlays[filler.overlay_id] = replace(filler, by_id=True)
        role = roles.get(binding.role)
        if role is None or not role.many:
            bound[binding.role] = filler
    return {**overlays, **twins, **roles, **bound}


def _of_role(world: World, role: RoleDefinition) -> Named:
    optional, guard = not role.required, "" if role.required else role.role
    if role.twin_type is None:
        return Named(NO_CAPABILITIES, None, optional, guard, role.many, is_overlay=True, overlay_type=role.overlay_type)
    return Named(world.type_capabilities(role.twin_type), None, optional, guard, role.many)


def _filler(world: World, binding: RoleBinding) -> Named:
    if binding.twin_id is not None:
        return Named(world.capabilities(binding.twin_id), binding.twin_id)
    overlay = world.overlay(binding.overlay_id) if binding.overlay_id is not None else None
    kind = overlay.overlay_type if overlay is not None else None
    return Named(NO_CAPABILITIES, is_overlay=True, overlay_id=binding.overlay_id, overlay_type=kind)


def names_used(
    names: Names, behaviors: Iterable[BehaviorDefinition], interlocks: Iterable[InterlockDefinition]
) -> set[str]:
    """Every role, path and id that these name; a condition that does not parse names nothing."""
    used: set[str] = set()
    targets: list[str | None] = []
    for behavior in behaviors:
        for _, text in expressions(behavior):
            used |= _named_in(text, names)
        for message in messages(behavior):
            used |= owners_in(message)
        targets += [names.target(action) for action in targeted_actions(behavior)]
    for interlock in interlocks:
        used |= _named_in(interlock.condition, names)
        targets.append(names.target(interlock))
    return used.union(target for target in targets if target is not None)


def _named_in(text: str, names: Names) -> set[str]:
    try:
        condition = parse_condition(text)
    except Invalid:
        return set()
    counted = {
        f"{node.item.owner}/{node.item.name}"  # `count(line.pumps)`: a role, though it is written like a property
        for node in nodes(condition)
        if isinstance(node, Aggregate) and isinstance(node.item, PropertyRef) and node.item.owner is not None
    }
    return owners(condition) | {path for path in counted if path in names}


def twin_behind(named: Mapping[str, Named], name: str | None) -> tuple[str | None, Capabilities]:
    """The twin id (None where the role is unbound) and what it can do."""
    found = named.get(name) if name is not None else None
    return (found.twin_id, found.capabilities) if found else (None, NO_CAPABILITIES)


def fills_plainly(world: World, overlay: Overlay, overlay_type: OverlayType) -> bool:
    """Whether everyone bound, at any depth, can do exactly what the roles' types can: behaviors of the type, which are
    checked and compiled for those, mean the same here."""
    waiting = [(overlay, overlay_type)]
    seen = {overlay.overlay_id}
    while waiting:
        at, kind = waiting.pop()
        roles = {role.role: role for role in kind.twin_roles}
        for binding in at.twins:
            role = roles.get(binding.role)
            if role is None:
                return False
            if binding.twin_id is not None:
                wanted = world.type_capabilities(role.twin_type) if role.twin_type is not None else None
                if world.capabilities(binding.twin_id) is not wanted:
                    return False
                continue
            inner = world.overlay(binding.overlay_id) if binding.overlay_id is not None else None
            inner_type = world.overlay_type(role.overlay_type) if role.overlay_type is not None else None
            if inner is None or inner_type is None or inner.overlay_type != role.overlay_type:
                return False
            if inner.overlay_id not in seen:
                seen.add(inner.overlay_id)
                waiting.append((inner, inner_type))
    return True
