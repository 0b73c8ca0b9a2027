"""A WebSocket client that reads nothing holds nobody up: what waits for it is bounded, what it missed is counted."""

import asyncio
import json
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import websockets
from websockets.typing import Subprotocol

from tests.e2e.processes import start_server, until

NAMES = [f"text_{number}" for number in range(20)]
DEFINE = """mutation Define($properties: [JSON!]!) { saveDefinitions(input: {documents: [
  {kind: TWIN_TYPE, document: {type_id: "log", properties: $properties}},
  {kind: TWIN, document: {twin_id: "log_1", twin_type: "log"}}]}) { created { id } } }"""
REPORT = "mutation Report($samples: [SampleInput!]!) { reportSamples(input: {samples: $samples}) { accepted } }"
SUBSCRIBE = 'subscription { propertyChanged(twinIds: ["log_1"]) { value { json } skipped } }'
PUSHES = "{ ingestLedger { balanced subscribers { number topic delivered skipped waiting } } }"
TEXT = "x" * 9_000


async def _subscribed(url: str) -> websockets.ClientConnection:
    """Little fits between the server and it."""
    address = urlsplit(url)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, (address.hostname, address.port))
    connection = await websockets.connect(
        f"ws://{address.netloc}/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        sock=narrow,
        max_queue=1,
        compression=None,  # the texts would be next to nothing
        proxy=None,
    )
    await connection.send(json.dumps({"type": "connection_init"}))
    assert json.loads(await connection.recv())["type"] == "connection_ack"
    await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": SUBSCRIBE}}))
    for _ in NAMES:
        assert json.loads(await connection.recv())["type"] == "next"
    return connection


async def test_a_subscriber_that_reads_nothing_is_told_in_the_end_what_it_missed(tmp_path: Path) -> None:
    server = await start_server(tmp_path)
    async with server.client as client:
        await client.execute(DEFINE, {"properties": [{"name": name, "data_type": "string"} for name in NAMES]})
        stuck = await _subscribed(server.url)
        rounds, slowest, deadline = 0, 0.0, time.monotonic() + 60

        async def pushes() -> dict[str, int]:
            found = (await client.execute(PUSHES))["ingestLedger"]
            assert found["balanced"]
            return dict(found["subscribers"][0])

        while (await pushes())["skipped"] < len(NAMES):
            assert time.monotonic() < deadline, "it never fell behind"
            rounds += 1
            samples = [{"twinId": "log_1", "property": name, "value": f"{rounds} {TEXT}"} for name in NAMES]
            began = time.monotonic()
            await client.execute(REPORT, {"samples": samples})
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 5
        assert (await pushes())["waiting"] <= len(NAMES)
        skipped, at_last = 0, 0
        while at_last < len(NAMES):
            pushed = json.loads(await asyncio.wait_for(stuck.recv(), 10))["payload"]["data"]["propertyChanged"]
            skipped += pushed["skipped"]
            at_last += pushed["value"]["json"].startswith(f"{rounds} ")
        found = await pushes()
        assert (found["skipped"], found["waiting"]) == (skipped, 0)
        assert found["delivered"] + found["skipped"] == rounds * len(NAMES)
        await stuck.close()

        async def gone() -> bool:
            return not (await client.execute(PUSHES))["ingestLedger"]["subscribers"]

        await until(gone, "nobody is left")
    assert await server.end() == 0
