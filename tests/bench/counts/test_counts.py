"""The guard itself: it refuses what costs more, whatever else the machine does, and nothing else."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.bench.counts import callgrind
from tests.bench.counts.__main__ import read
from tests.bench.counts.pieces import PIECES, YARDSTICK
from tests.bench.counts.verdict import BOUND, OTHER_BUILD_BOUND, Baseline, Row, compared, same_build, table, told

STEP = 10_000


def counted(build: str = "CPython 3.11.7", /, yardstick: int = STEP, **pieces: int) -> Baseline:
    return Baseline(build, "valgrind", {YARDSTICK: yardstick, **pieces})


def words(rows: list[Row]) -> dict[str, str]:
    return {row.name: row.word for row in rows if row.name != YARDSTICK}


@pytest.mark.parametrize(
    ("now", "word", "refused"),
    [
        (1000, "ok", False),
        (int(1000 * BOUND) - 1, "ok", False),
        (int(1000 * BOUND) + 1, "WORSE", True),
        (920, "ok", False),
        (800, "better", False),
    ],
)
def test_a_piece_that_costs_more_than_the_bound_is_refused(now: int, word: str, refused: bool) -> None:
    rows = compared(counted(decide=1000), counted(decide=now))
    assert words(rows) == {"decide": word}
    assert told(rows)[0] is refused


def test_whoever_is_refused_is_told_which_piece_and_what_to_do() -> None:
    rows = compared(counted(decide=1000, push=1000), counted(decide=1300, push=1000))
    text = told(rows)[1]
    assert "WORSE: decide." in text
    assert "make bench-check ARGS=--update" in text
    [line] = [line for line in table(rows).splitlines() if line.startswith("decide")]
    assert re.split(r"\s\s+", line) == ["decide", "1,000", "1,300", "1.300", "1.15", "WORSE"]


def test_whoever_made_it_better_is_asked_to_keep_it_so() -> None:
    refused, text = told(compared(counted(decide=1000), counted(decide=500)))
    assert not refused
    assert "Better: decide." in text
    assert "make bench-check ARGS=--update" in text


def test_a_piece_that_only_one_of_both_has_is_refused() -> None:
    rows = compared(counted(old=1000), counted(new=1000))
    assert words(rows) == {"new": "NEW", "old": "GONE"}
    assert told(rows)[0]
    assert table(rows)


@pytest.mark.parametrize("found", [("CPython 3.12.1", 5000), ("CPython 3.11.7", 5000)])
def test_on_another_build_counts_are_compared_in_yardsticks(found: tuple[str, int]) -> None:
    """A build is another by its name, or because it was compiled in another way."""
    build, yardstick = found
    now = counted(build, yardstick, decide=500, push=int(500 * OTHER_BUILD_BOUND) + 1, answer=600)
    before = counted(decide=1000, push=1000, answer=1000)
    assert not same_build(before, now)
    assert words(compared(before, now)) == {"decide": "ok", "push": "WORSE", "answer": "ok"}


def test_the_committed_baseline_has_every_piece() -> None:
    assert list(read().instructions) == list(PIECES), "make bench-check ARGS=--update"


@pytest.mark.timeout(600)
def test_a_line_too_many_in_the_engines_way_is_refused_and_noise_is_not() -> None:
    """Counted twice at once, so that each is the other's noise."""
    place = "tests.bench.counts.specimens"
    pieces = {"engine": f"{place}:as_it_is", "wordy": f"{place}:worse"}
    with demanded(), ThreadPoolExecutor(2) as threads:
        before, now = threads.map(callgrind.instructions, (pieces, pieces))
    assert now == pytest.approx(before, rel=0.01)
    was = round(before["engine"])
    rows = compared(counted(engine=was, wordy=was), counted(engine=round(now["engine"]), wordy=round(now["wordy"])))
    assert words(rows) == {"engine": "ok", "wordy": "WORSE"}


def test_a_piece_that_fails_is_told_and_nothing_is_compared() -> None:
    with demanded(), pytest.raises(callgrind.Failed, match="there_is_no_such_piece"):
        callgrind.instructions({"gone": "tests.bench.counts.piece:there_is_no_such_piece"})


@pytest.mark.parametrize(("required", "code", "said"), [("", 0, "NOT CHECKED"), ("1", 1, "REQUIRE_VALGRIND=1, but")])
def test_without_valgrind_it_is_skipped_loudly_or_fails_where_it_is_required(
    tmp_path: Path, required: str, code: int, said: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench.counts"],
        cwd=callgrind.REPO,
        env={"PATH": str(tmp_path), "PYTHONPATH": str(callgrind.REPO), "REQUIRE_VALGRIND": required},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert said in ended.stdout


@contextmanager
def demanded() -> Iterator[None]:
    """Skips where instructions can't be counted; with REQUIRE_VALGRIND=1 it fails."""
    try:
        yield
    except callgrind.NotHere as reason:
        if os.environ.get("REQUIRE_VALGRIND") == "1":
            pytest.fail(f"REQUIRE_VALGRIND=1, but {reason}", pytrace=False)
        pytest.skip(f"INSTRUCTION COUNT LANE NOT RUN: {reason}")
