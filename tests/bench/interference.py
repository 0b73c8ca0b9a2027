"""What heavy work makes telemetry wait: publish to pushed frame, over MQTT at a steady rate, while a server of 10,000
twins answers traversals and large pages, takes a bulk load, is exported, and checks a script of 10,000 lines.

Idle windows alternate with those under a load. The floor of each load is what it would cost if it cost nothing but
processor: the same stream while processes that have nothing to do with the server take as many processor seconds a
second as the load made server, graph engine and client take.

    make bench SUITE=interference
"""

import asyncio
import contextlib
import json
import math
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from app.graph.embedded import EmbeddedEngine
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, number, percentile
from tests.bench.pumps import Documents, batches, pump_type, pumps
from tests.bench.steady import Steady
from tests.dtsl.plant import catalogue
from tests.e2e.processes import REPO
from tests.faults.installation import Installation, installed
from tests.faults.plant import SAVE
from tests.servers import mosquitto
from tests.servers.graph import GraphAddress

TWINS, RATE, FOLLOWED = 100, 1_000.0, 30
PLANT = 10_000
IDLE_SECONDS, LOAD_SECONDS, FLOOR_SECONDS, MOST_SECONDS = 4.0, 6.0, 3.0, 60.0
_WARM_SECONDS = 3.0
_BURNING_SECONDS = 0.5
_SETTLE_SECONDS = 2.0
"""After a bulk load, until its last twins are connected."""
_NO_BROKER = "mqtt://127.0.0.1:1"
"""With a digit behind it."""
LOADS = {
    "traversals": "traversals of 10,000 twins and pages of 1,000 are asked for, one after another",
    "bulk_load": "`apply` loads 10,000 twins",
    "export": "`export` writes all definitions to files",
    "dtsl": "a script of 10,000 lines is checked, over and over",
}
"""Each under the name of its figure."""


@dataclass
class Window:
    times: list[float]
    """Milliseconds from publish to frame."""
    seconds: float
    server: float
    """Processors that the server took."""
    others: float
    """The same of graph engine and client."""
    answers: dict[str, list[float]] = field(default_factory=dict)
    """Milliseconds of each question's answers."""

    @property
    def p99(self) -> float:
        return percentile(self.times, 99)


@dataclass
class Rounds:
    idle: list[Window] = field(default_factory=list)
    loads: dict[str, list[Window]] = field(default_factory=lambda: {name: [] for name in LOADS})
    floors: dict[str, list[Window]] = field(default_factory=lambda: {name: [] for name in LOADS})


def run(quick: bool) -> Report:
    rounds = asyncio.run(_bench(1 if quick else LEAST_ROUNDS))
    idle = _p99(rounds.idle)
    figures = [Figure(key="idle", what="publish to frame, p99, nothing else asked", unit="ms", rounds=idle)]
    said = []
    for name, what in LOADS.items():
        loads, floors = rounds.loads[name], rounds.floors[name]
        figures += [
            Figure(
                key=f"{name}_p99",
                what=f"the same while {what}",
                unit="ms",
                rounds=_p99(loads),
                beside=(Beside(what="idle", rounds=idle),),
            ),
            Figure(
                key=name,
                what="that over idle",
                unit="times",
                rounds=_over(_p99(loads), idle),
                beside=(
                    Beside(what="as much processor time burnt elsewhere, over idle", rounds=_over(_p99(floors), idle)),
                ),
            ),
        ]
        took = statistics.median(window.server for window in loads) - statistics.median(w.server for w in rounds.idle)
        others = statistics.median(window.others for window in loads)
        said.append(
            f"While {what}: p50 {number(_p50(loads))} ms (idle {number(_p50(rounds.idle))} ms), the slowest of all "
            f"{number(max(max(window.times) for window in loads))} ms; the server takes {number(max(0.0, took))} of a "
            f"processor more than without, graph engine and client {number(others)}."
        )
    said.append(_answers(rounds.loads["traversals"] + rounds.loads["dtsl"]))
    return Report(figures=tuple(figures), said=tuple(said))


def _answers(windows: list[Window]) -> str:
    found: dict[str, list[float]] = {}
    for window in windows:
        for name, times in window.answers.items():
            found.setdefault(name, []).extend(times)
    each = "; ".join(f"{name} {number(statistics.median(times))} ms" for name, times in found.items())
    return f"Beside the stream an answer takes, from question to end, by the median: {each}."


def _p99(windows: list[Window]) -> tuple[float, ...]:
    return tuple(window.p99 for window in windows)


def _p50(windows: list[Window]) -> float:
    return statistics.median(percentile(window.times, 50) for window in windows)


