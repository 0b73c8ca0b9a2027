"""The graph that needs no installation: ArcadeDB from the wheel `arcadedb-embedded`, a child process that speaks Bolt.

The wheel's Python package is never imported (it would start a JVM inside this process): only its jars and its JRE are
used. The lock on the data directory is inherited by the child, so it is free only once nobody can write there.
"""

import asyncio
import fcntl
import logging
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from app.errors import Misconfigured, Unavailable
from app.graph import java
from app.graph.process import ServerProcess, free_port

log = logging.getLogger("twin_overlay.graph")

_STARTS = 2
"""A free port can be taken before the engine binds it: one more try with another."""
_LOCK_SECONDS = 5.0
"""How long the engine of a server that was killed may take to die."""
_GRACE_SECONDS = 0.5
"""How long one that was killed just now may still look alive."""
_POLL_SECONDS = 0.05


class EmbeddedEngine:
    """One engine on one data directory. After `start`, connect with `uri`, `user`, `password`, `database`."""

    user = "root"
    database = "neo4j"

    def __init__(
        self,
        data_dir: Path,
        *,
        heap_mb: int = 512,
        java_options: Sequence[str] = (),
        archive: Path | None = None,
        start_timeout_seconds: float = 60.0,
    ) -> None:
        """`archive` is where its classes lie laid out, if they do; beside its Java where left out."""
        self.uri = ""
        self.password = ""
        self.spawned = asyncio.Event()
        """Set once there is a process, seconds before it answers."""
        self._folder = data_dir.absolute()
        self._heap_mb = heap_mb
        self._java_options = java_options
        self._archive = archive
        self._start_timeout_seconds = start_timeout_seconds
        self._process: ServerProcess | None = None
        self._lock: IO[str] | None = None

    @property
    def pid(self) -> int | None:
        """Of the child; None while there is none."""
        return self._process.pid if self._process else None

    @property
    def ended(self) -> bool:
        """Whether it was started and its process is no more."""
        return self._process is not None and self._process.ended

    async def start(self) -> None:
        """Returns when the database answers. Raises Misconfigured (DATA_DIR_IN_USE, DATA_DIR_UNUSABLE,
        ENGINE_NOT_INSTALLED, ENGINE_FAILED) and Unavailable (ENGINE_TIMEOUT)."""
        package = java.package()
        try:
            (self._folder / "tmp").mkdir(parents=True, exist_ok=True)
            self._lock = await _locked(self._folder)
            self.password = _password(self._folder)
        except OSError as error:
            self._release()
            raise Misconfigured(
                f"the graph's data directory {self._folder} can't be used: {error.strerror}",
                code="DATA_DIR_UNUSABLE",
                hint="give a directory that this user may write to",
            ) from error
        try:
            await self._answering(package)
        except BaseException:
            await self.stop()
            raise

    async def restart(self) -> None:
        """After it ended by itself: on the same data, under the same lock, at another `uri`. Raises as `start` does,
        and may then be tried again."""
        try:
            await self._answering(java.package())
        except BaseException:
            if self._process is not None:  # it runs, but does not answer
                await self._process.stop(0)
            raise

    def log_tail(self) -> str:
        """The last lines that it printed."""
        return self._process.log_tail() if self._process else ""

    async def wait(self) -> int:
        """Until the child ends, for whatever reason; its exit code. Only after `start`."""
        if self._process is None:
            raise RuntimeError("the engine has not been started")
        return await self._process.wait()

    async def stop(self, timeout_seconds: float = 10.0) -> None:
        """SIGTERM, and SIGKILL after `timeout_seconds` (committed data survives both). May be called twice."""
        try:
            if self._process is not None:
                await self._process.stop(timeout_seconds)
        finally:
            self._process = None
            self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def _answering(self, package: Path) -> None:
        try:
            await self._launch(package)
        except OSError as error:
            raise Misconfigured(
                f"the embedded graph engine in {self._folder} can't be started: {error.strerror}",
                code="ENGINE_FAILED",
                hint="look for free memory and disk space",
            ) from error

    async def _launch(self, package: Path) -> None:
        deadline = time.monotonic() + self._start_timeout_seconds
        assert self._lock is not None
        archive = self._archive or java.archive_of(package)
        for left in reversed(range(_STARTS)):
            port = free_port()
            self.uri = f"bolt://127.0.0.1:{port}"
            self._process = await ServerProcess.start(
                "the embedded graph engine",
                # What an archive may have brought about, the last try does without.
                java.command(package, self._folder, port, self._heap_mb, archive if left else None, self._java_options),
                folder=self._folder,
                log=self._folder / "engine.log",
                environment={name: value for name, value in os.environ.items() if name not in java.VARIABLES},
                inherit=(self._lock.fileno(),),
            )
            self.spawned.set()
            # Imported only now: the driver and the model load (0.3 s) while Java does.
            from app.graph.connect import answers

            while not self._process.ended:
                if await answers(self.uri, self.user, self.password, self.database):
                    return
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"the embedded graph engine in {self._folder} did not answer within "
                        f"{self._start_timeout_seconds:g} s; its last output:\n{self._process.log_tail()}",
                        code="ENGINE_TIMEOUT",
                        hint="raise graph.start_timeout_seconds, or look at engine.log there",
                    )
                await asyncio.sleep(_POLL_SECONDS)
            if left:
                log.warning(
                    "the embedded graph engine ended while it started; starting it again on another port, and without "
                    "the archive of its classes"
                )
        raise Misconfigured(
            f"the embedded graph engine ended while it started in {self._folder}; its last output:\n{self.log_tail()}",
            code="ENGINE_FAILED",
            hint="look at engine.log in that directory",
        )


async def _locked(folder: Path) -> IO[str]:
    """The open lock file. A holder that has died may still have its engine dying after it: that is waited for."""
    lock = (folder / "lock").open("a+")
    started = time.monotonic()
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            waited = time.monotonic() - started
            if waited > (_GRACE_SECONDS if _is_alive(holder) else _LOCK_SECONDS):
                lock.close()
                raise Misconfigured(
                    f"the graph's data directory {folder} is in use by process {holder or 'unknown'}",
                    code="DATA_DIR_IN_USE",
                    hint="stop that server, or give this one another data directory",
                ) from None
        await asyncio.sleep(_POLL_SECONDS)
    lock.seek(0)
    lock.truncate()
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _is_alive(pid: str) -> bool:
    """A zombie is not: it has no open files, only a parent that has not asked for its exit code."""
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (ProcessLookupError, FileNotFoundError):
        return False
    except PermissionError:
        return True


def _password(folder: Path) -> str:
    """The engine's own, made at the first start. Without its file the engine's users can't be used either and are
    made anew; the data is untouched."""
    file = folder / "root-password"
    if file.exists() and (text := file.read_text().strip()):
        file.chmod(0o600)
        return text
    (folder / "config" / "server-users.jsonl").unlink(missing_ok=True)
    text = secrets.token_urlsafe(32)
    draft = folder / "root-password.new"
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
        output.flush()
        os.fsync(output.fileno())
    draft.replace(file)
    return text
