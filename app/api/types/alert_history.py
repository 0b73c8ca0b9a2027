"""The history of alerts: every transition with when, who and why, newest first; of one alert or of all."""

from typing import Annotated

import strawberry

from app.api.connections import Edge, PageInfo
from app.api.context import Context
from app.api.pages import DEFAULT_PAGE, decode_cursor, encode_cursor, page_size
from app.api.scalars import DateTime, Long
from app.api.types.alert import Alert
from app.api.types.cause import Cause, chain
from app.api.types.enums import AlertTransition, OwnerKind
from app.errors import Invalid
from app.model.audit import AlertQuery, AlertRecord, RecordPlace


@strawberry.type(description="Something that happened to an alert.")
class AlertEvent:
    record: strawberry.Private[AlertRecord]
    transition: AlertTransition = strawberry.field(description="What.")
    at: DateTime = strawberry.field(description="When.")
    by: str | None = strawberry.field(description="The person who did it; null where the plant or a timer did.")
    comment: str | None = strawberry.field(description="What that person said.")
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
class AlertHistoryFilter:
    alert_id: strawberry.ID | None = strawberry.field(default=None, description="Of this alert, open or closed.")
    owner_kind: OwnerKind | None = strawberry.field(default=None, description="Of which kind `ownerId` is.")
    owner_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of the behaviors of this twin or overlay; needs `ownerKind`."
    )
    twin_id: strawberry.ID | None = strawberry.field(default=None, description="Of alerts that concern this twin.")
    transition: list[AlertTransition] | None = strawberry.field(default=None, description="Only these.")
    since: DateTime | None = strawberry.field(default=None, description="Not older than this.")
    until: DateTime | None = strawberry.field(default=None, description="Older than this.")

    def asked(self) -> AlertQuery:
        """Raises Invalid (FILTER_INVALID)."""
        if (self.owner_kind is None) != (self.owner_id is None):
            raise Invalid(
                "`ownerKind` and `ownerId` belong together",
                code="FILTER_INVALID",
                hint="give both or neither",
                path="/where/ownerKind",
            )
        return AlertQuery(
            alert_id=self.alert_id,
            owner=f"{self.owner_kind.value}/{self.owner_id}" if self.owner_kind is not None else None,
            twin_id=self.twin_id,
            transitions=tuple(item.value for item in self.transition or ()),
            since=self.since,
            until=self.until,
        )


AlertHistoryWhere = Annotated[AlertHistoryFilter | None, strawberry.argument(description="Only these.")]


def record_cursor(place: RecordPlace) -> str:
    return encode_cursor(f"{place[0]}/{place[1]}")


def record_place(cursor: str) -> RecordPlace:
    """Raises Invalid (CURSOR_INVALID)."""
    sequence, _, index = decode_cursor(cursor, "after").partition("/")
    if not all(part.isascii() and part.isdecimal() and len(part) < 13 for part in (sequence, index)):
        raise Invalid("`after` is not a cursor of alert events", code="CURSOR_INVALID", path="/after")
    return int(sequence), int(index)


async def history_page(
    context: Context, query: AlertQuery, first: int | None, after: str | None
) -> AlertHistoryConnection:
    size = page_size(DEFAULT_PAGE if first is None else first)
    place = record_place(after) if after is not None else None
    upto = await context.services.caught_up()
    found = await context.services.store.alert_records(query, size + 1, place)
    nodes = [_event(item) for item in found[:size]]
    cursors = [record_cursor(item.place) for item in found[:size]]
    return AlertHistoryConnection(
        edges=[Edge(node=node, cursor=cursor) for node, cursor in zip(nodes, cursors, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=len(found) > size,
            has_previous_page=after is not None,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        sequence=Long(upto),
    )


def _event(record: AlertRecord) -> AlertEvent:
    change = record.change
    return AlertEvent(
        record=record,
        transition=AlertTransition(change.transition),
        at=DateTime(change.at),
        by=change.by,
        comment=change.comment or None,
        sequence=Long(record.sequence),
    )
