"""Impact on 100,000 twins and 1,000,000 relationships, beside rustworkx's bare traversal of the same cone, and beside
raw Cypher on both engines at a size that they can take.

Every twin has ten sources among the 2,000 twins before it. In *nothing spare* each is a group of its own, so that a
loss is the whole cone, as a traversal walks it; in *spare* they make three groups, so that a loss ends soon and the
traversal still walks the cone. Cypher walks it level by level, with one statement each: a variable-length pattern
follows every path. It and rustworkx find the cone alone; redundancy, depths and who is degraded come on top of ours.

    make bench SUITE=impact
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rustworkx
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction

from app.topology.loss import loss
from app.topology.needs import Needs
from app.topology.runs import Ints
from app.topology.upstream import upstream
from tests.bench.engines import ENGINES, StartEngine

TWINS, SOURCES, WINDOW, ROUNDS = 100_000, 10, 2_000, 5
FEW_TWINS = 10_000
CONES = (10, 100, 1_000, 10_000, 50_000, 99_000)
SCHEMA = "CREATE CONSTRAINT IF NOT EXISTS FOR (t:Twin) REQUIRE t.twin_id IS UNIQUE"
CREATE = "UNWIND $rows AS id CREATE (:Twin {twin_id: id})"
RELATE = (
    "UNWIND $rows AS row MATCH (a:Twin {twin_id: row[0]}), (b:Twin {twin_id: row[1]}) "
    "CREATE (a)-[:RELATED {relationship_type: 'physical_connection'}]->(b)"
)
LEVEL = (
    "UNWIND $ids AS id MATCH (:Twin {twin_id: id})-[r:RELATED]->(b:Twin) "
    "WHERE r.relationship_type IN $types RETURN DISTINCT b.twin_id AS id"
)


def main() -> None:
    sources, targets = _edges(TWINS)
    graph, took = _timed(lambda: _rustworkx(TWINS, sources, targets))
    print(f"{TWINS:,} twins, {len(sources):,} edges; rustworkx's graph is made in {took * 1e3:.0f} ms")
    for name, groups in (("nothing spare", 10), ("spare", 3)):
        needs, took = _timed(partial(Needs, TWINS, sources, targets, _groups(len(sources), groups)))
        print(f"\n{name}, {groups} groups: needs are made in {took * 1e3:.0f} ms, once per version of the topology")
        for start, size in _starts(graph):
            _beside(needs, graph, start, size)
    for name, started in ENGINES.items():
        asyncio.run(_beside_cypher(name, started))


def _edges(twins: int) -> tuple[Ints, Ints]:
    dice = np.random.default_rng(8)
    targets = np.repeat(np.arange(1, twins, dtype=np.int32), SOURCES)
    nearest = np.minimum(targets, WINDOW)
    return (targets - 1 - dice.integers(0, nearest)).astype(np.int32), targets


def _groups(edges: int, count: int) -> Ints:
    return (np.arange(edges) % SOURCES % count).astype(np.int32)


def _rustworkx(twins: int, sources: Ints, targets: Ints) -> Any:
    graph = rustworkx.PyDiGraph(multigraph=True)
    graph.add_nodes_from(range(twins))
    graph.add_edges_from_no_data(list(zip(sources.tolist(), targets.tolist(), strict=True)))
    return graph


def _starts(graph: Any) -> list[tuple[int, int]]:
    """Twins whose cones are about as large as wanted: the nearer to the end, the smaller."""
    found = []
    for wanted in CONES:
        low, high = 0, TWINS - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if len(rustworkx.descendants(graph, middle)) >= wanted else (low, middle)
        found.append((low, len(rustworkx.descendants(graph, low))))
    return found


def _beside(needs: Needs, graph: Any, start: int, size: int) -> None:
    """Alternated, so that whatever else the machine does hits both."""
    ours, bare, up = [], [], []
    removed = np.array([start], np.int32)
    found = loss(needs, removed)
    for _ in range(ROUNDS):
        cone, took = _timed(lambda: rustworkx.descendants(graph, start))
        bare.append(took)
        found, took = _timed(lambda: loss(needs, removed))
        ours.append(took)
        up.append(_timed(lambda: upstream(needs, removed))[1])
        assert set(found.lost.tolist()) <= {start, *cone}
    ratio = statistics.median(ours) / statistics.median(bare)
    print(
        f"  cone of {size:>6,}: {len(found.lost):>6,} lost, {len(found.degraded):>6,} degraded in {_shown(ours)}; "
        f"rustworkx's descendants {_shown(bare)}: {ratio:.2f} times; everything upstream {_shown(up)}"
    )


# ------------------------------------------------------------ Cypher


async def _beside_cypher(name: str, started: StartEngine) -> None:
    sources, targets = _edges(FEW_TWINS)
    needs = Needs(FEW_TWINS, sources, targets, _groups(len(sources), SOURCES))
    with tempfile.TemporaryDirectory() as folder:
        async with started(Path(folder)) as (address, _):
            auth = (address.user, address.password)
            async with AsyncGraphDatabase.driver(address.uri, auth=auth, warn_notification_severity="OFF") as driver:
                await _load(driver, address.database, sources, targets)
                for start in (FEW_TWINS - 1_000, FEW_TWINS - 2_500, 0):
                    await _walked(driver, address.database, name, needs, start)


async def _load(driver: AsyncDriver, database: str, sources: Ints, targets: Ints) -> None:
    async with driver.session(database=database) as session:
        await (await session.run(SCHEMA)).consume()
        edges = [[f"t{a}", f"t{b}"] for a, b in zip(sources.tolist(), targets.tolist(), strict=True)]
        for statement, rows in ((CREATE, [f"t{n}" for n in range(FEW_TWINS)]), (RELATE, edges)):
            for at in range(0, len(rows), 5_000):
                await session.execute_write(_run, statement, rows=rows[at : at + 5_000])


async def _run(transaction: AsyncManagedTransaction, /, statement: str, **parameters: Any) -> list[str]:
    result = await transaction.run(statement, **parameters)
    return [record["id"] async for record in result]


async def _walked(driver: AsyncDriver, database: str, name: str, needs: Needs, start: int) -> None:
    removed = np.array([start], np.int32)
    ours, theirs = [], []
    lost: set[str] = set()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        seen = frontier = {f"t{start}"}
        async with driver.session(database=database) as session:
            while frontier:
                types = ["physical_connection"]
                met = await session.execute_read(_run, LEVEL, ids=sorted(frontier), types=types)
                frontier = set(met) - seen
                seen = seen | frontier
        theirs.append(time.perf_counter() - began)
        found, took = _timed(lambda: loss(needs, removed))
        ours.append(took)
        lost = {f"t{twin}" for twin in found.lost.tolist()}
        assert lost == seen
    ratio = statistics.median(theirs) / statistics.median(ours)
    print(
        f"{name}, {FEW_TWINS:,} twins, {needs.edges:,} relationships, a cone of {len(lost):,}: "
        f"Cypher {_shown(theirs)}, ours {_shown(ours)}: {ratio:,.0f} times as fast"
    )


def _timed(do: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    found = do()
    return found, time.perf_counter() - began


def _shown(times: list[float]) -> str:
    least, most = min(times), max(times)
    return f"{statistics.median(times) * 1e3:.3g} ms ({least * 1e3:.3g} to {most * 1e3:.3g})"
