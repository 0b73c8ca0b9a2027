"""What is told of something that grew: a figure of each size, the curve of an update's costs, and where that bends."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from tests.bench.figures import Beside, Curve, Figure
from tests.bench.scale.place import Costs

Points = tuple[tuple[float, float], ...]
_TIMES = 1.5
"""What it is at the smallest, so often: over that it has bent."""
BARE = "bare aiomqtt subscriber"


def line(sizes: Sequence[int], of: Callable[[int], Sequence[float]]) -> Points:
    """The median at each size."""
    return tuple((float(size), statistics.median(of(size))) for size in sizes)


def points(sizes: Sequence[int], of: Mapping[int, float]) -> Points:
    """Of what was measured once at each size."""
    return tuple((float(size), of[size]) for size in sizes)


def knee(found: Points) -> float | None:
    """The first x at which y has bent; None where it does not."""
    return next((x for x, y in found if y > _TIMES * found[0][1]), None)


def bend(found: Points) -> str:
    """Without a full stop, so that more can be said."""
    few, bends = found[0][0], knee(found)
    if bends is None:
        return f"It stays within {_TIMES} times of what it is with {few:,.0f}"
    return f"It is over {_TIMES} times of what it is with {few:,.0f} from {bends:,.0f} on"


def of_each(
    key: str,
    found: Mapping[int, Costs],
    held: Mapping[int, float],
    what: Callable[[int], str],
    beside: str = BARE,
    note: Callable[[int], str] = lambda _: "",
) -> tuple[Figure, ...]:
    """What an update costs at each size, in the order in which they were measured."""
    return tuple(
        Figure(
            key=f"{key}_{size}",
            what=what(size),
            unit="us",
            rounds=costs.server,
            beside=(Beside(what=beside, rounds=costs.bare),),
            memory=held[size],
            note=note(size),
        )
        for size, costs in found.items()
    )


def cost_curve(key: str, title: str, x: str, found: Mapping[int, Costs], said: str) -> Curve:
    sizes = tuple(found)
    lines = {
        "server": line(sizes, lambda size: found[size].server),
        BARE: line(sizes, lambda size: found[size].bare),
    }
    return Curve(key=key, title=title, x=x, y="processor time, us", lines=lines, said=said)
