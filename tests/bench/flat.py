"""What one update costs as the plant around it grows: more overlays of a type, more members of a role of many.

Three things stand beside it. The bare conditions (for members: the same member's test and the same trees) are what
deciding costs at least. Walking as many objects as an update touches, of as many twins, is what their distance costs by
itself: where there are more than the caches hold, the same instructions take longer. And what the interpreter executes
for an update is counted, which no machine's caches or neighbours change.

make bench SUITE=flat
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from app import huge_pages
from app.engine.aggregates import Bounds, compare, kept
from app.engine.engine import Engine
from app.model.conditions import Aggregate, And, Compare, Literal, PropertyRef
from app.model.events import Load, PathStatus, Reading, Sample, Samples, SourceStatus, Started
from app.model.plan import OverlayPlan, Plan, PropertyPlan, Rule, Shape, TwinPlan
from app.model.time import SECOND
from app.serve import starting
from tests.bench.executed import executed
from tests.bench.figures import Beside, Curve, Figure, Report, Suite, alternated, growth, number

OVERLAYS = (10, 100, 1_000, 10_000, 100_000)
MEMBERS = (10, 100, 1_000, 10_000)
ROUNDS, UPDATES, COUNTED = 9, 2_000, 100
_OBJECTS = 9
"""That an update touches of one twin alone: its places in the table of twins (two) and its key there, the twin, its
table of properties (two), the property, and the value and the time that it had. Some take more than one line of a
cache, those of a walk do not."""
_T0 = 1_767_000_000 * SECOND
_TEMPERATURE = PropertyRef("pumps", "temperature")

Loop = Callable[[int, float], None]
Plant = tuple[Engine, int]


def run(quick: bool) -> Report:
    overlays = _Sizes(OVERLAYS[:3] if quick else OVERLAYS, _overlays, _bare_overlays, 1 if quick else ROUNDS)
    members = _Sizes(MEMBERS[:3] if quick else MEMBERS, _fleet, _bare_fleet, 1 if quick else ROUNDS)
    return Report(
        figures=(
            *overlays.figures("overlays", "an update among {} overlays of a type, 3 conditions each", first=0),
            *members.figures("members", "an update of one of {} members of a role with any, count and avg", first=1),
        ),
        curves=(
            overlays.curve("overlays", "An update among so many overlays of a type", "overlays"),
            members.curve("members", "An update of one of so many members of a role", "members"),
        ),
        said=(overlays.said("overlays"), members.said("members of a role")),
    )


class _Sizes:
    """One plant of each size, measured in turn in each round."""

    def __init__(
        self, sizes: Sequence[int], plant: Callable[[int], Plant], bare: Callable[[Engine], Loop], rounds: int
    ) -> None:
        self.sizes = sizes
        with starting():  # as the server's process does
            built = [plant(size) for size in sizes]
            walks = [_walk(size) for size in sizes]
        huge_pages.ask()
        self.work = [_work(engine, twins) for engine, twins in built]
        measures: list[Callable[[int], float]] = []
        for (engine, twins), walk in zip(built, walks, strict=True):
            measures += [_ours(engine, twins), _beside(bare(engine), twins), _beside(walk, twins)]
        took = alternated(rounds, *measures)
        self.ours, self.bare, self.walk = took[0::3], took[1::3], took[2::3]

    def figures(self, key: str, what: str, first: int) -> list[Figure]:
        """`first`: the size from which its growth counts."""
        shown = [
            Figure(
                key=f"{key}_{size}",
                what=what.format(f"{size:,}"),
                unit="us",
                rounds=tuple(self.ours[at]),
                beside=(
                    Beside(what="the bare conditions", rounds=tuple(self.bare[at])),
                    Beside(what="walking as many objects", rounds=tuple(self.walk[at])),
                ),
            )
            for at, size in enumerate(self.sizes)
        ]
        ends = f"from {self.sizes[first]:,} to {self.sizes[-1]:,} {key}"
        far = [many - few for few, many in zip(self.walk[first], self.walk[-1], strict=True)]
        near = [ours - more for ours, more in zip(self.ours[-1], far, strict=True)]
        return [
            *shown,
            growth(key, f"the same {ends}", self.ours[first], self.ours[-1]),
            growth(f"{key}_walk", f"walking as many objects, {ends}", self.walk[first], self.walk[-1]),
            growth(f"{key}_near", f"an update less what the walk grows by, {ends}", self.ours[first], near),
            growth(f"{key}_work", f"what the interpreter executes for it, {ends}", [self.work[first]], [self.work[-1]]),
        ]

    def curve(self, key: str, title: str, x: str) -> Curve:
        def line(took: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
            return tuple((size, statistics.median(each)) for size, each in zip(self.sizes, took, strict=True))

        return Curve(
            key=key,
            title=title,
            x=x,
            y="us",
            lines={
                "an update": line(self.ours),
                "walking as many objects": line(self.walk),
                "the bare conditions": line(self.bare),
            },
            said=(
                f"From {self.sizes[0]:,} to {self.sizes[-1]:,} an update takes {self._longer(self.ours)} us longer, a"
                f" walk over as many objects {self._longer(self.walk)} us, which is what their distance costs, and the"
                f" bare conditions {self._longer(self.bare)} us."
            ),
            log_y=False,
        )

    @staticmethod
    def _longer(took: Sequence[Sequence[float]]) -> str:
        """At the last size than at the first."""
        return number(statistics.median(took[-1]) - statistics.median(took[0]))

    def said(self, what: str) -> str:
        counted = ", ".join(f"{work:,.0f}" for work in self.work)
        return (
            f"For an update among {', '.join(f'{size:,}' for size in self.sizes)} {what} the interpreter executes"
            f" {counted} instructions; a walk over {_OBJECTS} objects of each takes {self._longer(self.walk)} us longer"
            " at the last of these sizes than at the first, with the same instructions."
        )


def _ours(engine: Engine, twins: int) -> Callable[[int], float]:
    def measure(round: int) -> float:
        given = _inputs(twins, round)
        began = time.process_time()
        for now, input in given:
            engine.decide(input, now)
        return (time.process_time() - began) / UPDATES * 1e6

    return measure


def _beside(loop: Loop, twins: int) -> Callable[[int], float]:
    def measure(round: int) -> float:
        given = _inputs(twins, round)
        began = time.process_time()
        for _, input in given:
            sample = input.readings[0].samples[0]
            loop(int(sample.twin_id), sample.value)
        return (time.process_time() - began) / UPDATES * 1e6

    return measure


def _inputs(twins: int, round: int) -> list[tuple[int, Samples]]:
    """One reading with one value each, all over the plant; never the value that the twin has already."""
    found = []
    for index in range(UPDATES):
        at = round * UPDATES + index
        now = _T0 + (at + 1) * SECOND
        value = 20.0 + at % 4_999 / 100
        sample = Sample(str((index * 7919 + round) % twins), "temperature", value, now)
        found.append((now, Samples((Reading("opc", now, (sample,)),))))
    return found


class _Object:
    __slots__ = ("next",)

    def __init__(self, next: "_Object | None") -> None:
        self.next = next


def _walk(size: int) -> Loop:
    """Goes from object to object, of `size` chains. Those of a chain lie as far from each other as a twin's do."""
    chains: list[Any] = [None] * size
    order = list(range(size))
    shuffled = random.Random(size)
    for _ in range(_OBJECTS):
        shuffled.shuffle(order)
        for at in order:
            chains[at] = _Object(chains[at])

    def loop(twin: int, value: float) -> None:
        found = chains[twin]
        while found is not None:
            found = found.next

    return loop


