"""Interlocks: as they are declared, and as they stand before a twin just now."""

import strawberry

from app.api.types.enums import Evidence, OwnerKind
from app.api.types.refusal import UnknownInput
from app.model.interlocks import InterlockDefinition
from app.model.live import GuardView


@strawberry.type(description="What must never be sent while a condition is true, or not known.")
class Interlock:
    name: str = strawberry.field(description="Unique among the interlocks of its owner.")
    description: str = strawberry.field(description="In the author's words; empty where none was written.")
    role: str | None = strawberry.field(description="Before whom in an overlay it stands; null where not by role.")
    twin_id: strawberry.ID | None = strawberry.field(description="The same by id; null where not by id.")
    method: str | None = strawberry.field(description="The method that must not be called; null where none.")
    property: str | None = strawberry.field(description="The property that must not be written; null where none.")
    condition: str = strawberry.field(name="while", description="The condition, in the JSON notation.")

    @classmethod
    def of(cls, item: InterlockDefinition) -> "Interlock":
        return cls(
            name=item.name,
            description=item.description,
            role=item.role,
            twin_id=strawberry.ID(item.twin_id) if item.twin_id is not None else None,
            method=item.method,
            property=item.property,
            condition=item.condition,
        )


@strawberry.type(description="An interlock that stands before a twin, with what its condition comes to now.")
class Guard:
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin or an overlay owns it.")
    owner_id: strawberry.ID = strawberry.field(description="The twinId or overlayId of its owner.")
    interlock: str = strawberry.field(description="Its name.")
    method: str | None = strawberry.field(description="The method that it covers; null where none.")
    property: str | None = strawberry.field(description="The property that it covers; null where none.")
    condition: str = strawberry.field(name="while", description="The condition, in the JSON notation.")
    truth: Evidence = strawberry.field(description="What it comes to: only FALSE lets a send pass.")
    unknown: list[UnknownInput] = strawberry.field(description="What keeps it UNKNOWN; empty where it is known.")

    @classmethod
    def of(cls, view: GuardView) -> "Guard":
        return cls(
            owner_kind=OwnerKind(view.owner.kind),
            owner_id=strawberry.ID(view.owner.id),
            interlock=view.name,
            method=view.method,
            property=view.property,
            condition=view.condition,
            truth=Evidence(view.truth),
            unknown=[UnknownInput(what=item.what, reason=item.reason) for item in view.unknown],
        )
