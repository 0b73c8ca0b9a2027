"""Starting with 100,000 twins and 1,000 overlays on the embedded engine: seconds until ready, and memory; with one
behavior a twin, and with three.

The graph is filled by raw statements that leave what the product leaves (the bench `load` compares them), so that
filling takes a minute. Started three times: with an empty journal, after a kill, and after a clean stop. The phases are
the server's own account of its start.

    make bench SUITE=start
"""

import asyncio
import signal
import tempfile
import time
from pathlib import Path

import psutil
from neo4j import AsyncGraphDatabase

from app.graph.embedded import EmbeddedEngine
from app.main import open_journal, running
from app.settings import load_settings
from app.standby import open_at_once
from tests.bench.load import ACTOR, floor
from tests.bench.pumps import pump_type, pumps, station_type, stations
from tests.e2e.processes import start_server
from tests.servers.graph import GraphAddress

TWINS, OVERLAYS = 100_000, 1000
BEHAVIORS = (1, 3)
COUNT = "{ twins(first: 1) { totalCount } overlays(first: 1) { totalCount } }"


def main() -> None:
    asyncio.run(_bench())


async def _bench() -> None:
    with tempfile.TemporaryDirectory() as folder:
        empty = await _started(Path(folder, "empty"), "an empty installation", 0, signal.SIGTERM)
        resident = {}
        for behaviors in BEHAVIORS:
            full = Path(folder, f"full-{behaviors}")
            began = time.perf_counter()
            await _fill(full, behaviors)
            print(f"filled in {time.perf_counter() - began:.0f} s, {behaviors} behaviors a twin")
            await _started(full, "with an empty journal", empty, signal.SIGKILL)
            resident[behaviors] = await _started(full, "after a kill", empty, signal.SIGTERM)
            await _started(full, "after a clean stop", empty, signal.SIGTERM)
        few, many = BEHAVIORS
        each = (resident[many] - resident[few]) / (many - few) / TWINS
        print(f"{each:.0f} bytes a behavior, after a kill")


async def _fill(data_dir: Path, behaviors: int) -> None:
    engine = EmbeddedEngine(data_dir / "graph")
    await engine.start()
    try:
        graph = GraphAddress(engine.uri, engine.user, engine.password, engine.database)
        with tempfile.TemporaryDirectory() as elsewhere:
            settings = load_settings(data_dir=elsewhere, graph=graph.settings)
            async with running(settings, None, lambda: open_at_once(open_journal(settings))) as services:
                await services.commands.definitions.save([pump_type(behaviors), station_type()], ACTOR)
            async with AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver:
                await floor(driver, graph, pumps("pump", TWINS))
            async with running(settings, None, lambda: open_at_once(open_journal(settings))) as services:
                await services.commands.definitions.save(stations("pump", OVERLAYS), ACTOR)
    finally:
        await engine.stop()


async def _started(data_dir: Path, what: str, empty: int, stop: signal.Signals) -> int:
    """Resident bytes of the server's process; `empty` are those of one without twins, 0 for that one itself."""
    began = time.perf_counter()
    server = await start_server(data_dir)
    took = time.perf_counter() - began
    process = psutil.Process(server.process.pid)
    (engine,) = (child for child in process.children() if "java" in child.name())
    async with server.client as client:
        counted = await client.execute(COUNT)
    assert counted["twins"]["totalCount"] == (TWINS if empty else 0), counted
    resident: int = process.memory_info().rss
    of_engine = engine.memory_info().rss / 2**20
    per_twin = f", {(resident - empty) / TWINS / 1024:.2f} kB a twin" if empty else ""
    print(f"{what}: ready in {took:.1f} s; server {resident / 2**20:.0f} MB{per_twin}; engine {of_engine:.0f} MB")
    print(*(f"  {line.partition('twin_overlay ')[2]}" for line in server.log if "ready after" in line), sep="\n")
    await server.end(stop)
    return resident


if __name__ == "__main__":
    main()
