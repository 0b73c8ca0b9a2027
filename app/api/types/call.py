"""Call: a method call or property write on its way to a device."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.alert_pages import newest_first
from app.api.call_pages import call_page
from app.api.connections import PAGES, After, Edge, First, PageInfo, edges_of, page_info
from app.api.context import Context, Info
from app.api.ids import global_id
from app.api.loaders import AlertsOf, CallsOf
from app.api.scalars import JSON, DateTime, Long, moment
from app.api.types.cause import Cause, chain
from app.api.types.enums import CallStatus, OwnerKind
from app.api.types.node import Node
from app.api.types.refusal import InterlockVerdict, Refusal
from app.api.wheres import CallWhere
from app.model import events
from app.model.asked import Calls, ClosedAlerts, Place, Sought

if TYPE_CHECKING:
    from app.api.types.alert import Alert
    from app.api.types.audit import AuditConnection
    from app.api.types.behavior import Behavior
    from app.api.types.owner import Owner
    from app.api.types.twin import Twin

MAX_ALERTS = 20


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

    @strawberry.field(description="The behavior that decided it; null where a person asked, or where it is gone.")
    def decided_by(self, info: Info) -> Annotated["Behavior", strawberry.lazy("app.api.types.behavior")] | None:
        from app.api.types.behavior import find_behavior

        key = self.item.behavior
        if key is None:
            return None
        return find_behavior(info.context.catalogue, info.context.live, key.owner.kind, key.owner.id, key.name)

    @strawberry.field(description="The owner of that behavior; null likewise.")
    def owner(self, info: Info) -> Annotated["Owner", strawberry.lazy("app.api.types.owner")] | None:
        from app.api.types.owner import find_owner

        key = self.item.behavior
        return find_owner(info.context.catalogue, key.owner) if key is not None else None

    @strawberry.field(
        description=(
            "The alerts of that behavior that were active when it was decided, newest first, at most "
            f"{MAX_ALERTS}; closed ones from the graph. None where a person asked. UNAVAILABLE while it is down."
        )
    )
    async def alerts(self, info: Info) -> list[Annotated["Alert", strawberry.lazy("app.api.types.alert")]]:
        from app.api.types.alert import Alert

        key, at = self.item.behavior, self.item.decided_at
        if key is None:
            return []
        sought = Sought(behaviors=(f"{key.owner.kind}/{key.owner.id}/{key.name}",), until=at + 1)
        loaders = info.context.loaders
        closed = await loaders.closed_alerts.load(AlertsOf(sought, ClosedAlerts(), MAX_ALERTS, None))
        found = {item.alert_id: item for item in (*closed, *await loaders.open_alerts.load(sought))}
        active = [item for item in found.values() if item.cleared_at is None or item.cleared_at >= at]
        return [Alert.of(item) for item in newest_first(active)[:MAX_ALERTS]]

    @strawberry.field(
        description=(
            "What the audit has about it, newest first: from the graph, which is waited for. "
            f"{PAGES}, UNAVAILABLE while it is down."
        )
    )
    async def audit_log(
        self, info: Info, first: First = None, after: After = None
    ) -> Annotated["AuditConnection", strawberry.lazy("app.api.types.audit")]:
        from app.api.types.audit import audit_about

        return await audit_about(info.context, f"call/{self.call_id}", None, first, after)

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


@strawberry.type(description="A page of calls to devices, newest first.")
class CallConnection:
    edges: list[Edge[Call]] = strawberry.field(description="The calls with their cursors.")
    nodes: list[Call] = strawberry.field(description="The calls alone.")
    page_info: PageInfo = strawberry.field(description="Whether there are older ones, and from where.")
    sequence: Long = strawberry.field(description="The journal sequence at which it was asked for.")


async def calls_of(
    context: Context,
    of: str,
    sought: Sought | None,
    where: CallWhere | None,
    first: int | None,
    after: str | None,
) -> CallConnection:
    """Those of `sought`, or of all, that match; `of` names what they are asked of."""
    asked = where.asked(context.catalogue) if where is not None else Calls()

    async def find(asked: Calls, size: int, place: Place | None) -> list[events.Call]:
        if sought is None:
            await context.services.caught_up()
            return await context.services.store.call_page(asked, size, place)
        return await context.loaders.calls.load(CallsOf(sought, asked, size, place))

    page = await call_page(context.services, asked, find, first, after, f"calls/{of}/{where!r}")
    nodes = [Call.of(item) for item in page.items]
    return CallConnection(
        edges=edges_of(nodes, page.cursors),
        nodes=nodes,
        page_info=page_info(page.cursors, page.has_previous, page.has_next),
        sequence=Long(page.sequence),
    )
