"""Changed rules beside the running ones, over a real journal, and in a process of its own."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from app.engine.engine import Engine
from app.errors import TwinOverlayError
from app.journal.retention import Retention
from app.journal.segment import segment_file
from app.journal.sqlite import SqliteJournal
from app.model.beside import Beside, Compared, Comparison
from app.model.conditions import Held
from app.model.events import AcknowledgeAlert, Reading, Samples
from app.model.plan import OwnerKey, Plan, Shape
from app.model.time import SECOND
from app.past import Past, run
from tests.engine.plant import (
    STATION,
    Plant,
    alert,
    call,
    compare,
    hot,
    pump,
    pump_shape,
    rule,
    sample,
    sent,
    station,
    write,
)

P1 = OwnerKey("twin", "p1")


def plan(limit: float, revision: int) -> Plan:
    shape = pump_shape(rule("hot", hot(limit), alert("hot", "error"), call("stop")), shape_id=f"pump@{revision}")
    return Plan(revision, (shape,), (pump(shape_id=f"pump@{revision}", revision=revision),))


def lived() -> Plant:
    """Three peaks: 85, 95, 85 degrees; the first alert is acknowledged."""
    plant = Plant(plan=plan(80.0, 1))
    for peak in (85.0, 95.0, 85.0):
        plant.read(temperature=20.0)
        plant.read(temperature=peak)
        if peak == 85.0 and len(plant.engine.live.alerts) == 1:
            plant.do(AcknowledgeAlert(next(iter(plant.engine.live.alerts)), "eva"))
    plant.read(temperature=20.0)
    return plant


def journaled(folder: Path, plant: Plant) -> None:
    async def write_all() -> None:
        journal = SqliteJournal.open(folder, cursors=(), keep=0, retention=Retention(3600 * SECOND, 2**30))
        await journal.append([(entry.now, entry.input, entry.outcome) for entry in plant.journal])
        middle = Engine()
        for entry in plant.journal[:6]:
            middle.fold(entry)
        await journal.save_snapshot(6, middle.snapshot())
        await journal.close()

    asyncio.run(write_all())


def of(found: Beside, fact: str) -> list[Compared]:
    return [row for row in found.rows if row.fact == fact]


def test_what_changed_rules_would_have_done_is_told(tmp_path: Path) -> None:
    plant = lived()
    journaled(tmp_path, plant)
    found = run(tmp_path, Comparison(plan(80.0, 1), plan(90.0, 2), plant.journal[0].now, 60.0))
    assert found.whole
    assert found.entries == len(plant.journal)
    [activation] = of(found, "activation")
    assert (activation.owner, activation.behavior, activation.before, activation.after) == (P1, "hot", 3, 1)
    assert len(activation.gone) == 2
    assert activation.new == ()
    assert [(row.what, row.before, row.after) for row in of(found, "call")] == [("p1.stop", 3, 1)]
    assert [(row.what, row.before, row.after) for row in of(found, "alert")] == [("hot", 3, 1)]


def test_the_same_rules_differ_in_nothing(tmp_path: Path) -> None:
    plant = lived()
    journaled(tmp_path, plant)
    found = run(tmp_path, Comparison(plan(80.0, 1), plan(80.0, 2), plant.journal[0].now, 60.0))
    assert [row for row in found.rows if row.gone or row.new] == []
    assert {row.before for row in found.rows} == {3}


def test_only_what_is_asked_for_is_counted_whatever_it_starts_from(tmp_path: Path) -> None:
    plant = lived()
    middle = next(entry.sequence for entry in plant.journal if entry.outcome.alerts) + 1
    journaled(tmp_path, plant)
    found = run(tmp_path, Comparison(plan(80.0, 1), plan(90.0, 2), plant.journal[middle].now, 60.0))
    assert of(found, "activation")[0].before == 2
    assert found.began == plant.journal[middle].now


def test_whoever_the_changed_rules_set_off_is_run_too(tmp_path: Path) -> None:
    def both(limit: float, revision: int) -> Plan:
        shapes = (
            pump_shape(rule("low", compare("limit", "<", 10.0), alert("low"))),
            Shape(f"station@{revision}", rules=(rule("cool", compare("temperature", ">", limit, "primary"),
                                                     write("limit", 5.0, "backup")),)),
        )  # fmt: skip
        around = station({"primary": "p1", "backup": "p2"}, f"station@{revision}", revision)
        return Plan(revision, shapes, (pump(), pump("p2")), (around,))

    plant = Plant(plan=both(99.0, 1))
    for value in (20.0, 85.0, 20.0):
        plant.read(temperature=value)
    journaled(tmp_path, plant)
    changed = both(80.0, 2)
    after = Plan(2, changed.shapes, (), changed.overlays)
    found = run(tmp_path, Comparison(both(99.0, 1), after, plant.journal[0].now, 60.0))
    assert {(row.owner, row.behavior, row.before, row.after) for row in of(found, "activation")} == {
        (STATION, "cool", 0, 1),
        (OwnerKey("twin", "p2"), "low", 0, 1),
    }


def test_no_timer_overtakes_a_reading_that_was_received_before_its_moment_and_decided_after_it(tmp_path: Path) -> None:
    def lasting(code: str, revision: int) -> Plan:
        held = rule("lasting", Held(hot(), 10 * SECOND), alert(code))
        shape = pump_shape(held, rule("cold", hot(-1.0), call("stop")), shape_id=f"pump@{revision}")
        return Plan(revision, (shape,), (pump(shape_id=f"pump@{revision}", revision=revision),))

    plant = Plant(plan=lasting("hot", 1))
    plant.read(temperature=-5.0)
    plant.read(temperature=90.0)
    received = plant.now + 5 * SECOND
    late = Reading("opc", received, (sample("temperature", 70.0, received),))
    assert plant.do(Samples((late,)), 12 * SECOND).alerts == ()
    received = plant.now + SECOND
    plant.do(Samples((Reading("opc", received, (sample("temperature", -5.0, received),)),)), 3 * SECOND)
    received = plant.now + SECOND
    again = plant.do(Samples((Reading("opc", received, (sample("temperature", 5.0, received),)),)), 3 * SECOND)
    assert sent(again) == [("p1", "stop")]
    journaled(tmp_path, plant)
    found = run(tmp_path, Comparison(lasting("hot", 1), lasting("hotter", 2), plant.journal[0].now, 60.0))
    assert of(found, "alert") == []
    assert {(row.what, row.before, row.after) for row in of(found, "call")} == {("p1.stop", 2, 2)}


def test_a_run_that_may_take_no_time_says_that_it_is_not_whole(tmp_path: Path) -> None:
    plant = lived()
    journaled(tmp_path, plant)
    found = run(tmp_path, Comparison(plan(80.0, 1), plan(90.0, 2), plant.journal[0].now, 0.0))
    assert not found.whole


async def test_a_process_of_its_own_answers_the_same_and_tells_what_is_wrong(tmp_path: Path) -> None:
    plant = lived()
    await asyncio.to_thread(journaled, tmp_path, plant)
    comparison = Comparison(plan(80.0, 1), plan(90.0, 2), plant.journal[0].now, 60.0)
    assert await Past(tmp_path).compare(comparison) == run(tmp_path, comparison)
    with pytest.raises(TwinOverlayError) as missing:
        await Past(tmp_path / "nowhere").compare(comparison)
    assert missing.value.code == "JOURNAL_NOT_FOUND"
    with sqlite3.connect(segment_file(tmp_path, 1)) as connection:
        connection.execute("UPDATE entries SET crc = 0 WHERE sequence = 3")
    connection.close()
    with pytest.raises(TwinOverlayError) as damaged:
        await Past(tmp_path).compare(comparison)
    assert damaged.value.code == "JOURNAL_DAMAGED"


async def test_a_caller_that_goes_away_takes_the_process_along(tmp_path: Path) -> None:
    plant = lived()
    await asyncio.to_thread(journaled, tmp_path, plant)
    task = asyncio.create_task(Past(tmp_path).compare(Comparison(plan(80.0, 1), plan(90.0, 2), 0, 60.0)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
