"""One twin and several real servers that die and come back: what the engine hears, by which path, and what it journals.

Everything between the device and the journal is real: OPC UA servers, brokers, a proxy that stops forwarding, the
supervisor, Ingest, the engine and its journal.
"""

import asyncio
import contextlib
import itertools
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from app.connectors.runner import BackOff
from app.connectors.supervise import Supervisor
from app.engine.engine import Engine
from app.journal.sqlite import SqliteJournal
from app.model.events import Call, Load, Note, Outcome, RequestCall, Started
from app.model.live import Connectivity
from app.model.values import PropertyState
from app.runtime.bus import Bus
from app.runtime.clock import SystemClock
from app.runtime.effects import Effects
from app.runtime.ingest import Ingest
from app.runtime.metrics import Metrics
from app.settings import IngestSettings
from tests.commands.ports import House
from tests.connectors.parts import until
from tests.connectors.test_outages import Plc
from tests.servers.mosquitto import Mosquitto, free_port
from tests.servers.opcua import NAMESPACE, serving
from tests.servers.proxy import Proxy


@pytest_asyncio.fixture
async def plc() -> AsyncIterator[Plc]:
    server = Plc(free_port())
    await server.start()
    yield server
    await server.kill()


PUMP = {
    "type_id": "pump",
    "properties": [{"name": "flow_rate", "data_type": "float"}, {"name": "speed", "data_type": "float"}],
    "methods": [{"name": "start", "timeout": 0.5}],
    "behaviors": [
        {
            "name": "unresponsive",
            "conditions": ["is_silent(flow_rate)"],
            "actions": [{"type": "alert", "severity": "error", "code": "UNRESPONSIVE", "message": "nobody answers"}],
        }
    ],
}


@dataclass
class Plant:
    engine: Engine
    journal: SqliteJournal
    ingest: Ingest
    supervisor: Supervisor

    @property
    def path(self) -> Connectivity:
        found = self.engine.live.connectivity("pump_1")
        assert found is not None
        return found

    def state(self, name: str) -> PropertyState:
        found = self.engine.live.property_state("pump_1", name)
        assert found is not None
        return found

    def heard_by(self, source: str) -> Callable[[], bool]:
        return lambda: self.path.status == "connected" and self.path.path.endswith(source)

    def outcomes(self) -> list[Outcome]:
        return [entry.outcome for entry in self.journal.read(0, 100_000)]

    def paths(self) -> list[str]:
        """Those that took over, in order."""
        facts = (fact for outcome in self.outcomes() for fact in outcome.connectivity)
        return [fact.path for fact in facts if fact.path and fact.status == "connected"]

    def notes(self) -> list[Note]:
        return [entry.input for entry in self.journal.read(0, 100_000) if isinstance(entry.input, Note)]

    def agrees(self) -> bool:
        """Whether folding the journal gives the state that the engine has; not so while a commit is under way."""
        engine = Engine()
        for entry in self.journal.read(0, 100_000):
            engine.fold(entry)
        return engine.state_digest() == self.engine.state_digest()


@contextlib.asynccontextmanager
async def plant(folder: Path, connectivity: dict[str, Any]) -> AsyncIterator[Plant]:
    house = House()
    twin = {"twin_id": "pump_1", "twin_type": "pump", "connectivity": connectivity}
    await house.save(("twin_type", PUMP), ("twin", twin))
    journal = SqliteJournal.open(folder, keep=100_000)
    engine, metrics, clock = Engine(), Metrics(CollectorRegistry()), SystemClock()
    ingest = Ingest(engine, journal, Bus(), clock, metrics, IngestSettings(), 100_000)
    supervisor = Supervisor(ingest, clock, back_off=BackOff(0.1, 0.3), installation=str(folder))
    effects = Effects(ingest, supervisor, 5, metrics)
    ingest.perform = effects.perform
    tasks = [asyncio.create_task(room.run()) for room in (ingest, effects, supervisor)]
    try:
        await ingest.submit(Started())
        for plan in house.inbox.plans:
            await ingest.submit(Load(plan))
        supervisor.configure(house.devices.configured[-1])
        yield Plant(engine, journal, ingest, supervisor)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await journal.close()


