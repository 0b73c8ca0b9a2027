"""A disk that is full, on a real file system: what was decided waits, nobody is told, and it goes on by itself."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.errors import Unavailable
from app.journal.space import RESERVE_FILE, SpaceSize
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.events import Outcome, Reading, Sample, Samples
from tests.runtime.fakes import until
from tests.servers.small_disk import NOT_RUN, Ballast, can_mount, small_disk

MB = 1024 * 1024
SIZE = SpaceSize(reserve=4 * MB, low=8 * MB)
SEGMENT = SegmentSize(bytes=MB)

pytestmark = pytest.mark.skipif(not can_mount(), reason=NOT_RUN)


def item(number: int, length: int = 20_000) -> tuple[int, Samples, Outcome]:
    sample = Sample("pump_123", "note", "x" * length, number)
    return number, Samples((Reading("opcua", number, (sample,)),)), Outcome()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 32) as folder:
        yield folder


def opened(disk: Path, space: SpaceSize = SIZE) -> SqliteJournal:
    return SqliteJournal.open(disk / "journal", keep=0, segment=SEGMENT, space=space)


@pytest.fixture
async def journal(disk: Path) -> AsyncIterator[SqliteJournal]:
    found = opened(disk)
    yield found
    await found.close()


async def append_until_full(journal: SqliteJournal) -> int:
    number = journal.last_sequence
    while not journal.full:
        number += 1
        await journal.append([item(number)])
    return number


async def test_the_reserve_is_really_taken_and_the_last_batch_goes_into_it(journal: SqliteJournal, disk: Path) -> None:
    assert (disk / "journal" / RESERVE_FILE).stat().st_blocks * 512 >= 4 * MB
    assert (journal.full, journal.space().state) == (False, "enough")
    ballast = Ballast(disk)
    ballast.fill(leaving=6 * MB)
    assert journal.space().state == "low"
    assert "only 6 MB are free on the disk of" in journal.space().warning
    ballast.fill(leaving=MB)
    last = await append_until_full(journal)
    assert journal.last_sequence == last, "the one that found no space is in"
    assert journal.space().state == "reserve"
    assert "DISK_FULL" in journal.space().problem
    for number in range(last + 1, last + 20):
        assert await journal.append([item(number, 100)]) == number
    await journal.advance("graph", last)
    with pytest.raises(Unavailable) as refused:
        await journal.save_snapshot(last, b"x" * 100)
    assert refused.value.code == "SNAPSHOT_FAILED"
    assert not (disk / "journal" / "snapshot.new").exists()
    ballast.remove()
    await until(lambda: not journal.full)
    assert (disk / "journal" / RESERVE_FILE).stat().st_size == 4 * MB
    await journal.save_snapshot(last, b"x" * 100)
    assert [entry.sequence for entry in journal.read(0, 10_000)] == list(range(1, last + 20))


async def test_without_any_reserve_left_everything_waits_and_goes_in_once_there_is_space(
    journal: SqliteJournal, disk: Path
) -> None:
    ballast = Ballast(disk)
    ballast.fill(leaving=MB)
    await append_until_full(journal)
    waiting: list[asyncio.Task[int]] = []
    for number in range(1000):
        task = asyncio.create_task(journal.append([item(number, 60_000)]))
        await asyncio.wait({task}, timeout=0.5)
        waiting.append(task)
        if not task.done():
            break
    await until(lambda: journal.space().state == "none")
    before = journal.last_sequence
    waiting += [asyncio.create_task(journal.append([item(number, 100)])) for number in range(3)]
    moved = asyncio.create_task(journal.advance("graph", 5))
    await asyncio.sleep(0.6)
    assert not any(task.done() for task in (*waiting[-4:], moved))
    assert journal.last_sequence == before
    assert "the reserve is used up" in journal.space().problem
    ballast.remove()
    numbers = await asyncio.gather(*waiting)
    await moved
    assert numbers == sorted(set(numbers)), "each once, in order"
    await until(lambda: journal.space().state == "enough")
    assert len(journal.read(0, 10_000)) == journal.last_sequence == numbers[-1]


async def test_closing_does_not_wait_for_space_and_what_waited_was_never_there(disk: Path) -> None:
    journal = opened(disk, SpaceSize())
    Ballast(disk).fill()
    before = 0
    while True:
        task = asyncio.create_task(journal.append([item(1)]))
        await asyncio.wait({task}, timeout=0.5)
        if not task.done():
            break
        before = journal.last_sequence
    assert journal.full
    await asyncio.wait_for(journal.close(), 5)
    with pytest.raises(Unavailable) as given_up:
        await task
    assert given_up.value.code == "DISK_FULL"
    Ballast(disk).remove()
    journal = opened(disk)
    assert journal.last_sequence == before
    await journal.close()


async def test_a_server_starts_on_a_full_disk_and_takes_readings_once_there_is_space(disk: Path) -> None:
    journal = opened(disk)
    for number in range(1, 100):
        await journal.append([item(number, 1000)])
    await journal.close()
    ballast = Ballast(disk)
    ballast.fill()
    journal = opened(disk)  # with the reserve's help where it needs some space
    assert await journal.append([item(100, 100)]) == 100
    assert journal.full
    assert len(journal.read(0, 1000)) == 100
    ballast.remove()
    await until(lambda: not journal.full)
    await journal.close()
    ballast.fill()
    (disk / "journal" / RESERVE_FILE).unlink()
    ballast.fill()
    try:
        journal = opened(disk)
    except Unavailable as error:
        assert error.code == "DISK_FULL"  # noqa: PT017 - one or the other, by what SQLite needs
    else:
        assert journal.full
        await journal.close()


async def test_full_segments_are_read_where_nothing_can_be_made_beside_them(journal: SqliteJournal, disk: Path) -> None:
    for number in range(1, 200):
        await journal.append([item(number)])
    Ballast(disk).fill()
    assert [entry.sequence for entry in journal.read(0, 1000)] == list(range(1, 200))
