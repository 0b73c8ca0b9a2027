"""Interlocks: as they are declared, and as they stand before a twin just now."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.context import Info
from app.api.ids import global_id
from app.api.types.enums import Evidence, OwnerKind
from app.api.types.node import Node
from app.api.types.refusal import UnknownInput
from app.commands.overlay_names import interlocks_in_effect
from app.model.catalogue import Catalogue
from app.model.interlocks import InterlockDefinition
from app.model.live import GuardView
from app.model.plan import BehaviorKey, OwnerKey
from app.ports import LiveView

if TYPE_CHECKING:
    from app.api.types.owner import Owner
    from app.api.types.twin import Twin


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
class Guard(Node):
    twin_id: strawberry.ID = strawberry.field(description="The twin that it stands before.")
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin or an overlay owns it.")
    owner_id: strawberry.ID = strawberry.field(description="The twinId or overlayId of its owner.")
    interlock: str = strawberry.field(description="Its name.")
    method: str | None = strawberry.field(description="The method that it covers; null where none.")
    property: str | None = strawberry.field(description="The property that it covers; null where none.")
    condition: str = strawberry.field(name="while", description="The condition, in the JSON notation.")
    truth: Evidence = strawberry.field(description="What it comes to: only FALSE lets a send pass.")
    unknown: list[UnknownInput] = strawberry.field(description="What keeps it UNKNOWN; empty where it is known.")

    @strawberry.field(description="The twin that it stands before; null where that was deleted meanwhile.")
    def twin(self, info: Info) -> Annotated["Twin", strawberry.lazy("app.api.types.twin")] | None:
        from app.api.types.twin import Twin

        return Twin.find(info.context.catalogue, self.twin_id)

    @strawberry.field(description="The twin or overlay that owns it; null where that was deleted meanwhile.")
    def owner(self, info: Info) -> Annotated["Owner", strawberry.lazy("app.api.types.owner")] | None:
        from app.api.types.owner import find_owner

        return find_owner(info.context.catalogue, OwnerKey(self.owner_kind.value, self.owner_id))

    @classmethod
    def of(cls, twin_id: str, view: GuardView) -> "Guard":
        return cls(
            id=global_id("Guard", twin_id, view.owner.kind, view.owner.id, view.name),
            twin_id=strawberry.ID(twin_id),
            owner_kind=OwnerKind(view.owner.kind),
            owner_id=strawberry.ID(view.owner.id),
            interlock=view.name,
            method=view.method,
            property=view.property,
            condition=view.condition,
            truth=Evidence(view.truth),
            unknown=[UnknownInput(what=item.what, reason=item.reason) for item in view.unknown],
        )


def interlocks_of(catalogue: Catalogue, owner: OwnerKey) -> list[Interlock]:
    """In the order of the definitions."""
    if owner.kind == "twin":
        return [Interlock.of(item) for item in catalogue.capabilities(owner.id).interlocks.values()]
    overlay = catalogue.overlay(owner.id)
    return [Interlock.of(item) for item in interlocks_in_effect(catalogue, overlay).values()] if overlay else []


def find_guard(live: LiveView, twin_id: str, key: BehaviorKey) -> Guard | None:
    """As it stands before the twin; None where it does not."""
    standing = (view for view in live.guards(twin_id) if (view.owner, view.name) == (key.owner, key.name))
    return next((Guard.of(twin_id, view) for view in standing), None)
