"""Call: a method call or property write on its way to a device."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.context import Info
from app.api.ids import global_id
from app.api.scalars import JSON, DateTime, moment
from app.api.types.cause import Cause, chain
from app.api.types.enums import CallStatus, OwnerKind
from app.api.types.node import Node
from app.api.types.refusal import InterlockVerdict, Refusal
from app.model import events

if TYPE_CHECKING:
    from app.api.types.twin import Twin


@strawberry.type(description="A method call or property write on its way to a device.")
class Call(Node):
    item: strawberry.Private[events.Call]
    call_id: strawberry.ID = strawberry.field(description="Unique for ever.")
    twin_id: strawberry.ID = strawberry.field(description="The twin it goes to.")
    status: CallStatus = strawberry.field(description="How far it has come.")
    method: str | None = strawberry.field(description="The method called; null for a write.")
    property: str | None = strawberry.field(description="The property written; null for a method call.")
    arguments: JSON = strawberry.field(description="By parameter name; for a write `{value: ...}`.")
    decided_at: DateTime = strawberry.field(description="When it was decided or asked for.")
    attempted_at: DateTime | None = strawberry.field(description="When it was sent.")
    finished_at: DateTime | None = strawberry.field(description="When it came to its last status.")
    value: JSON | None = strawberry.field(description="What the device answered.")
    error: str | None = strawberry.field(description="Why it was refused or failed; null where it was not.")
    observed_at: DateTime | None = strawberry.field(
        description="When its effect was seen on the plant, whatever the device had answered; null where it was not."
    )
    refusal: Refusal | None = strawberry.field(
        description="Where it was refused before it was sent: by what; null where the device refused it."
    )
    override_reason: str | None = strawberry.field(
        description="Why a person had it sent though interlocks stood against it; null where nobody did."
    )
    overrode: list[InterlockVerdict] = strawberry.field(description="The interlocks that stood against it then.")
    behavior: str | None = strawberry.field(description="The behavior that decided it; null where a person asked.")
    owner_kind: OwnerKind | None = strawberry.field(description="Whether a twin or an overlay owns that behavior.")
    owner_id: strawberry.ID | None = strawberry.field(description="The twinId or overlayId of that owner.")

    @strawberry.field(description="What led to it, nearest first.")
    def cause(self) -> list[Cause]:
        return chain(self.item.cause)

    @strawberry.field(description="The twin it goes to; null where that was deleted.")
    def twin(self, info: Info) -> Annotated["Twin", strawberry.lazy("app.api.types.twin")] | None:
        from app.api.types.twin import Twin

        return Twin.find(info.context.catalogue, self.twin_id)

    @classmethod
    def of(cls, item: events.Call) -> "Call":
        key = item.behavior
        return cls(
            id=global_id("Call", item.call_id),
            item=item,
            call_id=strawberry.ID(item.call_id),
            twin_id=strawberry.ID(item.twin_id),
            status=CallStatus(item.status),
            method=item.method,
            property=item.property,
            arguments=JSON(item.arguments),
            decided_at=DateTime(item.decided_at),
            attempted_at=moment(item.attempted_at),
            finished_at=moment(item.finished_at),
            value=item.value,
            error=item.error or None,
            observed_at=moment(item.observed_at),
            refusal=Refusal.of(item.refusal) if item.refusal is not None else None,
            override_reason=item.override_reason or None,
            overrode=[InterlockVerdict.of(verdict) for verdict in item.overrode],
            behavior=key.name if key else None,
            owner_kind=OwnerKind(key.owner.kind) if key else None,
            owner_id=strawberry.ID(key.owner.id) if key else None,
        )
