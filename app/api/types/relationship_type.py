"""RelationshipType: what edges of a type mean, and which way failure travels along them."""

import strawberry

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
