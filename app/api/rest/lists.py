"""Lists under /api/v1: keyset pages with Link, filtered and ordered by the Finder as in GraphQL.

A filter that names what is not there is an error (400) with a suggestion, never an empty page. Ranges over property
values, and filters over an overlay's members, are GraphQL's: they don't fit into an address.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from app.api.order import Order as Sorted
from app.api.pages import DEFAULT_PAGE
from app.api.rest.faces import FACES, Face
from app.api.rest.openapi import gives, responses
from app.api.rest.paging import After, Before, First, Last, Page, answer, cut_page
from app.api.services import Services
from app.errors import Invalid
from app.find.query import Membership, Order, OverlayFilter, Place, Related, TwinFilter, Window
from app.model.definitions import Severity, to_document

Types = Annotated[list[str] | None, Query(description="One of these types, subtypes included.")]
Tags = Annotated[list[str] | None, Query(description="All of these tags.")]
Text = Annotated[str | None, Query(description="Somewhere in id, description or asset data, in any case.")]
Active = Annotated[str | None, Query(description="This behavior is on.")]
Severities = Annotated[list[Severity] | None, Query(description="An open alert of one of these severities.")]
By = Annotated[Literal["id", "type", "updated"], Query(description="Ties are broken by id.")]
Down = Annotated[bool, Query(description="The other way round.")]
Status = Literal["connected", "disconnected", "connecting", "unconfigured"]


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

    def document(id: str) -> Any:
        stored = catalogue.standing(face.kind, id)
        return to_document(stored.definition) if stored is not None else None

    def shown(request: Request, first: int | None, last: int | None, page: Callable[[], Page]) -> Response:
        return answer(face.path, request, first, last, page, document)

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
        overridden: Annotated[bool | None, Query(description="A property is out of service or forced.")] = None,
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
            overridden=overridden,
        )
        order = Order(order_by, descending=descending)
        return shown(request, first, last, lambda: _found(finder.twins, where, order, first, after, last, before))

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
        return shown(request, first, last, lambda: _found(finder.overlays, where, order, first, after, last, before))

    async def list_types(
        request: Request, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Response:
        every = ids.ids(catalogue, face.kind)
        return shown(request, first, last, lambda: cut_page(every, first, after, last, before))

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
) -> Page:
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
    return Page(found.ids, found.cursors, found.has_previous, found.has_next, found.count())
