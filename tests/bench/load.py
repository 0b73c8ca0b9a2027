"""Loading twins: the product's whole path beside raw UNWINDs that leave the same graph behind, on both engines.

The floor knows everything beforehand: its rows are made before the clock starts, nothing is read, checked, versioned
or loaded into an engine. Both write 500 twins a transaction into the same database, in turns; at the end every label,
relationship and property key that one left is counted against the other's.

    make bench SUITE=load
"""

import asyncio
import gc
import json
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction

from app.commands.actor import Actor
from app.commands.definitions import DefinitionCommands
from app.main import open_journal, running
from app.serve import starting
from app.settings import load_settings
from app.standby import open_at_once
from tests.bench.engines import ENGINES, StartEngine
from tests.bench.pumps import CONDITIONS, PROPERTIES, Documents, batches, pump_type, pumps
from tests.e2e.processes import running_server
from tests.servers.graph import GraphAddress

TWINS, BATCH, WARM, ROUNDS, BULK = 20_000, 500, 1000, 3, 10_000
ACTOR = Actor("ann", "bench")
_AT = "2026-01-02T03:04:05.000000Z"
_BEAT_SECONDS = 0.002
_READ = ("temperature", "status")
FLOOR = (
    "UNWIND $rows AS row MATCH (k:TwinType {type_id: row.twin_type}) "
    "CREATE (k)<-[:INSTANCE_OF]-(t:Twin {twin_id: row.id, version: row.version, twin_type: row.twin_type, "
    "document: row.document, revision: 1, life: 1, created_at: row.at, created_by: 'ann', updated_at: row.at, "
    "updated_by: 'ann'})-[:HAS_REVISION]->(:Revision {key: row.revision_key, definition_key: row.definition_key, "
    "kind: 'twin', definition_id: row.id, number: 1, at: row.at, author: 'ann', reason: '', document: row.document, "
    "catalogue_revision: row.catalogue_revision})",
    "UNWIND $rows AS row MATCH (t:Twin {twin_id: row.id}) UNWIND row.properties AS item "
    "CREATE (t)-[:HAS_PROPERTY]->(:Property {key: item.key, twin_id: row.id, name: item.name, "
    "data_type: item.data_type, unit: item.unit, life: 1})",
    "UNWIND $rows AS row MATCH (t:Twin {twin_id: row.id}) "
    "CREATE (t)-[:HAS_BEHAVIOR]->(:Behavior {key: row.behavior, state: 'inactive', evidence: 'unknown', "
    "owner_kind: 'twin', owner_id: row.id, name: 'hot', description: ''})",
    "UNWIND $rows AS row MATCH (b:Behavior {key: row.behavior}) UNWIND row.reads AS key "
    "MATCH (p:Property {key: key}) CREATE (b)-[:READS]->(p)",
)
LEFT_BEHIND = (
    "MATCH (t:Twin) WHERE t.twin_id STARTS WITH $prefix RETURN 'Twin' AS what, keys(t) AS keys",
    "MATCH (t:Twin)-[:INSTANCE_OF]->(k:TwinType) WHERE t.twin_id STARTS WITH $prefix "
    "RETURN 'INSTANCE_OF' AS what, [k.type_id] AS keys",
    "MATCH (t:Twin)-[:HAS_REVISION]->(r:Revision) WHERE t.twin_id STARTS WITH $prefix "
    "RETURN 'Revision' AS what, keys(r) AS keys",
    "MATCH (t:Twin)-[:HAS_PROPERTY]->(p:Property) WHERE t.twin_id STARTS WITH $prefix "
    "RETURN 'Property ' + p.name AS what, keys(p) AS keys",
    "MATCH (t:Twin)-[:HAS_BEHAVIOR]->(b:Behavior) WHERE t.twin_id STARTS WITH $prefix "
    "RETURN 'Behavior' AS what, keys(b) AS keys",
    "MATCH (t:Twin)-[:HAS_BEHAVIOR]->(:Behavior)-[:READS]->(p:Property) WHERE t.twin_id STARTS WITH $prefix "
    "RETURN 'READS' AS what, [p.name] AS keys",
)


def main() -> None:
    with starting():  # as the server's process does
        pass
    logging.getLogger("twin_overlay").setLevel(logging.ERROR)  # the broker that is not there is meant not to be
    for name, engine in ENGINES.items():
        asyncio.run(_bench(name, engine))


