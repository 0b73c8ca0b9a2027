"""What a tick costs beside the timers that wait and are not due: with 1,000, 10,000 and 100,000 of them.

Every pump's rule is `temperature > 80 for ...`; all hold, so every one has a timer.

make bench SUITE=timers
"""

import heapq
import time

from app.engine.engine import Engine
from app.model.conditions import Compare, Held, Literal, PropertyRef
from app.model.events import Load, PathStatus, Reading, Sample, Samples, SourceStatus, Started, Tick
from app.model.plan import Plan, PropertyPlan, Rule, Shape, TwinPlan
from app.model.time import SECOND
from app.serve import starting
from tests.bench.figures import Beside, Figure, Report, Suite, alternated, growth

SIZES = (1_000, 10_000, 100_000)
DUE, IDLE, ROUNDS = 100, 500, 9
_T0 = 1_767_000_000 * SECOND
_NEAR, _FAR = 60 * SECOND, 36_000 * SECOND
_HOT = Compare(">", PropertyRef(None, "temperature"), Literal(80.0))


def run(quick: bool) -> Report:
    sizes, rounds = (SIZES[:2], 1) if quick else (SIZES, ROUNDS)
    with starting():  # as the server's process does
        waiting = [_Waiting(size, rounds) for size in sizes]
    idle = alternated(rounds, *(each.idle for each in waiting))
    due = alternated(rounds, *(each.due for each in waiting))
    figures: list[Figure] = []
    for each, ticks, met in zip(waiting, idle, due, strict=True):
        each.check(rounds)
        figures += [
            Figure(
                key=f"idle_{each.size}",
                what=f"a tick with none due, {each.size:,} timers waiting",
                unit="us",
                rounds=tuple(ticks),
            ),
            Figure(
                key=f"due_{each.size}",
                what=f"each of {DUE} timers due at once, {each.size:,} others waiting",
                unit="us",
                rounds=tuple(ours for ours, _ in met),
                beside=(Beside(what="off a bare heap", rounds=tuple(bare for _, bare in met)),),
            ),
        ]
    ends = f"from {sizes[0]:,} to {sizes[-1]:,} waiting"
    figures.append(growth("idle", f"a tick with none due, {ends}", idle[0], idle[-1]))
    few, many = [ours for ours, _ in due[0]], [ours for ours, _ in due[-1]]
    figures.append(growth("due", f"each of those due at once, {ends}", few, many))
    return Report(figures=tuple(figures))


class _Waiting:
    """A plant with so many timers that are far off, and DUE of them due in each round."""

    def __init__(self, size: int, rounds: int) -> None:
        self.size = size
        self.engine = plant(size, DUE * rounds)
        self.heap = [(_FAR + index, index) for index in range(size)] + [(index, index) for index in range(DUE * rounds)]
        heapq.heapify(self.heap)

    def idle(self, round: int) -> float:
        """Before any of them is due."""
        began = time.process_time()
        for step in range(IDLE):
            self.engine.decide(Tick(), _T0 + _NEAR - SECOND + round * IDLE + step)
        return (time.process_time() - began) / IDLE * 1e6

    def due(self, round: int) -> tuple[float, float]:
        began = time.process_time()
        self.engine.decide(Tick(), _T0 + _NEAR + round * SECOND)
        ours = time.process_time() - began
        began = time.process_time()
        for _ in range(DUE):
            heapq.heappop(self.heap)
        return ours / DUE * 1e6, (time.process_time() - began) / DUE * 1e6

    def check(self, rounds: int) -> None:
        met = sum(1 for twin in self.engine.live.twins.values() for rule in twin.rules.values() if rule.active)
        assert met == DUE * rounds, met


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


SUITE = Suite(
    title="Timers",
    about=(
        "The processor's time of a tick in plants where so many timers run and are not due. Beside those that are due,"
        " as many are taken off a bare heap of the same size: what a program would cost that only kept time, with"
        " nothing decided and no facts."
    ),
    run=run,
)
