"""Real processes for end-to-end tests: the server and the demo plant, started and ended as a user would."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from app.client import GraphqlClient
from app.demo.run import apply_demo

REPO = Path(__file__).parents[2]
SCRIPT = REPO / "app" / "demo" / "pumping_system.dtsl"
START_SECONDS = 120.0
Found = TypeVar("Found")


async def until(
    probe: Callable[[], Awaitable[Found]],
    what: str,
    seconds: float = 30.0,
    moves: Callable[[], Awaitable[object]] | None = None,
) -> Found:
    """The first truthy answer of `probe`; polls, and fails with `what` and the last answer at the deadline, which is
    put off whenever `moves` gives something new."""
    deadline, last = time.monotonic() + seconds, None
    while True:
        found = await probe()
        if found:
            return found
        if moves is not None and (now := await moves()) != last:
            deadline, last = time.monotonic() + seconds, now
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s; last answer: {found!r}"
        await asyncio.sleep(0.05)


@dataclass
class ServerProcess:
    """A running `twin-overlay serve` (or a script in its place) with what it wrote to standard error."""

    process: asyncio.subprocess.Process
    url: str
    log: list[str]
    reader: asyncio.Task[None]

    @property
    def client(self) -> GraphqlClient:
        return GraphqlClient(self.url, actor="test")

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal, wait, and give the exit status (negative: the signal that ended it)."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        status = await asyncio.wait_for(self.process.wait(), 60)  # it waits for what is under way, twice 10 s
        await self.reader
        return status


@dataclass
class PlantProcess:
    process: asyncio.subprocess.Process
    opcua: str
    mqtt: str
    control_port: int


async def load_demo(client: GraphqlClient, plant: PlantProcess) -> None:
    """The demo's definitions, as `twin-overlay demo` applies them."""
    await apply_demo(client, plant.opcua, plant.mqtt)


async def start_server(
    data_dir: Path,
    *arguments: str,
    port: int = 0,
    environment: Mapping[str, str] | None = None,
    program: Sequence[str] = ("-m", "app", "serve"),
    directory: Path = REPO,
) -> ServerProcess:
    """Start and wait until it says where it serves, or stands by."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *program,
        "--data-dir",
        str(data_dir),
        "--port",
        str(port),
        "--exit-with-parent",
        *arguments,
        cwd=directory,
        env={**os.environ, **(environment or {})},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    log: list[str] = []
    serving: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def read() -> None:
        assert process.stderr is not None
        async for raw in process.stderr:
            line = raw.decode(errors="replace").rstrip()
            log.append(line)
            found = re.search(r"(?:serving GraphQL|standing by) at (https?://[^\s/]+)", line)
            if found and not serving.done():
                serving.set_result(found[1])
        if not serving.done():
            serving.set_exception(AssertionError("the server ended before it served:\n" + "\n".join(log[-30:])))

    reader = asyncio.create_task(read())
    try:
        url = await asyncio.wait_for(serving, START_SECONDS)
    except BaseException:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reader
        raise
    return ServerProcess(process, url, log, reader)


async def command(
    *arguments: str, environment: Mapping[str, str] | None = None, seconds: float = 100.0
) -> tuple[int, str, str]:
    """Run `twin-overlay ...` to its end: its exit status, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app",
        *arguments,
        cwd=REPO,
        env={**os.environ, **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), seconds)
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


@contextlib.asynccontextmanager
async def running_server(data_dir: Path, *arguments: str, **options: Any) -> AsyncIterator[ServerProcess]:
    server = await start_server(data_dir, *arguments, **options)
    try:
        yield server
    finally:
        await server.end(signal.SIGKILL if server.process.returncode is None else signal.SIGTERM)


@contextlib.asynccontextmanager
async def running_plant(opcua_port: int = 0, mqtt_port: int = 0) -> AsyncIterator[PlantProcess]:
    """The demo plant in its own process, on free ports unless given."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.demo.plant",
        "--opcua-port",
        str(opcua_port),
        "--mqtt-port",
        str(mqtt_port),
        "--control-port",
        "0",
        "--die-with-parent",
        cwd=REPO,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        yield PlantProcess(process, ready["opcua_endpoint"], ready["mqtt_endpoint"], ready["control_port"])
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 10)
