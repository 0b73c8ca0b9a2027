"""What can happen to the files of a stopped journal: it is noticed, set aside, told, and never read as data.

TWIN_OVERLAY_TEST_FLIPS says how many bits are flipped (hypothesis examples), TWIN_OVERLAY_TEST_EVERY_BYTE=1 has a log
cut at every single byte.
"""

import asyncio
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import Misconfigured, TwinOverlayError, Unavailable
from app.journal.index import INDEX_FILE
from app.journal.reading import JournalReader
from app.journal.retention import Retention
from app.journal.salvage import DAMAGED_FOLDER
from app.journal.segment import segment_file, segments_in
from app.journal.sqlite import SqliteJournal
from app.journal.survey import look, survey
from app.journal.tail import SegmentSize
from app.model.events import Outcome, Reading, Sample, Samples
from app.model.time import SECOND
from tests.runtime.fakes import until

SIZE = SegmentSize(records=5)
LAST = 18
HOUR = 3600 * SECOND


def item(number: int) -> tuple[int, Samples, Outcome]:
    sample = Sample("pump_123", "note", f"{number}:" + "x" * 300, number)
    return number * HOUR, Samples((Reading("opcua", number, (sample,)),)), Outcome()


def opened(folder: Path, *, accept_gap: bool = False) -> SqliteJournal:
    retention = Retention(24 * HOUR, 2**30)  # everything is kept
    return SqliteJournal.open(folder, keep=0, retention=retention, segment=SIZE, accept_gap=accept_gap)


async def filled(folder: Path, *, snapshots: Sequence[int] = (), cursor: int = 0, killed: bool = False) -> None:
    """Segments of 1 to 5, 6 to 10, 11 to 15 and 16 to 18; `killed` leaves what a kill -9 leaves."""
    home = folder.with_name("living") if killed else folder
    journal = opened(home)
    for number in range(1, LAST + 1):
        await journal.append([item(number)])
        if number in snapshots:
            await journal.save_snapshot(number, f"state at {number}".encode())
    if cursor:
        await journal.advance("graph", cursor)
    if killed:
        logs = [segment_file(home, first).with_name(f"{segment_file(home, first).name}-wal") for first in (1, 6, 11)]
        await until(lambda: not any(log.exists() and log.stat().st_size for log in logs))
        shutil.copytree(home, folder, ignore=shutil.ignore_patterns("*-shm", "segment.spare*"))
    await journal.close()
    if killed:
        shutil.rmtree(home)


