"""Shelving under /api/v1: put an alert aside for a while, raised or not; what is; and end it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from app.api.claims import address_of, claimed
from app.api.rest.alert_shapes import alert_document, shelving_document
from app.api.rest.alerts import as_json
from app.api.rest.bodies import JSON, json_object, only_fields
from app.api.rest.definitions import By, Reason
from app.api.rest.openapi import body, gives, ref, responses
from app.api.rest.paging import After, Before, First, Last, answer, cut_page
from app.api.rest.spans import BadAddress
from app.api.services import Services
from app.api.shelved import find_shelving, shelved_keys
from app.commands.pointers import found as what
from app.commands.shelving import Named, Shelved
from app.errors import Invalid, Problem
from app.model.plan import OwnerKey, OwnerKind
from app.ports import LiveView

OfKind = Annotated[Literal["twin", "overlay"] | None, Query(description="Of which kind `owner_id` is.")]
OfOwner = Annotated[str | None, Query(description="The twin or overlay whose behavior raises it.")]
_FIELDS = ("alert_id", "owner_kind", "owner_id", "behavior", "code")
_EXAMPLE = {
    "owner_kind": "twin",
    "owner_id": "pump_123",
    "behavior": "hot",
    "code": "0",
    "seconds": 3600.0,
    "reason": "The sensor is replaced this morning",
}
_DONE = gives("ShelvedShape", "What it is about, with the open alert.")


def add_shelving(app: FastAPI, services: Services) -> None:
    commands, live = services.commands.shelving, services.live

    async def listed(
        request: Request,
        owner_kind: OfKind = None,
        owner_id: OfOwner = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Response:
        def show(key: str) -> dict[str, Any] | None:
            found = find_shelving(live, key)
            return shelving_document(found) if found is not None else None

        keys = shelved_keys(live, _owner(owner_kind, owner_id))
        path = "/shelvings"
        return answer(path, request, first, last, lambda: cut_page(keys, first, after, last, before, path), show)

    async def shelve(request: Request, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        given = await json_object(request)
        only_fields(given, (*_FIELDS, "seconds", "reason"), needed=("seconds", "reason"))
        named, seconds, reason = _checked(given)
        return _shown(await commands.shelve(named, seconds, reason, actor), live)

    async def unshelve(
        request: Request,
        alert_id: Annotated[str | None, Query(description="An open one.")] = None,
        owner_kind: OfKind = None,
        owner_id: OfOwner = None,
        behavior: Annotated[str | None, Query(description="The behavior.")] = None,
        code: Annotated[str | None, Query(description="The alert's code.")] = None,
        reason: Reason = None,
        x_actor: By = None,
    ) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        return _shown(
            await commands.unshelve(Named(alert_id, owner_kind, owner_id, behavior, code), reason or "", actor), live
        )

    def add(method: str, handler: Any, name: str, summary: str, answers: Any, more: Any = None) -> None:
        app.add_api_route(
            "/shelvings",
            handler,
            methods=[method],
            operation_id=name,
            summary=summary,
            tags=["alerts"],
            response_class=Response,
            responses=answers,
            openapi_extra=more,
        )

    page = gives("ShelvingPage", "A page.", headers={"Link": 'rel="next" and rel="prev", where there are.'})
    add("GET", listed, "listShelvings", "What is shelved, raised or not, page by page", responses(_200=page))
    add(
        "POST",
        shelve,
        "shelveAlert",
        "Shelve an alert for a while, raised or not",
        responses(404, 409, 413, 415, 422, 503, _200=_DONE),
        body(JSON, ref("ShelvingGiven"), "Which, how long and why.", _EXAMPLE),
    )
    add("DELETE", unshelve, "unshelveAlert", "End a shelving", responses(404, 409, 422, 503, _200=_DONE))


def _owner(kind: OwnerKind | None, id: str | None) -> OwnerKey | None:
    """Raises BadAddress (FILTER_INVALID)."""
    if kind is None and id is None:
        return None
    if kind is None or id is None:
        message, hint = "`owner_kind` and `owner_id` belong together", "give both or neither"
        raise BadAddress(message, code="FILTER_INVALID", hint=hint, path="/owner_kind")
    return OwnerKey(kind, id)


def _checked(given: Mapping[str, Any]) -> tuple[Named, float, str]:
    """Raises Invalid (DOCUMENT_INVALID)."""
    problems = [
        Problem("WRONG_TYPE", f"{what(given[name])} where a text is wanted", f"/{name}", "give a text")
        for name in (*_FIELDS, "reason")
        if not isinstance(given.get(name), str | None)
    ]
    kind, seconds = given.get("owner_kind"), given["seconds"]
    if isinstance(kind, str) and kind not in ("twin", "overlay"):
        problems.append(Problem("NOT_ALLOWED", f"{what(kind)} is no kind", "/owner_kind", "allowed are twin, overlay"))
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        hint = "give how many seconds"
        problems.append(Problem("WRONG_TYPE", f"{what(seconds)} where a number is wanted", "/seconds", hint))
    if problems:
        raise Invalid.of(problems, "the body", code="DOCUMENT_INVALID")
    named = Named(*(given.get(name) for name in _FIELDS))
    return named, float(seconds), given["reason"] or ""


def _shown(done: Shelved, live: LiveView) -> Response:
    alert = alert_document(done.alert, live) if done.alert is not None else None
    return as_json({"shelving": shelving_document(done.shelving), "alert": alert})
