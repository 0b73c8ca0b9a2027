"""Edges between twins: as a twin declares them, and as a traversal finds them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.context import Info
from app.api.types.enums import RelationshipDirection
from app.model import change
from app.model import definitions as model

if TYPE_CHECKING:
    from app.api.types.twin import Twin


@strawberry.type(description="An edge that a twin declares.")
class Relationship:
    name: str = strawberry.field(description="Unique among the twin's edges.")
    relationship_type: str = strawberry.field(description="Such as physical_connection, control or monitoring.")
    direction: RelationshipDirection = strawberry.field(description="Which way it runs, seen from the twin.")
    target_twin_id: strawberry.ID = strawberry.field(description="The other twin, which need not exist yet.")

    @strawberry.field(description="The other twin; null while it does not exist (the edge joins when it appears).")
    def target(self, info: Info) -> Annotated["Twin", strawberry.lazy("app.api.types.twin")] | None:
        from app.api.types.twin import Twin

        return Twin.find(info.context.catalogue, self.target_twin_id)

    @classmethod
    def of(cls, item: model.RelationshipDefinition) -> "Relationship":
        return cls(
            name=item.name,
            relationship_type=item.relationship_type,
            direction=RelationshipDirection(item.direction),
            target_twin_id=strawberry.ID(item.target_twin_id),
        )


@strawberry.type(description="One edge of a path, in the direction it is stored.")
class Hop:
    source_twin_id: strawberry.ID = strawberry.field(description="The twin it starts from.")
    target_twin_id: strawberry.ID = strawberry.field(description="The twin it leads to.")
    name: str = strawberry.field(description="Its name.")
    relationship_type: str = strawberry.field(description="Its type.")


@strawberry.type(description="A twin that a traversal reached.")
class RelatedTwin:
    twin: Annotated["Twin", strawberry.lazy("app.api.types.twin")] = strawberry.field(description="The twin.")
    depth: int = strawberry.field(description="Hops from the start, along a shortest path.")
    path: list[Hop] = strawberry.field(description="A shortest path from the start.")

    @classmethod
    def of(cls, item: change.RelatedTwin, twin: "Twin") -> "RelatedTwin":
        hops = [
            Hop(
                source_twin_id=strawberry.ID(hop.source_twin_id),
                target_twin_id=strawberry.ID(hop.target_twin_id),
                name=hop.name,
                relationship_type=hop.relationship_type,
            )
            for hop in item.path
        ]
        return cls(twin=twin, depth=item.depth, path=hops)
