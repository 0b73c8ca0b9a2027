"""The catalogue as the engine is loaded with it: names resolved, inheritance flattened, conditions parsed.

Twins that add nothing share their type's shape, so a plan for 1,000 of them compiles once. A shape's id carries the
revisions of everything it was made of; equal id, equal content, also across restarts.
"""

import hashlib
from collections.abc import Iterable
from typing import Protocol

from app.commands.behavior_plans import rule
from app.commands.bound import bound_in
from app.commands.check_behaviors import Place
from app.commands.overlay_names import (
    behaviors_in_effect,
    fills_plainly,
    interlocks_in_effect,
    names_in_overlay,
    names_in_type,
)
from app.commands.part_plans import event_plan, interlock, method_plan, property_plans
from app.model.catalogue import Capabilities, Catalogue
from app.model.change import StoredDefinition
from app.model.definitions import Kind, Overlay, OverlayType, Twin
from app.model.lineage import lineage
from app.model.plan import Interlock, OverlayPlan, Plan, Rule, Shape, TwinPlan


class Loaded(Protocol):
    """What the engine has (engine.loaded()): of twins (revision, shape_id). Of overlays the whole plan, because who is
    bound inside another overlay is not in their own revision."""

    @property
    def twins(self) -> dict[str, tuple[int, str]]: ...

    @property
    def overlays(self) -> dict[str, OverlayPlan]: ...


def plan_for(
    catalogue: Catalogue,
    *,
    twins: Iterable[str] = (),
    overlays: Iterable[str] = (),
    removed_twins: Iterable[str] = (),
    removed_overlays: Iterable[str] = (),
) -> Plan:
    """Of these owners, which must be in the catalogue, with every shape that they bring."""
    planner = _Planner(catalogue)
    return planner.plan(
        tuple(planner.twin(twin_id) for twin_id in twins),
        tuple(planner.overlay(overlay_id) for overlay_id in overlays),
        tuple(removed_twins),
        tuple(removed_overlays),
    )


def plan_of(catalogue: Catalogue, twins: Iterable[str], overlays: Iterable[str]) -> Plan:
    """Of owners that a change reached, those that are gone included."""
    twins, overlays = sorted(twins), sorted(overlays)
    return plan_for(
        catalogue,
        twins=[id for id in twins if catalogue.twin(id)],
        overlays=[id for id in overlays if catalogue.overlay(id)],
        removed_twins=[id for id in twins if not catalogue.twin(id)],
        removed_overlays=[id for id in overlays if not catalogue.overlay(id)],
    )


def changed_since(catalogue: Catalogue, loaded: Loaded) -> Plan | None:
    """What the engine lacks or has in another revision, for start-up; None where it has everything."""
    planner = _Planner(catalogue)
    twins = [planner.twin(twin_id) for twin_id in catalogue.ids("twin")]
    overlays = [planner.overlay(overlay_id) for overlay_id in catalogue.ids("overlay")]
    plan = planner.plan(
        tuple(item for item in twins if loaded.twins.get(item.twin_id) != (item.revision, item.shape_id)),
        tuple(item for item in overlays if loaded.overlays.get(item.overlay_id) != item),
        tuple(twin_id for twin_id in loaded.twins if catalogue.twin(twin_id) is None),
        tuple(overlay_id for overlay_id in loaded.overlays if catalogue.overlay(overlay_id) is None),
    )
    empty = not (plan.twins or plan.overlays or plan.removed_twins or plan.removed_overlays)
    return None if empty else plan