def _over(loaded: tuple[float, ...], idle: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(one / other for one, other in zip(loaded, idle, strict=True))


async def _bench(count: int) -> Rounds:
    rounds = Rounds()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = EmbeddedEngine(folder / "graph")
        await engine.start()
        assert engine.pid is not None
        try:
            graph = GraphAddress(engine.uri, engine.user, engine.password, engine.database)
            async with installed(folder / "place", graph, mosquitto.installed(), twins=TWINS, rate=RATE) as place:
                await place.start()
                await place.define()
                await _fill(place)
                steady = Steady(place, place.twins[:FOLLOWED])
                async with steady.running():
                    await asyncio.sleep(_WARM_SECONDS)
                    bench = _Bench(place, steady, engine.pid, folder)
                    for round in range(count):
                        await bench.round(round, rounds)
                await place.stop()
        finally:
            await engine.stop()
    return rounds


async def _fill(place: Installation) -> None:
    """Types for the script, and a plant in which each pump feeds the three behind it."""
    documents: Documents = [pump_type()]
    for at, (kind, document) in enumerate(pumps("plant", PLANT)):
        related = [
            {
                "name": f"feeds_{behind}",
                "target_twin_id": f"plant_{behind:06}",
                "relationship_type": "physical_connection",
            }
            for behind in range(at + 1, min(at + 4, PLANT))
        ]
        documents.append((kind, {**document, "relationships": related}))
    documents += [
        (kind, json.loads(stored.definition.model_dump_json(exclude_unset=True)))
        for (kind, _), stored in catalogue().stored.items()
    ]
    async with place.client as client:
        for part in batches(documents, 500):
            given = [{"kind": kind.upper(), "document": document} for kind, document in part]
            await client.execute(SAVE, {"documents": given}, timeout_seconds=120)


class _Bench:
    def __init__(self, place: Installation, steady: Steady, engine: int, folder: Path) -> None:
        assert place.server is not None
        self._url = place.server.url
        self._steady = steady
        self._server = psutil.Process(place.server.process.pid)
        self._engine = psutil.Process(engine)
        self._folder = folder

    async def round(self, number: int, rounds: Rounds) -> None:
        idle = await self._measured(_sleeping(IDLE_SECONDS))
        rounds.idle.append(idle)
        for name in LOADS:
            load = await self._loaded(name, number)
            rounds.loads[name].append(load)
            await asyncio.sleep(_SETTLE_SECONDS if name == "bulk_load" else 0)
            async with _burning(load.server + load.others - idle.server - idle.others):
                rounds.floors[name].append(await self._measured(_sleeping(FLOOR_SECONDS)))

    async def _loaded(self, name: str, number: int) -> Window:
        ends = name in ("bulk_load", "export")
        said = b""

        async def work() -> None:
            nonlocal said
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *self._command(name, number)), cwd=REPO, stdout=asyncio.subprocess.PIPE
            )
            told = asyncio.ensure_future(process.communicate())
            done, _ = await asyncio.wait({told}, timeout=MOST_SECONDS if ends else LOAD_SECONDS)
            if not done:
                process.kill()
            said, _ = await told
            assert bool(done) == ends, f"{name} came to no end" if ends else f"{name} ended by itself"
            assert not ends or process.returncode == 0, f"{name} failed"

        window = await self._measured(work)
        for line in said.splitlines() if not ends else ():
            asked, took = json.loads(line)
            window.answers.setdefault(asked, []).append(took)
        return window

    def _command(self, name: str, number: int) -> list[str]:
        if name == "bulk_load":
            file = self._folder / f"bulk{number}.json"
            file.write_text(json.dumps(_line(number)))
            return ["app", "apply", str(file), "--server", self._url]
        if name == "export":
            return ["app", "export", "--ndjson", str(self._folder / f"export{number}"), "--server", self._url]
        return ["tests.bench.heavy", "questions" if name == "traversals" else "script", self._url]

    async def _measured(self, work: Callable[[], Awaitable[None]]) -> Window:
        server, others, began = _spent(self._server), _spent(self._engine) + _children(), time.perf_counter()
        async with self._steady.window() as times:
            await work()
            took = time.perf_counter() - began
        return Window(
            times,
            took,
            (_spent(self._server) - server) / took,
            (_spent(self._engine) + _children() - others) / took,
        )


def _line(number: int) -> list[dict[str, Any]]:
    """Twins of a type of their own, at a broker of their own that is not there either: the rounds before have none."""
    _, own = pump_type()
    own |= {"type_id": f"pump_{number}", "connectivity": {**own["connectivity"], "endpoint": f"{_NO_BROKER}{number}"}}
    return [own, *({**document, "twin_type": own["type_id"]} for _, document in pumps(f"bulk{number}", PLANT))]


def _sleeping(seconds: float) -> Callable[[], Awaitable[None]]:
    async def sleep() -> None:
        await asyncio.sleep(seconds)

    return sleep


@contextlib.asynccontextmanager
async def _burning(processors: float) -> AsyncIterator[None]:
    """So many, by processes of their own."""
    count = math.ceil(max(0.0, processors))
    burners = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.heavy", "burn", str(processors / count)), cwd=REPO
        )
        for _ in range(count)
    ]
    try:
        await asyncio.sleep(_BURNING_SECONDS)
        yield
    finally:
        for burner in burners:
            burner.kill()
            await burner.wait()


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _children() -> float:
    """Of those that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


SUITE = Suite(
    title="Interference",
    about=(
        f"What heavy work makes telemetry wait: publish to pushed frame, of {RATE:,.0f} messages a second over MQTT "
        f"(QoS 1, {TWINS} twins with a behavior that raises and clears alerts), {FOLLOWED} of the twins followed, "
        f"while the server of {PLANT:,} further twins does something else as well. Idle windows and loaded ones "
        "alternate. "
        "The floor: the same stream while processes that have nothing to do with the server burn as many processor "
        "seconds a second as the load made server, graph engine and client take, since broker, publisher, reader, "
        "graph engine, server and client share the cores."
    ),
    run=run,
    needs=(mosquitto.installed,),
)
