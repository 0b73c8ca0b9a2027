"""A backup in a journal that goes on: whatever moves meanwhile, the records that it needs stay until it has them."""

import asyncio
import contextlib
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from app.backup.folder import MANIFEST, read_manifest
from app.backup.take import CURSOR, Backups
from app.errors import Unavailable
from app.graph.store import GraphStore
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.events import Outcome, Tick
from tests.runtime.fakes import HandClock


class GoingOn(SqliteJournal):
    """Right behind every read of the snapshot comes a newer one, and compaction with it."""

    loop: asyncio.AbstractEventLoop

    def snapshot(self) -> tuple[int, bytes] | None:
        found = super().snapshot()
        asyncio.run_coroutine_threadsafe(self.go_on(), self.loop).result(10)
        return found

    async def go_on(self, *, snapshot: bool = True) -> None:
        last = self.last_sequence
        await self.append([(number, Tick(), Outcome()) for number in range(last + 1, last + 21)])
        for name in ("graph", "notify line"):
            await self.advance(name, last)
        if snapshot:
            await self.save_snapshot(last - 10, f"state at {last - 10}".encode())


class Contents:
    """Of a graph that holds nothing, while the journal goes on."""

    def __init__(self, journal: GoingOn, snapshots: bool) -> None:
        self._journal = journal
        self._snapshots = snapshots

    @contextlib.asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        yield

    async def epoch(self) -> int:
        return 1

    async def nodes(self) -> AsyncIterator[list[dict[str, Any]]]:
        await self._journal.go_on(snapshot=self._snapshots)
        yield []

    async def edges(self) -> AsyncIterator[list[dict[str, Any]]]:
        await self._journal.go_on(snapshot=self._snapshots)
        yield []


class Store:
    def __init__(self, journal: GoingOn, snapshots: bool) -> None:
        self._journal = journal
        self.contents = Contents(journal, snapshots)

    async def cursor(self) -> int:
        return self._journal.cursor("graph")

    async def catalogue_revision(self) -> int:
        return 1


@pytest.mark.parametrize("snapshots", [True, False])
async def test_a_backup_keeps_what_it_needs_from_its_first_step_to_its_last(tmp_path: Path, snapshots: bool) -> None:
    journal = cast(GoingOn, GoingOn.open(tmp_path / "journal", keep=0, segment=SegmentSize(records=5)))
    journal.loop = asyncio.get_running_loop()
    await journal.append([(number, Tick(), Outcome()) for number in range(1, 21)])
    await journal.go_on()
    backups = Backups(tmp_path, journal, cast(GraphStore, Store(journal, snapshots)), HandClock(), "1", "4b1f0c2a9d3e")
    archive = await backups.take()
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path / "backup", filter="data")
    manifest = read_manifest(tmp_path / "backup")
    assert (tmp_path / "backup" / MANIFEST).exists()
    assert (manifest.snapshot_sequence, manifest.graph_sequence) == (10, 40)
    assert (manifest.entries, manifest.sequence) == (90, 100), "all behind the snapshot"
    assert (tmp_path / "backup" / "snapshot").read_bytes() == b"state at 10"
    assert CURSOR not in journal.cursors()
    await journal.go_on()
    with pytest.raises(Unavailable) as compacted:
        journal.read(10)
    assert compacted.value.code == "JOURNAL_COMPACTED", "it holds nothing back any more"
    await journal.close()
