"""The long run of tests/engine/test_reference.py: the engine against what the whole history says, by random examples.

python -m tests.bench.reference 10000
"""

import sys
import time

from hypothesis import settings

from tests.engine.test_reference import check, laws


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    began = time.perf_counter()
    settings(max_examples=count, deadline=None)(laws(check))()
    print(f"{count:,} examples in {time.perf_counter() - began:.0f} s, none on which they differ")


if __name__ == "__main__":
    main()