class _Planner:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._shapes: dict[str, Shape] = {}
        self._lines: dict[str, str] = {}
        self._fed_by: dict[tuple[int, int], tuple[tuple[str, ...], Capabilities, tuple[str, ...]]] = {}

    def plan(
        self,
        twins: tuple[TwinPlan, ...],
        overlays: tuple[OverlayPlan, ...],
        removed_twins: tuple[str, ...],
        removed_overlays: tuple[str, ...],
    ) -> Plan:
        used = {item.shape_id: None for item in twins}
        used |= {item.shape_id: None for item in overlays}
        shapes = tuple(self._shapes[shape_id] for shape_id in used)
        return Plan(self._catalogue.revision, shapes, twins, overlays, removed_twins, removed_overlays)

    def twin(self, twin_id: str) -> TwinPlan:
        stored = _stored(self._catalogue, "twin", twin_id)
        twin = stored.definition
        assert isinstance(twin, Twin)
        mapped = self._catalogue.mapped(twin_id)
        return TwinPlan(
            twin_id,
            twin.twin_type,
            self._twin_shape(stored, twin),
            stored.revision,
            stored.life,
            self._fed(twin_id, mapped) if mapped else (),
            mapped is not None,
        )

    def _fed(self, twin_id: str, mapped: tuple[str, ...]) -> tuple[str, ...]:
        """Of the mapped properties those that the twin has and does not compute; one tuple for twins of a type."""
        capabilities = self._catalogue.capabilities(twin_id)
        key = (id(mapped), id(capabilities))
        found = self._fed_by.get(key)
        if found is None:
            properties = capabilities.properties
            fed = tuple(name for name in mapped if name in properties and properties[name].computed is None)
            found = self._fed_by[key] = (mapped, capabilities, fed)  # both kept: their identity is the key
        return found[2]

    def overlay(self, overlay_id: str) -> OverlayPlan:
        stored = _stored(self._catalogue, "overlay", overlay_id)
        overlay = stored.definition
        assert isinstance(overlay, Overlay)
        bound = bound_in(self._catalogue, overlay)
        return OverlayPlan(
            overlay_id,
            overlay.overlay_type,
            self._overlay_shape(stored, overlay),
            stored.revision,
            bound.twins,
            bound.overlays,
            overlay.lifecycle,
            bound.members,
        )

    def _twin_shape(self, stored: StoredDefinition, twin: Twin) -> str:
        catalogue = self._catalogue
        shape_id = self._line(twin.twin_type)
        if twin.properties or twin.methods or twin.events or twin.behaviors or twin.interlocks:
            shape_id = f"twin/{twin.twin_id}/{stored.revision}+{shape_id}"
            capabilities, what = catalogue.capabilities(twin.twin_id), f"twin '{twin.twin_id}'"
        else:
            capabilities, what = catalogue.type_capabilities(twin.twin_type), f"twin type '{twin.twin_type}'"
        if shape_id not in self._shapes:
            place = Place("twin", what, capabilities)
            self._shapes[shape_id] = Shape(
                shape_id,
                property_plans(capabilities),
                tuple(method_plan(item) for item in capabilities.methods.values()),
                tuple(rule(item, place) for item in capabilities.behaviors.values()),
                tuple(interlock(item, place) for item in capabilities.interlocks.values()),
                tuple(event_plan(item) for item in capabilities.events.values()),
            )
        return shape_id

    def _line(self, type_id: str) -> str:
        """The type and those it extends, each with its revision: what a shape of it is made of."""
        found = self._lines.get(type_id)
        if found is None:
            line = lineage(self._catalogue, type_id)
            found = "+".join(_part(self._catalogue.get("twin_type", at), "twin_type", at) for at in line)
            self._lines[type_id] = found
        return found

    def _overlay_shape(self, stored: StoredDefinition, overlay: Overlay) -> str:
        """Rules depend on roles, not on who fills them, so overlays of a type share its shape; only where a twin that
        adds parts of its own makes a rule come out differently, that overlay gets a shape of its own."""
        catalogue = self._catalogue
        overlay_type = catalogue.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
        plain = overlay_type is not None and not overlay.behaviors and not overlay.interlocks
        if overlay_type is not None and plain and fills_plainly(catalogue, overlay, overlay_type):
            type_id = overlay_type.type_id
            return self._type_shape(
                _part(catalogue.get("overlay_type", type_id), "overlay_type", type_id), overlay_type
            )
        place = Place("overlay", "this overlay", named=names_in_overlay(catalogue, overlay))
        rules = tuple(rule(item, place) for item in behaviors_in_effect(catalogue, overlay).values())
        interlocks = tuple(interlock(item, place) for item in interlocks_in_effect(catalogue, overlay).values())
        shape_id = f"overlay/{overlay.overlay_id}/{stored.revision}"
        if overlay.overlay_type is not None:
            key: Kind = "overlay_type"
            shape_id += "+" + _part(catalogue.get(key, overlay.overlay_type), key, overlay.overlay_type)
        shape_id += _twist(rules, interlocks)
        self._shapes.setdefault(shape_id, Shape(shape_id, rules=rules, interlocks=interlocks))
        return shape_id

    def _type_shape(self, shape_id: str, overlay_type: OverlayType) -> str:
        found = self._shapes.get("?" + shape_id)
        if found is None:
            place = Place("overlay_type", "this overlay type", named=names_in_type(self._catalogue, overlay_type))
            rules = tuple(rule(item, place) for item in overlay_type.behaviors)
            interlocks = tuple(interlock(item, place) for item in overlay_type.interlocks)
            found = Shape(shape_id + _twist(rules, interlocks), rules=rules, interlocks=interlocks)
            self._shapes["?" + shape_id] = self._shapes[found.shape_id] = found
        return found.shape_id


def _twist(rules: tuple[Rule, ...], interlocks: tuple[Interlock, ...]) -> str:
    """What else the content depends on: arguments and errors follow from other definitions than the shape's own."""
    told = "".join(
        f"{item.name}:{item.error}:{item.actions}{item.otherwise}{item.escalations};"
        for item in rules
        if item.error or item.actions or item.otherwise or item.escalations
    )
    told += "".join(f"{item.name}:{item.error};" for item in interlocks if item.error)
    return "~" + hashlib.blake2b(told.encode(), digest_size=6).hexdigest() if told else ""


def _part(stored: StoredDefinition | None, kind: Kind, id: str) -> str:
    return f"{kind}/{id}/{stored.revision if stored else 0}"


def _stored(catalogue: Catalogue, kind: Kind, id: str) -> StoredDefinition:
    found = catalogue.get(kind, id)
    assert found is not None, f"{kind} {id} is not in the catalogue"
    return found
