"""Twin: one thing of the plant, its definition, its live state and its neighbours.

It takes everything from its type; what it declares itself is added or replaces the type's by name.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.api.connections import PAGES, After, Before, Connection, First, Last, connect
from app.api.context import Info
from app.api.ids import global_id
from app.api.instance_document import simulation_of
from app.api.scalars import JSON
from app.api.traversing import RELATED, find_related
from app.api.types.asset import REFERENCES, AssetReference, referenced
from app.api.types.behavior import Behavior, behavior_page
from app.api.types.capability import EventDefinition, Method
from app.api.types.connectivity import Connectivity
from app.api.types.enums import TraversalDirection
from app.api.types.instance import TwinInstance
from app.api.types.interlock import Guard
from app.api.types.owner import Owner
from app.api.types.property import Property
from app.api.types.relationship import Relationship
from app.api.types.traversal import RelatedConnection
from app.errors import Invalid
from app.find.check import unknown_types
from app.model import definitions as model
from app.model.catalogue import Catalogue
from app.model.document import FreeForm
from app.model.lineage import types_in_line

if TYPE_CHECKING:
    from app.api.types.twin_type import TwinType


def _id(self: "Twin") -> strawberry.ID:
    return global_id("Twin", self.twin_id)


@strawberry.type(description="One thing of the plant: a pump, a valve, a sensor, a controller.")
class Twin(Owner):
    definition: strawberry.Private[model.Twin]
    twin_id: strawberry.ID = strawberry.field(description="The id that people write, unique among twins.")
    id: strawberry.ID = strawberry.field(resolver=_id, description="Global and opaque; stable over restarts.")

    @strawberry.field(description="The typeId of its type.")
    def twin_type(self) -> strawberry.ID:
        return strawberry.ID(self.definition.twin_type)

    @strawberry.field(description="Who made it.")
    def manufacturer(self) -> str | None:
        return self.definition.manufacturer

    @strawberry.field(name="model", description="The maker's model.")
    def model_name(self) -> str | None:
        return self.definition.model

    @strawberry.field(description="The maker's serial number.")
    def serial_number(self) -> str | None:
        return self.definition.serial_number

    @strawberry.field(description="As the author wrote it.")
    def installation_date(self) -> str | None:
        return self.definition.installation_date

    @strawberry.field(description="Where it is; free-form.")
    def location(self) -> JSON | None:
        return _json(self.definition.location)

    @strawberry.field(description="Its type; null where that was deleted.")
    def type(self, info: Info) -> Annotated["TwinType", strawberry.lazy("app.api.types.twin_type")] | None:
        from app.api.types.twin_type import TwinType

        return TwinType.find(info.context.catalogue, self.definition.twin_type)

    @strawberry.field(description="Its properties with their live values, the type's included.")
    def properties(
        self,
        info: Info,
        names: Annotated[
            list[str] | None, strawberry.argument(description="Only these; names it does not have are left out.")
        ] = None,
    ) -> list[Property]:
        return [Property(twin_id=self.twin_id, item=item) for item in _named(info, self.twin_id, names)]

    @strawberry.field(description="One property; null where it has none of that name.")
    def property(
        self, info: Info, name: Annotated[str, strawberry.argument(description="The property's name.")]
    ) -> Property | None:
        return Property.find(info.context.catalogue, self.twin_id, name)

    @strawberry.field(description="The methods that `invokeMethod` can call, the type's included.")
    def methods(self, info: Info) -> list[Method]:
        return [Method.of(item) for item in info.context.catalogue.capabilities(self.twin_id).methods.values()]

    @strawberry.field(description="The events it may raise, the type's included.")
    def events(self, info: Info) -> list[EventDefinition]:
        return [EventDefinition.of(item) for item in info.context.catalogue.capabilities(self.twin_id).events.values()]

    @strawberry.field(
        description="Every interlock that stands before it, its own and those of overlays, with what it comes to now."
    )
    def guards(self, info: Info) -> list[Guard]:
        return [Guard.of(self.twin_id, view) for view in info.context.live.guards(self.twin_id)]

    @strawberry.field(
        description=(
            "The edges that lead into or out of it, one hop, whoever declares them: itself, another twin, or an "
            "overlay; by name, then ends. An end that does not exist yet is told too. For more hops see `related`. "
            f"UNKNOWN_RELATIONSHIP_TYPE; {PAGES}."
        )
    )
    def relationships(
        self,
        info: Info,
        direction: Annotated[
            TraversalDirection, strawberry.argument(description="Only those that lead into it, or out of it.")
        ] = TraversalDirection.BOTH,
        relationship_types: Annotated[
            list[str] | None, strawberry.argument(description="Only edges of these types; all where left out.")
        ] = None,
        names: Annotated[list[str] | None, strawberry.argument(description="Only edges of these names.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Relationship]:
        context = info.context
        if unknown := list(unknown_types(context.catalogue, relationship_types or (), "/relationshipTypes")):
            raise Invalid.of(unknown, "what to follow", code=unknown[0].code)
        way, types = direction.value, relationship_types or ()
        edges = {edge.key: edge for edge in context.edges.of(self.twin_id, way, types, names or ())}
        of = f"relationships/{self.twin_id}/{way}/{sorted(types)}/{sorted(names or ())}"
        return connect(
            sorted(edges), lambda _, key: Relationship.of(edges[key]), context, first, after, last, before, of
        )

    @strawberry.field(
        description=f"The behaviors that read any of its properties, its own and those of overlays, by owner. {PAGES}."
    )
    def readers(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Behavior]:
        found = info.context.uses.readers_of_twin(self.twin_id)
        return behavior_page(info.context, found, first, after, last, before, f"readers/{self.twin_id}")

    @strawberry.field(
        description=(
            "The behaviors that call a method of it, write a property of it or emit an event of it, its own and those "
            f"of overlays, by owner. {PAGES}."
        )
    )
    def actors(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Behavior]:
        found = info.context.uses.actors(self.twin_id)
        return behavior_page(info.context, found, first, after, last, before, f"actors/{self.twin_id}")

    @strawberry.field(description="How it is connected, and whether it is now; null for a twin without connectivity.")
    def connectivity(self, info: Info) -> Connectivity | None:
        found = info.context.catalogue.connectivity(self.twin_id)
        return Connectivity.of(self.twin_id, found, info.context.live.connectivity(self.twin_id)) if found else None

    @strawberry.field(
        description="Its simulation in the specification's form, else its type's; null where neither has one."
    )
    def simulation(self, info: Info) -> JSON | None:
        found = simulation_of(info.context.catalogue, self.definition)
        return JSON(found.model_dump(mode="json", exclude_unset=True)) if found else None

    @strawberry.field(description="Its visualization, else its type's; null where neither has one.")
    def visualization(self, info: Info) -> JSON | None:
        return _json(self._visualization(info.context.catalogue))

    @strawberry.field(description=REFERENCES)
    async def assets(self, info: Info) -> list[AssetReference]:
        catalogue = info.context.catalogue
        return await referenced(info, self._visualization(catalogue), simulation_of(catalogue, self.definition))

    @strawberry.field(description="The live twin as the specification prints it.")
    def instance(self, info: Info) -> TwinInstance:
        return TwinInstance.of(self.stored, simulation_of(info.context.catalogue, self.definition))

    related: RelatedConnection = strawberry.field(resolver=find_related, description=RELATED)

    def _visualization(self, catalogue: Catalogue) -> FreeForm | None:
        if self.definition.visualization is not None:
            return self.definition.visualization
        line = types_in_line(catalogue, self.definition.twin_type)
        return next((item.visualization for item in line if item.visualization is not None), None)

    @classmethod
    def find(cls, catalogue: Catalogue, twin_id: str) -> "Twin | None":
        stored = catalogue.get("twin", twin_id)
        if stored is None or not isinstance(stored.definition, model.Twin):
            return None
        return cls(stored=stored, definition=stored.definition, twin_id=strawberry.ID(twin_id))


def _named(info: Info, twin_id: str, names: list[str] | None) -> Iterable[model.PropertyDefinition]:
    items = info.context.catalogue.capabilities(twin_id).properties
    return items.values() if names is None else [items[name] for name in names if name in items]


def _json(value: Any) -> JSON | None:
    return None if value is None else JSON(value)
