"""Pages of alerts, newest first: open ones cut from memory, closed ones asked of the graph.

The graph does not filter by severity, so a filtered page looks through a bounded number of batches; it may then come
back short, with `endCursor` where the looking stopped.
"""

from collections.abc import Iterable, Sequence

from app.api.connections import Edge, PageInfo
from app.api.loaders import newest_first
from app.api.pages import decode_cursor, encode_cursor
from app.api.types.alert import Alert, AlertConnection
from app.errors import Invalid
from app.model import events
from app.ports import TwinStore

Place = tuple[int, str]
"""Where an alert stands in the order: (raised_at, alert_id)."""
_BATCH = 200
_MOST_BATCHES = 20


def place_of(cursor: str) -> Place:
    """Raises Invalid (CURSOR_INVALID)."""
    raised_at, _, alert_id = decode_cursor(cursor, "after").partition("/")
    if not raised_at.isdecimal() or not alert_id:
        raise Invalid("`after` is not a cursor of alerts", code="CURSOR_INVALID", path="/after")
    return int(raised_at), alert_id


def open_page(
    alerts: Iterable[events.Alert], severities: set[str] | None, size: int, place: Place | None
) -> AlertConnection:
    wanted = newest_first(item for item in alerts if _wanted(item, severities))
    rest = [item for item in wanted if place is None or _place(item) < place]
    return _page(rest[:size], len(rest) < len(wanted), len(rest) > size, None, len(wanted))


async def closed_page(store: TwinStore, severities: set[str] | None, size: int, place: Place | None) -> AlertConnection:
    found: list[events.Alert] = []
    looked, more = place, True
    for _ in range(_MOST_BATCHES):
        count = size + 1 if severities is None else max(size + 1, _BATCH)
        batch = await store.closed_alerts(count, looked)
        found += [item for item in batch if _wanted(item, severities)]
        more = len(batch) == count
        if batch:
            looked = _place(batch[-1])
        if not more or len(found) > size:
            break
    stopped = looked if more and len(found) <= size else None
    return _page(found[:size], place is not None, more or len(found) > size, stopped, None)


def _page(
    items: Sequence[events.Alert], has_previous: bool, has_next: bool, stopped: Place | None, total: int | None
) -> AlertConnection:
    nodes = [Alert.of(item) for item in items]
    cursors = [_cursor(_place(item)) for item in items]
    end = _cursor(stopped) if stopped else cursors[-1] if cursors else None
    return AlertConnection(
        edges=[Edge(node=node, cursor=cursor) for node, cursor in zip(nodes, cursors, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=has_next,
            has_previous_page=has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=end,
        ),
        total_count=total,
    )


def _wanted(alert: events.Alert, severities: set[str] | None) -> bool:
    return severities is None or alert.severity in severities


def _place(alert: events.Alert) -> Place:
    return alert.raised_at, alert.alert_id


def _cursor(place: Place) -> str:
    return encode_cursor(f"{place[0]}/{place[1]}")
