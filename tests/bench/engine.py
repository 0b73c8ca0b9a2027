"""Samples per second of `Engine.decide` beside a bare loop over the very same compiled conditions.

make bench SUITE=engine
"""

import time
from collections.abc import Callable

from app.engine.engine import Engine
from app.model.conditions import And, Compare, Literal, PropertyRef
from app.model.events import Load, PathStatus, Reading, Sample, Samples, SourceStatus, Started
from app.model.plan import Plan, PropertyPlan, Rule, Shape, TwinPlan
from app.model.time import SECOND
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, alternated

PUMPS, BATCHES, BATCH = 1000, 40, 500
_T0 = 1_767_000_000 * SECOND


def run(quick: bool) -> Report:
    rounds = 1 if quick else LEAST_ROUNDS
    return Report(
        figures=(
            _measure("one", "one sample a reading", 1, rounds),
            _measure("ten", "ten samples a reading", 10, rounds),
        )
    )


def plant(pumps: int) -> Engine:
    """Pumps with three behaviors each on their temperature, none of which fires in what `batches` feeds."""
    temperature = PropertyRef(None, "temperature")
    status = PropertyRef(None, "status")
    fine = Compare("!=", status, Literal("fault"))
    rules = (
        Rule("normal", And((Compare("<", temperature, Literal(500.0)), fine))),
        Rule("warm", And((Compare(">", temperature, Literal(500.0)), fine))),
        Rule("hot", Compare(">", temperature, Literal(600.0))),
    )
    properties = (
        PropertyPlan("temperature", "float", "celsius", 0.0, 1000.0),
        PropertyPlan("status", "enum", enum_values=("running", "fault")),
    )
    twins = tuple(
        TwinPlan(f"pump_{number}", "pump", "pump@1", 1, 1, ("temperature", "status"), connected=True)
        for number in range(pumps)
    )
    engine = Engine()
    engine.decide(Started(), _T0)
    engine.decide(Load(Plan(1, (Shape("pump@1", properties, (), rules),), twins)), _T0)
    engine.decide(SourceStatus("opc", tuple(PathStatus(twin.twin_id, True) for twin in twins)), _T0)
    first = tuple(
        Sample(twin.twin_id, name, value, _T0)
        for twin in twins
        for name, value in (("temperature", 1.0), ("status", "running"))
    )
    engine.decide(Samples((Reading("opc", _T0, first),)), _T0)
    return engine


def batches(pumps: int, per_reading: int, start: int) -> list[tuple[int, Samples]]:
    """(now, input): every sample changes its value."""
    found = []
    for number in range(BATCHES):
        now = _T0 + (start + number + 1) * SECOND
        samples = [
            Sample(f"pump_{(number * BATCH + index) % pumps}", "temperature", 20.0 + (start + number) % 97, now)
            for index in range(BATCH)
        ]
        readings = tuple(
            Reading("opc", now, tuple(samples[at : at + per_reading])) for at in range(0, BATCH, per_reading)
        )
        found.append((now, Samples(readings)))
    return found


def bare_loop(engine: Engine) -> Callable[[Samples], int]:
    """Sets the value and runs the three conditions of the pump; nothing else."""
    cells = {(twin_id, name): cell for twin_id, twin in engine.live.twins.items() for name, cell in twin.cells.items()}
    tests = {key: [(rule.test, rule.cells) for rule in cell.readers] for key, cell in cells.items()}

    def loop(input: Samples) -> int:
        held = 0
        for reading in input.readings:
            for sample in reading.samples:
                key = (sample.twin_id, sample.property)
                cells[key].live = sample.value
                for test, arguments in tests[key]:
                    if test(*arguments):
                        held += 1
        return held

    return loop


def _measure(key: str, case: str, per_reading: int, rounds: int) -> Figure:
    decided, evaluated = plant(PUMPS), plant(PUMPS)
    loop = bare_loop(evaluated)
    inputs = [batches(PUMPS, per_reading, number * BATCHES) for number in range(rounds)]

    def engine(round: int) -> float:
        began = time.perf_counter()
        for now, input in inputs[round]:
            decided.decide(input, now)
        return BATCHES * BATCH / (time.perf_counter() - began)

    def bare(round: int) -> float:
        began = time.perf_counter()
        for _, input in inputs[round]:
            loop(input)
        return BATCHES * BATCH / (time.perf_counter() - began)

    ours, floor = alternated(rounds, engine, bare)
    return Figure(
        key=key,
        what=f"`Engine.decide`, {PUMPS:,} pumps with 3 behaviors, {case}",
        unit="samples/s",
        rounds=tuple(ours),
        beside=(Beside(what="the bare loop", rounds=tuple(floor)),),
    )


SUITE = Suite(
    title="Deciding",
    about=(
        "Samples a second through `Engine.decide`, each of which changes a value and wakes three conditions; beside it "
        "a bare loop that sets the value and runs the very same compiled conditions: what a program would cost that "
        "only evaluated, with no acceptance, no times and no facts. Both see the same samples on the same cells."
    ),
    run=run,
)
