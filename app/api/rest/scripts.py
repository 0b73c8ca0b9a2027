"""DTSL over HTTP: scripts as text/plain, executed as one change, and kept under an id.

A browser's form can send text/plain across origins without asking; what protects this path is said in bodies.script.
"""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from fastapi import FastAPI, Path, Query, Request
from starlette.responses import Response

from app.api.claims import address_of, claimed
from app.api.problem import PREFIX, problem
from app.api.rest.bodies import JSON, TEXT, script
from app.api.rest.definitions import By, IfMatch, Reason, Since
from app.api.rest.examples import SCRIPT
from app.api.rest.openapi import body, gives, responses
from app.api.rest.paging import After, Before, First, Last, answer, cut_page
from app.api.rest.preconditions import etag, expected, unchanged
from app.api.services import Services
from app.commands.scripts import ScriptResult
from app.commands.stored_scripts import Stored
from app.errors import Invalid
from app.model.stored_script import StoredScript
from app.model.time import iso

Name = Annotated[str, Query(min_length=1, max_length=200, description="What remarks call the script.")]
ScriptId = Annotated[str, Path(description="The id that the script is kept under.", examples=["pumping_system"])]
NewId = Annotated[
    str | None, Query(description="Where it is kept; where left out, the id of the first thing that it declares.")
]
Newest = Annotated[int, Query(ge=1, le=100, description="So many, newest first.")]
Below = Annotated[int | None, Query(ge=1, le=2**53, description="Only revisions with a lower number.")]
_HEADERS = {"ETag": "The revision, in quotes: for If-Match and If-None-Match."}


def add_scripts(app: FastAPI, services: Services) -> None:
    _add_execution(app, services)
    _add_collection(app, services)
    _add_one(app, services)


