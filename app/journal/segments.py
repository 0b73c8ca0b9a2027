"""Reading across the segments, oldest first, from any thread: which file a record is in is nobody else's business.

A segment that compaction unlinks while somebody reads it can be read to its end; one that is gone before it was opened
is told as missing, and whoever asked knows whether compaction or an accident took it.
"""

import contextlib
import sqlite3
import threading
from bisect import bisect_right, insort
from collections.abc import Sequence
from pathlib import Path

from app.journal.segment import UNREADABLE, reading, segment_file, segments_in, still
from app.model.time import Micros

Row = tuple[int, Micros, int, bytes]
_MOST_OPEN = 4


class SegmentMissing(Exception):
    """There is no file for a segment that was there."""


class Segments:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._firsts = segments_in(folder)
        self._open: dict[int, sqlite3.Connection] = {}
        self._lock = threading.Lock()

    def firsts(self) -> list[int]:
        return list(self._firsts)

    def began(self, first: int) -> None:
        """One more, the newest; in the place of one in which there was nothing yet, where that carried its name."""
        with self._lock:
            if first not in self._firsts:
                insort(self._firsts, first)
            elif first in self._open:
                self._open.pop(first).close()

    def look_again(self) -> None:
        """For who reads beside the writer: what it began and removed meanwhile."""
        with self._lock:
            for first in self._firsts[-1:]:
                if first in self._open:  # one that could not begin was removed, and the name is another file's
                    self._open.pop(first).close()
            self._firsts = segments_in(self._folder)
            self._forget_others()

    def drop(self, firsts: Sequence[int]) -> None:
        """Read them no more."""
        with self._lock:
            self._firsts = [first for first in self._firsts if first not in firsts]
            self._forget_others()

    def rows(self, after: int, limit: int) -> list[Row]:
        """Records with a greater sequence as they lie there. Raises sqlite3.DatabaseError, SegmentMissing."""
        found: list[Row] = []
        with self._lock:
            for first in self._firsts[self._place(after + 1) :]:
                found += self._select(first, "sequence, now, crc, body", after, limit - len(found))
                if len(found) >= limit:
                    break
        return found

    def moment_after(self, sequence: int) -> Micros | None:
        """Of the first record behind it; None where there is none. Raises as `rows` does."""
        with self._lock:
            for first in self._firsts[self._place(sequence + 1) :]:
                if found := self._select(first, "now", sequence, 1):
                    moment: Micros = found[0][0]
                    return moment
        return None

    def last(self) -> int:
        """The last sequence that a record has; 0 where there is none, and what was before the newest segment where
        that is empty. Raises as `rows` does."""
        with self._lock:
            if not self._firsts:
                return 0
            newest = self._firsts[-1]
            found = self._highest(newest)
            return self._highest_before(len(self._firsts) - 1) if found is None else found

    def bytes(self) -> int:
        """On the disk, what waits beside the files included."""
        used = 0
        for first in self.firsts():
            file = segment_file(self._folder, first)
            for path in (file, file.with_name(f"{file.name}-wal")):
                try:
                    used += path.stat().st_size
                except FileNotFoundError:
                    continue
        return used

    def close(self) -> None:
        with self._lock:
            self._firsts = []
            self._forget_others()

    def _place(self, sequence: int) -> int:
        """Of the segment that it is in, or would be. One with nothing in it may have failed to begin; then the one
        before went on with its numbers, and a kill at the wrong moment left the file."""
        place = max(0, bisect_right(self._firsts, sequence) - 1)
        if not place or self._select(self._firsts[place], "sequence", sequence - 1, 1):
            return place
        if self._highest(self._firsts[place]) is not None or self._highest_before(place) < sequence:
            return place
        return self._place(self._firsts[place] - 1)

    def _highest(self, first: int) -> int | None:
        found: int | None = self._connection(first).execute("SELECT max(sequence) FROM entries").fetchone()[0]
        return found

    def _highest_before(self, place: int) -> int:
        """Of the segments before one that is empty; what comes before its name where they tell of no more."""
        with contextlib.suppress(*UNREADABLE, SegmentMissing):
            for first in reversed(self._firsts[:place]):
                found = self._highest(first)
                if found is not None:
                    return max(found, self._firsts[place] - 1)
        return self._firsts[place] - 1

    def _select(self, first: int, columns: str, after: int, limit: int) -> list[Row]:
        return (
            self._connection(first)
            .execute(
                f"SELECT {columns} FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ?",
                (after, limit),
            )
            .fetchall()
        )

    def _connection(self, first: int) -> sqlite3.Connection:
        found = self._open.pop(first, None)
        if found is None:
            if len(self._open) >= _MOST_OPEN:
                self._open.pop(next(iter(self._open))).close()
            file = segment_file(self._folder, first)
            try:
                # A full segment is written no more: nothing has to be made beside it, for which there may be no space.
                found = reading(file) if first == self._firsts[-1] else still(file)
            except sqlite3.OperationalError as error:
                if not file.exists():
                    raise SegmentMissing(f"{file.name} is missing") from error
                raise
        self._open[first] = found  # the one used last goes last
        return found

    def _forget_others(self) -> None:
        for first in [first for first in self._open if first not in self._firsts]:
            self._open.pop(first).close()
