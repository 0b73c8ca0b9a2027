"""kill -9 and start again: what was there is there, nothing fires twice, and open calls are settled as designed."""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Any

from app.client import GraphqlClient
from app.errors import TwinOverlayError
from tests.e2e.processes import PlantProcess, ServerProcess, running_plant, running_server, until

STATE = """
query State {
  twins(first: 100) { edges { node { twinId revision properties { name value { json timestamp } } } } }
  overlay(overlayId: "guarded") { revision behaviors { name state evidence since } }
  alerts { edges { node { alertId active acknowledged raisedAt behavior } } }
}
"""
SAVE = """
mutation Save($documents: [DefinitionInput!]!) {
  saveDefinitions(input: {documents: $documents}) { created { id } }
}
"""
SET = """
mutation Set($twinId: ID!, $property: String!, $value: JSON!) {
  setProperty(input: {twinId: $twinId, property: $property, value: $value}) { value { json } }
}
"""
VALUE = """
query Value($twinId: ID!, $name: String!) { twin(twinId: $twinId) { property(name: $name) { value { json known } } } }
"""


def _guard(plant: PlantProcess) -> list[dict[str, Any]]:
    """A tank whose level a person sets, and an overlay that stops the real pump when it is too high."""
    pump = {"protocol": "opc-ua", "endpoint": plant.opcua, "namespace": "http://acme.com/pumps/"}
    mapped = {"status": {"node_id": "ns=2;s=Pump123.Status", "sampling_interval": 100}}
    methods = {"stop": {"node_id": "ns=2;s=Pump123.Stop"}}
    status = ["off", "starting", "running", "stopping", "fault"]
    documents: list[tuple[str, dict[str, Any]]] = [
        (
            "TWIN_TYPE",
            {"type_id": "tank", "properties": [{"name": "level", "data_type": "float", "access": "read-write"}]},
        ),
        ("TWIN", {"twin_id": "tank_1", "twin_type": "tank"}),
        (
            "TWIN_TYPE",
            {
                "type_id": "pump",
                "properties": [{"name": "status", "data_type": "enum", "enum_values": status}],
                "methods": [{"name": "stop", "return_type": "boolean"}],
            },
        ),
        (
            "TWIN",
            {
                "twin_id": "pump_123",
                "twin_type": "pump",
                "connectivity": {
                    **pump,
                    "node_id": "ns=2;s=Pump123",
                    "mapping": {"properties": mapped, "methods": methods},
                },
            },
        ),
        (
            "OVERLAY",
            {
                "overlay_id": "guarded",
                "twins": [{"twin_id": "tank_1", "role": "tank"}, {"twin_id": "pump_123", "role": "pump"}],
                "behaviors": [
                    {
                        "name": "overflow",
                        "conditions": ["tank.level > 90.0"],
                        "actions": [
                            {"type": "alert", "severity": "critical", "message": "the tank overflows"},
                            {"type": "method_call", "role": "pump", "method": "stop", "parameters": []},
                        ],
                    }
                ],
            },
        ),
    ]
    return [{"kind": kind, "document": document} for kind, document in documents]


async def _value(client: GraphqlClient, twin_id: str, name: str) -> object:
    data = await client.execute(VALUE, {"twinId": twin_id, "name": name})
    return data["twin"]["property"]["value"]["json"]


async def _set_level(client: GraphqlClient, level: float) -> None:
    await client.execute(SET, {"twinId": "tank_1", "property": "level", "value": level})


async def _prepare(server: ServerProcess, plant: PlantProcess) -> None:
    """Definitions in, the level known and low, the pump seen running."""
    async with server.client as client:
        await client.execute(SAVE, {"documents": _guard(plant)})
        await _set_level(client, 10.0)

        async def runs() -> bool:
            return await _value(client, "pump_123", "status") == "running"

        await until(runs, "the pump was seen running")


async def _alerts(client: GraphqlClient) -> list[dict[str, Any]]:
    return [edge["node"] for edge in (await client.execute(STATE))["alerts"]["edges"]]


async def _pump_is_off(client: GraphqlClient) -> bool:
    return await _value(client, "pump_123", "status") == "off"


async def test_after_kill_9_everything_is_there_and_nothing_fires_again(tmp_path: Path) -> None:
    async with running_plant() as plant:
        async with running_server(tmp_path) as server:
            await _prepare(server, plant)
            async with server.client as client:
                await _set_level(client, 95.0)
                await until(lambda: _pump_is_off(client), "the pump stopped")
                before = await client.execute(STATE)
            assert await server.end(signal.SIGKILL) == -signal.SIGKILL
        async with running_server(tmp_path) as server, server.client as client:
            await until(lambda: _pump_is_off(client), "the pump is seen again")
            after = await client.execute(STATE)
            assert after["twins"] == before["twins"] or _values(after) == _values(before)
            assert after["overlay"] == before["overlay"]
            assert after["alerts"] == before["alerts"]
            assert [alert["behavior"] for alert in await _alerts(client)] == ["overflow"]


def _values(state: dict[str, Any]) -> dict[str, Any]:
    """Values alone: a device's report after the restart may carry a newer time."""
    return {
        edge["node"]["twinId"]: {item["name"]: item["value"]["json"] for item in edge["node"]["properties"]}
        for edge in state["twins"]["edges"]
    }


async def _die(tmp_path: Path, plant: PlantProcess, when: str) -> None:
    async with running_server(tmp_path, program=("-m", "tests.e2e.dying_server", when)) as server:
        await _prepare(server, plant)
        async with server.client as client:
            with contextlib.suppress(TwinOverlayError):
                await _set_level(client, 95.0)
        assert await asyncio.wait_for(server.process.wait(), 20) == -signal.SIGKILL


async def test_a_call_decided_but_not_attempted_is_sent_after_the_restart(tmp_path: Path) -> None:
    async with running_plant() as plant:
        await _die(tmp_path, plant, "before")
        async with running_server(tmp_path) as server, server.client as client:
            await until(lambda: _pump_is_off(client), "the stop call arrived")
            assert [alert["behavior"] for alert in await _alerts(client)] == ["overflow"]


async def test_a_call_older_than_its_deadline_expires_with_an_alert_and_is_not_sent(tmp_path: Path) -> None:
    async with running_plant() as plant:
        await _die(tmp_path, plant, "before")
        late = {"TWIN_OVERLAY_CALLS__DEADLINE_SECONDS": "0.01"}
        async with running_server(tmp_path, environment=late) as server, server.client as client:

            async def expired() -> bool:
                return len(await _alerts(client)) == 2

            await until(expired, "the expired call raised its alert")
            assert await _value(client, "pump_123", "status") == "running"


async def test_a_call_attempted_without_an_answer_is_shown_and_not_sent_again(tmp_path: Path) -> None:
    async with running_plant() as plant:
        await _die(tmp_path, plant, "after")
        async with running_server(tmp_path) as server, server.client as client:

            async def shown() -> bool:
                return len(await _alerts(client)) == 2

            await until(shown, "the indeterminate call raised its alert")
            assert await _value(client, "pump_123", "status") == "running"
