"""Taking a backup in the running server: first the graph, which nothing is written to meanwhile, then the journal.

What happens meanwhile is decided, committed and acted on as ever; it reaches the graph afterwards, and a definition
change waits until the graph has been read. The journal keeps what the backup will need by a cursor of its own.
"""

import asyncio
import contextlib
import logging
import shutil
import tarfile
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from app.backup.folder import (
    EDGES,
    ENTRIES,
    FILES,
    FORMAT,
    MANIFEST,
    NODES,
    SNAPSHOT,
    Manifest,
    put_entries,
    sum_of,
    write_manifest,
)
from app.errors import Conflict, Unavailable
from app.graph.contents import Row
from app.graph.store import GraphStore
from app.model.time import iso
from app.ports import Clock, Journal

log = logging.getLogger("twin_overlay.backup")
CURSOR = "backup"
ARCHIVE = "backup.tar.gz"
_PREFIX = "backup-"
_ENTRIES_AT_ONCE = 200
_encode_lines = msgspec.json.Encoder().encode_lines


class Backups:
    """One at a time. `folder` is where they are put together, on the disk that the journal is on."""

    def __init__(
        self, folder: Path, journal: Journal, store: GraphStore, clock: Clock, program: str, installation: str
    ) -> None:
        self._folder = folder
        self._journal = journal
        self._store = store
        self._clock = clock
        self._program = program
        self._installation = installation
        self._busy = False
        for left in folder.glob(f"{_PREFIX}*"):  # by a server that was killed
            shutil.rmtree(left, ignore_errors=True)

    async def begin(self) -> None:
        """Once, at start: a server that was killed in the middle left its cursor, which would hold everything back."""
        if CURSOR in self._journal.cursors():
            await self._journal.drop(CURSOR)

    async def take(self) -> Path:
        """The archive; whoever asked removes the folder it is in. Raises Conflict (BACKUP_UNDER_WAY) and Unavailable
        (GRAPH_UNAVAILABLE, BACKUP_FAILED)."""
        if self._busy:
            raise Conflict("a backup is under way", code="BACKUP_UNDER_WAY", hint="wait until it is done")
        self._busy = True
        folder: Path | None = None
        try:
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._folder))
            manifest = await self._write(folder)
            await asyncio.to_thread(_pack, folder, manifest)
            log.info("backup taken: %s", manifest.summary())
            return folder / ARCHIVE
        except OSError as error:
            _remove(folder)
            raise Unavailable(
                f"the backup could not be put together in {self._folder}: {error.strerror}",
                code="BACKUP_FAILED",
                hint="a backup needs room there for a while, about as much as the graph has",
            ) from error
        except BaseException:
            _remove(folder)
            raise
        finally:
            self._busy = False

    async def _write(self, folder: Path) -> Manifest:
        contents, journal = self._store.contents, self._journal
        try:
            await journal.advance(CURSOR, 0)  # until it is known what is needed, nothing goes
            snapshot = await asyncio.to_thread(_put_snapshot, folder / SNAPSHOT, journal)
            async with contents.still():
                graph_sequence = await self._store.cursor()
                await journal.advance(CURSOR, min(graph_sequence, snapshot or 0, *self._cursors().values()))
                revision = await self._store.catalogue_revision()
                epoch = await contents.epoch()
                nodes = await _rows(folder / NODES, contents.nodes(), "label")
                edges = await _rows(folder / EDGES, contents.edges(), "type")
            return await self._write_journal(folder, snapshot, graph_sequence, revision, epoch, nodes, edges)
        finally:
            with contextlib.suppress(Unavailable):  # a journal that has failed has said so
                await journal.drop(CURSOR)

    def _cursors(self) -> dict[str, int]:
        """Of the others: they may move on at any time, and never back."""
        return {name: at for name, at in self._journal.cursors().items() if name != CURSOR}

    async def _write_journal(
        self,
        folder: Path,
        snapshot: int | None,
        graph_sequence: int,
        revision: int,
        epoch: int,
        nodes: dict[str, int],
        edges: dict[str, int],
    ) -> Manifest:
        journal = self._journal
        cursors = {**self._cursors(), "graph": graph_sequence}
        after = min(snapshot or 0, *cursors.values())
        sequence, entries, first = journal.last_sequence, 0, None
        at, gaps = after, [(gap.first, gap.last) for gap in journal.gaps() if gap.last > after]
        with (folder / ENTRIES).open("wb") as file:
            while at < sequence:
                part = await asyncio.to_thread(journal.read, at, min(_ENTRIES_AT_ONCE, sequence - at))
                if not part:
                    break
                first = first or part[0].sequence
                await asyncio.to_thread(put_entries, file, part)
                at, entries = part[-1].sequence, entries + len(part)
        begun = (first or sequence + 1) - 1
        return Manifest(
            FORMAT,
            self._program,
            self._installation,
            iso(self._clock.now()),
            sequence,
            graph_sequence,
            begun if snapshot is None else snapshot,
            snapshot is not None,
            revision,
            epoch,
            cursors,
            nodes,
            edges,
            entries,
            gaps,
            {name: await asyncio.to_thread(sum_of, folder / name) for name in FILES},
        )


def _put_snapshot(path: Path, journal: Journal) -> int | None:
    """Its sequence; None, and an empty file, where there is none yet."""
    found = journal.snapshot()
    path.write_bytes(found[1] if found is not None else b"")
    return found[0] if found is not None else None


async def _rows(path: Path, parts: AsyncIterator[list[Row]], kind: str) -> dict[str, int]:
    """How many of each kind were written."""
    counts: Counter[str] = Counter()
    with path.open("wb") as file:
        async for rows in parts:
            counts.update(row[kind] for row in rows)
            await asyncio.to_thread(_put, file, rows)
    return dict(sorted(counts.items()))


def _put(file: BinaryIO, rows: list[Row]) -> None:
    file.write(_encode_lines(rows))


def _pack(folder: Path, manifest: Manifest) -> None:
    write_manifest(folder, manifest)
    with tarfile.open(folder / ARCHIVE, "w:gz", compresslevel=1) as archive:
        for name in (*FILES, MANIFEST):
            archive.add(folder / name, name)
            (folder / name).unlink()


def _remove(folder: Path | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
