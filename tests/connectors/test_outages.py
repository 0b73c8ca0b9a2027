"""Devices that die and come back, seen through the supervisor: real processes, killed and started again."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiomqtt
import pytest
import pytest_asyncio

from app.connectors.opcua import OpcUaConnector
from app.connectors.opcua_session import Timing
from app.connectors.runner import BackOff
from app.connectors.supervise import Supervisor
from app.errors import Unavailable
from app.runtime.clock import SystemClock
from tests.connectors.parts import FakeSink, pump, running, until
from tests.servers.mosquitto import Mosquitto, free_port
from tests.servers.opcua import NAMESPACE

QUICK = BackOff(first_seconds=0.1, most_seconds=0.5)
FLOW = {"flow_rate": {"node_id": "ns=2;s=Pump123.FlowRate", "sampling_interval": 50}}
START = {"start": {"node_id": "ns=2;s=Pump123.Start"}}


@dataclass(slots=True)
class Plc:
    """tests/servers/opcua.py in a process of its own, always on one port."""

    port: int
    process: asyncio.subprocess.Process | None = None

    @property
    def endpoint(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.servers.opcua", str(self.port), stdout=asyncio.subprocess.PIPE
        )
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            assert int(await self.process.stdout.readline()) == self.port

    async def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            await self.process.communicate()
            self.process = None

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)


@pytest_asyncio.fixture
async def plc() -> AsyncIterator[Plc]:
    server = Plc(free_port())
    await server.start()
    yield server
    await server.kill()


@contextlib.asynccontextmanager
async def supervised(supervisor: Supervisor) -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    task = asyncio.create_task(supervisor.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=5)
    await until(lambda: asyncio.all_tasks() <= before, "the supervisor leaves no task behind")


async def test_a_killed_server_is_silent_and_comes_back_by_itself(plc: Plc, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "twin_overlay.connectors")
    sink = FakeSink()
    supervisor = Supervisor(sink, SystemClock(), back_off=QUICK)
    twin = pump(plc.endpoint, FLOW, START, namespace=NAMESPACE, node_id="ns=2;s=Pump123")
    supervisor.configure([twin])
    async with supervised(supervisor):
        await until(sink.alive, "alive")
        assert (await supervisor.call("pump_123", "start", {})).status == "accepted"

        await plc.kill()
        await until(sink.silent, "silent")
        (health,) = supervisor.health()
        assert health.status == "disconnected"
        assert health.last_error
        answer = await supervisor.call("pump_123", "start", {})
        assert answer.status == "failed"
        assert answer.error.startswith("pump_123 is disconnected: ")
        assert (await supervisor.write("pump_123", "flow_rate", 1.0)).status == "failed"

        heard = len(sink.samples)
        await plc.start()
        await until(sink.alive, "alive again")
        assert len(sink.samples) > heard, "values were read back before it was called alive"
        assert (await supervisor.call("pump_123", "start", {})).status == "accepted"
        (health,) = supervisor.health()
        assert (health.status, health.last_error) == ("connected", "")
    lines = [record.getMessage() for record in caplog.records if record.name == "twin_overlay.connectors"]
    assert len(lines) == 2, lines
    assert " is down: " in lines[0]
    assert " is back after " in lines[1]
    assert [path.alive for status in sink.statuses for path in status.paths] == [True, False, True]


async def test_a_server_that_stops_answering_is_noticed_within_seconds(plc: Plc) -> None:
    sink = FakeSink()
    timing = Timing(probe_seconds=0.4)
    twin = pump(plc.endpoint, FLOW, namespace=NAMESPACE)
    device = OpcUaConnector("plc", plc.endpoint, [twin], clock=SystemClock(), timing=timing)
    async with running(device, sink) as task:
        plc.send(signal.SIGSTOP)  # the socket stays open and acknowledges: a half-open link from here
        started = asyncio.get_running_loop().time()
        await asyncio.wait({task}, timeout=10)
        took = asyncio.get_running_loop().time() - started
    assert isinstance(task.exception(), Unavailable)
    assert took < 5


async def test_a_server_that_is_not_there_yet_is_found_when_it_comes() -> None:
    sink = FakeSink()
    supervisor = Supervisor(sink, SystemClock(), back_off=QUICK)
    server = Plc(free_port())
    supervisor.configure([pump(server.endpoint, FLOW, namespace=NAMESPACE)])
    async with supervised(supervisor):
        await until(sink.silent, "silent with a reason")
        path = sink.path()
        assert path is not None
        assert "connection refused" in path.reason
        try:
            await server.start()
            await until(sink.alive, "found")
        finally:
            await server.kill()


async def test_a_broker_that_restarts_keeps_what_it_had_for_us(broker: Mosquitto) -> None:
    sink = FakeSink()
    supervisor = Supervisor(sink, SystemClock(), back_off=QUICK, installation="test")
    mapping = {"flow_rate": {"topic": "flow"}}
    supervisor.configure([pump(broker.endpoint, mapping, protocol="mqtt")])
    async with supervised(supervisor):
        await until(sink.alive, "alive")
        await broker.stop()
        await until(sink.silent, "silent")
        await broker.start()
        await until(sink.alive, "alive again")
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.publish("flow", "1.5", qos=1)
        await until(lambda: sink.value("flow_rate") == 1.5, "values again")

    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.publish("flow", "2.5", qos=1)  # while nobody is there
    again = Supervisor(sink, SystemClock(), back_off=QUICK, installation="test")
    again.configure([pump(broker.endpoint, mapping, protocol="mqtt")])
    async with supervised(again):
        await until(lambda: sink.value("flow_rate") == 2.5, "the broker kept it for this installation")
