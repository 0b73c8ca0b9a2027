"""The REST face: FastAPI under /api/v1, for its routing, validation and OpenAPI alone.

It calls the commands that GraphQL calls and decides nothing. It stands behind the same middleware (Host, Origin, size
of the body), because it is mounted in the same application.
"""

from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problem import PREFIX
from app.api.rest.alerts import add_alerts
from app.api.rest.assets import add_assets
from app.api.rest.audit import add_audit
from app.api.rest.connectors import add_connectors
from app.api.rest.definitions import add_definitions
from app.api.rest.docs import headers, page
from app.api.rest.explanations import add_explanations
from app.api.rest.instances import add_instances
from app.api.rest.lifecycle import add_lifecycle
from app.api.rest.lists import add_lists
from app.api.rest.notifications import add_notifications
from app.api.rest.openapi import document
from app.api.rest.overrides import add_overrides
from app.api.rest.rehearsals import add_rehearsals
from app.api.rest.reports import add_reports
from app.api.rest.routing import RestRoute, no_route
from app.api.rest.scripts import add_scripts
from app.api.rest.shelving import add_shelving
from app.api.services import Services


def rest_routes(services: Services) -> list[BaseRoute]:
    """Everything under /api/v1: the definitions, instances and scripts, openapi.json and docs."""
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.router.route_class = RestRoute
    app.add_exception_handler(HTTPException, no_route)
    add_definitions(app, services)
    add_lists(app, services)
    add_instances(app, services)
    add_connectors(app, services)
    add_overrides(app, services)
    add_reports(app, services)
    add_lifecycle(app, services)
    add_alerts(app, services)
    add_shelving(app, services)
    add_notifications(app, services)
    add_audit(app, services)
    add_scripts(app, services)
    add_explanations(app, services)
    add_rehearsals(app, services)
    add_assets(app, services)
    _add_description(app)
    return [Route(PREFIX, _to_docs), Mount(PREFIX, _HeadAsGet(app))]


class _HeadAsGet:
    """What GET answers, HEAD does too; the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = {**scope, "method": "GET"} if scope.get("method") == "HEAD" else scope
        await self._app(asked, receive, send)


def _add_description(app: FastAPI) -> None:
    @cache
    def text() -> bytes:
        return msgspec.json.encode(document(app, version("twin-overlay")))

    async def openapi(request: Request) -> Response:
        return Response(text(), media_type="application/json")

    async def docs(request: Request) -> Response:
        return HTMLResponse(page(), headers=headers())

    async def root(request: Request) -> Response:
        return _to_docs(request)

    unlisted: dict[str, Any] = {"include_in_schema": False, "response_class": Response}
    app.add_api_route("/openapi.json", openapi, **unlisted)
    app.add_api_route("/docs", docs, **unlisted)
    app.add_api_route("/", root, **unlisted)


def _to_docs(request: Request) -> Response:
    return RedirectResponse(f"{PREFIX}/docs")
