"""After an outage of the graph: how fast the graph writer catches up while the plant goes on, on both engines.

The graph engine's process is stopped (SIGSTOP) under a server that takes changes at a steady rate, then goes on.
Counted are journal entries and changes that reach the graph a second, from when the process goes on (the server has to
notice it) to when the graph is less than a second behind. `few` properties change again and again, so that most of an
outage is superseded; of `many` each changes once, and every change is a row. The floor is the statement that writes
properties, alone, over such rows, in transactions of as many.

    make bench SUITE=catch_up
"""

import asyncio
import contextlib
import itertools
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction

from app.api.services import Services
from app.commands.actor import Actor
from app.commands.reports import Given
from app.graph import codec
from app.graph.statements import Statements
from app.main import open_journal, running
from app.model.definitions import Kind
from app.model.events import PropertyChanged
from app.serve import starting
from app.settings import GraphWriterSettings, load_settings
from app.standby import open_at_once
from tests.bench.engines import ENGINES, StartEngine
from tests.servers.graph import GraphAddress

REPORTS_A_SECOND, SAMPLES = 100, 20
LIVE = REPORTS_A_SECOND * SAMPLES
OUTAGE_SECONDS, BEFORE_SECONDS, LONGEST_SECONDS = 30.0, 5.0, 180.0
FEW, MANY, OF_A_TWIN = 1_000, 60_000, 20
ACTOR = Actor("ann", "bench")
Key = tuple[str, str]


def main() -> None:
    with starting():  # as the server's process does
        pass
    logging.getLogger("twin_overlay").setLevel(logging.CRITICAL)
    logging.getLogger("neo4j").setLevel(logging.ERROR)
    for name, engine in ENGINES.items():
        for what, properties in (("few", FEW), ("many", MANY)):
            asyncio.run(_bench(name, engine, what, properties))


async def _bench(name: str, engine: StartEngine, what: str, properties: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with engine(Path(folder, "graph")) as (graph, pid):
            found = graph.settings | {"answer_timeout_seconds": "3"}
            settings = load_settings(data_dir=Path(folder, "data"), graph=found)
            async with running(settings, None, lambda: open_at_once(open_journal(settings))) as services:
                keys = await _plant(services, properties)
                raw = await _floor(graph, keys)
                async with _live(services, keys):
                    await _outage(services, psutil.Process(pid), f"{name}, {what} ({properties:,})", raw)


async def _plant(services: Services, properties: int) -> list[Key]:
    names = [f"p{number}" for number in range(OF_A_TWIN)]
    machine = {"type_id": "machine", "properties": [{"name": name, "data_type": "float"} for name in names]}
    twins = [f"m{number:05}" for number in range(properties // OF_A_TWIN)]
    documents: list[tuple[Kind, dict[str, Any]]] = [("twin_type", machine)]
    documents += [("twin", {"twin_id": twin_id, "twin_type": "machine"}) for twin_id in twins]
    for start in range(0, len(documents), 500):
        await services.commands.definitions.save(documents[start : start + 500], ACTOR)
    return [(twin_id, name) for name in names for twin_id in twins]


@contextlib.asynccontextmanager
async def _live(services: Services, keys: list[Key]) -> AsyncIterator[None]:
    """Changes at the live rate, every property in its turn."""

    async def run() -> None:
        turn, began = itertools.cycle(keys), time.perf_counter()
        for number in itertools.count(1):
            given = [Given(*next(turn), float(number), f"/{index}") for index in range(SAMPLES)]
            await services.commands.reports.report(given, ACTOR)
            await asyncio.sleep(max(0.0, began + number / REPORTS_A_SECOND - time.perf_counter()))

    task = asyncio.create_task(run())
    try:
        yield
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _outage(services: Services, engine: psutil.Process, what: str, raw: float) -> None:
    await asyncio.sleep(BEFORE_SECONDS)
    engine.suspend()
    try:
        await asyncio.sleep(OUTAGE_SECONDS)
    finally:
        graph, first = services.graph(), services.live.sequence
        engine.resume()
    resumed = time.perf_counter()
    await _until(lambda: services.graph().behind_entries <= REPORTS_A_SECOND and not services.graph().problem, what)
    took, came = time.perf_counter() - resumed, services.live.sequence - first
    caught = graph.behind_entries + came - services.graph().behind_entries
    print(
        f"{what}: {graph.behind_entries:,} entries ({graph.behind_seconds:.0f} s) behind; caught up {took:.2f} s after"
        f" the engine went on, while {came / took:.0f} entries/s came: {caught / took:,.0f} entries/s,"
        f" {caught * SAMPLES / took:,.0f} changes/s, {caught / took / REPORTS_A_SECOND:.1f} times the live rate;"
        f" the floor writes {raw:,.0f} rows/s"
    )


async def _until(true: Callable[[], bool], what: str) -> None:
    began = time.perf_counter()
    while not true():
        assert time.perf_counter() < began + LONGEST_SECONDS, f"{what}: it does not catch up"
        await asyncio.sleep(0.005)


async def _floor(graph: GraphAddress, keys: list[Key]) -> float:
    """Rows a second, each property once, with all that a row has."""
    changes = [PropertyChanged(*key, 0.5, "good", 1_767_323_045_000_000, 1_767_323_045_000_000, True) for key in keys]
    rows = [codec.property_row(1, change) for change in changes]
    size = GraphWriterSettings().max_rows
    async with AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver:
        lives = await _lives(driver, graph)
        rows = [row | {"life": lives[row["key"]]} for row in rows]
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        took = await _write(driver, graph, parts)
        if len(parts) < 10:  # the first is slow
            took = min(took, *[await _write(driver, graph, parts) for _ in range(5)])
    return len(rows) / took


async def _lives(driver: AsyncDriver, graph: GraphAddress) -> dict[str, int]:
    async with driver.session(database=graph.database) as session:
        result = await session.run("MATCH (p:Property) RETURN p.key AS key, p.life AS life")
        return {record["key"]: record["life"] async for record in result}


async def _write(driver: AsyncDriver, graph: GraphAddress, parts: list[list[codec.Row]]) -> float:
    text = Statements.load()["telemetry/write_properties"].text

    async def work(transaction: AsyncManagedTransaction, rows: list[codec.Row]) -> None:
        await (await transaction.run(text, rows=rows, sequence=1)).consume()

    began = time.perf_counter()
    async with driver.session(database=graph.database) as session:
        for rows in parts:
            await session.execute_write(work, rows)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
