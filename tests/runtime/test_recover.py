"""Start: the state is what it was, by folding and never by deciding."""

from pathlib import Path

import pytest

from app.errors import Misconfigured, Unavailable
from app.journal.segment import segment_file
from app.journal.sqlite import SqliteJournal
from app.model.events import Outcome, RequestCall, SetManual
from app.runtime.recover import agree, recover
from tests.runtime.fakes import FakeGraph, LastValueEngine, until
from tests.runtime.installation import reading, running


@pytest.mark.parametrize("snapshot_every", [1000, 7])
async def test_a_killed_installation_has_its_state_again(tmp_path: Path, snapshot_every: int) -> None:
    async with running(tmp_path, snapshot_every=snapshot_every) as plant:
        for number in range(500):
            plant.ingest.offer(reading(("a/x", number), ("b/x", -number)))
            if number % 10 == 0:
                await plant.ingest.submit(RequestCall(f"c{number}", f"t{number}", "ann", method="start"))
        sequence, _ = await plant.ingest.submit(SetManual("a", "y", 1, "ann"))
        state = plant.engine.snapshot()
        sequence = plant.engine.live.sequence
        before = plant.engine
    journal = SqliteJournal.open(tmp_path)
    engine = LastValueEngine()
    assert recover(engine, journal) == journal.last_sequence >= sequence
    assert engine.decided == []
    assert engine.live.sequence == journal.last_sequence
    if journal.last_sequence == sequence:
        assert engine.snapshot() == state
    assert engine.state == before.state
    await journal.close()


async def test_a_snapshot_newer_than_its_journal_is_damage(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    await journal.save_snapshot(12, LastValueEngine().snapshot())
    with pytest.raises(Unavailable) as found:
        recover(LastValueEngine(), journal)
    assert found.value.code == "JOURNAL_DAMAGED"
    await journal.close()


async def test_a_lost_snapshot_is_said_rather_than_half_the_state_restored(tmp_path: Path) -> None:
    async with running(tmp_path, snapshot_every=1000) as plant:
        for number in range(20):
            await plant.ingest.submit(SetManual("a", "y", number, "ann"))
        await plant.journal.advance("graph", 20)
        await plant.journal.save_snapshot(15, plant.engine.snapshot())
    (tmp_path / "snapshot").unlink()
    for accept in (False, True):
        with pytest.raises(Misconfigured) as refused:
            SqliteJournal.open(tmp_path, accept_gap=accept)
        assert refused.value.code == "JOURNAL_DAMAGED"


async def test_a_gap_that_was_accepted_is_folded_over(tmp_path: Path) -> None:
    async with running(tmp_path, snapshot_every=1000) as plant:
        for number in range(20):
            plant.ingest.offer(reading((f"a/y{number}", number)))
            await until(lambda: plant.journal.last_sequence == number + 1)  # noqa: B023 - awaited here
        await plant.journal.save_snapshot(3, LastValueEngine().snapshot())
    segment_file(tmp_path, 6).unlink()
    journal = SqliteJournal.open(tmp_path, accept_gap=True)
    engine = LastValueEngine()
    assert recover(engine, journal) == 20
    assert [(gap.first, gap.last, gap.accepted) for gap in journal.gaps()] == [(6, 10, True)]
    assert len(engine.state.values) == 20 - 3 - 5
    assert await agree(journal, FakeGraph(cursor=25)) == 25, "and so is a graph that is ahead"
    assert journal.last_sequence == 25
    assert (await journal.append([(1, SetManual("a", "z", 1, "ann"), Outcome())])) == 26
    await journal.close()


async def test_a_journal_that_begins_behind_a_graph_recovers_to_its_beginning(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    await journal.start_after(500)
    engine = LastValueEngine()
    assert recover(engine, journal) == 500
    assert engine.live.sequence == 500
    await journal.close()
