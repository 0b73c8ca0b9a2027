"""What a server costs as its plant grows: twins with their overlays, connections to devices, subscribers.

Each of the three grows alone, under the same steady stream of messages, up to 100,000, 1,000 and 1,000.

    make bench SUITE=scale
"""

import asyncio
import tempfile
from pathlib import Path

from app.graph.embedded import EmbeddedEngine
from tests.bench.figures import LEAST_ROUNDS, Curve, Figure, Report, Suite
from tests.bench.scale import connectors, subscribers, twins
from tests.bench.scale.place import RATE, TWINS, WINDOW_SECONDS, Effort
from tests.faults.installation import installed
from tests.servers import mosquitto
from tests.servers.graph import GraphAddress

_PARTS = (connectors.grow, subscribers.grow, twins.grow)
FULL = Effort(LEAST_ROUNDS, WINDOW_SECONDS, (10, 100, 1_000, 10_000, 100_000), (1, 10, 100, 1_000), (1, 10, 100, 1_000))
QUICK = Effort(1, 1.0, (10, 100), (1, 10), (1, 10))


def run(quick: bool) -> Report:
    return asyncio.run(_grown(QUICK if quick else FULL))


async def _grown(effort: Effort) -> Report:
    figures: list[Figure] = []
    curves: list[Curve] = []
    for grow in _PARTS:
        with tempfile.TemporaryDirectory() as name:
            engine = EmbeddedEngine(Path(name, "graph"))
            await engine.start()
            try:
                graph = GraphAddress(engine.uri, engine.user, engine.password, engine.database)
                async with installed(Path(name, "place"), graph, mosquitto.installed(), rate=RATE) as place:
                    assert engine.pid is not None
                    found = await grow(place, engine.pid, effort)
            finally:
                await engine.stop()
        figures += found.figures
        curves += found.curves
    return Report(figures=tuple(figures), curves=tuple(curves))


SUITE = Suite(
    title="Scale",
    about=(
        f"{RATE:,.0f} messages a second over MQTT at QoS 1 to a server with its embedded graph engine, everything on "
        "the same cores, while one thing grows and the rest stays: twins, with as many overlays of two roles and a "
        f"behavior each; MQTT connections to one Mosquitto, among which {TWINS:,} twins are shared out (OPC UA's are "
        "not grown: on these cores a thousand OPC UA servers would be measured, and not ours); WebSockets, each with "
        f"10 of {TWINS:,} twins. Every message is journaled, decided by a behavior and written to the graph, and one "
        "in ten is pushed. A cost is processor seconds of the server's process over the messages of a window of "
        f"{WINDOW_SECONDS:g} s, so that all it does besides is in it; the floor is what a bare aiomqtt subscriber, "
        "which takes the same messages at the same time, needs for one. Memory is what the process holds after a "
        "start, before the stream."
    ),
    run=run,
    needs=(mosquitto.installed,),
)