def opc_ua(*names: str) -> dict[str, Any]:
    return {name: {"node_id": f"ns=2;s=Pump123.{node}", "sampling_interval": 50} for name, node in map(_node, names)}


def _node(name: str) -> tuple[str, str]:
    return name, "".join(part.capitalize() for part in name.split("_"))


async def test_a_twin_goes_from_server_to_server_to_broker_and_back_as_they_fail(
    tmp_path: Path, broker: Mosquitto
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(serving()) for _ in range(2)]
        proxy = Proxy("127.0.0.1", first.port)
        await proxy.start()
        stack.push_async_callback(proxy.stop)
        a, b, c = f":{proxy.port}", f":{second.port}", f":{broker.port}"
        connectivity = {
            "protocol": "opc-ua",
            "endpoint": f"opc.tcp://127.0.0.1:{proxy.port}",
            "namespace": NAMESPACE,
            "node_id": "ns=2;s=Pump123",
            "mapping": {
                "properties": opc_ua("flow_rate", "speed"),
                "methods": {"start": {"node_id": "ns=2;s=Pump123.Start"}},
            },
            "fallback_after": 3.0,
            "return_after": 1.5,
            "fallbacks": [
                {"endpoint": second.endpoint},
                {
                    "protocol": "mqtt",
                    "endpoint": broker.endpoint,
                    "mapping": {"properties": {"flow_rate": {"topic": "flow"}}},
                },
            ],
        }
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.publish("flow", "300", qos=1, retain=True)
        running = await stack.enter_async_context(plant(tmp_path / "journal", connectivity))

        await until(running.heard_by(a), "heard by the preferred path")
        await until(lambda: all(path.alive for path in running.supervisor.paths("pump_1")), "all paths stand")
        await second.set("FlowRate", 200.0)
        await first.set("FlowRate", 100.0)
        await until(lambda: running.state("flow_rate").value == 100.0, "a change on the preferred path")
        assert running.state("flow_rate").path == running.path.path

        proxy.silence()  # half open: nobody is told that the line is dead
        await until(lambda: running.path.status == "disconnected", "it is noticed")
        assert not running.state("flow_rate").known, "nobody vouches for it"
        await until(running.heard_by(b), "the other server takes over")
        assert (running.path.fallback, running.state("flow_rate").value) == (1, 200.0)
        assert running.state("speed").known
        await running.ingest.submit(RequestCall("c1", "pump_1", "eva", method="start"))
        await until(lambda: second.calls, "it is called where it is heard")
        assert first.calls == []

        await second.stop()
        await until(running.heard_by(c), "the broker takes over")
        assert (running.path.fallback, running.state("flow_rate").value) == (2, 300.0)
        assert (running.state("speed").known, running.state("speed").reason) == (False, "PathSilent")
        assert "is not in use: " in running.path.reason

        proxy.cut()
        proxy.speak()
        await until(running.heard_by(a), "and gives it back to the preferred path")
        assert (running.path.fallback, running.path.reason) == (0, "")
        assert running.state("flow_rate").value == 100.0
        assert running.state("speed").known
        await until(running.agrees, "the journal folded is the engine as it is")
        assert [path.rpartition(":")[2] for path in running.paths()] == [end[1:] for end in (a, b, c, a)]
        assert [rejected for outcome in running.outcomes() for rejected in outcome.rejected] == []
        alerts = [fact.transition for outcome in running.outcomes() for fact in outcome.alerts]
        assert alerts == ["raised", "cleared"] * 2, "on each outage, and not on the way back"


