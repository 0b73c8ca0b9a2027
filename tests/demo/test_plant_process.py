"""The plant as a process: it says where it listens, works as one plant, and ends at once without leaving anything."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiomqtt
import psutil
import pytest
from asyncua import ua
from asyncua.client.client import Client

from app.demo.control import PlantControl

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "app.demo.plant")


@contextlib.asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, Any]]]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            line = await process.stdout.readline()
        assert line, "the plant ended before it was ready"
        yield process, json.loads(line)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until(holds: Callable[[dict[str, Any]], bool], control: PlantControl, seconds: float = 20) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        while True:
            state = await control.state()
            if holds(state):
                return state
            await asyncio.sleep(0.05)


async def heard_until_lost(bus: aiomqtt.Client) -> list[bytes]:
    heard: list[bytes] = []
    with contextlib.suppress(aiomqtt.MqttError):
        async for message in bus.messages:
            assert isinstance(message.payload, bytes)
            heard.append(message.payload)
    return heard


async def test_the_plant_is_one_plant_behind_all_its_ports() -> None:
    async with started() as (process, ready):
        assert ready["pid"] == process.pid
        control = PlantControl("127.0.0.1", ready["control_port"])
        port = int(ready["mqtt_endpoint"].rpartition(":")[2])
        async with Client(ready["opcua_endpoint"]) as plc, aiomqtt.Client("127.0.0.1", port) as bus:
            await bus.subscribe("plant/building_a/sensor_567", qos=1)
            await control.fault("pump_123", 17, "bearing seized")
            await until(lambda state: state["sensor_567"]["flow_rate"] == 0.0, control)
            pump = plc.get_node("ns=2;s=Pump124")
            assert await pump.call_method(ua.NodeId.from_string("ns=2;s=Pump124.Start")) is True
            await until(lambda state: state["pump_124"]["status"] == "running", control)
            async with asyncio.timeout(10):
                async for message in bus.messages:
                    assert isinstance(message.payload, bytes)
                    if json.loads(message.payload)["flow_rate"] > 70:
                        break
            assert await plc.get_node("ns=2;s=Pump123.Status").read_value() == "fault"


async def test_heat_takes_the_pump_past_both_marks_and_stopping_it_cools_it_down() -> None:
    async with started() as (_, ready):
        control = PlantControl("127.0.0.1", ready["control_port"])
        await control.heat("pump_123")
        await until(lambda state: state["pump_123"]["temperature"] >= 80.0, control)
        hot = await until(lambda state: state["pump_123"]["temperature"] >= 90.0, control)
        assert hot["pump_123"]["status"] == "running"
        async with Client(ready["opcua_endpoint"]) as plc:
            pump = plc.get_node("ns=2;s=Pump123")
            assert await pump.call_method(ua.NodeId.from_string("ns=2;s=Pump123.Stop")) is True
        await until(lambda state: state["pump_123"]["temperature"] < 80.0, control)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_at_once_while_clients_are_connected(number: signal.Signals) -> None:
    async with started() as (process, ready):
        port = int(ready["mqtt_endpoint"].rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", ready["control_port"])
        mute = await asyncio.open_connection("127.0.0.1", port)  # never says CONNECT
        plc = Client(ready["opcua_endpoint"])
        await plc.connect()
        async with aiomqtt.Client("127.0.0.1", port) as bus:
            topic = "plant/building_a/sensor_567/availability"
            await bus.subscribe(topic, qos=1)
            process.send_signal(number)
            async with asyncio.timeout(5):
                code = await process.wait()
            assert code == 0
            assert (await heard_until_lost(bus))[-1] == b"offline", "a stopped sensor says so itself"
        await reader.read()
        writer.close()
        mute[1].close()
        plc.disconnect_socket()
        assert process.stderr is not None
        assert await process.stderr.read() == b""


async def test_a_signal_as_soon_as_it_is_ready_ends_it_as_quietly() -> None:
    async with started() as (process, _):
        process.terminate()
        assert process.stderr is not None
        assert (await process.stderr.read(), await process.wait()) == (b"", 0)


async def test_it_dies_with_the_process_that_started_it() -> None:
    script = (
        "import subprocess, sys, time\n"
        "plant = subprocess.Popen([sys.executable, '-m', 'app.demo.plant', '--die-with-parent'],"
        " stdout=subprocess.PIPE)\n"
        "print(plant.stdout.readline().decode(), end='', flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    async with asyncio.timeout(60):
        plant = psutil.Process(json.loads(await parent.stdout.readline())["pid"])
    parent.kill()
    await parent.wait()
    gone, alive = psutil.wait_procs([plant], timeout=5)
    assert (len(gone), alive) == (1, [])


async def test_a_taken_port_is_one_line_and_exit_code_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for option in ("--opcua-port", "--mqtt-port", "--control-port"):
            process = await asyncio.create_subprocess_exec(
                *COMMAND, option, str(port), cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            out, err = await process.communicate()
            assert (process.returncode, out) == (2, b""), option
            assert err.decode().splitlines() == [err.decode().strip()], err.decode()
            assert "PORT_TAKEN cannot serve" in err.decode()
            assert f"127.0.0.1:{port}: {os.strerror(98)}" in err.decode()


async def test_it_costs_little_memory_and_little_time(record_property: Callable[[str, object], None]) -> None:
    async with started() as (process, ready):
        control = PlantControl("127.0.0.1", ready["control_port"])
        async with Client(ready["opcua_endpoint"]):
            measured = psutil.Process(process.pid)
            before, begun = measured.cpu_times(), time.monotonic()
            await until(lambda _: time.monotonic() - begun > 5, control)
            after, seconds = measured.cpu_times(), time.monotonic() - begun
        share = (after.user + after.system - before.user - before.system) / seconds
        megabytes = measured.memory_info().rss / 2**20
    record_property("resident_mb", round(megabytes))
    record_property("share_of_a_core", round(share, 3))
    assert megabytes < 200
    assert share < 0.5
