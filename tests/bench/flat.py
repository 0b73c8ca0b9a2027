"""What one update costs as the plant around it grows: more overlays of a type, more members of a role of many.

Beside each size a bare loop over the same compiled conditions (for members: the same member's test and the same trees)
in the same run. Sizes take turns, so that a slow moment of the machine falls on all of them.

    python -m tests.bench.flat
"""

import statistics
import time
from collections.abc import Callable, Sequence

from app.engine.aggregates import Bounds, compare, kept
from app.engine.engine import Engine
from app.model.conditions import Aggregate, And, Compare, Literal, PropertyRef
from app.model.events import Load, PathStatus, Reading, Sample, Samples, SourceStatus, Started
from app.model.plan import OverlayPlan, Plan, PropertyPlan, Rule, Shape, TwinPlan
from app.model.time import SECOND

OVERLAYS = (10, 100, 1_000, 10_000, 100_000)
MEMBERS = (10, 100, 1_000, 10_000)
ROUNDS, UPDATES = 7, 2_000
_T0 = 1_767_000_000 * SECOND
_TEMPERATURE = PropertyRef("pumps", "temperature")


def main() -> None:
    _table("overlays of one type, 3 conditions each", OVERLAYS, _overlays, _bare_overlays)
    _table("members of one role: any, count and avg over all of them", MEMBERS, _fleet, _bare_fleet)


def _table(
    what: str,
    sizes: Sequence[int],
    plant: Callable[[int], tuple[Engine, int]],
    bare: Callable[[Engine], Callable[[int, float], None]],
) -> None:
    print(f"{what}; us per update (lowest to highest of {ROUNDS} rounds of {UPDATES})")
    built = [(size, *plant(size)) for size in sizes]
    loops = [bare(engine) for _, engine, _ in built]
    took: list[list[float]] = [[] for _ in built]
    floors: list[list[float]] = [[] for _ in built]
    for round in range(ROUNDS):
        for index, (_, engine, twins) in enumerate(built):
            inputs = _inputs(twins, round)
            began = time.perf_counter()
            for now, input in inputs:
                engine.decide(input, now)
            took[index].append((time.perf_counter() - began) / UPDATES * 1e6)
            loop = loops[index]
            began = time.perf_counter()
            for _, input in inputs:
                sample = input.readings[0].samples[0]
                loop(int(sample.twin_id), sample.value)
            floors[index].append((time.perf_counter() - began) / UPDATES * 1e6)
    first = statistics.median(took[0])
    for (size, _, _), ours, floor in zip(built, took, floors, strict=True):
        median, bare_median = statistics.median(ours), statistics.median(floor)
        print(
            f"  {size:>7,}: {median:6.1f} ({min(ours):.1f} to {max(ours):.1f}), {median / first:.2f} of the smallest; "
            f"bare {bare_median:.1f} ({min(floor):.1f} to {max(floor):.1f})"
        )


def _inputs(twins: int, round: int) -> list[tuple[int, Samples]]:
    """One reading with one changed value each, all over the plant."""
    found = []
    for number in range(UPDATES):
        now = _T0 + (round * UPDATES + number + 1) * SECOND
        twin = (number * 7919 + round) % twins
        value = 20.0 + (round * UPDATES + number) % 4_999 / 100  # never what the twin has already
        found.append((now, Samples((Reading("opc", now, (Sample(str(twin), "temperature", value, now),)),))))
    return found


def _started(shapes: Sequence[Shape], overlays: Sequence[OverlayPlan], twins: int) -> Engine:
    properties = (PropertyPlan("temperature", "float", "celsius", 0.0, 1000.0),)
    pumps = tuple(
        TwinPlan(str(number), "pump", "pump@1", 1, 1, ("temperature",), connected=True) for number in range(twins)
    )
    engine = Engine()
    engine.decide(Started(), _T0)
    engine.decide(Load(Plan(1, (Shape("pump@1", properties), *shapes), pumps, tuple(overlays))), _T0)
    engine.decide(SourceStatus("opc", tuple(PathStatus(twin.twin_id, True) for twin in pumps)), _T0)
    first = tuple(Sample(twin.twin_id, "temperature", 10.0, _T0) for twin in pumps)
    engine.decide(Samples((Reading("opc", _T0, first),)), _T0)
    return engine


def _overlays(size: int) -> tuple[Engine, int]:
    own = PropertyRef("pump", "temperature")
    rules = (
        Rule("normal", And((Compare("<", own, Literal(500.0)), Compare(">", own, Literal(0.0))))),
        Rule("warm", Compare(">", own, Literal(500.0))),
        Rule("hot", Compare(">", own, Literal(600.0))),
    )
    overlays = [OverlayPlan(f"o{number}", "one", "one@1", 1, {"pump": str(number)}) for number in range(size)]
    return _started((Shape("one@1", rules=rules),), overlays, size), size


def _bare_overlays(engine: Engine) -> Callable[[int, float], None]:
    cells = {int(id): twin.cells["temperature"] for id, twin in engine.live.twins.items()}
    tests = {id: [(rule.test, rule.cells) for rule in cell.readers] for id, cell in cells.items()}

    def loop(twin: int, value: float) -> None:
        for test, arguments in tests[twin]:
            test(*arguments)

    return loop


def _fleet(size: int) -> tuple[Engine, int]:
    hot = Compare(">", _TEMPERATURE, Literal(500.0))
    rules = (
        Rule("any_hot", Aggregate("any", hot, over="pumps")),
        Rule("many", Compare(">=", Aggregate("count", hot, over="pumps"), Literal(3))),
        Rule("mean", Compare(">", Aggregate("avg", _TEMPERATURE, over="pumps"), Literal(400.0))),
    )
    members = tuple(str(number) for number in range(size))
    fleet = OverlayPlan("fleet", None, "fleet@1", 1, {f"pumps/{id}": id for id in members}, members={"pumps": members})
    return _started((Shape("fleet@1", rules=rules),), (fleet,), size), size


def _bare_fleet(engine: Engine) -> Callable[[int, float], None]:
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


if __name__ == "__main__":
    main()