def everything(folder: Path) -> dict[str, str]:
    """What lies in the folder; not what SQLite and the lock make in passing."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", ".lock")) and path.stat().st_size + 1 > 1
    }


def numbers(journal: SqliteJournal, after: int = 0) -> list[int]:
    """Of the records that can be read; each holds what was written under its number."""
    found = []
    while entries := journal.read(after):
        for entry in entries:
            assert (entry.now, entry.input, entry.outcome) == item(entry.sequence)
            found.append(entry.sequence)
        after = entries[-1].sequence
    return found


def first_byte_of(content: bytes, number: int) -> int:
    return content.index(f"{number}:xxx".encode())


def flip(file: Path, at: int, bit: int = 0) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1 << bit
    file.write_bytes(content)


def spoil(folder: Path, number: int) -> None:
    """One bit in the text of one record."""
    file = next(segment_file(folder, first) for first in reversed(segments_in(folder)) if first <= number)
    flip(file, first_byte_of(file.read_bytes(), number) + 40)


# ---------------------------------------------------------------- who decides


async def test_a_gap_that_nobody_needs_is_told_and_the_server_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(tmp_path, snapshots=[12], cursor=14)
    before = segment_file(tmp_path, 6).read_bytes()
    segment_file(tmp_path, 6).write_bytes(b"")
    journal = opened(tmp_path)
    [gap] = journal.gaps()
    assert (gap.first, gap.last, gap.accepted) == (6, 10, False)
    assert gap.matters(0, {})[0].startswith("no snapshot is behind it")
    assert "records 6 to 10 cannot be read (segment-00000000000000000006.sqlite: the file is empty)" in caplog.text
    assert "nobody needs them any more" in caplog.text
    assert numbers(journal, 12) == list(range(13, LAST + 1))
    with pytest.raises(Unavailable) as damaged:
        journal.read(0)
    assert damaged.value.code == "JOURNAL_DAMAGED"
    assert "record 6 is damaged" in damaged.value.message
    await journal.append([item(LAST + 1)])
    await journal.close()
    assert (tmp_path / DAMAGED_FOLDER / f"{segment_file(tmp_path, 6).name}.1").read_bytes() == b""
    assert before
    caplog.clear()
    journal = opened(tmp_path)
    assert "JOURNAL" not in caplog.text, "it is known"
    assert [gap.first for gap in journal.gaps()] == [6]
    await journal.close()


@pytest.mark.parametrize(
    ("snapshot", "cursor", "missed"),
    [
        (7, 18, ["past the snapshot at 7: what was decided in it is not known"]),
        (18, 7, ["past the cursor 'graph' at 7: the graph lacks it"]),
        (8, 7, ["past the snapshot at 8", "past the cursor 'graph' at 7"]),
    ],
)
async def test_a_gap_that_is_still_needed_waits_for_a_person_and_nothing_is_changed(
    tmp_path: Path, snapshot: int, cursor: int, missed: list[str]
) -> None:
    await filled(tmp_path, snapshots=[snapshot], cursor=cursor)
    spoil(tmp_path, 9)
    before = everything(tmp_path)
    for _ in range(2):
        with pytest.raises(Misconfigured) as refused:
            opened(tmp_path)
        assert refused.value.code == "JOURNAL_DAMAGED"
        assert "--accept-journal-gap" in refused.value.hint
        told = str(refused.value)
        assert "segment-00000000000000000006.sqlite: JOURNAL_DAMAGED the checksum of record 9 is wrong" in told
        assert all("record 9 cannot be read" in told and why in told for why in missed)
        assert everything(tmp_path) == before
    journal = opened(tmp_path, accept_gap=True)
    assert [(gap.first, gap.last, gap.accepted, gap.noted) for gap in journal.gaps()] == [(9, 9, True, False)]
    assert numbers(journal) == [number for number in range(1, LAST + 1) if number != 9]
    assert numbers(journal, 8)[0] == numbers(journal, 9)[0] == 10
    await journal.noted()
    await journal.close()
    journal = opened(tmp_path)
    assert [gap.noted for gap in journal.gaps()] == [True]
    await journal.close()


async def test_what_is_damaged_is_set_aside_byte_for_byte(tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    await filled(folder, killed=True)
    log = segment_file(folder, 16).with_name(f"{segment_file(folder, 16).name}-wal")
    flip(log, 32 + 24 + 4096 + 24 + 4000)  # in its second frame: what is behind is no log to SQLite
    with sqlite3.connect(folder / INDEX_FILE) as connection:
        connection.execute("DELETE FROM marks")  # damaged too
    connection.close()
    spoil(folder, 7)
    damaged = [segment_file(folder, 6), folder / INDEX_FILE]
    spoiled = {f"{path.name}.1": path.read_bytes() for path in damaged}
    journal = opened(folder, accept_gap=True)
    assert numbers(journal, 5)[:4] == [6, 8, 9, 10]
    await journal.close()
    assert spoiled.items() <= {path.name: path.read_bytes() for path in (folder / DAMAGED_FOLDER).iterdir()}.items()


# ---------------------------------------------------------------- what can happen


async def test_a_missing_segment_is_missed_wherever_it_was(tmp_path: Path) -> None:
    for missing, gone, why in [
        (1, range(1, 6), "no file has them"),
        (6, range(6, 11), "no file has them"),
        (16, range(16, LAST + 1), "the journal ends before them"),
    ]:
        folder = tmp_path / f"without {missing}"
        await filled(folder)
        segment_file(folder, missing).unlink()
        with pytest.raises(Misconfigured) as refused:
            opened(folder)
        assert why in str(refused.value)
        journal = opened(folder, accept_gap=True)
        assert numbers(journal) == [number for number in range(1, LAST + 1) if number not in gone]
        assert await journal.append([item(LAST + 1)]) == LAST + 1, "no number is given out twice"
        assert numbers(journal)[-1] == LAST + 1
        await journal.close()


async def test_all_segments_may_be_missing(tmp_path: Path) -> None:
    await filled(tmp_path, snapshots=[10], cursor=18)
    for first in segments_in(tmp_path):
        segment_file(tmp_path, first).unlink()
    journal = opened(tmp_path, accept_gap=True)
    assert numbers(journal, 10) == []
    assert await journal.append([item(LAST + 1)]) == LAST + 1
    await journal.close()


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"this is no database at all, but long enough" * 400),
        lambda file: file.write_bytes(b"\0" * file.stat().st_size),
        lambda file: file.write_bytes(file.read_bytes()[:5000]),
        lambda file: another_programs(file),
    ],
)
async def test_a_file_that_is_no_segment_is_never_read_as_one(tmp_path: Path, spoilt: Callable[[Path], None]) -> None:
    await filled(tmp_path)
    spoilt(segment_file(tmp_path, 6))
    with pytest.raises(Misconfigured) as refused:
        opened(tmp_path)
    assert refused.value.code == "JOURNAL_DAMAGED"
    journal = opened(tmp_path, accept_gap=True)
    assert numbers(journal) == [*range(1, 6), *range(11, LAST + 1)]
    assert len(list((tmp_path / DAMAGED_FOLDER).iterdir())) == 1
    await journal.close()


def another_programs(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()


async def test_a_page_that_cannot_be_read_costs_the_records_on_it(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    for number in range(1, 201):
        await journal.append([item(number)])
    await journal.close()
    file = segment_file(tmp_path, 1)
    content = bytearray(file.read_bytes())
    page = first_byte_of(bytes(content), 100) // 4096 * 4096
    content[page : page + 4096] = b"\xa5" * 4096
    file.write_bytes(content)
    journal = SqliteJournal.open(tmp_path, accept_gap=True)
    [gap] = journal.gaps()
    assert gap.first <= 100 <= gap.last
    assert gap.last - gap.first < 12
    assert numbers(journal) == [number for number in range(1, 201) if not gap.first <= number <= gap.last]
    await journal.close()


async def test_a_log_that_is_cut_at_any_byte_leaves_what_was_before_it(tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    await filled(folder, killed=True)
    log = segment_file(folder, 16).with_name(segment_file(folder, 16).name + "-wal")
    whole = log.read_bytes()
    every = os.environ.get("TWIN_OVERLAY_TEST_EVERY_BYTE") == "1"
    frame = 4096 + 24
    begin, step = (0, 1) if every else (len(whole) - frame, 9)
    for length in range(begin, len(whole), step):
        log.write_bytes(whole[:length])
        newest = look(segment_file(folder, 16), 16, None, -1)
        assert newest.faults == (), length
        assert newest.present in ((), *(((16, last),) for last in range(16, LAST))), length
        if length % 101 == 0:
            copy = tmp_path / "copy"
            shutil.copytree(folder, copy)
            journal = opened(copy)
            assert numbers(journal) == list(range(1, newest.last + 1))
            assert await journal.append([item(newest.last + 1)]) == newest.last + 1
            await journal.close()
            shutil.rmtree(copy)
    log.write_bytes(whole)
    assert survey(folder).looks[-1].last == LAST


async def test_a_tail_that_a_cursor_or_the_snapshot_has_seen_is_missed(tmp_path: Path) -> None:
    for name, snapshots, cursor in (("graph", [], 17), ("snapshot", [17], 0), ("both", [16], 17)):
        folder = tmp_path / name
        await filled(folder, snapshots=snapshots, cursor=cursor, killed=True)
        file = segment_file(folder, 16)
        file.with_name(f"{file.name}-wal").unlink()
        with pytest.raises(Misconfigured) as refused:
            opened(folder)
        assert "records 16 to 17 cannot be read (the journal ends before them)" in str(refused.value)
        journal = opened(folder, accept_gap=True)
        assert await journal.append([item(18)]) == 18
        await journal.close()


async def test_a_stopped_journal_knows_its_end_to_the_last_record(tmp_path: Path) -> None:
    await filled(tmp_path)
    file = segment_file(tmp_path, 16)
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM entries WHERE sequence = ?", (LAST,))
    connection.close()
    with pytest.raises(Misconfigured) as refused:
        opened(tmp_path)
    assert f"record {LAST} cannot be read (the journal ends before them)" in str(refused.value)


# ---------------------------------------------------------------- the index and the snapshot


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"no database" * 900),
        lambda file: run_in(file, "UPDATE cursors SET sequence = 18"),
        lambda file: run_in(file, "UPDATE marks SET sequence = 9 WHERE name = 'removed_upto'"),
        lambda file: run_in(file, "PRAGMA user_version = 77"),
    ],
)
async def test_a_damaged_index_is_made_anew_and_no_cursor_is_believed_too_far(
    tmp_path: Path, spoilt: Callable[[Path], None]
) -> None:
    await filled(tmp_path, snapshots=[12], cursor=14)
    spoilt(tmp_path / INDEX_FILE)
    journal = opened(tmp_path)
    assert journal.cursor("graph") in (0, 14)
    assert numbers(journal) == list(range(1, LAST + 1))
    assert await journal.append([item(LAST + 1)]) == LAST + 1
    await journal.close()
    opened_again = opened(tmp_path)
    assert opened_again.gaps() == []
    await opened_again.close()


def run_in(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()


async def test_a_damaged_snapshot_has_a_former_one_and_then_the_beginning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(tmp_path, snapshots=[6, 12], cursor=14)
    flip(tmp_path / "snapshot", 22)
    journal = opened(tmp_path)
    assert journal.snapshot() == (6, b"state at 6")
    assert numbers(journal, 6) == list(range(7, LAST + 1))
    assert "its checksum is wrong" in caplog.text
    await journal.close()
    flip(tmp_path / "snapshot", 22)
    journal = opened(tmp_path)
    assert journal.snapshot() is None
    await journal.close()
    assert len(list((tmp_path / DAMAGED_FOLDER).iterdir())) == 2


async def test_without_any_snapshot_of_a_compacted_journal_only_a_copy_helps(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, keep=0, segment=SIZE)
    for number in range(1, LAST + 1):
        await journal.append([item(number)])
    await journal.advance("graph", LAST)
    await journal.save_snapshot(12, b"state")
    await journal.close()
    assert segments_in(tmp_path) == [11, 16]
    flip(tmp_path / "snapshot", 22)
    before = everything(tmp_path)
    for accept in (False, True):
        with pytest.raises(Misconfigured) as refused:
            opened(tmp_path, accept_gap=accept)
        assert refused.value.code == "JOURNAL_DAMAGED"
        assert "move it aside" in refused.value.hint
    assert everything(tmp_path) == before


# ---------------------------------------------------------------- kills in between, and other readers


async def test_a_salvage_that_was_killed_is_finished(tmp_path: Path) -> None:
    reference = tmp_path / "reference"
    await filled(reference)
    shutil.copytree(reference, tmp_path / "done")
    spoil(tmp_path / "done", 8)
    journal = opened(tmp_path / "done", accept_gap=True)
    await journal.close()
    salvaged = segment_file(tmp_path / "done", 6).read_bytes()
    name = segment_file(reference, 6).name
    for step in ("half written", "whole", "set aside"):
        folder = tmp_path / step
        shutil.copytree(reference, folder)
        spoil(folder, 8)
        shutil.copy(tmp_path / "done" / INDEX_FILE, folder / INDEX_FILE)  # where the gap is known, and accepted
        if step == "half written":
            (folder / f"{name}.salvaged.new").write_bytes(salvaged[:5000])
            (folder / f"{name}.salvaged.new-journal").write_bytes(b"hot")
        else:
            (folder / f"{name}.salvaged").write_bytes(salvaged)
        if step == "set aside":
            (folder / DAMAGED_FOLDER).mkdir()
            (folder / name).rename(folder / DAMAGED_FOLDER / f"{name}.1")
        journal = opened(folder)
        assert numbers(journal) == [number for number in range(1, LAST + 1) if number != 8]
        await journal.close()
        assert [path.name for path in (folder / DAMAGED_FOLDER).iterdir()] == [f"{name}.1"]
        assert not [path for path in folder.iterdir() if "salvaged" in path.name]


async def test_one_that_reads_beside_the_server_begins_behind_a_gap(tmp_path: Path) -> None:
    await filled(tmp_path, snapshots=[7, 12], cursor=14)
    spoil(tmp_path, 8)
    await opened(tmp_path).close()  # a start reads the records that it needs; these are a replay's
    reader = JournalReader.open(tmp_path)
    assert reader.starts() == [0, 7, 12]
    with pytest.raises(Unavailable) as spoilt:
        list(reader.entries(7))
    assert spoilt.value.code == "JOURNAL_DAMAGED"
    assert "record 8 " in spoilt.value.message
    reader.close()
    segment_file(tmp_path, 6).unlink()
    await opened(tmp_path).close()
    reader = JournalReader.open(tmp_path)
    assert reader.starts() == [12]
    with pytest.raises(Unavailable) as missing:
        list(reader.entries(7))
    assert missing.value.code == "JOURNAL_DAMAGED"
    assert "record 8 is damaged: it is missing" in missing.value.message
    reader.close()
    spoil(tmp_path, 14)
    journal = opened(tmp_path, accept_gap=True)
    await journal.close()
    reader = JournalReader.open(tmp_path)
    with pytest.raises(Unavailable) as gap:
        reader.starts()
    assert gap.value.code == "JOURNAL_GAP"
    reader.close()


async def test_a_graph_that_is_ahead_is_gone_on_behind_once_a_person_says_so(tmp_path: Path) -> None:
    await filled(tmp_path)
    journal = opened(tmp_path, accept_gap=True)
    await journal.lose(30, "the graph has them")
    assert journal.last_sequence == 30
    assert await journal.append([item(31)]) == 31
    assert numbers(journal) == [*range(1, LAST + 1), 31]
    await journal.close()
    journal = opened(tmp_path)
    assert numbers(journal, 25) == [31]
    await journal.close()


# ---------------------------------------------------------------- any bit


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flips") / "killed"
    asyncio.run(filled(folder, snapshots=[6, 12], cursor=14, killed=True))
    return folder


@settings(
    max_examples=int(os.environ.get("TWIN_OVERLAY_TEST_FLIPS", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whichever_bit_is_flipped_nothing_wrong_is_read_and_nothing_lost_goes_unsaid(
    killed: Path, tmp_path: Path, data: st.DataObject
) -> None:
    names = sorted(
        path.name for path in killed.iterdir() if path.stat().st_size and not path.name.endswith(("-shm", ".lock"))
    )
    name = data.draw(st.sampled_from(names))
    size = (killed / name).stat().st_size
    folder = tmp_path / "flipped"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(killed, folder, ignore=shutil.ignore_patterns("*-shm"))
    flip(folder / name, data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, 7)))
    asyncio.run(_bears(folder))


async def _bears(folder: Path) -> None:
    try:
        journal = opened(folder)
    except TwinOverlayError as error:
        assert error.code == "JOURNAL_DAMAGED"  # noqa: PT017 - either it opens, or it says this
        journal = opened(folder, accept_gap=True)
    snapshot = journal.snapshot()
    after = snapshot[0] if snapshot is not None else 0
    assert snapshot in ((6, b"state at 6"), (12, b"state at 12"), None)
    gone = {number for gap in journal.gaps() for number in range(gap.first, gap.last + 1)}
    read = numbers(journal, after)
    last = journal.last_sequence
    assert read == [number for number in range(after + 1, last + 1) if number not in gone]
    assert last >= 14, "what the graph has seen is never given out again"
    assert await journal.append([item(last + 1)]) == last + 1
    await journal.advance("graph", last + 1)
    await journal.save_snapshot(last + 1, b"state")
    await journal.close()
    journal = opened(folder)
    assert (journal.last_sequence, journal.snapshot()) == (last + 1, (last + 1, b"state"))
    await journal.close()
