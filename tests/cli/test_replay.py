"""`twin-overlay replay`: a real journal of a real engine, run again; and one in which an outcome was changed."""

import asyncio
import sqlite3
from pathlib import Path

import msgspec
from typer.testing import CliRunner

from app.__main__ import app
from app.engine.engine import Engine
from app.journal.codec import checksum, encode
from app.journal.retention import Retention
from app.journal.segment import segment_file
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.events import EngineSettings, Entry, SetManual, Started
from app.model.time import SECOND
from tests.engine.plant import Plant, alert, call, compare, hot, rule, write

RULES = (
    rule("hot", hot(), alert("hot", "error"), call("stop"), write("limit", 5.0)),
    rule("low", compare("limit", "<", 10.0), alert("low")),
)


def lived() -> Plant:
    plant = Plant(*RULES)
    for number in range(20):
        plant.read(temperature=60.0 + number * 2, status="running")
    plant.do(SetManual("p1", "limit", 50.0, "eva"))
    plant.silent()
    plant.do(Started(EngineSettings(max_skew=SECOND)))
    plant.alive()
    plant.read(temperature=70.0)
    return plant


async def journaled(folder: Path, entries: list[Entry], snapshots: dict[int, bytes] | None = None) -> None:
    size = SegmentSize(records=min(snapshots) // 2) if snapshots else SegmentSize()
    journal = SqliteJournal.open(folder / "journal", cursors=(), keep=0, retention=Retention(0, 0), segment=size)
    for entry in entries:
        await journal.append([(entry.now, entry.input, entry.outcome)])
        if snapshots and entry.sequence in snapshots:
            await journal.save_snapshot(entry.sequence, snapshots[entry.sequence])
    await journal.close()


def run(folder: Path, *more: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["replay", "--data-dir", str(folder), *more])
    return result.exit_code, result.output


def test_a_journal_gives_the_same_outcomes_again(tmp_path: Path) -> None:
    plant = lived()
    asyncio.run(journaled(tmp_path, plant.journal))
    status, told = run(tmp_path, "--verify")
    assert status == 0, told
    last = plant.journal[-1].sequence
    assert f"replayed {last} entries 1 to {last}, from 2025-12-29T09:20:01.000000Z" in told
    assert "every outcome is equal byte for byte, and so is the state" in told
    assert run(tmp_path)[1].startswith(f"{last} entries can be replayed, 1 to {last}")


def test_a_compacted_journal_is_replayed_from_its_snapshot(tmp_path: Path) -> None:
    plant = lived()
    middle = 10
    source = Engine()
    for entry in plant.journal[:middle]:
        source.fold(entry)
    asyncio.run(journaled(tmp_path, plant.journal, {middle: source.snapshot()}))
    status, told = run(tmp_path, "--verify")
    assert status == 0, told
    assert f"entries {middle + 1} to {plant.journal[-1].sequence}" in told


def test_the_first_outcome_that_differs_is_shown_with_its_input(tmp_path: Path) -> None:
    plant = lived()
    asyncio.run(journaled(tmp_path, plant.journal))
    index = next(index for index, entry in enumerate(plant.journal) if entry.outcome.alerts)
    entry = plant.journal[index]
    with sqlite3.connect(segment_file(tmp_path / "journal", 1)) as connection:
        body = encode(entry.input, msgspec.structs.replace(entry.outcome, alerts=()))
        crc = checksum(entry.sequence, entry.now, body)
        connection.execute("UPDATE entries SET body = ?, crc = ? WHERE sequence = ?", (body, crc, entry.sequence))
    connection.close()
    status, told = run(tmp_path, "--verify")
    assert status == 1
    assert f"entry {entry.sequence} of " in told
    assert '"temperature", 82.0' in told
    assert "recorded alerts: null" in told
    assert 'decided  alerts: [{"alert": {"alert_id": "alert-' in told
    assert "changes" not in told.split("input:")[1].split("\n", 1)[1]


def test_an_empty_journal_and_no_journal_are_said(tmp_path: Path) -> None:
    asyncio.run(journaled(tmp_path, []))
    assert run(tmp_path, "--verify") == (
        0,
        "the journal has no entries behind its oldest state: nothing to replay\n",
    )
    status, told = run(tmp_path / "nowhere", "--verify")
    assert status == 1
    assert "there is no journal in" in told
