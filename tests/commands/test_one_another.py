"""Behaviors of one owner against one another: opposite deeds at once, and circles, in documents."""

import pytest

from app.commands.checks import check
from app.model.behaviors import BehaviorDefinition
from app.model.definitions import OverlayType, RoleDefinition, TwinType
from tests.dtsl.plant import catalogue

PLANT = catalogue()
ROLES = [RoleDefinition(role="pump", twin_type="centrifugal_pump"), RoleDefinition(role="valve", twin_type="valve")]


def _call(method: str, **arguments: object) -> dict[str, object]:
    parameters = [{"name": name, "value": value} for name, value in arguments.items()]
    return {"type": "method_call", "role": "pump", "method": method, "parameters": parameters}


def _write(value: float) -> dict[str, object]:
    return {"type": "property_write", "role": "valve", "property": "position", "value": value}


START, STOP, SLOW = _call("start"), _call("stop"), _call("set_speed", speed=9.0)
TRIP: dict[str, object] = {
    "type": "emit_event",
    "role": "pump",
    "event": "tripped",
    "parameters": [{"name": "code", "value": 1}, {"name": "reason", "value": "load"}],
}


def _warned(*behaviors: tuple[str, str, list[dict[str, object]]]) -> list[tuple[str, str]]:
    made = [
        BehaviorDefinition.model_validate({"name": name, "conditions": [condition], "actions": actions})
        for name, condition, actions in behaviors
    ]
    found = check(PLANT, OverlayType(type_id="station", twin_roles=ROLES, behaviors=made))
    assert found.problems == []
    return [(item.code, f"{item.path} {item.message}") for item in found.warnings]


@pytest.mark.parametrize(
    ("one", "other", "against"),
    [
        (("pump.temperature > 50", START), ("pump.temperature > 60", STOP), True),
        (("pump.temperature > 50", START), ("pump.temperature < 40", STOP), False),
        (("pump.remote", START), ("pump.remote", STOP), True),
        (("pump.status == 'off'", START), ("pump.status == 'running'", STOP), False),
        (("pump.status in ['off', 'fault']", START), ("pump.status != 'off'", STOP), True),
        (("pump.temperature > 50", START), ("pump.flow_rate > 5", STOP), False),
        (("pump.temperature > 50", START), ("pump.temperature > 60", START), False),
        (("pump.temperature > 50", _write(5.0)), ("pump.temperature > 60", _write(6.0)), True),
        (("pump.temperature > 50", _write(5.0)), ("pump.temperature > 60", _write(5.0)), False),
        (
            ("pump.temperature > 50", _call("set_speed", speed=1.0)),
            ("pump.temperature > 60", _call("set_speed", speed=2.0)),
            True,
        ),
        (("changed(pump.remote)", START), ("pump.temperature > 60", STOP), False),
        (("pump.temperature > 50 for 5s", START), ("pump.temperature > 60 degF", STOP), False),
        (("pump.temperature > 50", START), ("pump.temperature < 100 degF", STOP), False),
        (("pump.temperature > 50", START), ("pump.temperature < 150 degF", STOP), True),
    ],
)
def test_opposite_deeds_at_once_are_warned_of(
    one: tuple[str, dict[str, object]], other: tuple[str, dict[str, object]], against: bool
) -> None:
    found = _warned(("first", one[0], [one[1]]), ("second", other[0], [other[1]]))

    assert [code for code, _ in found] == (["DTSL545"] if against else [])
    if against:
        assert found[0][1].startswith("/behaviors/1 'second' and 'first' can be active together")


@pytest.mark.parametrize(
    ("behaviors", "drawn"),
    [
        (
            [("a", "valve.position > 50", [_call("set_speed", speed=9.0)]), ("b", "pump.speed < 10", [_write(60.0)])],
            "a -> b -> a",
        ),
        ([("a", "valve.position > 50", [_call("set_speed", speed=9.0)]), ("b", "pump.speed < 10", [_write(40.0)])], ""),
        ([("a", "valve.position > 50", [_write(40.0)])], ""),
        ([("a", "changed(valve.position)", [_write(40.0)])], "a -> a"),
        (
            [("a", "on pump.tripped", [TRIP])],
            "a -> a",
        ),
        (
            [
                (
                    "a",
                    "pump.status == 'fault'",
                    [START, {"type": "expect", "within": 5.0, "condition": "pump.status == 'running'"}],
                ),
                (
                    "b",
                    "pump.status == 'running'",
                    [STOP, {"type": "expect", "within": 5.0, "condition": "pump.status == 'fault'"}],
                ),
            ],
            "a -> b -> a",
        ),
        ([("a", "pump.status == 'fault'", [START]), ("b", "pump.status == 'running'", [STOP])], ""),
    ],
)
def test_a_circle_is_drawn(behaviors: list[tuple[str, str, list[dict[str, object]]]], drawn: str) -> None:
    found = [text for code, text in _warned(*behaviors) if code == "DTSL546"]

    assert [text.rpartition(": ")[2] for text in found] == ([drawn] if drawn else [])


def test_a_twin_type_is_looked_at_likewise() -> None:
    twin_type = TwinType.model_validate(
        {
            "type_id": "motor",
            "properties": [{"name": "load", "data_type": "float"}],
            "methods": [{"name": "turn_on"}, {"name": "turn_off"}],
            "behaviors": [
                {"name": "a", "conditions": ["load > 1"], "actions": [{"type": "method_call", "method": "turn_on"}]},
                {"name": "b", "conditions": ["load > 2"], "actions": [{"type": "method_call", "method": "turn_off"}]},
            ],
        }
    )

    (warning,) = check(catalogue(twin_type), twin_type).warnings

    assert (warning.code, warning.path) == ("DTSL545", "/behaviors/1")
    assert warning.message.endswith("act against each other: turn_on() and turn_off()")
