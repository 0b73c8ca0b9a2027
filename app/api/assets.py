"""Assets over HTTP: GET and HEAD of /assets/{path}, with types, ETag, ranges, and nothing in them that can run here.

A file that somebody uploaded must not become a page of this server: what a browser could execute is sent as a download
or in a sandbox without scripts.
"""

import contextlib
import os
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import BinaryIO

import anyio
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from app.api.problem import problem
from app.api.rest.preconditions import tags
from app.api.services import Services
from app.errors import NotFound, TwinOverlayError
from app.model.assets import PREFIX, UNKNOWN_TYPE, Asset
from app.model.near import near
from app.model.time import SECOND

_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; sandbox"
_RUNS = ("text/html", "text/javascript", "application/xml")


def asset_routes(services: Services) -> list[BaseRoute]:
    store = services.commands.assets.store

    async def asset(request: Request) -> Response:
        path = request.path_params["path"]
        try:
            found = await store.open(path)
        except TwinOverlayError as error:
            return problem(error)
        if found is None:
            with contextlib.suppress(TwinOverlayError):
                await store.refresh()
            hint = near(f"/{path}", [f"/{known}" for known in store.paths()])
            return problem(NotFound(f"there is no asset '/{path[:200]}'", code="ASSET_NOT_FOUND", hint=hint))
        asset, file = found
        headers = _headers(asset)
        if _is_known(request, asset):
            await anyio.to_thread.run_sync(file.close)
            return Response(None, 304, headers)
        return _Opened(asset, file, headers)

    return [Route(PREFIX + "/{path:path}", asset, methods=["GET", "HEAD"])]


class _Opened(FileResponse):
    """Of one open file: one that takes its place meanwhile can't mix with it."""

    def __init__(self, asset: Asset, file: BinaryIO, headers: dict[str, str]) -> None:
        self._file = file
        seconds = asset.modified_at // SECOND
        status = os.stat_result((0, 0, 0, 1, 0, 0, asset.size, seconds, seconds, seconds))
        super().__init__(asset.path, headers=headers, media_type=headers["content-type"], stat_result=status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()

    @contextlib.asynccontextmanager
    async def _open_file(self) -> AsyncIterator[anyio.AsyncFile[bytes]]:
        yield anyio.wrap_file(self._file)


def _headers(asset: Asset) -> dict[str, str]:
    media_type = asset.media_type
    found = {
        "content-type": media_type,
        "etag": asset.etag,
        "last-modified": formatdate(asset.modified_at // SECOND, usegmt=True),
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        "content-security-policy": _SANDBOX,
    }
    if media_type == UNKNOWN_TYPE or media_type.startswith(_RUNS):
        found["content-disposition"] = "attachment"
    return found


def _is_known(request: Request, asset: Asset) -> bool:
    """Whether the client has it already: by ETag, or where it gives none, by the date it was given."""
    given = request.headers.get("if-none-match")
    if given is not None:
        return given.strip() == "*" or asset.etag.strip('"') in [tag for tag, _ in tags(given)]
    since = request.headers.get("if-modified-since")
    return since is not None and since == formatdate(asset.modified_at // SECOND, usegmt=True)
