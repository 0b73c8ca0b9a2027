"""A behavior's last turn before a moment is found in the records as long as they are there, over all segments."""

from pathlib import Path

import pytest

from app.engine.account import explain_turn
from app.errors import NotFound, Unavailable
from app.explain.english import paragraph
from app.journal import turns
from app.journal.retention import Retention
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.events import AttemptCall, CallResult, Reading, Samples, SetManual
from app.model.plan import BehaviorKey, OwnerKey
from app.model.time import SECOND, Micros
from tests.engine.plant import T0, Plant, alert, call, compare, hot, rule, sample, write

P1 = OwnerKey("twin", "p1")
HOT, HAND = BehaviorKey(P1, "hot"), BehaviorKey(P1, "hand")


async def laid_down(folder: Path, plant: Plant, records: int = 4) -> SqliteJournal:
    journal = SqliteJournal.open(
        folder, cursors=(), keep=0, retention=Retention(10**12, 2**30), segment=SegmentSize(records=records)
    )
    for entry in plant.journal:
        await journal.append([(entry.now, entry.input, entry.outcome)])
    return journal


def busy() -> Plant:
    """Hot at 5 s and 11 s after T0, cold at 8 s and 14 s; in between there is much else."""
    plant = Plant(rule("hot", hot(), alert(), call("start")), rule("hand", compare("mode", "==", "hand")))
    plant.read(temperature=20.0)
    for value in (90.0, 91.0, 92.0, 20.0, 21.0, 22.0, 95.0, 96.0, 97.0, 30.0, 31.0, 32.0):
        plant.read(temperature=value)
    return plant


def turn(folder: Path, seconds: float, key: BehaviorKey = HOT, within: float = 20.0) -> tuple[str, int] | None:
    """(state, when in seconds after T0)."""
    found = turns.last_turn(folder, key, T0 + round(seconds * SECOND), within)
    return (found.fact.state, (found.fact.at - T0) // SECOND) if found is not None else None


async def test_the_last_one_up_to_a_moment_is_found_in_whatever_segment_it_lies(tmp_path: Path) -> None:
    journal = await laid_down(tmp_path, busy())
    assert [turn(tmp_path, at) for at in (3.9, 4, 4.9, 5, 7.9, 8, 10.9, 11, 13.9, 14, 900)] == [
        None,
        ("inactive", 4),
        ("inactive", 4),
        ("active", 5),
        ("active", 5),
        ("inactive", 8),
        ("inactive", 8),
        ("active", 11),
        ("active", 11),
        ("inactive", 14),
        ("inactive", 14),
    ]
    assert turn(tmp_path, 900, HAND) is None  # of whom nothing was ever known
    assert turn(tmp_path, 900, BehaviorKey(OwnerKey("overlay", "p1"), "hot")) is None
    await journal.close()
    assert turn(tmp_path, 12) == ("active", 11)


async def test_it_explains_itself_with_the_values_and_calls_of_then(tmp_path: Path) -> None:
    journal = await laid_down(tmp_path, busy())
    found = turns.last_turn(tmp_path, HOT, T0 + 7 * SECOND, 20.0)
    assert found is not None
    explanation = explain_turn(found.fact, found.calls)
    assert explanation.basis is not None
    assert [read.fact.value for read in explanation.basis.reads] == [90.0]
    assert [it.method for it in explanation.calls] == ["start"]
    told = paragraph(explanation)
    assert told.startswith("Behavior 'hot' of twin 'p1' became active at 2025-12-29 09:20:05.000 UTC, because its")
    assert "Temperature of 'p1' was 90.0 celsius, above 80.0 celsius" in told
    await journal.close()


async def test_one_that_was_received_before_the_moment_and_decided_after_it_counts(tmp_path: Path) -> None:
    plant = Plant(rule("hot", hot(), alert()))
    at = plant.now + 2 * SECOND
    plant.do(Samples((Reading("opc", at, (sample("temperature", 90.0, at),)),)), 30 * SECOND)
    journal = await laid_down(tmp_path, plant)
    assert turn(tmp_path, (at - T0) / SECOND) == ("active", (at - T0) // SECOND)
    await journal.close()


async def test_what_is_told_of_actions_between_two_turns_is_no_turn(tmp_path: Path) -> None:
    plant = Plant(rule("hot", hot(), call("start", required=True), write("mode", "hand")))
    plant.read(temperature=20.0)
    outcome = plant.read(temperature=90.0)
    plant.do(AttemptCall(outcome.calls[0].call.call_id))
    plant.do(CallResult(outcome.calls[0].call.call_id, "accepted"))
    assert len([it for it in plant.journal[-1].outcome.behaviors if it.key == HOT]) == 1
    journal = await laid_down(tmp_path, plant)
    assert turn(tmp_path, 900) == ("active", 5)
    await journal.close()


async def test_what_the_journal_no_longer_has_is_said_with_how_far_it_reaches(tmp_path: Path) -> None:
    plant = busy()
    journal = SqliteJournal.open(
        tmp_path, cursors=(), keep=0, retention=Retention(0, 0), segment=SegmentSize(records=4)
    )
    for entry in plant.journal:
        last = await journal.append([(entry.now, entry.input, entry.outcome)])
        if last == 12:
            await journal.save_snapshot(last, b"twelve")
    with pytest.raises(NotFound) as error:
        turn(tmp_path, 6)
    assert error.value.code == "HISTORY_NOT_KEPT"
    assert "behavior 'hot' of twin 'p1' stood at 2025-12-29T09:20:06" in error.value.message
    assert "which reaches back to 2025-12-29T09:20:" in error.value.message
    assert turn(tmp_path, 900) == ("inactive", 14)
    await journal.close()


async def test_it_looks_for_so_long_and_no_longer(tmp_path: Path) -> None:
    plant = Plant(rule("hand", compare("mode", "==", "hand")), rule("hot", hot()))
    plant.do(SetManual("p1", "mode", "hand", "eva"))
    journal = await laid_down(tmp_path, plant, records=10**6)
    now: Micros = plant.now
    await journal.append([(now + number, Samples(()), plant.journal[0].outcome) for number in range(5000)])
    with pytest.raises(Unavailable) as error:
        turn(tmp_path, 10**6, HOT, within=0.0)
    assert error.value.code == "HISTORY_TOO_LONG"
    assert turn(tmp_path, 10**6, HAND) == ("active", 4)
    await journal.close()
