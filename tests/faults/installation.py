"""One installation under test: a broker, a graph database, and a server that is killed and started again.

The graph is a server of its own here, also where it is the embedded engine: so a kill hits the server alone, and a
start takes a second and a half.
"""

import contextlib
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from app.client import GraphqlClient
from tests.e2e.processes import ServerProcess, start_server, until
from tests.faults.plant import SAVE, documents, topic, twin_ids
from tests.faults.publisher import Publisher
from tests.servers.graph import GraphAddress
from tests.servers.mosquitto import Mosquitto

READ = """
query Values($after: String) { twins(first: 1000, after: $after) {
  nodes { twinId property(name: "n") { value { json } } } pageInfo { hasNextPage endCursor } } }
"""
CONNECTED = "{ connectors { status } }"
LEDGER = "{ ingestLedger { balanced total { received journaled duplicate rejected inFlight pending } } }"


@dataclass
class Installation:
    folder: Path
    graph: GraphAddress
    broker: Mosquitto
    twins: list[str]
    publisher: Publisher
    environment: dict[str, str] = field(default_factory=dict)
    server: ServerProcess | None = None
    starts: int = 0

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def client(self) -> GraphqlClient:
        assert self.server is not None
        return self.server.client

    async def start(self, *arguments: str) -> ServerProcess:
        graph = {f"TWIN_OVERLAY_GRAPH__{name.upper()}": value for name, value in self.graph.settings.items()}
        self.server = await start_server(self.data_dir, *arguments, environment={**graph, **self.environment})
        self.starts += 1
        return self.server

    async def kill(self) -> None:
        assert self.server is not None
        assert await self.server.end(signal.SIGKILL) == -signal.SIGKILL

    async def stop(self) -> None:
        """As a person does."""
        assert self.server is not None
        assert await self.server.end() == 0

    async def define(self, endpoint: str = "") -> None:
        """`endpoint` is another way to the broker."""
        async with self.client as client:
            given = documents(endpoint or self.broker.endpoint, self.twins)
            await client.execute(SAVE, {"documents": given})

            async def subscribed() -> bool:
                connectors = (await client.execute(CONNECTED))["connectors"]
                return [item["status"] for item in connectors] == ["CONNECTED"]

            await until(subscribed, "the broker keeps messages for the server")

    async def values(self, prefix: str = "counter_") -> dict[str, Any]:
        """What the server says that each twin's number is, of those whose ids begin so."""
        found: dict[str, Any] = {}
        after = None
        async with self.client as client:
            while True:
                page = (await client.execute(READ, {"after": after}))["twins"]
                found |= {
                    twin["twinId"]: twin["property"]["value"]["json"]
                    for twin in page["nodes"]
                    if twin["twinId"].startswith(prefix)
                }
                if not page["pageInfo"]["hasNextPage"]:
                    return found
                after = page["pageInfo"]["endCursor"]

    async def metric(self, name: str) -> float:
        """Of a series without labels."""
        assert self.server is not None
        async with httpx.AsyncClient(base_url=self.server.url, trust_env=False) as client:
            text = (await client.get("/metrics")).text
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))

    async def ledger(self) -> dict[str, Any]:
        async with self.client as client:
            return await ledger(client)

    async def settled(self, seconds: float = 120.0) -> None:
        """Wait until the server has all that the broker took and the graph all that the server has, however long that
        takes while it goes on; the ledger is in balance all the while."""
        assert self.server is not None
        wanted = {twin_id: self.publisher.taken.get(topic(twin_id)) for twin_id in self.twins}

        async def heard() -> bool:
            return await self.values() == wanted

        async def journaled() -> object:
            return (await self.ledger())["journaled"]

        await until(heard, "the server has every message", seconds, journaled)
        await written(self.server, seconds)


async def ledger(client: GraphqlClient) -> dict[str, Any]:
    """Of all sources together; its equations hold."""
    found: dict[str, Any] = (await client.execute(LEDGER))["ingestLedger"]
    assert found["balanced"], found
    total: dict[str, Any] = found["total"]
    return total


async def written(server: ServerProcess, seconds: float = 120.0) -> None:
    """Wait until the graph has every entry and the ledger nothing on its way; it is in balance all the while."""
    behind: int = 0

    async def everything() -> bool:
        nonlocal behind
        async with server.client as client:
            total = await ledger(client)
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            answer = (await http.get("/readyz", timeout=10)).json()
        behind = total["inFlight"] + total["pending"] + answer["graph"]["behind_entries"]
        return bool(answer["status"] == "ready") and not behind

    async def left() -> object:
        return behind

    await until(everything, "the graph has every entry", seconds, left)


@contextlib.asynccontextmanager
async def installed(
    folder: Path,
    graph: GraphAddress,
    broker_program: str,
    *,
    twins: int = 100,
    rate: float = 2_000.0,
    broker_options: str = "",
    environment: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Installation]:
    """A broker that keeps every message for a server that is away, and nothing defined yet."""
    keep = "max_queued_messages 0\nmax_queued_bytes 0\nmax_inflight_messages 1000\n"
    (folder / "broker").mkdir(parents=True)
    broker = Mosquitto(folder / "broker", broker_program, options=keep + broker_options)
    await broker.start()
    ids = twin_ids(twins)
    publisher = Publisher(broker.port, [topic(twin_id) for twin_id in ids], rate)
    place = Installation(folder, graph, broker, ids, publisher, dict(environment))
    try:
        yield place
    finally:
        if place.server is not None and place.server.process.returncode is None:
            await place.server.end(signal.SIGKILL)
        await broker.stop()