async def test_what_a_device_answers_too_late_is_noted_and_changes_nothing(tmp_path: Path, plc: Plc) -> None:
    connectivity = {
        "protocol": "opc-ua",
        "endpoint": plc.endpoint,
        "namespace": NAMESPACE,
        "node_id": "ns=2;s=Pump123",
        "mapping": {
            "properties": opc_ua("flow_rate"),
            "methods": {"start": {"node_id": "ns=2;s=Pump123.Start"}},
        },
    }
    async with plant(tmp_path / "journal", connectivity) as running:
        await until(running.heard_by(f":{plc.port}"), "connected")
        live = running.engine.live

        async def ended(call_id: str) -> Call:
            await running.ingest.submit(RequestCall(call_id, "pump_1", "eva", method="start"))
            await until(lambda: live.call(call_id) and not live.calls, "the call has come to an end")
            found = live.call(call_id)
            assert found is not None
            return found

        assert (await ended("first")).status == "accepted"
        plc.send(signal.SIGSTOP)
        late = await ended("late")
        plc.send(signal.SIGCONT)
        assert (late.status, late.error) == ("failed", f"no answer within 0.5 s by opc-ua {plc.endpoint}")
        await until(running.notes, "its answer is noted")
        (note,) = running.notes()
        assert (note.kind, note.code, note.subjects) == ("call", "LATE_ANSWER", ("twin/pump_1", "call/late"))
        assert note.message.endswith("too late: accepted")
        assert live.call("late") == late
        assert (await ended("after")).status == "accepted", "on the same connection"


@pytest.mark.parametrize("heartbeat", [None, {"interval": 1.0}])
async def test_two_brokers_that_both_deliver_are_heard_one_at_a_time(
    tmp_path: Path, mosquitto_program: str, heartbeat: dict[str, Any] | None
) -> None:
    brokers = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        brokers.append(Mosquitto(tmp_path / name, mosquitto_program))
    for broker in brokers:
        await broker.start()
    one, two = brokers
    connectivity = {
        "protocol": "mqtt",
        "endpoint": one.endpoint,
        "mapping": {"properties": {"flow_rate": {"topic": "flow"}}},
        "fallback_after": 2.0,
        "return_after": 1.0,
        "fallbacks": [{"endpoint": two.endpoint}],
        **({"heartbeat": heartbeat} if heartbeat else {}),
    }
    device = asyncio.create_task(_publishing(brokers))
    try:
        async with plant(tmp_path / "journal", connectivity) as running:
            await until(running.heard_by(f":{one.port}"), "heard by the first")
            await until(lambda: running.state("flow_rate").known, "and has a value")
            if heartbeat:
                one.pause()  # it keeps its connections and delivers nothing
            else:
                await one.stop()
            await until(running.heard_by(f":{two.port}"), "the second takes over")
            await until(lambda: running.state("flow_rate").known, "with a value")
            if heartbeat:
                one.resume()
            else:
                await one.start()
            await until(running.heard_by(f":{one.port}"), "and gives it back")
            device.cancel()
            await until(lambda: len(running.paths()) == 3, "all in the journal")
            await until(running.agrees, "the journal folded is the engine as it is")
            standby = {health.name[-5:]: health.standby for health in running.supervisor.health()}
            assert all(count > 0 for count in standby.values()), standby
            changes = [fact for outcome in running.outcomes() for fact in outcome.changes if fact.known]
            values = [fact.value for fact in changes]
            assert len(values) > 5
            assert sum(after < before for before, after in itertools.pairwise(values)) <= 2, (
                "each value once, in its order, but for what a path has when it takes over"
            )
    finally:
        device.cancel()
        await asyncio.gather(device, return_exceptions=True)
        for broker in brokers:
            await broker.stop()


async def _publishing(brokers: list[Mosquitto]) -> None:
    """A device with a line to each broker; what can't be sent by one is lost there."""
    number = 0
    lines = [asyncio.create_task(_line(broker, lambda: number)) for broker in brokers]
    try:
        while True:
            number += 1
            await asyncio.sleep(0.02)
    finally:
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)


async def _line(broker: Mosquitto, number: Callable[[], int]) -> None:
    while True:
        with contextlib.suppress(aiomqtt.MqttError):
            async with aiomqtt.Client("127.0.0.1", broker.port, timeout=1, keepalive=2) as client:
                while True:
                    await client.publish("flow", str(number()), qos=0)
                    await asyncio.sleep(0.05)
        await asyncio.sleep(0.1)
