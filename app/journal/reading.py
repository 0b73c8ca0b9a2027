"""The journal of a running or stopped server, read by another process: without its lock, and changing nothing.

What compaction takes while this reads is gone for the reader too; it says so and begins nothing anew.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from app.errors import NotFound, Unavailable
from app.journal.codec import FORMAT, damaged, split
from app.journal.index import INDEX_FILE, Known, known_in
from app.journal.segment import UNREADABLE, reading
from app.journal.segments import Row, SegmentMissing, Segments
from app.journal.snapshot import former_snapshots, read_snapshot
from app.model.events import Entry
from app.model.time import Micros

T = TypeVar("T")
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry, with the bytes of its outcome as they were written."""

    entry: Entry
    outcome: bytes


class JournalReader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segments = Segments(folder)

    @classmethod
    def open(cls, folder: Path) -> "JournalReader":
        """Raises NotFound (JOURNAL_NOT_FOUND), Unavailable (JOURNAL_DAMAGED, JOURNAL_FORMAT)."""
        file = folder / INDEX_FILE
        if not file.is_file():
            raise NotFound(
                f"there is no journal in {folder}",
                code="JOURNAL_NOT_FOUND",
                hint="give the data directory of a server with --data-dir",
            )
        try:
            with contextlib.closing(reading(file)) as connection:
                version = connection.execute("PRAGMA user_version").fetchone()[0]
        except UNREADABLE as error:
            raise damaged(0, str(error)) from error
        if version != FORMAT:
            raise Unavailable(
                f"the journal in {folder} has format {version}, this version reads {FORMAT}",
                code="JOURNAL_FORMAT",
                hint="use the version that wrote it",
            )
        return cls(folder)

    def close(self) -> None:
        self._segments.close()

    def last(self) -> int:
        """The last sequence; 0 where there is no entry."""
        return self._asked(self._segments.last, 0)

    def starts(self) -> list[int]:
        """Sequences at which the engine's state is known, oldest first: the beginning, where nothing was compacted
        away, and every snapshot, behind which all entries are still there. Raises Unavailable (JOURNAL_GAP) where
        there is none."""
        known = self._known()
        newest = read_snapshot(self._folder)
        found = {*former_snapshots(self._folder), *([newest[0]] if newest is not None else [])}
        if not known.marks["removed_upto"]:
            found.add(known.base)
        whole_from = max([known.base, *(gap.last for gap in known.gaps)])
        starts = sorted(sequence for sequence in found if sequence >= whole_from)
        if not starts:
            raise Unavailable(
                f"the journal lacks records up to {whole_from}, and no snapshot was taken since",
                code="JOURNAL_GAP",
                hint="try again once the server has taken one: TWIN_OVERLAY_SNAPSHOT_EVERY_ENTRIES says when",
            )
        return starts

    def state(self, start: int) -> bytes | None:
        """The snapshot of one of `starts`; None for the beginning."""
        newest = read_snapshot(self._folder)
        if newest is not None and newest[0] == start:
            return newest[1]
        if start not in former_snapshots(self._folder):
            return None
        former = read_snapshot(self._folder, start)
        return former[1] if former is not None else None

    def began(self, start: int) -> Micros | None:
        """When the first entry behind it was; None where there is none."""
        return self._asked(lambda: self._segments.moment_after(start), start + 1)

    def entries(self, after: int) -> Iterator[Recorded]:
        """All behind `after`, to the end as it is when it is reached. Raises Unavailable (JOURNAL_DAMAGED,
        JOURNAL_COMPACTED), Misconfigured (JOURNAL_FORMAT)."""
        expected = after + 1
        while rows := self._rows(expected - 1):
            for sequence, now, crc, body in rows:
                if sequence != expected:
                    raise self._missing(expected)
                expected += 1
                yield Recorded(*split(sequence, now, crc, body))

    def _rows(self, after: int) -> list[Row]:
        rows = self._asked(lambda: self._segments.rows(after, _CHUNK), after + 1)
        if rows:
            return rows
        self._segments.look_again()
        return self._asked(lambda: self._segments.rows(after, _CHUNK), after + 1)

    def _asked(self, ask: Callable[[], T], sequence: int) -> T:
        try:
            return ask()
        except SegmentMissing:
            raise self._missing(sequence) from None
        except UNREADABLE as error:
            raise damaged(sequence, str(error)) from error

    def _known(self) -> Known:
        try:
            with contextlib.closing(reading(self._folder / INDEX_FILE)) as connection:
                known, faults = known_in(connection)
        except UNREADABLE as error:
            raise damaged(0, f"{INDEX_FILE}: {error}") from error
        if faults:  # what is left would say that nothing was compacted
            raise damaged(0, f"{INDEX_FILE}: {faults[0]}")
        return known

    def _missing(self, sequence: int) -> Unavailable:
        if sequence > self._known().marks["removed_upto"]:
            return damaged(sequence, "it is missing")
        return Unavailable(
            f"the journal has no record {sequence} any more",
            code="JOURNAL_COMPACTED",
            hint="the server took a snapshot meanwhile: try again",
        )
