"""Lists under /api/v1: keyset pages with Link, filtered and ordered by the Finder as in GraphQL.

A filter that names what is not there is an error (400) with a suggestion, never an empty page. What of a filter does
not fit into an address is GraphQL's: any filter of twins over the members of an overlay.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from app.api.order import Order as Sorted
from app.api.pages import DEFAULT_PAGE
from app.api.rest.faces import FACES, Face
from app.api.rest.filters import (
    OVERLAY_PLACES,
    TWIN_PLACES,
    Comparisons,
    Coordinate,
    Direction,
    Known,
    Places,
    Qualities,
    RelationshipTypes,
    Unknown,
    box,
    of_overlays,
    of_twins,
    related,
    tests,
)
from app.api.rest.openapi import gives, responses
from app.api.rest.paging import After, Before, First, Last, Page, answer, cut_page
from app.api.services import Services
from app.errors import Invalid, Problem
from app.find.query import Membership, Order, OverlayFilter, Place, TwinFilter, Window
from app.model.behaviors import Severity
from app.model.definitions import Lifecycle, to_document

Types = Annotated[list[str] | None, Query(description="One of these types, subtypes included.")]
Tags = Annotated[list[str] | None, Query(description="All of these tags.")]
Text = Annotated[str | None, Query(description="Somewhere in id, description, asset data, location or metadata.")]
Active = Annotated[str | None, Query(description="This behavior is on.")]
Severities = Annotated[list[Severity] | None, Query(description="An open alert of one of these severities.")]
Lifecycles = Annotated[list[Lifecycle] | None, Query(description="One of these; all but retired if left out.")]
By = Annotated[Literal["id", "type", "updated"] | None, Query(description="Ties are broken by id; by id if not given.")]
ByProperty = Annotated[
    str | None, Query(description="By this property's live value; unknown values come last, either way round.")
]
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
        min_x: Coordinate = None,
        max_x: Coordinate = None,
        min_y: Coordinate = None,
        max_y: Coordinate = None,
        min_z: Coordinate = None,
        max_z: Coordinate = None,
        related_to: Annotated[str | None, Query(description="An edge leads to or from this twin.")] = None,
        direction: Direction = "both",
        relationship_type: RelationshipTypes = None,
        overlay: Annotated[str | None, Query(description="Fills a role of this overlay.")] = None,
        role: Annotated[str | None, Query(description="Fills this role.")] = None,
        connectivity: Annotated[list[Status] | None, Query(description="One of these.")] = None,
        active_behavior: Active = None,
        alert_severity: Severities = None,
        overridden: Annotated[bool | None, Query(description="A property is out of service or forced.")] = None,
        property: Comparisons = None,
        known: Known = None,
        unknown: Unknown = None,
        quality: Qualities = None,
        order_by: By = None,
        order_by_property: ByProperty = None,
        descending: Down = False,
    ) -> Response:
        places = Places(dict(TWIN_PLACES))
        place = Place(site, building, floor, room, box(min_x, max_x, min_y, max_y, min_z, max_z))
        where = TwinFilter(
            types=tuple(twin_type or ()),
            tags=tuple(tag or ()),
            location=place if place != Place() else None,
            text=text,
            related_to=related(related_to, direction, relationship_type, places),
            member=Membership(overlay, role) if overlay is not None or role is not None else None,
            connectivity=tuple(connectivity or ()),
            active_behavior=active_behavior,
            alert_severity=tuple(alert_severity or ()),
            overridden=overridden,
        )
        where = of_twins(where, tests(property, known, unknown, quality, places), places)
        order = _order(order_by, order_by_property, None, descending, places)
        page = _window(first, after, last, before, places)
        return shown(request, first, last, lambda: _found(finder.twins, where, order, page, places))

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
        lifecycle: Lifecycles = None,
        twin_id: Annotated[list[str] | None, Query(description="Each of these twins fills a role of it.")] = None,
        role: Annotated[list[str] | None, Query(description="Each of these roles is filled.")] = None,
        property: Comparisons = None,
        known: Known = None,
        unknown: Unknown = None,
        quality: Qualities = None,
        order_by: By = None,
        order_by_property: ByProperty = None,
        order_by_role: Annotated[str | None, Query(description="Whose property it is.")] = None,
        descending: Down = False,
    ) -> Response:
        places = Places(dict(OVERLAY_PLACES))
        where = OverlayFilter(
            types=tuple(overlay_type or ()),
            tags=tuple(tag or ()),
            text=text,
            active_behavior=active_behavior,
            alert_severity=tuple(alert_severity or ()),
            lifecycles=tuple(lifecycle or ()),
        )
        where = of_overlays(where, tests(property, known, unknown, quality, places), role, twin_id, places)
        order = _order(order_by, order_by_property, order_by_role, descending, places)
        page = _window(first, after, last, before, places)
        return shown(request, first, last, lambda: _found(finder.overlays, where, order, page, places))

    async def list_types(
        request: Request, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Response:
        every = ids.ids(catalogue, face.kind)
        return shown(request, first, last, lambda: cut_page(every, first, after, last, before, face.path))

    if face.kind == "twin":
        return list_twins
    return list_overlays if face.kind == "overlay" else list_types


def _found(
    find: Callable[[Any, Order, Window], Any],
    where: TwinFilter | OverlayFilter,
    order: Order,
    window: Window,
    places: Places,
) -> Page:
    """Raises Invalid, every fault at its place in the address."""
    places.refuse()
    try:
        found = find(where, order, window)
    except Invalid as error:
        raise places.told(error) from error
    return Page(found.ids, found.cursors, found.has_previous, found.has_next, found.count())


def _window(first: int | None, after: str | None, last: int | None, before: str | None, places: Places) -> Window:
    if first is not None and last is not None:
        message, hint = "`first` and `last` were both given", "page forward with `first`, or backward with `last`"
        places.problems.append(Problem("PAGE_SIZE_INVALID", message, "/last", hint))
    size = first if last is None else last
    return Window(DEFAULT_PAGE if size is None else size, after, before, backward=last is not None)


def _order(by: Any, property: str | None, role: str | None, descending: bool, places: Places) -> Order:
    if property is not None and by is not None:
        message, hint = "two orders were given", "one at a time; ties are broken by id"
        places.problems.append(Problem("ORDER_INVALID", message, "/order_by_property", hint))
    if role is not None and property is None:
        message, hint = "`order_by_role` was given without a property", "give order_by_property too"
        places.problems.append(Problem("ORDER_INVALID", message, "/order_by_role", hint))
    if property is not None:
        return Order("property", property, role, descending)
    return Order(by or "id", descending=descending)
