"""TwinType: the template that twins take their properties, methods, events and behaviors from."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.connections import PAGES, After, Before, Connection, First, Last, connect, show
from app.api.context import Info
from app.api.filters import FINDING, TwinOrderArgument, TwinWhereArgument, of_type, window
from app.api.ids import global_id
from app.api.scalars import JSON
from app.api.types.asset import REFERENCES, AssetReference, referenced
from app.api.types.behavior_definition import BehaviorDefinition
from app.api.types.capability import EventDefinition, Method, PropertyDefinition
from app.api.types.definition import Definition
from app.api.types.enums import TwinKind
from app.api.types.interlock import Interlock
from app.api.types.relationship import RelationshipRule
from app.api.types.twin import Twin
from app.find.query import Order, TwinFilter
from app.model import definitions as model
from app.model.catalogue import Capabilities, Catalogue
from app.model.lineage import family, kind_in_effect, lineage

if TYPE_CHECKING:
    from app.api.types.overlay_type import RoleDefinition


@strawberry.type(description="A template for twins.")
class TwinType(Definition):
    definition: strawberry.Private[model.TwinType]
    type_id: strawberry.ID = strawberry.field(description="The id that people write, unique among twin types.")
    name: str = strawberry.field(description="For people; empty where none was written.")
    kind: TwinKind = strawberry.field(description="What kind of thing its twins are; inherited where not written.")

    @strawberry.field(description="What its twins show, inherited properties included.")
    def properties(self, info: Info) -> list[PropertyDefinition]:
        return [PropertyDefinition(item=item) for item in self._parts(info).properties.values()]

    @strawberry.field(description="What its twins can be asked to do, inherited methods included.")
    def methods(self, info: Info) -> list[Method]:
        return [Method.of(item) for item in self._parts(info).methods.values()]

    @strawberry.field(description="What its twins may raise, inherited events included.")
    def events(self, info: Info) -> list[EventDefinition]:
        return [EventDefinition.of(item) for item in self._parts(info).events.values()]

    @strawberry.field(
        description="What its twins do, inherited behaviors included; each twin has its own state of them."
    )
    def behaviors(self, info: Info) -> list[BehaviorDefinition]:
        return [BehaviorDefinition.of(item) for item in self._parts(info).behaviors.values()]

    @strawberry.field(description="What must not be sent to its twins, and when; inherited interlocks included.")
    def interlocks(self, info: Info) -> list[Interlock]:
        return [Interlock.of(item) for item in self._parts(info).interlocks.values()]

    @strawberry.field(
        description="The relationships its twins may have, inherited rules included; any where there are no rules."
    )
    def relationships(self, info: Info) -> list[RelationshipRule]:
        return [RelationshipRule.of(item) for item in self._parts(info).relationships.values()]

    @strawberry.field(description="The simulation of its twins in the specification's form; null where it has none.")
    def simulation(self) -> JSON | None:
        found = self.definition.simulation
        return JSON(found.model_dump(mode="json", exclude_unset=True)) if found else None

    @strawberry.field(description="The visualization of its twins; null where it has none.")
    def visualization(self) -> JSON | None:
        return JSON(self.definition.visualization) if self.definition.visualization is not None else None

    @strawberry.field(description=REFERENCES)
    async def assets(self, info: Info) -> list[AssetReference]:
        return await referenced(info, self.definition.visualization, self.definition.simulation)

    @strawberry.field(description=f"The twins of this type and of every type below it, a page at a time. {FINDING}")
    def twins(
        self,
        info: Info,
        where: TwinWhereArgument = None,
        order_by: TwinOrderArgument = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Twin]:
        context = info.context
        asked = where.asked() if where else TwinFilter()
        below = family(context.catalogue, self.type_id)
        asked = replace(asked, types=of_type(asked.types, below) if asked.types else (self.type_id,))
        order = order_by.asked() if order_by else Order()
        found = context.services.finder.twins(asked, order, window(first, after, last, before))
        return show(found, Twin.find, context.catalogue)

    @strawberry.field(description="The type it extends; null for one that extends none.")
    def extends(self, info: Info) -> "TwinType | None":
        above = self.definition.extends
        return TwinType.find(info.context.catalogue, above) if above is not None else None

    @strawberry.field(description=f"The types that extend it directly, by typeId. {PAGES}.")
    def subtypes(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection["TwinType"]:
        ids = info.context.catalogue.subtypes_of(self.type_id)
        return connect(ids, TwinType.find, info.context, first, after, last, before, f"subtypes/{self.type_id}")

    @strawberry.field(
        description="The roles that its twins can fill, in overlay types: those that ask for it or for a type that it "
        f"extends, by type and role. {PAGES}."
    )
    def fills_roles(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Annotated["RoleDefinition", strawberry.lazy("app.api.types.overlay_type")]]:
        from app.api.types.overlay_type import role_page, roles_asking

        catalogue = info.context.catalogue
        line = lineage(catalogue, self.type_id)
        asking = {id for above in line for id in catalogue.overlay_types_of_twin_type(above)}
        found = roles_asking(catalogue, asking, line)
        return role_page(info.context, found, first, after, last, before, f"fillsRoles/twin_type/{self.type_id}")

    def _parts(self, info: Info) -> Capabilities:
        return info.context.catalogue.type_capabilities(self.type_id)

    @classmethod
    def find(cls, catalogue: Catalogue, type_id: str) -> "TwinType | None":
        stored = catalogue.get("twin_type", type_id)
        if stored is None or not isinstance(stored.definition, model.TwinType):
            return None
        found = stored.definition
        return cls(
            id=global_id("TwinType", type_id),
            stored=stored,
            definition=found,
            type_id=strawberry.ID(type_id),
            name=found.name,
            kind=TwinKind(kind_in_effect(catalogue, type_id)),
        )
