"""What explaining costs: deciding with and without what explanations need; and what a rehearsal makes the engine wait.

Recorded is what a condition stood on, with every transition; so the readings here make a share of the rules turn (none,
one in ten, every one).

make bench SUITE=explain
"""

import gc
import time
from collections.abc import Callable

from app.engine.engine import Engine
from app.model.events import Reading, Sample, Samples
from app.model.plan import PropertyKey
from app.model.time import SECOND
from app.serve import starting
from tests.bench.engine import plant
from tests.bench.executed import executed
from tests.bench.figures import Beside, Figure, Report, Suite, alternated, growth

PUMPS, ROUNDS, BATCHES, BATCH = 1000, 15, 20, 500
LARGE, PARTS = 100_000, 5
_T0 = 1_767_000_000 * SECOND
LIMIT = 500.0
"""Of the bench's rules `normal` and `warm`: a value that crosses it turns both."""
_CASES = (
    ("none", "no rule turns", 0),
    ("tenth", "one in ten turns two rules", 10),
    ("every", "each turns two rules", 1),
)


def run(quick: bool) -> Report:
    rounds = 1 if quick else ROUNDS
    figures = [figure for key, case, every in _CASES for figure in _measure(key, case, every, rounds)]
    return Report(figures=(*figures, *_rehearsals(PUMPS if quick else LARGE)))


def _measure(key: str, case: str, every: int, rounds: int) -> tuple[Figure, ...]:
    with starting():  # as the server's process does
        explaining, silent = plant(PUMPS), plant(PUMPS)
        silent.live.explains = False
        inputs = [_inputs(round, every) for round in range(rounds)]
    on, off = alternated(rounds, _decides(explaining, inputs), _decides(silent, inputs))
    more, less = _work(explaining, every), _work(silent, every)
    what = f"a sample with explanations kept, {case}"
    return (
        Figure(
            key=f"{key}_on",
            what=what,
            unit="us",
            rounds=tuple(on),
            beside=(Beside(what="none kept", rounds=tuple(off)),),
        ),
        growth(key, f"the same beside none kept, {case}", off, on),
        growth(f"{key}_work", f"what the interpreter executes for it beside none kept, {case}", [less], [more]),
    )


def _work(engine: Engine, every: int) -> int:
    """Instructions of the interpreter for the first two samples of each pump, after those that are measured."""
    inputs = _inputs(ROUNDS, every)[: 2 * PUMPS // BATCH]

    def decide() -> None:
        for now, input in inputs:
            engine.decide(input, now)

    return executed(decide)


def _decides(engine: Engine, inputs: list[list[tuple[int, Samples]]]) -> Callable[[int], float]:
    def measure(round: int) -> float:
        gc.collect()
        began = time.process_time()
        for now, input in inputs[round]:
            engine.decide(input, now)
        return (time.process_time() - began) / (BATCHES * BATCH) * 1e6

    return measure


def _inputs(round: int, every: int) -> list[tuple[int, Samples]]:
    found = []
    for batch in range(BATCHES):
        number = round * BATCHES + batch
        now = _T0 + (number + 1) * SECOND
        readings = []
        for index in range(BATCH):
            pump = (number * BATCH + index) % PUMPS
            lap = (number * BATCH + index) // PUMPS
            crosses = every and index % every == 0 and lap % 2 == 0
            value = (LIMIT + 50.0 if crosses else 20.0) + lap % 7
            readings.append(Reading("opc", now, (Sample(f"pump_{pump}", "temperature", value, now),)))
        found.append((now, Samples(tuple(readings))))
    return found


def _rehearsals(twins: int) -> list[Figure]:
    engine = plant(twins)
    return [
        Figure(
            key=f"stall_{count}",
            what=f"what a rehearsal makes the live engine wait, {twins:,} twins, reaching {count:,} of them",
            unit="ms",
            rounds=tuple(_part(engine, count) for _ in range(PARTS)),
        )
        for count in (1, 100, min(twins, 2000))
    ]


def _part(engine: Engine, count: int) -> float:
    keys = [PropertyKey(f"pump_{number}", "temperature") for number in range(count)]
    began = time.perf_counter()
    engine.part(keys, (), 5000)
    return 1000 * (time.perf_counter() - began)


SUITE = Suite(
    title="Explaining",
    about=(
        "The processor's time of a sample through `Engine.decide` with what explanations need recorded at every"
        " transition, beside the same engine that records none. The readings make none of the rules turn, every tenth"
        " one two of three, and every one two of three, which no plant does."
    ),
    run=run,
)
