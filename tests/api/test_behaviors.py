"""What behaviors do, over GraphQL: their definitions in full, and what of them waits."""

from typing import Any

import pytest

from app.model.events import Tick
from app.model.time import SECOND, iso
from tests.api.client import ask, connected
from tests.api.plant import Plant

BEHAVIORS = [
    {
        "name": "hot",
        "let": [{"name": "limit", "value": "80.0"}],
        "conditions": ["temperature >= 80.0"],
        "actions": [
            {"type": "alert", "severity": "warning", "message": "{temperature}", "code": "hot", "delay_on": 30.0},
            {"type": "method_call", "method": "stop"},
            {"type": "expect", "within": 10.0, "condition": "temperature < 50.0", "otherwise": []},
        ],
        "otherwise": [{"type": "alert", "severity": "info", "message": "Cold again"}],
        "escalations": [
            {
                "after": 300.0,
                "unless_acknowledged": True,
                "actions": [{"type": "alert", "severity": "critical", "message": "Still hot"}],
            }
        ],
        "suppressed_by": ["fault"],
        "on_load": "act",
    },
    {"name": "fault", "conditions": ["status == 'fault'"]},
]
DEFINITION = """let { name value } conditions actions otherwise suppressedBy onLoad
  escalations { after unlessAcknowledged actions }"""
TIMERS = """{ twin(twinId: "pump_123") { behaviors { name timers {
  kind about since due pausedSince remaining } } } }"""


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    patch = """mutation($patch: JSON!) { updateTwinType(input: {typeId: "pump", patch: $patch}) { result } }"""
    await ask(plant, patch, patch={"behaviors": BEHAVIORS})
    plant.reach("pump_123")
    return plant


async def test_a_definition_is_shown_in_full_by_types_and_twins(plant: Plant) -> None:
    answer = await ask(
        plant,
        f"""{{ twinType(typeId: "pump") {{ behaviors {{ name {DEFINITION} }} }}
               twin(twinId: "pump_123") {{ behaviors {{ name {DEFINITION} }} }} }}""",
    )
    found = answer["twinType"]["behaviors"][0]
    assert answer["twin"]["behaviors"][0] == found
    assert found["let"] == [{"name": "limit", "value": "80.0"}]
    assert [action["type"] for action in found["actions"]] == ["alert", "method_call", "expect"]
    assert found["actions"][2]["condition"] == "temperature < 50.0"
    assert [action["message"] for action in found["otherwise"]] == ["Cold again"]
    assert [(item["after"], item["unlessAcknowledged"]) for item in found["escalations"]] == [(300.0, True)]
    assert found["escalations"][0]["actions"][0]["message"] == "Still hot"
    assert (found["suppressedBy"], found["onLoad"]) == (["fault"], "ACT")


async def test_what_of_a_behavior_waits_is_shown_with_its_moment(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 91.5)
    at = plant.clock.at

    async def timers() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await ask(plant, TIMERS))["twin"]["behaviors"][0]["timers"]
        return found

    running = {"since": iso(at), "pausedSince": None, "remaining": None}
    assert await timers() == [
        {"kind": "DELAY_ON", "about": "hot", "due": iso(at + 30 * SECOND), **running},
        {"kind": "ESCALATE", "about": "0", "due": iso(at + 300 * SECOND), **running},
        {"kind": "EXPECT", "about": "2", "due": iso(at + 10 * SECOND), **running},
    ]
    plant.reach("pump_123", alive=False)
    delay = (await timers())[0]
    assert (delay["due"], delay["pausedSince"], delay["remaining"]) == (None, iso(at), 30.0)


async def test_the_end_of_a_part_is_pushed_with_what_came_of_it(plant: Plant) -> None:
    subscription = """subscription { behaviorChanged(twinIds: ["pump_123"]) {
      behavior state was part cameTo late actions { action result } } }"""
    async with connected(plant) as socket:
        await socket.subscribe(subscription)
        for _ in range(2):
            await socket.next("behaviorChanged")
        plant.hear("pump_123", "temperature", 91.5)
        turned = await socket.next("behaviorChanged")
        assert (turned["state"], turned["part"], turned["cameTo"]) == ("ACTIVE", None, None)
        assert turned["actions"] == [
            {"action": "alert hot", "result": "WAITING"},
            {"action": "call stop", "result": "DECIDED"},
            {"action": "expect", "result": "WAITING"},
        ]
        plant.clock.at += 10 * SECOND
        plant.line.take(Tick())
        ended = await socket.next("behaviorChanged")
        assert ended == {
            "behavior": "hot",
            "state": "ACTIVE",
            "was": "ACTIVE",
            "part": "actions/2",
            "cameTo": "MISSED",
            "late": None,
            "actions": [],
        }
