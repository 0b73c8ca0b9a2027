"""A segment that cannot begin: the one before goes on, and what file is left of the attempt is taken for nothing."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from app.errors import Misconfigured
from app.journal.checking import check
from app.journal.reading import JournalReader
from app.journal.segment import create, remove, segment_file, segments_in, transaction, writing
from app.journal.segments import Segments
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SPARE, SegmentSize
from tests.journal.test_damage import item, numbers
from tests.servers.small_disk import NOT_RUN, Ballast, can_mount, small_disk

FIVE = SegmentSize(records=5)


async def filled(folder: Path, last: int, size: SegmentSize = FIVE) -> None:
    journal = SqliteJournal.open(folder, keep=0, segment=size)
    for number in range(journal.last_sequence + 1, last + 1):
        await journal.append([item(number)])
    await journal.close()


def read_from(folder: Path, after: int) -> list[int]:
    """By another process."""
    reader = JournalReader.open(folder)
    try:
        return [recorded.entry.sequence for recorded in reader.entries(after)]
    finally:
        reader.close()


async def test_a_segment_that_fails_to_begin_leaves_no_file_and_costs_no_record(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, keep=0, segment=FIVE)
    for number in range(1, 6):
        await journal.append([item(number)])
    journal._thread._tail._spare.result()
    (tmp_path / SPARE).write_bytes(b"no database" * 900)
    await journal.append([item(6)])
    assert segments_in(tmp_path) == [1]
    for number in range(7, 13):
        await journal.append([item(number)])
    assert segments_in(tmp_path) == [1, 11]
    assert read_from(tmp_path, 7) == list(range(8, 13))
    await journal.close()
    journal = SqliteJournal.open(tmp_path, keep=0, segment=FIVE)
    assert journal.gaps() == []
    assert numbers(journal) == list(range(1, 13))
    await journal.close()


@pytest.mark.skipif(not can_mount(), reason=NOT_RUN)
async def test_a_full_disk_between_two_segments_costs_no_record(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16) as disk:
        folder = disk / "journal"
        journal = SqliteJournal.open(folder, keep=0, segment=FIVE)
        for number in range(1, 6):
            await journal.append([item(number)])
        journal._thread._tail._spare.result()
        ballast = Ballast(disk)
        ballast.fill(leaving=12 * 1024)  # the log of the one that is written has room, an index beside another has none
        await asyncio.wait_for(journal.append([item(6)]), 10)
        ballast.remove()
        for number in range(7, 14):
            await journal.append([item(number)])
        await journal.close()
        journal = SqliteJournal.open(folder, keep=0, segment=FIVE)
        assert journal.gaps() == []
        assert numbers(journal) == list(range(1, 14))
        await journal.close()


@pytest.mark.parametrize("left", [[6], [6, 8], [6, 12]])
async def test_a_file_that_is_left_of_an_attempt_is_no_damage(tmp_path: Path, left: list[int]) -> None:
    await filled(tmp_path, 10, SegmentSize(records=10))
    await filled(tmp_path, 14)
    for first in left:
        create(segment_file(tmp_path, first))
    for after in range(15):
        assert read_from(tmp_path, after) == list(range(after + 1, 15))
    assert check(tmp_path).sound
    journal = SqliteJournal.open(tmp_path, keep=0, segment=FIVE)
    assert segments_in(tmp_path) == [1, 11]
    assert journal.gaps() == []
    assert numbers(journal) == list(range(1, 15))
    await journal.append([item(15)])
    await journal.close()


async def test_the_newest_file_may_be_left_of_an_attempt(tmp_path: Path) -> None:
    await filled(tmp_path, 10, SegmentSize(records=10))
    create(segment_file(tmp_path, 6))
    reader = JournalReader.open(tmp_path)
    assert reader.last() == 10
    assert [recorded.entry.sequence for recorded in reader.entries(6)] == [7, 8, 9, 10]
    reader.close()
    await filled(tmp_path, 12)
    assert segments_in(tmp_path) == [1, 11]


async def test_an_empty_segment_whose_numbers_nobody_has_is_still_missed(tmp_path: Path) -> None:
    await filled(tmp_path, 14)
    remove(segment_file(tmp_path, 6))
    create(segment_file(tmp_path, 6))
    with pytest.raises(Misconfigured) as refused:
        SqliteJournal.open(tmp_path, keep=0)
    assert "it lacks records 6 to 10" in str(refused.value)
    assert 6 in segments_in(tmp_path)


async def test_who_reads_beside_sees_the_file_that_took_the_place_of_an_attempt(tmp_path: Path) -> None:
    await filled(tmp_path, 5)
    create(segment_file(tmp_path, 6))
    segments = Segments(tmp_path)
    assert segments.rows(5, 10) == []
    remove(segment_file(tmp_path, 6))
    create(segment_file(tmp_path, 6))
    writer = writing(segment_file(tmp_path, 6))
    with transaction(writer):
        writer.execute("INSERT INTO entries VALUES (6, 1, 1, x'00')")
    segments.look_again()
    assert [row[0] for row in segments.rows(5, 10)] == [6]
    segments.close()
    writer.close()


async def test_a_damaged_segment_before_an_empty_one_hides_nothing_behind_it(tmp_path: Path) -> None:
    await filled(tmp_path, 5)
    create(segment_file(tmp_path, 6))
    segment_file(tmp_path, 1).write_bytes(b"no database" * 900)
    segments = Segments(tmp_path)
    assert segments.rows(5, 10) == []
    assert segments.last() == 5
    with pytest.raises(sqlite3.DatabaseError):
        segments.rows(0, 10)
    segments.close()
