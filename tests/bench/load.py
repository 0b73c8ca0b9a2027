"""Loading twins: the product's whole path beside raw UNWINDs that leave the same graph behind, on both engines.

make bench SUITE=load
"""

import asyncio
import gc
import json
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
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
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite
from tests.bench.pumps import CONDITIONS, PROPERTIES, Documents, batches, pump_type, pumps
from tests.e2e.processes import running_server
from tests.servers import neo4j
from tests.servers.graph import GraphAddress

BATCH = 500
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


@dataclass(frozen=True)
class Sizes:
    twins: int = 20_000
    warm: int = 1_000
    bulk: int = 10_000
    over_http: int = 3_000


@dataclass
class Loaded:
    """Of one engine, one item a round: rates in twins a second, stalls in milliseconds."""

    floor: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    stall: list[float] = field(default_factory=list)
    bulk: list[float] = field(default_factory=list)
    bulk_stall: list[float] = field(default_factory=list)
    over_http: list[float] = field(default_factory=list)
    grown: list[float] = field(default_factory=list)
    """Kilobytes a twin of this process, which holds the documents as well; the suite `start` has the server alone."""
    engine: int = 0
    """Bytes of the graph engine's process at the end."""


def run(quick: bool) -> Report:
    rounds, sizes = (1, Sizes(500, 100, 500, 200)) if quick else (LEAST_ROUNDS, Sizes())
    with starting():  # as the server's process does
        pass
    logging.getLogger("twin_overlay").setLevel(logging.ERROR)  # the broker that is not there is meant not to be
    found = {name: Loaded() for name in ENGINES}
    for number in range(rounds):
        for name, engine in ENGINES.items():
            asyncio.run(_round(engine, sizes, found[name], floor_first=number % 2 == 0, compare=number == rounds - 1))
    figures: list[Figure] = []
    for name, loaded in found.items():
        figures += _figures(name, loaded, sizes)
    return Report(figures=tuple(figures))


def _figures(engine: str, loaded: Loaded, sizes: Sizes) -> Iterator[Figure]:
    key = engine.lower()
    raw = (Beside(what="raw UNWINDs that leave the same graph", rounds=tuple(loaded.floor)),)

    def rate(of: str, what: str, rounds: list[float], note: str = "") -> Figure:
        return Figure(
            key=f"{of}{key}", what=f"{what}, {engine}", unit="twins/s", rounds=tuple(rounds), beside=raw, note=note
        )

    def stall(of: str, what: str, rounds: list[float]) -> Figure:
        told = f"the longest that the event loop stood still meanwhile, {what}, {engine}"
        return Figure(key=f"{of}{key}", what=told, unit="ms", rounds=tuple(rounds))

    grown = statistics.median(loaded.grown)
    note = f"{grown:.1f} kB a twin in the process, graph engine {loaded.engine / 2**20:,.0f} MB at the end"
    yield rate("", f"loading {sizes.twins:,} twins, {BATCH} a save", loaded.ours, note)
    yield stall("stall_", f"{BATCH} a save", loaded.stall)
    yield rate("bulk_", f"{sizes.bulk:,} twins in one save", loaded.bulk)
    yield stall("bulk_stall_", f"{sizes.bulk:,} in one", loaded.bulk_stall)
    yield rate("http_", f"{sizes.over_http:,} twins over HTTP, {BATCH} a request", loaded.over_http)


async def _round(engine: StartEngine, sizes: Sizes, found: Loaded, *, floor_first: bool, compare: bool) -> None:
    """Over HTTP, then this process and the floor in turns, in one fresh database."""
    with tempfile.TemporaryDirectory() as folder:
        async with engine(Path(folder, "graph")) as (graph, pid):
            store = await graph.connect()
            await store.migrate()
            await store.close()
            found.over_http.append(await _over_http(Path(folder, "served"), graph, sizes.over_http))
            await _beside_floor(graph, Path(folder, "data"), sizes, found, floor_first=floor_first, compare=compare)
            found.engine = psutil.Process(pid).memory_info().rss


async def _beside_floor(
    graph: GraphAddress, data_dir: Path, sizes: Sizes, found: Loaded, *, floor_first: bool, compare: bool
) -> None:
    settings = load_settings(data_dir=data_dir, graph=graph.settings)
    async with (
        AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver,
        running(settings, None, lambda: open_at_once(open_journal(settings))) as services,
    ):
        definitions = services.commands.definitions
        await definitions.save([pump_type()], ACTOR)
        await floor(driver, graph, pumps("warm_floor", sizes.warm))
        await _ours(definitions, "warm_ours", sizes.warm, BATCH)
        for what in ("floor", "ours") if floor_first else ("ours", "floor"):
            gc.collect()
            if what == "floor":
                found.floor.append(sizes.twins / await floor(driver, graph, pumps("floor", sizes.twins)))
            else:
                before = psutil.Process().memory_info().rss
                async with _stalls() as stalls:
                    found.ours.append(sizes.twins / await _ours(definitions, "ours", sizes.twins, BATCH))
                found.stall.append(max(stalls) * 1000)
                gc.collect()
                found.grown.append((psutil.Process().memory_info().rss - before) / sizes.twins / 1024)
        if compare:
            await _compare(graph)
        async with _stalls() as stalls:
            found.bulk.append(sizes.bulk / await _ours(definitions, "bulk", sizes.bulk, sizes.bulk))
        found.bulk_stall.append(max(stalls) * 1000)


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


async def _over_http(data_dir: Path, graph: GraphAddress, count: int) -> float:
    """Twins a second from another process, as `twin-overlay apply` sends them."""
    environment = {f"TWIN_OVERLAY_GRAPH__{name.upper()}": value for name, value in graph.settings.items()}
    async with running_server(data_dir, environment=environment) as server, server.client as client:
        whole = [pump_type(), *pumps("http", count)]
        parts = [
            [{"kind": kind.upper(), "document": document} for kind, document in part]
            for part in (whole[:1], *batches(whole[1:], BATCH))
        ]
        await client.execute(SAVE, {"documents": parts[0]})
        began = time.perf_counter()
        for part in parts[1:]:
            await client.execute(SAVE, {"documents": part})
        return count / (time.perf_counter() - began)


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


SUITE = Suite(
    title="Loading",
    about=(
        "Twins of a type with seven properties, a behavior and a mapping, each with its asset data, through the whole "
        "product: read, checked, versioned, written, loaded into the engine. The floor knows everything beforehand: "
        f"raw UNWINDs of rows that were made before the clock started, {BATCH} twins a transaction as ours, into the "
        "same database in turns; at the end every label, relationship and property key that one left is counted "
        "against the other's."
    ),
    run=run,
    needs=(neo4j.provision,),
)
