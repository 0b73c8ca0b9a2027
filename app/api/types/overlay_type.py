"""OverlayType: the template that overlays take their roles, relationships and behaviors from."""

import strawberry

from app.api.connections import After, Before, Connection, First, Last, show
from app.api.context import Info
from app.api.filters import window
from app.api.ids import global_id
from app.api.scalars import JSON
from app.api.types.asset import REFERENCES, AssetReference, referenced
from app.api.types.behavior_definition import BehaviorDefinition
from app.api.types.interlock import Interlock
from app.api.types.node import Definition
from app.api.types.overlay import Overlay
from app.api.types.relationship_type import Typed
from app.find.query import Order, OverlayFilter
from app.model import definitions as model
from app.model.catalogue import Catalogue
from app.model.composition import role_relationship_type


@strawberry.type(description="A role that overlays of a type have.")
class RoleDefinition:
    role: str = strawberry.field(description="Unique within the type.")
    description: str = strawberry.field(description="In the author's words; empty where none was written.")
    required: bool = strawberry.field(description="Whether every overlay of the type must fill it.")
    many: bool = strawberry.field(description="Whether more than one may fill it.")
    twin_type: strawberry.ID | None = strawberry.field(
        description="The type of twins that fill it, subtypes included; null where overlays do."
    )
    overlay_type: strawberry.ID | None = strawberry.field(
        description="The overlay type of overlays that fill it; null where twins do."
    )


@strawberry.type(description="An edge between roles, made for every overlay that fills both.")
class RoleRelationship(Typed):
    name: str = strawberry.field(description="Unique within the type.")
    description: str = strawberry.field(description="In the author's words; empty where none was written.")
    source_role: str = strawberry.field(description="The role it starts from.")
    target_role: str = strawberry.field(description="The role it leads to.")
    required: bool = strawberry.field(description="Whether every overlay of the type must have it.")


@strawberry.type(description="A template for overlays.")
class OverlayType(Definition):
    definition: strawberry.Private[model.OverlayType]
    type_id: strawberry.ID = strawberry.field(description="The id that people write, unique among overlay types.")
    name: str = strawberry.field(description="For people; empty where none was written.")

    @strawberry.field(description="The roles of its overlays.")
    def roles(self) -> list[RoleDefinition]:
        return [
            RoleDefinition(
                role=item.role,
                description=item.description,
                required=item.required,
                many=item.many,
                twin_type=strawberry.ID(item.twin_type) if item.twin_type else None,
                overlay_type=strawberry.ID(item.overlay_type) if item.overlay_type else None,
            )
            for item in self.definition.twin_roles
        ]

    @strawberry.field(description="The edges between those roles.")
    def relationships(self, info: Info) -> list[RoleRelationship]:
        return [
            RoleRelationship(
                name=item.name,
                description=item.description,
                source_role=item.source_role,
                target_role=item.target_role,
                relationship_type=role_relationship_type(info.context.catalogue, self.definition, item),
                group=item.group,
                required=item.required,
            )
            for item in self.definition.relationship_types
        ]

    @strawberry.field(description="What its overlays do; each overlay has its own live state of them.")
    def behaviors(self) -> list[BehaviorDefinition]:
        return [BehaviorDefinition.of(item) for item in self.definition.behaviors]

    @strawberry.field(description="What must not be sent to whoever fills its roles, and when.")
    def interlocks(self) -> list[Interlock]:
        return [Interlock.of(item) for item in self.definition.interlocks]

    @strawberry.field(description="The visualization of its overlays; null where it has none.")
    def visualization(self) -> JSON | None:
        return JSON(self.definition.visualization) if self.definition.visualization is not None else None

    @strawberry.field(description=REFERENCES)
    async def assets(self, info: Info) -> list[AssetReference]:
        return await referenced(info, self.definition.visualization, None)

    @strawberry.field(
        description="The overlays of this type that are not retired, by overlayId. PAGE_SIZE_INVALID, CURSOR_INVALID."
    )
    def overlays(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Overlay]:
        context = info.context
        found = context.services.finder.overlays(
            OverlayFilter(types=(self.type_id,)), Order(), window(first, after, last, before)
        )
        return show(found, Overlay.find, context.catalogue)

    @classmethod
    def find(cls, catalogue: Catalogue, type_id: str) -> "OverlayType | None":
        stored = catalogue.get("overlay_type", type_id)
        if stored is None or not isinstance(stored.definition, model.OverlayType):
            return None
        found = stored.definition
        return cls(
            id=global_id("OverlayType", type_id),
            stored=stored,
            definition=found,
            type_id=strawberry.ID(type_id),
            name=found.name,
        )
