"""All definitions as this server saved or loaded them last, beside the journal: what a start without the graph runs.

A copy, never the truth (that is the graph, design D5): it may lack the last change, where writing it failed or the
server was killed just then, but it is never by half, and never ahead of the graph. One row a definition, so that saving
one twin of 100,000 writes one row. What was removed stays as a row without a document, for whoever follows the copy.
"""

import asyncio
import contextlib
import json
import logging
import sqlite3
import time
import zlib
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

from app.errors import Unavailable
from app.model.change import DefinitionChange, StoredDefinition
from app.model.definitions import MODELS, Kind, to_document

log = logging.getLogger("twin_overlay.definitions")
COPY_FILE = "definitions.db"
_FORMAT = 1
_APPLICATION_ID = 0x54574F44  # "TWOD"
_PART = 500
_BREATH_SECONDS = 0.002
"""Between two parts of a whole copy: its thread must not keep the event loop from its turns."""
_PATIENCE_SECONDS = 2.0
"""How long a definition change waits for its copy; it stands in the graph by then."""
_SCHEMA = f"""
BEGIN IMMEDIATE;
DROP TABLE IF EXISTS definitions;
DROP TABLE IF EXISTS meta;
CREATE TABLE definitions (
  kind TEXT NOT NULL, id TEXT NOT NULL, document TEXT, revision INTEGER NOT NULL, life INTEGER NOT NULL,
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL, updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
  changed INTEGER NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX definitions_changed ON definitions (changed);
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_FORMAT};
COMMIT;
"""
_PUT = "INSERT OR REPLACE INTO definitions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_COLUMNS = "kind, id, document, revision, life, created_at, created_by, updated_at, updated_by, changed, crc"
Key = tuple[Kind, str]
Whole = Callable[[], tuple[int, Sequence[StoredDefinition]]]


@dataclass(frozen=True, slots=True)
class Copied:
    """What changed behind a catalogue revision, up to another."""

    revision: int
    whole: bool
    """Whether `saved` is everything there is, whatever was before."""
    saved: tuple[StoredDefinition, ...]
    removed: tuple[Key, ...]


class DefinitionsCopy:
    """Implements ports.DefinitionsCopy. Only who holds the journal's lock writes one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection = _opened(folder)
        self._thread = ThreadPoolExecutor(1, "definitions")
        self._under_way: set[asyncio.Task[None]] = set()
        self.revision: int | None = _revision(self._connection)
        """The catalogue's that it is a copy of; None while there was none."""
        self.whole: Whole | None = None
        """Gives the catalogue as it stands, for when the copy has missed a change; None where there is none yet."""

    async def record(self, change: DefinitionChange) -> None:
        """Of a change that the catalogue has taken up. Never raises: what can't be written is told in the log, and the
        next change writes everything."""

        async def work() -> None:
            if not await self._run(lambda: self._record(change)) and self.whole is not None:
                revision, stored = self.whole()
                await self._run(lambda: self._replace(revision, stored))

        await self._in_time(work())

    async def replace(self, revision: int, stored: Sequence[StoredDefinition]) -> None:
        """As `record`, with everything there is."""

        async def work() -> None:
            await self._run(lambda: self._replace(revision, stored))

        await self._in_time(work())

    def load(self) -> Copied | None:
        """Everything; None where there is nothing that can be used."""
        try:
            return read_copy(self._folder)
        except Unavailable as error:
            log.error("%s", error)
            return None

    async def close(self) -> None:
        """Once what is under way is written."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))
        self._thread.shutdown()
        self._connection.close()

    async def _in_time(self, work: Coroutine[Any, Any, None]) -> None:
        """At most so long; it goes on behind whoever asked."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)

    async def _run(self, work: Callable[[], bool]) -> bool:
        def tried() -> bool:
            try:
                return work()
            except sqlite3.Error as error:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.rollback()
                log.error("the local copy of the definitions in %s could not be written: %s", self._folder, error)
                return False

        return await asyncio.get_running_loop().run_in_executor(self._thread, tried)

    def _record(self, change: DefinitionChange) -> bool:
        """False where it has missed one before, and nothing was written."""
        if self.revision != change.catalogue_revision:
            return False
        connection, revision = self._connection, change.catalogue_revision + 1
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_PUT, [_gone(kind, id, revision) for kind, id in change.removed])
        connection.executemany(_PUT, [_row(item, revision) for item in change.saved])
        self._commit(revision)
        return True

    def _replace(self, revision: int, stored: Iterable[StoredDefinition]) -> bool:
        connection, items = self._connection, iter(stored)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM definitions")
        while part := list(islice(items, _PART)):
            connection.executemany(_PUT, [_row(item, revision) for item in part])
            time.sleep(_BREATH_SECONDS)
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('begun', ?)", (revision,))
        self._commit(revision)
        return True

    def _commit(self, revision: int) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('revision', ?)", (revision,))
        self._connection.execute("COMMIT")
        self.revision = revision


