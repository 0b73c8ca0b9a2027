"""What `make demo` takes in all its processes together: start to first live value, and proportional memory."""

import asyncio
import re
import signal
import sys
import tempfile
import time

import psutil

from app.client import GraphqlClient
from tests.e2e.processes import REPO, until

RUN_SECONDS = 60.0
FLOW = '{ twin(twinId: "sensor_567") { property(name: "flow_rate") { value { known } } } }'


def main() -> None:
    asyncio.run(_bench())


async def _bench() -> None:
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        demo = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app", "demo", "--plain", "--port", "0", "--data-dir", folder),
            cwd=REPO,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert demo.stdout is not None
            url = None
            while url is None:
                line = (await demo.stdout.readline()).decode()
                assert line, "the demo ended before it served"
                found = re.search(r"open (http://\S+)/graphql", line)
                url = found[1] if found else None
            async with GraphqlClient(url) as client:

                async def live() -> bool:
                    twin = (await client.execute(FLOW))["twin"]
                    return bool(twin and twin["property"]["value"]["known"])

                await until(live, "the first live value")
            server = next(
                child for child in psutil.Process(demo.pid).children() if "serve" in " ".join(child.cmdline())
            )
            first = time.time() - server.create_time()
            whole = time.monotonic() - began
            print(f"first live value {first:.1f} s after the server's start, {whole:.1f} s after the demo's")
            await asyncio.sleep(RUN_SECONDS)
            processes = [psutil.Process(demo.pid), *psutil.Process(demo.pid).children(recursive=True)]
            total = 0.0
            for process in processes:
                used = process.memory_full_info()
                total += used.pss / 2**20
                print(f"{used.pss / 2**20:7.0f} MB  (resident {used.rss / 2**20:.0f})  {_name(process)}")
            print(f"{total:7.0f} MB  in all, after {RUN_SECONDS:g} s of the story")
        finally:
            if demo.returncode is None:
                demo.send_signal(signal.SIGINT)
            await demo.wait()


def _name(process: psutil.Process) -> str:
    words = [word for word in process.cmdline()[1:] if not word.startswith("-")]
    return "graph engine" if "java" in process.name() else " ".join(words[:2])
