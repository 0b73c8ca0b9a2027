"""Devices that go away, come back and send nonsense, seen by a client of the real server."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import pytest

from app.client import GraphqlClient
from app.demo.control import PlantControl
from app.errors import TwinOverlayError
from tests.e2e.processes import load_demo, running_plant, running_server, until

TWINS = """
{
  pump: twin(twinId: "pump_123") {
    behaviors { name state evidence }
    instance {
      state { properties { name value { json known reason } quality } }
      connectivityStatus { status reason lastConnected }
    }
  }
  sensor: twin(twinId: "sensor_567") {
    property(name: "flow_rate") { value { json known reason } }
    instance { connectivityStatus { status reason lastConnected } }
  }
  connectors { protocol status lastError rejected { reason count } }
}
"""


async def _twins(client: GraphqlClient) -> dict[str, Any]:
    return await client.execute(TWINS)


def _known(twins: dict[str, Any]) -> bool:
    pump = twins["pump"]["instance"]["state"]["properties"]
    return all(item["value"]["known"] for item in pump) and bool(twins["sensor"]["property"]["value"]["known"])


async def test_a_plant_that_goes_away_is_unknown_and_comes_back_by_itself(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server, server.client as client:
        async with running_plant() as plant:
            await load_demo(client, plant)

            async def all_known() -> bool:
                return _known(await _twins(client))

            await until(all_known, "every value is known")
            before = await _twins(client)

        async def gone() -> bool:
            twins = await _twins(client)
            return all(
                twins[name]["instance"]["connectivityStatus"]["status"] == "DISCONNECTED" for name in ("pump", "sensor")
            )

        await until(gone, "both twins are disconnected")
        twins = await _twins(client)
        for name in ("pump", "sensor"):
            status = twins[name]["instance"]["connectivityStatus"]
            assert status["reason"]
            assert status["lastConnected"]
        shown = twins["pump"]["instance"]["state"]["properties"]
        assert not any(item["value"]["known"] for item in shown)
        assert all(item["value"]["json"] is not None for item in shown), "the last values are still shown"
        assert {item["evidence"] for item in twins["pump"]["behaviors"]} == {"UNKNOWN"}
        states = {item["name"]: item["state"] for item in before["pump"]["behaviors"]}
        assert {item["name"]: item["state"] for item in twins["pump"]["behaviors"]} == states, "unknown holds the state"

        ports = [urlsplit(address).port or 0 for address in (plant.opcua, plant.mqtt)]
        async with running_plant(*ports):
            await until(all_known, "every value is known again", 60)
            twins = await _twins(client)
            assert {item["status"] for item in twins["connectors"]} == {"CONNECTED"}


async def test_a_bad_payload_is_counted_and_stops_nothing(tmp_path: Path) -> None:
    async with running_plant() as plant, running_server(tmp_path) as server, server.client as client:
        await load_demo(client, plant)

        async def all_known() -> bool:
            return _known(await _twins(client))

        await until(all_known, "every value is known")
        address = urlsplit(plant.mqtt)
        async with aiomqtt.Client(address.hostname or "", address.port or 0) as publisher:
            for payload in ("{not json", '{"flow_rate": NaN}', "{}", '{"flow_rate": "high"}'):
                await publisher.publish("plant/building_a/sensor_567", payload, qos=1)

        async def counted() -> bool:
            connectors: list[dict[str, Any]] = (await _twins(client))["connectors"]
            return bool(
                sum(
                    item["count"]
                    for connector in connectors
                    if connector["protocol"] == "mqtt"
                    for item in connector["rejected"]
                )
                >= 4
            )

        await until(counted, "all four were counted")
        seen: list[Any] = []

        async def goes_on() -> bool:
            seen.append((await _twins(client))["sensor"]["property"]["value"]["json"])
            return len(set(seen)) > 3

        await until(goes_on, "values go on arriving")
        assert all(isinstance(value, float) for value in seen)


async def test_a_write_a_call_and_an_event_go_all_the_way(tmp_path: Path) -> None:
    """To the pump and back over OPC UA: what was refused here never reached it."""
    write = """mutation Write($value: JSON!) {
      setProperty(input: {twinId: "pump_123", property: "speed", value: $value}) { call { status error } } }"""
    invoke = """mutation Invoke($method: String!, $arguments: JSON) {
      invokeMethod(input: {twinId: "pump_123", method: $method, arguments: $arguments}) { call { status error } } }"""
    events = """{ twin(twinId: "pump_123") { property(name: "speed") { value { number } }
      instance { state { lastEvents { name parameters } } } } }"""
    async with running_plant() as plant, running_server(tmp_path) as server, server.client as client:
        await load_demo(client, plant)

        async def all_known() -> bool:
            return _known(await _twins(client))

        await until(all_known, "every value is known")
        assert (await client.execute(write, {"value": 2000.0}))["setProperty"]["call"]["status"] == "ACCEPTED"

        async def slower() -> bool:
            number = (await client.execute(events))["twin"]["property"]["value"]["number"]
            return bool(abs(number - 2000.0) < 50.0)

        await until(slower, "the pump turns at the speed that was written")
        for value in (4000.0, "fast", None):
            with pytest.raises(TwinOverlayError) as refused:
                await client.execute(write, {"value": value})
            assert refused.value.code
        by_name = {"method": "set_speed", "arguments": {"speed": 2500.0}}
        assert (await client.execute(invoke, by_name))["invokeMethod"]["call"]["status"] == "ACCEPTED"
        with pytest.raises(TwinOverlayError) as wrong:
            await client.execute(invoke, {"method": "set_speed", "arguments": {"sped": 2500.0, "x": 1}})
        assert "did you mean 'speed'" in str(wrong.value)

        await PlantControl("127.0.0.1", plant.control_port).fault("pump_123", 17, "bearing seized")

        async def told() -> bool:
            found = (await client.execute(events))["twin"]["instance"]["state"]["lastEvents"]
            wanted = {"fault_code": 17, "fault_description": "bearing seized"}
            return any(item["name"] == "fault_occurred" and item["parameters"] == wanted for item in found)

        await until(told, "the pump's event is among its last ones")
        refused_by_device = (await client.execute(invoke, {"method": "start"}))["invokeMethod"]["call"]
        assert refused_by_device["status"] == "REFUSED", "a pump in fault answers false"


async def test_many_clients_may_watch_while_one_stops_reading(tmp_path: Path) -> None:
    """A subscriber that never reads costs the others nothing."""
    watch = 'subscription { propertyChanged(twinIds: ["pump_123"]) { property initial } }'
    async with running_plant() as plant, running_server(tmp_path) as server, server.client as client:
        await load_demo(client, plant)
        stuck = client.subscribe(watch)
        await anext(stuck)

        async def read() -> int:
            count = 0
            async for data in client.subscribe(watch):
                count += not data["propertyChanged"]["initial"]
                if count == 50:
                    return count
            return count

        assert await asyncio.wait_for(asyncio.gather(*(read() for _ in range(10))), 60) == [50] * 10
        await stuck.aclose()  # type: ignore[attr-defined]
