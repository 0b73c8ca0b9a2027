"""From 1 to 1,000 WebSockets, each with a subscription to 10 of 1,000 twins."""

import asyncio
import contextlib
import statistics
import sys
from collections.abc import AsyncIterator

from tests.bench.figures import Curve, Figure, number
from tests.bench.scale.place import (
    RATE,
    TWINS,
    Costs,
    Effort,
    Grown,
    connected,
    costs,
    ids,
    memory,
    save,
    tank,
    types,
)
from tests.bench.scale.told import BARE, bend, cost_curve, line, of_each
from tests.e2e.processes import REPO
from tests.faults.installation import Installation

FOLLOWED = 10


async def grow(place: Installation, engine: int, effort: Effort) -> Grown:
    found: dict[int, Costs] = {}
    held: dict[int, float] = {}
    await place.start()
    await save(place, [*types(place.broker.endpoint), *(tank(twin_id) for twin_id in ids(TWINS))])
    await place.stop()
    await place.start()
    await connected(place, 1)
    for count in effort.subscribers:
        assert place.server is not None
        async with _following(place.server.url, count):
            held[count] = memory(place.server.process.pid)
            found[count] = await costs(place, ids(TWINS), effort)
        await place.stop()
        await place.start()
        await connected(place, 1)
    await place.stop()
    return _told(effort.subscribers, found, held)


@contextlib.asynccontextmanager
async def _following(url: str, count: int) -> AsyncIterator[None]:
    """Once all of them have been answered."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.scale.readers", url, str(count), str(FOLLOWED), str(TWINS)),
        cwd=REPO,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 120) == b"following\n"
        yield
        assert process.returncode is None, "a subscriber was cut off"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _told(sizes: tuple[int, ...], found: dict[int, Costs], held: dict[int, float]) -> Grown:
    few, many = sizes[0], sizes[-1]
    each = (held[many] - held[few]) / (many - few) * 1024
    server = line(sizes, lambda size: found[size].server)
    frames = (many - few) * FOLLOWED / TWINS
    """That an update makes, more with many than with few."""
    frame = tuple((much - little) / frames for little, much in zip(found[few].server, found[many].server, strict=True))
    calls = statistics.median(found[many].kernel) - statistics.median(found[few].kernel)
    figures = (
        *of_each(
            "subscribers",
            found,
            held,
            lambda size: f"an update with {size:,} subscribers" if size > 1 else "an update with one subscriber",
            f"{BARE}, no frames",
            lambda size: (
                f"publish to frame p50 {number(statistics.median(found[size].p50))} ms, "
                f"p99 {number(statistics.median(found[size].p99))} ms"
            ),
        ),
        Figure(key="frame", what=f"a frame, of {RATE * frames:,.0f} a second", unit="us", rounds=frame),
        Figure(key="subscribers_memory", what="memory of a subscriber", unit="kB", rounds=(each,)),
    )
    x = f"subscribers, each of {FOLLOWED} of {TWINS:,} twins"
    curves = (
        cost_curve(
            "subscribers_cost",
            "What an update costs with its frames",
            x,
            found,
            f"{bend(server)}: an update costs {number(server[0][1])} us by itself, and a frame "
            f"{number(statistics.median(frame))} us, {number(calls / frames)} of them in calls to the system; "
            f"with {many:,} subscribers every update makes {many * FOLLOWED / TWINS:g}.",
        ),
        Curve(
            key="subscribers_wait",
            title="From publish to frame",
            x=x,
            y="ms",
            lines={
                "p50": line(sizes, lambda size: found[size].p50),
                "p99": line(sizes, lambda size: found[size].p99),
            },
            said=(
                "One more subscriber's view, who follows a tenth of the twins. The frames of all are sent by one loop, "
                "and those who read them share the cores with the server."
            ),
        ),
    )
    return Grown(figures, curves)
