"""Starting: `--help`, `make demo`, and the server on nothing and on 100,000 twins with three behaviors each and 1,000
overlays, on the embedded engine.

The graph is filled by raw statements that leave what the product leaves (the suite `load` compares them), so that
filling takes a minute. The phases are the server's own account of its start.

    make bench SUITE=start
"""

import asyncio
import logging
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction

from app.graph.embedded import EmbeddedEngine
from app.main import open_journal, running
from app.settings import load_settings
from app.standby import open_at_once
from tests.bench.demo import demo
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, alternated
from tests.bench.load import ACTOR, floor
from tests.bench.pumps import pump_type, pumps, station_type, stations
from tests.e2e.processes import REPO, start_server
from tests.servers.graph import GraphAddress

TWINS, OVERLAYS, BEHAVIORS = 100_000, 1000, 3
FEW_TWINS = 20_000
"""With one behavior each and with three: what a behavior takes does not hang on how many twins there are."""
COUNT = "{ twins(first: 1) { totalCount } overlays(first: 1) { totalCount } }"
DOCUMENTS = "MATCH (t:Twin) RETURN t.twin_id AS id, t.document AS document, t.revision AS revision"
_HELPS = 3


def run(quick: bool) -> Report:
    logging.getLogger("twin_overlay").setLevel(logging.ERROR)  # the broker that is not there is meant not to be
    rounds, twins, few = (1, 1_000, 500) if quick else (LEAST_ROUNDS, TWINS, FEW_TWINS)
    figures = [_help(rounds)]
    for measured in (_demos(rounds), _empty_and_full(rounds, twins), _behavior(few)):
        figures += asyncio.run(measured)
    return Report(figures=tuple(figures))


# ------------------------------------------------------------ the command, and the demo


def _help(rounds: int) -> Figure:
    def ended(*command: str) -> float:
        took = []
        for _ in range(_HELPS):
            began = time.perf_counter()
            subprocess.run([sys.executable, *command], cwd=REPO, check=True, stdout=subprocess.DEVNULL)
            took.append((time.perf_counter() - began) * 1000)
        return statistics.median(took)

    ours, python = alternated(rounds, lambda _: ended("-m", "app", "--help"), lambda _: ended("-c", "pass"))
    return Figure(
        key="help",
        what="`twin-overlay --help` (as `python -m app`)",
        unit="ms",
        rounds=tuple(ours),
        beside=(Beside(what="a Python that does nothing", rounds=tuple(python)),),
    )


async def _demos(rounds: int) -> list[Figure]:
    server, command, engine = [], [], []
    for _ in range(rounds):
        async with demo() as running:
            server.append(running.since_server)
            command.append(running.since_command)
        engine.append(await _engine_alone())
    beside = (Beside(what="the graph engine alone", rounds=tuple(engine)),)
    return [
        Figure(
            key="demo",
            what="`make demo`: from the server's start to the first live value over GraphQL",
            unit="s",
            rounds=tuple(server),
            beside=beside,
        ),
        Figure(
            key="demo_command",
            what="the same, from the command's start",
            unit="s",
            rounds=tuple(command),
            beside=beside,
        ),
    ]


# ------------------------------------------------------------ the server


@dataclass
class Started:
    """Of servers that were started in the same state, one a round."""

    seconds: list[float] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)
    """Bytes of the server's process when it was ready."""
    engine: int = 0
    """Of the graph engine's, the last time."""
    phases: str = ""


