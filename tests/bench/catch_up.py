"""After an outage of the graph: how fast the graph writer catches up while the plant goes on, on both engines.

make bench SUITE=catch_up
"""

import asyncio
import contextlib
import itertools
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
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
from tests.bench.engines import ENGINES
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, percentile
from tests.servers import neo4j
from tests.servers.graph import GraphAddress

REPORTS_A_SECOND, SAMPLES = 100, 20
LIVE = REPORTS_A_SECOND * SAMPLES
LONGEST_SECONDS = 180.0
OF_A_TWIN, FLOOR_ROWS, _AT_ONCE = 20, 8_000, 200
ACTOR = Actor("ann", "bench")
Key = tuple[str, str]
_VALUES = itertools.count(1.0)
"""Never one twice, so that every report is a change."""


@dataclass(frozen=True)
class Lengths:
    before: float = 2.0
    outage: float = 10.0
    properties: tuple[tuple[str, int], ...] = (("few", 1_000), ("many", 60_000))


@dataclass
class Outage:
    """One round of one plant."""

    caught_up: float
    """In times of the live rate."""
    took: float
    """Seconds."""
    floor: float
    """In times of the live rate too: the bare statement."""
    behind: int
    """Entries, when the engine went on."""
    answered_before: float
    """p99 of a report's answer, in milliseconds."""
    answered_meanwhile: float


def run(quick: bool) -> Report:
    rounds, lengths = (1, Lengths(0.5, 2.0, (("few", 200), ("many", 10_000)))) if quick else (LEAST_ROUNDS, Lengths())
    with starting():  # as the server's process does
        pass
    logging.getLogger("twin_overlay").setLevel(logging.CRITICAL)
    logging.getLogger("neo4j").setLevel(logging.ERROR)
    figures: list[Figure] = []
    for engine in ENGINES:
        for kind, properties in lengths.properties:
            outages = asyncio.run(_bench(engine, properties, rounds, lengths))
            figures += _figures(kind, engine, properties, outages, lengths)
    return Report(figures=tuple(figures))


def _figures(kind: str, engine: str, properties: int, outages: list[Outage], lengths: Lengths) -> Iterator[Figure]:
    key, of = f"{kind}_{engine.lower()}", f"{properties:,} properties"
    behind = statistics.median(outage.behind for outage in outages)
    yield Figure(
        key=key,
        what=f"catching up after {lengths.outage:g} s without the graph, {LIVE:,} changes a second of {of}, {engine}",
        unit="times the live rate",
        rounds=tuple(outage.caught_up for outage in outages),
        beside=(Beside(what="the bare statement", rounds=tuple(outage.floor for outage in outages)),),
        note=f"{behind:,.0f} entries of {SAMPLES} changes behind",
    )
    yield Figure(
        key=f"{key}_took",
        what=f"the same: until it is less than a second behind, {of}, {engine}",
        unit="s",
        rounds=tuple(outage.took for outage in outages),
    )
    yield Figure(
        key=f"{key}_answers",
        what=f"a report journaled, decided and answered, p99, while the graph is stopped, {of}, {engine}",
        unit="ms",
        rounds=tuple(outage.answered_meanwhile for outage in outages),
        beside=(Beside(what="before it", rounds=tuple(outage.answered_before for outage in outages)),),
    )


async def _bench(engine: str, properties: int, rounds: int, lengths: Lengths) -> list[Outage]:
    with tempfile.TemporaryDirectory() as folder:
        async with ENGINES[engine](Path(folder, "graph")) as (graph, pid):
            async with _server(Path(folder, "data"), graph.settings) as services:
                keys = await _plant(services, properties)
            impatient = graph.settings | {"answer_timeout_seconds": "3"}
            async with _server(Path(folder, "data"), impatient) as services:
                outages = []
                for _ in range(rounds):
                    raw = await _floor(graph, keys)
                    async with _live(services, keys) as took:
                        outages.append(await _outage(services, psutil.Process(pid), raw, took, lengths))
                    await _until(lambda: services.graph().behind_entries == 0, "everything written")
                return outages


def _server(data_dir: Path, graph: dict[str, str]) -> AbstractAsyncContextManager[Services]:
    settings = load_settings(data_dir=data_dir, graph=graph)
    return running(settings, None, lambda: open_at_once(open_journal(settings)))


