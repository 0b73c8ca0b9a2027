"""Alert: something a person should know of, open until it is cleared and, where required, acknowledged.

It has two flags, not one state: an alert can be cleared and still wait for its acknowledgement.
"""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.alert_pages import alert_page
from app.api.connections import PAGES, After, Edge, First, PageInfo, edges_of, page_info
from app.api.context import Context, Info
from app.api.ids import global_id
from app.api.loaders import AlertsOf
from app.api.scalars import DateTime, Long, moment
from app.api.types.cause import Cause, chain
from app.api.types.enums import AlertSeverity, Evidence, OwnerKind
from app.api.types.explanation import Explanation
from app.api.types.node import Node
from app.api.types.shelving import Shelving
from app.api.wheres import AlertWhere, CallWhereArgument
from app.model import events
from app.model.asked import ClosedAlerts, Place, Sought
from app.model.audit import AlertQuery
from app.model.time import SECOND

if TYPE_CHECKING:
    from app.api.types.alert_history import AlertHistoryConnection
    from app.api.types.audit import AuditConnection
    from app.api.types.behavior import Behavior
    from app.api.types.call import CallConnection
    from app.api.types.overlay import Overlay
    from app.api.types.owner import Owner
    from app.api.types.twin import Twin


@strawberry.type(description="What somebody noted about an alert.")
class AlertComment:
    at: DateTime = strawberry.field(description="When.")
    by: str = strawberry.field(description="Who.")
    text: str = strawberry.field(description="What they said.")


@strawberry.type(description="An alert. It is open while `closedAt` is null.")
class Alert(Node):
    item: strawberry.Private[events.Alert]
    alert_id: strawberry.ID = strawberry.field(description="Unique for ever.")
    severity: AlertSeverity = strawberry.field(description="How serious it is.")
    message: str = strawberry.field(description="In the words of the behavior's author.")
    code: str = strawberry.field(description="Names it among its behavior's alerts.")
    behavior: str = strawberry.field(description="The behavior that raised it.")
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin or an overlay owns that behavior.")
    owner_id: strawberry.ID = strawberry.field(description="The twinId or overlayId of that owner.")
    twin_ids: list[strawberry.ID] = strawberry.field(description="The twins it concerns.")
    active: bool = strawberry.field(description="Whether its condition still holds (or it is latched).")
    acknowledged: bool = strawberry.field(description="Whether a person has acknowledged it.")
    ack_required: bool = strawberry.field(description="Whether closing waits for a person.")
    latched: bool = strawberry.field(description="Whether it stays active until it is reset.")
    raised_at: DateTime = strawberry.field(description="When it was raised.")
    cleared_at: DateTime | None = strawberry.field(description="When its condition ended.")
    clear_reason: str | None = strawberry.field(description="Why it was cleared, where not by its condition.")
    acknowledged_at: DateTime | None = strawberry.field(description="When it was acknowledged.")
    acknowledged_by: str | None = strawberry.field(description="Who acknowledged it.")
    comment: str | None = strawberry.field(description="What they said.")
    comments: list[AlertComment] = strawberry.field(
        description="What people have noted, oldest first: the last 20; all of them are in its history."
    )
    closed_at: DateTime | None = strawberry.field(description="When it was closed; it never opens again.")
    annunciated: bool = strawberry.field(description="Whether it is to be told to people: not shelved, not suppressed.")
    shelved: Shelving | None = strawberry.field(description="Who put it aside, until when and why; null where nobody.")
    suppressed_by: list[str] = strawberry.field(
        description="Behaviors of the same owner that are active and by design keep it from being annunciated."
    )
    group: str | None = strawberry.field(description="Alerts of its owner that one cause raises together.")
    first_in_group: bool = strawberry.field(
        description="Whether nothing else of its group was active when it was last raised."
    )
    re_alarm: float | None = strawberry.field(
        description="Seconds after its acknowledgement that it is unacknowledged again, if still active; or null."
    )
    lists: list[strawberry.ID] = strawberry.field(
        description="Of the summary of a flood (code `alert_flood`): the first hundred of the alerts that it sums up."
    )

    @strawberry.field(description="What led to it, nearest first.")
    def cause(self) -> list[Cause]:
        return chain(self.item.cause)

    @strawberry.field(
        description=(
            "What its behavior's condition comes to now, whatever it was when it was raised; null where it is closed, "
            "or its behavior is gone. While it is UNKNOWN the alert stays as it was."
        )
    )
    def evidence(self, info: Info) -> Evidence | None:
        found = info.context.live.alert_evidence(self.alert_id)
        return Evidence(found.evidence) if found is not None else None

    @strawberry.field(
        description="Since when `evidence` is UNKNOWN; null where it is known, never was, or is null itself."
    )
    def evidence_unknown_since(self, info: Info) -> DateTime | None:
        found = info.context.live.alert_evidence(self.alert_id)
        return moment(found.unknown_since) if found is not None else None

    @strawberry.field(description="Why it was raised, on the values of that moment, whatever they are now.")
    def explanation(self, info: Info) -> Explanation:
        return Explanation.of(info.context.live.explain_alert(self.item))

    @strawberry.field(
        description=(
            f"Everything that happened to it, newest first: from the graph, which is waited for. {PAGES}, UNAVAILABLE "
            "while it is down."
        )
    )
    async def history(
        self, info: Info, first: First = None, after: After = None
    ) -> Annotated["AlertHistoryConnection", strawberry.lazy("app.api.types.alert_history")]:
        from app.api.types.alert_history import history_connection

        return await history_connection(info.context, AlertQuery(alert_id=self.alert_id), first, after)

    @strawberry.field(description="The owner of the behavior; null where that was deleted.")
    def owner(self, info: Info) -> Annotated["Owner", strawberry.lazy("app.api.types.owner")] | None:
        from app.api.types.owner import find_owner

        return find_owner(info.context.catalogue, self.item.owner)

    @strawberry.field(
        description="The behavior that raised it; null where that is gone, and of the summary of a flood."
    )
    def raised_by(self, info: Info) -> Annotated["Behavior", strawberry.lazy("app.api.types.behavior")] | None:
        from app.api.types.behavior import find_behavior

        owner = self.item.owner
        return find_behavior(info.context.catalogue, info.context.live, owner.kind, owner.id, self.behavior)

    @strawberry.field(description="The overlay of whose behaviors it is; null where it is of a twin's.")
    def overlay(self, info: Info) -> Annotated["Overlay", strawberry.lazy("app.api.types.overlay")] | None:
        from app.api.types.overlay import Overlay

        owner = self.item.owner
        return Overlay.find(info.context.catalogue, owner.id) if owner.kind == "overlay" else None

    @strawberry.field(
        description=(
            "The calls that its behavior decided from when it was raised until it was cleared, newest first: from the "
            f"graph, which is waited for. {PAGES}, UNAVAILABLE while it is down."
        )
    )
    async def calls(
        self, info: Info, where: CallWhereArgument = None, first: First = None, after: After = None
    ) -> Annotated["CallConnection", strawberry.lazy("app.api.types.call")]:
        from app.api.types.call import calls_of

        item = self.item
        until = None if item.cleared_at is None else item.cleared_at + 1
        name = f"{item.owner.kind}/{item.owner.id}/{item.behavior}"
        sought = Sought(behaviors=(name,), since=item.raised_at, until=until)
        return await calls_of(info.context, f"alert/{self.alert_id}", sought, where, first, after)

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

        return await audit_about(info.context, f"alert/{self.alert_id}", None, first, after)

    @strawberry.field(description="The twins it concerns, without deleted ones.")
    def twins(self, info: Info) -> list[Annotated["Twin", strawberry.lazy("app.api.types.twin")]]:
        from app.api.types.twin import Twin

        found = (Twin.find(info.context.catalogue, twin_id) for twin_id in self.twin_ids)
        return [twin for twin in found if twin is not None]

    @classmethod
    def of(cls, item: events.Alert) -> "Alert":
        return cls(
            id=global_id("Alert", item.alert_id),
            item=item,
            alert_id=strawberry.ID(item.alert_id),
            severity=AlertSeverity(item.severity),
            message=item.message,
            code=item.code,
            behavior=item.behavior,
            owner_kind=OwnerKind(item.owner.kind),
            owner_id=strawberry.ID(item.owner.id),
            twin_ids=[strawberry.ID(twin_id) for twin_id in item.twins],
            active=item.active,
            acknowledged=item.acknowledged,
            ack_required=item.ack_required,
            latched=item.latched,
            raised_at=DateTime(item.raised_at),
            cleared_at=moment(item.cleared_at),
            clear_reason=item.clear_reason,
            acknowledged_at=moment(item.acknowledged_at),
            acknowledged_by=item.acknowledged_by,
            comment=item.comment,
            comments=[AlertComment(at=DateTime(it.at), by=it.by, text=it.text) for it in item.comments],
            closed_at=moment(item.closed_at),
            annunciated=item.annunciated,
            shelved=Shelving.of(item.shelved) if item.shelved is not None else None,
            suppressed_by=list(item.suppressed_by),
            group=item.group or None,
            first_in_group=item.first_in_group,
            re_alarm=item.re_alarm / SECOND if item.re_alarm else None,
            lists=[strawberry.ID(alert_id) for alert_id in item.lists],
        )


