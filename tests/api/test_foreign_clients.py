"""graphql-ws, the npm client by the author of graphql-transport-ws, as a real Node process against a real socket."""

import asyncio
import contextlib
import json
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.api.reader import FACTS_WAITING
from tests.api.client import serving
from tests.api.parts import Installation, an_alert
from tests.api.plant import Plant
from tests.servers import npm

FOLDER = Path(npm.__file__).parent / "graphql_clients"
SECONDS = 60.0


@pytest.fixture(scope="module")
def modules() -> Path:
    return npm.demanded(FOLDER) / "node_modules"


class Client:
    """What the Node process says, and the cues it waits for."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        async with asyncio.timeout(SECONDS):
            line = await self._process.stdout.readline()
        assert line, "the client ended"
        found: dict[str, Any] = json.loads(line)
        return found

    async def says_at_last(self, key: str) -> dict[str, Any]:
        while key not in (found := await self.says()):
            pass
        return found

    async def cue(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        await self._process.stdin.drain()

    async def ended(self) -> list[dict[str, Any]]:
        """What it says until its end."""
        assert self._process.stdout is not None
        async with asyncio.timeout(SECONDS):
            rest = await self._process.stdout.read()
            assert await self._process.wait() == 0
        return [json.loads(line) for line in rest.splitlines()]


@contextlib.asynccontextmanager
async def client(installation: Installation, scenario: str, modules: Path) -> AsyncIterator[Client]:
    node = shutil.which("node")
    assert node is not None
    async with serving(installation) as port:
        process = await asyncio.create_subprocess_exec(
            node,
            str(FOLDER / "client.js"),
            f"ws://127.0.0.1:{port}/graphql",
            scenario,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "NODE_PATH": str(modules)},
        )
        try:
            yield Client(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def listeners(installation: Installation) -> int:
    return len(installation.bus.pushes())


async def until_listeners(installation: Installation, count: int) -> None:
    async with asyncio.timeout(SECONDS):
        while listeners(installation) != count:  # noqa: ASYNC110 - the bus has no event for it
            await asyncio.sleep(0.01)


async def test_it_connects_lazily_queries_mutates_in_its_name_and_leaves(modules: Path) -> None:
    plant = Plant()
    plant.start()
    async with client(plant, "lazy", modules) as found:
        said = await found.ended()
    assert said[0] == {"connected": True}
    assert next(item for item in said if "query" in item)["query"]["sequence"] > 0
    assert {"mutation": {"saveTwin": {"twin": {"updatedBy": "ann"}}}} in said
    assert said[-1]["closed"] == 1000


async def test_it_subscribes_and_completes_in_the_midst_and_the_socket_stays(modules: Path) -> None:
    plant = Plant()
    plant.start()
    async with client(plant, "completes", modules) as found:
        first = await found.says_at_last("value")
        assert first["value"]["propertyChanged"] == {"initial": True, "value": {"json": None}}
        plant.hear("pump_123", "temperature", 61.5)
        assert (await found.says())["value"]["propertyChanged"] == {"initial": False, "value": {"json": 61.5}}
        await found.cue()
        assert await found.says() == {"complete": "value"}
        await found.says_at_last("query")
        await until_listeners(plant, 0)
        plant.hear("pump_123", "temperature", 62.5)
        await found.cue()
        assert [item for item in await found.ended() if "closed" not in item] == []


async def test_it_connects_again_and_gets_how_things_stand(modules: Path) -> None:
    plant = Plant()
    plant.start()
    async with client(plant, "reconnects", modules) as found:
        assert (await found.says_at_last("value"))["value"]["propertyChanged"]["initial"] is True
        plant.hear("pump_123", "temperature", 61.5)
        await found.says_at_last("value")
        await found.cue()
        again = await found.says_at_last("value")
        assert again["value"]["propertyChanged"] == {"initial": True, "value": {"json": 61.5}}
        await found.cue()
        await found.ended()
    assert listeners(plant) == 0


async def test_its_pings_are_answered(modules: Path) -> None:
    async with client(Installation(), "keeps-alive", modules) as found:
        assert await found.says_at_last("pongs") == {"pongs": 3}
        await found.ended()


async def test_a_client_that_does_not_read_is_told_so_once_it_does(modules: Path) -> None:
    installation = Installation()
    async with client(installation, "stops-reading", modules) as found:
        await until_listeners(installation, 1)
        await found.cue()
        await found.says_at_last("paused")
        for number in range(FACTS_WAITING + 6_000):  # its connection takes some thousands of this size
            installation.raise_alert(an_alert(f"alert-{number}", message=secrets.token_hex(1500)))
        async with asyncio.timeout(SECONDS):
            while not any(item.skipped for item in installation.bus.pushes()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await found.cue()
        while not (told := await found.says()).get("errors"):
            assert "alert" in told
        assert told["errors"] == ["SLOW_CONSUMER"]
        await found.says_at_last("complete")
        await found.cue()
        await found.ended()


async def test_what_is_refused_reaches_it_with_its_code(modules: Path) -> None:
    async with client(Installation(), "is-refused", modules) as found:
        said = await found.ended()
    assert {"error": ["GRAPHQL_VALIDATION_FAILED"]} in said
    assert {"error": ["TWIN_NOT_FOUND"]} in said
