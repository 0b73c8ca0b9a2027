"""Keyset pages in the form of the Relay connection specification; pages.py cuts them.

`edges` and `nodes` hold the same items: clients of either manner find theirs.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

import strawberry

from app.api.context import Context
from app.api.pages import DEFAULT_PAGE, MAX_PAGE, cut, encode_cursor
from app.api.scalars import Long
from app.find.finder import Found
from app.model.catalogue import Catalogue

Node = TypeVar("Node")

First = Annotated[
    int | None,
    strawberry.argument(description=f"So many from the start, at most {MAX_PAGE}; {DEFAULT_PAGE} if neither is given."),
]
After = Annotated[str | None, strawberry.argument(description="A cursor: only what comes after it.")]
Last = Annotated[int | None, strawberry.argument(description=f"So many from the end, at most {MAX_PAGE}.")]
Before = Annotated[str | None, strawberry.argument(description="A cursor: only what comes before it.")]


PAGES = "PAGE_SIZE_INVALID, CURSOR_INVALID, CURSOR_FOREIGN"
"""The codes that every paged field may raise."""


@strawberry.type(description="Where a page stands in the whole.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more after `endCursor`.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before `startCursor`.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last item; null on an empty page.")


def page_info(cursors: Sequence[str], has_previous: bool, has_next: bool) -> PageInfo:
    """Of a page whose items have these cursors."""
    return PageInfo(
        has_next_page=has_next,
        has_previous_page=has_previous,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )


@strawberry.type(description="An item with its place in the order.")
class Edge(Generic[Node]):
    node: Node = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="Its place: give it as `after` or `before`.")


def edges_of(nodes: Sequence[Node], cursors: Sequence[str]) -> list[Edge[Node]]:
    return [Edge(node=node, cursor=cursor) for node, cursor in zip(nodes, cursors, strict=True)]


def _edges(self: "Connection[Node]") -> list[Edge[Node]]:
    return edges_of(self.nodes, self.cursors)


@strawberry.type(description=f"A page of at most {MAX_PAGE} items, by id where no other order was asked for.")
class Connection(Generic[Node]):
    cursors: strawberry.Private[Sequence[str]]
    edges: list[Edge[Node]] = strawberry.field(resolver=_edges, description="The items with their cursors.")
    nodes: list[Node] = strawberry.field(description="The items alone.")
    page_info: PageInfo = strawberry.field(description="Whether there is more, and from where.")
    sequence: Long = strawberry.field(description="The journal sequence that the answer stands at.")
    count: strawberry.Private[Callable[[], int]]

    @strawberry.field(description="How many there are over all pages; counted only where asked for.")
    def total_count(self) -> int:
        return self.count()


def connect(
    ids: Sequence[str],
    find: Callable[[Catalogue, str], Node | None],
    context: Context,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    of: str,
) -> Connection[Node]:
    """The page of sorted `ids`, each looked up in the catalogue; `of` says which list, and what was asked of it. Raises
    Invalid (PAGE_SIZE_INVALID, CURSOR_INVALID, CURSOR_FOREIGN)."""
    page = cut(ids, first, after, last, before, of)
    cursors = [encode_cursor(id, of) for id in page.ids]
    total = len(ids)
    return show(
        Found(tuple(page.ids), tuple(cursors), page.has_previous, page.has_next, context.live.sequence, lambda: total),
        find,
        context.catalogue,
    )


def show(page: Found, find: Callable[[Catalogue, str], Node | None], catalogue: Catalogue) -> Connection[Node]:
    """What was found, each looked up in the catalogue."""
    cursors = page.cursors
    nodes = [node for id in page.ids if (node := find(catalogue, id)) is not None]
    if len(nodes) < len(page.ids):
        found = [(cursor, find(catalogue, id)) for id, cursor in zip(page.ids, cursors, strict=True)]
        cursors = [cursor for cursor, node in found if node is not None]
    return Connection(
        cursors=cursors,
        nodes=nodes,
        page_info=page_info(cursors, page.has_previous, page.has_next),
        sequence=Long(page.sequence),
        count=page.count,
    )
