"""What a tick costs beside the timers that wait and are not due: with 1,000, 10,000 and 100,000 of them.

Every pump's rule is `temperature > 80 for ...`; all hold, so every one has a timer. The bare loop pops as many entries
off a heap of the same size.

    python -m tests.bench.timers
"""

import heapq
import statistics
import time

from app.engine.engine import Engine
from app.model.conditions import Compare, Held, Literal, PropertyRef
from app.model.events import Load, PathStatus, Reading, Sample, Samples, SourceStatus, Started, Tick
from app.model.plan import Plan, PropertyPlan, Rule, Shape, TwinPlan
from app.model.time import SECOND

SIZES = (1_000, 10_000, 100_000)
DUE, TICKS = 100, 9
_T0 = 1_767_000_000 * SECOND
_NEAR, _FAR = 60 * SECOND, 36_000 * SECOND
_HOT = Compare(">", PropertyRef(None, "temperature"), Literal(80.0))


def main() -> None:
    for size in SIZES:
        row = run(size)
        print(
            f"{size:>7,} timers wait: a tick with none due {row['idle']:.1f} us, with {DUE} due {row['due']:,.0f} us"
            f" ({row['due'] / DUE:.1f} us each; the bare heap {row['bare'] / DUE:.1f})"
        )


def run(size: int) -> dict[str, float]:
    """Microseconds of a tick (medians)."""
    engine = plant(size, DUE * TICKS)
    idle, due, bare = [], [], []
    heap = [(_FAR + index, index) for index in range(size)] + [(index, index) for index in range(DUE * TICKS)]
    heapq.heapify(heap)
    for number in range(TICKS):
        moment = _T0 + _NEAR + number * SECOND
        idle.append(_timed(engine, moment - 1))
        due.append(_timed(engine, moment))
        began = time.perf_counter()
        for _ in range(DUE):
            heapq.heappop(heap)
        bare.append((time.perf_counter() - began) * 1e6)
    met = sum(1 for twin in engine.live.twins.values() for rule in twin.rules.values() if rule.active)
    assert met == DUE * TICKS, met
    return {"idle": statistics.median(idle), "due": statistics.median(due), "bare": statistics.median(bare)}


def plant(waiting: int, near: int) -> Engine:
    """`waiting` timers that are far off, and `near` of which DUE are due a second."""
    properties = (PropertyPlan("temperature", "float", "celsius", 0.0, 1000.0),)
    shapes = (
        Shape("far@1", properties, (), (Rule("lasting", Held(_HOT, _FAR)),)),
        Shape("near@1", properties, (), (Rule("lasting", Held(_HOT, _NEAR)),)),
    )
    twins = tuple(
        TwinPlan(f"p{number}", "pump", "far@1" if number >= near else "near@1", 1, 1, ("temperature",), connected=True)
        for number in range(waiting + near)
    )
    engine = Engine()
    engine.decide(Started(), _T0)
    engine.decide(Load(Plan(1, shapes, twins)), _T0)
    engine.decide(SourceStatus("opc", tuple(PathStatus(twin.twin_id, True) for twin in twins)), _T0)
    for first in range(0, near, DUE):
        _heat(engine, range(first, first + DUE), _T0 + first // DUE * SECOND)
    _heat(engine, range(near, waiting + near), _T0 + near // DUE * SECOND)
    assert len(engine.live.timers) == waiting + near
    return engine


def _heat(engine: Engine, numbers: range, now: int) -> None:
    samples = tuple(Sample(f"p{number}", "temperature", 90.0, now) for number in numbers)
    engine.decide(Samples((Reading("opc", now, samples),)), now)


def _timed(engine: Engine, now: int) -> float:
    began = time.perf_counter()
    engine.decide(Tick(), now)
    return (time.perf_counter() - began) * 1e6


if __name__ == "__main__":
    main()
