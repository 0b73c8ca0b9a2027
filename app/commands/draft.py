"""The catalogue as it would be after a change, without copying it: a few documents laid over the one that stands.

Checks, edges and plans read a `World`, so they work on the catalogue and on a draft of it alike. A draft is good for
one request and must not outlive the catalogue revision that it was made on.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from app.model.catalogue import NO_CAPABILITIES, Capabilities, adds_capabilities, own_capabilities
from app.model.composition import overlays_in, twins_in
from app.model.connectivity import Template, template_of
from app.model.definitions import Definition, Kind, Overlay, OverlayType, RelationshipType, Twin, TwinType
from app.model.lineage import family, lineage
from app.model.relationship_types import BUILT_IN

Key = tuple[Kind, str]


class World(Protocol):
    """The reading side of Catalogue."""

    def ids(self, kind: Kind) -> Iterable[str]: ...

    def relationship_type(self, name: str) -> RelationshipType | None: ...

    def twin_type(self, type_id: str) -> TwinType | None: ...

    def twin(self, twin_id: str) -> Twin | None: ...

    def overlay_type(self, type_id: str) -> OverlayType | None: ...

    def overlay(self, overlay_id: str) -> Overlay | None: ...

    def subtypes_of(self, type_id: str) -> list[str]: ...

    def twins_of_type(self, type_id: str) -> list[str]: ...

    def twins_of_exactly(self, type_id: str) -> Iterable[str]: ...

    def overlays_of_type(self, type_id: str) -> list[str]: ...

    def overlays_of_twin(self, twin_id: str) -> list[str]: ...

    def overlays_of_overlay(self, overlay_id: str) -> list[str]: ...

    def overlay_types_of_twin_type(self, type_id: str) -> list[str]: ...

    def overlay_types_of_overlay_type(self, type_id: str) -> list[str]: ...

    def capabilities(self, twin_id: str) -> Capabilities: ...

    def type_capabilities(self, type_id: str) -> Capabilities: ...

    def template(self, type_id: str) -> Template | None: ...


class Draft:
    """Implements World. `changes` maps what is saved to its definition and what is removed to None."""

    def __init__(self, base: World, changes: Mapping[Key, Definition | None]) -> None:
        self._base = base
        self._changes = changes
        self._capabilities: dict[str, Capabilities] = {}
        self._type_capabilities: dict[str, Capabilities] = {}
        self._templates: dict[str, Template | None] = {}
        self._touched: dict[str, bool] = {}
        self._subtypes_of: dict[str, set[str]] = {}
        self._twins_of_type: dict[str, set[str]] = {}
        self._overlays_of_type: dict[str, set[str]] = {}
        self._overlays_of_twin: dict[str, set[str]] = {}
        self._overlays_of_overlay: dict[str, set[str]] = {}
        self._overlay_types_of_twin_type: dict[str, set[str]] = {}
        self._overlay_types_of_overlay_type: dict[str, set[str]] = {}
        for definition in changes.values():
            self._index(definition)

    def ids(self, kind: Kind) -> Iterable[str]:
        for id in self._base.ids(kind):
            if (kind, id) not in self._changes:
                yield id
        for (changed, id), definition in self._changes.items():
            if changed == kind and (definition is not None or (kind == "relationship_type" and id in BUILT_IN)):
                yield id

    def relationship_type(self, name: str) -> RelationshipType | None:
        key: Key = ("relationship_type", name)
        if key not in self._changes:
            return self._base.relationship_type(name)
        found = self._changes[key]
        return found if isinstance(found, RelationshipType) else BUILT_IN.get(name)

    def twin_type(self, type_id: str) -> TwinType | None:
        key: Key = ("twin_type", type_id)
        if key not in self._changes:
            return self._base.twin_type(type_id)
        found = self._changes[key]
        return found if isinstance(found, TwinType) else None

    def twin(self, twin_id: str) -> Twin | None:
        key: Key = ("twin", twin_id)
        if key not in self._changes:
            return self._base.twin(twin_id)
        found = self._changes[key]
        return found if isinstance(found, Twin) else None

    def overlay_type(self, type_id: str) -> OverlayType | None:
        key: Key = ("overlay_type", type_id)
        if key not in self._changes:
            return self._base.overlay_type(type_id)
        found = self._changes[key]
        return found if isinstance(found, OverlayType) else None

    def overlay(self, overlay_id: str) -> Overlay | None:
        key: Key = ("overlay", overlay_id)
        if key not in self._changes:
            return self._base.overlay(overlay_id)
        found = self._changes[key]
        return found if isinstance(found, Overlay) else None

    def subtypes_of(self, type_id: str) -> list[str]:
        return self._with(self._base.subtypes_of(type_id), "twin_type", self._subtypes_of.get(type_id))

    def twins_of_type(self, type_id: str) -> list[str]:
        return sorted(twin_id for below in family(self, type_id) for twin_id in self.twins_of_exactly(below))

    def twins_of_exactly(self, type_id: str) -> list[str]:
        return self._with(self._base.twins_of_exactly(type_id), "twin", self._twins_of_type.get(type_id))

    def overlays_of_type(self, type_id: str) -> list[str]:
        return self._with(self._base.overlays_of_type(type_id), "overlay", self._overlays_of_type.get(type_id))

    def overlays_of_twin(self, twin_id: str) -> list[str]:
        return self._with(self._base.overlays_of_twin(twin_id), "overlay", self._overlays_of_twin.get(twin_id))

    def overlays_of_overlay(self, overlay_id: str) -> list[str]:
        return self._with(
            self._base.overlays_of_overlay(overlay_id), "overlay", self._overlays_of_overlay.get(overlay_id)
        )

    def overlay_types_of_twin_type(self, type_id: str) -> list[str]:
        drafted = self._overlay_types_of_twin_type.get(type_id)
        return self._with(self._base.overlay_types_of_twin_type(type_id), "overlay_type", drafted)

    def overlay_types_of_overlay_type(self, type_id: str) -> list[str]:
        drafted = self._overlay_types_of_overlay_type.get(type_id)
        return self._with(self._base.overlay_types_of_overlay_type(type_id), "overlay_type", drafted)

    def capabilities(self, twin_id: str) -> Capabilities:
        twin = self.twin(twin_id)
        if twin is None:
            return NO_CAPABILITIES
        if ("twin", twin_id) not in self._changes and not self._is_touched(twin.twin_type):
            return self._base.capabilities(twin_id)
        found = self._capabilities.get(twin_id)
        if found is None:
            found = self.type_capabilities(twin.twin_type)
            if adds_capabilities(twin):
                found = self._capabilities[twin_id] = found.with_own(own_capabilities(twin))
        return found

    def type_capabilities(self, type_id: str) -> Capabilities:
        if not self._is_touched(type_id):
            return self._base.type_capabilities(type_id)
        found = self._type_capabilities.get(type_id)
        if found is None:
            found = self._type_capabilities[type_id] = self._type_anew(type_id)
        return found

    def template(self, type_id: str) -> Template | None:
        if not self._is_touched(type_id):
            return self._base.template(type_id)
        if type_id not in self._templates:
            self._templates[type_id] = template_of(self, type_id)
        return self._templates[type_id]

    def _type_anew(self, type_id: str) -> Capabilities:
        found: Capabilities | None = None
        for at in reversed(lineage(self, type_id)):
            twin_type = self.twin_type(at)
            if not self._is_touched(at):
                found = self._base.type_capabilities(at)
            elif twin_type is not None:
                own = own_capabilities(twin_type)
                found = found.with_own(own) if found else own
        return found or NO_CAPABILITIES

    def _is_touched(self, type_id: str) -> bool:
        """Whether the change has the type or one that it extends: only then its parts can differ from the base's."""
        found = self._touched.get(type_id)
        if found is None:
            found = any(("twin_type", at) in self._changes for at in lineage(self, type_id))
            self._touched[type_id] = found
        return found

    def _index(self, definition: Definition | None) -> None:
        match definition:
            case Twin():
                self._twins_of_type.setdefault(definition.twin_type, set()).add(definition.twin_id)
            case Overlay():
                id = definition.overlay_id
                if definition.overlay_type is not None:
                    self._overlays_of_type.setdefault(definition.overlay_type, set()).add(id)
                for twin_id in twins_in(definition):
                    self._overlays_of_twin.setdefault(twin_id, set()).add(id)
                for inner_id in overlays_in(definition):
                    self._overlays_of_overlay.setdefault(inner_id, set()).add(id)
            case TwinType():
                if definition.extends is not None:
                    self._subtypes_of.setdefault(definition.extends, set()).add(definition.type_id)
            case OverlayType():
                for role in definition.twin_roles:
                    if role.twin_type is not None:
                        self._overlay_types_of_twin_type.setdefault(role.twin_type, set()).add(definition.type_id)
                    if role.overlay_type is not None:
                        self._overlay_types_of_overlay_type.setdefault(role.overlay_type, set()).add(definition.type_id)
            case _:
                pass

    def _with(self, standing: Iterable[str], kind: Kind, drafted: set[str] | None) -> list[str]:
        return sorted({id for id in standing if (kind, id) not in self._changes}.union(drafted or ()))
