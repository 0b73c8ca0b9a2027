"""Edges between twins as a twin declares them, and the rules of types for them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.context import Info
from app.api.types.enums import RelationshipDirection
from app.api.types.relationship_type import Typed
from app.model import definitions as model
from app.model.catalogue import Catalogue
from app.model.relationships import direction_of, group_of, type_of

if TYPE_CHECKING:
    from app.api.types.twin import Twin


@strawberry.type(description="An edge that a twin declares.")
class Relationship(Typed):
    name: str = strawberry.field(
        description="Unique among the twin's edges, but where the rule of its type allows several of one name."
    )
    direction: RelationshipDirection = strawberry.field(description="Which way it runs, seen from the twin.")
    target_twin_id: strawberry.ID = strawberry.field(description="The other twin, which need not exist yet.")

    @strawberry.field(description="The other twin; null while it does not exist (the edge joins when it appears).")
    def target(self, info: Info) -> Annotated["Twin", strawberry.lazy("app.api.types.twin")] | None:
        from app.api.types.twin import Twin

        return Twin.find(info.context.catalogue, self.target_twin_id)

    @classmethod
    def of(cls, catalogue: Catalogue, twin: model.Twin, item: model.RelationshipDefinition) -> "Relationship":
        return cls(
            name=item.name,
            relationship_type=type_of(catalogue, twin, item),
            group=group_of(catalogue, twin, item),
            direction=RelationshipDirection(direction_of(catalogue, twin, item)),
            target_twin_id=strawberry.ID(item.target_twin_id),
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
