"""The few plain HTTP answers beside GraphQL: health, readiness, metrics, a backup, and the way to the editor.

Healthy means the process answers; ready means every part that it needs answers too.
"""

import shutil
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from app.api.problem import PREFIX, problem
from app.api.services import Services
from app.errors import TwinOverlayError, Unavailable


def standby_routes(why: Callable[[], str]) -> list[BaseRoute]:
    """What a server answers that waits for another's end: that it lives, and everything else with 503."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "standby"})

    async def readyz(request: Request) -> Response:
        return JSONResponse({"status": "standby", "problems": {"actor": why()}}, 503)

    async def others(request: Request) -> Response:
        error = Unavailable(f"this server stands by: {why()}", code="STANDBY", hint="ask the server that has it")
        if request.url.path.startswith(PREFIX):
            return problem(error)
        content = {"errors": [{"message": error.message, "extensions": error.extensions()}]}
        return JSONResponse(content, 503, {"cache-control": "no-store"})

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/{path:path}", others, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
    ]


def plain_routes(services: Services) -> list[BaseRoute]:
    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        """200 where nothing is wrong, else 503 with what is, by part. Warnings leave it ready; how far the graph is
        behind is told either way."""
        problems = {"server": "going down"} if services.going.down else await services.ready()
        graph = services.graph()
        return JSONResponse(
            {
                "status": "not ready" if problems else "ready",
                "problems": problems,
                "warnings": services.warnings(),
                "graph": {
                    "behind_entries": graph.behind_entries,
                    "behind_seconds": round(graph.behind_seconds, 3),
                    "set_aside": graph.set_aside,
                },
            },
            503 if problems else 200,
        )

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(services.registry), media_type=CONTENT_TYPE_LATEST)

    async def backup(request: Request) -> Response:
        """Everything, as `twin-overlay backup` takes it: a gzipped tar."""
        try:
            archive = await services.backup()
        except TwinOverlayError as error:
            return problem(error)
        done = BackgroundTask(shutil.rmtree, archive.parent, ignore_errors=True)
        return FileResponse(archive, media_type="application/gzip", filename=archive.name, background=done)

    async def root(request: Request) -> Response:
        return RedirectResponse("/graphql")

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/backup", backup, methods=["POST"]),  # a page elsewhere may GET without saying where it is from
        Route("/", root),
    ]
