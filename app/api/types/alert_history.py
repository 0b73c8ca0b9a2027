"""The history of alerts: every transition with when, who and why, newest first; of one alert or of all."""

from typing import Annotated

import strawberry

from app.api.connections import Edge, PageInfo, edges_of, page_info
from app.api.context import Context
from app.api.keyset import history_page
from app.api.scalars import DateTime, Long
from app.api.types.alert import Alert
from app.api.types.cause import Cause, chain
from app.api.types.enums import AlertTransition
from app.api.wheres import OwnerInput
from app.model.audit import AlertQuery, AlertRecord
from app.model.time import SECOND


@strawberry.type(description="Something that happened to an alert.")
class AlertEvent:
    record: strawberry.Private[AlertRecord]
    transition: AlertTransition = strawberry.field(description="What.")
    at: DateTime = strawberry.field(description="When.")
    by: str | None = strawberry.field(description="The person who did it; null where the plant or a timer did.")
    comment: str | None = strawberry.field(description="What that person said, or why it came.")
    late: float = strawberry.field(
        description="How many seconds late it came, where its moment fell into the time between two runs; else 0."
    )
    sequence: Long = strawberry.field(description="The journal entry that it is of.")

    @strawberry.field(description="The alert as it became by this; its later comments are events of their own.")
    def alert(self) -> Alert:
        return Alert.of(self.record.change.alert)

    @strawberry.field(description="What led to it, nearest first.")
    def cause(self) -> list[Cause]:
        return chain(self.record.change.cause)


@strawberry.type(description="A page of what happened to alerts, newest first.")
class AlertHistoryConnection:
    edges: list[Edge[AlertEvent]] = strawberry.field(description="The events with their cursors.")
    nodes: list[AlertEvent] = strawberry.field(description="The events alone.")
    page_info: PageInfo = strawberry.field(description="Whether there are older ones, and from where.")
    sequence: Long = strawberry.field(
        description="The journal entry up to which it is whole; behind `server.sequence` only while the graph lags."
    )


@strawberry.input(description="Which events of alerts; several filters hold together.")
class AlertHistoryWhere:
    alert_id: strawberry.ID | None = strawberry.field(default=None, description="Of this alert, open or closed.")
    owner: OwnerInput | None = strawberry.field(
        default=None, description="Of the behaviors of this twin or overlay, which may be gone."
    )
    twin_id: strawberry.ID | None = strawberry.field(default=None, description="Of alerts that concern this twin.")
    transition: list[AlertTransition] | None = strawberry.field(default=None, description="Only these.")
    since: DateTime | None = strawberry.field(default=None, description="Not older than this.")
    until: DateTime | None = strawberry.field(default=None, description="Older than this.")

    def asked(self) -> AlertQuery:
        owner = self.owner.key() if self.owner is not None else None
        return AlertQuery(
            alert_id=self.alert_id,
            owner=f"{owner.kind}/{owner.id}" if owner is not None else None,
            twin_id=self.twin_id,
            transitions=tuple(item.value for item in self.transition or ()),
            since=self.since,
            until=self.until,
        )


AlertHistoryWhereArgument = Annotated[AlertHistoryWhere | None, strawberry.argument(description="Only these.")]


async def history_connection(
    context: Context, query: AlertQuery, first: int | None, after: str | None
) -> AlertHistoryConnection:
    page = await history_page(context.services, query, first, after)
    nodes = [_event(item) for item in page.items]
    return AlertHistoryConnection(
        edges=edges_of(nodes, page.cursors),
        nodes=nodes,
        page_info=page_info(page.cursors, page.has_previous, page.has_next),
        sequence=Long(page.sequence),
    )


def _event(record: AlertRecord) -> AlertEvent:
    change = record.change
    return AlertEvent(
        record=record,
        transition=AlertTransition(change.transition),
        at=DateTime(change.at),
        by=change.by,
        comment=change.comment or None,
        late=change.late / SECOND,
        sequence=Long(record.sequence),
    )
