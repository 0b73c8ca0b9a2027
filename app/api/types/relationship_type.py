"""RelationshipType: what edges of a type mean, and which way failure travels along them."""

import strawberry

from app.api.context import Info
from app.api.ids import global_id
from app.api.types.enums import RelationshipImpact
from app.api.types.node import Definition
from app.model import definitions as model
from app.model.catalogue import Catalogue


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
