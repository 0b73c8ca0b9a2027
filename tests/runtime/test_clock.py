"""Somebody sets the machine's clock: time goes on, no reading is old the moment it arrives, and nothing comes early."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from prometheus_client import CollectorRegistry

from app.engine.engine import Engine
from app.journal.sqlite import SqliteJournal
from app.model.conditions import Compare, Every, Held, Literal, PropertyRef
from app.model.events import ClockStepped, Load, PathStatus, Reading, Sample, SourceStatus, Started
from app.model.plan import OwnerKey, Plan, PropertyPlan, Rule, Shape, TwinPlan
from app.model.time import SECOND, Micros
from app.runtime.bus import Bus
from app.runtime.clock import SystemClock
from app.runtime.ingest import Ingest
from app.runtime.metrics import Metrics
from app.runtime.recover import recover
from app.settings import IngestSettings
from tests.runtime.fakes import until

HOUR = 3600 * SECOND
T: Micros = 1_767_323_045 * SECOND
SHAPE = Shape("pump/1", (PropertyPlan("temperature", "float", stale_after=10 * SECOND),))
PLAN = Plan(1, (SHAPE,), (TwinPlan("pump", "pump", "pump/1", 1, 1, ("temperature",), True),))


class Hands:
    """A machine's wall clock and its steady one, both moved by hand."""

    def __init__(self) -> None:
        self.wall = T
        self.steady = 7 * SECOND

    def pass_by(self, seconds: float) -> None:
        self.wall += round(seconds * SECOND)
        self.steady += round(seconds * SECOND)

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall * 1000, lambda: self.steady * 1000)


def test_time_follows_the_wall_clock_forward_and_goes_on_by_itself_where_that_is_set_back() -> None:
    hands = Hands()
    clock = hands.clock()
    assert clock.now() == T
    hands.wall += HOUR  # the time service found the right time
    assert clock.now() == T + HOUR
    hands.wall -= HOUR
    assert clock.now() == T + HOUR
    hands.pass_by(2)
    assert clock.now() == T + HOUR + 2 * SECOND
    hands.wall += HOUR
    assert clock.now() == T + HOUR + 2 * SECOND


def test_time_goes_on_from_the_last_run_where_that_was_ahead() -> None:
    hands = Hands()
    clock = hands.clock()
    clock.never_before(T - HOUR)
    assert clock.now() == T
    clock.never_before(T + HOUR)
    hands.pass_by(3)
    assert clock.now() == T + HOUR + 3 * SECOND


@contextlib.asynccontextmanager
async def running(folder: Path, clock: SystemClock) -> AsyncIterator[tuple[Engine, Ingest]]:
    journal = SqliteJournal.open(folder)
    engine = Engine()
    recover(engine, journal)
    clock.never_before(engine.live.time)
    settings = IngestSettings(tick_seconds=0.001)
    ingest = Ingest(engine, journal, Bus(), clock, Metrics(CollectorRegistry()), settings, 5000)
    task = asyncio.create_task(ingest.run())
    try:
        await ingest.submit(Started())
        yield engine, ingest
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await journal.close()


async def hear(engine: Engine, ingest: Ingest, value: float, clock: SystemClock, device_time: Micros) -> None:
    sample = Sample("pump", "temperature", value, device_time)
    ingest.offer(Reading("opcua", clock.now(), (sample,)))
    last = engine.live.sequence
    await until(lambda: engine.live.sequence > last)
    for _ in range(20):  # ticks, none of which may find it stale
        await asyncio.sleep(0.001)


def known(engine: Engine) -> tuple[object, bool]:
    state = engine.live.property_state("pump", "temperature")
    assert state is not None
    return state.value, state.known


async def test_a_reading_is_fresh_although_the_clock_was_set_back(tmp_path: Path) -> None:
    hands = Hands()
    clock = hands.clock()
    async with running(tmp_path, clock) as (engine, ingest):
        await ingest.submit(Load(PLAN, starting=True))
        ingest.status(SourceStatus("opcua", (PathStatus("pump", True),)))
        await hear(engine, ingest, 20.0, clock, T)
        hands.wall -= HOUR
        await hear(engine, ingest, 21.0, clock, T + SECOND)
        assert known(engine) == (21.0, True)
        hands.pass_by(11)
        await until(lambda: not known(engine)[1])  # and it still falls stale in its time
    again = hands.clock()
    async with running(tmp_path, again) as (engine, ingest):
        ingest.status(SourceStatus("opcua", (PathStatus("pump", True),)))
        await hear(engine, ingest, 22.0, again, T + 12 * SECOND)
        assert known(engine) == (22.0, True)
        hands.pass_by(11)
        await until(lambda: not known(engine)[1])


# ---------------------------------------------------------------- nothing that waits comes early

HELD = Rule("hot", Held(Compare(">", PropertyRef(None, "temperature"), Literal(80.0)), 30 * SECOND))
DAILY = Rule("daily", Every((), 6 * 60, "UTC"), pulse=True)
WAITING = Plan(
    1,
    (Shape("pump/1", (PropertyPlan("temperature", "float", stale_after=60 * SECOND),), rules=(HELD, DAILY)),),
    (TwinPlan("pump", "pump", "pump/1", 1, 1, ("temperature",), True),),
)


