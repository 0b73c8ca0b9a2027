"""`make bench`: the figures this project quotes, each beside a floor measured in the same run.

`make bench SUITE=engine` runs one. They are run by hand on a quiet machine, never as a test.
"""

import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version

from tests.bench import (
    catch_up,
    dtsl,
    engine,
    explain,
    fanout,
    find,
    flat,
    graphql,
    impact,
    ingest,
    journal,
    latency,
    load,
    memory,
    start,
    timers,
    topology,
)

SUITES: dict[str, Callable[[], None]] = {
    "catch_up": catch_up.main,
    "dtsl": dtsl.main,
    "engine": engine.main,
    "explain": explain.main,
    "fanout": fanout.main,
    "flat": flat.main,
    "graphql": graphql.main,
    "impact": impact.main,
    "journal": journal.main,
    "latency": latency.main,
    "memory": memory.main,
    "find": find.main,
    "ingest": ingest.main,
    "load": load.main,
    "start": start.main,
    "timers": timers.main,
    "topology": topology.main,
}


def main() -> None:
    names = sys.argv[1:] or list(SUITES)
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        sys.exit(f"there is no suite {', '.join(unknown)}; there are {', '.join(SUITES)}")

    print(f"Python {platform.python_version()}, asyncua {version('asyncua')}, {os.cpu_count()} cores\n")
    for name in names:
        print(f"== {name}")
        SUITES[name]()
        print()


if __name__ == "__main__":
    main()
