"""The loss ledger adds up at every moment, whatever is heard, refused, repeated, thinned, cut off and started again."""

import random
from pathlib import Path

import msgspec
import pytest

from app.connectors.paths import Hysteresis, Paths
from app.model.events import (
    Delivery,
    Load,
    PathStatus,
    Reading,
    Sample,
    Samples,
    SourceStatus,
    Started,
)
from app.model.ledger import Account, Books, GraphTally, Imbalance, imbalances, total
from app.runtime.clock import SystemClock
from tests.connectors.parts import pump
from tests.runtime.fakes import FakeGraph, until
from tests.runtime.ledger_plant import PLAN, TWINS, Broker, live_a_while, running


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
            await live_a_while(plant, broker, chance, graph)
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


async def test_what_was_acknowledged_by_a_path_not_in_use_is_counted_over_a_crash(tmp_path: Path) -> None:
    graph, clock = FakeGraph(), SystemClock()
    preferred = pump("opc.tcp://a:1", {"temperature": {"node_id": "i=1"}}, twin_id="pump_0")
    other = pump("mqtt://c:1", {"temperature": {"topic": "t"}}, twin_id="pump_0", protocol="mqtt")
    acknowledged: list[int] = []
    async with running(tmp_path, graph) as plant:
        await plant.ingest.submit(Load(PLAN, starting=True))
        paths = Paths(plant.ingest, clock, Hysteresis(fallback_after_seconds=0.0))
        paths.put(preferred, {"opc": preferred, "mqtt": other})
        now = clock.now()
        reading = Reading("mqtt", now, (Sample("pump_0", "temperature", 7.0, now),), delivery=Delivery(1, b"content"))
        assert paths.offer(reading, lambda: acknowledged.append(1))
        plant.balanced()
        assert acknowledged == []
        await until(lambda: bool(acknowledged))
    async with running(tmp_path, graph) as plant:  # its acknowledgement never arrived; now it is heard by that path
        assert plant.balanced().total.reasons == {"Standby": 1}
        paths = Paths(plant.ingest, clock, Hysteresis(fallback_after_seconds=0.0))
        paths.put(preferred, {"opc": preferred, "mqtt": other})
        paths.status(SourceStatus("mqtt", (PathStatus("pump_0", True),)))
        paths.status(SourceStatus("opc", (PathStatus("pump_0", False, "no route"),)))
        paths.look()
        assert paths.in_use("pump_0") == "mqtt"
        assert paths.offer(msgspec.structs.replace(reading, delivery=Delivery(1, b"content", again=True)))
        whole = (await plant.quiet()).total
    assert (whole.received, whole.rejected, whole.duplicate, whole.applied) == (2, 1, 0, 1)


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
