"""Mutated scripts, many: none may break a promise of the language or take a second.

    python -m tests.bench.dtsl_fuzz [COUNT] [SEED]

Prints each text that fails, and the slowest; the suite `dtsl` examines some, the bounded run is in
tests/dtsl/test_any_text.py.
"""

import sys
import time
import traceback
from dataclasses import dataclass, field

from app.commands.check_scripts import check_script
from app.model.catalogue import Catalogue
from app.model.units import prepare
from tests.dtsl.mutants import answer, mutants
from tests.dtsl.plant import catalogue

COUNT, SECONDS = 100_000, 1.0


@dataclass
class Examined:
    failures: list[str] = field(default_factory=list)
    """Each with its text and how it failed."""
    slowest: float = 0.0
    """Processor seconds to read and check it."""
    slowest_text: str = ""


def examine(count: int, seed: int, plant: Catalogue, *, tell: bool = False) -> Examined:
    prepare()  # the library of units: two seconds, once
    answer("", plant)
    found = Examined()
    for number, text in zip(range(1, count + 1), mutants(seed), strict=False):
        before, took = time.process_time(), 0.0
        try:
            check_script(text, plant)
            took = time.process_time() - before
            answer(text, plant)
        except Exception:
            found.failures.append(f"--- mutant {number} of seed {seed}\n{text!r}\n{traceback.format_exc()}")
        if took > found.slowest:
            found.slowest, found.slowest_text = took, text
        if tell and number % 5000 == 0:
            print(f"{number} of {count}, {len(found.failures)} failed, slowest {found.slowest:.2f} s", flush=True)
    return found


def main(count: int = COUNT, seed: int = 1) -> None:
    started = time.monotonic()
    found = examine(count, seed, catalogue(), tell=True)
    for failure in found.failures:
        print(failure)
    if found.slowest > SECONDS:
        print(f"--- the slowest\n{found.slowest_text!r}")
    print(
        f"{count} mutants of seed {seed} in {time.monotonic() - started:.0f} s: {len(found.failures)} failed; the "
        f"slowest took {found.slowest:.2f} s to be read and checked"
    )
    if found.failures or found.slowest > SECONDS:
        sys.exit(1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
