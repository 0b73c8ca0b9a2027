"""DTSL over HTTP: a script as text/plain, executed as one change.

A browser's form can send text/plain across origins without asking; what protects this path is said in bodies.script.
"""

from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from app.api.claims import address_of, claimed
from app.api.rest.bodies import JSON, TEXT, script
from app.api.rest.definitions import By
from app.api.rest.examples import SCRIPT
from app.api.rest.openapi import body, gives, responses
from app.api.services import Services

Name = Annotated[str, Query(min_length=1, max_length=200, description="What remarks call the script.")]


def add_scripts(app: FastAPI, services: Services) -> None:
    async def execute(request: Request, name: Name = "script.dtsl", x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        source = await script(request)
        result = await services.commands.scripts.execute(source, actor, name=name)
        saved = result.saved
        content: dict[str, Any] = {
            part: [{"kind": kind, "id": id} for kind, id in keys]
            for part, keys in (("created", saved.created), ("updated", saved.updated), ("unchanged", saved.unchanged))
        }
        content["warnings"] = [warning.to_json() for warning in saved.warnings]
        content["diagnostics"] = [
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
            for item in result.diagnostics
        ]
        return Response(msgspec.json.encode(content), media_type=JSON)

    app.add_api_route(
        "/dtsl/execute",
        execute,
        methods=["POST"],
        operation_id="executeDtsl",
        summary="Execute a DTSL script: all of it or nothing",
        tags=["dtsl"],
        response_class=Response,
        responses=responses(
            409, 413, 415, 422, 503, _200=gives("ScriptExecuted", "What it declares has replaced what there was.")
        ),
        openapi_extra=body(TEXT, {"type": "string"}, "The script, in UTF-8.", SCRIPT),
    )