@strawberry.type(description="A page of alerts, newest first.")
class AlertConnection:
    edges: list[Edge[Alert]] = strawberry.field(description="The alerts with their cursors.")
    nodes: list[Alert] = strawberry.field(description="The alerts alone.")
    page_info: PageInfo = strawberry.field(description="Whether there is more, and from where.")
    sequence: Long = strawberry.field(description="The journal sequence that open ones stand at.")
    total_count: int | None = strawberry.field(
        description="How many there are over all pages, counted in memory; null where closed ones are asked for."
    )


async def alerts_of(
    context: Context,
    of: str,
    sought: Sought | None,
    where: AlertWhere | None,
    first: int | None,
    after: str | None,
) -> AlertConnection:
    """Those of `sought`, or of all, that match; `of` names what they are asked of."""
    where = where or AlertWhere()
    wanted = where.asked(context.catalogue)
    of = f"alerts/{of}/{where!r}"
    loaders, store = context.loaders, context.services.store

    async def closed(asked: ClosedAlerts, size: int, place: Place | None) -> list[events.Alert]:
        if where.open is None:
            await context.services.caught_up()
        if sought is None:
            return await store.closed_alerts(asked, size, place)
        return await loaders.closed_alerts.load(AlertsOf(sought, asked, size, place))

    if where.open is False:
        standing: list[events.Alert] = []
    elif sought is None:
        standing = list(context.live.open_alerts())
    else:
        standing = await loaders.open_alerts.load(sought)
    page = await alert_page(
        context.services, wanted, standing, closed, open=where.open, first=first, after=after, of=of
    )
    nodes = [Alert.of(item) for item in page.items]
    return AlertConnection(
        edges=edges_of(nodes, page.cursors),
        nodes=nodes,
        page_info=page_info(page.cursors, page.has_previous, page.has_next),
        sequence=Long(page.sequence),
        total_count=page.total,
    )
