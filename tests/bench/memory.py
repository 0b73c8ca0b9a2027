"""What `make demo` takes in all its processes together, by proportional set size.

make bench SUITE=memory
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psutil

from app.graph.embedded import EmbeddedEngine
from tests.bench.demo import demo
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite
from tests.e2e.processes import REPO

STORY_SECONDS, APART_SECONDS = 60.0, 10.0
PARTS: dict[str, tuple[str, Callable[[list[str]], bool]]] = {
    "engine": ("of it the graph engine", lambda words: "com.arcadedb.server.ArcadeDBServer" in words),
    "server": ("of it the server", lambda words: "serve" in words),
    "plant": ("of it the plant with its broker", lambda words: "app.demo.plant" in words),
    "terminal": ("of it the terminal", lambda words: "demo" in words),
}
"""By key, what it is, and whether these are the words of its command."""
IMPORTED = "import sys, app.main; print(flush=True); sys.stdin.read()"


def run(quick: bool) -> Report:
    readings = asyncio.run(_demo(1, 1.0) if quick else _demo(LEAST_ROUNDS, STORY_SECONDS))
    floors = asyncio.run(_floors())
    figures = [
        Figure(
            key="demo",
            what="`make demo`, all its processes together, after a minute of its story",
            unit="MB",
            rounds=tuple(sum(reading.values()) for reading in readings),
        )
    ]
    for key, (what, _) in PARTS.items():
        beside = (
            Beside(what=f"{floors[key][0]}, once", rounds=(floors[key][1],) * len(readings)) if key in floors else None
        )
        figures.append(
            Figure(
                key=key,
                what=what,
                unit="MB",
                rounds=tuple(reading[key] for reading in readings),
                beside=(beside,) if beside else (),
            )
        )
    return Report(figures=tuple(figures))


async def _demo(readings: int, story_seconds: float) -> list[dict[str, float]]:
    """Megabytes of each part, several times."""
    found = []
    async with demo() as running:
        await asyncio.sleep(story_seconds)
        for _ in range(readings):
            found.append(_parts([running.process, *running.process.children(recursive=True)]))
            await asyncio.sleep(APART_SECONDS if readings > 1 else 0.0)
    return found


def _parts(processes: list[psutil.Process]) -> dict[str, float]:
    found = dict.fromkeys(PARTS, 0.0)
    for process in processes:
        words = process.cmdline()
        (key,) = [key for key, (_, of) in PARTS.items() if of(words)][:1]
        found[key] += _megabytes(process)
    return found


async def _floors() -> dict[str, tuple[str, float]]:
    """The same without anything in it: what the graph engine and the server's libraries take by themselves."""
    with tempfile.TemporaryDirectory() as folder:
        engine = EmbeddedEngine(Path(folder))
        await engine.start()
        try:
            assert engine.pid is not None
            empty = _megabytes(psutil.Process(engine.pid))
        finally:
            await engine.stop()
    python = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", IMPORTED), cwd=REPO, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert python.stdout is not None
    await python.stdout.readline()
    imported = _megabytes(psutil.Process(python.pid))
    await python.communicate(b"")
    return {"engine": ("an empty one", empty), "server": ("its modules imported", imported)}


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss / 2**20)


SUITE = Suite(
    title="Memory of the demo",
    about=(
        f"`make demo` from an empty folder, left to its story for {STORY_SECONDS:g} s, then read {LEAST_ROUNDS} times, "
        f"{APART_SECONDS:g} s apart: proportional set size, which shares what processes have in common among them. "
        "Beside it the graph engine on an empty folder, just started, and a Python that has imported what the server "
        "imports and does nothing."
    ),
    run=run,
)
