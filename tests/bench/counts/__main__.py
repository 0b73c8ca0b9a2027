"""`make bench-check`: counts the pieces and compares them with baseline.json; `--update` writes that file instead.

Names behind it (parts of them do) pick pieces: `python -m tests.bench.counts GraphQL`. Where this machine can't count,
that is said loudly and nothing fails, unless REQUIRE_VALGRIND=1, as in CI.
"""

import os
import platform
import sys
import time
from collections.abc import Collection
from pathlib import Path

import msgspec

from tests.bench.counts import callgrind
from tests.bench.counts.pieces import PIECES, YARDSTICK
from tests.bench.counts.verdict import OTHER_BUILD_BOUND, UPDATE, Baseline, compared, same_build, table, told

BASELINE = Path(__file__).with_name("baseline.json")


def main(arguments: list[str]) -> int:
    update = "--update" in arguments
    picks = [argument for argument in arguments if argument != "--update"]
    if unknown := [pick for pick in picks if not any(pick in name for name in PIECES)]:
        print(f"no piece has {', '.join(unknown)} in its name; there are: {'; '.join(PIECES)}")
        return 2
    pieces = {name: place for name, place in PIECES.items() if _picked(name, picks)}
    try:
        found, seconds = _counted(pieces)
    except callgrind.NotHere as reason:
        required = os.environ.get("REQUIRE_VALGRIND") == "1"
        print(f"{'REQUIRE_VALGRIND=1, but' if required else 'INSTRUCTION COUNTS NOT CHECKED:'} {reason}")
        return 1 if required or update else 0
    except callgrind.Failed as failure:
        print(f"Nothing was compared: {failure}")
        return 1
    print(f"{len(pieces)} pieces counted by {found.tool} in {seconds:.0f} s, on {found.build}")
    before = read() if BASELINE.exists() else None
    if update:
        return _update(before, found)
    if before is None:
        print(f"there is no baseline: {UPDATE}")
        return 1
    return _check(_of(before, pieces), found)


def _check(before: Baseline, found: Baseline) -> int:
    if not same_build(before, found):
        print(
            f"ANOTHER BUILD OF PYTHON than the baseline's ({before.build}): every count is put in relation to that of "
            f"'{YARDSTICK}', and only more than {OTHER_BUILD_BOUND:.2f} times as much is called worse."
        )
    rows = compared(before, found)
    print(table(rows))
    refused, text = told(rows)
    print(text)
    return 1 if refused else 0


def _update(before: Baseline | None, found: Baseline) -> int:
    """What was not counted now stays, where both are of one build."""
    kept: dict[str, int] = {}
    if before is not None and same_build(before, found):
        kept = before.instructions
    elif len(found.instructions) < len(PIECES):
        print("the baseline is of another build of Python: count all pieces, or none of it can be kept")
        return 1
    elif before is not None:
        print(
            f"ANOTHER BUILD OF PYTHON than the baseline's ({before.build}): it is this one's from now on, and whoever "
            "has the other compares within the wider bound. CI should have this one."
        )
    counts = _ordered({**kept, **found.instructions})
    written = msgspec.json.encode(msgspec.structs.replace(found, instructions=counts))
    BASELINE.write_bytes(msgspec.json.format(written, indent=2) + b"\n")
    print(f"written: {BASELINE.relative_to(callgrind.REPO)}; commit it")
    return 0


def read() -> Baseline:
    return msgspec.json.decode(BASELINE.read_bytes(), type=Baseline)


def _of(baseline: Baseline, pieces: Collection[str]) -> Baseline:
    """What of it is compared: of pieces that are none any more, all."""
    kept = {name: count for name, count in baseline.instructions.items() if name in pieces or name not in PIECES}
    return msgspec.structs.replace(baseline, instructions=kept)


def _picked(name: str, picks: list[str]) -> bool:
    return not picks or name == YARDSTICK or any(pick in name for pick in picks)


def _counted(pieces: dict[str, str]) -> tuple[Baseline, float]:
    tool = callgrind.version()
    began = time.monotonic()
    counts = callgrind.instructions(pieces)
    return Baseline(_build(), tool, _ordered(counts)), time.monotonic() - began


def _build() -> str:
    """Without its day: an image that is made anew has the same Python."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return ", ".join((python, platform.python_compiler(), " ".join(platform.libc_ver()), platform.machine()))


def _ordered(counts: dict[str, float] | dict[str, int]) -> dict[str, int]:
    """As the pieces are; what is none any more is left out."""
    return {name: round(counts[name]) for name in PIECES if name in counts}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