def read_copy(folder: Path, after: int = -1) -> Copied | None:
    """What changed behind the catalogue revision `after`, without a lock and also while another process writes; with -1
    everything. None where there is no copy. Raises Unavailable (DEFINITIONS_DAMAGED)."""
    file = folder / COPY_FILE
    if not file.is_file():
        return None
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("BEGIN")
        if connection.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
            return None
        meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
        if "revision" not in meta:
            return None
        whole = after < meta["begun"]
        saved: list[StoredDefinition] = []
        removed: list[Key] = []
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM definitions WHERE changed > ?",
            (-1 if whole else after,),
        )
        for row in rows:
            if row[2] is not None:
                saved.append(_stored(row))
            else:
                removed.append((row[0], row[1]))
        return Copied(meta["revision"], whole, tuple(saved), tuple(removed))
    except (sqlite3.Error, ValueError) as error:
        raise Unavailable(
            f"the local copy of the definitions in {folder} is damaged: {error}",
            code="DEFINITIONS_DAMAGED",
            hint="start with the graph there: the copy is then made anew",
        ) from error
    finally:
        connection.close()


def _opened(folder: Path) -> sqlite3.Connection:
    """A file that is none of ours, of another version or damaged begins anew: it is only a copy."""
    try:
        return _prepared(folder)
    except sqlite3.Error as error:
        log.error("the local copy of the definitions in %s is damaged and begins anew: %s", folder, error)
        for name in (COPY_FILE, f"{COPY_FILE}-wal", f"{COPY_FILE}-shm"):
            (folder / name).unlink(missing_ok=True)
        return _prepared(folder)


def _prepared(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / COPY_FILE, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")
        if connection.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
            connection.executescript(_SCHEMA)
        _revision(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _revision(connection: sqlite3.Connection) -> int | None:
    row = connection.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()
    return None if row is None else int(row[0])


def _row(item: StoredDefinition, changed: int) -> tuple[Any, ...]:
    row = (
        item.kind,
        item.id,
        json.dumps(to_document(item.definition), ensure_ascii=False, separators=(",", ":")),
        item.revision,
        item.life,
        item.created_at,
        item.created_by,
        item.updated_at,
        item.updated_by,
        changed,
    )
    return (*row, _checksum(row))


def _gone(kind: Kind, id: str, changed: int) -> tuple[Any, ...]:
    row = (kind, id, None, 0, 0, 0, "", 0, "", changed)
    return (*row, _checksum(row))


def _checksum(row: Sequence[Any]) -> int:
    return zlib.crc32("\x1f".join(str(part) for part in row).encode())


def _stored(row: Sequence[Any]) -> StoredDefinition:
    """Raises ValueError for one that is not what was written, or not a document that this version reads."""
    kind, id, document, revision, life, created_at, created_by, updated_at, updated_by = row[:9]
    if _checksum(row[:10]) != row[10]:
        raise ValueError(f"the checksum of {kind} '{id}' is wrong")
    definition = MODELS[cast(Kind, kind)].model_validate_json(document)
    return StoredDefinition(kind, id, definition, revision, life, created_at, created_by, updated_at, updated_by)
