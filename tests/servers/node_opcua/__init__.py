"""A real OPC UA server of another make (node-opcua, MIT) in a process of its own."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from tests.servers import npm

HERE = Path(__file__).parent
_START_SECONDS = 90.0


class NodeOpcUa:
    """On loopback, with every policy; anonymous, and one user. Its pump has a flow rate that `set` changes."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port

    @property
    def endpoint(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}"

    async def set(self, value: float) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{value}\n".encode())
        await _line(self._process, f"SET {value}")


async def _line(process: asyncio.subprocess.Process, begins: str) -> str:
    assert process.stdout is not None
    seen = []
    async with asyncio.timeout(_START_SECONDS):
        async for raw in process.stdout:
            line = raw.decode().strip()
            seen.append(line)
            if line.startswith(begins):
                return line
    raise AssertionError(f"the server ended without '{begins}':\n" + "\n".join(seen[-20:]))


@contextlib.asynccontextmanager
async def serving(folder: Path, certificate: Path, key: Path, user: tuple[str, str]) -> AsyncIterator[NodeOpcUa]:
    packages = await asyncio.to_thread(npm.provision, HERE)
    process = await asyncio.create_subprocess_exec(
        *("node", str(HERE / "server.js"), str(folder), str(certificate), str(key), *user),
        env={**os.environ, "NODE_PATH": str(packages / "node_modules"), "HOME": str(folder)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield NodeOpcUa(process, int((await _line(process, "PORT")).split()[1]))
    finally:
        process.kill()
        await process.communicate()
