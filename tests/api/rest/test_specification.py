"""The API examples of the specification as HTTP requests, in its order, on the twins that they name.

They are read from ../shared/spec beside the repo; where it is not there (a clone of its own), the test says so, and the
copies in specification.http are run all the same.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.model.change import DefinitionChange
from app.model.definitions import Kind
from tests.api.parts import NOON
from tests.api.plant import Plant
from tests.api.rest.client import send

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "spec"
OWN = Path(__file__).with_name("specification.http")


@dataclass(frozen=True)
class Example:
    method: str
    path: str
    media: str
    body: str

    async def sent(self, plant: Plant) -> httpx.Response:
        headers = {"content-type": self.media} if self.media else {}
        assert self.path.startswith("/api/v1/")
        return await send(plant, self.method, self.path.removeprefix("/api/v1"), content=self.body, headers=headers)


def _parsed(block: str) -> Example:
    head, _, body = block.strip().partition("\n\n")
    request, *headers = head.splitlines()
    method, path = request.split()
    media = next((line.partition(":")[2].strip() for line in headers if line.startswith("Content-Type:")), "")
    return Example(method, path, media, body)


def _specified() -> list[Example]:
    files = sorted(FOLDER.glob("*.md")) if FOLDER.is_dir() else []
    if not files:
        pytest.skip("../shared/spec IS NOT THERE: the specification's API examples were tested on our copies only")
    blocks = re.findall(r"```http\n(.*?)```", files[0].read_text(encoding="utf-8"), re.DOTALL)
    return [_parsed(block) for block in blocks]


def _copied() -> list[Example]:
    return [_parsed(block) for block in OWN.read_text(encoding="utf-8").split("\n###\n")]


def _status(values: list[str]) -> dict[str, Any]:
    return {"name": "status", "data_type": "enum", "enum_values": values}


def _plant() -> Plant:
    """The types that the examples speak of, and the twins besides pump_123, which they create themselves."""
    plant = Plant()
    others = tuple(plant.catalogue.stored)
    plant.catalogue.apply(DefinitionChange(plant.catalogue.revision, NOON, "ann", "", removed=others))
    pump = {
        "type_id": "centrifugal_pump",
        "properties": [
            *({"name": name, "data_type": "float"} for name in ("flow_rate", "pressure", "temperature", "power")),
            _status(["off", "starting", "running", "stopping", "fault"]),
            *({"name": name, "data_type": "float", "access": "read-write"} for name in ("speed", "target_flow_rate")),
        ],
        "methods": [
            *({"name": name, "return_type": "boolean"} for name in ("start", "stop", "reset_fault")),
            {"name": "set_speed", "parameters": [{"name": "speed", "data_type": "float"}]},
        ],
        "events": [{"name": name} for name in ("status_changed", "fault_occurred", "maintenance_due")],
    }
    types: dict[str, dict[str, Any]] = {
        "centrifugal_pump": pump,
        "valve": {"type_id": "valve", "properties": [_status(["open", "closed"])]},
        "pipe": {"type_id": "pipe"},
        "controller": {"type_id": "controller", "kind": "controller"},
        "flow_sensor": {"type_id": "flow_sensor", "kind": "sensor", "properties": [_float("flow_rate")]},
        "pressure_sensor": {"type_id": "pressure_sensor", "kind": "sensor", "properties": [_float("pressure")]},
    }
    roles = {
        "primary_pump": "centrifugal_pump", "backup_pump": "centrifugal_pump", "inlet_valve": "valve",
        "outlet_valve": "valve", "inlet_pipe": "pipe", "outlet_pipe": "pipe", "flow_sensor": "flow_sensor",
        "pressure_sensor": "pressure_sensor", "system_controller": "controller",
    }  # fmt: skip
    system = {
        "type_id": "pumping_system",
        "twin_roles": [{"role": role, "twin_type": type_id} for role, type_id in roles.items()],
    }
    twins = {
        "centrifugal_pump": ("pump_124", "pump_125", "pump_223", "pump_224"),
        "valve": ("valve_234", "valve_235", "valve_334", "valve_335"),
        "pipe": ("pipe_456", "pipe_789", "pipe_556", "pipe_889"),
        "controller": ("controller_234", "controller_334"),
        "flow_sensor": ("sensor_567", "sensor_667"),
        "pressure_sensor": ("sensor_678", "sensor_778"),
    }
    given: list[tuple[Kind, dict[str, Any]]] = [("twin_type", item) for item in types.values()]
    given += [("twin", {"twin_id": id, "twin_type": type_id}) for type_id, ids in twins.items() for id in ids]
    given.append(("overlay_type", system))
    plant.save(*given)
    plant.start()
    return plant


def _float(name: str) -> dict[str, Any]:
    return {"name": name, "data_type": "float"}


def _revision(answer: httpx.Response) -> int:
    return int(answer.headers["etag"].strip('"'))


async def _run(examples: list[Example]) -> None:
    """Each section, against what a reader of the specification expects of it."""
    plant = _plant()
    by_call = {(item.method, item.path): item for item in examples}

    async def sent(method: str, path: str) -> httpx.Response:
        return await by_call.pop((method, "/api/v1" + path)).sent(plant)

    def given(method: str, path: str) -> Any:
        return json.loads(by_call[(method, "/api/v1" + path)].body)

    twin = given("POST", "/twins")
    created = await sent("POST", "/twins")
    assert (created.status_code, created.headers["location"]) == (201, "/api/v1/twins/pump_123")
    assert created.json() == twin
    assert (await sent("GET", "/twins/pump_123")).json() == twin

    change = given("PUT", "/twins/pump_123")
    updated = await sent("PUT", "/twins/pump_123")
    assert (updated.status_code, _revision(updated)) == (200, _revision(created) + 1)
    assert updated.json() == {**twin, **change}

    plant.reach("pump_123")
    instance = (await sent("GET", "/twins/pump_123/instance")).json()
    assert list(instance["state"]["properties"]) == [
        "flow_rate", "pressure", "temperature", "power", "status", "speed", "target_flow_rate",
    ]  # fmt: skip
    assert (await sent("PUT", "/twins/pump_123/instance/properties/speed")).json()["call"]["status"] == "accepted"
    assert (await sent("POST", "/twins/pump_123/instance/methods/start")).json()["status"] == "accepted"
    assert plant.devices.sent == [("pump_123", "speed", 2700.0), ("pump_123", "start", {})]

    overlay = given("POST", "/overlays")
    created = await sent("POST", "/overlays")
    one = "/overlays/pumping_system_345_overlay"
    assert (created.status_code, created.headers["location"]) == (201, "/api/v1" + one)
    assert created.json() == overlay
    assert (await sent("GET", one)).json() == overlay
    updated = await sent("PUT", one)
    bound = {item["role"]: item["twin_id"] for item in updated.json()["twins"]}
    assert (updated.status_code, bound["backup_pump"], len(bound)) == (200, "pump_125", 9)
    assert updated.json()["relationships"] == overlay["relationships"]

    kept = await sent("POST", "/dtsl/scripts")
    assert (kept.status_code, kept.headers["location"]) == (201, "/api/v1/dtsl/scripts/pumping_system")
    executed = await sent("POST", "/dtsl/execute")
    assert executed.json()["created"] == [{"kind": "overlay", "id": "building_b_pumping_system"}]

    refused = await by_call[("DELETE", "/api/v1/twins/pump_123")].sent(plant)
    assert refused.status_code == 409  # the overlay has it still
    assert (await sent("DELETE", one)).status_code == 204
    assert (await sent("DELETE", "/twins/pump_123")).status_code == 204
    assert not by_call, by_call


async def test_every_api_example_of_the_specification_does_what_it_says() -> None:
    await _run(_specified())


async def test_every_api_example_in_our_copies_does_what_it_says() -> None:
    await _run(_copied())


def test_our_copies_are_the_specifications() -> None:
    assert set(_copied()) <= set(_specified())
