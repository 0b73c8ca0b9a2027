"""An operation that takes too long, or whose client leaves: a query is ended, a mutation goes on to its end."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from app.model.audit import AlertQuery, AlertRecord, RecordPlace
from app.model.connection import CallAnswer
from app.model.values import Value
from tests.api.client import DEADLINE, connected, post, refused, serving
from tests.api.parts import FakeDevices, FakeStore, Installation
from tests.api.plant import Plant

HISTORY = "{ alertHistory { nodes { at } } }"
STOP = 'mutation { invokeMethod(input: {twinId: "pump_123", method: "stop"}) { call { status } } }'


class SilentGraph(FakeStore):
    """Answers no question about the history of alerts."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.cancelled = asyncio.Event(), asyncio.Event()

    async def alert_records(self, query: AlertQuery, first: int, before: RecordPlace | None) -> list[AlertRecord]:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return []


class SlowDevices(FakeDevices):
    """Answer a call once they are let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        self.asked.set()
        await self.let.wait()
        return await super().call(twin_id, method, arguments)


def silent(**settings: Any) -> tuple[Installation, SilentGraph]:
    installation = Installation()
    installation.limit(**settings)
    graph = SilentGraph()
    installation.services = replace(installation.services, store=graph)
    return installation, graph


class SlowPlant(Plant):
    def __init__(self) -> None:
        self.slow = SlowDevices()
        super().__init__()
        self.devices = self.slow
        self.start()


async def soon(event: asyncio.Event) -> None:
    async with asyncio.timeout(DEADLINE):
        await event.wait()


@contextlib.asynccontextmanager
async def sent(port: int, query: str) -> AsyncIterator[asyncio.StreamReader]:
    """A request whose client leaves at the end without having read an answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"query": query}).encode()
    writer.write(
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    yield reader
    writer.transport.abort()


def counted(installation: Installation, kind: str, outcome: str) -> float:
    labels = {"kind": kind, "outcome": outcome}
    return installation.registry.get_sample_value("twin_overlay_graphql_operations_total", labels) or 0.0


async def test_a_query_that_takes_too_long_is_ended_down_to_the_graph() -> None:
    installation, graph = silent(timeout_seconds=0.05)
    error = await refused(installation, HISTORY)
    assert (error["extensions"]["code"], "TIMEOUT_SECONDS" in error["extensions"]["hint"]) == ("TIMED_OUT", True)
    assert graph.cancelled.is_set()
    assert counted(installation, "query", "timed_out") == 1
    answer = await post(installation, {"query": HISTORY}, Accept="application/graphql-response+json")
    assert (answer.status_code, "data" in answer.json()) == (504, False)


async def test_a_query_over_a_websocket_is_ended_too_and_the_socket_stays() -> None:
    installation, graph = silent(timeout_seconds=0.05)
    async with connected(installation) as socket:
        await socket.subscribe(HISTORY)
        message = await socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "TIMED_OUT")
        await socket.subscribe("{ sequence }", "2")
        assert await socket.next("sequence") == 0
    assert graph.cancelled.is_set()


async def test_what_a_client_has_asked_for_that_is_gone_is_ended() -> None:
    installation, graph = silent()
    async with serving(installation) as port:
        async with sent(port, HISTORY):
            await soon(graph.asked)
        await soon(graph.cancelled)
        answer = await post(installation, {"query": "{ sequence }"})
        assert answer.json()["data"] == {"sequence": 0}
    assert counted(installation, "query", "gone") == 1


async def test_a_query_that_its_client_completes_over_a_websocket_is_ended() -> None:
    installation, graph = silent()
    async with connected(installation) as socket:
        await socket.subscribe(HISTORY)
        await soon(graph.asked)
        await socket.send({"id": "1", "type": "complete"})
        await soon(graph.cancelled)


async def test_a_mutation_goes_on_to_its_end_when_its_client_is_gone() -> None:
    plant = SlowPlant()
    async with serving(plant) as port:
        async with sent(port, STOP):
            await soon(plant.slow.asked)
        await ended(plant)


async def test_a_mutation_goes_on_to_its_end_when_it_is_completed_over_a_websocket() -> None:
    plant = SlowPlant()
    async with connected(plant) as socket:
        await socket.subscribe(STOP)
        await soon(plant.slow.asked)
        await socket.send({"id": "1", "type": "complete"})
        await socket.send({"type": "ping"})
        assert (await socket.receive())["type"] == "pong"
        await ended(plant)


async def test_a_mutation_that_takes_too_long_is_not_waited_for_and_goes_on() -> None:
    plant = SlowPlant()
    plant.limit(mutation_timeout_seconds=0.05)
    error = await refused(plant, STOP)
    assert (error["extensions"]["code"], error["extensions"]["hint"]) == ("TIMED_OUT", "auditLog says what came of it")
    await ended(plant)


async def ended(plant: SlowPlant) -> None:
    """The device answers, and the plant has it."""
    plant.slow.let.set()
    async with asyncio.timeout(DEADLINE):
        while "accepted" not in statuses(plant):  # noqa: ASYNC110 - the journal has no event for it
            await asyncio.sleep(0.01)


def statuses(plant: Plant) -> Sequence[str]:
    return [call.call.status for entry in plant.store.journal for call in entry.outcome.calls]


async def test_reading_a_document_has_no_longer_than_executing_it() -> None:
    installation = Installation()
    installation.limit(timeout_seconds=0.001)
    long = " ".join(f"a{number}: properties {{ name value {{ number }} }}" for number in range(150))
    found = await refused(installation, f'{{ twin(twinId: "pump_123") {{ {long} }} }}')
    assert found["extensions"]["code"] == "TIMED_OUT"
    installation.limit()
    assert "data" in (await post(installation, {"query": f'{{ twin(twinId: "pump_123") {{ {long} }} }}'})).json()
