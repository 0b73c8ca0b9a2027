"""From 1 to 1,000 MQTT connections to one broker, among which 1,000 twins are shared out."""

import statistics
import time

from tests.bench.figures import Figure, growth, number
from tests.bench.scale.place import (
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
from tests.faults.installation import Installation


async def grow(place: Installation, engine: int, effort: Effort) -> Grown:
    found: dict[int, Costs] = {}
    held: dict[int, float] = {}
    took: dict[int, float] = {}
    await place.start()
    await save(place, types(place.broker.endpoint))
    for count in effort.connectors:
        shared = [
            tank(twin_id, connectivity={"client_id": f"bench_{number % count:03}"})
            for number, twin_id in enumerate(ids(TWINS))
        ]
        await save(place, shared)
        await place.stop()
        began = time.perf_counter()
        await place.start()
        await connected(place, count)
        took[count] = time.perf_counter() - began
        assert place.server is not None
        held[count] = memory(place.server.process.pid)
        found[count] = await costs(place, ids(TWINS), effort)
    await place.stop()
    return _told(effort.connectors, found, held, took)


def _told(sizes: tuple[int, ...], found: dict[int, Costs], held: dict[int, float], took: dict[int, float]) -> Grown:
    few, many = sizes[0], sizes[-1]
    each = (held[many] - held[few]) / (many - few) * 1024
    server = line(sizes, lambda size: found[size].server)
    figures = (
        *of_each(
            "connectors",
            found,
            held,
            lambda size: f"an update by {size:,} connections" if size > 1 else "an update by one connection",
            f"{BARE}, one connection",
        ),
        growth("connectors_growth", f"the same, {many:,} beside {few:,}", found[few].server, found[many].server),
        Figure(
            key="connectors_memory",
            what="memory of a connection",
            unit="kB",
            rounds=(each,),
            note=f"start until {many:,} stand: {number(took[many])} s, until {few:,}: {number(took[few])} s",
        ),
    )
    wakes = {size: statistics.median(found[size].wakes) for size in (few, many)}
    why = (
        "What comes over one connection together is read and acknowledged together, what comes over several is not: "
        f"with {few:,} the server's loop sleeps {number(wakes[few])} times a message, with {many:,} "
        f"{number(wakes[many])} times."
    )
    curve = cost_curve(
        "connectors_cost",
        "What an update costs",
        "MQTT connections",
        found,
        f"{bend(server)}. {why} A connection holds {number(each)} kB.",
    )
    return Grown(figures, (curve,))
