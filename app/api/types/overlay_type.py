"""OverlayType: the template that overlays take their roles, relationships and behaviors from."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

import strawberry

from app.api.connections import PAGES, After, Before, Connection, First, Last, connect, show
from app.api.context import Context, Info
from app.api.filters import FINDING, OverlayOrderArgument, OverlayWhereArgument, of_type, window
from app.api.ids import global_id
from app.api.scalars import JSON
from app.api.types.asset import REFERENCES, AssetReference, referenced
from app.api.types.behavior_definition import BehaviorDefinition
from app.api.types.definition import Definition
from app.api.types.interlock import Interlock
from app.api.types.overlay import Overlay
from app.api.types.relationship_type import Typed
from app.api.types.twin import Twin
from app.api.types.twin_type import TwinType
from app.find.query import Order, OverlayFilter
from app.model import definitions as model
from app.model.catalogue import Catalogue
from app.model.composition import role_relationship_type


@strawberry.type(description="A role that overlays of a type have.")
class RoleDefinition:
    holder_type: strawberry.Private[str]
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

    @strawberry.field(description="The type whose overlays have it; null where that was deleted meanwhile.")
    def type(self, info: Info) -> "OverlayType | None":
        return OverlayType.find(info.context.catalogue, self.holder_type)

    @strawberry.field(description="What fills it: the twin type, or the overlay type, that it asks for.")
    def filled_by(self, info: Info) -> Definition | None:
        catalogue = info.context.catalogue
        if self.twin_type is not None:
            return TwinType.find(catalogue, self.twin_type)
        return OverlayType.find(catalogue, self.overlay_type) if self.overlay_type is not None else None

    @strawberry.field(description=f"The twins that fill it, in any overlay of the type, each once, by twinId. {PAGES}.")
    def twins(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Twin]:
        catalogue = info.context.catalogue
        ids = sorted({item.twin_id for item in self._bindings(catalogue) if item.twin_id is not None})
        of = f"twins/{self.holder_type}/{self.role}"
        return connect(ids, Twin.find, info.context, first, after, last, before, of)

    @strawberry.field(
        description=f"The overlays that fill it, in any overlay of the type, each once, by overlayId. {PAGES}."
    )
    def overlays(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Overlay]:
        catalogue = info.context.catalogue
        ids = sorted({item.overlay_id for item in self._bindings(catalogue) if item.overlay_id is not None})
        of = f"overlays/{self.holder_type}/{self.role}"
        return connect(ids, Overlay.find, info.context, first, after, last, before, of)

    def _bindings(self, catalogue: Catalogue) -> Iterator[model.RoleBinding]:
        for overlay_id in catalogue.overlays_of_type(self.holder_type):
            overlay = catalogue.overlay(overlay_id)
            yield from (item for item in (overlay.twins if overlay is not None else ()) if item.role == self.role)

    @classmethod
    def of(cls, holder_type: str, item: model.RoleDefinition) -> "RoleDefinition":
        return cls(
            holder_type=holder_type,
            role=item.role,
            description=item.description,
            required=item.required,
            many=item.many,
            twin_type=strawberry.ID(item.twin_type) if item.twin_type else None,
            overlay_type=strawberry.ID(item.overlay_type) if item.overlay_type else None,
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
        return [RoleDefinition.of(self.type_id, item) for item in self.definition.twin_roles]

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
        description="The overlays of this type, a page at a time; those that are not retired where the filter asks for "
        f"no lifecycle. {FINDING}"
    )
    def overlays(
        self,
        info: Info,
        where: OverlayWhereArgument = None,
        order_by: OverlayOrderArgument = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Overlay]:
        context = info.context
        asked = where.asked() if where else OverlayFilter()
        asked = replace(asked, types=of_type(asked.types, (self.type_id,)))
        order = order_by.asked() if order_by else Order()
        found = context.services.finder.overlays(asked, order, window(first, after, last, before))
        return show(found, Overlay.find, context.catalogue)

    @strawberry.field(
        description=f"The roles that overlays of this type fill, in other overlay types, by type and role. {PAGES}."
    )
    def fills_roles(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[RoleDefinition]:
        catalogue = info.context.catalogue
        found = roles_asking(catalogue, catalogue.overlay_types_of_overlay_type(self.type_id), (), self.type_id)
        return role_page(info.context, found, first, after, last, before, f"fillsRoles/overlay_type/{self.type_id}")

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


def find_role(catalogue: Catalogue, type_id: str, role: str) -> RoleDefinition | None:
    found = catalogue.overlay_type(type_id)
    declared = (item for item in (found.twin_roles if found is not None else ()) if item.role == role)
    return next((RoleDefinition.of(type_id, item) for item in declared), None)


def roles_asking(
    catalogue: Catalogue, type_ids: Iterable[str], twin_types: Collection[str], overlay_type: str | None = None
) -> list[str]:
    """`overlay type/role` of the roles of these types that ask for one of the twin types, or for the overlay type."""
    return [
        f"{type_id}/{role.role}"
        for type_id in type_ids
        if (found := catalogue.overlay_type(type_id)) is not None
        for role in found.twin_roles
        if (role.overlay_type == overlay_type if overlay_type is not None else role.twin_type in twin_types)
    ]


def role_page(
    context: Context,
    keys: Iterable[str],
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    of: str,
) -> Connection[RoleDefinition]:
    """Of these `overlay type/role`."""
    ids = sorted(set(keys))
    return connect(
        ids, lambda catalogue, id: find_role(catalogue, *id.split("/")), context, first, after, last, before, of
    )
