"""Shelving: an alert that a person has put aside for a while, raised or not."""

import strawberry

from app.api.ids import global_id
from app.api.scalars import DateTime
from app.api.types.enums import OwnerKind
from app.api.types.node import Node
from app.model import events


@strawberry.type(description="An alert that a person has put aside for a while; raised or not, it is not annunciated.")
class Shelving(Node):
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin or an overlay owns the behavior.")
    owner_id: strawberry.ID = strawberry.field(description="The twinId or overlayId of that owner.")
    behavior: str = strawberry.field(description="The behavior; empty for the summary of a flood.")
    code: str = strawberry.field(description="The alert's code.")
    at: DateTime = strawberry.field(description="Since when.")
    until: DateTime = strawberry.field(description="When it ends by itself.")
    by: str = strawberry.field(description="Who.")
    reason: str = strawberry.field(description="Why.")

    @classmethod
    def of(cls, item: events.Shelving) -> "Shelving":
        key = item.key
        return cls(
            id=global_id("Shelving", key.owner.kind, key.owner.id, key.behavior, key.code),
            owner_kind=OwnerKind(item.key.owner.kind),
            owner_id=strawberry.ID(item.key.owner.id),
            behavior=item.key.behavior,
            code=item.key.code,
            at=DateTime(item.at),
            until=DateTime(item.until),
            by=item.by,
            reason=item.reason,
        )
