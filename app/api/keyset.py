"""One page of what is kept newest first (alerts, what happened to them, the audit), in no face's form.

Cursors are places in that order, so a page never shifts: what comes later comes before the first page.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.api.pages import DEFAULT_PAGE, decode_cursor, encode_cursor, page_size
from app.api.services import Services
from app.errors import Invalid
from app.model.audit import AlertQuery, AlertRecord, AuditEntry, AuditPlace, AuditQuery, RecordPlace

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Keyset(Generic[Item]):
    items: Sequence[Item]
    cursors: Sequence[str]
    has_previous: bool
    has_next: bool
    sequence: int
    """The journal entry up to which it is whole."""
    total: int | None = None
    """Over all pages, where that is known."""

    @property
    def start(self) -> str | None:
        return self.cursors[0] if self.cursors else None

    @property
    def end(self) -> str | None:
        return self.cursors[-1] if self.cursors else None


FindEntries = Callable[[AuditQuery, int, AuditPlace | None], Awaitable[Sequence[AuditEntry]]]


async def audit_page(
    services: Services, query: AuditQuery, first: int | None, after: str | None, find: FindEntries | None = None
) -> Keyset[AuditEntry]:
    """Of those that `find` asks the graph for; of all where it is left out. Raises Invalid (PAGE_SIZE_INVALID,
    CURSOR_INVALID, CURSOR_FOREIGN), Unavailable."""
    size = page_size(DEFAULT_PAGE if first is None else first)
    place = audit_place(after, query) if after is not None else None
    sequence = await services.caught_up() if find is None else services.live.sequence
    found = await (find or services.store.audit)(query, size + 1, place)
    return _page(found, size, lambda item: f"{item.at}/{item.entry_id}", after is not None, sequence, _seal(query))


async def history_page(
    services: Services, query: AlertQuery, first: int | None, after: str | None
) -> Keyset[AlertRecord]:
    """Raises Invalid (PAGE_SIZE_INVALID, CURSOR_INVALID), Unavailable."""
    size = page_size(DEFAULT_PAGE if first is None else first)
    place = record_place(after, query) if after is not None else None
    sequence = await services.caught_up()
    found = await services.store.alert_records(query, size + 1, place)
    return _page(found, size, lambda item: f"{item.sequence}/{item.index}", after is not None, sequence, _seal(query))


def audit_place(cursor: str, query: AuditQuery) -> AuditPlace:
    """Raises Invalid (CURSOR_INVALID, CURSOR_FOREIGN)."""
    at, _, entry_id = decode_cursor(cursor, "after", _seal(query)).partition("/")
    if not (at.isascii() and at.isdecimal() and len(at) < 18 and entry_id):
        raise Invalid("`after` is not a cursor of the audit", code="CURSOR_INVALID", path="/after")
    return int(at), entry_id


def record_place(cursor: str, query: AlertQuery) -> RecordPlace:
    """Raises Invalid (CURSOR_INVALID, CURSOR_FOREIGN)."""
    sequence, _, index = decode_cursor(cursor, "after", _seal(query)).partition("/")
    if not all(part.isascii() and part.isdecimal() and len(part) < 13 for part in (sequence, index)):
        raise Invalid("`after` is not a cursor of alert events", code="CURSOR_INVALID", path="/after")
    return int(sequence), int(index)


def _page(
    found: Sequence[Item], size: int, key: Callable[[Item], str], has_previous: bool, sequence: int, of: str
) -> Keyset[Item]:
    items = found[:size]
    return Keyset(items, [encode_cursor(key(item), of) for item in items], has_previous, len(found) > size, sequence)


def _seal(query: AuditQuery | AlertQuery) -> str:
    return repr(query)
