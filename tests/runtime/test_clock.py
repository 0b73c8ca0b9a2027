"""Somebody sets the machine's clock back: time goes on, and no reading is old the moment it arrives."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from prometheus_client import CollectorRegistry

from app.engine.engine import Engine
from app.journal.sqlite import SqliteJournal
from app.model.events import Load, PathStatus, Reading, Sample, SourceStatus, Started
from app.model.plan import Plan, PropertyPlan, Shape, TwinPlan
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
