"""Pages of alerts, newest first: open ones cut from memory, closed ones asked of the graph.

The graph does not filter, so a filtered page of closed ones looks through a bounded number of batches; it may then come
back short, with its end where the looking stopped.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from app.api.keyset import Keyset
from app.api.pages import DEFAULT_PAGE, decode_cursor, encode_cursor, page_size
from app.api.services import Services
from app.errors import Invalid
from app.model.events import Alert

Place = tuple[int, str]
"""Where an alert stands in the order: (raised_at, alert_id)."""
_BATCH = 200
_MOST_BATCHES = 20


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts; None asks for all of them."""

    severities: Collection[str] | None = None
    shelved: bool | None = None
    suppressed: bool | None = None

    @property
    def is_open(self) -> bool:
        """Whether everything passes."""
        return self == AlertFilter()

    def wants(self, alert: Alert) -> bool:
        return (
            (self.severities is None or alert.severity in self.severities)
            and self.shelved in (None, alert.shelved is not None)
            and self.suppressed in (None, bool(alert.suppressed_by))
        )


async def alert_page(
    services: Services, wanted: AlertFilter, *, open: bool, first: int | None, after: str | None
) -> Keyset[Alert]:
    """Raises Invalid (PAGE_SIZE_INVALID, CURSOR_INVALID), Unavailable for closed ones."""
    size = page_size(DEFAULT_PAGE if first is None else first)
    place = _place_of(after) if after is not None else None
    if not open:
        return await _closed_page(services, wanted, size, place)
    found = newest_first(item for item in services.live.open_alerts() if wanted.wants(item))
    rest = [item for item in found if place is None or _place(item) < place]
    return _page(rest[:size], len(rest) < len(found), len(rest) > size, services.live.sequence, total=len(found))


async def _closed_page(services: Services, wanted: AlertFilter, size: int, place: Place | None) -> Keyset[Alert]:
    found: list[Alert] = []
    looked, more = place, True
    for _ in range(_MOST_BATCHES):
        count = size + 1 if wanted.is_open else max(size + 1, _BATCH)
        batch = await services.store.closed_alerts(count, looked)
        found += [item for item in batch if wanted.wants(item)]
        more = len(batch) == count
        if batch:
            looked = _place(batch[-1])
        if not more or len(found) > size:
            break
    stopped = looked if more and len(found) <= size else None
    has_next = more or len(found) > size
    return _page(found[:size], place is not None, has_next, services.live.sequence, stopped=stopped)


def newest_first(alerts: Iterable[Alert]) -> list[Alert]:
    return sorted(alerts, key=_place, reverse=True)


def _page(
    items: Sequence[Alert],
    has_previous: bool,
    has_next: bool,
    sequence: int,
    *,
    stopped: Place | None = None,
    total: int | None = None,
) -> Keyset[Alert]:
    cursors = [_cursor(_place(item)) for item in items]
    return Keyset(items, cursors, has_previous, has_next, sequence, _cursor(stopped) if stopped else None, total)


def _place_of(cursor: str) -> Place:
    raised_at, _, alert_id = decode_cursor(cursor, "after").partition("/")
    if not raised_at.isdecimal() or not alert_id:
        raise Invalid("`after` is not a cursor of alerts", code="CURSOR_INVALID", path="/after")
    return int(raised_at), alert_id


def _place(alert: Alert) -> Place:
    return alert.raised_at, alert.alert_id


def _cursor(place: Place) -> str:
    return encode_cursor(f"{place[0]}/{place[1]}")
