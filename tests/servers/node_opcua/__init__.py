"""A real OPC UA server of another make (node-opcua, MIT) in a process of its own: npm's packages into a cache, once.

`python -m tests.servers.node_opcua` only fills the cache. Tests that want it are skipped where Node or npm is missing;
with REQUIRE_NODE_OPCUA=1 they fail instead.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

_HERE = Path(__file__).parent
_ROOT = _HERE.resolve().parents[2]
_INSTALL_SECONDS = 540
_START_SECONDS = 90.0


class NotHere(Exception):
    """Why there is none."""


def provision() -> Path:
    """The folder with its packages, filled once and kept. Raises NotHere."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NotHere("Node with npm is not installed")
    wanted = (_HERE / "package.json").read_bytes()
    cache = Path(os.environ.get("TWIN_OVERLAY_CACHE") or _ROOT / ".cache") / "node_opcua"
    folder = cache / hashlib.sha256(wanted).hexdigest()[:16]
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            draft = folder.with_suffix(".new")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            (draft / "package.json").write_bytes(wanted)
            try:
                done = subprocess.run(
                    [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional"],
                    cwd=draft,
                    capture_output=True,
                    text=True,
                    timeout=_INSTALL_SECONDS,
                )
            except subprocess.TimeoutExpired:
                raise NotHere(f"npm did not fetch node-opcua within {_INSTALL_SECONDS} s") from None
            if done.returncode != 0:
                raise NotHere(f"npm could not fetch node-opcua: {' '.join(done.stderr.strip().splitlines()[-1:])}")
            draft.rename(folder)
    return folder


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
    packages = await asyncio.to_thread(provision)
    process = await asyncio.create_subprocess_exec(
        *("node", str(_HERE / "server.js"), str(folder), str(certificate), str(key), *user),
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
