"""The control port: how a story disturbs the plant, and what it answers to nonsense."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from app.demo.control import ControlServer, PlantControl
from app.demo.physics import Station
from app.errors import Invalid, Misconfigured, Unavailable


class Controlled:
    def __init__(self) -> None:
        self.station = Station()
        self.changes = 0
        self.server = ControlServer(self.station, self.changed)
        self.port = 0

    async def changed(self) -> None:
        self.changes += 1

    @property
    def control(self) -> PlantControl:
        return PlantControl("127.0.0.1", self.port)


@pytest.fixture
async def plant() -> AsyncIterator[Controlled]:
    plant = Controlled()
    plant.port = await plant.server.start(0)
    try:
        yield plant
    finally:
        await plant.server.stop()


async def test_heat_blocks_the_cooling_and_frees_it_again(plant: Controlled) -> None:
    assert (await plant.control.heat("pump_123"))["pump_123"]["cooling_blocked"] is True
    assert plant.station.pumps["pump_123"].cooling_blocked
    assert (await plant.control.heat("pump_123", on=False))["pump_123"]["cooling_blocked"] is False
    assert plant.changes == 2


async def test_a_fault_latches_and_reset_clears_it(plant: Controlled) -> None:
    assert (await plant.control.fault("pump_123", 17, "bearing seized"))["pump_123"]["status"] == "fault"
    state = await plant.control.reset()
    assert state["pump_123"]["status"] == "starting"


async def test_the_state_shows_every_twin_of_the_plant(plant: Controlled) -> None:
    state = await plant.control.state()
    assert list(state) == [
        "pump_123",
        "pump_124",
        "valve_234",
        "valve_235",
        "sensor_567",
        "sensor_678",
        "controller_234",
    ]
    assert state["pump_123"]["status"] == "running"
    assert state["sensor_567"] == {"flow_rate": plant.station.flow_rate}
    assert plant.changes == 0, "asking changes nothing"


async def test_an_unknown_pump_is_named_and_the_nearest_suggested(plant: Controlled) -> None:
    with pytest.raises(Invalid) as refused:
        await plant.control.heat("pump_1234")
    assert refused.value.code == "PUMP_NOT_FOUND"
    assert refused.value.hint.startswith("did you mean 'pump_12")


async def test_nonsense_is_answered_and_the_connection_goes_on(plant: Controlled) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", plant.port)
    for line in (
        b"hello",
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"do": "explode"}',
        b'{"do": "heat", "pump": "pump_123"}',
        b'{"do": "fault", "pump": "pump_123", "code": "17", "description": "x"}',
        b'{"do": "state", "more": 1}',
        b"[" * 10_000,
    ):
        writer.write(line + b"\n")
        answer = json.loads(await reader.readline())
        assert (answer["ok"], answer["error"]["code"]) == (False, "PLANT_COMMAND_INVALID"), line
    writer.write(b'{"do": "state"}\n')
    assert json.loads(await reader.readline())["ok"] is True
    writer.write(b"x" * 200_000)
    with contextlib.suppress(ConnectionResetError):  # as the kernel likes: the server left some of it unread
        assert await reader.read() == b"", "a line without end is hung up on"
    writer.close()
    assert plant.changes == 0


async def test_a_plant_that_is_not_there_is_unavailable(plant: Controlled) -> None:
    await plant.server.stop()
    with pytest.raises(Unavailable) as refused:
        await plant.control.state()
    assert refused.value.code == "PLANT_SILENT"


async def test_a_taken_port_is_one_clear_error(plant: Controlled) -> None:
    with pytest.raises(Misconfigured) as refused:
        await ControlServer(Station(), plant.changed).start(plant.port)
    assert (refused.value.code, str(plant.port) in refused.value.message) == ("PORT_TAKEN", True)
