"""A server and its standby, with real devices: one acts, and no decision is sent twice, whoever dies when.

`TAKEOVERS=50 python -m pytest tests/e2e/test_standby.py` is the long run; a suite kills three times.
"""

import asyncio
import contextlib
import logging
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from app.client import GraphqlClient
from app.errors import TwinOverlayError
from tests.e2e.processes import ServerProcess, running_server, start_server, until
from tests.faults.installation import written
from tests.faults.oracle import Oracle
from tests.servers.graph import GraphAddress, embedded
from tests.servers.opcua import NAMESPACE, OpcUaServer, serving
from tests.servers.proxy import proxied

TAKEOVERS = int(os.environ.get("TAKEOVERS", "3"))
TANKS_A_ROUND = 100
"""Each is filled once, which decides one call."""
FILLED_EVERY_SECONDS = 0.02
"""So that a round is still under way at its kill."""
TAKE_OVER_SECONDS = 5.0 if TAKEOVERS > 3 else 30.0
"""What is promised is held in a long run on a machine of its own; a suite shares its processors with other tests."""
SAVE = """
mutation Save($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) { created { id } } }
"""
SET = """
mutation Set($id: ID!, $value: JSON!) {
  setProperty(input: {twinId: $id, property: "level", value: $value}) { value { json } }
}
"""
ALERTS = "query Alerts { alerts(first: 1000) { nodes { ownerId } } }"


@pytest.fixture
async def plc() -> AsyncIterator[OpcUaServer]:
    async with serving() as server:
        yield server


def _types(plc: OpcUaServer) -> list[dict[str, Any]]:
    pump = {
        "type_id": "pump",
        "properties": [{"name": "flow", "data_type": "float"}],
        "methods": [
            {
                "name": "set_speed",
                "parameters": [{"name": "speed", "data_type": "float"}, {"name": "ramp", "data_type": "integer"}],
            }
        ],
    }
    connectivity = {
        "protocol": "opc-ua",
        "endpoint": plc.endpoint,
        "namespace": NAMESPACE,
        "node_id": "ns=2;s=Pump123",
        "mapping": {
            "properties": {"flow": {"node_id": "ns=2;s=Pump123.FlowRate"}},
            "methods": {"set_speed": {"node_id": "ns=2;s=Pump123.SetSpeed"}},
        },
    }
    level = {"name": "level", "data_type": "float", "access": "read-write"}
    return [
        {"kind": "TWIN_TYPE", "document": {"type_id": "tank", "properties": [level]}},
        {"kind": "TWIN_TYPE", "document": pump},
        {"kind": "TWIN", "document": {"twin_id": "p", "twin_type": "pump", "connectivity": connectivity}},
    ]


def _tank(number: int) -> list[dict[str, Any]]:
    arguments = [{"name": "speed", "value": float(number)}, {"name": "ramp", "value": 1}]
    call = {"type": "method_call", "role": "pump", "method": "set_speed", "parameters": arguments}
    overlay = {
        "overlay_id": f"o{number}",
        "twins": [{"role": "tank", "twin_id": f"t{number}"}, {"role": "pump", "twin_id": "p"}],
        "behaviors": [{"name": "full", "conditions": ["tank.level > 90"], "actions": [call]}],
    }
    return [
        {"kind": "TWIN", "document": {"twin_id": f"t{number}", "twin_type": "tank"}},
        {"kind": "OVERLAY", "document": overlay},
    ]


async def _build(client: GraphqlClient, plc: OpcUaServer, tanks: int) -> None:
    documents = [*_types(plc), *(document for number in range(tanks) for document in _tank(number))]
    for start in range(0, len(documents), 1000):
        await client.execute(SAVE, {"documents": documents[start : start + 1000]})


