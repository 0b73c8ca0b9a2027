"""Pages of calls to devices, newest first, from the graph, which is waited for: it has every call as it last stood."""

from collections.abc import Awaitable, Callable, Sequence

from app.api.keyset import Keyset
from app.api.pages import DEFAULT_PAGE, decode_cursor, encode_cursor, page_size
from app.api.services import Services
from app.errors import Invalid
from app.model.asked import Calls, Place
from app.model.events import Call


async def call_page(
    services: Services,
    asked: Calls,
    find: Callable[[Calls, int, Place | None], Awaitable[Sequence[Call]]],
    first: int | None,
    after: str | None,
    of: str,
) -> Keyset[Call]:
    """Of those that `find` asks the graph for; `of` as for cursors. Raises Invalid (PAGE_SIZE_INVALID, CURSOR_INVALID,
    CURSOR_FOREIGN), Unavailable."""
    size = page_size(DEFAULT_PAGE if first is None else first)
    found = await find(asked, size + 1, _place_of(after, of) if after is not None else None)
    items = found[:size]
    return Keyset(
        items,
        [encode_cursor(f"{item.decided_at}/{item.call_id}", of) for item in items],
        has_previous=after is not None,
        has_next=len(found) > size,
        sequence=services.live.sequence,
    )


def _place_of(cursor: str, of: str) -> Place:
    decided_at, _, call_id = decode_cursor(cursor, "after", of).partition("/")
    if not decided_at.isdecimal() or not call_id:
        raise Invalid("`after` is not a cursor of calls", code="CURSOR_INVALID", path="/after")
    return int(decided_at), call_id
