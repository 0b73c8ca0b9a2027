"""The demo's screen: everything is on it, whatever the size of the terminal."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from app.demo.board import Board
from app.demo.table import Screen

PUMP = {
    "flow_rate": (74.9, "m3/h"),
    "power": (31.6, "kW"),
    "pressure": (6.0, "bar"),
    "speed": (2499.0, "rpm"),
    "status": ("running", None),
    "target_flow_rate": (75.0, "m3/h"),
    "temperature": (65.0, "celsius"),
}


def _value(json: Any, unit: str | None, quality: str = "GOOD", *, known: bool = True) -> dict[str, Any]:
    return {"json": json, "unit": unit, "quality": quality, "known": known, "timestamp": None, "reason": None}


def _board() -> Board:
    board = Board()
    for pump in ("pump_123", "pump_124"):
        board.values |= {(pump, name): _value(*value) for name, value in PUMP.items()}
    board.values[("pipe_456", "length")] = _value(None, "m")
    for valve in ("valve_234", "valve_235"):
        board.values |= {(valve, "position"): _value(100.0, "percent"), (valve, "status"): _value("open", None)}
    board.values |= {
        ("controller_234", "mode"): _value("automatic", None),
        ("sensor_567", "flow_rate"): _value(74.9, "m3/h", "UNCERTAIN"),
        ("sensor_678", "pressure"): _value(6.0, "bar", "BAD", known=False),
    }
    board.behaviors = {
        ("pump_123", "high_temperature_critical"): {"state": "ACTIVE"},
        ("pump_124", "normal_operation"): {"state": "ACTIVE"},
        ("building_a_pumping_system", "primary_pump_failure"): {"state": "ACTIVE"},
    }
    board.connectivity = {"sensor_678": {"status": "DISCONNECTED"}}
    board.alerts = {
        f"a{number}": {
            "severity": "CRITICAL",
            "behavior": "primary_pump_failure",
            "message": "Primary pump failure detected",
            "active": True,
            "acknowledged": False,
            "raisedAt": f"2026-01-01T00:00:0{number}Z",
        }
        for number in range(4)
    }
    board.connectors = [
        {
            "name": f"{protocol} {endpoint}",
            "status": "CONNECTED",
            "twins": 2,
            "samples": 1_234_567,
            "rejected": [{"reason": "WRONG_TYPE", "count": 3}],
            "lastError": "the broker went away",
        }
        for protocol, endpoint in (("mqtt", "mqtt://127.0.0.1:46561"), ("opc-ua", "opc.tcp://127.0.0.1:44877"))
    ]
    return board


def _drawn(board: Board, width: int, height: int, story: Sequence[str] = ()) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    screen = Screen(board, "http://127.0.0.1:8420", Path("/tmp/twin-overlay-demo-abcdefgh/graphql"), story)
    with console.capture() as captured:
        console.print(screen, end="")
    return captured.get().split("\n")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 60)])
def test_everything_fits_the_terminal(width: int, height: int) -> None:
    story = [f"12:00:{second:02d} fact {second}" for second in range(60)]
    lines = _drawn(_board(), width, height, story)
    shown = "\n".join(lines)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    for wanted in (
        "http://127.0.0.1:8420/graphql",
        "twin-overlay-demo-abcdefgh/graphql",
        "Ctrl-C",
        "pump_123",
        "temperature 65.0",
        "high_temperature_critical",
        "building_a_pumping_system",
        "primary_pump_failure: ",
        "active, unacknowledged",
        "opc-ua opc.tcp://127.0.0.1:44877",
        "fact 58",
        "fact 59",
    ):
        assert wanted in shown, wanted


def test_what_happened_last_gets_the_lines_that_are_left() -> None:
    story = [f"12:00:{second:02d} fact {second}" for second in range(60)]
    lines = _drawn(Board(), 120, 40, story)
    assert len(lines) == 40
    assert "fact 59" in lines[-1]
    assert sum("fact" in line for line in lines) > 20


def test_a_terminal_that_is_far_too_small_still_shows_the_newest_facts() -> None:
    lines = _drawn(_board(), 50, 10, ["one", "two", "three", "four"])
    assert len(lines) <= 10
    assert [line.strip() for line in lines[-3:]] == ["two", "three", "four"]


def test_quality_and_connectivity_are_said_in_words() -> None:
    shown = "\n".join(_drawn(_board(), 120, 40))
    assert "flow_rate 74.9 m3/h (uncertain)" in shown
    assert "pressure 6.0 bar (bad)" in shown
    assert "sensor_678 disconnected" in shown


def test_a_low_terminal_shows_the_newest_alert_and_how_many_there_are() -> None:
    shown = "\n".join(_drawn(_board(), 80, 24))
    assert "message (1 of 4)" in shown
    assert shown.count("active, unacknowledged") == 1


def test_units_make_way_on_a_narrow_terminal() -> None:
    assert "celsius" in "\n".join(_drawn(_board(), 120, 40))
    assert "celsius" not in "\n".join(_drawn(_board(), 80, 24))
