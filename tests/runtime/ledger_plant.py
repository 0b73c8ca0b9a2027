"""A plant whose ledger is looked at: engine, journal and graph writer, a broker that repeats, and a while of chance."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry

from app.engine.engine import Engine
from app.journal.sqlite import SqliteJournal
from app.model.conditions import PropertyRef
from app.model.events import (
    Delivery,
    PathStatus,
    Reading,
    ReportSamples,
    Sample,
    SourceStatus,
)
from app.model.ledger import Ledger
from app.model.plan import Plan, PropertyPlan, Shape, TwinPlan
from app.model.time import SECOND, Micros
from app.ports import TwinStore
from app.runtime.bus import Bus
from app.runtime.clock import SystemClock
from app.runtime.graph_writer import GraphWriter
from app.runtime.ingest import Ingest
from app.runtime.ledger import LossLedger
from app.runtime.metrics import Metrics
from app.runtime.recover import agree, recover
from app.runtime.set_aside import SetAside
from app.settings import GraphWriterSettings, IngestSettings
from tests.runtime.fakes import FakeGraph, until

TWINS = [f"pump_{number}" for number in range(4)]
SHAPE = Shape(
    "pump/1",
    properties=(
        PropertyPlan("temperature", "float", minimum=-50.0, maximum=200.0),
        PropertyPlan("level", "float", deadband=5.0),
        PropertyPlan("twice", "float", computed=PropertyRef(None, "temperature")),
        PropertyPlan("note", "string", access="read-write"),
    ),
)
MAPPED = ("temperature", "level")
PLAN = Plan(1, (SHAPE,), tuple(TwinPlan(twin, "pump", "pump/1", 1, 1, MAPPED, True) for twin in TWINS))


@dataclass
class Running:
    engine: Engine
    journal: SqliteJournal
    ingest: Ingest
    writer: GraphWriter
    ledger: LossLedger
    registry: CollectorRegistry
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def balanced(self) -> Ledger:
        found = self.ledger.read()
        assert found.imbalances == ()
        for item in found.accounts:
            numbers = (item.received, item.rejected, item.duplicate, item.journaled, item.in_flight, item.pending or 0)
            assert min(numbers) >= 0
        return found

    async def quiet(self) -> Ledger:
        """Once nothing waits any more."""

        def is_quiet() -> bool:
            whole = self.balanced().total
            return whole.in_flight == 0 and whole.pending == 0

        await until(is_quiet, 30)
        return self.balanced()


@contextlib.asynccontextmanager
async def running(folder: Path, graph: TwinStore) -> AsyncIterator[Running]:
    """Left as a crash leaves it: whatever is under way ends where it is."""
    journal = SqliteJournal.open(folder, keep=100_000)
    engine, registry, clock = Engine(), CollectorRegistry(), SystemClock()
    metrics = Metrics(registry)
    recover(engine, journal)
    await agree(journal, graph)
    settings = IngestSettings(max_batch_readings=7)
    ingest = Ingest(engine, journal, Bus(), clock, metrics, settings, 40)
    ingest.perform = lambda calls: None

    def life_of(twin_id: str, at: Micros) -> int | None:
        return 1 if twin_id in engine.live.twins else None

    writer = GraphWriter(
        journal,
        graph,
        life_of,
        clock,
        metrics,
        GraphWriterSettings(interval_seconds=0.005, max_rows=5, max_entries=20),
        SetAside(folder / "set-aside.ndjson", metrics),
        engine.live.deadband,
        lambda: engine.live.counting_since,
    )
    ledger = LossLedger(ingest, lambda: writer.books, lambda: engine.live.counting_since, journal.gaps)
    metrics.show_ledger(ledger.read)
    found = Running(engine, journal, ingest, writer, ledger, registry)
    found.tasks = [asyncio.create_task(ingest.run()), asyncio.create_task(writer.run())]
    try:
        yield found
    finally:
        for task in found.tasks:
            task.cancel()
        await asyncio.gather(*found.tasks, return_exceptions=True)
        await journal.close()


@dataclass
class Broker:
    """Repeats what was not acknowledged before it goes on."""

    number: int = 0
    open: list[Reading] = field(default_factory=list)
    acknowledged: int = 0
    samples: int = 0

    def publish(self, running: Running, samples: tuple[Sample, ...], now: Micros) -> None:
        self.number += 1
        digest = repr((samples, now)).encode()
        self._send(running, Reading("mqtt", now, samples, delivery=Delivery(self.number, digest)))
        self.samples += len(samples)

    def reconnect(self, running: Running) -> None:
        again, self.open = self.open, []
        for reading in again:
            assert reading.delivery is not None
            delivery = Delivery(reading.delivery.message, reading.delivery.digest, again=True)
            self._send(running, Reading("mqtt", reading.received_at, reading.samples, (), delivery))

    def _send(self, running: Running, reading: Reading) -> None:
        self.open.append(reading)
        if running.ingest.offer(reading, lambda: self._acknowledge(reading)):
            return
        # Not taken: the connector waits for room; this broker sends it with the next connection.

    def _acknowledge(self, reading: Reading) -> None:
        self.open.remove(reading)
        self.acknowledged += 1


async def live_a_while(running: Running, broker: Broker, chance: random.Random, graph: FakeGraph | None = None) -> None:
    """With trouble from the graph where that is one that makes some."""
    clock = SystemClock()
    running.ingest.status(SourceStatus("mqtt", tuple(PathStatus(twin, True) for twin in TWINS)))
    for _ in range(chance.randrange(20, 120)):
        twin, now = chance.choice([*TWINS, "nobody"]), clock.now()
        samples = tuple(
            Sample(
                twin,
                chance.choice(["temperature", "level", "twice", "nothing"]),
                chance.choice([1.0, 2.0, 50.0, float("nan"), "text", chance.uniform(0, 100)]),
                now - chance.choice([0, 0, 0, 60 * SECOND]),
            )
            for _ in range(chance.randrange(4))
        )
        match chance.randrange(10):
            case 0:
                running.ingest.reject(
                    "mqtt", chance.choice(["BadPayload", "Overflow"]), "by chance", chance.randrange(5)
                )
            case 1:
                running.ingest.offer(Reading("opc", now, samples))
            case 2:
                report = Reading("api", now, (Sample(twin, "note", chance.choice(["a", "b"]), now),))
                await running.ingest.submit(ReportSamples((report,), "eva"))
            case 3 if graph is not None:
                graph.trouble = lambda: chance.choice(["", "before", "after"])
            case 4 if graph is not None:
                graph.trouble = lambda: ""
            case _:
                broker.publish(running, samples, now)
        running.balanced()
        if chance.random() < 0.3:
            await asyncio.sleep(chance.choice([0, 0, 0.001]))
            running.balanced()
    if graph is not None:
        graph.trouble = lambda: ""
