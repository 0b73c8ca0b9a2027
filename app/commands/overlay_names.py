"""What the names in an overlay mean: its roles, the twins bound to them, and the behaviors it has in effect.

A twin id may stand for a role where the twin is bound (the specification's untyped overlays do so); a role of the same
name wins. Whatever names a twin that is not bound means nothing here, and the checks refuse it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.commands.draft import World
from app.dtsl.parse import parse_condition
from app.errors import Invalid
from app.model.catalogue import NO_CAPABILITIES, Capabilities
from app.model.conditions import owners
from app.model.definitions import AlertAction, BehaviorDefinition, Overlay, OverlayType


@dataclass(frozen=True, slots=True)
class Named:
    """What a role or twin id stands for; `optional` where it may be nobody."""

    capabilities: Capabilities
    twin_id: str | None
    optional: bool = False


def behaviors_in_effect(world: World, overlay: Overlay) -> dict[str, BehaviorDefinition]:
    """The overlay type's, with the overlay's own added or replacing by name."""
    overlay_type = world.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    inherited = {item.name: item for item in overlay_type.behaviors} if overlay_type else {}
    return {**inherited, **{item.name: item for item in overlay.behaviors}}


def bound_roles(overlay: Overlay) -> dict[str, str]:
    """Role -> twin id."""
    return {binding.role: binding.twin_id for binding in overlay.twins}


def names_in_type(world: World, overlay_type: OverlayType) -> dict[str, Named]:
    return {
        role.role: Named(world.type_capabilities(role.twin_type), None, not role.required)
        for role in overlay_type.twin_roles
    }


def names_in_overlay(world: World, overlay: Overlay) -> dict[str, Named]:
    """Roles, bound or not, and the ids of the bound twins."""
    bound = bound_roles(overlay)
    named = {twin_id: Named(world.capabilities(twin_id), twin_id) for twin_id in bound.values()}
    overlay_type = world.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    if overlay_type is not None:
        named |= names_in_type(world, overlay_type)
    named |= {role: Named(world.capabilities(twin_id), twin_id) for role, twin_id in bound.items()}
    return named


def bindings(world: World, overlay: Overlay) -> dict[str, str]:
    """Role -> twin id, and each twin id that a behavior names directly -> itself."""
    bound = bound_roles(overlay)
    used = names_used(behaviors_in_effect(world, overlay).values())
    direct = {twin_id: twin_id for twin_id in bound.values() if twin_id in used and twin_id not in bound}
    return {**bound, **direct}


def names_used(behaviors: Iterable[BehaviorDefinition]) -> set[str]:
    """Every role and twin id that these behaviors name; a condition that does not parse names nothing."""
    used: set[str] = set()
    for behavior in behaviors:
        for text in behavior.conditions:
            try:
                used |= owners(parse_condition(text))
            except Invalid:
                continue
        for action in behavior.actions:
            if not isinstance(action, AlertAction):
                used |= {name for name in (action.role, action.twin_id) if name is not None}
    return used


def twin_behind(named: Mapping[str, Named], name: str | None) -> tuple[str | None, Capabilities]:
    """The twin id (None where the role is unbound) and what it can do."""
    found = named.get(name) if name is not None else None
    return (found.twin_id, found.capabilities) if found else (None, NO_CAPABILITIES)
