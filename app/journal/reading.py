"""The journal of a running or stopped server, read by another process: without its lock, and changing nothing.

What compaction takes while this reads is gone for the reader too; it says so and begins nothing anew.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.errors import NotFound, Unavailable
from app.journal.codec import FORMAT, damaged, split
from app.journal.snapshot import former_snapshots, read_snapshot
from app.journal.sqlite import JOURNAL_FILE
from app.model.events import Entry
from app.model.time import Micros

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry, with the bytes of its outcome as they were written."""

    entry: Entry
    outcome: bytes


class JournalReader:
    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self._folder = folder
        self._connection = connection

    @classmethod
    def open(cls, folder: Path) -> "JournalReader":
        """Raises NotFound (JOURNAL_NOT_FOUND), Unavailable (JOURNAL_DAMAGED)."""
        file = folder / JOURNAL_FILE
        if not file.is_file():
            raise NotFound(
                f"there is no journal in {folder}",
                code="JOURNAL_NOT_FOUND",
                hint="give the data directory of a server with --data-dir",
            )
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError as error:
            connection.close()
            raise damaged(0, str(error)) from error
        if version != FORMAT:
            connection.close()
            raise Unavailable(
                f"the journal in {folder} has format {version}, this version reads {FORMAT}",
                code="JOURNAL_FORMAT",
                hint="use the version that wrote it",
            )
        return cls(folder, connection)

    def close(self) -> None:
        self._connection.close()

    def last(self) -> int:
        """The last sequence; 0 where there is no entry."""
        return int(self._connection.execute("SELECT max(sequence) FROM entries").fetchone()[0] or 0)

    def starts(self) -> list[int]:
        """Sequences at which the engine's state is known, oldest first: the beginning, where nothing was compacted
        away, and every snapshot behind which all entries are still there."""
        meta = dict(self._connection.execute("SELECT name, value FROM meta").fetchall())
        newest = read_snapshot(self._folder)
        found = [*former_snapshots(self._folder), *([newest[0]] if newest is not None else [])]
        beginning = [] if meta["removed_upto"] else [meta["begun_after"]]
        return beginning + sorted({sequence for sequence in found if sequence >= meta["removed_upto"]})

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
        row = self._connection.execute(
            "SELECT now FROM entries WHERE sequence > ? ORDER BY sequence LIMIT 1", (start,)
        ).fetchone()
        return None if row is None else int(row[0])

    def entries(self, after: int) -> Iterator[Recorded]:
        """All behind `after`, to the end as it is when it is reached. Raises Unavailable (JOURNAL_DAMAGED,
        JOURNAL_COMPACTED), Misconfigured (JOURNAL_FORMAT)."""
        expected = after + 1
        while rows := self._connection.execute(
            "SELECT sequence, now, crc, body FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (expected - 1, _CHUNK),
        ).fetchall():
            for sequence, now, crc, body in rows:
                if sequence != expected:
                    raise Unavailable(
                        f"the journal has no record {expected} any more",
                        code="JOURNAL_COMPACTED",
                        hint="the server took a snapshot meanwhile: try again",
                    )
                expected += 1
                yield Recorded(*split(sequence, now, crc, body))
