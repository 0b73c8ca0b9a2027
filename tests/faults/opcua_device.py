"""The device of opcua_counters.py: its process, and the twins that it stands for."""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.processes import REPO
from tests.faults.opcua_counters import NAMESPACE, node_id
from tests.servers.mosquitto import free_port


@dataclass
class Device:
    """The process of opcua_counters.py, on one port whatever becomes of it."""

    variables: int
    rate: float
    """Changes a second, over all of them."""
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None
    first: int = 1

    async def start(self) -> None:
        arguments = (str(self.port), str(self.variables), str(self.rate), str(self.first))
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.opcua_counters", *arguments),
            cwd=REPO,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert await self._answer() == self.port

    async def say(self, word: str) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n".encode())
        await self.process.stdin.drain()

    async def frozen(self) -> list[int]:
        """Stop counting; where each variable stands."""
        await self.say("freeze")
        return [int(number) for number in await self._answer()]

    async def kill(self) -> None:
        assert self.process is not None
        self.first += 10_000  # so that no number comes twice
        self.process.kill()
        await self.process.wait()

    async def _answer(self) -> Any:
        assert self.process is not None
        assert self.process.stdout is not None
        return json.loads(await asyncio.wait_for(self.process.stdout.readline(), 30))


def definitions(port: int, variables: int, sampling_ms: int = 100) -> list[dict[str, Any]]:
    """A twin a variable, `opc_0` and on, as `saveDefinitions` takes them."""
    kind = {"type_id": "opc_counter", "properties": [{"name": "n", "data_type": "integer"}]}
    twins: list[dict[str, Any]] = [
        {
            "twin_id": f"opc_{index}",
            "twin_type": "opc_counter",
            "connectivity": {
                "protocol": "opc-ua",
                "endpoint": f"opc.tcp://127.0.0.1:{port}",
                "namespace": NAMESPACE,
                "mapping": {"properties": {"n": {"node_id": node_id(index), "sampling_interval": sampling_ms}}},
            },
        }
        for index in range(variables)
    ]
    return [
        {"kind": "TWIN_TYPE", "document": kind},
        *({"kind": "TWIN", "document": twin} for twin in twins),
    ]
