"""The graph is killed, or stops answering, under a server that has work: commands go on, in the end it has everything.

By hand: GRAPH_KILLS=20 and GRAPH_OUTAGE_SECONDS=300.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import random
import signal
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from app.client import GraphqlClient
from tests.e2e.processes import ServerProcess, running_server, until
from tests.faults.installation import written
from tests.faults.oracle import Oracle
from tests.servers import neo4j
from tests.servers.graph import GraphAddress, embedded

log = logging.getLogger(__name__)
KILLS = int(os.environ.get("GRAPH_KILLS", "1"))
OUTAGE_SECONDS = float(os.environ.get("GRAPH_OUTAGE_SECONDS", "12"))
ANSWER_TIMEOUT_SECONDS = 3.0
"""Of the graph: a command that waited for it would take as long. How p99 compares with before is in the log."""
TWINS = 40
CLIENTS = 4
BEFORE_SECONDS = max(4.0, OUTAGE_SECONDS / 10)
SAVE = """
mutation Save($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) { created { id } } }
"""
SET = """
mutation Set($id: ID!, $value: JSON!) {
  setProperty(input: {twinId: $id, property: "level", value: $value}) { value { json } }
}
"""
OPEN = """{ alerts(first: 20) { nodes { alertId acknowledged } } }"""
ACKNOWLEDGE = """mutation Ack($id: ID!) { acknowledgeAlert(input: {alertId: $id, comment: "seen"}) { alert { id } } }"""
Engines = Callable[[Path], contextlib.AbstractAsyncContextManager["Engine"]]


@dataclass
class Engine:
    """A graph engine that tests may hurt. `settings` are what the server gets to find it; `again` brings it back."""

    arguments: list[str]
    environment: dict[str, str]
    process: Callable[[ServerProcess], psutil.Process]
    again: Callable[[], Awaitable[None]]
    address: Callable[[Path], contextlib.AbstractAsyncContextManager[GraphAddress]]


@contextlib.asynccontextmanager
async def _embedded(folder: Path) -> AsyncIterator[Engine]:
    def child(server: ServerProcess) -> psutil.Process:
        [found] = (item for item in psutil.Process(server.process.pid).children() if "java" in item.name())
        return found

    async def nobody() -> None:
        """The server does it."""

    yield Engine([], {}, child, nobody, lambda data_dir: embedded(data_dir / "graph"))


@contextlib.asynccontextmanager
async def _neo4j(folder: Path) -> AsyncIterator[Engine]:
    server = neo4j.Neo4jServer(neo4j.provision(), folder)
    await server.start()

    def process(_: ServerProcess) -> psutil.Process:
        assert server.process is not None
        return psutil.Process(server.process.pid)

    @contextlib.asynccontextmanager
    async def address(_: Path) -> AsyncIterator[GraphAddress]:
        yield server.address

    try:
        password = {"TWIN_OVERLAY_GRAPH__PASSWORD": server.address.password}
        yield Engine(["--graph", server.address.uri], password, process, server.start, address)
    finally:
        await server.stop()


@pytest.fixture(
    params=[
        pytest.param(_embedded, marks=pytest.mark.xdist_group("embedded"), id="embedded"),
        pytest.param(_neo4j, marks=pytest.mark.xdist_group("neo4j"), id="neo4j"),
    ]
)
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Engine]:
    if request.param is _neo4j and request.getfixturevalue("neo4j_jars") is None:
        pytest.skip("NEO4J_URI names a server that is not ours to kill")
    engines: Engines = request.param
    async with engines(tmp_path / "engine") as found:
        yield found


def _documents() -> list[dict[str, Any]]:
    alert = {"type": "alert", "severity": "critical", "message": "full"}
    full = {"name": "full", "conditions": ["level > 90"], "actions": [alert]}
    level = {"name": "level", "data_type": "float", "access": "read-write"}
    tank = {"type_id": "tank", "properties": [level], "behaviors": [full]}
    twins = ({"twin_id": f"t{number}", "twin_type": "tank"} for number in range(TWINS))
    return [
        {"kind": "TWIN_TYPE", "document": tank},
        *({"kind": "TWIN", "document": twin} for twin in twins),
    ]


@dataclass
class Work:
    """Commands without a pause, and how long each took."""

    took: list[float] = field(default_factory=list)

    async def run(self, client: GraphqlClient, seed: int) -> None:
        chance = random.Random(seed)
        for number in itertools.count():
            began = time.perf_counter()
            await client.execute(SET, {"id": f"t{chance.randrange(TWINS)}", "value": float(chance.randrange(100))})
            self.took.append(time.perf_counter() - began)
            if number % 20 == 0:
                await self._acknowledge(client, chance)
            await asyncio.sleep(0.002)

    async def _acknowledge(self, client: GraphqlClient, chance: random.Random) -> None:
        nodes = (await client.execute(OPEN))["alerts"]["nodes"]
        waiting = [node["alertId"] for node in nodes if not node["acknowledged"]]
        if waiting:
            with contextlib.suppress(Exception):  # another client was first
                await client.execute(ACKNOWLEDGE, {"id": chance.choice(waiting)})

    def p99_since(self, first: int) -> float:
        return statistics.quantiles(self.took[first:], n=100)[98]


@contextlib.asynccontextmanager
async def _working(server: ServerProcess) -> AsyncIterator[Work]:
    """Fails where a single command did."""
    work = Work()
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(server.client) for _ in range(CLIENTS)]
        await clients[0].execute(SAVE, {"documents": _documents()})
        tasks = [asyncio.create_task(work.run(client, seed)) for seed, client in enumerate(clients)]
        try:
            yield work
            assert not [task for task in tasks if task.done()], [task for task in tasks if task.done()]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _ready(server: ServerProcess) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=server.url) as http:
        found: dict[str, Any] = (await http.get("/readyz", timeout=10)).json()
        return found


async def _is_ready(server: ServerProcess) -> bool:
    return bool((await _ready(server))["status"] == "ready")


async def _agree(engine: Engine, data_dir: Path) -> None:
    oracle = Oracle.of(data_dir / "journal")
    assert oracle.entries > 100
    async with engine.address(data_dir) as address:
        assert await oracle.differences(address) == []


@pytest.mark.timeout(180 + 60 * KILLS)
async def test_killed_again_and_again_it_ends_with_all_of_the_journal_and_no_command_fails(
    engine: Engine, tmp_path: Path
) -> None:
    moments = random.Random(KILLS)
    data_dir = tmp_path / "data"
    async with running_server(data_dir, *engine.arguments, environment=engine.environment) as server:
        async with _working(server) as work:
            for _ in range(KILLS):
                await asyncio.sleep(moments.uniform(0.5, 2.0))
                before = len(work.took)
                engine.process(server).send_signal(signal.SIGKILL)
                await asyncio.sleep(moments.uniform(0.0, 1.0))
                await engine.again()
                await until(lambda: _is_ready(server), "the graph is reached again", 90)
                assert len(work.took) > before + 50, "commands went on meanwhile"
        await written(server)
        assert await server.end() == 0
    await _agree(engine, data_dir)


@pytest.mark.timeout(180 + 2 * OUTAGE_SECONDS)
async def test_stopped_for_a_while_it_costs_lag_and_nothing_else(engine: Engine, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    environment = engine.environment | {"TWIN_OVERLAY_GRAPH__ANSWER_TIMEOUT_SECONDS": str(ANSWER_TIMEOUT_SECONDS)}
    async with running_server(data_dir, *engine.arguments, environment=environment) as server:
        memory = psutil.Process(server.process.pid)
        async with _working(server) as work:
            await asyncio.sleep(BEFORE_SECONDS)
            usual = work.p99_since(len(work.took) // 2)
            process = engine.process(server)
            process.suspend()
            try:
                first = len(work.took)
                await asyncio.sleep(OUTAGE_SECONDS / 2)
                half = memory.memory_info().rss
                await asyncio.sleep(OUTAGE_SECONDS / 2)
                graph = (await _ready(server))["graph"]
                assert graph["behind_entries"] > 100
                assert graph["behind_seconds"] > OUTAGE_SECONDS / 2
                grown = memory.memory_info().rss - half
                meanwhile = work.p99_since(first)
            finally:
                process.resume()
            await until(lambda: _is_ready(server), "the graph is reached again", 15)
        await written(server)
        # A warning, for whoever runs it by hand (tests/faults) to see.
        told = f"{len(work.took)} commands; p99 {usual * 1e3:.1f} ms before, {meanwhile * 1e3:.1f} ms meanwhile"
        log.warning("%s; %.1f MiB more from half of it on", told, grown / 2**20)
        assert meanwhile < ANSWER_TIMEOUT_SECONDS, "commands do not wait for the graph"
        assert grown < 32 * 2**20, "what waits is in the journal"
        assert await server.end() == 0
    async with running_server(data_dir, *engine.arguments, environment=environment) as server:
        await written(server)  # what it decided as it ended: a flood of alerts is over some time after the last
        assert await server.end() == 0
    await _agree(engine, data_dir)