async def _empty_and_full(rounds: int, twins: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        empty, alone = Started(), []
        for _ in range(rounds):
            await _started(Path(folder, "empty"), empty, 0, signal.SIGTERM)
            alone.append(await _engine_alone())
        full = Path(folder, "full")
        overlays = min(OVERLAYS, twins // 2)
        await _fill(full, twins, BEHAVIORS, overlays)
        first, killed, stopped, raw = Started(), Started(), Started(), []
        await _started(full, first, twins, signal.SIGKILL)
        for _ in range(rounds):
            await _started(full, killed, twins, signal.SIGTERM)
            raw.append(await _raw(full / "graph", twins))
            await _started(full, stopped, twins, signal.SIGKILL)
    told = f"{twins:,} twins, {twins * BEHAVIORS:,} behaviors and {overlays:,} overlays"
    floor = (Beside(what="the graph engine alone, and every document read over Bolt", rounds=tuple(raw)),)
    engine = f"the graph engine {killed.engine / 2**20:,.0f} MB"
    return [
        Figure(
            key="empty",
            what="the server with nothing: from the process's start until it serves",
            unit="s",
            rounds=tuple(empty.seconds),
            beside=(Beside(what="the graph engine alone", rounds=tuple(alone)),),
            memory=statistics.median(empty.resident) / 2**20,
        ),
        Figure(key="first", what=f"with {told}, an empty journal", unit="s", rounds=tuple(first.seconds)),
        Figure(
            key="killed",
            what="the same after a kill",
            unit="s",
            rounds=tuple(killed.seconds),
            beside=floor,
            memory=statistics.median(killed.resident) / 2**20,
            note=f"{engine}; the last time {killed.phases}",
        ),
        Figure(
            key="stopped",
            what="the same after a clean stop",
            unit="s",
            rounds=tuple(stopped.seconds),
            beside=floor,
            memory=statistics.median(stopped.resident) / 2**20,
            note=f"the last time {stopped.phases}",
        ),
        Figure(
            key="twin",
            what=f"what the server takes a twin, {BEHAVIORS} behaviors included, without live values, after a kill",
            unit="kB",
            rounds=tuple((one - statistics.median(empty.resident)) / twins / 1024 for one in killed.resident),
        ),
    ]


async def _behavior(twins: int) -> list[Figure]:
    """Memory alone: once."""
    resident = {}
    with tempfile.TemporaryDirectory() as folder:
        for behaviors in (1, BEHAVIORS):
            data_dir, started = Path(folder, str(behaviors)), Started()
            await _fill(data_dir, twins, behaviors, 0)
            await _started(data_dir, started, twins, signal.SIGTERM)
            resident[behaviors] = started.resident[0]
    each = (resident[BEHAVIORS] - resident[1]) / (BEHAVIORS - 1) / twins
    return [Figure(key="behavior", what="what the server takes a behavior", unit="bytes", rounds=(each,))]


async def _fill(data_dir: Path, twins: int, behaviors: int, overlays: int) -> None:
    engine = EmbeddedEngine(data_dir / "graph")
    await engine.start()
    try:
        graph = GraphAddress(engine.uri, engine.user, engine.password, engine.database)
        with tempfile.TemporaryDirectory() as elsewhere:
            settings = load_settings(data_dir=elsewhere, graph=graph.settings)
            async with running(settings, None, lambda: open_at_once(open_journal(settings))) as services:
                await services.commands.definitions.save([pump_type(behaviors), station_type()], ACTOR)
            async with AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver:
                await floor(driver, graph, pumps("pump", twins))
            if overlays:
                async with running(settings, None, lambda: open_at_once(open_journal(settings))) as services:
                    await services.commands.definitions.save(stations("pump", overlays), ACTOR)
    finally:
        await engine.stop()


async def _started(data_dir: Path, found: Started, twins: int, stop: signal.Signals) -> None:
    began = time.perf_counter()
    server = await start_server(data_dir)
    found.seconds.append(time.perf_counter() - began)
    process = psutil.Process(server.process.pid)
    (engine,) = (child for child in process.children() if "java" in child.name())
    async with server.client as client:
        counted = await client.execute(COUNT)
    assert counted["twins"]["totalCount"] == twins, counted
    found.resident.append(process.memory_info().rss)
    found.engine = engine.memory_info().rss
    found.phases = next(line.partition("ready after ")[2] for line in server.log if "ready after" in line)
    await server.end(stop)


# ------------------------------------------------------------ the floors


async def _engine_alone() -> float:
    """Seconds until it answers, on an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        engine = EmbeddedEngine(Path(folder))
        began = time.perf_counter()
        await engine.start()
        took = time.perf_counter() - began
        await engine.stop()
        return took


async def _raw(folder: Path, twins: int) -> float:
    """Seconds to start the graph engine on it and to read what the twins are defined by."""
    engine = EmbeddedEngine(folder)
    began = time.perf_counter()
    await engine.start()
    try:
        async with AsyncGraphDatabase.driver(engine.uri, auth=(engine.user, engine.password)) as driver:
            assert await _read(driver, engine.database) == twins
        return time.perf_counter() - began
    finally:
        await engine.stop()


async def _read(driver: AsyncDriver, database: str) -> int:
    async def work(transaction: AsyncManagedTransaction) -> int:
        result = await transaction.run(DOCUMENTS)
        return len([record["document"] async for record in result])

    async with driver.session(database=database, fetch_size=5_000) as session:
        return await session.execute_read(work)


SUITE = Suite(
    title="Starting",
    about=(
        f"On the embedded engine; the server with nothing, and with {TWINS:,} twins that take {BEHAVIORS} behaviors "
        "each from their type. Seconds are from the process's start until it serves, memory is the server's own. "
        "Beside it the graph engine alone, until it answers; where there are twins, until every twin's document has "
        "been read from it over Bolt, which is the least that a start from the graph needs. `--help` stands beside a "
        "Python that does nothing."
    ),
    run=run,
)
