"""Appends to the journal, one at a time and in batches, beside what the same bytes cost bare in the same rounds.

The segment's change-over is measured in appends: with segments of a few megabytes each, change-overs are among them.

    make bench SUITE=journal
"""

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from app.journal.codec import checksum, encode
from app.journal.segment import segments_in
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.events import Input, Outcome, PropertyChanged, Reading, Sample, Samples
from app.model.time import Micros
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, alternated, percentile

APPENDS, CALLERS = 1000, 64
ROLL_BYTES, ROLL_RECORDS = 4 * 1024 * 1024, 200
T: Micros = 1_767_323_045_000_000
Item = tuple[Micros, Input, Outcome]
Found = TypeVar("Found")


def run(quick: bool) -> Report:
    rounds, appends = (1, 100) if quick else (LEAST_ROUNDS, APPENDS)
    found: list[Figure] = []
    for samples in (1, 500):
        found += _one_after_the_other(samples, rounds, appends)
    return Report(figures=(*found, _together(rounds, appends // 5)))


def batch(samples: int) -> Item:
    """As a connector's batch and what came of it."""
    names = [(f"pump_{number % 100:03}", f"property_{number // 100}") for number in range(samples)]
    found = tuple(Sample(twin, name, 20.5 + number, T) for number, (twin, name) in enumerate(names))
    changed = tuple(
        PropertyChanged(sample.twin_id, sample.property, sample.value, "good", T, T, True) for sample in found
    )
    return T, Samples((Reading("opcua", T, found),)), Outcome(changes=changed)


def _one_after_the_other(samples: int, rounds: int, appends: int) -> Iterator[Figure]:
    item = batch(samples)
    body = encode(item[1], item[2])
    small = SegmentSize(max(ROLL_BYTES, 30 * len(body)), ROLL_RECORDS)
    segments = 0

    def rolling(folder: Path) -> list[float]:
        nonlocal segments
        took = asyncio.run(_journal(folder, item, appends, small))
        segments = len(segments_in(folder))
        return took

    ours, rolled, file, sqlite = alternated(
        rounds,
        _in_a_folder(lambda folder: asyncio.run(_journal(folder, item, appends, SegmentSize()))),
        _in_a_folder(rolling),
        _in_a_folder(lambda folder: _bare_file(folder, body, appends)),
        _in_a_folder(lambda folder: _bare_sqlite(folder, body, appends)),
    )
    told = "1 sample" if samples == 1 else f"{samples} samples"

    def figure(key: str, what: str, took: list[list[float]], percent: float) -> Figure:
        def at(rounds: list[list[float]]) -> tuple[float, ...]:
            return tuple(percentile(each, percent) for each in rounds)

        return Figure(
            key=f"{key}_{samples}",
            what=f"an append of {told} ({len(body):,} bytes), {what}",
            unit="ms",
            rounds=at(took),
            beside=(
                Beside(what="write and fdatasync", rounds=at(file)),
                Beside(what="bare SQLite", rounds=at(sqlite)),
            ),
        )

    yield figure("p50", "p50", ours, 50)
    yield figure("p99", "p99", ours, 99)
    yield figure("rolling", f"p99 where {appends:,} appends fill {segments} segments", rolled, 99)


def _together(rounds: int, each: int) -> Figure:
    commits = 0

    def ours(folder: Path) -> float:
        nonlocal commits
        seconds, commits = asyncio.run(_by_many(folder, each))
        return CALLERS * each / seconds

    def bare(folder: Path) -> float:
        took = _bare_sqlite(folder, encode(*batch(1)[1:]), each)
        return 1000 * len(took) / sum(took)

    mine, floor = alternated(rounds, _in_a_folder(ours), _in_a_folder(bare))
    return Figure(
        key="together",
        what=f"{CALLERS} callers at once, 1 sample an append",
        unit="appends/s",
        rounds=tuple(mine),
        beside=(Beside(what="bare SQLite, one row a commit", rounds=tuple(floor)),),
        note=f"{CALLERS * each:,} appends in {commits:,} commits",
    )


# ------------------------------------------------------------ the ways to append


def _in_a_folder(work: Callable[[Path], Found]) -> Callable[[int], Found]:
    """On a new one each round."""

    def measure(round: int) -> Found:
        with tempfile.TemporaryDirectory() as folder:
            return work(Path(folder))

    return measure


def _each(appends: int, work: Callable[[int], object]) -> list[float]:
    took = []
    for number in range(appends):
        began = time.perf_counter()
        work(number)
        took.append((time.perf_counter() - began) * 1000)
    return took


def _bare_file(folder: Path, body: bytes, appends: int) -> list[float]:
    descriptor = os.open(folder / "file", os.O_RDWR | os.O_CREAT)
    os.posix_fallocate(descriptor, 0, 64 * 1024 * 1024)

    def write(number: int) -> None:
        os.pwrite(descriptor, body, number * len(body) % (60 * 1024 * 1024))
        os.fdatasync(descriptor)

    try:
        return _each(appends, write)
    finally:
        os.close(descriptor)


def _bare_sqlite(folder: Path, body: bytes, appends: int) -> list[float]:
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE entries (sequence INTEGER PRIMARY KEY, now INTEGER, crc INTEGER, body BLOB)")

    def insert(number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", (number, T, checksum(number, T, body), body))
        connection.execute("COMMIT")

    try:
        return _each(appends, insert)
    finally:
        connection.close()


async def _journal(folder: Path, item: Item, appends: int, size: SegmentSize) -> list[float]:
    """The encoding is in it, as it is for whoever appends."""
    journal = SqliteJournal.open(folder, segment=size)
    took = []
    for _ in range(appends):
        began = time.perf_counter()
        await journal.append([item])
        took.append((time.perf_counter() - began) * 1000)
    await journal.close()
    return took


async def _by_many(folder: Path, each: int) -> tuple[float, int]:
    """Seconds, and commits that they shared."""
    journal = SqliteJournal.open(folder)
    item = batch(1)

    async def caller() -> None:
        for _ in range(each):
            await journal.append([item])

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    took, commits = time.perf_counter() - began, journal.commits
    await journal.close()
    return took, commits


SUITE = Suite(
    title="The journal",
    about=(
        "Durable appends, one after the other, encoding included; a record is what a connector's batch leaves. Beside "
        "them the same bytes as one write and one fdatasync to a file that was there, and as one row a commit in a "
        "bare SQLite table (WAL, synchronous=FULL, one connection, no thread and no asyncio). Where many callers "
        "append at once, they share commits."
    ),
    run=run,
)
