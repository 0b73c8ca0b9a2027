"""A real web server on loopback that takes what is posted to it, and says no when a test wants it to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.runtime.fakes import until
from tests.servers.mosquitto import free_port


@dataclass(frozen=True)
class Posted:
    path: str
    headers: dict[str, str]
    document: Any
    status: int


class Receiver:
    """`answer` makes the response to each; everything that came is in `posted`, taken or not."""

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self.posted: list[Posted] = []
        self.answer: Callable[[Any], Response] = lambda document: Response(status_code=204)
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def taken(self) -> list[Posted]:
        return [item for item in self.posted if item.status < 300]

    @property
    def told(self) -> list[dict[str, Any]]:
        """Every notification that was taken, whichever message it came in."""
        return [item for posted in self.taken for item in posted.document["notifications"]]

    async def start(self) -> None:
        async def take(request: Request) -> Response:
            document = await request.json()
            response = self.answer(document)
            self.posted.append(Posted(request.url.path, dict(request.headers), document, response.status_code))
            return response

        app = Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_config=None, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve())
        server = self._server
        await until(lambda: server.started)

    async def stop(self) -> None:
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        self._server = self._serving = None


@contextlib.asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    receiver = Receiver(port)
    await receiver.start()
    try:
        yield receiver
    finally:
        await receiver.stop()
