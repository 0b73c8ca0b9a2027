"""`twin-overlay demo` as a user runs it, watched by a foreign WebSocket client that only knows the protocol."""

import asyncio
import contextlib
import json
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.e2e.processes import REPO

STORY_SECONDS = 100.0
FIRST_VALUE_SECONDS = 10.0
END_SECONDS = 3.0

WATCH = {
    "behavior": "subscription { behaviorChanged { ownerId behavior state initial } }",
    "alert": """subscription { alertChanged {
        transition initial alert { behavior severity active acknowledged closedAt } } }""",
    "status": """subscription { propertyChanged(twinIds: ["pump_123", "pump_124"], properties: ["status"]) {
        twinId value { text } } }""",
    "flow": """subscription { propertyChanged(twinIds: ["sensor_567"]) { value { number } } }""",
}


class Demo:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def url(self) -> str:
        async for line in self._read():
            found = re.search(r"open (http://\S+)/graphql", line)
            if found:
                return found[1]
        raise AssertionError("the demo ended before it served:\n" + "\n".join(self.lines))

    async def rest(self) -> None:
        async for _ in self._read():
            pass

    async def _read(self) -> AsyncIterator[str]:
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            self.lines.append(raw.decode().rstrip())
            yield self.lines[-1]


async def _start(data_dir: Path, *arguments: str) -> Demo:
    return Demo(
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "app", "demo", "--plain", "--port", "0", "--data-dir", str(data_dir), *arguments),
            cwd=REPO,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    )


async def _end(demo: Demo, number: signal.Signals = signal.SIGINT) -> float:
    """Seconds from the signal until the demo and everything it started were gone."""
    children = psutil.Process(demo.process.pid).children(recursive=True)
    assert len(children) >= 3, "plant, server and graph engine"
    started = time.monotonic()
    demo.process.send_signal(number)
    await asyncio.wait_for(demo.process.wait(), 20)
    took = time.monotonic() - started
    _, alive = psutil.wait_procs(children, timeout=0.5)
    assert not alive, [child.cmdline() for child in alive]
    return took


async def _watch(url: str, told: "asyncio.Queue[tuple[str, Any]]") -> None:
    """graphql-transport-ws by hand: all documents over one socket, until the server goes."""
    with contextlib.suppress(ConnectionClosed):
        await _protocol(url, told)


async def _protocol(url: str, told: "asyncio.Queue[tuple[str, Any]]") -> None:
    address = url.replace("http", "ws", 1) + "/graphql"
    async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as socket:
        await socket.send('{"type": "connection_init"}')
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        for name, document in WATCH.items():
            await socket.send(json.dumps({"id": name, "type": "subscribe", "payload": {"query": document}}))
        async for raw in socket:
            message = json.loads(raw)
            if message["type"] == "ping":
                await socket.send('{"type": "pong"}')
            else:
                assert message["type"] == "next", message
                assert not message["payload"].get("errors"), message
                told.put_nowait((message["id"], next(iter(message["payload"]["data"].values()))))


async def _story_facts(told: "asyncio.Queue[tuple[str, Any]]", expected: list[str]) -> list[str]:
    """Read pushes until every expected fact has come, in this order."""
    missing = list(expected)
    seen: list[str] = []
    try:
        async with asyncio.timeout(STORY_SECONDS):
            while missing:
                kind, push = await told.get()
                fact = _fact(kind, push)
                if fact is not None:
                    seen.append(fact)
                    if fact == missing[0]:
                        missing.pop(0)
    except TimeoutError:
        raise AssertionError(f"never came: {missing}\nseen: {seen}") from None
    return seen


def _fact(kind: str, push: dict[str, Any]) -> str | None:
    match kind:
        case "behavior" if not push["initial"]:
            return f"{push['ownerId']}/{push['behavior']} {push['state']}"
        case "alert" if not push["initial"]:
            return f"alert {push['alert']['behavior']} {push['transition']}"
        case "status":
            return f"{push['twinId']} {push['value']['text']}"
        case "flow" if isinstance(push["value"]["number"], float):
            return "flow" if push["value"]["number"] > 40 else "no flow"
    return None


@pytest.mark.timeout(180)
async def test_the_story_is_told_and_a_foreign_client_sees_its_facts(tmp_path: Path) -> None:
    demo = await _start(tmp_path, "--once")
    try:
        url = await asyncio.wait_for(demo.url(), 60)
        told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_watch(url, told))
            reading = group.create_task(demo.rest())
            await _story_facts(
                told,
                [
                    "pump_123/high_temperature_warning ACTIVE",
                    "pump_123/high_temperature_critical ACTIVE",
                    "alert high_temperature_critical RAISED",
                    "pump_123 stopping",
                    "alert high_temperature_critical CLOSED",
                    "pump_123 fault",
                    "alert primary_pump_failure RAISED",
                    "pump_124 running",
                    "alert primary_pump_failure CLOSED",
                ],
            )
            watching.cancel()
            status = await asyncio.wait_for(demo.process.wait(), 60)
            await reading
        assert status == 0, "\n".join(demo.lines)
        assert demo.lines[-1].endswith("the story is told"), demo.lines[-5:]
    finally:
        if demo.process.returncode is None:
            demo.process.kill()
            await demo.process.wait()


@pytest.mark.timeout(120)
async def test_ctrl_c_ends_everything_within_3_seconds(tmp_path: Path) -> None:
    demo = await _start(tmp_path, "--no-story")
    await asyncio.wait_for(demo.url(), 60)
    assert await _end(demo) <= END_SECONDS


@pytest.mark.timeout(120)
async def test_kill_9_of_the_demo_leaves_no_process(tmp_path: Path) -> None:
    demo = await _start(tmp_path, "--no-story")
    await asyncio.wait_for(demo.url(), 60)
    children = psutil.Process(demo.process.pid).children(recursive=True)
    demo.process.kill()
    await demo.process.wait()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive, [child.cmdline() for child in alive]
