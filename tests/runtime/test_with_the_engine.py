"""The real engine behind the runtime: ended at any moment and started again, the plant's state is what it was."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from app.engine.engine import Engine
from app.errors import Unavailable
from app.journal.sqlite import SqliteJournal
from app.model.conditions import Compare, Literal, PropertyRef
from app.model.connection import CallAnswer
from app.model.events import (
    AcknowledgeAlert,
    DeviceEvent,
    Entry,
    Input,
    Load,
    PathStatus,
    PropertyChanged,
    Reading,
    RequestCall,
    Sample,
    Samples,
    SetManual,
    SourceStatus,
    Started,
)
from app.model.plan import AlertPlan, CallPlan, MethodPlan, Plan, PropertyPlan, Rule, Shape, TwinPlan
from app.runtime.bus import Bus
from app.runtime.clock import SystemClock
from app.runtime.effects import Effects
from app.runtime.ingest import Ingest
from app.runtime.metrics import Metrics
from app.runtime.recover import recover
from app.settings import IngestSettings
from tests.runtime.fakes import FakeDevices, until

TWINS = [f"pump_{n}" for n in range(4)]
HOT = Compare(">", PropertyRef(None, "temperature"), Literal(80.0))
COLD = Compare("<", PropertyRef(None, "temperature"), Literal(5.0))
SHAPE = Shape(
    "pump/1",
    properties=(
        PropertyPlan("temperature", "float", minimum=-50.0, maximum=200.0),
        PropertyPlan("note", "string", access="read-write"),
    ),
    methods=(MethodPlan("stop"),),
    rules=(
        Rule("hot", HOT, (AlertPlan("HOT", "error", "hot", False, True), CallPlan(None, "stop", {}))),
        Rule("cold", COLD, (AlertPlan("COLD", "warning", "cold", False, False),)),
    ),
)
PLAN = Plan(1, (SHAPE,), tuple(TwinPlan(twin, "pump", "pump/1", 1, 1, ("temperature",), True) for twin in TWINS))


@dataclass
class Plant:
    engine: Engine
    journal: SqliteJournal
    ingest: Ingest
    devices: FakeDevices
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def settled(self) -> str:
        """The state's digest once nothing is under way."""
        await until(lambda: not self.ingest._heard and not self.engine.live.calls, 30)
        await self.ingest.submit(SetManual("pump_0", "note", "the end", "ann"))
        assert self.engine.live.sequence == self.journal.last_sequence
        return self.engine.state_digest()


@contextlib.asynccontextmanager
async def plant(folder: Path, *, snapshot_every: int = 60, max_batch: int = 20) -> AsyncIterator[Plant]:
    journal = SqliteJournal.open(folder, keep=100_000)
    engine, metrics, devices = Engine(), Metrics(CollectorRegistry()), FakeDevices()
    recover(engine, journal)
    settings = IngestSettings(max_batch_readings=max_batch)
    ingest = Ingest(engine, journal, Bus(), SystemClock(), metrics, settings, snapshot_every)
    effects = Effects(ingest, devices, 5, metrics)
    ingest.perform = effects.perform
    found = Plant(engine, journal, ingest, devices)
    found.tasks = [asyncio.create_task(ingest.run()), asyncio.create_task(effects.run())]
    try:
        yield found
    finally:
        for task in found.tasks:
            task.cancel()
        await asyncio.gather(*found.tasks, return_exceptions=True)
        await journal.close()


