"""Overlay: a group of twins by role, with relationships and behaviors of its own and of its type."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.alert_pages import newest_first
from app.api.context import Info
from app.api.ids import global_id
from app.api.scalars import JSON
from app.api.types.alert import Alert
from app.api.types.asset import REFERENCES, AssetReference, referenced
from app.api.types.behavior import Behavior, behaviors_of
from app.api.types.interlock import Interlock
from app.api.types.lifecycle import OverlayLifecycle
from app.api.types.node import Definition
from app.api.types.relationship_type import Typed
from app.api.types.twin import Twin
from app.commands.overlay_names import interlocks_in_effect
from app.model import definitions as model
from app.model.catalogue import Catalogue
from app.model.composition import overlay_edges, overlays_within, twins_within
from app.model.plan import OwnerKey

if TYPE_CHECKING:
    from app.api.types.overlay_type import OverlayType


@strawberry.type(description="A role of an overlay and who fills it: a twin or another overlay, or several.")
class OverlayRole:
    fillers: strawberry.Private[list[model.RoleBinding]]
    role: str = strawberry.field(description="Unique within the overlay.")
    description: str = strawberry.field(description="From the overlay's type; empty where there is none.")
    required: bool = strawberry.field(description="Whether the type demands it; false for a role the type lacks.")
    many: bool = strawberry.field(description="Whether more than one may fill it.")
    twin_type: strawberry.ID | None = strawberry.field(
        description="The twin type that the overlay's type asks for; null where it asks for an overlay, or has no role."
    )
    overlay_type: strawberry.ID | None = strawberry.field(
        description="The overlay type that the overlay's type asks for; null where it asks for a twin, or has no role."
    )

    @strawberry.field(description="The twin that fills it; null where it is open, an overlay fills it, or many may.")
    def twin_id(self) -> strawberry.ID | None:
        return None if self.many else next(iter(self._twin_ids()), None)

    @strawberry.field(description="The twin that fills it; null where it is open, an overlay fills it, or many may.")
    def twin(self, info: Info) -> Twin | None:
        return next(iter(self._twins(info)), None) if not self.many else None

    @strawberry.field(description="The twins that fill it; none where it is open or overlays do.")
    def twins(self, info: Info) -> list[Twin]:
        return self._twins(info)

    @strawberry.field(description="The overlay that fills it; null where it is open, a twin fills it, or many may.")
    def overlay_id(self) -> strawberry.ID | None:
        found = (strawberry.ID(item.overlay_id) for item in self.fillers if item.overlay_id is not None)
        return next(found, None) if not self.many else None

    @strawberry.field(description="The overlays that fill it; none where it is open or twins do.")
    def overlays(self, info: Info) -> list[Annotated["Overlay", strawberry.lazy("app.api.types.overlay")]]:
        found = (Overlay.find(info.context.catalogue, item.overlay_id) for item in self.fillers if item.overlay_id)
        return [overlay for overlay in found if overlay is not None]

    def _twin_ids(self) -> list[strawberry.ID]:
        return [strawberry.ID(item.twin_id) for item in self.fillers if item.twin_id is not None]

    def _twins(self, info: Info) -> list[Twin]:
        found = (Twin.find(info.context.catalogue, twin_id) for twin_id in self._twin_ids())
        return [twin for twin in found if twin is not None]


@strawberry.type(description="An edge between two twins of an overlay.")
class OverlayRelationship(Typed):
    name: str = strawberry.field(description="Unique within the overlay, together with both ends.")
    description: str = strawberry.field(description="From the overlay's type; empty where there is none.")
    source_twin_id: strawberry.ID = strawberry.field(description="The twin it starts from.")
    target_twin_id: strawberry.ID = strawberry.field(description="The twin it leads to.")

    @strawberry.field(description="The twin it starts from; null where it does not exist.")
    def source(self, info: Info) -> Twin | None:
        return Twin.find(info.context.catalogue, self.source_twin_id)

    @strawberry.field(description="The twin it leads to; null where it does not exist.")
    def target(self, info: Info) -> Twin | None:
        return Twin.find(info.context.catalogue, self.target_twin_id)


@strawberry.type(description="A group of twins by role.")
class Overlay(Definition):
    definition: strawberry.Private[model.Overlay]
    overlay_id: strawberry.ID = strawberry.field(description="The id that people write, unique among overlays.")
    overlay_type: strawberry.ID | None = strawberry.field(description="The typeId of its type; null where it has none.")
    name: str = strawberry.field(description="For people; empty where none was written.")

    @strawberry.field(description="Its type; null where it has none.")
    def type(self, info: Info) -> Annotated["OverlayType", strawberry.lazy("app.api.types.overlay_type")] | None:
        from app.api.types.overlay_type import OverlayType

        return OverlayType.find(info.context.catalogue, self.overlay_type) if self.overlay_type else None

    @strawberry.field(description="How far it is in its life: only an ACTIVE overlay's behaviors run.")
    def lifecycle(self) -> OverlayLifecycle:
        return OverlayLifecycle(overlay_id=self.overlay_id, lifecycle=self.definition.lifecycle)

    @strawberry.field(description="Its roles, the type's first, with who fills them.")
    def roles(self, info: Info) -> list[OverlayRole]:
        return roles_of(info.context.catalogue, self.definition)

    @strawberry.field(description="The roles that it fills itself, in other overlays.")
    def part_of(self, info: Info) -> list[Annotated["OverlayMembership", strawberry.lazy("app.api.types.overlay")]]:
        catalogue = info.context.catalogue
        return [
            item
            for outer in catalogue.overlays_of_overlay(self.overlay_id)
            for item in _memberships(catalogue, outer, overlay_id=self.overlay_id)
        ]

    @strawberry.field(
        description="Its edges, the type's included where both roles are filled: a role that many fill has one for "
        "each, all of one name."
    )
    def relationships(self, info: Info) -> list[OverlayRelationship]:
        return relationships_of(info.context.catalogue, self.definition)

    @strawberry.field(description="What must not be sent to its twins, and when; the type's included.")
    def interlocks(self, info: Info) -> list[Interlock]:
        found = interlocks_in_effect(info.context.catalogue, self.definition)
        return [Interlock.of(item) for item in found.values()]

    @strawberry.field(description="Its behaviors with their live state, the type's included.")
    def behaviors(self, info: Info) -> list[Behavior]:
        return behaviors_of(info.context.catalogue, info.context.live, OwnerKey("overlay", self.overlay_id))

    @strawberry.field(
        description="The open alerts of its own behaviors, of the overlays inside it, and those that concern a twin in "
        "any of them, newest first."
    )
    def alerts(self, info: Info) -> list[Alert]:
        catalogue = info.context.catalogue
        overlays = set(overlays_within(catalogue, self.overlay_id))
        twins = set(twins_within(catalogue, self.overlay_id))
        return [
            Alert.of(item)
            for item in newest_first(info.context.live.open_alerts())
            if (item.owner.kind == "overlay" and item.owner.id in overlays) or not twins.isdisjoint(item.twins)
        ]

    @strawberry.field(description="Its visualization; null where it has none.")
    def visualization(self) -> JSON | None:
        return JSON(self.definition.visualization) if self.definition.visualization is not None else None

    @strawberry.field(description=REFERENCES)
    async def assets(self, info: Info) -> list[AssetReference]:
        return await referenced(info, self.definition.visualization, None)

    @classmethod
    def find(cls, catalogue: Catalogue, overlay_id: str) -> "Overlay | None":
        stored = catalogue.get("overlay", overlay_id)
        if stored is None or not isinstance(stored.definition, model.Overlay):
            return None
        found = stored.definition
        return cls(
            id=global_id("Overlay", overlay_id),
            stored=stored,
            definition=found,
            overlay_id=strawberry.ID(overlay_id),
            overlay_type=strawberry.ID(found.overlay_type) if found.overlay_type else None,
            name=found.name,
        )


@strawberry.type(description="A role that a twin or an overlay fills in an overlay.")
class OverlayMembership:
    role: str = strawberry.field(description="The role.")
    overlay: Overlay = strawberry.field(description="The overlay.")


def memberships(catalogue: Catalogue, twin_id: str) -> list[OverlayMembership]:
    return [
        item
        for overlay_id in catalogue.overlays_of_twin(twin_id)
        for item in _memberships(catalogue, overlay_id, twin_id=twin_id)
    ]


def _memberships(
    catalogue: Catalogue, outer: str, *, twin_id: str | None = None, overlay_id: str | None = None
) -> list[OverlayMembership]:
    overlay = Overlay.find(catalogue, outer)
    return [
        OverlayMembership(role=binding.role, overlay=overlay)
        for binding in (overlay.definition.twins if overlay is not None else ())
        if overlay is not None and (binding.twin_id, binding.overlay_id) == (twin_id, overlay_id)
    ]


def roles_of(catalogue: Catalogue, overlay: model.Overlay) -> list[OverlayRole]:
    fillers: dict[str, list[model.RoleBinding]] = {}
    for binding in overlay.twins:
        fillers.setdefault(binding.role, []).append(binding)
    kind = catalogue.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    declared = [
        OverlayRole(
            fillers=fillers.pop(item.role, []),
            role=item.role,
            description=item.description,
            required=item.required,
            many=item.many,
            twin_type=strawberry.ID(item.twin_type) if item.twin_type else None,
            overlay_type=strawberry.ID(item.overlay_type) if item.overlay_type else None,
        )
        for item in (kind.twin_roles if kind else ())
    ]
    own = [
        OverlayRole(
            fillers=filling,
            role=role,
            description="",
            required=False,
            many=False,
            twin_type=None,
            overlay_type=None,
        )
        for role, filling in fillers.items()
    ]
    return declared + own


def relationships_of(catalogue: Catalogue, overlay: model.Overlay) -> list[OverlayRelationship]:
    return [
        OverlayRelationship(
            name=edge.name,
            description=edge.description,
            relationship_type=edge.relationship_type,
            group=edge.group,
            source_twin_id=strawberry.ID(edge.source),
            target_twin_id=strawberry.ID(edge.target),
        )
        for edge in overlay_edges(catalogue, overlay)
    ]
