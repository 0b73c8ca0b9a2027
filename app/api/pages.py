"""Keyset pages: cursors are ids, so a page never shifts under a change.

A cursor stays valid after its own item is deleted: it is a place in the order, not an item. It is sealed with a digest
of the list that it is of (and of what was asked of that), so that a cursor from elsewhere is an error and no odd page.
"""

import base64
import binascii
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import Invalid

MAX_PAGE = 1000
DEFAULT_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page:
    ids: Sequence[str]
    has_previous: bool
    has_next: bool


_HINT = "give a `cursor`, `startCursor` or `endCursor` of an earlier page of the same list"


def encode_cursor(key: str, of: str) -> str:
    """`of`: which list, and what was asked of it; equal for equal questions, over restarts too."""
    return base64.urlsafe_b64encode(f"at:{_seal(of)}:{key}".encode()).decode()


def decode_cursor(cursor: str, name: str, of: str) -> str:
    """Raises Invalid (CURSOR_INVALID, CURSOR_FOREIGN)."""
    try:
        prefix, _, rest = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        prefix = rest = ""
    sealed, separator, key = rest.partition(":")
    if prefix != "at" or not separator:
        raise Invalid(f"`{name}` is not a cursor", code="CURSOR_INVALID", hint=_HINT, path=f"/{name}")
    if sealed != _seal(of):
        message = f"`{name}` is a cursor of another list, or of another filter of this one"
        raise Invalid(message, code="CURSOR_FOREIGN", hint=_HINT, path=f"/{name}")
    return key


def _seal(of: str) -> str:
    return hashlib.blake2b(of.encode(), digest_size=4).hexdigest()


def page_size(size: int, name: str = "first", most: int = MAX_PAGE) -> int:
    """Raises Invalid (PAGE_SIZE_INVALID)."""
    if not 0 <= size <= most:
        raise Invalid(
            f"`{name}` is {size}; a page has 0 to {most} items",
            code="PAGE_SIZE_INVALID",
            hint="take more pages with `after: pageInfo.endCursor`",
            path=f"/{name}",
        )
    return size


def one_way(first: int | None, last: int | None) -> None:
    """Raises Invalid (PAGE_SIZE_INVALID) where both are given."""
    if first is not None and last is not None:
        raise Invalid(
            "`first` and `last` were both given",
            code="PAGE_SIZE_INVALID",
            hint="page forward with `first`, or backward with `last`",
            path="/last",
        )


def size_asked(first: int | None, last: int | None) -> int:
    """Of a page, whichever way. Raises Invalid (PAGE_SIZE_INVALID)."""
    one_way(first, last)
    return page_size(last, "last") if last is not None else page_size(DEFAULT_PAGE if first is None else first)


def cut(
    ids: Sequence[str], first: int | None, after: str | None, last: int | None, before: str | None, of: str
) -> Page:
    """The page of sorted `ids`; `of` as for cursors. Raises Invalid where the arguments make none."""
    one_way(first, last)
    start = bisect_right(ids, decode_cursor(after, "after", of)) if after is not None else 0
    end = bisect_left(ids, decode_cursor(before, "before", of)) if before is not None else len(ids)
    end = max(start, end)
    if last is not None:
        start = max(start, end - page_size(last, "last"))
    else:
        end = min(end, start + page_size(DEFAULT_PAGE if first is None else first))
    return Page(ids[start:end], has_previous=start > 0, has_next=end < len(ids))
