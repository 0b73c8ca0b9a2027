"""From 10 to 100,000 twins, and as many overlays: cost of an update, memory, and how long a start takes.

They have no connection while more of them are saved: each time that a group of twins has grown it connects anew.
"""

import time

from tests.bench.figures import Curve, Figure, growth, number
from tests.bench.scale.place import (
    Costs,
    Documents,
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
from tests.bench.scale.told import bend, cost_curve, knee, line, of_each, points
from tests.faults.installation import Installation

_MOST_STREAMED = 10_000


def _pair(number: int) -> dict[str, object]:
    bound = [{"role": "first", "twin_id": f"tank_{number:06}"}, {"role": "second", "twin_id": f"tank_{number - 1:06}"}]
    return {
        "kind": "OVERLAY",
        "document": {"overlay_id": f"pair_{number:06}", "overlay_type": "pair", "twins": bound},
    }


async def grow(place: Installation, engine: int, effort: Effort) -> Grown:
    started, ready, ours, graph = {}, {}, {}, {}
    found: dict[int, Costs] = {}
    await place.start()
    await save(place, types())
    await place.stop()
    await place.start()
    assert place.server is not None
    empty = memory(place.server.process.pid)
    before = 0
    for size in effort.twins:
        await save(place, [*types(), *_more(before, size)])
        await save(place, types(place.broker.endpoint))
        await place.stop()
        began = time.perf_counter()
        await place.start()
        started[size] = time.perf_counter() - began
        await connected(place, 1)
        ready[size] = time.perf_counter() - began
        ours[size], graph[size] = memory(place.server.process.pid), memory(engine)
        found[size] = await costs(place, ids(size)[:: max(1, size // _MOST_STREAMED)], effort)
        before = size
    await place.stop()
    return _told(effort.twins, found, empty, ours, graph, started, ready)


def _more(before: int, size: int) -> Documents:
    twins = [tank(twin_id) for twin_id in ids(size, before)]
    return [*twins, *(_pair(number) for number in range(max(before, 1), size))]


def _told(
    sizes: tuple[int, ...],
    found: dict[int, Costs],
    empty: float,
    ours: dict[int, float],
    graph: dict[int, float],
    started: dict[int, float],
    ready: dict[int, float],
) -> Grown:
    small, large = sizes[0], sizes[-1]
    each = (ours[large] - empty) / large * 1024
    server = line(sizes, lambda size: found[size].server)
    figures = (
        *of_each("twins", found, ours, lambda size: f"an update among {size:,} twins and overlays"),
        growth("twins_growth", f"the same, {large:,} beside {small:,}", found[small].server, found[large].server),
        Figure(
            key="twins_memory",
            what=f"memory of a twin with its overlay, of {large:,}",
            unit="kB",
            rounds=(each,),
            note=f"an empty server holds {number(empty)} MB",
        ),
        Figure(
            key="twins_start",
            what=f"start with {large:,} twins and overlays, until the first query is answered",
            unit="s",
            rounds=(started[large],),
            note=f"with {small:,} {number(started[small])} s; all of them heard after {number(ready[large])} s",
        ),
    )
    flat = f"{bend(server)}."
    if knee(server) is not None:
        flat += (
            " (What an update reaches is looked up by key; what distance in memory costs it is measured in Flat in the "
            "size of the plant.)"
        )
    fixed = started[small]
    begins = knee(points(sizes, started))
    x = "twins, and as many overlays"
    curves = (
        cost_curve(
            "twins_cost",
            "What an update costs",
            x,
            found,
            f"{flat} {number(server[0][1])} us with {small:,}, {number(server[-1][1])} us with {large:,}.",
        ),
        Curve(
            key="twins_memory",
            title="Memory after a start",
            x=x,
            y="MB",
            lines={
                "server": points(sizes, ours),
                "graph engine": points(sizes, graph),
            },
            said=(
                f"The program itself is {number(empty)} MB; a twin with its overlay, in catalogue, engine, topology, "
                f"indexes and connector, is {number(each)} kB, so the curve bends where both are as much, at "
                f"{empty * 1024 / max(each, 1):,.0f} of them. The graph engine's heap has a limit, which is a setting."
            ),
        ),
        Curve(
            key="twins_start",
            title="How long a start takes",
            x=x,
            y="s",
            lines={
                "until queries are answered": points(sizes, started),
                "until all are heard": points(sizes, ready),
            },
            said=(
                f"With {small:,} a start takes {number(fixed)} s; "
                + (
                    f"with {large:,} it is no more than half as much again."
                    if begins is None
                    else f"from {begins:,.0f} on it is more than half as much again, and with {large:,} "
                    f"{number((started[large] - fixed) / large * 1e6)} us more for each twin with its overlay "
                    "(Starting has the server's own account of what it does meanwhile); then the broker takes the "
                    "subscriptions."
                )
            ),
        ),
    )
    return Grown(figures, curves)
