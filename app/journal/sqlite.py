"""What happened, in order, in one SQLite file: durable when `append` returns, readable from any point still kept.

Sequence numbers never repeat, not even once every record has been compacted away: the highest one that was ever
removed stands in `meta`. `begun_after` says that a journal began in the middle (behind an older graph) and has lost
nothing; `removed_upto` says what compaction took, and reading from before it is an error.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.errors import Conflict, Misconfigured, Unavailable
from app.journal.codec import FORMAT, checksum, damaged, decode, encode
from app.journal.committing import CommitThread, closed
from app.journal.lock import FolderLock
from app.journal.retention import Retention, Start, kept
from app.journal.snapshot import drop_former, former_snapshots, read_snapshot, sync_folder, write_snapshot
from app.model.events import Entry, Input, Outcome
from app.model.time import Micros

JOURNAL_FILE = "journal.sqlite"
_APPLICATION_ID = 0x54574F56  # "TWOV", so that a foreign file is known as one
_COMPACT_STEP = 200
"""Records removed per commit, so that appends get their turn in between."""

_PAGES = ("page_count", "freelist_count", "page_size")

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE entries (sequence INTEGER PRIMARY KEY, now INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE cursors (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('removed_upto', 0), ('begun_after', 0);
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {FORMAT};
COMMIT;
"""


class SqliteJournal:
    """Implements ports.Journal. `open` is the only way to one."""

    def __init__(
        self,
        folder: Path,
        lock: FolderLock,
        keep: int,
        retention: Retention,
        writer: sqlite3.Connection,
        reader: sqlite3.Connection,
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._keep = keep
        self._retention = retention
        self._reader = reader
        self._reading = threading.Lock()
        self._writing_snapshot = threading.Lock()
        self._closed = False
        self._last = self._allocated = _last_sequence(writer)
        self._thread = CommitThread(writer, str(folder), self._committed)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        cursors: Sequence[str] = ("graph",),
        keep: int = 1000,
        retention: Retention = Retention(),  # noqa: B008 - it is frozen
    ) -> "SqliteJournal":
        """Open or create the journal in `folder` and hold its lock until `close`. `cursors` are the readers to wait
        for from the first record on; `keep` is how many of the last records compaction leaves in any case, and
        `retention` for how long more it leaves what a replay needs.

        Raises Misconfigured: JOURNAL_IN_USE, JOURNAL_FORMAT (another version's), JOURNAL_UNUSABLE (not a journal, or
        not writable)."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(folder, error.strerror or "cannot be created") from error
        with contextlib.ExitStack() as undo:
            lock = FolderLock.take(folder)
            undo.callback(lock.release)
            try:
                writer = _connect(folder)
                undo.callback(writer.close)
                _prepare(writer, folder, cursors)
                reader = _connect(folder)
                undo.callback(reader.close)
                sync_folder(folder)
                journal = cls(folder, lock, keep, retention, writer, reader)
            except sqlite3.Error as error:
                raise _unusable(folder, str(error)) from error
            undo.pop_all()
        return journal

    @property
    def last_sequence(self) -> int:
        """Of the last committed record; 0 for a journal that never had one."""
        return self._last

    @property
    def commits(self) -> int:
        """Since opening."""
        return self._thread.commits

    async def append(self, entries: Sequence[tuple[Micros, Input, Outcome]]) -> int:
        """Raises Unavailable (JOURNAL_FAILED, from then on for every call; JOURNAL_CLOSED)."""
        if not entries:
            return self._last
        bodies = [(now, encode(input, outcome)) for now, input, outcome in entries]

        def insert(connection: sqlite3.Connection) -> int:
            rows = []
            for sequence, (now, body) in enumerate(bodies, self._allocated + 1):
                rows.append((sequence, now, checksum(sequence, now, body), body))
            connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", rows)
            self._allocated += len(rows)
            return self._allocated

        return await self._thread.run(insert)

    def read(self, after: int, limit: int = 1000) -> list[Entry]:
        """Safe to call from any thread. Raises Unavailable: JOURNAL_COMPACTED, JOURNAL_DAMAGED naming the record;
        Misconfigured (JOURNAL_FORMAT) for a record of another version."""
        with self._reading:
            if self._closed:
                raise closed(str(self._folder))
            try:
                self._reader.execute("BEGIN")
                try:
                    meta = _meta(self._reader)
                    rows = self._reader.execute(
                        "SELECT sequence, now, crc, body FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ?",
                        (after, limit),
                    ).fetchall()
                finally:
                    self._reader.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                raise damaged(after + 1, str(error)) from error
        if after < meta["removed_upto"]:
            raise Unavailable(
                f"records up to {meta['removed_upto']} are no longer in the journal; {after + 1} was asked for",
                code="JOURNAL_COMPACTED",
                hint="start from the snapshot",
            )
        expected = max(after, meta["begun_after"]) + 1
        for number, (sequence, *_) in enumerate(rows, expected):
            if sequence != number:
                raise damaged(number, "it is missing")
        return [decode(*row) for row in rows]

    def cursor(self, name: str) -> int:
        with self._reading:
            if self._closed:
                raise closed(str(self._folder))
            row = self._reader.execute("SELECT sequence FROM cursors WHERE name = ?", (name,)).fetchone()
        return row[0] if row else 0

    def cursors(self) -> Mapping[str, int]:
        """All that there are, those given to `open` included."""
        with self._reading:
            if self._closed:
                raise closed(str(self._folder))
            return dict(self._reader.execute("SELECT name, sequence FROM cursors").fetchall())

    async def advance(self, name: str, sequence: int) -> None:
        def move(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO cursors VALUES (?, ?) ON CONFLICT DO UPDATE SET sequence = excluded.sequence",
                (name, sequence),
            )

        await self._thread.run(move)

    async def drop(self, name: str) -> None:
        await self._thread.run(lambda connection: connection.execute("DELETE FROM cursors WHERE name = ?", (name,)))

    async def start_after(self, sequence: int) -> None:
        """Let an empty journal begin at `sequence` + 1, every cursor with it. Raises Conflict (JOURNAL_NOT_EMPTY)."""

        def begin(connection: sqlite3.Connection) -> bool:
            if self._allocated:
                return False
            connection.execute("UPDATE meta SET value = ? WHERE name = 'begun_after'", (sequence,))
            connection.execute("UPDATE cursors SET sequence = ?", (sequence,))
            self._allocated = sequence
            return True

        if not await self._thread.run(begin):
            raise Conflict(
                f"the journal in {self._folder} already has records and can't begin after {sequence}",
                code="JOURNAL_NOT_EMPTY",
                hint="move the folder aside to begin a new journal",
            )

    async def save_snapshot(self, sequence: int, state: bytes) -> None:
        """Replace the snapshot, then remove the records that neither it nor a cursor nor `keep` needs. Raises
        Unavailable (SNAPSHOT_FAILED; the former one then still stands)."""

        def write() -> None:
            with self._writing_snapshot:
                if self._closed:
                    raise closed(str(self._folder))
                write_snapshot(self._folder, sequence, state)

        await asyncio.to_thread(write)
        oldest = await self._thread.run(lambda connection: self._retain(connection, sequence))
        while await self._thread.run(lambda connection: self._compact(connection, oldest)):
            pass

    def snapshot(self) -> tuple[int, bytes] | None:
        """Raises Unavailable (JOURNAL_DAMAGED)."""
        return read_snapshot(self._folder)

    async def close(self) -> None:
        """Commit what waits, then give the folder back. A second time does nothing."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        self._thread.close()
        with self._reading:
            self._reader.close()
        with self._writing_snapshot:  # a snapshot on its way must not land in a folder that is another's by then
            self._lock.release()

    def _committed(self) -> None:
        self._last = self._allocated

    def _retain(self, connection: sqlite3.Connection, snapshot: int) -> int:
        """Drops the starts that are not kept; the sequence of the oldest one that is."""
        meta = _meta(connection)
        beginning = [] if meta["removed_upto"] else [meta["begun_after"]]
        former = [sequence for sequence in former_snapshots(self._folder) if sequence < snapshot]
        last = connection.execute("SELECT now FROM entries ORDER BY sequence DESC LIMIT 1").fetchone()
        now: Micros = last[0] if last is not None else 0
        starts = [Start(sequence, _begins(connection, sequence, now)) for sequence in (*beginning, *former, snapshot)]
        stay = {start.sequence for start in kept(starts, now, _used(connection), self._retention)}
        drop_former(self._folder, [sequence for sequence in former if sequence not in stay])
        return min(stay)

    def _compact(self, connection: sqlite3.Connection, snapshot: int) -> bool:
        """One step; whether there is more to do."""
        needed = connection.execute("SELECT min(sequence) FROM cursors").fetchone()[0]
        upto: int = min(snapshot, self._last - self._keep, snapshot if needed is None else needed)
        first = connection.execute("SELECT min(sequence) FROM entries").fetchone()[0]
        if first is None or first > upto:
            return False
        step: int = min(upto, first + _COMPACT_STEP - 1)
        connection.execute("DELETE FROM entries WHERE sequence <= ?", (step,))
        connection.execute("UPDATE meta SET value = ? WHERE name = 'removed_upto'", (step,))
        return step < upto


