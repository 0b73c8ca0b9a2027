"""`make faults`: every fault script at its full length, on both graph engines; minutes each, so by hand.

    python -m tests.faults killed_server --graph embedded

Prints what each run went through; the first that does not end as it must ends the command with exit code 1.
"""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

from app.graph.embedded import EmbeddedEngine
from tests.faults import damaged, full_disk, killed_server, lost_devices, secrets
from tests.servers import mosquitto
from tests.servers.graph import GraphAddress
from tests.servers.neo4j import Neo4jServer, provision

Script = Callable[[Path, GraphAddress, str], Awaitable[dict[str, object]]]
GRAPHS = ("embedded", "neo4j")


SCRIPTS: dict[str, Script] = {
    "killed_server": partial(killed_server.run, lengths=killed_server.BY_HAND),
    "lost_devices": partial(lost_devices.run, lengths=lost_devices.BY_HAND),
    "full_disk": partial(full_disk.run, lengths=full_disk.BY_HAND),
    "damaged": partial(damaged.run, lengths=damaged.BY_HAND),
    "secrets": secrets.run,
}

TESTS: dict[str, tuple[str, dict[str, str]]] = {
    "timers": ("tests/e2e/test_timers_crash.py", {"CRASHES": "50"}),
    "commands": ("tests/e2e/test_crash.py", {"CRASHES": "20"}),
    "graph_away": ("tests/e2e/test_graph_away.py", {"GRAPH_KILLS": "20", "GRAPH_OUTAGE_SECONDS": "300"}),
    "resume": ("tests/e2e/test_resume.py", {"RESUMES": "100"}),
    "take_overs": ("tests/e2e/test_standby.py", {"TAKEOVERS": "50"}),
    "damage": (
        "tests/journal/test_damage.py",
        {"TWIN_OVERLAY_TEST_EVERY_BYTE": "1", "TWIN_OVERLAY_TEST_FLIPS": "2000"},
    ),
}
"""Tests that have a length of their own, here at the long one; each goes through the engines by itself."""


@contextlib.asynccontextmanager
async def _graph(kind: str, folder: Path) -> AsyncIterator[GraphAddress]:
    """A new and empty database."""
    if kind == "neo4j":
        server = Neo4jServer(provision(), folder)
        await server.start()
        try:
            yield server.address
        finally:
            await server.stop()
        return
    engine = EmbeddedEngine(folder)
    await engine.start()
    try:
        yield GraphAddress(engine.uri, engine.user, engine.password, engine.database)
    finally:
        await engine.stop()


async def _run(name: str, kind: str, broker: str) -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        async with _graph(kind, Path(folder, "graph")) as graph:
            figures = await SCRIPTS[name](Path(folder, "place"), graph, broker)
    told = ", ".join(f"{what} {figure}" for what, figure in figures.items())
    print(f"{name} ({kind}): as it must be, after {time.monotonic() - began:.0f} s: {told}", flush=True)


def _test(name: str) -> None:
    """Exits where it does not pass."""
    file, lengths = TESTS[name]
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-rP", "-n", "0", "--timeout", "7200", file]
    status = subprocess.run(command, env={**os.environ, **lengths}, check=False).returncode
    if status:
        sys.exit(status)
    told = ", ".join(f"{what}={length}" for what, length in lengths.items())
    print(f"{name}: as it must be, after {time.monotonic() - began:.0f} s: {told}", flush=True)


def main() -> None:
    known = [*SCRIPTS, *TESTS]
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Faults done to real processes.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; all where none is given")
    parser.add_argument("--graph", choices=GRAPHS, action="append", help="one engine only")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in known]
    if unknown:
        sys.exit(f"there is no script {', '.join(unknown)}; there are {', '.join(known)}")
    broker = mosquitto.program()
    if broker is None:
        sys.exit("mosquitto is not installed (apt-get install mosquitto)")
    for name in given.names or known:
        if name in TESTS:
            _test(name)
            continue
        for kind in given.graph or GRAPHS:
            asyncio.run(_run(name, kind, broker))


if __name__ == "__main__":
    main()
