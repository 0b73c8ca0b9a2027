"""Live queries against their queries, after each of many random changes: none may ever show another answer.

    python -m tests.bench.live_reference [CHANGES] [SEED]

New questions every 200 changes, on a new plant. Stops at the first that differs, with the change and both answers; the
bounded run is in tests/api/test_live_queries.py.
"""

import asyncio
import sys
import time
from random import Random

from tests.api.restless import watch

CHANGES, ON_ONE_PLANT, SCREENS = 10_000, 200, 8


def main(changes: int = CHANGES, seed: int = 1) -> None:
    random = Random(seed)
    executed = pushed = done = 0
    began = time.monotonic()
    while done < changes:
        count = min(ON_ONE_PLANT, changes - done)
        executions, pushes = asyncio.run(watch(random, count, SCREENS))
        executed, pushed, done = executed + executions, pushed + pushes, done + count
        print(
            f"{done:,} changes under {SCREENS} live queries: {executed:,} executions, {pushed:,} pushes, all as their "
            f"queries answer; {time.monotonic() - began:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
