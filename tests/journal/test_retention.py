"""What is kept so that the journal can be run again from a moment in the past."""

from pathlib import Path

import pytest

from app.errors import NotFound, Unavailable
from app.journal.index import INDEX_FILE
from app.journal.reading import JournalReader
from app.journal.retention import Retention, Start, kept
from app.journal.snapshot import former_snapshots
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.events import Outcome, Samples
from app.model.time import SECOND, Micros

HOUR = 3600 * SECOND
T: Micros = 1_767_323_045_000_000


def starts(*hours: float) -> list[Start]:
    return [Start(number, T + round(at * HOUR)) for number, at in enumerate(hours)]


def left(found: list[Start], now: float, retention: Retention, size: int = 0) -> list[int]:
    return [start.sequence for start in kept(found, T + round(now * HOUR), size, retention)]


def test_without_retention_the_newest_alone_stays() -> None:
    assert left(starts(0, 1, 2), 2, Retention()) == [2]


def test_the_oldest_stays_as_long_as_no_younger_one_covers_the_time() -> None:
    day = Retention(24 * HOUR, 1)
    assert left(starts(0, 10, 20), 20, day) == [0, 1, 2]
    assert left(starts(0, 10, 33), 33, day) == [0, 1, 2]
    assert left(starts(0, 10, 35), 35, day) == [1, 2]


def test_starts_that_stand_close_together_are_thinned() -> None:
    assert left(starts(0, 1, 2, 6, 7, 12, 13), 13, Retention(24 * HOUR, 1)) == [0, 3, 5, 6]


def test_past_the_size_the_oldest_goes_one_at_a_time_and_the_newest_never() -> None:
    small = Retention(24 * HOUR, 100)
    assert left(starts(0, 10, 20), 20, small, size=101) == [1, 2]
    assert left(starts(20), 20, small, size=101) == [0]


async def fill(journal: SqliteJournal, count: int, first_hour: float = 0.0) -> None:
    """One entry an hour."""
    begin = T + round(first_hour * HOUR)
    await journal.append([(begin + number * HOUR, Samples(()), Outcome()) for number in range(count)])


async def test_records_and_snapshots_behind_the_oldest_start_stay_and_can_be_read_beside_the_writer(
    tmp_path: Path,
) -> None:
    journal = SqliteJournal.open(
        tmp_path, cursors=(), keep=0, retention=Retention(10 * HOUR, 2**30), segment=SegmentSize(records=6)
    )
    await fill(journal, 6)
    await journal.save_snapshot(6, b"six")
    reader = JournalReader.open(tmp_path)
    assert reader.starts() == [0, 6]
    assert reader.state(0) is None
    assert len(list(reader.entries(0))) == 6
    await fill(journal, 6, 6)
    await journal.save_snapshot(12, b"twelve")
    assert reader.starts() == [0, 6, 12]
    assert (reader.state(6), reader.state(12)) == (b"six", b"twelve")
    await fill(journal, 6, 12)
    await journal.save_snapshot(18, b"eighteen")
    assert reader.starts() == [6, 12, 18]
    assert [item.entry.sequence for item in reader.entries(6)] == list(range(7, 19))
    assert reader.began(6) == T + 6 * HOUR
    with pytest.raises(Unavailable) as error:
        list(reader.entries(0))
    assert error.value.code == "JOURNAL_COMPACTED"
    reader.close()
    await journal.close()
    stopped = JournalReader.open(tmp_path)
    assert stopped.last() == 18
    assert former_snapshots(tmp_path) == [6, 12]
    stopped.close()


async def test_a_folder_without_a_journal_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as error:
        JournalReader.open(tmp_path)
    assert error.value.code == "JOURNAL_NOT_FOUND"
    (tmp_path / INDEX_FILE).write_bytes(b"no database at all, not at all" * 50)
    with pytest.raises(Unavailable) as broken:
        JournalReader.open(tmp_path)
    assert broken.value.code == "JOURNAL_DAMAGED"
