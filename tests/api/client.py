"""Clients of the API that are not Strawberry's: httpx, and `websockets` speaking graphql-transport-ws by hand."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from app.frames import FrameProtocol
from tests.api.parts import PORT, Installation

DEADLINE = 10.0


async def post(installation: Installation, body: Any, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(installation.app())
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        return await client.post("/graphql", json=body, headers=headers)


async def get(installation: Installation, path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(installation.app())
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        return await client.get(path, headers=headers)


async def ask(installation: Installation, query: str, **variables: Any) -> Any:
    """The data; fails where there are errors."""
    answer = (await post(installation, {"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def refused(installation: Installation, query: str, **variables: Any) -> dict[str, Any]:
    """The one error."""
    answer = (await post(installation, {"query": query, "variables": variables})).json()
    [error] = answer["errors"]
    assert isinstance(error, dict)
    return error


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@contextlib.asynccontextmanager
async def serving(installation: Installation, *, max_message_bytes: int = 16 * 1024 * 1024) -> AsyncIterator[int]:
    """A real uvicorn on a free port; the port."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        config = uvicorn.Config(
            installation.app(port),
            lifespan="off",
            ws=FrameProtocol,
            ws_max_size=max_message_bytes,
            log_config=None,
        )
        server = _Server(config)
        running = asyncio.ensure_future(server.serve(sockets=[bound]))
        async with asyncio.timeout(DEADLINE):
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
        try:
            yield port
        finally:
            server.should_exit = True
            await running


class Socket:
    """One graphql-transport-ws connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, message: Any) -> None:
        await self._connection.send(message if isinstance(message, str) else json.dumps(message))

    async def send_bytes(self, message: bytes) -> None:
        await self._connection.send(message)

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE):
            text = await self._connection.recv()
            assert isinstance(text, str), "a message is text: browsers and graphql-ws read no binary ones"
            found: dict[str, Any] = json.loads(text)
            return found

    async def start(self, **payload: Any) -> None:
        await self.send({"type": "connection_init", "payload": payload})
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, query: str, id: str = "1", **variables: Any) -> None:
        await self.send({"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    async def next(self, field: str) -> Any:
        message = await self.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"][field]

    def cut(self) -> None:
        """Gone without a word, as a laptop that is shut."""
        self._connection.transport.abort()

    async def closed(self) -> tuple[int, str]:
        async with asyncio.timeout(DEADLINE):
            await self._connection.wait_closed()
        return self._connection.close_code or 0, self._connection.close_reason or ""


@contextlib.asynccontextmanager
async def connected(
    installation: Installation, *, origin: str | None = None, start: bool = True
) -> AsyncIterator[Socket]:
    async with serving(installation) as port:
        connection = await connect(
            f"ws://127.0.0.1:{port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            origin=Origin(origin.format(port=port)) if origin else None,
            proxy=None,
        )
        async with connection:
            found = Socket(connection)
            if start:
                await found.start()
            yield found
