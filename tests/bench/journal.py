"""Appends to the journal, one at a time and in batches, beside what the same bytes cost bare in the same run.

The floors: the same bytes as one row a commit into a bare SQLite table (WAL, synchronous=FULL, one connection, no
thread and no asyncio), and as one write and one fdatasync to a file that was there. The segment's change-over is
measured in appends: with segments of a few megabytes each, every change-over is among them.
"""

import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.journal.codec import checksum, encode
from app.journal.segment import segments_in
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.events import Input, Outcome, PropertyChanged, Reading, Sample, Samples
from app.model.time import Micros

APPENDS = 3000
ROLL_BYTES = 4 * 1024 * 1024
T: Micros = 1_767_323_045_000_000
Item = tuple[Micros, Input, Outcome]


def batch(samples: int) -> Item:
    """As a connector's batch and what came of it."""
    names = [(f"pump_{number % 100:03}", f"property_{number // 100}") for number in range(samples)]
    found = tuple(Sample(twin, name, 20.5 + number, T) for number, (twin, name) in enumerate(names))
    changed = tuple(
        PropertyChanged(sample.twin_id, sample.property, sample.value, "good", T, T, True) for sample in found
    )
    return T, Samples((Reading("opcua", T, found),)), Outcome(changes=changed)


def main() -> None:
    print(f"appends, one after the other, {APPENDS} of each, milliseconds; in the folder of {tempfile.gettempdir()}")
    print(f"{'':58}{'p50':>8}{'p99':>8}{'max':>8}   a second")
    for samples in (1, 500):
        item = batch(samples)
        body = encode(item[1], item[2])
        print(f"-- {samples} samples, {len(body):,} bytes")
        with tempfile.TemporaryDirectory() as folder:
            _report("write and fdatasync", _bare_file(Path(folder), body))
        with tempfile.TemporaryDirectory() as folder:
            _report("bare SQLite, one row a commit", _bare_sqlite(Path(folder), body))
        with tempfile.TemporaryDirectory() as folder:
            _report("journal, one segment", asyncio.run(_journal(Path(folder), item, SegmentSize())))
        with tempfile.TemporaryDirectory() as folder:
            rolling = asyncio.run(_journal(Path(folder), item, SegmentSize(max(ROLL_BYTES, 30 * len(body)), 200)))
            _report(f"journal, {len(segments_in(Path(folder)))} segments", rolling)
    with tempfile.TemporaryDirectory() as folder:
        seconds, commits = asyncio.run(_together(Path(folder)))
    print(f"64 callers at once, 1 sample each: {64 * 200 / seconds:,.0f} appends a second in {commits} commits")


def _report(what: str, took: list[float]) -> None:
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    print(f"{what:58}{cuts[49]:8.3f}{cuts[98]:8.3f}{max(took):8.2f}   {1000 / statistics.mean(took):,.0f}")


def _each(work: Callable[[int], object]) -> list[float]:
    took = []
    for number in range(APPENDS):
        began = time.perf_counter()
        work(number)
        took.append((time.perf_counter() - began) * 1000)
    return took


def _bare_file(folder: Path, body: bytes) -> list[float]:
    descriptor = os.open(folder / "file", os.O_RDWR | os.O_CREAT)
    os.posix_fallocate(descriptor, 0, 64 * 1024 * 1024)

    def write(number: int) -> None:
        os.pwrite(descriptor, body, number * len(body) % (60 * 1024 * 1024))
        os.fdatasync(descriptor)

    try:
        return _each(write)
    finally:
        os.close(descriptor)


def _bare_sqlite(folder: Path, body: bytes) -> list[float]:
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE entries (sequence INTEGER PRIMARY KEY, now INTEGER, crc INTEGER, body BLOB)")

    def insert(number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", (number, T, checksum(number, T, body), body))
        connection.execute("COMMIT")

    try:
        return _each(insert)
    finally:
        connection.close()


async def _journal(folder: Path, item: Item, size: SegmentSize) -> list[float]:
    """The encoding is in it, as it is for whoever appends."""
    journal = SqliteJournal.open(folder, segment=size)
    took = []
    for _ in range(APPENDS):
        began = time.perf_counter()
        await journal.append([item])
        took.append((time.perf_counter() - began) * 1000)
    await journal.close()
    return took


async def _together(folder: Path) -> tuple[float, int]:
    journal = SqliteJournal.open(folder)
    item = batch(1)

    async def caller() -> None:
        for _ in range(200):
            await journal.append([item])

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(64)))
    took, commits = time.perf_counter() - began, journal.commits
    await journal.close()
    return took, commits
