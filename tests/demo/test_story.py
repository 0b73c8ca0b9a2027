"""The story goes on whatever people at the API do meanwhile, and wherever the story before it ended."""

from collections.abc import Mapping
from typing import Any, cast

from app.client import GraphqlClient
from app.demo.board import Board
from app.demo.control import PlantControl
from app.demo.story import tell_story

SYSTEM = "building_a_pumping_system"


class Station:
    """Client, control port and plant in one: what the story does shows on the board at once."""

    def __init__(self) -> None:
        self.board = Board()
        self.done: list[str] = []
        for pump in ("pump_123", "pump_124"):
            self._set(pump, "status", "off")
            self._set(pump, "temperature", 60.0)
        self._set("sensor_567", "flow_rate", 75.0)

    def _set(self, twin_id: str, name: str, value: Any) -> None:
        self.board.values[(twin_id, name)] = {"json": value}

    def _active(self, owner: str, behavior: str, *, on: bool) -> None:
        self.board.behaviors[(owner, behavior)] = {"state": "ACTIVE" if on else "INACTIVE"}

    async def heat(self, pump: str, *, on: bool) -> None:
        self.done.append(f"heat {on}")
        for behavior in ("high_temperature_warning", "high_temperature_critical"):
            self._active(pump, behavior, on=on)
        if on:
            self._set(pump, "status", "off")

    async def fault(self, pump: str, code: int, description: str) -> None:
        self._set(pump, "status", "fault")
        self._set("pump_124", "status", "running")
        self.board.alerts["a1"] = {
            "alertId": "a1",
            "behavior": "primary_pump_failure",
            "acknowledged": False,
            "closedAt": None,
        }

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        if "alertId" in variables:
            self.done.append(f"acknowledge {variables['alertId']}")
            del self.board.alerts[variables["alertId"]]
            return {}
        pump, method = variables["twinId"], variables["method"]
        self.done.append(f"{pump}.{method}")
        self._set(pump, "status", "running" if method == "start" else "off")
        self._active(SYSTEM, "normal_operation", on=True)
        return {}

    async def play(self) -> list[str]:
        said: list[str] = []
        client, control = cast(GraphqlClient, self), cast(PlantControl, self)
        await tell_story(client, self.board, control, said.append, breath_seconds=0.0)
        return said


async def test_an_alert_that_somebody_else_acknowledged_does_not_stop_the_story() -> None:
    station = Station()  # where no alert of high_temperature_critical is open when the story looks for it
    said = await station.play()
    assert said[-1] == "the story is told"
    assert "the alert of high_temperature_critical is closed" in said
    assert [item for item in station.done if item.startswith("acknowledge")] == ["acknowledge a1"]


async def test_a_story_after_one_that_ended_in_a_fault_puts_the_pump_right_first() -> None:
    station = Station()
    await station.fault("pump_123", 17, "left over")
    await station.play()
    assert station.done[:3] == ["heat False", "pump_123.reset_fault", "pump_123.start"]
