"""Edges between twins, one hop each, whoever declares them, and the rules of types for them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.context import Info
from app.api.ids import global_id
from app.api.types.enums import OwnerKind, RelationshipDirection
from app.api.types.node import Node
from app.api.types.owner import Owner, find_owner
from app.api.types.relationship_type import Typed
from app.find.edges import Edge
from app.model import definitions as model
from app.model.plan import OwnerKey

if TYPE_CHECKING:
    from app.api.types.twin import Twin
    from app.api.types.twin_type import TwinType

_Twin = Annotated["Twin", strawberry.lazy("app.api.types.twin")]


@strawberry.type
class BetweenTwins(Typed):
    """What an edge says, whatever it is a part of."""

    name: str = strawberry.field(description="Unique among the edges of its owner, together with both ends.")
    source_twin_id: strawberry.ID = strawberry.field(description="The twin it starts from, which need not exist yet.")
    target_twin_id: strawberry.ID = strawberry.field(description="The twin it leads to, which need not exist yet.")
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin's document or an overlay makes it.")
    owner_id: strawberry.ID = strawberry.field(
        description="The twinId or overlayId of who makes it; an overlay's type and what fills its roles may make it."
    )

    @strawberry.field(description="The twin it starts from; null while it does not exist (the edge joins then).")
    def source(self, info: Info) -> _Twin | None:
        return _find(info, self.source_twin_id)

    @strawberry.field(description="The twin it leads to; null while it does not exist (the edge joins then).")
    def target(self, info: Info) -> _Twin | None:
        return _find(info, self.target_twin_id)

    @strawberry.field(description="The twin or overlay that makes it; null where that was deleted meanwhile.")
    def owner(self, info: Info) -> Owner | None:
        return find_owner(info.context.catalogue, OwnerKey(self.owner_kind.value, self.owner_id))


@strawberry.type(description="An edge between two twins, in the direction it is stored, whoever declares it.")
class Relationship(BetweenTwins, Node):
    @classmethod
    def of(cls, edge: Edge) -> "Relationship":
        return cls(
            id=global_id("Relationship", edge.key),
            name=edge.name,
            relationship_type=edge.relationship_type,
            group=edge.group,
            source_twin_id=strawberry.ID(edge.source),
            target_twin_id=strawberry.ID(edge.target),
            owner_kind=OwnerKind(edge.kind),
            owner_id=strawberry.ID(edge.declared_by),
        )


@strawberry.type(description="A relationship that twins of a type may have.")
class RelationshipRule:
    name: str = strawberry.field(description="Unique among the rules of the type.")
    description: str = strawberry.field(description="In the author's words; empty where none was written.")
    relationship_type: strawberry.ID | None = strawberry.field(description="Of that type; null: of any.")
    direction: RelationshipDirection = strawberry.field(description="Which way it runs, seen from the twin.")
    target_type: strawberry.ID | None = strawberry.field(
        description="The typeId of the other twin's type, or of one that its type extends; null: any twin."
    )
    multiplicity: str = strawberry.field(description="How many there may be: 1, 0..1, 0..*, 1..*, 2..4.")
    group: str | None = strawberry.field(
        description="The group of those that name none themselves; null where the rule names none."
    )

    @strawberry.field(description="That type; null where there is none, or it was deleted.")
    def target(self, info: Info) -> Annotated["TwinType", strawberry.lazy("app.api.types.twin_type")] | None:
        from app.api.types.twin_type import TwinType

        return TwinType.find(info.context.catalogue, self.target_type) if self.target_type is not None else None

    @classmethod
    def of(cls, item: model.RelationshipRule) -> "RelationshipRule":
        return cls(
            name=item.name,
            description=item.description,
            relationship_type=strawberry.ID(item.relationship_type) if item.relationship_type else None,
            direction=RelationshipDirection(item.direction),
            target_type=strawberry.ID(item.target_type) if item.target_type else None,
            multiplicity=item.multiplicity,
            group=item.group,
        )


def _find(info: Info, twin_id: str) -> "Twin | None":
    from app.api.types.twin import Twin

    return Twin.find(info.context.catalogue, twin_id)
