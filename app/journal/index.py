"""What the journal knows about itself beside its records: cursors, how far compaction went, where numbers stand.

It is a small file of its own, written by the commit thread alone and mirrored in memory, so asking costs nothing. The
segments do not need it to be read; it says what must be there, so that what is missing is noticed.
"""

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from app.journal.codec import FORMAT
from app.journal.segment import APPLICATION_ID, transaction, writing

INDEX_FILE = "index.sqlite"
_SCHEMA = f"""
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
BEGIN IMMEDIATE;
CREATE TABLE cursors (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO marks VALUES ('begun_after', 0), ('removed_upto', 0), ('newest', 0), ('reached', 0);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
COMMIT;
PRAGMA journal_mode = WAL;
"""


def create_index(file: Path) -> None:
    """Durable, and closed: it may be renamed."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.executescript(_SCHEMA)
    finally:
        connection.close()


def marks_in(connection: sqlite3.Connection) -> dict[str, int]:
    return dict(connection.execute("SELECT name, value FROM marks").fetchall())


class Index:
    """Changed inside `whole`, by one thread; asked from any."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._marks = marks_in(connection)
        self._cursors: dict[str, int] = dict(connection.execute("SELECT name, sequence FROM cursors").fetchall())

    @classmethod
    def open(cls, folder: Path) -> "Index":
        """Of one that is there. Raises sqlite3.Error."""
        connection = writing(folder / INDEX_FILE)
        try:
            return cls(connection)
        except (sqlite3.Error, KeyError):
            connection.close()
            raise

    @property
    def begun_after(self) -> int:
        """A journal that began in the middle (behind an older graph) and has lost nothing by it."""
        return self._marks["begun_after"]

    @property
    def removed_upto(self) -> int:
        """What compaction took."""
        return self._marks["removed_upto"]

    @property
    def newest(self) -> int:
        """With which sequence the newest segment that this knows of begins; 0 where there was none yet."""
        return self._marks["newest"]

    @property
    def reached(self) -> int:
        """A number that was given out for certain: whoever finds less in the segments has lost something."""
        marks = self._marks
        given = (marks["begun_after"], marks["removed_upto"], marks["newest"] - 1, marks["reached"])
        return max(0, *given, *self._cursors.values())

    def cursor(self, name: str) -> int | None:
        return self._cursors.get(name)

    def cursors(self) -> dict[str, int]:
        return dict(self._cursors)

    def lowest_cursor(self) -> int | None:
        return min(self._cursors.values(), default=None)

    def whole(self) -> contextlib.AbstractContextManager[None]:
        return transaction(self._connection)

    def set_mark(self, name: str, value: int) -> None:
        self._connection.execute("UPDATE marks SET value = ? WHERE name = ?", (value, name))
        self._marks[name] = value

    def set_cursor(self, name: str, sequence: int) -> None:
        self._connection.execute(
            "INSERT INTO cursors VALUES (?, ?) ON CONFLICT DO UPDATE SET sequence = excluded.sequence",
            (name, sequence),
        )
        self._cursors[name] = sequence

    def drop_cursor(self, name: str) -> None:
        self._connection.execute("DELETE FROM cursors WHERE name = ?", (name,))
        self._cursors.pop(name, None)

    def begin_after(self, sequence: int) -> None:
        self.set_mark("begun_after", sequence)
        for name in list(self._cursors):
            self.set_cursor(name, sequence)

    def add_cursors(self, names: Iterable[str]) -> None:
        """A place for each that has none, at the beginning."""
        for name in names:
            if name not in self._cursors:
                self.set_cursor(name, self.begun_after)

    def close(self) -> None:
        self._connection.close()
