"""A journal laid down from a backup: the same entries under the same numbers, and nothing taken for the beginning."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from app.errors import Unavailable
from app.journal.laying import lay_down
from app.journal.reading import JournalReader
from app.journal.sqlite import SqliteJournal
from app.model.events import Entry, Outcome, Tick


def _entries(*sequences: int) -> list[Entry]:
    return [Entry(sequence, 1000 + sequence, Tick(), Outcome()) for sequence in sequences]


async def _laid(folder: Path, after: int, *parts: Sequence[Entry]) -> SqliteJournal:
    last = await lay_down(folder, after, parts, (after + 1, b"state"), {"graph": after + 1, "notify": after + 2})
    assert last == parts[-1][-1].sequence
    return SqliteJournal.open(folder)


async def test_entries_come_back_under_their_numbers_with_snapshot_and_cursors(tmp_path: Path) -> None:
    entries = _entries(*range(101, 107))
    journal = await _laid(tmp_path, 100, entries[:4], entries[4:])
    assert journal.last_sequence == 106
    assert journal.read(100) == entries
    assert journal.snapshot() == (101, b"state")
    assert dict(journal.cursors()) == {"graph": 101, "notify": 102}
    with pytest.raises(Unavailable) as caught:
        journal.read(50)
    assert caught.value.code == "JOURNAL_COMPACTED"
    assert await journal.append([(2000, Tick(), Outcome())]) == 107
    await journal.close()
    reader = JournalReader.open(tmp_path)
    assert reader.starts() == [101]
    reader.close()


async def test_a_gap_that_was_accepted_stays_one(tmp_path: Path) -> None:
    entries = _entries(101, 102, 105, 106)
    journal = await _laid(tmp_path, 100, entries)
    assert [entry.sequence for entry in journal.read(100)] == [101, 102, 105, 106]
    assert [(gap.first, gap.last) for gap in journal.gaps()] == [(103, 104)]
    await journal.close()


async def test_a_whole_journal_keeps_its_beginning(tmp_path: Path) -> None:
    journal = await _laid(tmp_path, 0, _entries(1, 2, 3))
    assert [entry.sequence for entry in journal.read(0)] == [1, 2, 3]
    await journal.close()
    reader = JournalReader.open(tmp_path)
    assert reader.starts() == [0, 1]
    reader.close()
