"""The two sides that are compared, each with a broker and a publisher of its own: ours and Node-RED.

Both stay up through all rounds, and the one whose turn it is not does nothing: so a round costs no start. A look at a
side says how many updates it has taken, and of those it told on since the last look how long each was under way.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import aiomqtt
import httpx

from app.model.time import parse_iso
from tests.bench.side_by_side import node_red
from tests.bench.side_by_side.clients import QUERY
from tests.bench.side_by_side.delays import Delays
from tests.bench.side_by_side.parts import Part, part
from tests.bench.side_by_side.plant import documents, number_of, twin_ids
from tests.bench.side_by_side.sampled import SAMPLES
from tests.e2e.processes import ServerProcess, start_server, until
from tests.faults.installation import CONNECTED, ledger, written
from tests.faults.plant import SAVE
from tests.servers import mosquitto
from tests.servers.graph import GraphAddress
from tests.servers.mosquitto import Mosquitto

TWINS, SUBSCRIBERS, INTERVAL_MS = 100, 10, 100
_BROKER = "max_queued_messages 0\nmax_queued_bytes 0\nmax_inflight_messages 1000\n"
_KEEPS = {"TWIN_OVERLAY_JOURNAL__KEEP_MB": "100000"}
"""All of it is read at the end."""
_LAST = """query ($first: Int!) { twins(first: $first) {
  nodes { twinId property(name: "temperature") { value { number } } } } }"""


class Side(Protocol):
    publisher: Part
    pids: dict[str, int]
    """The process that does the work is the first of them."""

    async def taken(self) -> int:
        """Updates so far: ours journaled and decided, the peer's gone through its rules."""

    async def look(self) -> Delays:
        """From the publish to the frame, or to the peer's word, of what came since the last look."""


@contextlib.asynccontextmanager
async def broker_with_publisher(folder: Path) -> AsyncIterator[tuple[Mosquitto, Part]]:
    folder.mkdir(parents=True)
    broker = Mosquitto(folder, mosquitto.installed(), options=_BROKER)
    await broker.start()
    try:
        async with part("tests.bench.side_by_side.publish", str(broker.port), str(TWINS)) as publisher:
            yield broker, publisher
    finally:
        await broker.stop()


class Ours:
    def __init__(
        self,
        server: ServerProcess,
        graph: GraphAddress,
        publisher: Part,
        data: Path,
        samples: Path,
        pids: dict[str, int],
    ) -> None:
        self.server = server
        self.graph = graph
        self.publisher = publisher
        self.data = data
        self.samples = samples
        self.pids = pids
        self.clients: Part | None = None
        self._http = httpx.AsyncClient(base_url=server.url, trust_env=False)

    @classmethod
    @contextlib.asynccontextmanager
    async def up(cls, folder: Path, graph: GraphAddress, graph_pid: int) -> "AsyncIterator[Ours]":
        """A server with the pumps, on an emptied graph."""
        await graph.clean()
        samples = folder / "samples.json"
        environment = {f"TWIN_OVERLAY_GRAPH__{name.upper()}": value for name, value in graph.settings.items()}
        async with broker_with_publisher(folder) as (broker, publisher):
            server = await start_server(
                folder / "data",
                environment={**environment, **_KEEPS, SAMPLES: str(samples)},
                program=("-m", "tests.bench.side_by_side.sampled", "serve"),
            )
            try:
                pids = {
                    "server": server.process.pid,
                    "graph engine": graph_pid,
                    "broker": broker.pid,
                    "publisher": publisher.pid,
                }
                side = cls(server, graph, publisher, folder / "data", samples, pids)
                await side._define(broker.endpoint)
                yield side
                await side._http.aclose()
            finally:
                if server.process.returncode is None:
                    server.process.kill()
                await server.process.wait()
                await server.reader

    async def _define(self, endpoint: str) -> None:
        async with self.server.client as client:
            await client.execute(SAVE, {"documents": documents(endpoint, twin_ids(TWINS))})

            async def subscribed() -> bool:
                connectors = (await client.execute(CONNECTED))["connectors"]
                return [item["status"] for item in connectors] == ["CONNECTED"]

            await until(subscribed, "the broker keeps messages for the server")

    @contextlib.asynccontextmanager
    async def followed_by(self, twins: Sequence[Sequence[str]], interval_ms: int) -> AsyncIterator[Part]:
        """A subscriber to each of these lists of pumps."""
        interval = f", minIntervalMs: {interval_ms}" if interval_ms else ""
        queries = [QUERY.format(twins=json.dumps(list(ids)), interval=interval).replace('"', '\\"') for ids in twins]
        port = self.server.url.rpartition(":")[2]
        async with part("tests.bench.side_by_side.clients", port, json.dumps(queries)) as clients:
            self.clients, self.pids["clients"] = clients, clients.pid
            await clients.ask("look")
            yield clients
            self.clients = None
            del self.pids["clients"]

    async def taken(self) -> int:
        text = (await self._http.get("/metrics")).text
        lines = (line for line in text.splitlines() if line.startswith("twin_overlay_samples_total{"))
        return round(sum(float(line.rpartition(" ")[2]) for line in lines))

    async def look(self) -> Delays:
        assert self.clients is not None
        return Delays(await self.clients.ask("look"))

    async def settled(self, taken: dict[str, int]) -> None:
        """Until the server has all that the broker took, and the graph all that the server has."""

        async def heard() -> bool:
            async with self.server.client as client:
                found = (await client.execute(_LAST, {"first": TWINS}))["twins"]
                await ledger(client)
            numbers = {node["twinId"]: node["property"]["value"]["number"] for node in found["nodes"]}
            return all(numbers[id] is not None and number_of(numbers[id]) == last for id, last in taken.items())

        await until(heard, "the server has every message", 120)
        await written(self.server)


class Peer:
    def __init__(self, publisher: Part, pids: dict[str, int]) -> None:
        self.publisher = publisher
        self.pids = pids
        self._taken = 0
        self._delays = Delays()
        self._hearing: asyncio.Task[None] | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def up(cls, folder: Path, rules: node_red.Rules) -> "AsyncIterator[Peer]":
        """Raises NotHere."""
        async with (
            broker_with_publisher(folder) as (broker, publisher),
            node_red.running(folder / "node-red", broker.port, rules) as pid,
            aiomqtt.Client("127.0.0.1", broker.port) as client,
        ):
            side = cls(publisher, {"Node-RED": pid, "broker": broker.pid, "publisher": publisher.pid})
            await client.subscribe([("alerts/#", 1), ("taken", 0)])
            side._hearing = asyncio.create_task(side._hear(client))
            try:
                yield side
            finally:
                side._hearing.cancel()
                await asyncio.gather(side._hearing, return_exceptions=True)

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            found: Any = json.loads(message.payload)
            if message.topic.value == "taken":
                self._taken = found
            else:
                self._delays.add(time.time() * 1e3 - parse_iso(found["timestamp"]) / 1e3)

    async def taken(self) -> int:
        assert self._hearing is not None
        assert not self._hearing.done(), "the peer's word is not heard any more"
        return self._taken

    async def look(self) -> Delays:
        found, self._delays = self._delays, Delays()
        return found
