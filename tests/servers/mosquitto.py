"""A real Mosquitto broker on a free port, which can be stopped and started again on the same port."""

import asyncio
import contextlib
import getpass
import os
import shutil
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.servers.missing import NotHere

_PLACES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
"""Debian's is not in everybody's PATH."""


def program() -> str | None:
    """Where the broker is installed; None where it is not."""
    return shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), *_PLACES]))


def installed() -> str:
    """The same; raises NotHere."""
    found = program()
    if found is None:
        raise NotHere("mosquitto is not installed (apt-get install mosquitto)")
    return found


def demanded() -> str:
    """The same for a test, which is skipped where it is not there; with REQUIRE_MOSQUITTO=1 it fails."""
    found = program()
    if found is None:
        message = "MQTT LANE NOT RUN: mosquitto is not installed (apt-get install mosquitto)"
        if os.environ.get("REQUIRE_MOSQUITTO") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Mosquitto:
    """On loopback, anonymous unless `user` gives a name and password; sessions and retained messages survive a stop.
    `options` are further lines of its configuration; `tls` those that make its listener one with TLS."""

    def __init__(
        self,
        folder: Path,
        program: str,
        user: tuple[str, str] | None = None,
        *,
        options: str = "",
        tls: Sequence[str] = (),
    ) -> None:
        self._tls = tls
        self.port = free_port()
        self._options = options
        self._user = user
        self._folder = folder
        self._program = program
        self._process: asyncio.subprocess.Process | None = None

    @property
    def endpoint(self) -> str:
        return f"{'mqtts' if self._tls else 'mqtt'}://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        config = self._folder / "mosquitto.conf"
        access = "allow_anonymous true"
        if self._user is not None:
            passwords = self._folder / "passwords"
            making = await asyncio.create_subprocess_exec("mosquitto_passwd", "-b", "-c", str(passwords), *self._user)
            assert await making.wait() == 0
            access = f"allow_anonymous false\npassword_file {passwords}"
        tls = "".join(f"{line}\n" for line in self._tls)
        config.write_text(
            f"listener {self.port} 127.0.0.1\n{access}\n{tls}persistence true\n"
            # started by root it would give its rights up, and then can't write where the test may
            f"persistence_location {self._folder}/\nuser {getpass.getuser()}\nlog_dest none\n{self._options}"
        )
        self._process = await asyncio.create_subprocess_exec(
            self._program, "-c", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(10):
            while True:
                if await self._answers():
                    return
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.send_signal(signal.SIGCONT)  # a paused one hears the first only then
            await self._process.wait()
        self._process = None

    def pause(self) -> None:
        """It keeps its connections and answers nobody, as a broker behind a broken link."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            return True
        return False
