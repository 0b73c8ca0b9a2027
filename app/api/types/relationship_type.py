"""RelationshipType: what edges of a type mean, and which way failure travels along them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.connections import PAGES, After, Before, Connection, First, Last
from app.api.context import Info
from app.api.ids import global_id
from app.api.types.definition import Definition
from app.api.types.enums import RelationshipImpact
from app.model import definitions as model
from app.model.catalogue import Catalogue

if TYPE_CHECKING:
    from app.api.types.relationship import Relationship


@strawberry.type(description="What the edges of a type mean.")
class RelationshipType(Definition):
    relationship_type: strawberry.ID = strawberry.field(description="Its name, unique among the types' and inverses.")
    inverse: str | None = strawberry.field(
        description="What such an edge is called seen from its target; null where nobody named it."
    )
    impact: RelationshipImpact = strawberry.field(description="Which way failure travels along such an edge.")
    built_in: bool = strawberry.field(
        description="Whether it comes with the program and nobody has saved another: its revision is 0, at the epoch."
    )

    @strawberry.field(
        description=(
            "The edges of this type, whoever declares them, by source, name and target; without those whose source is "
            f"not there yet. `totalCount` looks at every edge of the plant. {PAGES}."
        )
    )
    async def relationships(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Annotated["Relationship", strawberry.lazy("app.api.types.relationship")]]:
        from app.api.edge_pages import EdgesOfType
        from app.api.types.relationship import Relationship
        from app.api.walks import walk_page

        walk = EdgesOfType(info.context, self.relationship_type)

        def show(_: Catalogue, key: str) -> Relationship | None:
            edge = walk.find(key)
            return Relationship.of(edge) if edge is not None else None

        of = f"relationships/type/{self.relationship_type}"
        return await walk_page(info.context, walk, show, first, after, last, before, of)

    @classmethod
    def find(cls, catalogue: Catalogue, name: str) -> "RelationshipType | None":
        stored = catalogue.standing("relationship_type", name)
        if stored is None or not isinstance(stored.definition, model.RelationshipType):
            return None
        found = stored.definition
        return cls(
            id=global_id("RelationshipType", name),
            stored=stored,
            relationship_type=strawberry.ID(name),
            inverse=found.inverse,
            impact=RelationshipImpact(found.impact),
            built_in=stored.revision == 0,
        )


@strawberry.type
class Typed:
    """What every kind of edge says of its type, and of what it stands in for."""

    relationship_type: str = strawberry.field(
        description="The type in effect: where its document leaves that out, by the rule of the twin's type, else by "
        "the kind of the source (sensor: monitoring, controller: control, else physical_connection, which also stands "
        "for a source that does not exist yet)."
    )

    group: str | None = strawberry.field(
        description="Sources of one group stand in for each other at their target; null where none is declared: then "
        "those of one type do."
    )

    @strawberry.field(description="That type; null where there is none such, as in a graph changed by hand.")
    def type(self, info: Info) -> RelationshipType | None:
        return RelationshipType.find(info.context.catalogue, self.relationship_type)

    @strawberry.field(description="Which way failure travels along it, as its type says; null without one.")
    def impact(self, info: Info) -> RelationshipImpact | None:
        found = info.context.catalogue.relationship_type(self.relationship_type)
        return RelationshipImpact(found.impact) if found is not None else None

    @strawberry.field(description="What it is called seen from its target; null where its type has no inverse.")
    def inverse(self, info: Info) -> str | None:
        found = info.context.catalogue.relationship_type(self.relationship_type)
        return found.inverse if found is not None else None
