"""Definitions of every kind under /api/v1: create, read, change, delete; all alike.

The answer to a write is the document as it is now, with its revision as the ETag; warnings go beside it in X-Warnings,
so that a document stays what its author wrote.
"""

import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
from fastapi import FastAPI, Header, Path, Query, Request
from starlette.responses import Response

from app.api.claims import MAX_ACTOR, address_of, claimed
from app.api.problem import PREFIX
from app.api.rest.bodies import JSON, json_object
from app.api.rest.examples import CHANGED, CREATED
from app.api.rest.faces import FACES, Face
from app.api.rest.openapi import body, gives, ref, responses
from app.api.rest.preconditions import etag, expected, unchanged
from app.api.services import Services
from app.errors import Conflict, NotFound, Problem
from app.model.change import StoredDefinition
from app.model.definitions import to_document
from app.model.near import near

Since = Annotated[str | None, Header(alias="If-None-Match", description="ETags; 304 where it is still one of them.")]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="ETags; 412 where it is none of them now.")]
By = Annotated[
    str | None,
    Header(
        alias="X-Actor",
        description="Who does it, for the history.",
        json_schema_extra={"pattern": "^[!-~][ -~]*$", "maxLength": MAX_ACTOR},
    ),
]
MAX_REASON = 1000
"""Characters; less than in GraphQL, because an address is cut off at 64 KiB."""
Reason = Annotated[str | None, Query(max_length=MAX_REASON, description="Why, for the history.")]
Cascade = Annotated[
    Literal["UNBIND"] | None,
    Query(description="UNBIND: let it leave the optional roles that it fills first, and drop relationships to it."),
]
_MOST_WARNINGS = 10
_HEADERS = {"ETag": "The revision, in quotes: for If-Match and If-None-Match."}
_WRITTEN = {**_HEADERS, "X-Warnings": f"JSON: at most {_MOST_WARNINGS} things to look at; absent where there are none."}


def add_definitions(app: FastAPI, services: Services) -> None:
    for face in FACES:
        _add(app, services, face)


