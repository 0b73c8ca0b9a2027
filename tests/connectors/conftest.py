"""Real servers for the connectors: an OPC UA server in this process, a Mosquitto broker beside it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.servers.mosquitto import Mosquitto
from tests.servers.opcua import OpcUaServer, serving


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_plc() -> AsyncIterator[OpcUaServer]:
    """Costs a second to start, so a module shares one."""
    async with serving() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def plc(shared_plc: OpcUaServer) -> OpcUaServer:
    """For tests marked `asyncio(loop_scope="module")`."""
    await shared_plc.reset()
    return shared_plc


@pytest_asyncio.fixture
async def broker(tmp_path: Path, mosquitto_program: str) -> AsyncIterator[Mosquitto]:
    server = Mosquitto(tmp_path, mosquitto_program)
    await server.start()
    yield server
    await server.stop()
