"""One server program as a child of this process: started with its log in a file, stopped in time, never left behind.

PR_SET_PDEATHSIG fires when the *thread* that made the child ends, not the process: spawn from the main thread only.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

_PR_SET_PDEATHSIG = 1
_LOG_TAIL_LINES = 15
# Looked up here and not in the child: between fork and exec nothing may load a library or take a lock.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ServerProcess:
    """A running child. `program` is its name in messages; `log` has its output, the former run's in `log`.1."""

    def __init__(self, program: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.program = program
        self.log = log
        self._process = process

    @classmethod
    async def start(
        cls,
        program: str,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        environment: Mapping[str, str],
        inherit: Sequence[int] = (),
    ) -> "ServerProcess":
        """Spawn it in its own session, so that Ctrl-C reaches it through `stop` and not behind its owner's back.
        `inherit` are file descriptors that stay open in it (the lock on its data)."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(f"{program} must be started from the main thread, or it dies with the thread")
        with _fresh(log) as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=tuple(inherit),
                start_new_session=True,
                preexec_fn=_die_with_parent(os.getpid()),
            )
        return cls(program, process, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    async def wait(self) -> int:
        """Until it ends, for whatever reason: its exit code (negative: the signal that ended it)."""
        return await self._process.wait()

    async def stop(self, timeout_seconds: float) -> None:
        """SIGTERM, and SIGKILL for one that has not ended in time. Returns when it is gone."""
        if not self.ended:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), timeout_seconds)
            except TimeoutError:
                self.kill()
        await self._process.wait()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def log_tail(self) -> str:
        """The last lines that it printed."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
        return ""


def _fresh(log: Path) -> BinaryIO:
    if log.exists():
        log.replace(log.with_name(log.name + ".1"))
    return log.open("wb")


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    if _libc is None:
        return None
    prctl = _libc.prctl

    def in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above took hold
            os._exit(1)

    return in_child
