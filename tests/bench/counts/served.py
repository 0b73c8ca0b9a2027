"""The server's ASGI application on a plant of pumps, without a network: requests go in and frames come out as bytes.

The engine and the whole API are the real ones; the graph is not asked, and there is no journal (tests/api/plant.py).
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from app.frames import EXTENSION
from app.model.definitions import Kind
from app.model.events import Outcome, PathStatus, Reading, Sample, Samples, SourceStatus
from app.model.time import SECOND
from tests.api.parts import PORT
from tests.api.plant import Plant

NAMES = ("temperature", "pressure", "flow_rate", "speed", "power", "vibration", "running_hours")
_TURNS = 10_000
"""Of the loop, after which what was waited for does not come."""


def pump(number: int) -> str:
    return f"line_pump_{number:03}"


class Served:
    def __init__(self, pumps: int) -> None:
        """Connected, with a value for each property."""
        self.loop = asyncio.new_event_loop()
        self.plant = Plant()
        self.plant.save(*_documents(pumps))
        self.app: ASGIApp = self.plant.app()
        self._sockets: list[asyncio.Task[None]] = []
        self.loop.run_until_complete(self._start(pumps))

    async def _start(self, pumps: int) -> None:
        self.plant.start()
        ids = [pump(number) for number in range(pumps)]
        self.plant.line.take(SourceStatus("mqtt", tuple(PathStatus(id, True) for id in ids)))
        self.publish(self.decided([(id, name, 20.5) for id in ids for name in NAMES]))

    def decided(self, values: Sequence[tuple[str, str, float]]) -> Outcome:
        """From one reading of these, which change."""
        clock = self.plant.clock
        clock.at += SECOND
        samples = tuple(Sample(id, name, value, clock.at) for id, name, value in values)
        outcome = self.plant.engine.decide(Samples((Reading("mqtt", clock.at, samples),)), clock.at)
        assert len(outcome.changes) == len(values)
        return outcome

    def publish(self, outcome: Outcome) -> None:
        """As the runtime does with what was committed."""
        live = self.plant.engine.live
        live.sequence += 1
        self.plant.bus.publish(live.sequence, self.plant.clock.at, outcome)

    # ------------------------------------------------------------ HTTP

    async def ask(self, body: bytes) -> bytes:
        """What a POST to /graphql is answered with."""
        sent: list[Message] = []
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if given:
                return given.pop()
            await asyncio.Event().wait()  # the client stays
            raise AssertionError

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self.app(_scope("http", headers, method="POST"), receive, send)
        assert sent[0]["status"] == 200, sent
        return b"".join(message.get("body", b"") for message in sent[1:])

    # ------------------------------------------------------------ WebSocket

    async def subscribe(self, query: str) -> "Client":
        """Once it has been shown how things stand."""
        client = Client()
        self._sockets.append(self.loop.create_task(self._socket(client, query)))
        await client.gets(1)
        return client

    async def _socket(self, client: "Client", query: str) -> None:
        waiting: asyncio.Queue[Message] = asyncio.Queue()
        waiting.put_nowait({"type": "websocket.connect"})
        waiting.put_nowait(_text({"type": "connection_init"}))
        waiting.put_nowait(_text({"id": "1", "type": "subscribe", "payload": {"query": query}}))

        async def send(message: Message) -> None:
            assert message["type"] in ("websocket.accept", "websocket.send"), message

        scope = _scope("websocket", [], subprotocols=["graphql-transport-ws"])
        scope["extensions"] = {EXTENSION: {"connection": client}}
        await self.app(scope, waiting.get, send)

    def close(self) -> None:
        async def gone() -> None:
            for socket in self._sockets:
                socket.cancel()
            await asyncio.gather(*self._sockets, return_exceptions=True)

        self.loop.run_until_complete(gone())
        self.loop.close()


class Client:
    """The server's side of a socket, whose client reads at once: what app/frames.py is to the API."""

    full = False

    def __init__(self) -> None:
        self.drained: Callable[[], None] = lambda: None
        self.frames = 0
        self.last = b""

    def write(self, pieces: Sequence[bytes]) -> None:
        self.last = b"".join(pieces)
        self.frames += 1

    async def gets(self, frames: int) -> None:
        """Turns of the loop, as few as it takes, until so many have come in all."""
        for _ in range(_TURNS):
            if self.frames >= frames:
                return
            await asyncio.sleep(0)
        raise AssertionError(f"{self.frames} of {frames} frames came, the last {self.last!r}")


def _text(message: Any) -> Message:
    return {"type": "websocket.receive", "text": json.dumps(message)}


def _scope(type: str, headers: list[tuple[bytes, bytes]], **more: Any) -> Scope:
    return {
        "type": type,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http" if type == "http" else "ws",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", f"127.0.0.1:{PORT}".encode()), *headers],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", PORT),
        **more,
    }


def _documents(pumps: int) -> list[tuple[Kind, dict[str, Any]]]:
    mapping = {name: {"topic": f"plant/{{twin_id}}/{name}"} for name in NAMES}
    type = {
        "type_id": "line_pump",
        "properties": [{"name": name, "data_type": "float", "unit": "u"} for name in NAMES],
        "behaviors": [{"name": "hot", "conditions": ["temperature > 1000000.0"]}],
        "connectivity": {
            "protocol": "mqtt",
            "endpoint": "mqtt://127.0.0.1:9",
            "mapping": {"properties": mapping},
        },
    }
    twins = [("twin", {"twin_id": pump(number), "twin_type": "line_pump"}) for number in range(pumps)]
    return [("twin_type", type), *twins]  # type: ignore[list-item]  # mypy takes "twin" for a str
