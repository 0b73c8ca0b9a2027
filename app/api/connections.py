"""Keyset pages after the Relay connection specification: cursors are ids, so a page never shifts under a change.

A cursor stays valid after its own item is deleted: it is a place in the order, not an item.
"""

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import strawberry

from app.errors import Invalid
from app.model.catalogue import Catalogue

MAX_PAGE = 1000
DEFAULT_PAGE = 100

Node = TypeVar("Node")

First = Annotated[
    int | None,
    strawberry.argument(description=f"So many from the start, at most {MAX_PAGE}; {DEFAULT_PAGE} if neither is given."),
]
After = Annotated[str | None, strawberry.argument(description="A cursor: only what comes after it.")]
Last = Annotated[int | None, strawberry.argument(description=f"So many from the end, at most {MAX_PAGE}.")]
Before = Annotated[str | None, strawberry.argument(description="A cursor: only what comes before it.")]


@strawberry.type(description="Where a page stands in the whole.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more after `endCursor`.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before `startCursor`.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last item; null on an empty page.")


@strawberry.type(description="An item with its place in the order.")
class Edge(Generic[Node]):
    node: Node = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="Its place: give it as `after` or `before`.")


@strawberry.type(description=f"A page of at most {MAX_PAGE} items, ordered by id.")
class Connection(Generic[Node]):
    edges: list[Edge[Node]] = strawberry.field(description="The items with their cursors.")
    nodes: list[Node] = strawberry.field(description="The items alone.")
    page_info: PageInfo = strawberry.field(description="Whether there is more, and from where.")
    total_count: int = strawberry.field(description="How many there are over all pages.")


@dataclass(frozen=True, slots=True)
class Page:
    ids: Sequence[str]
    has_previous: bool
    has_next: bool


def encode_cursor(key: str) -> str:
    return base64.urlsafe_b64encode(f"at:{key}".encode()).decode()


def decode_cursor(cursor: str, name: str) -> str:
    """Raises Invalid (CURSOR_INVALID)."""
    try:
        prefix, separator, key = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        prefix = separator = key = ""
    if prefix != "at" or not separator:
        raise Invalid(
            f"`{name}` is not a cursor",
            code="CURSOR_INVALID",
            hint="give a `cursor`, `startCursor` or `endCursor` of an earlier page",
            path=f"/{name}",
        )
    return key


def page_size(size: int, name: str = "first") -> int:
    """Raises Invalid (PAGE_SIZE_INVALID)."""
    if not 0 <= size <= MAX_PAGE:
        raise Invalid(
            f"`{name}` is {size}; a page has 0 to {MAX_PAGE} items",
            code="PAGE_SIZE_INVALID",
            hint="take more pages with `after: pageInfo.endCursor`",
            path=f"/{name}",
        )
    return size


def cut(ids: Sequence[str], first: int | None, after: str | None, last: int | None, before: str | None) -> Page:
    """The page of sorted `ids`. Raises Invalid where the arguments make none."""
    if first is not None and last is not None:
        raise Invalid(
            "`first` and `last` were both given",
            code="PAGE_SIZE_INVALID",
            hint="page forward with `first`, or backward with `last`",
            path="/last",
        )
    start = bisect_right(ids, decode_cursor(after, "after")) if after is not None else 0
    end = bisect_left(ids, decode_cursor(before, "before")) if before is not None else len(ids)
    end = max(start, end)
    if last is not None:
        start = max(start, end - page_size(last, "last"))
    else:
        end = min(end, start + page_size(DEFAULT_PAGE if first is None else first))
    return Page(ids[start:end], has_previous=start > 0, has_next=end < len(ids))


def connect(
    ids: Sequence[str],
    find: Callable[[Catalogue, str], Node | None],
    catalogue: Catalogue,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Connection[Node]:
    """The page of sorted `ids`, each looked up in the catalogue. Raises Invalid where the arguments make none."""
    page = cut(ids, first, after, last, before)
    found = [(id, find(catalogue, id)) for id in page.ids]
    nodes = [node for _, node in found if node is not None]
    cursors = [encode_cursor(id) for id, node in found if node is not None]
    return Connection(
        edges=[Edge(node=item, cursor=cursor) for item, cursor in zip(nodes, cursors, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        total_count=len(ids),
    )
