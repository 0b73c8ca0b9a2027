"""Following the journal of another actor: in parts, so that its end is noticed, and over whatever can't be read."""

import asyncio
from itertools import count
from pathlib import Path

import pytest

from app.errors import Misconfigured, Unavailable
from app.journal.index import INDEX_FILE
from app.journal.reading import JournalReader
from app.journal.segment import segment_file
from app.journal.sqlite import SqliteJournal
from app.model.events import Outcome, Tick
from app.ports import Journal
from app.standby import StandBy


async def _filled(folder: Path, entries: int) -> None:
    journal = SqliteJournal.open(folder)
    await journal.append([(number, Tick(), Outcome()) for number in range(1, entries + 1)])
    await journal.close()


class Lock:
    """Another's, for so many attempts."""

    def __init__(self, folder: Path, refusals: int) -> None:
        self._folder = folder
        self._refusals = refusals
        self.attempts = 0

    def open(self) -> Journal:
        self.attempts += 1
        if self.attempts <= self._refusals:
            raise Misconfigured("another has it", code="JOURNAL_IN_USE", hint="wait")
        return SqliteJournal.open(self._folder)


async def test_entries_that_take_long_to_fold_hold_up_no_attempt_at_the_lock(tmp_path: Path) -> None:
    await _filled(tmp_path, 100)
    lock = Lock(tmp_path, refusals=10)
    slow = count(100)
    standby = StandBy(tmp_path, lock.open, lambda: float(next(slow)))  # each look at it takes a second
    await standby._lock()
    assert lock.attempts == 11
    assert standby._at == 10, "one entry between two attempts"


async def test_an_index_that_cannot_be_read_ends_no_standby(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    await _filled(tmp_path, 5)
    index = (tmp_path / INDEX_FILE).read_bytes()
    reader = JournalReader.open(tmp_path)
    (tmp_path / INDEX_FILE).write_bytes(b"no database" * 900)
    with pytest.raises(Unavailable) as unreadable:
        reader.starts()
    assert unreadable.value.code == "JOURNAL_DAMAGED"
    assert INDEX_FILE in unreadable.value.message
    reader.close()
    (tmp_path / INDEX_FILE).write_bytes(index)

    content = segment_file(tmp_path, 1).read_bytes()
    lock = Lock(tmp_path, refusals=1)

    class Following(StandBy):
        """The index is gone between the reader's opening and its question."""

        def _begin(self, reader: JournalReader) -> None:
            (tmp_path / INDEX_FILE).rename(tmp_path / "away")
            try:
                super()._begin(reader)
            finally:
                (tmp_path / "away").rename(tmp_path / INDEX_FILE)

    opened = await asyncio.wait_for(Following(tmp_path, lock.open).wait(), 30)
    assert "the journal can't be followed just now" in caplog.text
    assert opened.journal.last_sequence == 5
    assert segment_file(tmp_path, 1).read_bytes() == content
    await opened.journal.close()
