"""One segment: a SQLite file of consecutive records, named by the sequence of its first.

A segment is born whole: made under another name, closed, and only then given its own, so that whatever carries a
segment's name has its table and its marks, also after a kill at any moment.
"""

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from app.journal.codec import FORMAT

APPLICATION_ID = 0x54574F56
""" "TWOV", so that a foreign file is known as one."""
UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged file raises: Python fails at SQLite's message where that names what is damaged."""
_NAME = re.compile(r"segment-(\d{20})\.sqlite")
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database file; the first holds the commits that are not in it yet."""

_SCHEMA = f"""
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
BEGIN IMMEDIATE;
CREATE TABLE entries (sequence INTEGER PRIMARY KEY, now INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
COMMIT;
PRAGMA journal_mode = WAL;
"""


def segment_file(folder: Path, first: int) -> Path:
    return folder / f"segment-{first:020}.sqlite"


def segments_in(folder: Path) -> list[int]:
    """The first sequence of every segment, oldest first."""
    found = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return sorted(int(match[1]) for match in found if match is not None)


def create(file: Path) -> None:
    """Durable, and closed: it has nothing beside it and may be renamed. What was left there is removed."""
    remove(file)
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.executescript(_SCHEMA)
    finally:
        connection.close()


def writing(file: Path) -> sqlite3.Connection:
    """Of a database that is there, for the one who writes it."""
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone does not reach the disk there
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def reading(file: Path) -> sqlite3.Connection:
    """Of a database that is there; it changes nothing in it, also where a killed writer left commits beside it."""
    return sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Whole or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise


def still(file: Path) -> sqlite3.Connection:
    """Of a database that nobody writes meanwhile: nothing is made beside it where there is nothing to take in."""
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:
        return reading(file)
    return sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False
    )


def remove(file: Path) -> None:
    """With what is beside it."""
    for path in (file, *(file.with_name(file.name + suffix) for suffix in BESIDE)):
        path.unlink(missing_ok=True)
