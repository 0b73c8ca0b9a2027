"""`make demo` for the benches: started as a user does, and how long until its first live value over GraphQL."""

import asyncio
import re
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

from app.client import GraphqlClient
from tests.e2e.processes import REPO, until

FLOW = '{ twin(twinId: "sensor_567") { property(name: "flow_rate") { value { known } } } }'


@dataclass(frozen=True)
class Demo:
    process: psutil.Process
    """Of the terminal, which has started all others."""
    since_server: float
    """Seconds from the start of the server's process to the first live value."""
    since_command: float


@asynccontextmanager
async def demo() -> AsyncIterator[Demo]:
    """In an empty folder; it has shown a live value."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.time()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app", "demo", "--plain", "--port", "0", "--data-dir", folder),
            cwd=REPO,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        reading: asyncio.Task[bytes] | None = None
        try:
            await _first_value(await _address(process.stdout))
            now = time.time()
            reading = asyncio.create_task(process.stdout.read())  # it goes on telling what happens
            whole = psutil.Process(process.pid)
            server = next(child for child in whole.children() if "serve" in child.cmdline())
            yield Demo(whole, now - server.create_time(), now - began)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
            await process.wait()
            if reading is not None:
                await reading


async def _address(lines: asyncio.StreamReader) -> str:
    while True:
        line = (await lines.readline()).decode()
        assert line, "the demo ended before it served"
        if found := re.search(r"open (http://\S+)/graphql", line):
            return found[1]


async def _first_value(url: str) -> None:
    async with GraphqlClient(url) as client:

        async def live() -> bool:
            twin = (await client.execute(FLOW))["twin"]
            return bool(twin and twin["property"]["value"]["known"])

        await until(live, "the first live value")