async def _plant(services: Services, properties: int) -> list[Key]:
    names = [f"p{number}" for number in range(OF_A_TWIN)]
    machine = {"type_id": "machine", "properties": [{"name": name, "data_type": "float"} for name in names]}
    twins = [f"m{number:05}" for number in range(properties // OF_A_TWIN)]
    documents: list[tuple[Kind, dict[str, Any]]] = [("twin_type", machine)]
    documents += [("twin", {"twin_id": twin_id, "twin_type": "machine"}) for twin_id in twins]
    for start in range(0, len(documents), _AT_ONCE):
        await services.commands.definitions.save(documents[start : start + _AT_ONCE], ACTOR)
    return [(twin_id, name) for name in names for twin_id in twins]


@contextlib.asynccontextmanager
async def _live(services: Services, keys: list[Key]) -> AsyncIterator[list[float]]:
    """Changes at the live rate, every property in its turn; milliseconds until each report was answered."""
    took: list[float] = []

    async def run() -> None:
        turn, began = itertools.cycle(keys), time.perf_counter()
        for number in itertools.count(1):
            given = [Given(*next(turn), next(_VALUES), f"/{index}") for index in range(SAMPLES)]
            asked = time.perf_counter()
            await services.commands.reports.report(given, ACTOR)
            took.append((time.perf_counter() - asked) * 1000)
            await asyncio.sleep(max(0.0, began + number / REPORTS_A_SECOND - time.perf_counter()))

    task = asyncio.create_task(run())
    try:
        yield took
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _outage(
    services: Services, engine: psutil.Process, raw: float, took: list[float], lengths: Lengths
) -> Outage:
    await asyncio.sleep(lengths.before)
    before = len(took)
    engine.suspend()
    try:
        await asyncio.sleep(lengths.outage)
    finally:
        graph, first, meanwhile = services.graph(), services.live.sequence, len(took)
        engine.resume()
    resumed = time.perf_counter()
    await _until(
        lambda: services.graph().behind_entries <= REPORTS_A_SECOND and not services.graph().problem, "caught up"
    )
    seconds, came = time.perf_counter() - resumed, services.live.sequence - first
    caught = graph.behind_entries + came - services.graph().behind_entries
    return Outage(
        caught_up=caught / seconds / REPORTS_A_SECOND,
        took=seconds,
        floor=raw / LIVE,
        behind=graph.behind_entries,
        answered_before=percentile(took[:before], 99),
        answered_meanwhile=percentile(took[before:meanwhile], 99),
    )


async def _until(true: Callable[[], bool], what: str) -> None:
    began = time.perf_counter()
    while not true():
        assert time.perf_counter() < began + LONGEST_SECONDS, f"not {what} within {LONGEST_SECONDS:g} s"
        await asyncio.sleep(0.005)


async def _floor(graph: GraphAddress, keys: list[Key]) -> float:
    """Rows a second, each property once, with all that a row has; of many properties some."""
    changes = [
        PropertyChanged(*key, 0.5, "good", 1_767_323_045_000_000, 1_767_323_045_000_000, True)
        for key in keys[:FLOOR_ROWS]
    ]
    rows = [codec.property_row(1, change) for change in changes]
    size = GraphWriterSettings().max_rows
    async with AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver:
        lives = await _lives(driver, graph)
        rows = [row | {"life": lives[row["key"]]} for row in rows]
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        took = [await _write(driver, graph, parts) for _ in range(max(2, FLOOR_ROWS // len(rows)))]
    return len(rows) / min(took[1:])  # the first is slow


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


SUITE = Suite(
    title="Catching up",
    about=(
        f"The graph engine's process is stopped (SIGSTOP) for {Lengths().outage:g} s under a server that takes "
        f"{LIVE:,} changes a second in reports of {SAMPLES}, then goes on, while live changes go on too. Counted is "
        "what reaches the graph a second, from when the process goes on (the server has to notice it) to when the "
        "graph is less than a second behind, in times of the live rate. The server waits 3 s for the graph's answers "
        "here and not its usual 15, so that it knows of so short an outage. Few properties change again and again, so "
        "that most of an outage is superseded; of many each changes once, and every change is a row. Beside it the "
        "statement that writes properties, alone, over such rows, in transactions of as many. What the plant feels of "
        "an outage, the answers to reports tell: each is journaled and decided first."
    ),
    run=run,
    needs=(neo4j.provision,),
)
