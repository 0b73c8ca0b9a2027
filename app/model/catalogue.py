"""All definitions as they stand, in memory: what checks, plans and queries look names up in.

The graph is the truth; this is its image in the one process that may write it (design D5, D12). It is changed only by
`apply` with a DefinitionChange that the graph has already committed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.model.behaviors import BehaviorDefinition
from app.model.change import DefinitionChange, StoredDefinition
from app.model.composition import overlays_in, twins_in
from app.model.connectivity import Template, mapped_by, part_of_twin, paths_of, takes_template, template_of, whole
from app.model.definitions import (
    MODELS,
    Connectivity,
    Definition,
    EventDefinition,
    Kind,
    MethodDefinition,
    Overlay,
    OverlayType,
    PropertyDefinition,
    RelationshipRule,
    RelationshipType,
    Twin,
    TwinType,
    share_names_of_fields,
)
from app.model.interlocks import InterlockDefinition
from app.model.lineage import family, lineage
from app.model.relationship_types import BUILT_IN, stored_built_in


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a twin can do and show: its type's parts with its own added or replacing by name."""

    properties: Mapping[str, PropertyDefinition]
    methods: Mapping[str, MethodDefinition]
    events: Mapping[str, EventDefinition]
    behaviors: Mapping[str, BehaviorDefinition]
    interlocks: Mapping[str, InterlockDefinition]
    relationships: Mapping[str, RelationshipRule]
    """What a type says of its twins' relationships; a twin says nothing of its own."""

    def with_own(self, own: "Capabilities") -> "Capabilities":
        """These with a twin's own added or replacing by name; the same object where it adds nothing."""
        if not any((own.properties, own.methods, own.events, own.behaviors, own.interlocks, own.relationships)):
            return self
        return Capabilities(
            {**self.properties, **own.properties},
            {**self.methods, **own.methods},
            {**self.events, **own.events},
            {**self.behaviors, **own.behaviors},
            {**self.interlocks, **own.interlocks},
            {**self.relationships, **own.relationships},
        )


NO_CAPABILITIES = Capabilities({}, {}, {}, {}, {}, {})