def test_how_far_it_was_set_forward_is_kept_and_what_two_clocks_differ_by_is_not() -> None:
    hands = Hands()
    clock = hands.clock()
    assert (clock.now(), clock.set_forward(), clock.behind()) == (T, 0, 0)
    hands.wall += SECOND // 2
    assert (clock.now(), clock.set_forward()) == (T + SECOND // 2, 0)
    hands.wall += HOUR
    assert (clock.now(), clock.set_forward()) == (T + SECOND // 2 + HOUR, HOUR)
    hands.wall += HOUR
    clock.now()
    assert clock.set_forward() == 2 * HOUR
    hands.wall -= 3 * HOUR
    hands.pass_by(5)
    clock.now()
    assert (clock.set_forward(), clock.behind()) == (2 * HOUR, 3 * HOUR)
    hands.wall += HOUR
    clock.now()
    assert (clock.set_forward(), clock.behind()) == (2 * HOUR, 2 * HOUR)


def state(engine: Engine, name: str) -> tuple[str, str]:
    for view in engine.live.behaviors(OwnerKey("twin", "pump")):
        if view.key.name == name:
            return view.state, view.evidence
    raise AssertionError(name)


async def a_while() -> None:
    for _ in range(30):  # ticks
        await asyncio.sleep(0.001)


async def test_an_hour_forward_brings_no_timer_and_no_silence_early(tmp_path: Path) -> None:
    hands = Hands()
    clock = hands.clock()
    async with running(tmp_path, clock) as (engine, ingest):
        await ingest.submit(Load(WAITING, starting=True))
        ingest.status(SourceStatus("opcua", (PathStatus("pump", True),)))
        await hear(engine, ingest, 90.0, clock, T)
        hands.pass_by(20)
        await a_while()
        hands.wall += HOUR
        await until(lambda: engine.live.time >= T + HOUR)
        await a_while()
        assert (known(engine), state(engine, "hot")) == ((90.0, True), ("inactive", "false"))
        hands.pass_by(9)
        await a_while()
        assert state(engine, "hot") == ("inactive", "false")
        hands.pass_by(1)
        await until(lambda: state(engine, "hot") == ("active", "true"))
        hands.pass_by(29)
        await a_while()
        assert known(engine) == (90.0, True)
        hands.pass_by(1)
        await until(lambda: not known(engine)[1])
    again = hands.clock()
    async with running(tmp_path, again) as (engine, _):
        assert engine.live.time >= T + HOUR + 60 * SECOND
        assert state(engine, "hot") == ("active", "unknown")


async def test_a_reading_that_waited_while_the_clock_was_set_is_as_fresh_as_it_is(tmp_path: Path) -> None:
    hands = Hands()
    clock = hands.clock()
    async with running(tmp_path, clock) as (engine, ingest):
        await ingest.submit(Load(WAITING, starting=True))
        ingest.status(SourceStatus("opcua", (PathStatus("pump", True),)))
        hands.pass_by(2 * 3600)  # a quiet plant: nothing was journaled for longer than the step
        reading = Reading("opcua", clock.now(), (Sample("pump", "temperature", 90.0, clock.now()),))
        hands.wall += HOUR
        ingest.offer(reading)
        await until(lambda: known(engine)[1])
        hands.pass_by(59)
        await a_while()
        assert known(engine)[1]
        hands.pass_by(1)
        await until(lambda: not known(engine)[1])


async def test_an_hour_back_lets_a_schedule_wait_for_the_clock_and_not_come_twice(tmp_path: Path) -> None:
    hands = Hands()
    six = T - T % (24 * HOUR) + 30 * HOUR
    hands.wall = six - 60 * SECOND
    clock = hands.clock()
    async with running(tmp_path, clock) as (engine, ingest):
        await ingest.submit(Load(WAITING, starting=True))

        def fired() -> int:
            [daily] = [v for v in engine.live.behaviors(OwnerKey("twin", "pump")) if v.key.name == "daily"]
            return daily.since

        hands.wall -= HOUR
        hands.pass_by(120)
        await a_while()
        assert fired() == 0, "it is 05:01"
        hands.pass_by(3600)
        await until(lambda: fired() > 0)
        hands.wall -= HOUR
        hands.pass_by(4000)  # past 06:00 once more
        await a_while()
        assert engine.next_due() == six + 24 * HOUR + engine.live.behind


async def test_a_step_is_in_the_journal_so_that_a_replay_decides_the_same(tmp_path: Path) -> None:
    hands = Hands()
    clock = hands.clock()
    async with running(tmp_path, clock) as (engine, ingest):
        await ingest.submit(Load(WAITING, starting=True))
        ingest.status(SourceStatus("opcua", (PathStatus("pump", True),)))
        await hear(engine, ingest, 90.0, clock, T)
        hands.wall += HOUR
        await until(lambda: engine.live.time >= T + HOUR)
        digest = engine.state_digest()
    journal = SqliteJournal.open(tmp_path)
    entries = journal.read(0)
    [step] = [entry.input for entry in entries if isinstance(entry.input, ClockStepped)]
    assert step == ClockStepped(HOUR, 0)
    other = Engine()
    for entry in entries:
        assert other.decide(entry.input, entry.now) == entry.outcome
    assert other.state_digest() == digest
    await journal.close()


async def test_a_crash_of_a_quiet_plant_loses_a_little_of_what_was_waited(tmp_path: Path) -> None:
    hands = Hands()
    clock = hands.clock()
    async with running(tmp_path, clock) as (engine, ingest):
        await ingest.submit(Load(WAITING, starting=True))
        ingest.status(SourceStatus("opcua", (PathStatus("pump", True),)))
        await hear(engine, ingest, 90.0, clock, T)
        for _ in range(25):
            hands.pass_by(1)
            await a_while()
    hands.pass_by(3600)
    again = hands.clock()
    async with running(tmp_path, again) as (engine, ingest):
        ingest.status(SourceStatus("opcua", (PathStatus("pump", True),)))
        await hear(engine, ingest, 90.0, again, again.now())
        timers = [timer for timer in engine.live.timers.all() if timer.key.behavior == "hot"]
        assert [timer.due is not None and timer.due - again.now() <= 10 * SECOND for timer in timers] == [True]
