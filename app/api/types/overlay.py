"""Overlay: a group of twins by role, with relationships and behaviors of its own and of its type."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.context import Info
from app.api.ids import global_id
from app.api.loaders import newest_first
from app.api.scalars import JSON
from app.api.types.alert import Alert
from app.api.types.asset import REFERENCES, AssetReference, referenced
from app.api.types.behavior import Behavior, behaviors_of
from app.api.types.node import Definition
from app.api.types.twin import Twin
from app.model import definitions as model
from app.model import events
from app.model.catalogue import Catalogue
from app.model.plan import OwnerKey

if TYPE_CHECKING:
    from app.api.types.overlay_type import OverlayType


@strawberry.type(description="A role of an overlay and the twin that fills it.")
class OverlayRole:
    role: str = strawberry.field(description="Unique within the overlay.")
    description: str = strawberry.field(description="From the overlay's type; empty where there is none.")
    required: bool = strawberry.field(description="Whether the type demands it; false for a role the type lacks.")
    twin_type: strawberry.ID | None = strawberry.field(description="The twin type that the overlay's type asks for.")
    twin_id: strawberry.ID | None = strawberry.field(
        description="The twin that fills it; null for an optional role left open."
    )

    @strawberry.field(description="The twin that fills it; null for an optional role left open.")
    def twin(self, info: Info) -> Twin | None:
        return Twin.find(info.context.catalogue, self.twin_id) if self.twin_id else None


@strawberry.type(description="An edge between two twins of an overlay.")
class OverlayRelationship:
    name: str = strawberry.field(description="Unique within the overlay.")
    description: str = strawberry.field(description="From the overlay's type; empty where there is none.")
    relationship_type: str = strawberry.field(description="Such as physical_connection, control or monitoring.")
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

    @strawberry.field(description="Its roles, the type's first, with the twins that fill them.")
    def roles(self, info: Info) -> list[OverlayRole]:
        return roles_of(info.context.catalogue, self.definition)

    @strawberry.field(description="Its edges, the type's included where both roles are filled.")
    def relationships(self, info: Info) -> list[OverlayRelationship]:
        return relationships_of(info.context.catalogue, self.definition)

    @strawberry.field(description="Its behaviors with their live state, the type's included.")
    def behaviors(self, info: Info) -> list[Behavior]:
        return behaviors_of(info.context.catalogue, info.context.live, OwnerKey("overlay", self.overlay_id))

    @strawberry.field(
        description="The open alerts of its own behaviors and those that concern its twins, newest first."
    )
    def alerts(self, info: Info) -> list[Alert]:
        members = {binding.twin_id for binding in self.definition.twins}
        return [
            Alert.of(item)
            for item in newest_first(info.context.live.open_alerts())
            if concerns(item, self.overlay_id, members)
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


@strawberry.type(description="A role that a twin fills in an overlay.")
class OverlayMembership:
    role: str = strawberry.field(description="The role.")
    overlay: Overlay = strawberry.field(description="The overlay.")


def concerns(alert: events.Alert, overlay_id: str, members: set[str]) -> bool:
    """Whether an alert belongs on an overlay's screen: its own, or one about a member."""
    return alert.owner == OwnerKey("overlay", overlay_id) or not members.isdisjoint(alert.twins)


def memberships(catalogue: Catalogue, twin_id: str) -> list[OverlayMembership]:
    found = (Overlay.find(catalogue, overlay_id) for overlay_id in catalogue.overlays_of_twin(twin_id))
    return [
        OverlayMembership(role=binding.role, overlay=overlay)
        for overlay in found
        if overlay is not None
        for binding in overlay.definition.twins
        if binding.twin_id == twin_id
    ]


def roles_of(catalogue: Catalogue, overlay: model.Overlay) -> list[OverlayRole]:
    bound = {binding.role: binding.twin_id for binding in overlay.twins}
    kind = catalogue.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    declared = [
        OverlayRole(
            role=item.role,
            description=item.description,
            required=item.required,
            twin_type=strawberry.ID(item.twin_type),
            twin_id=strawberry.ID(bound.pop(item.role)) if item.role in bound else None,
        )
        for item in (kind.twin_roles if kind else ())
    ]
    own = [
        OverlayRole(role=role, description="", required=False, twin_type=None, twin_id=strawberry.ID(twin_id))
        for role, twin_id in bound.items()
    ]
    return declared + own


def relationships_of(catalogue: Catalogue, overlay: model.Overlay) -> list[OverlayRelationship]:
    bound = {binding.role: binding.twin_id for binding in overlay.twins}
    kind = catalogue.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    found = {
        item.name: OverlayRelationship(
            name=item.name,
            description=item.description,
            relationship_type=item.relationship_type,
            source_twin_id=strawberry.ID(bound[item.source_role]),
            target_twin_id=strawberry.ID(bound[item.target_role]),
        )
        for item in (kind.relationship_types if kind else ())
        if item.source_role in bound and item.target_role in bound
    }
    for edge in overlay.relationships:
        found[edge.name] = OverlayRelationship(
            name=edge.name,
            description="",
            relationship_type=edge.relationship_type,
            source_twin_id=strawberry.ID(edge.source_twin_id),
            target_twin_id=strawberry.ID(edge.target_twin_id),
        )
    return list(found.values())
