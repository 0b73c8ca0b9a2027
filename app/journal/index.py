"""What the journal knows about itself beside its records: cursors, how far compaction went, where numbers stand.

It is a small file of its own, written by the commit thread alone and mirrored in memory, so asking costs nothing. The
segments do not need it to be read; it says what must be there, so that what is missing is noticed. Each line has a
checksum, for a cursor that a flipped bit moved forward would let compaction take what its reader has not seen.
"""

import contextlib
import sqlite3
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from app.journal.codec import FORMAT
from app.journal.segment import APPLICATION_ID, UNREADABLE, remove, transaction, writing
from app.model.gap import Gap

INDEX_FILE = "index.sqlite"
_MARKS = ("begun_after", "removed_upto", "newest", "reached")
_SCHEMA = f"""
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
BEGIN IMMEDIATE;
CREATE TABLE cursors (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE marks (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE gaps (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, why TEXT NOT NULL, accepted INTEGER NOT NULL,
  noted INTEGER NOT NULL, crc INTEGER NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
COMMIT;
PRAGMA journal_mode = WAL;
"""


@dataclass(slots=True)
class Known:
    """What stands in an index."""

    marks: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_MARKS, 0))
    cursors: dict[str, int] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    @property
    def reached(self) -> int:
        """A number that was given out for certain: whoever finds less in the segments has lost something."""
        given = {**self.marks, "newest": self.marks["newest"] - 1}
        return max(0, *given.values(), *self.cursors.values(), *(gap.last for gap in self.gaps))

    @property
    def base(self) -> int:
        """What is behind this number must be there."""
        return max(self.marks["begun_after"], self.marks["removed_upto"])


def known_in(connection: sqlite3.Connection) -> tuple[Known, list[str]]:
    """What can be believed of an index, and what is wrong with it."""
    known, faults = Known({}), []
    for table, found in (("marks", known.marks), ("cursors", known.cursors)):
        try:
            for name, sequence, crc in connection.execute(f"SELECT name, sequence, crc FROM {table}"):
                if _crc(name, sequence) == crc:
                    found[name] = sequence
                else:
                    faults.append(f"the checksum of {name} is wrong")
        except UNREADABLE as error:
            faults.append(str(error))
    try:
        for first, last, why, accepted, noted, crc in connection.execute("SELECT * FROM gaps ORDER BY first"):
            if _crc(first, last, why, accepted, noted) == crc:
                known.gaps.append(Gap(first, last, why, bool(accepted), bool(noted)))
            else:
                faults.append(f"the checksum of a gap at {first} is wrong")
    except UNREADABLE as error:
        faults.append(str(error))
    faults += [f"it lacks {name}" for name in _MARKS if name not in known.marks]
    known.marks = dict.fromkeys(_MARKS, 0) | known.marks
    return known, faults


def create_index(file: Path, known: Known) -> None:
    """Durable, and closed: it may be renamed. What was left there is removed."""
    remove(file)
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.executescript(_SCHEMA)
        index = Index(connection, known)
        with index.whole():
            for name, sequence in known.marks.items():
                index.set_mark(name, sequence)
            for name, sequence in known.cursors.items():
                index.set_cursor(name, sequence)
            index.set_gaps(known.gaps)
    finally:
        connection.close()


class Index:
    """Changed inside `whole`, by one thread; asked from any."""

    def __init__(self, connection: sqlite3.Connection, known: Known) -> None:
        self._connection = connection
        self._known = Known(dict(known.marks), dict(known.cursors), list(known.gaps))

    @classmethod
    def open(cls, folder: Path) -> "Index":
        """Of one that is there, and whole. Raises sqlite3.Error."""
        connection = writing(folder / INDEX_FILE)
        return cls(connection, known_in(connection)[0])

    @property
    def begun_after(self) -> int:
        """A journal that began in the middle (behind an older graph) and has lost nothing by it."""
        return self._known.marks["begun_after"]

    @property
    def removed_upto(self) -> int:
        """What compaction took."""
        return self._known.marks["removed_upto"]

    @property
    def reached(self) -> int:
        return self._known.reached

    def cursor(self, name: str) -> int | None:
        return self._known.cursors.get(name)

    def cursors(self) -> dict[str, int]:
        return dict(self._known.cursors)

    def lowest_cursor(self) -> int | None:
        return min(list(self._known.cursors.values()), default=None)  # a copy: the commit thread may add one

    def gaps(self) -> list[Gap]:
        """Oldest first; those of which compaction has removed the surroundings are forgotten."""
        return list(self._known.gaps)

    def whole(self) -> contextlib.AbstractContextManager[None]:
        return transaction(self._connection)

    def set_mark(self, name: str, sequence: int) -> None:
        self._connection.execute("REPLACE INTO marks VALUES (?, ?, ?)", (name, sequence, _crc(name, sequence)))
        self._known.marks[name] = sequence

    def set_cursor(self, name: str, sequence: int) -> None:
        self._connection.execute("REPLACE INTO cursors VALUES (?, ?, ?)", (name, sequence, _crc(name, sequence)))
        self._known.cursors[name] = sequence

    def drop_cursor(self, name: str) -> None:
        self._connection.execute("DELETE FROM cursors WHERE name = ?", (name,))
        self._known.cursors.pop(name, None)

    def set_gaps(self, gaps: Iterable[Gap]) -> None:
        """These and no others."""
        wanted = sorted(gaps, key=lambda gap: gap.first)
        self._connection.execute("DELETE FROM gaps")
        for gap in wanted:
            row = (gap.first, gap.last, gap.why, int(gap.accepted), int(gap.noted))
            self._connection.execute("INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?)", (*row, _crc(*row)))
        self._known.gaps = wanted

    def removed(self, upto: int) -> None:
        """By compaction."""
        self.set_mark("removed_upto", upto)
        if self._known.gaps:
            self.set_gaps(gap for gap in self._known.gaps if gap.last > upto)

    def begin_after(self, sequence: int) -> None:
        self.set_mark("begun_after", sequence)
        for name in list(self._known.cursors):
            self.set_cursor(name, sequence)

    def add_cursors(self, names: Iterable[str]) -> None:
        """A place for each that has none, before the oldest record."""
        for name in names:
            if name not in self._known.cursors:
                self.set_cursor(name, self._known.base)

    def close(self) -> None:
        self._connection.close()


def _crc(*values: object) -> int:
    return zlib.crc32(repr(values).encode("utf-8", "surrogatepass"))
