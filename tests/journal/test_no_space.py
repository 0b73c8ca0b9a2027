"""What SQLite says of a full disk, with no disk to fill: its own limit of pages refuses in that way (SQLITE_FULL)."""

import asyncio
import errno
import sqlite3
from pathlib import Path

import pytest

from app.errors import Unavailable
from app.journal.space import RESERVE_FILE, DiskSpace, SpaceSize
from app.journal.sqlite import SqliteJournal
from tests.journal.test_journal import reading, values
from tests.runtime.fakes import until

MB = 1024 * 1024


def limit(journal: SqliteJournal, pages: int) -> None:
    """Of the segment that is written. Only while nothing is."""
    connection = journal._thread._tail._connection
    assert connection is not None
    connection.execute(f"PRAGMA max_page_count = {pages}")


async def test_a_commit_that_finds_no_space_gives_the_reserve_away_and_then_waits(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, space=SpaceSize(reserve=MB))
    await journal.append([reading(1)])
    limit(journal, 4)
    waiting = asyncio.create_task(journal.append([reading(2, "x" * 30_000)]))
    await until(lambda: journal.space().state == "none")
    assert (tmp_path / RESERVE_FILE).stat().st_size == 0
    behind = asyncio.create_task(journal.append([reading(3)]))
    await asyncio.sleep(0)
    assert (waiting.done(), behind.done(), journal.last_sequence) == (False, False, 1)
    assert values(journal.read(0)) == [1]
    limit(journal, 1_000_000)
    assert (await waiting, await behind) == (2, 3)
    assert values(journal.read(0)) == [1, 2, 3]
    await until(lambda: journal.space().state == "enough")
    assert (tmp_path / RESERVE_FILE).stat().st_size == MB
    await journal.close()


async def test_what_is_no_lack_of_space_still_ends_the_journal(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    await journal.append([reading(1)])
    connection = journal._thread._tail._connection
    assert connection is not None
    connection.execute("PRAGMA query_only = ON")
    for _ in range(2):
        with pytest.raises(Unavailable) as failed:
            await journal.append([reading(2)])
        assert failed.value.code == "JOURNAL_FAILED"
    assert not journal.full
    await journal.close()


def test_a_reserve_shrinks_in_parts_and_grows_whole(tmp_path: Path) -> None:
    disk = DiskSpace(tmp_path, SpaceSize(reserve=MB))
    assert disk.full
    assert disk.fill()
    sizes = []
    while disk.give():
        sizes.append((tmp_path / RESERVE_FILE).stat().st_size)
    assert sizes == [MB - MB // 16 * n for n in range(1, 17)]
    assert disk.full
    again = DiskSpace(tmp_path, SpaceSize(reserve=MB // 2))
    assert again.fill()
    assert (tmp_path / RESERVE_FILE).stat().st_size == MB // 2
    smaller = DiskSpace(tmp_path, SpaceSize(reserve=MB // 4))
    assert smaller.fill()
    assert (tmp_path / RESERVE_FILE).stat().st_size == MB // 4
    assert not smaller.full


def test_a_quota_is_a_full_disk_too_and_a_locked_file_is_none(tmp_path: Path) -> None:
    disk = DiskSpace(tmp_path, SpaceSize())
    assert disk.means_full(OSError(errno.EDQUOT, "quota"))
    assert disk.means_full(OSError(errno.ENOSPC, "full"))
    assert not disk.means_full(OSError(errno.EIO, "broken"))
    assert not disk.means_full(ValueError("a bug"))
    one, other = (sqlite3.connect(tmp_path / "x", isolation_level=None, timeout=0) for _ in range(2))
    one.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as locked:
        other.execute("BEGIN IMMEDIATE")
    assert not disk.means_full(locked.value)
    one.close()
    other.close()