def _add_execution(app: FastAPI, services: Services) -> None:
    async def execute(request: Request, name: Name = "script.dtsl", x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        source = await script(request)
        return _executed(await services.commands.scripts.execute(source, actor, name=name))

    async def execute_kept(request: Request, script_id: ScriptId, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        _, result = await services.commands.stored_scripts.execute(script_id, actor)
        return _executed(result)

    done = gives("ScriptExecuted", "What it declares has replaced what there was.")
    app.add_api_route(
        "/dtsl/execute",
        execute,
        methods=["POST"],
        operation_id="executeDtsl",
        summary="Execute a DTSL script: all of it or nothing",
        tags=["dtsl"],
        response_class=Response,
        responses=responses(409, 413, 415, 422, 503, _200=done),
        openapi_extra=body(TEXT, {"type": "string"}, "The script, in UTF-8.", SCRIPT),
    )
    app.add_api_route(
        "/dtsl/scripts/{script_id}/execute",
        execute_kept,
        methods=["POST"],
        operation_id="executeDtslScript",
        summary="Execute a script that is kept: all of it or nothing",
        tags=["dtsl"],
        response_class=Response,
        responses=responses(404, 409, 413, 422, 503, _200=done),
    )


def _add_collection(app: FastAPI, services: Services) -> None:
    kept = services.commands.stored_scripts

    async def create(request: Request, script_id: NewId = None, reason: Reason = None, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        source = await script(request)
        stored = await kept.save(source, actor, script_id=script_id, new=True, reason=reason or "")
        return _saved(stored, 201 if stored.changed else 200, _located(stored.script))

    async def list_scripts(
        request: Request, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Response:
        ids = await kept.ids()
        try:
            page = cut_page(ids, first, after, last, before, "/dtsl/scripts")
        except Invalid as error:
            return problem(error, 400)
        found = {item.script_id: item for item in await kept.several(page.ids)}
        return answer("/dtsl/scripts", request, first, last, lambda: page, lambda id: _kept(found.get(id)))

    app.add_api_route(
        "/dtsl/scripts",
        create,
        methods=["POST"],
        operation_id="createDtslScript",
        summary="Keep a DTSL script; no definition is changed until it is executed",
        description="It must be readable, but may name what is not there yet: `diagnostics` says so.",
        tags=["dtsl"],
        response_class=Response,
        status_code=201,
        responses=responses(
            *(409, 413, 415, 422, 503),
            _201=gives("ScriptShape", "Kept.", headers={**_HEADERS, "Location": "Where it is."}),
            _200=gives("ScriptShape", "This very text was kept there already.", headers=_HEADERS),
        ),
        openapi_extra=body(TEXT, {"type": "string"}, "The script, in UTF-8.", SCRIPT),
    )
    app.add_api_route(
        "/dtsl/scripts",
        list_scripts,
        methods=["GET"],
        operation_id="listDtslScripts",
        summary="List scripts that are kept by id, page by page",
        tags=["dtsl"],
        response_class=Response,
        responses=responses(
            503, _200=gives("ScriptPage", "A page.", headers={"Link": 'rel="next" and rel="prev", where there are.'})
        ),
    )


def _add_one(app: FastAPI, services: Services) -> None:
    kept = services.commands.stored_scripts

    async def read(request: Request, script_id: ScriptId, since: Since = None) -> Response:
        found = await kept.get(script_id)
        if unchanged(request, found.revision):
            return Response(None, 304, _tagged(found))
        return _shown(found, await kept.diagnostics(found))

    async def source(request: Request, script_id: ScriptId, since: Since = None) -> Response:
        found = await kept.get(script_id)
        if unchanged(request, found.revision):
            return Response(None, 304, _tagged(found))
        return Response(found.source, 200, _tagged(found), TEXT)

    async def replace(
        request: Request, script_id: ScriptId, reason: Reason = None, if_match: IfMatch = None, x_actor: By = None
    ) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        text = await script(request)
        stands = await kept.find(script_id)
        revision = expected(request, stands.revision if stands else 0)
        stored = await kept.save(text, actor, script_id=script_id, reason=reason or "", expected_revision=revision)
        return _saved(stored, 200 if stands else 201, _located(stored.script))

    async def delete(
        request: Request, script_id: ScriptId, reason: Reason = None, if_match: IfMatch = None, x_actor: By = None
    ) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        revision = expected(request, (await kept.get(script_id)).revision)
        await kept.delete(script_id, actor, reason=reason or "", expected_revision=revision)
        return Response(None, 204)

    async def revisions(request: Request, script_id: ScriptId, first: Newest = 20, before: Below = None) -> Response:
        below = {} if before is None else {"before": before}
        found = await kept.revisions(script_id, first, **below)
        if not found and before is None:
            await kept.get(script_id)
        items = [
            {
                "number": item.number,
                "at": iso(item.at),
                "author": item.author,
                "reason": item.reason,
                "source": item.source,
            }
            for item in found
        ]
        return Response(msgspec.json.encode({"items": items}), 200, None, JSON)

    one = "/dtsl/scripts/{script_id}"
    section: list[Any] = ["dtsl"]
    kept_shape = gives("ScriptShape", "As it is now.", headers=_HEADERS)
    still = {"description": "It is still the one of If-None-Match."}
    app.add_api_route(
        one,
        read,
        methods=["GET"],
        operation_id="getDtslScript",
        summary="A script that is kept, and what is to be said of it now",
        tags=section,
        response_class=Response,
        responses=responses(404, 503, _200=kept_shape, _304=still),
    )
    app.add_api_route(
        one + "/source",
        source,
        methods=["GET"],
        operation_id="getDtslScriptSource",
        summary="The text of a script that is kept",
        tags=section,
        response_class=Response,
        responses=responses(
            *(404, 503),
            _200={"description": "The text.", "content": {TEXT: {"schema": {"type": "string"}}}},
            _304=still,
        ),
    )
    app.add_api_route(
        one,
        replace,
        methods=["PUT"],
        operation_id="saveDtslScript",
        summary="Keep a script under this id, new or in place of another",
        tags=section,
        response_class=Response,
        responses=responses(
            *(409, 412, 413, 415, 422, 503),
            _200=kept_shape,
            _201=gives("ScriptShape", "It is new.", headers={**_HEADERS, "Location": "Where it is."}),
        ),
        openapi_extra=body(TEXT, {"type": "string"}, "The script, in UTF-8.", SCRIPT),
    )
    app.add_api_route(
        one,
        delete,
        methods=["DELETE"],
        operation_id="deleteDtslScript",
        summary="Keep a script no longer; what executing it has made stays",
        tags=section,
        response_class=Response,
        status_code=204,
        responses=responses(404, 409, 412, 503, _204={"description": "Deleted."}),
    )
    app.add_api_route(
        one + "/revisions",
        revisions,
        methods=["GET"],
        operation_id="listDtslScriptRevisions",
        summary="The texts of a script, newest first; a deleted one's too",
        tags=section,
        response_class=Response,
        responses=responses(404, 503, _200=gives("ScriptRevisions", "Its revisions.")),
    )


def _executed(result: ScriptResult) -> Response:
    saved = result.saved
    content: dict[str, Any] = {
        part: [{"kind": kind, "id": id} for kind, id in keys]
        for part, keys in (("created", saved.created), ("updated", saved.updated), ("unchanged", saved.unchanged))
    }
    content["warnings"] = [warning.to_json() for warning in saved.warnings]
    content["diagnostics"] = _told(result.diagnostics)
    return Response(msgspec.json.encode(content), media_type=JSON)


def _saved(stored: Stored, status: int, headers: dict[str, str]) -> Response:
    return _shown(stored.script, stored.diagnostics, status, headers)


def _shown(
    item: StoredScript, diagnostics: Sequence[Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    content = {**(_kept(item) or {}), "diagnostics": _told(diagnostics)}
    return Response(msgspec.json.encode(content), status, {**_tagged(item), **(headers or {})}, JSON)


def _kept(item: StoredScript | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return {
        "script_id": item.script_id,
        "source": item.source,
        "revision": item.revision,
        "created_at": iso(item.created_at),
        "created_by": item.created_by,
        "updated_at": iso(item.updated_at),
        "updated_by": item.updated_by,
    }


def _told(diagnostics: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "code": item.code,
            "severity": item.severity,
            "message": item.message,
            "hint": item.hint,
            "file": item.file,
            "line": item.line,
            "column": item.column,
            "end_line": item.end_line,
            "end_column": item.end_column,
        }
        for item in diagnostics
    ]


def _tagged(item: StoredScript) -> dict[str, str]:
    return {"etag": etag(item.revision), "cache-control": "no-cache"}


def _located(item: StoredScript) -> dict[str, str]:
    return {"location": f"{PREFIX}/dtsl/scripts/{quote(item.script_id, safe=':')}"}
