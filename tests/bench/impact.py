"""Impact on 100,000 twins and 1,000,000 relationships, beside rustworkx's bare traversal of the same cone, and beside
raw Cypher on both engines at a size that they can take.

    make bench SUITE=impact
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
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
from tests.bench.engines import ENGINES
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, alternated
from tests.servers import neo4j

TWINS, SOURCES, WINDOW = 100_000, 10, 2_000
CONES = (0, 10, 100, 1_000, 10_000, 50_000, 99_000)
SPARE = {"lost": 10, "spare": 3}
"""Groups that a twin's ten sources make."""
FEW_TWINS, FEW_CONES = 10_000, {"_100": -1_000, "_1000": -2_500, "": 0}
"""Beside Cypher: the number of the twin that begins the cone, from the end where it is below 0."""
_ENOUGH_MS, _OFTEN = 20.0, 5
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


def run(quick: bool) -> Report:
    rounds = 1 if quick else LEAST_ROUNDS
    figures = [*_beside_rustworkx(FEW_TWINS if quick else TWINS, rounds)]
    for engine in ENGINES:
        figures += asyncio.run(_beside_cypher(engine, 2_000 if quick else FEW_TWINS, rounds))
    return Report(figures=tuple(figures))


def _edges(twins: int) -> tuple[Ints, Ints]:
    """(sources, targets): ten sources of each twin among those shortly before it."""
    dice = np.random.default_rng(8)
    targets = np.repeat(np.arange(1, twins, dtype=np.int32), SOURCES)
    nearest = np.minimum(targets, WINDOW)
    return (targets - 1 - dice.integers(0, nearest)).astype(np.int32), targets


def _groups(edges: int, count: int) -> Ints:
    return (np.arange(edges) % SOURCES % count).astype(np.int32)


# ------------------------------------------------------------ rustworkx


def _beside_rustworkx(twins: int, rounds: int) -> Iterator[Figure]:
    sources, targets = _edges(twins)
    graph = _rustworkx(twins, sources, targets)
    starts = {wanted: _start(graph, twins, wanted) for wanted in CONES if wanted < twins}
    for kind, groups in SPARE.items():
        of_edges = _groups(len(sources), groups)
        yield _compared(
            f"made_{kind}",
            f"the arrays of a version of the topology, {groups} groups a twin",
            partial(Needs, twins, sources, targets, of_edges),
            ("rustworkx's graph of the same edges", partial(_rustworkx, twins, sources, targets)),
            rounds,
        )
        needs = Needs(twins, sources, targets, of_edges)
        for wanted, start in starts.items():
            yield _loss(f"{kind}_{wanted}", kind, needs, graph, start, rounds)
        if kind == "lost":
            for key, start in (("near", starts[min(99_000, max(starts))]), ("far", starts[100])):
                yield _upstream(f"upstream_{key}", needs, graph, start, rounds)


def _rustworkx(twins: int, sources: Ints, targets: Ints) -> Any:
    graph: Any = rustworkx.PyDiGraph(multigraph=True)
    graph.add_nodes_from(range(twins))
    graph.add_edges_from_no_data(list(zip(sources.tolist(), targets.tolist(), strict=True)))
    return graph


def _start(graph: Any, twins: int, wanted: int) -> int:
    """A twin whose cone is about as large as wanted: the nearer to the end, the smaller."""
    if wanted == 0:
        return twins - 1
    low, high = 0, twins - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if len(rustworkx.descendants(graph, middle)) >= wanted else (low, middle)
    return low


def _loss(key: str, kind: str, needs: Needs, graph: Any, start: int, rounds: int) -> Figure:
    removed = np.array([start], np.int32)
    cone = rustworkx.descendants(graph, start)
    found = loss(needs, removed)
    lost, degraded = len(found.lost), len(found.degraded)
    assert set(found.lost.tolist()) <= {start, *cone}
    if kind == "lost":
        assert lost == len(cone) + 1
    return _compared(
        key,
        f"impact, {'nothing' if kind == 'lost' else 'sources'} to spare, a cone of {len(cone):,} "
        f"({lost:,} lost, {degraded:,} degraded)",
        lambda: loss(needs, removed),
        ("rustworkx's `descendants`", lambda: rustworkx.descendants(graph, start)),
        rounds,
    )


def _upstream(key: str, needs: Needs, graph: Any, start: int, rounds: int) -> Figure:
    starts = np.array([start], np.int32)
    found = int((upstream(needs, starts) > 0).sum())
    assert found == len(rustworkx.ancestors(graph, start))
    return _compared(
        key,
        f"everything upstream, {found:,} twins, with depths",
        lambda: upstream(needs, starts),
        ("rustworkx's `ancestors`", lambda: rustworkx.ancestors(graph, start)),
        rounds,
    )


