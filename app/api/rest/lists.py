"""Lists under /api/v1: keyset pages with Link, filtered and ordered by the Finder as in GraphQL.

A filter that names what is not there is an error (400) with a suggestion, never an empty page. Ranges over property
values, and filters over an overlay's members, are GraphQL's: they don't fit into an address.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from app.api.order import Order as Sorted
from app.api.pages import DEFAULT_PAGE, MAX_PAGE, cut, encode_cursor
from app.api.problem import PREFIX, problem
from app.api.rest.bodies import JSON
from app.api.rest.faces import FACES, Face
from app.api.rest.openapi import gives, responses
from app.api.services import Services
from app.errors import Invalid
from app.find.query import Membership, Order, OverlayFilter, Place, Related, TwinFilter, Window
from app.model.definitions import Severity, to_document

First = Annotated[
    int | None,
    Query(ge=0, le=MAX_PAGE, description=f"So many from the start; {DEFAULT_PAGE} if neither is given."),
]
Last = Annotated[int | None, Query(ge=0, le=MAX_PAGE, description="So many from the end.")]
After = Annotated[str | None, Query(description="A cursor: only what comes after it.")]
Before = Annotated[str | None, Query(description="A cursor: only what comes before it.")]
Types = Annotated[list[str] | None, Query(description="One of these types, subtypes included.")]
Tags = Annotated[list[str] | None, Query(description="All of these tags.")]
Text = Annotated[str | None, Query(description="Somewhere in id, description or asset data, in any case.")]
Active = Annotated[str | None, Query(description="This behavior is on.")]
Severities = Annotated[list[Severity] | None, Query(description="An open alert of one of these severities.")]
By = Annotated[Literal["id", "type", "updated"], Query(description="Ties are broken by id.")]
Down = Annotated[bool, Query(description="The other way round.")]
Status = Literal["connected", "disconnected", "connecting", "unconfigured"]
_PAGING = ("first", "after", "last", "before")


@dataclass(frozen=True, slots=True)
class _Page:
    ids: Sequence[str]
    cursors: Sequence[str]
    has_previous: bool
    has_next: bool
    count: int


def add_lists(app: FastAPI, services: Services) -> None:
    ids = Sorted()
    for face in FACES:
        app.add_api_route(
            face.path,
            _lister(services, face, ids),
            methods=["GET"],
            operation_id=f"list{face.shape}s",
            summary=f"List {face.name}s, page by page",
            tags=[face.path[1:]],
            response_class=Response,
            responses=responses(
                _200=gives(
                    f"{face.shape}Page", "A page.", headers={"Link": 'rel="next" and rel="prev", where there are.'}
                )
            ),
        )


def _lister(services: Services, face: Face, ids: Sorted) -> Callable[..., Any]:
    finder, catalogue = services.finder, services.catalogue

    async def list_twins(
        request: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        twin_type: Types = None,
        tag: Tags = None,
        text: Text = None,
        site: Annotated[str | None, Query(description="Of its location.")] = None,
        building: Annotated[str | None, Query(description="Of its location.")] = None,
        floor: Annotated[str | None, Query(description="Of its location.")] = None,
        room: Annotated[str | None, Query(description="Of its location.")] = None,
        related_to: Annotated[str | None, Query(description="An edge leads to or from this twin.")] = None,
        overlay: Annotated[str | None, Query(description="Fills a role of this overlay.")] = None,
        role: Annotated[str | None, Query(description="Fills this role.")] = None,
        connectivity: Annotated[list[Status] | None, Query(description="One of these.")] = None,
        active_behavior: Active = None,
        alert_severity: Severities = None,
        order_by: By = "id",
        descending: Down = False,
    ) -> Response:
        place = Place(site, building, floor, room)
        where = TwinFilter(
            types=tuple(twin_type or ()),
            tags=tuple(tag or ()),
            location=place if place != Place() else None,
            text=text,
            related_to=Related(related_to) if related_to is not None else None,
            member=Membership(overlay, role) if overlay is not None or role is not None else None,
            connectivity=tuple(connectivity or ()),
            active_behavior=active_behavior,
            alert_severity=tuple(alert_severity or ()),
        )
        order = Order(order_by, descending=descending)
        return _answer(
            services, face, request, first, last, lambda: _found(finder.twins, where, order, first, after, last, before)
        )

    async def list_overlays(
        request: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        overlay_type: Types = None,
        tag: Tags = None,
        text: Text = None,
        active_behavior: Active = None,
        alert_severity: Severities = None,
        order_by: By = "id",
        descending: Down = False,
    ) -> Response:
        where = OverlayFilter(
            types=tuple(overlay_type or ()),
            tags=tuple(tag or ()),
            text=text,
            active_behavior=active_behavior,
            alert_severity=tuple(alert_severity or ()),
        )
        order = Order(order_by, descending=descending)
        return _answer(
            services,
            face,
            request,
            first,
            last,
            lambda: _found(finder.overlays, where, order, first, after, last, before),
        )

    async def list_types(
        request: Request, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Response:
        def page() -> _Page:
            every = ids.ids(catalogue, face.kind)
            taken = cut(every, first, after, last, before)
            cursors = [encode_cursor(id) for id in taken.ids]
            return _Page(taken.ids, cursors, taken.has_previous, taken.has_next, len(every))

        return _answer(services, face, request, first, last, page)

    if face.kind == "twin":
        return list_twins
    return list_overlays if face.kind == "overlay" else list_types


def _found(
    find: Callable[[Any, Order, Window], Any],
    where: TwinFilter | OverlayFilter,
    order: Order,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> _Page:
    if first is not None and last is not None:
        raise Invalid(
            "`first` and `last` were both given",
            code="PAGE_SIZE_INVALID",
            hint="page forward with `first`, or backward with `last`",
            path="/last",
        )
    size = first if last is None else last
    window = Window(DEFAULT_PAGE if size is None else size, after, before, backward=last is not None)
    found = find(where, order, window)
    return _Page(found.ids, found.cursors, found.has_previous, found.has_next, found.count())


def _answer(
    services: Services, face: Face, request: Request, first: int | None, last: int | None, page: Callable[[], _Page]
) -> Response:
    try:
        taken = page()
    except Invalid as error:
        return problem(error, 400)
    start, end = (taken.cursors[0], taken.cursors[-1]) if taken.cursors else (None, None)
    items = [services.catalogue.standing(face.kind, id) for id in taken.ids]
    content = {
        "items": [to_document(item.definition) for item in items if item is not None],
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
        links.append(_link("next", face, request, {"first": size, "after": end}))
    if taken.has_previous and start:
        links.append(_link("prev", face, request, {"last": size, "before": start}))
    return Response(msgspec.json.encode(content), 200, {"link": ", ".join(links)} if links else {}, JSON)


def _link(relation: str, face: Face, request: Request, page: dict[str, Any]) -> str:
    """Filters and order stay as they are; "prev" always counts from the end."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in _PAGING]
    size = {"last": DEFAULT_PAGE} if relation == "prev" and page["last"] is None else {}
    query = urlencode([*kept, *((name, value) for name, value in {**page, **size}.items() if value is not None)])
    return f'<{PREFIX}{face.path}?{query}>; rel="{relation}"'
