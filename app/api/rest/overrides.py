"""What people have put over properties, under /api/v1: put over one property, ended there, listed over all.

Both changes answer with the property as everybody sees it from now on; the same PUT again changes nothing, as does a
DELETE where nothing stands.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from app.api.claims import address_of, claimed
from app.api.instance_document import reading_document
from app.api.membership import About, Membership
from app.api.overridden import overridden_keys
from app.api.rest.bodies import JSON, json_object, only_fields
from app.api.rest.definitions import By, Reason
from app.api.rest.instances import PropertyName, TwinId
from app.api.rest.openapi import body, gives, ref, responses
from app.api.rest.paging import After, Before, First, Last, Page, answer, cut_page
from app.api.services import Services
from app.commands.pointers import found as what
from app.errors import Invalid, Problem
from app.model.values import PropertyState

Kinds = Annotated[list[Literal["out_of_service", "forced"]] | None, Query(description="Only of these kinds.")]
_ONE = "/twins/{twin_id}/instance/properties/{name}/override"
_EXAMPLE = {"kind": "forced", "value": 20.0, "reason": "The sensor is being calibrated"}
_SHOWN = gives("Reading", "The property as everybody sees it now.")


def add_overrides(app: FastAPI, services: Services) -> None:
    commands, live, catalogue = services.commands.overrides, services.live, services.catalogue

    async def put(request: Request, twin_id: TwinId, name: PropertyName, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        given = await json_object(request)
        kind, reason = _checked(given)
        if kind == "forced":
            done = await commands.force(twin_id, name, given["value"], reason, actor)
        else:
            done = await commands.take_out_of_service(twin_id, name, reason, actor)
        return _json(done.state)

    async def end(
        request: Request, twin_id: TwinId, name: PropertyName, reason: Reason = None, x_actor: By = None
    ) -> Response:
        done = await commands.end(twin_id, name, reason or "", claimed(x_actor, "rest", address_of(request)))
        return _json(done.state)

    async def every(
        request: Request,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        kind: Kinds = None,
        twin_type: Annotated[str | None, Query(description="Of twins of this type, subtypes included.")] = None,
        overlay: Annotated[str | None, Query(description="Of twins with a role in this overlay.")] = None,
        by: Annotated[str | None, Query(description="Only by this person.")] = None,
    ) -> Response:
        def page() -> Page:
            membership = Membership(catalogue, About.checked(catalogue, None, twin_type, overlay))
            keys = overridden_keys(live, membership, kind, by)
            return cut_page(keys, first, after, last, before, "/overrides")

        def show(key: str) -> dict[str, Any]:
            twin_id, _, name = key.partition("/")
            return {"twin_id": twin_id, "name": name, **reading_document(live.property_state(twin_id, name))}

        return answer("/overrides", request, first, last, page, show)

    tags: list[Any] = ["instances"]
    app.add_api_route(
        _ONE,
        put,
        methods=["PUT"],
        operation_id="putOverride",
        summary="Take a property out of service, or force its value",
        tags=tags,
        response_class=Response,
        responses=responses(404, 409, 413, 415, 422, 503, _200=_SHOWN),
        openapi_extra=body(JSON, ref("OverrideGiven"), "What, and why.", _EXAMPLE),
    )
    app.add_api_route(
        _ONE,
        end,
        methods=["DELETE"],
        operation_id="endOverride",
        summary="End what stands over a property",
        tags=tags,
        response_class=Response,
        responses=responses(404, 409, 422, 503, _200=_SHOWN),
    )
    app.add_api_route(
        "/overrides",
        every,
        methods=["GET"],
        operation_id="listOverrides",
        summary="Everything that is out of service or forced, page by page",
        tags=tags,
        response_class=Response,
        responses=responses(
            404, _200=gives("OverridePage", "A page.", headers={"Link": 'rel="next" and rel="prev", where there are.'})
        ),
    )


def _checked(given: Mapping[str, Any]) -> tuple[str, str]:
    """Kind and reason. Raises Invalid (DOCUMENT_INVALID)."""
    forced = given.get("kind") == "forced"
    known = ("kind", "value", "reason") if forced else ("kind", "reason")
    only_fields(given, known, needed=known)
    problems = []
    if given["kind"] not in ("out_of_service", "forced"):
        message = f"{what(given['kind'])} is no kind of override"
        problems.append(Problem("NOT_ALLOWED", message, "/kind", "allowed are out_of_service, forced"))
    if not isinstance(given["reason"], str):
        problems.append(Problem("WRONG_TYPE", f"{what(given['reason'])} where a text is wanted", "/reason", "say why"))
    if problems:
        raise Invalid.of(problems, "the body", code="DOCUMENT_INVALID")
    return given["kind"], given["reason"]


def _json(state: PropertyState | None) -> Response:
    return Response(msgspec.json.encode(reading_document(state)), 200, None, JSON)