# ------------------------------------------------------------ Cypher


async def _beside_cypher(engine: str, twins: int, rounds: int) -> list[Figure]:
    sources, targets = _edges(twins)
    needs = Needs(twins, sources, targets, _groups(len(sources), SOURCES))
    with tempfile.TemporaryDirectory() as folder:
        async with ENGINES[engine](Path(folder)) as (address, _):
            auth = (address.user, address.password)
            async with AsyncGraphDatabase.driver(address.uri, auth=auth, warn_notification_severity="OFF") as driver:
                await _load(driver, address.database, twins, sources, targets)
                found = []
                for size, start in FEW_CONES.items():
                    key = f"cypher_{engine.lower()}{size}"
                    found.append(await _walked(driver, address.database, engine, needs, start % twins, key, rounds))
                return found


async def _load(driver: AsyncDriver, database: str, twins: int, sources: Ints, targets: Ints) -> None:
    async with driver.session(database=database) as session:
        await (await session.run(SCHEMA)).consume()
        edges = [[f"t{a}", f"t{b}"] for a, b in zip(sources.tolist(), targets.tolist(), strict=True)]
        for statement, rows in ((CREATE, [f"t{n}" for n in range(twins)]), (RELATE, edges)):
            for at in range(0, len(rows), 5_000):
                await session.execute_write(_run, statement, rows=rows[at : at + 5_000])


async def _run(transaction: AsyncManagedTransaction, /, statement: str, **parameters: Any) -> list[str]:
    result = await transaction.run(statement, **parameters)
    return [record["id"] async for record in result]


async def _walked(
    driver: AsyncDriver, database: str, engine: str, needs: Needs, start: int, key: str, rounds: int
) -> Figure:
    removed = np.array([start], np.int32)
    ours, theirs = [], []
    lost = {f"t{twin}" for twin in loss(needs, removed).lost.tolist()}
    for _ in range(rounds):
        began = time.perf_counter()
        seen = await _cone(driver, database, start)
        theirs.append((time.perf_counter() - began) * 1000)
        assert lost == seen
        ours.append(_timed(lambda: loss(needs, removed)))
    return Figure(
        key=key,
        what=f"impact on {needs.twins:,} twins and {needs.edges:,} relationships, a cone of {len(lost):,}",
        unit="ms",
        rounds=tuple(ours),
        beside=(Beside(what=f"raw Cypher, {engine}", rounds=tuple(theirs)),),
    )


async def _cone(driver: AsyncDriver, database: str, start: int) -> set[str]:
    seen = frontier = {f"t{start}"}
    async with driver.session(database=database) as session:
        while frontier:
            types = ["physical_connection"]
            met = await session.execute_read(_run, LEVEL, ids=sorted(frontier), types=types)
            frontier = set(met) - seen
            seen = seen | frontier
    return seen


# ------------------------------------------------------------ measuring


def _compared(
    key: str, what: str, ours: Callable[[], object], other: tuple[str, Callable[[], object]], rounds: int
) -> Figure:
    name, theirs = other
    mine, floor = alternated(rounds, lambda _: _timed(ours), lambda _: _timed(theirs))
    return Figure(key=key, what=what, unit="ms", rounds=tuple(mine), beside=(Beside(what=name, rounds=tuple(floor)),))


def _timed(do: Callable[[], object]) -> float:
    """Milliseconds; of what is short, the median of several."""
    took: list[float] = []
    while sum(took) < _ENOUGH_MS and len(took) < _OFTEN:
        began = time.perf_counter()
        do()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


SUITE = Suite(
    title="Impact",
    about=(
        f"What fails with a twin, among {TWINS:,} twins of which each has {SOURCES} sources among the {WINDOW:,} "
        "before it. With *nothing to spare* each source is a group of its own, so that a loss is the whole cone, as a "
        "traversal walks it; with *sources to spare* they make three groups, so that a loss ends soon and the "
        "traversal still walks the cone. All of ours is the computation in memory, without HTTP or GraphQL. Beside it "
        "rustworkx's bare traversal of the same cone. Raw Cypher, on a tenth "
        "of it, walks level by level with one statement each, since a variable-length pattern follows every path. It "
        "and rustworkx find the cone alone; redundancy, depths and who is degraded come on top of ours. The cone of "
        "none tells what a question takes to begin."
    ),
    run=run,
    needs=(neo4j.provision,),
)