async def _bench(name: str, engine: StartEngine) -> None:
    floors, ours = [], []
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            async with engine(Path(folder, "graph")) as (graph, pid):
                store = await graph.connect()
                await store.migrate()
                await store.close()
                last = number == ROUNDS - 1
                floor_rate, own = await _round(graph, pid, Path(folder, "data"), floor_first=number % 2 == 0, last=last)
                floors.append(floor_rate)
                ours.append(own)
    ratios = [own / raw for own, raw in zip(ours, floors, strict=True)]
    print(
        f"{name}: {TWINS:,} twins in batches of {BATCH}: ours {_spread(ours)} twins/s, floor {_spread(floors)} twins/s,"
        f" ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


async def _round(
    graph: GraphAddress, pid: int, data_dir: Path, *, floor_first: bool, last: bool
) -> tuple[float, float]:
    """Twins a second of the floor and of ours, in one fresh database."""
    settings = load_settings(data_dir=data_dir, graph=graph.settings)
    async with (
        AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver,
        running(settings, None, lambda: open_at_once(open_journal(settings))) as services,
    ):
        definitions = services.commands.definitions
        await definitions.save([pump_type()], ACTOR)
        await floor(driver, graph, pumps("warm_floor", WARM))
        await _ours(definitions, "warm_ours", WARM, BATCH)
        works = {
            "floor": lambda: floor(driver, graph, pumps("floor", TWINS)),
            "ours": lambda: _measured(definitions, pid),
        }
        took = {}
        for what in ("floor", "ours") if floor_first else ("ours", "floor"):
            gc.collect()
            took[what] = await works[what]()
        if last:
            await _compare(graph)
            await _bulk(definitions)
    if last:
        await _over_http(data_dir, graph)
    return TWINS / took["floor"], TWINS / took["ours"]


# ------------------------------------------------------------ the floor


async def floor(driver: AsyncDriver, graph: GraphAddress, documents: Documents) -> float:
    """Seconds for twins of the pumps' type, which must be there."""
    parts = [[_row(document) for _, document in part] for part in batches(documents, BATCH)]
    began = time.perf_counter()
    async with driver.session(database=graph.database) as session:
        for rows in parts:
            await session.execute_write(_unwound, rows)
    return time.perf_counter() - began


async def _unwound(transaction: AsyncManagedTransaction, rows: list[dict[str, Any]]) -> None:
    for statement in FLOOR:
        result = await transaction.run(statement, rows=rows)
        await result.consume()


def _row(document: Mapping[str, Any]) -> dict[str, Any]:
    id = document["twin_id"]
    return {
        "id": id,
        "version": "1.0.0",
        "twin_type": document["twin_type"],
        "document": json.dumps(document, ensure_ascii=False, separators=(",", ":")),
        "at": _AT,
        "definition_key": f"twin/{id}",
        "revision_key": f"twin/{id}/1",
        "catalogue_revision": 2,
        "properties": [
            {
                "key": f"{id}/{item['name']}",
                "name": item["name"],
                "data_type": item["data_type"],
                "unit": item.get("unit"),
            }
            for item in PROPERTIES
        ],
        "behavior": f"twin/{id}/{next(iter(CONDITIONS))}",
        "reads": [f"{id}/{name}" for name in _READ],
    }


async def _compare(graph: GraphAddress) -> None:
    raw, ours = [await _left_behind(graph, prefix) for prefix in ("floor_", "ours_")]
    assert raw == ours, f"they left different graphs behind: {set(raw.items()) ^ set(ours.items())}"


async def _left_behind(graph: GraphAddress, prefix: str) -> dict[tuple[object, ...], int]:
    """(what, its property keys) -> how many."""
    found: dict[tuple[object, ...], int] = {}
    for statement in LEFT_BEHIND:
        for row in await graph.run(statement, prefix=prefix):
            assert isinstance(row["keys"], list)
            key = (row["what"], *sorted(row["keys"]))
            found[key] = found.get(key, 0) + 1
    return found


# ------------------------------------------------------------ ours


async def _ours(definitions: DefinitionCommands, prefix: str, count: int, size: int) -> float:
    parts = list(batches(pumps(prefix, count), size))
    began = time.perf_counter()
    for part in parts:
        await definitions.save(part, ACTOR)
    return time.perf_counter() - began


async def _measured(definitions: DefinitionCommands, pid: int) -> float:
    memory = _Memory(pid)
    async with _stalls() as stalls:
        took = await _ours(definitions, "ours", TWINS, BATCH)
    print(f"  longest stall of the event loop {max(stalls) * 1000:.0f} ms, {memory}")
    return took


async def _bulk(definitions: DefinitionCommands) -> None:
    async with _stalls() as stalls:
        took = await _ours(definitions, "bulk", BULK, BULK)
    print(
        f"  {BULK:,} twins in one save: {BULK / took:,.0f} twins/s,"
        f" longest stall of the event loop {max(stalls) * 1000:.0f} ms"
    )


async def _over_http(data_dir: Path, graph: GraphAddress) -> None:
    """From another process, as `twin-overlay apply` sends them."""
    environment = {f"TWIN_OVERLAY_GRAPH__{name.upper()}": value for name, value in graph.settings.items()}
    async with running_server(data_dir, environment=environment) as server, server.client as client:
        parts = [
            [{"kind": kind.upper(), "document": document} for kind, document in part]
            for part in batches(pumps("http", 5000), BATCH)
        ]
        began = time.perf_counter()
        for part in parts:
            await client.execute(SAVE, {"documents": part})
        print(f"  over HTTP: {5000 / (time.perf_counter() - began):,.0f} twins/s")


SAVE = (
    "mutation ($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) { created { id } } }"
)


# ------------------------------------------------------------ measuring


@asynccontextmanager
async def _stalls() -> AsyncIterator[list[float]]:
    """By how much a task that asked to be woken was woken late, each time, in seconds."""
    found = [0.0]

    async def beat() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(_BEAT_SECONDS)
            found.append(time.perf_counter() - before - _BEAT_SECONDS)

    task = asyncio.create_task(beat())
    try:
        yield found
    finally:
        task.cancel()


@dataclass
class _Memory:
    """What this process grew by since this was made, over TWINS twins, and what the graph engine takes. `start` has the
    server alone: this process holds the documents and the rows of the floor as well."""

    pid: int
    before: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        gc.collect()
        self.before = self._now()

    def _now(self) -> tuple[int, int]:
        return psutil.Process().memory_info().rss, psutil.Process(self.pid).memory_info().rss

    def __str__(self) -> str:
        gc.collect()
        own, engine = self._now()
        return (
            f"{(own - self.before[0]) / TWINS / 1024:.1f} kB a twin in the server, graph engine {engine / 2**20:.0f} MB"
        )


def _spread(figures: Sequence[float]) -> str:
    return f"{statistics.median(figures):,.0f} ({min(figures):,.0f} to {max(figures):,.0f})"


if __name__ == "__main__":
    main()