@dataclass(slots=True)
class Catalogue:
    revision: int = 0
    stored: dict[tuple[Kind, str], StoredDefinition] = field(default_factory=dict)
    followers: list[Callable[[DefinitionChange], None]] = field(default_factory=list)
    """Told of every change once it is applied, in the same turn: whoever keeps an index of definitions."""
    _by_kind: dict[Kind, dict[str, StoredDefinition]] = field(default_factory=lambda: {kind: {} for kind in MODELS})
    _subtypes_of: dict[str, set[str]] = field(default_factory=dict)
    _twins_of_type: dict[str, set[str]] = field(default_factory=dict)
    _overlays_of_type: dict[str, set[str]] = field(default_factory=dict)
    _overlays_of_twin: dict[str, set[str]] = field(default_factory=dict)
    _overlays_of_overlay: dict[str, set[str]] = field(default_factory=dict)
    _overlay_types_of_twin_type: dict[str, set[str]] = field(default_factory=dict)
    _overlay_types_of_overlay_type: dict[str, set[str]] = field(default_factory=dict)
    _twins_relating_to: dict[str, set[str]] = field(default_factory=dict)
    _overlays_relating_to: dict[str, set[str]] = field(default_factory=dict)
    _capabilities: dict[str, Capabilities] = field(default_factory=dict)
    _templates: dict[str, Template | None] = field(default_factory=dict)

    # ------------------------------------------------------------ reading

    def get(self, kind: Kind, id: str) -> StoredDefinition | None:
        return self._by_kind[kind].get(id)

    def standing(self, kind: Kind, id: str) -> StoredDefinition | None:
        """The stored one, else the built-in one: what is in effect under that id."""
        return self.get(kind, id) or (stored_built_in(id) if kind == "relationship_type" else None)

    def ids(self, kind: Kind) -> Iterable[str]:
        """Built-in relationship types included."""
        found = self._by_kind[kind]
        return {**dict.fromkeys(BUILT_IN), **found}.keys() if kind == "relationship_type" else found.keys()

    def all(self, kind: Kind) -> Iterable[StoredDefinition]:
        return self._by_kind[kind].values()

    def relationship_type(self, name: str) -> RelationshipType | None:
        """The stored one, else the built-in one."""
        found = self._by_kind["relationship_type"].get(name)
        return found.definition if found else BUILT_IN.get(name)  # type: ignore[return-value]

    def twin_type(self, type_id: str) -> TwinType | None:
        found = self._by_kind["twin_type"].get(type_id)
        return found.definition if found else None  # type: ignore[return-value]

    def twin(self, twin_id: str) -> Twin | None:
        found = self._by_kind["twin"].get(twin_id)
        return found.definition if found else None  # type: ignore[return-value]

    def overlay_type(self, type_id: str) -> OverlayType | None:
        found = self._by_kind["overlay_type"].get(type_id)
        return found.definition if found else None  # type: ignore[return-value]

    def overlay(self, overlay_id: str) -> Overlay | None:
        found = self._by_kind["overlay"].get(overlay_id)
        return found.definition if found else None  # type: ignore[return-value]

    def subtypes_of(self, type_id: str) -> list[str]:
        """Types that extend this one directly."""
        return sorted(self._subtypes_of.get(type_id, ()))

    def twins_of_type(self, type_id: str) -> list[str]:
        """Twins of this type and of every type below it."""
        return sorted(twin_id for below in family(self, type_id) for twin_id in self.twins_of_exactly(below))

    def twins_of_exactly(self, type_id: str) -> Iterable[str]:
        """Twins that name this very type, in no order."""
        return self._twins_of_type.get(type_id, ())

    def overlays_of_type(self, type_id: str) -> list[str]:
        return sorted(self._overlays_of_type.get(type_id, ()))

    def overlays_of_twin(self, twin_id: str) -> list[str]:
        """Overlays in which the twin fills a role."""
        return sorted(self._overlays_of_twin.get(twin_id, ()))

    def overlays_of_overlay(self, overlay_id: str) -> list[str]:
        """Overlays in which this one fills a role."""
        return sorted(self._overlays_of_overlay.get(overlay_id, ()))

    def overlay_types_of_twin_type(self, type_id: str) -> list[str]:
        """Overlay types with a role for this very type."""
        return sorted(self._overlay_types_of_twin_type.get(type_id, ()))

    def overlay_types_of_overlay_type(self, type_id: str) -> list[str]:
        """Overlay types with a role that overlays of this one fill."""
        return sorted(self._overlay_types_of_overlay_type.get(type_id, ()))

    def twins_relating_to(self, twin_id: str) -> list[str]:
        """Twins with a relationship whose target has this id, whether it exists or not."""
        return sorted(self._twins_relating_to.get(twin_id, ()))

    def overlays_relating_to(self, twin_id: str) -> list[str]:
        """Overlays with a relationship of their own that names this id, whether it exists or not."""
        return sorted(self._overlays_relating_to.get(twin_id, ()))

    def capabilities(self, twin_id: str) -> Capabilities:
        """Of a twin, its type's included; empty for an unknown twin."""
        found = self._capabilities.get(twin_id)
        if found is None:
            twin = self.twin(twin_id)
            if twin is None:
                return NO_CAPABILITIES
            found = self.type_capabilities(twin.twin_type)
            if adds_capabilities(twin):
                found = self._capabilities[twin_id] = found.with_own(own_capabilities(twin))
        return found

    def type_capabilities(self, type_id: str) -> Capabilities:
        """Of a type, those it extends included; the same object as the type above where it adds nothing."""
        found = self._capabilities.get(_type_key(type_id))
        if found is None:
            if self.twin_type(type_id) is None:
                return NO_CAPABILITIES
            for at in reversed(lineage(self, type_id)):
                known, twin_type = self._capabilities.get(_type_key(at)), self.twin_type(at)
                if known is None and twin_type is not None:
                    own = own_capabilities(twin_type)
                    known = self._capabilities[_type_key(at)] = found.with_own(own) if found else own
                found = known or found
        return found or NO_CAPABILITIES

    def template(self, type_id: str) -> Template | None:
        """The connectivity that a type gives its twins, those it extends included."""
        if type_id not in self._templates:
            self._templates[type_id] = template_of(self, type_id)
        return self._templates[type_id]

    def connectivity(self, twin_id: str) -> Connectivity | None:
        """Of a twin, its type's included; None for one without, and for an unknown twin."""
        twin = self.twin(twin_id)
        if twin is None:
            return None
        template = self.template(twin.twin_type)
        if takes_template(twin):
            return template.connectivity(twin_id) if template is not None else None
        return whole(part_of_twin(template, twin))

    def mapped(self, twin_id: str) -> tuple[str, ...] | None:
        """The properties that a path of a twin maps; None for one without connectivity."""
        twin = self.twin(twin_id)
        if twin is not None and takes_template(twin):
            template = self.template(twin.twin_type)
            return template.mapped if template is not None else None
        found = self.connectivity(twin_id)
        return mapped_by(*paths_of(found)) if found is not None else None

    # ------------------------------------------------------------ changing

    @classmethod
    def of(cls, revision: int, stored: Iterable[StoredDefinition]) -> "Catalogue":
        catalogue = cls(revision)
        for item in stored:
            catalogue._put(item)
        return catalogue

    def copy(self) -> "Catalogue":
        """A shallow image to try a change on; definitions are immutable, so nothing is shared that could change."""
        return Catalogue.of(self.revision, self.stored.values())

    def apply(self, change: DefinitionChange) -> None:
        for kind, id in change.removed:
            self._drop(kind, id)
        for item in change.saved:
            self._put(item)
        if any(kind == "twin_type" for kind, _ in (*change.removed, *((item.kind, item.id) for item in change.saved))):
            self._capabilities.clear()
            self._templates.clear()
        self.revision = change.catalogue_revision + 1
        for follow in self.followers:
            follow(change)

    def _put(self, item: StoredDefinition) -> None:
        self._drop(item.kind, item.id)
        share_names_of_fields(item.definition)
        self.stored[(item.kind, item.id)] = item
        self._by_kind[item.kind][item.id] = item
        for index, keys in self._index_entries(item.definition):
            for key in keys:
                index.setdefault(key, set()).add(item.id)

    def _drop(self, kind: Kind, id: str) -> None:
        item = self.stored.pop((kind, id), None)
        if item is None:
            return
        del self._by_kind[kind][id]
        if kind == "twin":
            self._capabilities.pop(id, None)
        for index, keys in self._index_entries(item.definition):
            for key in keys:
                index[key].discard(id)
                if not index[key]:
                    del index[key]

    def _index_entries(self, definition: Definition) -> list[tuple[dict[str, set[str]], set[str]]]:
        match definition:
            case RelationshipType():
                return []
            case Twin():
                return [
                    (self._twins_of_type, {definition.twin_type}),
                    (self._twins_relating_to, {item.target_twin_id for item in definition.relationships}),
                ]
            case OverlayType():
                roles = definition.twin_roles
                return [
                    (self._overlay_types_of_twin_type, {role.twin_type for role in roles if role.twin_type}),
                    (self._overlay_types_of_overlay_type, {role.overlay_type for role in roles if role.overlay_type}),
                ]
            case TwinType():
                return [(self._subtypes_of, {definition.extends} if definition.extends else set())]
            case Overlay():
                types = {definition.overlay_type} if definition.overlay_type else set()
                return [
                    (self._overlays_of_type, types),
                    (self._overlays_of_twin, set(twins_in(definition))),
                    (self._overlays_of_overlay, set(overlays_in(definition))),
                    (
                        self._overlays_relating_to,
                        {
                            end
                            for item in definition.relationships
                            for end in (item.source_twin_id, item.target_twin_id)
                        },
                    ),
                ]


def _type_key(type_id: str) -> str:
    """No twin has an id with a slash, so twins and types share one map."""
    return "type/" + type_id


def adds_capabilities(twin: Twin) -> bool:
    """Most twins have what their type has, and nothing is kept for those."""
    return bool(twin.properties or twin.methods or twin.events or twin.behaviors or twin.interlocks)


def own_capabilities(definition: TwinType | Twin) -> Capabilities:
    """What the document itself declares."""

    def by_name(items: Iterable[Any]) -> dict[str, Any]:
        return {item.name: item for item in items}

    return Capabilities(
        by_name(definition.properties),
        by_name(definition.methods),
        by_name(definition.events),
        by_name(definition.behaviors),
        by_name(definition.interlocks),
        by_name(definition.relationships) if isinstance(definition, TwinType) else {},
    )