@dataclass
class Pair:
    """The servers there are, and which tanks have been filled by now."""

    servers: list[ServerProcess] = field(default_factory=list)
    filled: int = 0

    async def fill(self, number: int) -> None:
        """Whoever acts decides it; asked again until somebody has answered, it is still one decision."""
        while True:
            for server in list(self.servers):
                with contextlib.suppress(TwinOverlayError, httpx.HTTPError):
                    async with server.client as client:
                        await client.execute(SET, {"id": f"t{number}", "value": 95.0}, timeout_seconds=2.0)
                    return
            await asyncio.sleep(0.02)

    async def fill_on(self, upto: int) -> None:
        while self.filled < upto:
            await self.fill(self.filled)
            self.filled += 1
            await asyncio.sleep(FILLED_EVERY_SECONDS)


def _sent(plc: OpcUaServer) -> Counter[int]:
    return Counter(int(call[2]) for call in plc.calls)


async def _accounted(server: ServerProcess, plc: OpcUaServer, filled: int) -> bool:
    """Every decision was sent, or an alert says why that is not known."""
    async with server.client as client:
        alerts = {int(node["ownerId"][1:]) for node in (await client.execute(ALERTS))["alerts"]["nodes"]}
    return set(range(filled)) <= set(_sent(plc)) | alerts


async def _is_standby(server: ServerProcess) -> bool:
    async with httpx.AsyncClient(base_url=server.url) as http:
        healthy, ready = await http.get("/healthz"), await http.get("/readyz")
    return (healthy.status_code, ready.status_code, ready.json()["status"]) == (200, 503, "standby")


@pytest.mark.timeout(120 + 30 * TAKEOVERS)
async def test_over_take_overs_by_kill_9_no_decision_is_sent_twice_and_none_is_forgotten(
    tmp_path: Path, plc: OpcUaServer
) -> None:
    pair, chance, took = Pair(), random.Random(TAKEOVERS), list[float]()
    tanks = TANKS_A_ROUND * (TAKEOVERS + 1)
    try:
        pair.servers = [await start_server(tmp_path), await start_server(tmp_path, "--standby")]
        async with pair.servers[0].client as client:
            await _build(client, plc, tanks)
        for number in range(TAKEOVERS):
            filling = asyncio.create_task(pair.fill_on((number + 1) * TANKS_A_ROUND))
            await until(partial(_sent_from, plc, number * TANKS_A_ROUND + 3), "calls are sent")
            await asyncio.sleep(chance.uniform(0.0, 0.5))
            actor, standby = pair.servers
            assert await _is_standby(standby)
            began, before = time.monotonic(), pair.filled
            assert await actor.end(signal.SIGKILL) == -signal.SIGKILL
            pair.servers = [standby]
            await until(partial(_more, pair, before + 1), "the standby acts")
            took.append(time.monotonic() - began)
            pair.servers = [standby, await start_server(tmp_path, "--standby")]
            await filling
        await pair.fill_on(tanks)
        await until(lambda: _accounted(pair.servers[0], plc, tanks), "every decision is accounted for")
        assert [number for number, times in _sent(plc).items() if times > 1] == []
        actor, standby = pair.servers
        await standby.end(signal.SIGKILL)
        await written(actor)
        assert await actor.end() == 0
    finally:
        for server in pair.servers:
            await server.end(signal.SIGKILL)
    async with embedded(tmp_path / "graph") as address:
        assert await Oracle.of(tmp_path / "journal").differences(address) == []
    logging.getLogger(__name__).warning(
        "seconds of the take-overs: %s", [round(seconds, 1) for seconds in sorted(took)]
    )
    assert max(took) < TAKE_OVER_SECONDS, sorted(took)


async def _sent_from(plc: OpcUaServer, first: int) -> bool:
    return bool(plc.calls) and int(plc.calls[-1][2]) >= first


async def _more(pair: Pair, than: int) -> bool:
    return pair.filled > than