async def live_a_while(plant: Plant, chance: random.Random, steps: int = 300) -> None:
    """Readings, silence, commands and device answers in any order."""

    async def answer(twin_id: str, what: str) -> CallAnswer:
        await asyncio.sleep(0)
        return CallAnswer(chance.choice(["accepted", "refused", "failed"]), None, "as it goes")

    plant.devices.answer = answer
    clock = SystemClock()
    plant.ingest.status(SourceStatus("opcua", tuple(PathStatus(twin, True) for twin in TWINS)))
    for step in range(steps):
        twin, now = chance.choice(TWINS), clock.now()
        match chance.randrange(12):
            case 0:
                plant.ingest.status(SourceStatus("opcua", (PathStatus(twin, chance.random() < 0.7, "by chance"),)))
            case 1:
                await plant.ingest.submit(SetManual(twin, "note", f"note {step}", "ann"))
            case 2:
                await plant.ingest.submit(RequestCall(f"request-{now}-{step}", twin, "ann", method="stop"))
            case 3:
                for alert in list(plant.engine.live.open_alerts()):
                    await plant.ingest.submit(AcknowledgeAlert(alert.alert_id, "ann"))
            case 4:
                plant.ingest.offer(Reading("opcua", now, (), (DeviceEvent(twin, "fault", now, {"step": step}),)))
            case _:
                value = chance.choice([chance.uniform(-20, 120), float("nan"), 90.0, 3.0])
                plant.ingest.offer(Reading("opcua", now, (Sample(twin, "temperature", value, now),)))
        if chance.random() < 0.2:
            await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(4))
async def test_a_plant_that_ends_and_starts_again_is_in_the_same_state(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    digest = ""
    for run in range(3):
        async with plant(tmp_path) as running:
            if run:
                assert running.engine.state_digest() == digest
                assert running.devices.sent == []
            await running.ingest.submit(Started())
            if not run:
                await running.ingest.submit(Load(PLAN, starting=True))
            await live_a_while(running, chance)
            digest = await running.settled()
            snapshot = running.journal.snapshot()
            assert snapshot is not None
            assert snapshot[0] < running.journal.last_sequence


def test_a_value_repeated_and_then_changed_in_one_batch_folds_to_what_was_decided() -> None:
    decided, folded, at = Engine(), Engine(), SystemClock().now()

    def happen(sequence: int, input: Input) -> None:
        folded.fold(Entry(sequence, at + sequence, input, decided.decide(input, at + sequence)))

    def temperature(value: float, later: int) -> Reading:
        return Reading("opcua", at + later, (Sample("pump_0", "temperature", value, at + later),))

    happen(1, Started())
    happen(2, Load(PLAN, starting=True))
    happen(3, Samples((temperature(20.0, 1),)))
    happen(4, Samples((temperature(20.0, 2), temperature(21.0, 3))))
    state = folded.live.property_state("pump_0", "temperature")
    assert state == decided.live.property_state("pump_0", "temperature")


@pytest.mark.parametrize("seed", range(6))
async def test_dropped_in_the_middle_the_snapshot_and_its_tail_equal_the_whole_record(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    async with plant(tmp_path, snapshot_every=30) as running:
        await running.ingest.submit(Started())
        await running.ingest.submit(Load(PLAN, starting=True))
        traffic = asyncio.create_task(live_a_while(running, chance, 2000))
        stop_at = chance.randrange(100, 400)
        await until(lambda: running.journal.last_sequence > stop_at)
        for task in running.tasks:
            task.cancel()
        with contextlib.suppress(Unavailable):
            await traffic
    journal = SqliteJournal.open(tmp_path)
    assert journal.snapshot() is not None
    recovered, folded = Engine(), Engine()
    assert recover(recovered, journal) == journal.last_sequence
    for entry in journal.read(0, limit=100_000):
        folded.fold(entry)
    assert recovered.state_digest() == folded.state_digest()
    assert recovered.live.sequence == folded.live.sequence == journal.last_sequence
    await journal.close()


async def test_whoever_follows_definitions_gets_a_turn_once_a_load_is_durable(tmp_path: Path) -> None:
    async with plant(tmp_path) as running:
        at: list[int] = []
        with running.ingest._bus.subscribe([PropertyChanged], news=lambda: at.append(running.journal.last_sequence)):
            await running.ingest.submit(Load(PLAN))
            assert at[0] == 1