def _work(engine: Engine, twins: int) -> float:
    """Instructions of the interpreter for one update."""
    inputs = _inputs(twins, -1)[:COUNTED]

    def decide() -> None:
        for now, input in inputs:
            engine.decide(input, now)

    return executed(decide) / COUNTED


def _started(shapes: Sequence[Shape], overlays: Sequence[OverlayPlan], twins: int) -> Engine:
    properties = (PropertyPlan("temperature", "float", "celsius", 0.0, 1000.0),)
    pumps = tuple(TwinPlan(str(at), "pump", "pump@1", 1, 1, ("temperature",), connected=True) for at in range(twins))
    engine = Engine()
    before = _T0 - (UPDATES + 1) * SECOND
    engine.decide(Started(), before)
    engine.decide(Load(Plan(1, (Shape("pump@1", properties), *shapes), pumps, tuple(overlays))), before)
    engine.decide(SourceStatus("opc", tuple(PathStatus(twin.twin_id, True) for twin in pumps)), before)
    first = tuple(Sample(twin.twin_id, "temperature", 10.0, before) for twin in pumps)
    engine.decide(Samples((Reading("opc", before, first),)), before)
    return engine


def _overlays(size: int) -> Plant:
    own = PropertyRef("pump", "temperature")
    rules = (
        Rule("normal", And((Compare("<", own, Literal(500.0)), Compare(">", own, Literal(0.0))))),
        Rule("warm", Compare(">", own, Literal(500.0))),
        Rule("hot", Compare(">", own, Literal(600.0))),
    )
    overlays = [OverlayPlan(f"o{at}", "one", "one@1", 1, {"pump": str(at)}) for at in range(size)]
    return _started((Shape("one@1", rules=rules),), overlays, size), size


def _bare_overlays(engine: Engine) -> Loop:
    cells = {int(id): twin.cells["temperature"] for id, twin in engine.live.twins.items()}
    tests = {id: [(rule.test, rule.cells) for rule in cell.readers] for id, cell in cells.items()}

    def loop(twin: int, value: float) -> None:
        for test, arguments in tests[twin]:
            test(*arguments)

    return loop


def _fleet(size: int) -> Plant:
    hot = Compare(">", _TEMPERATURE, Literal(500.0))
    rules = (
        Rule("any_hot", Aggregate("any", hot, over="pumps")),
        Rule("many", Compare(">=", Aggregate("count", hot, over="pumps"), Literal(3))),
        Rule("mean", Compare(">", Aggregate("avg", _TEMPERATURE, over="pumps"), Literal(400.0))),
    )
    members = tuple(str(at) for at in range(size))
    fleet = OverlayPlan("fleet", None, "fleet@1", 1, {f"pumps/{id}": id for id in members}, members={"pumps": members})
    return _started((Shape("fleet@1", rules=rules),), (fleet,), size), size


def _bare_fleet(engine: Engine) -> Loop:
    size = len(engine.live.twins)
    hot, many, mean = kept("any", size), kept("count", size), kept("avg", size)
    for place in range(size):
        hot.put(place, False)
        many.put(place, False)
        mean.put(place, 10.0)

    def loop(twin: int, value: float) -> None:
        above = value > 500.0
        hot.put(twin, above)
        hot.value()
        many.put(twin, above)
        compare(many.bounds(), ">=", Bounds(3, 3))
        mean.put(twin, value)
        mean.value()

    return loop


SUITE = Suite(
    title="Flat in the size of the plant",
    about=(
        "The processor's time of one update of one property, each time of another twin and with another value, in"
        " plants of several sizes that take turns. Beside it the bare conditions (for members: the same member's test"
        f" and the same trees), and a walk over {_OBJECTS} objects of that twin, which is about what an update touches:"
        " it executes the same at every size, so that what it grows by is distance in memory alone."
    ),
    run=run,
)