async def test_a_server_that_was_stopped_and_goes_on_is_not_taken_over_and_sends_nothing_twice(
    tmp_path: Path, plc: OpcUaServer
) -> None:
    async with running_server(tmp_path) as actor, running_server(tmp_path, "--standby") as standby:
        pair = Pair([actor])
        async with actor.client as client:
            await _build(client, plc, 40)
        filling = asyncio.create_task(pair.fill_on(40))
        await until(lambda: _more(pair, 10), "calls are sent")
        for _ in range(2):
            actor.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(1.5)
            assert await _is_standby(standby)
            actor.process.send_signal(signal.SIGCONT)
        await filling
        await until(lambda: _accounted(actor, plc, 40), "every decision is accounted for")
        assert max(_sent(plc).values()) == 1
        assert not any("took over" in line for line in standby.log)


async def test_a_partition_from_the_graph_alone_stops_neither_alarms_nor_calls(
    tmp_path: Path, plc: OpcUaServer, graph: GraphAddress
) -> None:
    await graph.clean()
    where = urlsplit(graph.uri)
    assert where.hostname is not None
    assert where.port is not None
    async with proxied(where.hostname, where.port) as proxy:
        environment = {
            "TWIN_OVERLAY_GRAPH__URI": f"bolt://127.0.0.1:{proxy.port}",
            "TWIN_OVERLAY_GRAPH__USER": graph.user,
            "TWIN_OVERLAY_GRAPH__PASSWORD": graph.password,
            "TWIN_OVERLAY_GRAPH__DATABASE": graph.database,
            "TWIN_OVERLAY_GRAPH__ANSWER_TIMEOUT_SECONDS": "5",
        }
        async with running_server(tmp_path, environment=environment) as actor:
            standby = await start_server(tmp_path, "--standby", environment=environment)
            try:
                async with actor.client as client:
                    await _build(client, plc, 30)
                pair = Pair([actor])
                await pair.fill_on(10)
                proxy.silence()
                await pair.fill_on(20)
                await until(lambda: _accounted(actor, plc, 20), "calls go on")
                async with actor.client as client:
                    await until(lambda: _not_ready(client), "the partition is told")
                    assert await _is_standby(standby)
                    proxy.speak()
                    proxy.cut()
                    await until(client.ready, "the graph is reached again", 60.0)
                await pair.fill_on(30)
                await until(lambda: _accounted(actor, plc, 30), "calls go on")
                assert max(_sent(plc).values()) == 1
            finally:
                await standby.end(signal.SIGKILL)


async def _not_ready(client: GraphqlClient) -> bool:
    return not await client.ready()


async def test_a_standby_takes_over_definitions_values_and_alerts_as_they_were(tmp_path: Path) -> None:
    level = {"name": "level", "data_type": "float", "access": "read-write"}
    alert = {"type": "alert", "severity": "critical", "message": "full"}
    full = {"name": "full", "conditions": ["level > 90"], "actions": [alert]}
    first = {"kind": "TWIN_TYPE", "document": {"type_id": "tank", "properties": [level], "behaviors": [full]}}
    twins = [{"kind": "TWIN", "document": {"twin_id": f"t{number}", "twin_type": "tank"}} for number in range(3)]
    state = """{
      twins { nodes { twinId revision property(name: "level") { value { json timestamp } } } }
      alerts { nodes { alertId active acknowledged raisedAt } }
      server { catalogueRevision }
    }"""
    async with running_server(tmp_path) as actor, running_server(tmp_path, "--standby") as standby:
        async with actor.client as client:
            for document in (first, *twins):
                await client.execute(SAVE, {"documents": [document]})
            await client.execute(SET, {"id": "t1", "value": 95.0})
            await client.execute('mutation { deleteTwin(input: {twinId: "t2"}) { deletedId } }')
            before = await client.execute(state)
        assert await actor.end(signal.SIGKILL) == -signal.SIGKILL
        async with standby.client as client:

            async def acts() -> dict[str, Any] | None:
                with contextlib.suppress(TwinOverlayError):
                    return await client.execute(state)
                return None

            assert await until(acts, "the standby acts", TAKE_OVER_SECONDS) == before
            await until(client.ready, "the graph follows")
            await client.execute(SAVE, {"documents": [{**twins[2]}]})
        assert await standby.end() == 0
