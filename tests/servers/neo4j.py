"""A real Neo4j 5.26 without Docker: its jars from Maven Central into a cache, its server as a child process.

`python -m tests.servers.neo4j` only fills the cache, so that no test's time-out has to cover a download.
Order: NEO4J_URI (an empty database of yours, with NEO4J_USER and NEO4J_PASSWORD), else Java 17 or 21 with Maven.
"""

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from neo4j import AsyncGraphDatabase
from neo4j.exceptions import DriverError, Neo4jError

from app.graph.process import ServerProcess, free_port
from tests.servers.graph import GraphAddress
from tests.servers.missing import NotHere

_POM = Path(__file__).with_name("pom.xml")
_ROOT = Path(__file__).resolve().parents[2]
_PASSWORD = "for-tests-on-loopback"
_START_SECONDS = 90.0
_DOWNLOAD_SECONDS = 540
_POLL_SECONDS = 0.1
_OPEN = ("java.base/java.nio", "java.base/java.io", "java.base/sun.nio.ch", "java.base/java.lang")


def given() -> GraphAddress | None:
    """The one that NEO4J_URI names."""
    uri = os.environ.get("NEO4J_URI")
    if not uri:
        return None
    environment = os.environ
    return GraphAddress(
        uri,
        environment.get("NEO4J_USER", "neo4j"),
        environment.get("NEO4J_PASSWORD", ""),
        environment.get("NEO4J_DATABASE", "neo4j"),
    )


def provision() -> Path:
    """The folder with the server's jars, filled once and kept. Raises NotHere."""
    _java()
    cache = Path(os.environ.get("TWIN_OVERLAY_CACHE") or _ROOT / ".cache" / "neo4j")
    jars = cache / hashlib.sha256(_POM.read_bytes()).hexdigest()[:16]
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.is_dir():
            _download(jars)
    return jars


def _download(jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NotHere("Maven (mvn) is not installed (apt-get install maven), and NEO4J_URI is not set")
    draft = jars.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    command = [maven, "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    try:
        done = subprocess.run(
            [*command, f"-DoutputDirectory={draft}"], capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise NotHere(f"Maven did not fetch Neo4j within {_DOWNLOAD_SECONDS} s") from None
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:]
        raise NotHere(f"Maven could not fetch Neo4j: {' '.join(last)}")
    draft.rename(jars)


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not java or not Path(java).exists():
        raise NotHere("Java 17 or 21 is not installed (apt-get install default-jre-headless), and NEO4J_URI is not set")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or version.group(1) not in ("17", "21"):
        raise NotHere(f"Neo4j 5 needs Java 17 or 21; this is {said.splitlines()[0] if said else 'something else'}")
    return java


class Neo4jServer:
    """One server on an empty folder. `address` after `start`."""

    def __init__(self, jars: Path, folder: Path) -> None:
        self._jars = jars
        self._folder = folder
        self._port = free_port()
        self.address = GraphAddress(f"bolt://127.0.0.1:{self._port}", "neo4j", _PASSWORD, "neo4j")
        self.process: ServerProcess | None = None
        self._claimed = False

    async def start(self) -> None:
        """Returns when the database answers; raises NotHere with the end of its log. Again, after it was stopped or
        killed: on the same data at the same address."""
        self._configure()
        self.process = await ServerProcess.start(
            "Neo4j",
            [
                _java(),
                *("-cp", str(self._jars / "*")),
                "-Xmx1g",
                "-XX:+UseSerialGC",
                *(f"--add-opens={name}=ALL-UNNAMED" for name in _OPEN),
                "org.neo4j.server.CommunityEntryPoint",
                f"--home-dir={self._folder}",
                f"--config-dir={self._folder / 'conf'}",
            ],
            folder=self._folder,
            log=self._folder / "neo4j.log",
            environment=os.environ,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not await self._answers():
            if self.process.ended or time.monotonic() > deadline:
                raise NotHere(f"Neo4j did not start:\n{self.process.log_tail()}")
            await asyncio.sleep(_POLL_SECONDS)

    async def stop(self) -> None:
        if self.process is not None:
            await self.process.stop(30.0)

    def _configure(self) -> None:
        (self._folder / "conf").mkdir(parents=True, exist_ok=True)
        (self._folder / "conf" / "neo4j.conf").write_text(
            f"server.bolt.listen_address=127.0.0.1:{self._port}\n"
            "server.http.enabled=false\n"
            "server.https.enabled=false\n"
            "dbms.usage_report.enabled=false\n"
            "server.memory.pagecache.size=64m\n"
        )

    async def _answers(self) -> bool:
        """A new server wants its first password changed; then the database must answer with it."""
        try:
            if self._claimed:
                await self.address.run("RETURN 1 AS one")
                return True
            async with (
                AsyncGraphDatabase.driver(self.address.uri, auth=("neo4j", "neo4j")) as driver,
                driver.session(database="system") as session,
            ):
                result = await session.run("ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $new", new=_PASSWORD)
                await result.consume()
            self._claimed = True
            await self.address.run("RETURN 1 AS one")
        except (DriverError, Neo4jError, OSError):
            return False
        return True


if __name__ == "__main__":
    try:
        print(provision())  # noqa: T201
    except NotHere as reason:
        sys.exit(f"NEO4J LANE NOT READY: {reason}")
