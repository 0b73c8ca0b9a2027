"""Pages of alerts, newest first: open ones cut from memory, closed ones asked of the graph.

A page of both is of one moment only as far as the graph has come; it is waited for, as for everything of the past.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from app.api.keyset import Keyset
from app.api.membership import Membership
from app.api.pages import DEFAULT_PAGE, decode_cursor, encode_cursor, page_size
from app.api.services import Services
from app.errors import Invalid
from app.model.asked import ClosedAlerts, Place
from app.model.events import Alert
from app.model.plan import OwnerKey
from app.model.time import Micros


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts; None asks for all of them."""

    severities: Collection[str] | None = None
    shelved: bool | None = None
    suppressed: bool | None = None
    active: bool | None = None
    acknowledged: bool | None = None
    owner: OwnerKey | None = None
    behavior: str | None = None
    code: str | None = None
    text: str | None = None
    since: Micros | None = None
    until: Micros | None = None
    about: Membership | None = None
    """Of one of these owners, or concerning one of these twins."""

    def wants(self, alert: Alert) -> bool:
        return (
            (self.severities is None or alert.severity in self.severities)
            and self.shelved in (None, alert.shelved is not None)
            and self.suppressed in (None, bool(alert.suppressed_by))
            and self.active in (None, alert.active)
            and self.acknowledged in (None, alert.acknowledged)
            and self.owner in (None, alert.owner)
            and self.behavior in (None, alert.behavior)
            and self.code in (None, alert.code)
            and (self.text is None or self.text.lower() in alert.message.lower())
            and (self.since is None or alert.raised_at >= self.since)
            and (self.until is None or alert.raised_at < self.until)
            and (self.about is None or self.about.concerns(alert.owner, alert.twins))
        )

    def closed(self) -> ClosedAlerts | None:
        """The same as the graph is asked; None where no closed alert can be meant, for none is active any more."""
        if self.active:
            return None
        about = None
        if self.about is not None:
            owners = frozenset(f"{key.kind}/{key.id}" for key in self.about.owners())
            about = owners, self.about.twins()
        return ClosedAlerts(
            severities=tuple(sorted(self.severities or ())),
            owner=None if self.owner is None else f"{self.owner.kind}/{self.owner.id}",
            behavior=self.behavior,
            code=self.code,
            about=about,
            acknowledged=self.acknowledged,
            shelved=self.shelved,
            suppressed=self.suppressed,
            text=self.text,
            since=self.since,
            until=self.until,
        )


async def alert_page(
    services: Services,
    wanted: AlertFilter,
    standing: Iterable[Alert],
    closed: Callable[[ClosedAlerts, int, Place | None], Awaitable[Sequence[Alert]]],
    *,
    open: bool | None,
    first: int | None,
    after: str | None,
    of: str,
) -> Keyset[Alert]:
    """Of these open ones, and of those that `closed` asks the graph for; `of` as for cursors. Raises Invalid
    (PAGE_SIZE_INVALID, CURSOR_INVALID, CURSOR_FOREIGN), Unavailable for closed ones."""
    size = page_size(DEFAULT_PAGE if first is None else first)
    place = _place_of(after, of) if after is not None else None
    found = newest_first(item for item in standing if wanted.wants(item)) if open in (True, None) else []
    rest = [item for item in found if place is None or _place(item) < place]
    asked = wanted.closed() if open in (False, None) else None
    if asked is not None:
        known = {item.alert_id for item in found}
        rest += [item for item in await closed(asked, size + 1, place) if item.alert_id not in known]
        rest = newest_first(item for item in rest if wanted.wants(item))
    items = rest[:size]
    return Keyset(
        items,
        [encode_cursor(f"{item.raised_at}/{item.alert_id}", of) for item in items],
        has_previous=place is not None if asked is not None else len(rest) < len(found),
        has_next=len(rest) > size,
        sequence=services.live.sequence,
        total=len(found) if open else None,
    )


def newest_first(alerts: Iterable[Alert]) -> list[Alert]:
    return sorted(alerts, key=_place, reverse=True)


def _place_of(cursor: str, of: str) -> Place:
    raised_at, _, alert_id = decode_cursor(cursor, "after", of).partition("/")
    if not raised_at.isdecimal() or not alert_id:
        raise Invalid("`after` is not a cursor of alerts", code="CURSOR_INVALID", path="/after")
    return int(raised_at), alert_id


def _place(alert: Alert) -> Place:
    return alert.raised_at, alert.alert_id
