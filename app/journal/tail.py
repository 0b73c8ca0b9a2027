"""The end of the journal: the segment that is written, and how the next one begins.

Every run begins one of its own: a file that a crash or an accident left strange is read, and never written again. The
next segment lies ready, made by a thread beside, and what is left to do with the one before (its commits moved
into its file) is done there too: to change over costs the appends a rename.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.journal.codec import checksum
from app.journal.segment import create, remove, segment_file, transaction, writing
from app.journal.snapshot import sync_folder
from app.model.time import Micros

log = logging.getLogger("twin_overlay.journal")
SPARE = "segment.spare"


@dataclass(frozen=True, slots=True)
class SegmentSize:
    """When a segment is full: by what its records hold, or by how many they are."""

    bytes: int = 64 * 1024 * 1024
    records: int = 1_000_000


class Tail:
    """Used by one thread, and closed by it."""

    def __init__(self, folder: Path, size: SegmentSize, last: int) -> None:
        self._folder = folder
        self._size = size
        self._connection: sqlite3.Connection | None = None
        self._bytes = self._records = 0
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="journal-segments")
        self._spare: Future[Path] = self._beside.submit(_make_spare, folder)
        self.last = last
        """The last sequence given out."""
        self.began: Callable[[int], None] = lambda first: None
        """Told the first sequence of each new segment before anything is in it."""

    def skip(self, upto: int) -> None:
        """The next record gets the number after this one, and begins a segment."""
        self.last = upto
        if self._connection is not None:
            self._beside.submit(_settle_and_close, self._connection)
            self._connection = None

    def append(self, records: Sequence[tuple[Micros, bytes]]) -> None:
        """One commit, durable when this returns. Raises sqlite3.Error or OSError; then nothing of it is there."""
        connection = self._connection
        if connection is None or self._bytes >= self._size.bytes or self._records >= self._size.records:
            connection = self._next()
        rows = [
            (sequence, now, checksum(sequence, now, body), body)
            for sequence, (now, body) in enumerate(records, self.last + 1)
        ]
        with transaction(connection):
            connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", rows)
        self.last += len(rows)
        self._records += len(rows)
        self._bytes += sum(len(body) for _, body in records)

    def close(self) -> None:
        """Leaves one file a segment, whole by itself. A second time does nothing."""
        if self._connection is not None:
            _settle_and_close(self._connection)
            self._connection = None
        self._beside.shutdown()
        remove(self._folder / SPARE)

    def _next(self) -> sqlite3.Connection:
        """The segment that begins now; where it can't, the one before goes on for as long again."""
        former = self._connection
        try:
            connection = self._begin(self.last + 1)
        except (OSError, sqlite3.Error) as error:
            self._spare = self._beside.submit(_make_spare, self._folder)
            if former is None:
                raise
            log.warning("the next segment of the journal in %s cannot begin yet: %s", self._folder, error)
            self._bytes = self._records = 0
            return former
        self._connection, self._bytes, self._records = connection, 0, 0
        if former is not None:
            self._beside.submit(_settle_and_close, former)
        self._spare = self._beside.submit(_make_spare, self._folder)
        return connection

    def _begin(self, first: int) -> sqlite3.Connection:
        file = segment_file(self._folder, first)
        remove(file)  # of an attempt that found no space: nothing was ever in it
        self._spare.result().rename(file)
        try:
            sync_folder(self._folder)
            connection = writing(file)
        except (OSError, sqlite3.Error):
            # The segment before may go on with these numbers. Where this fails too, `unbegun` knows the file.
            with contextlib.suppress(OSError):
                remove(file)
                sync_folder(self._folder)
            raise
        self.began(first)
        return connection


def _make_spare(folder: Path) -> Path:
    file = folder / SPARE
    create(file)
    return file


def settle(file: Path) -> None:
    """Nothing is left beside the file of a segment that is written no more; a run that was killed may not have come to
    that."""
    if file.with_name(f"{file.name}-wal").exists():
        try:
            _settle_and_close(writing(file))
        except sqlite3.Error as error:
            log.warning("%s keeps commits beside its file: %s", file, error)


def _settle_and_close(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        log.warning("a full segment of the journal keeps commits beside its file: %s", error)
    finally:
        connection.close()
