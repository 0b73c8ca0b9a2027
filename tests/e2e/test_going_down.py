"""SIGTERM: nothing new comes in, what is under way comes to its end, who is cut off is told; a second one hurries."""

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from asyncua import ua
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.journal.sqlite import SqliteJournal
from app.model.events import CallResult
from tests.connectors.parts import until
from tests.e2e.processes import ServerProcess, running_server
from tests.servers.opcua import NAMESPACE, OpcUaServer, serving

INVOKE = 'mutation { invokeMethod(input: {twinId: "pump", method: "slow"}) { call { status } } }'

KNOWN = '{ twin(twinId: "pump") { property(name: "flow_rate") { value { known } } } }'


class SlowPump:
    """A pump of whose method `slow` a test says when it answers."""

    def __init__(self, plc: OpcUaServer) -> None:
        self.plc = plc
        self.called = asyncio.Event()
        self.answers = asyncio.Event()

    async def prepare(self, server: ServerProcess) -> None:
        async def slow(_: ua.NodeId) -> list[ua.Variant]:
            self.called.set()
            await self.answers.wait()
            return [ua.Variant(True, ua.VariantType.Boolean)]

        plc = self.plc
        assert plc.pump is not None
        await plc.pump.add_method(plc._id("Pump123.Slow"), plc._name("Slow"), slow, [], [ua.VariantType.Boolean])
        documents = [
            {
                "kind": "TWIN_TYPE",
                "document": {
                    "type_id": "pump",
                    "properties": [{"name": "flow_rate", "data_type": "float"}],
                    "methods": [{"name": "slow", "return_type": "boolean"}],
                },
            },
            {
                "kind": "TWIN",
                "document": {
                    "twin_id": "pump",
                    "twin_type": "pump",
                    "connectivity": {
                        "protocol": "opc-ua",
                        "endpoint": plc.endpoint,
                        "namespace": NAMESPACE,
                        "mapping": {
                            "properties": {"flow_rate": {"node_id": "ns=2;s=Pump123.FlowRate"}},
                            "methods": {"slow": {"node_id": "ns=2;s=Pump123.Slow"}},
                        },
                    },
                },
            },
        ]
        save = "mutation($d: [DefinitionInput!]!) { saveDefinitions(input: {documents: $d}) { created { id } } }"
        async with server.client as client:
            await client.execute(save, {"d": documents})

            async def known() -> bool:
                found = await client.execute(
                    '{ twin(twinId: "pump") { property(name: "flow_rate") { value { known } } } }'
                )
                return bool(found["twin"]["property"]["value"]["known"])

            deadline = time.monotonic() + 30
            while not await known():
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)


async def subscribed(url: str) -> ClientConnection:
    socket = await connect(
        f"ws{url.removeprefix('http')}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None
    )
    await socket.send(json.dumps({"type": "connection_init"}))
    assert json.loads(await socket.recv())["type"] == "connection_ack"
    payload = {"query": "subscription { alertChanged { transition } }"}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
    await socket.send(json.dumps({"type": "ping"}))
    assert json.loads(await socket.recv())["type"] == "pong"
    return socket


def results(folder: Path) -> list[str]:
    journal = SqliteJournal.open(folder / "journal")
    found: list[str] = [entry.input.status for entry in journal.read(0, 1000) if isinstance(entry.input, CallResult)]
    asyncio.get_running_loop().create_task(journal.close())
    return found


@pytest.mark.timeout(180)
async def test_what_is_under_way_comes_to_its_end_and_subscribers_are_told(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("[server]\nannounce_seconds = 600\n")
    async with serving() as plc, running_server(tmp_path / "data", "--config", str(config)) as server:
        pump = SlowPump(plc)
        await pump.prepare(server)
        socket = await subscribed(server.url)
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as web:
            asked = asyncio.create_task(web.post("/graphql", json={"query": INVOKE}, timeout=60))
            await asyncio.wait_for(pump.called.wait(), 30)
            server.process.send_signal(signal.SIGTERM)

            async def ready() -> Any:
                return (await web.get("/readyz")).json()["problems"]

            deadline = time.monotonic() + 20
            while await ready() != {"server": "going down"}:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)
            pump.answers.set()
            answer = (await asked).json()
            assert answer["data"]["invokeMethod"]["call"]["status"] == "ACCEPTED"
        server.process.send_signal(signal.SIGTERM)  # enough announced
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 20)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "the server is going down")
        assert await asyncio.wait_for(server.process.wait(), 20) == 0


@pytest.mark.timeout(180)
async def test_a_call_that_nobody_waits_for_is_answered_before_the_connection_ends(tmp_path: Path) -> None:
    async with serving() as plc, running_server(tmp_path / "data") as server:
        pump = SlowPump(plc)
        await pump.prepare(server)
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as web:
            asked = asyncio.create_task(web.post("/graphql", json={"query": INVOKE}, timeout=60))
            await asyncio.wait_for(pump.called.wait(), 30)
            asked.cancel()  # the client goes; its call stands
            await asyncio.gather(asked, return_exceptions=True)
        server.process.send_signal(signal.SIGTERM)
        await until(lambda: any("going down" in line for line in server.log), "it goes down")
        with pytest.raises(OSError):
            await asyncio.wait_for(_refused(server.url), 20)
        assert server.process.returncode is None, "it waits for the device"
        pump.answers.set()
        assert await server.end() == 0
    assert results(tmp_path / "data") == ["accepted"]


@pytest.mark.timeout(180)
async def test_a_second_signal_waits_for_nobody(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("[server]\ndrain_seconds = 300\n[calls]\ntimeout_seconds = 300\n")
    async with serving() as plc, running_server(tmp_path / "data", "--config", str(config)) as server:
        pump = SlowPump(plc)
        await pump.prepare(server)
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as web:
            asked = asyncio.create_task(web.post("/graphql", json={"query": INVOKE}, timeout=60))
            await asyncio.wait_for(pump.called.wait(), 30)
            server.process.send_signal(signal.SIGTERM)
            await until(lambda: any("going down" in line for line in server.log), "it goes down")
            assert server.process.returncode is None
            began = time.monotonic()
            assert await server.end() == 0
            assert time.monotonic() - began < 15
            await asyncio.gather(asked, return_exceptions=True)
        pump.answers.set()
    assert results(tmp_path / "data") == []


async def _refused(url: str) -> None:
    """Until nobody listens any more."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    while True:
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
        await asyncio.sleep(0.02)
