"""The loss ledger adds up at every moment, whatever is heard, refused, repeated, thinned, cut off and started again."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from app.engine.engine import Engine
from app.journal.sqlite import SqliteJournal
from app.model.conditions import PropertyRef
from app.model.events import (
    Delivery,
    Load,
    PathStatus,
    Reading,
    ReportSamples,
    Sample,
    Samples,
    SourceStatus,
    Started,
)
from app.model.ledger import Account, Books, GraphTally, Imbalance, Ledger, imbalances, total
from app.model.plan import Plan, PropertyPlan, Shape, TwinPlan
from app.model.time import SECOND, Micros
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
async def running(folder: Path, graph: FakeGraph, *, max_waiting: int = 10_000) -> AsyncIterator[Running]:
    """Left as a crash leaves it: whatever is under way ends where it is."""
    journal = SqliteJournal.open(folder, keep=100_000)
    engine, registry, clock = Engine(), CollectorRegistry(), SystemClock()
    metrics = Metrics(registry)
    recover(engine, journal)
    await agree(journal, graph)
    settings = IngestSettings(max_batch_readings=7, max_waiting_readings=max_waiting)
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
    ledger = LossLedger(ingest, lambda: writer.books, lambda: engine.live.counting_since)
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


async def live_a_while(running: Running, broker: Broker, graph: FakeGraph, chance: random.Random) -> None:
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
            case 3:
                graph.trouble = lambda: chance.choice(["", "before", "after"])
            case 4:
                graph.trouble = lambda: ""
            case _:
                broker.publish(running, samples, now)
        running.balanced()
        if chance.random() < 0.3:
            await asyncio.sleep(chance.choice([0, 0, 0.001]))
            running.balanced()
    graph.trouble = lambda: ""


@pytest.mark.parametrize("seed", range(6))
async def test_the_ledger_adds_up_at_every_moment_over_crashes(tmp_path: Path, seed: int) -> None:
    chance, graph, broker = random.Random(seed), FakeGraph(), Broker()
    for run in range(3):
        async with running(tmp_path, graph) as plant:
            plant.balanced()
            await plant.ingest.submit(Started())
            if not run:
                await plant.ingest.submit(Load(PLAN, starting=True))
            broker.reconnect(plant)
            await live_a_while(plant, broker, graph, chance)
    async with running(tmp_path, graph) as plant:
        await plant.ingest.submit(Started())
        broker.reconnect(plant)
        await until(lambda: not broker.open, 30)
        ledger = await plant.quiet()
    mqtt = next(item for item in ledger.accounts if item.source == "mqtt")
    lost_on_arrival = sum(mqtt.reasons[reason] for reason in ("BadPayload", "Overflow") if reason in mqtt.reasons)
    assert mqtt.journaled + mqtt.rejected - lost_on_arrival == broker.samples
    assert broker.acknowledged == broker.number


async def test_what_was_acknowledged_before_a_crash_is_counted_once_when_it_comes_again(tmp_path: Path) -> None:
    graph, broker = FakeGraph(), Broker()
    async with running(tmp_path, graph) as plant:
        await plant.ingest.submit(Load(PLAN, starting=True))
        broker.publish(plant, (Sample("pump_0", "temperature", 1.0, SystemClock().now()),), SystemClock().now())
        await until(lambda: not broker.open)
        await plant.quiet()
    lost = Reading("mqtt", SystemClock().now(), (Sample("pump_0", "temperature", 1.0, SystemClock().now()),))
    async with running(tmp_path, graph) as plant:
        entry = plant.journal.read(0)[-1]
        assert isinstance(entry.input, Samples)
        broker.open = [entry.input.readings[0]]  # its acknowledgement never arrived
        broker.reconnect(plant)
        plant.ingest.offer(lost)
        await until(lambda: plant.balanced().total.received == 3)
        whole = (await plant.quiet()).total
    assert (whole.journaled, whole.duplicate) == (2, 1)


async def test_what_waits_is_in_flight_and_what_the_graph_has_not_is_pending(tmp_path: Path) -> None:
    graph = FakeGraph()
    async with running(tmp_path, graph) as plant:
        await plant.ingest.submit(Load(PLAN, starting=True))
        await until(lambda: plant.writer.books is not None)
        graph.trouble = lambda: "before"
        now = SystemClock().now()
        plant.ingest.reject("mqtt", "BadPayload", "a topic", 2)
        plant.ingest.offer(Reading("mqtt", now, tuple(Sample(twin, "temperature", 1.0, now) for twin in TWINS)))
        waiting = plant.balanced().total
        assert (waiting.received, waiting.in_flight, waiting.rejected, waiting.journaled) == (6, 4, 2, 0)
        await until(lambda: plant.balanced().total.in_flight == 0)
        durable = plant.balanced().total
        assert (durable.journaled, durable.applied, durable.pending) == (4, 4, 4)
        graph.trouble = lambda: ""
        await plant.quiet()
        value = plant.registry.get_sample_value
        assert value("twin_overlay_ledger_samples_total", {"source": "mqtt", "fate": "written"}) == 4
        assert value("twin_overlay_ledger_samples_total", {"source": "mqtt", "fate": "rejected"}) == 2
        assert value("twin_overlay_ledger_waiting_samples", {"source": "mqtt", "state": "in_flight"}) == 0
        assert value("twin_overlay_ledger_imbalance_samples") == 0


async def test_overtaken_and_thinned_changes_are_superseded(tmp_path: Path) -> None:
    graph = FakeGraph()
    async with running(tmp_path, graph) as plant:
        await plant.ingest.submit(Load(PLAN, starting=True))
        now = SystemClock().now()
        for value in (1.0, 2.0, 3.0, 30.0):  # of the level, the second and the third are within its deadband
            both = (Sample("pump_0", "temperature", value, now), Sample("pump_0", "level", value, now))
            plant.ingest.offer(Reading("mqtt", now, both))
        whole = (await plant.quiet()).total
        assert whole.applied == 8
        assert whole.written is not None
        assert whole.superseded is not None
        assert whole.written + whole.superseded == 8
        assert whole.superseded >= 2


async def test_rejections_alone_are_journaled_too(tmp_path: Path) -> None:
    graph = FakeGraph()
    async with running(tmp_path, graph) as plant:
        plant.ingest.reject("mqtt", "BadPayload", "a topic")
        await until(lambda: plant.engine.live.tallies.get("mqtt") is not None)
        await until(lambda: plant.ingest.counting.totals.get("mqtt") is not None)
    async with running(tmp_path, graph) as plant:
        assert plant.balanced().total.reasons == {"BadPayload": 1}


async def test_a_new_journal_begins_new_books(tmp_path: Path) -> None:
    graph = FakeGraph()
    for folder in ("first", "second"):
        async with running(tmp_path / folder, graph) as plant:
            await plant.ingest.submit(Load(PLAN, starting=True))
            now = SystemClock().now()
            plant.ingest.offer(Reading("mqtt", now, (Sample("pump_0", "temperature", 1.0, now),)))
            await until(lambda: plant.balanced().total.journaled == 1)
            whole = (await plant.quiet()).total
            assert (whole.applied, whole.written) == (1, 1)


async def test_as_long_as_the_graph_was_not_reached_its_part_is_unknown(tmp_path: Path) -> None:
    graph = FakeGraph()
    async with running(tmp_path, graph) as plant:
        graph.trouble = lambda: "before"
        plant.ingest.reject("mqtt", "BadPayload", "a topic")
        found = plant.balanced().accounts[0]
        assert (found.written, found.superseded, found.pending) == (None, None, None)


def test_an_equation_that_does_not_hold_is_named_with_what_is_missing() -> None:
    account = Account("mqtt", 10, 1, {"BadPayload": 1}, 1, 6, 1, 5, 0, 1, 3, 1, 1)
    assert imbalances(account) == (Imbalance("mqtt", "received = rejected + duplicate + journaled + in_flight", 1),)
    worse = Account("mqtt", 9, 1, {"BadPayload": 1}, 1, 6, 1, 5, 0, 0, 3, 1, 2)
    assert [(item.equation.split(" = ")[0], item.by) for item in imbalances(worse)] == [
        ("journaled", 1),
        ("applied", -1),
    ]


def test_a_total_is_known_where_every_part_is() -> None:
    some = Account("a", 1, 0, {}, 0, 1, 0, 1, 0, 0, 1, 0, 0)
    assert total([some, some]).written == 2
    assert total([some, Account("b")]).written is None
    assert Books(1, (GraphTally("a").plus(3, 2, 1),)).tallies == (GraphTally("a", 3, 2, 1),)
