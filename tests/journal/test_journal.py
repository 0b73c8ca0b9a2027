"""The journal on real files: what was acknowledged is there, in order, and what is wrong is said."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from app.errors import Conflict, Misconfigured, Unavailable
from app.journal.index import INDEX_FILE
from app.journal.segment import create, segment_file, segments_in
from app.journal.segments import SegmentMissing, Segments
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.conditions import Compare, Literal, PropertyRef
from app.model.events import (
    AttemptCall,
    Call,
    CallChanged,
    Cause,
    DeviceEvent,
    Entry,
    Input,
    Load,
    Outcome,
    PropertyChanged,
    Reading,
    Sample,
    Samples,
    Started,
)
from app.model.plan import AlertPlan, CallPlan, Plan, Rule, Shape, TwinPlan
from app.model.time import Micros

T: Micros = 1_767_323_045_000_000
Item = tuple[Micros, Input, Outcome]


def reading(value: float, twin: str = "pump_123") -> Item:
    sample = Sample(twin, "flow_rate", value, T)
    change = PropertyChanged(twin, "flow_rate", value, "good", T, T, True)
    return T, Samples((Reading("opcua", T, (sample,)),)), Outcome(changes=(change,))


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    opened = SqliteJournal.open(tmp_path / "journal", keep=0)
    yield opened
    await opened.close()


def values(entries: list[Entry]) -> list[float]:
    return [entry.outcome.changes[0].value for entry in entries]


async def test_an_empty_journal_has_nothing(journal: SqliteJournal) -> None:
    assert journal.last_sequence == 0
    assert journal.read(0) == []
    assert journal.snapshot() is None
    assert journal.cursor("graph") == journal.cursor("never heard of") == 0
    assert await journal.append([]) == 0


async def test_numbers_rise_by_one_over_appends_and_reopening(tmp_path: Path) -> None:
    first = SqliteJournal.open(tmp_path)
    assert await first.append([reading(1), reading(2)]) == 2
    assert await first.append([reading(3)]) == 3
    await first.close()
    second = SqliteJournal.open(tmp_path)
    assert second.last_sequence == 3
    assert await second.append([reading(4)]) == 4
    assert values(second.read(0)) == [1, 2, 3, 4]
    assert values(second.read(1, limit=2)) == [2, 3]
    assert [entry.sequence for entry in second.read(2)] == [3, 4]
    await second.close()


async def test_every_kind_of_content_comes_back_the_same(journal: SqliteJournal) -> None:
    cause = Cause("call", "call-1", T, Cause("behavior", "pump_123/stop", T))
    call = Call("call-1", "pump_123", "decided", T, cause, method="stop", arguments={"delay": 2.5, "why": "heiß"})
    condition = Compare("==", PropertyRef(None, "status"), Literal("fault"))
    rule = Rule("stop", condition, (AlertPlan("A1", "error", "hot", False, True), CallPlan(None, "stop", {"n": 2**63})))
    plan = Plan(7, (Shape("s1", rules=(rule,)),), (TwinPlan("pump_123", "pump", "s1", 3, 1, ("status",)),))
    event = DeviceEvent("pump_123", "fault", T, {"codes": [1, None, {"deep": True}], "at": -0.0})
    items: list[Item] = [
        (T, Started(), Outcome()),
        (T + 1, Load(plan, "ann"), Outcome(calls=(CallChanged(call, T, send=True),))),
        (T + 2, Samples((Reading("mqtt", T, events=(event,)),)), Outcome(refused="X no")),
        (T + 3, AttemptCall("call-1"), Outcome()),
    ]
    await journal.append(items)
    assert [(entry.now, entry.input, entry.outcome) for entry in journal.read(0)] == items


async def test_appends_that_arrive_during_a_commit_go_together_into_the_next(journal: SqliteJournal) -> None:
    before = journal.commits
    last = await asyncio.gather(*(journal.append([reading(n)]) for n in range(200)))
    assert last == list(range(1, 201)), "each is told its own number, in the order of the calls"
    assert journal.commits - before <= 20
    assert values(journal.read(0)) == list(range(200))


async def test_an_append_whose_caller_goes_away_is_kept(journal: SqliteJournal) -> None:
    task = asyncio.create_task(journal.append([reading(1)]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await journal.append([reading(2)]) == 2
    assert values(journal.read(0)) == [1, 2]


async def test_a_second_opener_is_refused_and_told_the_folder(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    with pytest.raises(Misconfigured) as refused:
        SqliteJournal.open(tmp_path)
    assert refused.value.code == "JOURNAL_IN_USE"
    assert str(tmp_path) in refused.value.message
    assert str(os.getpid()) in refused.value.message
    await journal.close()
    again = SqliteJournal.open(tmp_path)
    await again.close()


@pytest.mark.parametrize("replaced", [False, True])
async def test_nothing_is_committed_once_the_lock_file_is_another(journal: SqliteJournal, replaced: bool) -> None:
    await fill(journal, 1)
    lock = journal._lock._path
    lock.unlink()
    if replaced:
        lock.touch()
    with pytest.raises(Unavailable) as caught:
        await fill(journal, 1)
    assert caught.value.code == "JOURNAL_LOCK_LOST"
    assert journal.last_sequence == 1


async def test_closing_twice_is_fine_and_using_it_afterwards_is_not(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    await journal.close()
    await journal.close()
    for use in (journal.append([reading(1)]), journal.advance("graph", 1), journal.save_snapshot(0, b"")):
        with pytest.raises(Unavailable) as refused:
            await use
        assert refused.value.code == "JOURNAL_CLOSED"
    with pytest.raises(Unavailable):
        journal.read(0)
    with pytest.raises(Unavailable):
        journal.cursor("graph")


async def damage(folder: Path, statement: str, *arguments: object, file: str = "") -> None:
    with sqlite3.connect(folder / file if file else segment_file(folder, 1)) as connection:
        connection.execute(statement, arguments)
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = substr(body, 1, length(body) - 1) WHERE sequence = 2",
        "UPDATE entries SET body = zeroblob(length(body)) WHERE sequence = 2",
        "UPDATE entries SET now = now + 1 WHERE sequence = 2",
        "UPDATE entries SET body = (SELECT body FROM entries WHERE sequence = 1), "
        "crc = (SELECT crc FROM entries WHERE sequence = 1) WHERE sequence = 2",
        "DELETE FROM entries WHERE sequence = 2",
    ],
)
async def test_a_record_that_is_damaged_meanwhile_is_named_and_the_others_stay_readable(
    tmp_path: Path, statement: str
) -> None:
    journal = SqliteJournal.open(tmp_path)
    await journal.append([reading(1), reading(2), reading(3)])
    await damage(tmp_path, statement)
    with pytest.raises(Unavailable) as found:
        journal.read(0)
    assert found.value.code == "JOURNAL_DAMAGED"
    assert "record 2 " in found.value.message
    assert values(journal.read(0, limit=1)) == [1]
    assert values(journal.read(2)) == [3]
    await journal.close()


@pytest.mark.parametrize("body", [msgspec.msgpack.encode(({"type": "from_the_future"}, {})), b"\x92\xa2\xff\xfe\x80"])
async def test_a_record_of_another_version_is_not_called_damaged(tmp_path: Path, body: bytes) -> None:
    from app.journal.codec import checksum

    journal = SqliteJournal.open(tmp_path)
    await journal.append([reading(1)])
    await journal.close()
    await damage(tmp_path, "UPDATE entries SET body = ?, crc = ?", body, checksum(1, T, body))
    journal = SqliteJournal.open(tmp_path)
    with pytest.raises(Misconfigured) as found:
        journal.read(0)
    assert found.value.code == "JOURNAL_FORMAT"
    await journal.close()


async def test_a_journal_of_another_format_is_refused(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    await journal.close()
    await damage(tmp_path, "PRAGMA user_version = 99", file=INDEX_FILE)
    for _ in range(2):  # the refusal gives the lock back
        with pytest.raises(Misconfigured) as refused:
            SqliteJournal.open(tmp_path)
        assert refused.value.code == "JOURNAL_FORMAT"


@pytest.mark.parametrize(
    "content", [b"this is no database at all, but long enough" * 40, b"SQLite format 3\0" + b"\xff" * 4096]
)
async def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / INDEX_FILE).write_bytes(content)
    with pytest.raises(Misconfigured) as refused:
        SqliteJournal.open(tmp_path)
    assert refused.value.code == "JOURNAL_UNUSABLE"


async def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / INDEX_FILE) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(Misconfigured) as refused:
        SqliteJournal.open(tmp_path)
    assert refused.value.code == "JOURNAL_UNUSABLE"


async def test_a_folder_that_cannot_be_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Misconfigured) as refused:
        SqliteJournal.open(tmp_path / "file" / "journal")
    assert refused.value.code == "JOURNAL_UNUSABLE"


# ---------------------------------------------------------------- snapshot, cursors, compaction


async def fill(journal: SqliteJournal, count: int) -> None:
    await journal.append([reading(n) for n in range(journal.last_sequence + 1, journal.last_sequence + count + 1)])


def first_kept(folder: Path) -> int:
    return segments_in(folder)[0]


async def test_segments_are_filled_and_read_across(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, segment=SegmentSize(records=4))
    for n in range(1, 11):
        await journal.append([reading(n)])
    await journal.append([reading(n) for n in range(11, 20)])  # one commit is never parted
    await journal.append([reading(20)])
    assert segments_in(tmp_path) == [1, 5, 9, 20]
    assert values(journal.read(0)) == list(range(1, 21))
    assert values(journal.read(3, limit=3)) == [4, 5, 6]
    assert values(journal.read(4, limit=1)) == [5]
    assert [values(journal.read(after, limit=100)) for after in (19, 20)] == [[20], []]
    await journal.close()
    journal = SqliteJournal.open(tmp_path, segment=SegmentSize(records=4))
    await journal.append([reading(21)])
    assert segments_in(tmp_path) == [1, 5, 9, 20, 21], "every run begins one"
    assert values(journal.read(18)) == [19, 20, 21]
    await journal.close()


async def test_a_stopped_journal_is_whole_files_with_nothing_beside_them(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, segment=SegmentSize(records=2))
    for number in range(1, 6):
        await journal.append([reading(number)])
        assert values(journal.read(0)) == list(range(1, number + 1))  # its readers are open too
    await journal.close()
    assert not [path.name for path in tmp_path.iterdir() if path.name.endswith("-wal") and path.stat().st_size]


async def test_a_segment_is_full_by_what_its_records_hold(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, segment=SegmentSize(bytes=20_000))
    for number in range(1, 6):
        await journal.append([reading(number, "x" * 6000)])
    assert segments_in(tmp_path) == [1, 3, 5]
    await journal.close()


async def test_a_run_that_was_killed_before_its_first_record_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    await journal.append([reading(1)])
    await journal.close()
    create(segment_file(tmp_path, 2))
    journal = SqliteJournal.open(tmp_path)
    assert values(journal.read(0)) == [1]
    await journal.append([reading(2)])
    assert values(journal.read(0)) == [1, 2]
    assert segments_in(tmp_path) == [1, 2]
    await journal.close()


async def test_compaction_removes_whole_segments_behind_the_snapshot_and_the_lowest_cursor(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, keep=0, segment=SegmentSize(records=1))
    for _ in range(10):
        await fill(journal, 1)
    await journal.save_snapshot(8, b"state at 8")
    assert first_kept(tmp_path) == 1, "the graph has nothing yet"
    await journal.advance("graph", 5)
    await journal.advance("history", 3)
    await journal.save_snapshot(9, b"state at 9")
    assert first_kept(tmp_path) == 4
    await journal.advance("history", 10)
    await journal.advance("graph", 10)
    await journal.save_snapshot(9, b"state at 9")
    assert first_kept(tmp_path) == 10
    assert journal.snapshot() == (9, b"state at 9")
    with pytest.raises(Unavailable) as gone:
        journal.read(8)
    assert gone.value.code == "JOURNAL_COMPACTED"
    await journal.close()


async def test_a_cursor_that_is_dropped_holds_nothing_back(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, keep=0, segment=SegmentSize(records=1))
    for _ in range(10):
        await fill(journal, 1)
    await journal.advance("graph", 10)
    await journal.advance("gone", 2)
    assert journal.cursors()["gone"] == 2
    await journal.save_snapshot(9, b"")
    assert first_kept(tmp_path) == 3
    await journal.drop("gone")
    await journal.drop("gone")
    assert journal.cursors() == {"graph": 10}
    await journal.save_snapshot(9, b"")
    assert first_kept(tmp_path) == 10
    await journal.close()


async def test_compaction_leaves_the_last_records_for_those_who_resume(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, keep=4, segment=SegmentSize(records=1))
    for _ in range(10):
        await fill(journal, 1)
    await journal.advance("graph", 10)
    await journal.save_snapshot(10, b"")
    assert values(journal.read(6)) == [7, 8, 9, 10]
    with pytest.raises(Unavailable) as gone:
        journal.read(5)
    assert gone.value.code == "JOURNAL_COMPACTED"
    await journal.close()


async def test_numbers_never_repeat_however_much_is_compacted_away(tmp_path: Path) -> None:
    size = SegmentSize(records=100)
    journal = SqliteJournal.open(tmp_path, keep=0, segment=size)
    for _ in range(9):
        await fill(journal, 50)
    await journal.advance("graph", 450)
    await journal.save_snapshot(450, b"all")
    assert segments_in(tmp_path) == [401]
    await journal.close()
    journal = SqliteJournal.open(tmp_path, keep=0, segment=size)
    assert journal.last_sequence == 450
    assert journal.read(450) == []
    assert await journal.append([reading(1)]) == 451
    assert journal.cursor("graph") == 450
    await journal.close()


async def test_compaction_gives_the_space_back_at_once(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, keep=0, segment=SegmentSize(records=400))
    sizes = []
    for _ in range(6):
        await fill(journal, 400)
        await journal.advance("graph", journal.last_sequence)
        await journal.save_snapshot(journal.last_sequence, b"")
        sizes.append(sum(file.stat().st_size for file in tmp_path.glob("segment-*.sqlite")))
    assert sizes[-1] <= sizes[1]
    await journal.close()


async def test_one_who_reads_a_segment_reads_it_to_its_end_though_it_is_removed(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, keep=0, segment=SegmentSize(records=10))
    for _ in range(2):
        await fill(journal, 10)
    await fill(journal, 10)
    reader = Segments(tmp_path)
    assert len(reader.rows(0, 5)) == 5
    await journal.advance("graph", 30)
    await journal.save_snapshot(30, b"")
    assert segments_in(tmp_path) == [21]
    assert len(reader.rows(5, 5)) == 5
    with pytest.raises(SegmentMissing):
        reader.rows(5, 100)
    reader.close()
    await journal.close()


async def test_an_empty_journal_can_begin_behind_an_older_graph(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    await journal.start_after(500)
    assert journal.last_sequence == journal.cursor("graph") == 500
    assert journal.read(0) == journal.read(500) == []
    assert await journal.append([reading(1)]) == 501
    with pytest.raises(Conflict) as refused:
        await journal.start_after(900)
    assert refused.value.code == "JOURNAL_NOT_EMPTY"
    await journal.close()
    journal = SqliteJournal.open(tmp_path, cursors=("graph", "history"))
    assert journal.last_sequence == 501
    assert journal.cursor("history") == 500
    assert [entry.sequence for entry in journal.read(0)] == [501]
    await journal.close()


async def test_a_damaged_snapshot_is_said_and_a_half_written_one_never_seen(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    file = tmp_path / "journal" / "snapshot"
    await journal.save_snapshot(0, b"x" * 1000)
    (tmp_path / "journal" / "snapshot.new").write_bytes(b"killed while writ")
    assert journal.snapshot() == (0, b"x" * 1000)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    for bad in (bytes(content), b"", bytes(content[:-20])):
        file.write_bytes(bad)
        with pytest.raises(Unavailable) as found:
            journal.snapshot()
        assert found.value.code == "JOURNAL_DAMAGED"


async def test_a_snapshot_that_cannot_be_written_leaves_the_former_one(journal: SqliteJournal, tmp_path: Path) -> None:
    await journal.save_snapshot(0, b"good")
    (tmp_path / "journal" / "snapshot.new").mkdir()
    with pytest.raises(Unavailable) as found:
        await journal.save_snapshot(0, b"newer")
    assert found.value.code == "SNAPSHOT_FAILED"
    assert journal.snapshot() == (0, b"good")
