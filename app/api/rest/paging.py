"""Keyset pages of the REST face: their query parameters, their form, and the ready addresses in the header Link."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from fastapi import Query, Request
from starlette.responses import Response

from app.api.pages import DEFAULT_PAGE, MAX_PAGE, cut, encode_cursor
from app.api.problem import PREFIX, problem
from app.api.rest.bodies import JSON
from app.errors import Invalid

First = Annotated[
    int | None,
    Query(ge=0, le=MAX_PAGE, description=f"So many from the start; {DEFAULT_PAGE} if neither is given."),
]
Last = Annotated[int | None, Query(ge=0, le=MAX_PAGE, description="So many from the end.")]
After = Annotated[str | None, Query(description="A cursor: only what comes after it.")]
Before = Annotated[str | None, Query(description="A cursor: only what comes before it.")]
_PAGING = ("first", "after", "last", "before")


@dataclass(frozen=True, slots=True)
class Page:
    ids: Sequence[str]
    cursors: Sequence[str]
    has_previous: bool
    has_next: bool
    count: int


def cut_page(
    ids: Sequence[str], first: int | None, after: str | None, last: int | None, before: str | None, of: str
) -> Page:
    """Of sorted ids; `of` is the list's address. Raises Invalid."""
    taken = cut(ids, first, after, last, before, of)
    cursors = [encode_cursor(id, of) for id in taken.ids]
    return Page(taken.ids, cursors, taken.has_previous, taken.has_next, len(ids))


def answer(
    path: str,
    request: Request,
    first: int | None,
    last: int | None,
    page: Callable[[], Page],
    show: Callable[[str], Any],
) -> Response:
    """`show` gives an item's JSON, None for one that is gone. What is wrong with the question is 400, because it stands
    in the address."""
    try:
        taken = page()
    except Invalid as error:
        return problem(error, 400)
    start, end = (taken.cursors[0], taken.cursors[-1]) if taken.cursors else (None, None)
    items = [show(id) for id in taken.ids]
    content = {
        "items": [item for item in items if item is not None],
        "page_info": {
            "has_next_page": taken.has_next,
            "has_previous_page": taken.has_previous,
            "start_cursor": start,
            "end_cursor": end,
        },
        "total_count": taken.count,
    }
    size = first if first is not None else last
    links = []
    if taken.has_next and end:
        links.append(_link("next", path, request, {"first": size, "after": end}))
    if taken.has_previous and start:
        links.append(_link("prev", path, request, {"last": size, "before": start}))
    return Response(msgspec.json.encode(content), 200, {"link": ", ".join(links)} if links else {}, JSON)


def _link(relation: str, path: str, request: Request, page: dict[str, Any]) -> str:
    """Filters and order stay as they are; "prev" always counts from the end."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in _PAGING]
    size = {"last": DEFAULT_PAGE} if relation == "prev" and page["last"] is None else {}
    query = urlencode([*kept, *((name, value) for name, value in {**page, **size}.items() if value is not None)])
    return f'<{PREFIX}{path}?{query}>; rel="{relation}"'