def _add(app: FastAPI, services: Services, face: Face) -> None:
    place = Path(alias=face.field, description=f"The {face.name}'s id.", examples=[face.example])
    commands = services.commands.definitions

    async def create(request: Request, reason: Reason = None, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        document = await json_object(request)
        try:
            saved = await commands.save([(face.kind, document)], actor, expected_revision=0, reason=reason or "")
        except Conflict as error:
            if error.code != "REVISION_MOVED":
                raise
            raise _taken(face, document[face.field]) from error
        stored = stored_of(services, face, document[face.field])
        headers = {"location": _address(face, stored.id)}
        return _shown(stored, 201 if saved.created else 200, saved.warnings, headers)

    async def read(request: Request, id: str = place, since: Since = None) -> Response:
        stored = stored_of(services, face, id)
        if unchanged(request, stored.revision):
            return Response(None, 304, _tagged(stored))
        return _shown(stored)

    async def update(
        request: Request, id: str = place, reason: Reason = None, if_match: IfMatch = None, x_actor: By = None
    ) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        patch = await json_object(request)
        revision = expected(request, stored_of(services, face, id).revision)
        saved = await commands.update(face.kind, id, patch, actor, expected_revision=revision, reason=reason or "")
        return _shown(stored_of(services, face, id), 200, saved.warnings)

    async def delete(
        request: Request, id: str = place, reason: Reason = None, if_match: IfMatch = None, x_actor: By = None
    ) -> Response:
        return await remove(request, id, reason, x_actor, unbind=False)

    async def delete_or_unbind(
        request: Request,
        id: str = place,
        cascade: Cascade = None,
        reason: Reason = None,
        if_match: IfMatch = None,
        x_actor: By = None,
    ) -> Response:
        return await remove(request, id, reason, x_actor, unbind=cascade is not None)

    async def remove(request: Request, id: str, reason: str | None, by: str | None, *, unbind: bool) -> Response:
        actor = claimed(by, "rest", address_of(request))
        revision = expected(request, stored_of(services, face, id).revision)
        await commands.delete(face.kind, id, actor, expected_revision=revision, reason=reason or "", unbind=unbind)
        return Response(None, 204)

    app.add_api_route(
        face.path,
        create,
        methods=["POST"],
        operation_id=f"create{face.shape}",
        summary=f"Create a {face.name}" if face.shape[0] != "O" else f"Create an {face.name}",
        tags=[face.path[1:]],
        response_class=Response,
        responses=responses(
            *(409, 413, 415, 422, 503),
            _201=gives(face.shape, "Created.", headers={**_WRITTEN, "Location": "Where it is."}),
            _200=gives(face.shape, "It was there with this very content: nothing was done.", headers=_WRITTEN),
        ),
        status_code=201,
        openapi_extra=body(JSON, ref(face.shape), "The whole document.", CREATED[face.kind]),
    )
    one = face.path + "/{" + face.field + "}"
    app.add_api_route(
        one,
        read,
        methods=["GET"],
        operation_id=f"get{face.shape}",
        summary=f"The document of the {face.name}",
        tags=[face.path[1:]],
        response_class=Response,
        responses=responses(
            404,
            _200=gives(face.shape, "As its author wrote it.", headers=_HEADERS),
            _304={"description": "It is still the one of If-None-Match."},
        ),
    )
    for method, verb in (("PUT", "update"), ("PATCH", "patch")):
        app.add_api_route(
            one,
            update,
            methods=[method],
            operation_id=f"{verb}{face.shape}",
            summary=f"Merge a change into the {face.name}",
            description=(
                "PUT and PATCH do the same. Named lists are merged by name, mapping and metadata by key, a location is "
                'replaced; null takes a field away, {"name": ..., "remove": true} an item, "twin_id": null empties a '
                "role. To replace the whole document, save it over GraphQL."
            ),
            tags=[face.path[1:]],
            response_class=Response,
            responses=responses(
                *(404, 409, 412, 413, 415, 422, 503),
                _200=gives(face.shape, "As it is now.", headers=_WRITTEN),
            ),
            openapi_extra=body(JSON, ref("DefinitionChange"), "What is to be different.", CHANGED[face.kind]),
        )
    app.add_api_route(
        one,
        delete_or_unbind if face.kind in ("twin", "overlay") else delete,
        methods=["DELETE"],
        operation_id=f"delete{face.shape}",
        summary=f"Delete the {face.name}, if nothing uses it",
        tags=[face.path[1:]],
        response_class=Response,
        status_code=204,
        responses=responses(404, 409, 412, 422, 503, _204={"description": "Deleted."}),
    )


def stored_of(services: Services, face: Face, id: str) -> StoredDefinition:
    found = services.catalogue.standing(face.kind, id)
    if found is None:
        code = face.name.upper().replace(" ", "_") + "_NOT_FOUND"
        hint = near(id, services.catalogue.ids(face.kind))
        raise NotFound(f"there is no {face.name} '{id[:200]}'", code=code, hint=hint)
    return found


def _taken(face: Face, id: str) -> Conflict:
    return Conflict(
        f"there is {'an' if face.name[0] == 'o' else 'a'} {face.name} '{id}' already, with another content",
        code="ALREADY_EXISTS",
        hint=f"PUT {_address(face, id)} changes it",
    )


def _address(face: Face, id: str) -> str:
    return f"{PREFIX}{face.path}/{quote(id, safe=':')}"


def _tagged(stored: StoredDefinition) -> dict[str, str]:
    return {"etag": etag(stored.revision), "cache-control": "no-cache"}


def _shown(
    stored: StoredDefinition,
    status: int = 200,
    warnings: Iterable[Problem] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    listed = [warning.to_json() for warning in warnings][:_MOST_WARNINGS]
    told = {"x-warnings": json.dumps(listed)} if listed else {}
    return as_json(to_document(stored.definition), status, {**_tagged(stored), **told, **(headers or {})})


def as_json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers, JSON)
