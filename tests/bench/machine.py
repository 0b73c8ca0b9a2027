"""What the figures were measured on, and how much memory a process took with all that it started."""

import contextlib
import os
import platform
import re
import subprocess
import threading
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import psutil

from tests.servers import mosquitto

LIBRARIES = {
    "aiomqtt": "aiomqtt",
    "arcadedb-embedded": "arcadedb-embedded",
    "asyncua": "asyncua",
    "lark": "lark",
    "msgspec": "msgspec",
    "neo4j": "neo4j's driver",
    "rustworkx": "rustworkx",
    "strawberry-graphql": "strawberry-graphql",
    "uvicorn": "uvicorn",
    "uvloop": "uvloop",
    "websockets": "websockets",
}
"""By distribution, as it is called on the page."""
_POM = Path(__file__).parents[1] / "servers" / "pom.xml"


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    cores: int
    memory_gib: float
    processor: str
    system: str
    versions: dict[str, str]


def here() -> Machine:
    programs = {
        "Java": _told("java", "-version"),
        "Neo4j": _first(r"neo4j-server</artifactId><version>([^<]+)<", _POM.read_text()),
        "Node.js": _told("node", "--version"),
        "Mosquitto": _told(mosquitto.program() or "mosquitto", "-h"),
    }
    versions = {"Python": platform.python_version()} | {called: version(name) for name, called in LIBRARIES.items()}
    versions |= {name: found for name, found in programs.items() if found}
    return Machine(
        cores=os.cpu_count() or 1,
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        processor=_processor(),
        system=platform.system(),
        versions=versions,
    )


def _processor() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _told(*command: str) -> str:
    """The first version in what it says."""
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return _first(r"(\d+(?:\.\d+)+)", found.stdout + found.stderr)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[found.lastindex or 0] if found else ""


class Watch:
    """The most that a process and all below it held at once (proportional set size), looked at once a second."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.peak_mb = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(1.0):
            with contextlib.suppress(psutil.Error):
                whole = [self._process, *self._process.children(recursive=True)]
                self.peak_mb = max(self.peak_mb, sum(_proportional(process) for process in whole) / 2**20)


def _proportional(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.memory_full_info().pss)
    return 0
