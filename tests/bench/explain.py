"""What explaining costs: deciding with and without what explanations need, in the same run; and a rehearsal's stall.

Recorded is what a condition stood on, with every transition; so the readings here make a share of the rules turn (none,
one in ten, every one). Rounds alternate, so that a slow moment of the machine falls on both.

    python -m tests.bench.explain
"""

import statistics
import time

from app.engine.engine import Engine
from app.model.events import Reading, Sample, Samples
from app.model.plan import PropertyKey
from app.model.time import SECOND
from tests.bench.engine import plant

PUMPS, ROUNDS, BATCHES, BATCH = 1000, 7, 20, 500
LARGE = 100_000
_T0 = 1_767_000_000 * SECOND
LIMIT = 500.0
"""Of the bench's rules `normal` and `warm`: a value that crosses it turns both."""


def run() -> list[dict[str, float | str]]:
    """One row for each share of readings that turn rules: samples/s with and without, and their ratio."""
    return [_measure(case, every) for case, every in (("none turns", 0), ("one in ten turns", 10), ("every one", 1))]


def main() -> None:
    for row in run():
        print(
            f"{row['case']}: on {row['on']:,.0f} samples/s, off {row['off']:,.0f}, "
            f"ratio {row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
        )
    engine = plant(LARGE)
    for count in (1, 100, 2000):
        keys = [PropertyKey(f"pump_{number}", "temperature") for number in range(count)]
        times = [_part(engine, keys) for _ in range(5)]
        print(
            f"rehearsal on {LARGE:,} twins, reaching {count:,}: the live engine waits {statistics.median(times):.2f} ms"
            f" ({min(times):.2f} to {max(times):.2f})"
        )


def _part(engine: Engine, keys: list[PropertyKey]) -> float:
    began = time.perf_counter()
    engine.part(keys, (), 5000)
    return 1000 * (time.perf_counter() - began)


def _inputs(round_number: int, every: int) -> list[tuple[int, Samples]]:
    found = []
    for batch in range(BATCHES):
        number = round_number * BATCHES + batch
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


def _measure(case: str, every: int) -> dict[str, float | str]:
    explaining, silent = plant(PUMPS), plant(PUMPS)
    silent.live.explains = False
    rates: dict[bool, list[float]] = {True: [], False: []}
    for number in range(ROUNDS):
        inputs = _inputs(number, every)
        for engine in (explaining, silent) if number % 2 else (silent, explaining):
            began = time.perf_counter()
            for now, input in inputs:
                engine.decide(input, now)
            rates[engine.live.explains].append(BATCHES * BATCH / (time.perf_counter() - began))
    ratios = [off / on for on, off in zip(rates[True], rates[False], strict=True)]
    return {
        "case": case,
        "on": statistics.median(rates[True]),
        "off": statistics.median(rates[False]),
        "ratio": statistics.median(ratios),
        "low": min(ratios),
        "high": max(ratios),
    }


if __name__ == "__main__":
    main()
