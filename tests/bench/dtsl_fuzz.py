"""Mutated scripts, many: none may break a promise of the language or take a second.

    python -m tests.bench.dtsl_fuzz [COUNT] [SEED]

Prints each text that fails, and the slowest; the bounded run is in tests/dtsl/test_any_text.py.
"""

import sys
import time
import traceback

from app.commands.check_scripts import check_script
from app.model.units import prepare
from tests.dtsl.mutants import answer, mutants
from tests.dtsl.plant import catalogue

COUNT, SECONDS = 100_000, 1.0


def main(count: int = COUNT, seed: int = 1) -> None:
    plant = catalogue()
    prepare()  # the library of units: two seconds, once
    slowest, slowest_text, failures = 0.0, "", 0
    started = time.monotonic()
    answer("", plant)
    for number, text in zip(range(1, count + 1), mutants(seed), strict=False):
        before, took = time.process_time(), 0.0
        try:
            check_script(text, plant)
            took = time.process_time() - before
            answer(text, plant)
        except Exception:
            failures += 1
            print(f"--- mutant {number} of seed {seed}\n{text!r}\n{traceback.format_exc()}")
        if took > slowest:
            slowest, slowest_text = took, text
        if number % 5000 == 0:
            print(f"{number} of {count}, {failures} failed, slowest {slowest:.2f} s", flush=True)
    if slowest > SECONDS:
        print(f"--- the slowest\n{slowest_text!r}")
    print(
        f"{count} mutants of seed {seed} in {time.monotonic() - started:.0f} s: {failures} failed; the slowest took "
        f"{slowest:.2f} s to be read and checked"
    )
    if failures or slowest > SECONDS:
        sys.exit(1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