def _connect(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / JOURNAL_FILE, isolation_level=None, check_same_thread=False)


def _prepare(connection: sqlite3.Connection, folder: Path, cursors: Sequence[str]) -> None:
    """Pragmas, then the schema of a new file or the check of an old one, and a place for every cursor."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    new = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if not new and owner != _APPLICATION_ID:
        raise _unusable(folder, f"{JOURNAL_FILE} is another program's database")
    if not new and version != FORMAT:
        raise Misconfigured(
            f"the journal in {folder} has format {version}, this version reads {FORMAT}",
            code="JOURNAL_FORMAT",
            hint="start the version that wrote it, or give another data directory",
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone does not reach the disk there
    connection.execute("PRAGMA secure_delete = OFF")  # Debian's SQLite overwrites what compaction frees; we need not
    if new:
        connection.executescript(_SCHEMA)
    connection.executemany(
        "INSERT INTO cursors SELECT ?, value FROM meta WHERE name = 'begun_after' ON CONFLICT DO NOTHING",
        [(name,) for name in cursors],
    )


def _begins(connection: sqlite3.Connection, sequence: int, now: Micros) -> Micros:
    """When the first record behind it was; `now` where there is none yet."""
    found = connection.execute(
        "SELECT now FROM entries WHERE sequence > ? ORDER BY sequence LIMIT 1", (sequence,)
    ).fetchone()
    return now if found is None else found[0]


def _used(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    pages, free, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _PAGES)
    return int((pages - free) * size)


def _meta(connection: sqlite3.Connection) -> dict[str, int]:
    return dict(connection.execute("SELECT name, value FROM meta").fetchall())


def _last_sequence(connection: sqlite3.Connection) -> int:
    last = connection.execute("SELECT max(sequence) FROM entries").fetchone()[0] or 0
    return max(last, *_meta(connection).values())


def _unusable(folder: Path, why: str) -> Misconfigured:
    return Misconfigured(
        f"the journal in {folder} cannot be used: {why}",
        code="JOURNAL_UNUSABLE",
        hint="give a data directory that this user may write, or move the folder aside",
    )
