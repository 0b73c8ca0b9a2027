"""`rehearse`: what would follow, on the real engine, and nothing of it happens."""

from typing import Any

import pytest

from tests.api.client import ask, refused
from tests.api.plant import Plant

REHEARSE = """query($steps: [RehearsalStepInput!]!, $answers: Answers! = ACCEPT) {
  rehearse(input: {steps: $steps, answers: $answers}) { sequence twins behaviors notes
    transitions { step after ownerId behavior was state evidence skipped explanation { text } }
    alerts { step after transition alert { code message active } }
    calls { step call { method status } } } }"""
HOT = {"twinId": "pump_123", "property": "temperature", "value": 95.0}
COLD = {"twinId": "pump_123", "property": "temperature", "value": 20.0}
GUARD: dict[str, Any] = {
    "overlay_id": "guard",
    "twins": [{"twin_id": "pump_123", "role": "pump"}],
    "behaviors": [
        {
            "name": "stop_hot",
            "conditions": ["pump.temperature > 90.0"],
            "actions": [{"type": "method_call", "role": "pump", "method": "stop"}],
        }
    ],
}


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.save(("overlay", GUARD))
    plant.start()
    plant.hear("pump_123", "temperature", 20.0)
    return plant


async def rehearse(plant: Plant, *steps: Any, answers: str = "ACCEPT") -> Any:
    return (await ask(plant, REHEARSE, steps=list(steps), answers=answers))["rehearse"]


async def test_what_would_follow_is_told_and_nothing_of_it_happens(plant: Plant) -> None:
    before = plant.engine.state_digest()
    found = await rehearse(plant, {"set": [HOT]}, {"wait": 60}, {"set": [COLD]})
    assert [(item["step"], item["after"], item["behavior"], item["state"]) for item in found["transitions"]] == [
        (0, 0.0, "hot", "ACTIVE"),
        (0, 0.0, "stop_hot", "ACTIVE"),
        (2, 60.0, "hot", "INACTIVE"),
        (2, 60.0, "stop_hot", "INACTIVE"),
    ]
    assert "is 95.0 celsius, at least 80.0 celsius" in found["transitions"][0]["explanation"]["text"]
    assert [(item["transition"], item["alert"]["message"]) for item in found["alerts"]] == [
        ("RAISED", "Pump is hot"), ("CLEARED", "Pump is hot"), ("CLOSED", "Pump is hot")
    ]  # fmt: skip
    assert [(item["call"]["method"], item["call"]["status"]) for item in found["calls"]] == [
        ("stop", "DECIDED"), ("stop", "ATTEMPTED"), ("stop", "ACCEPTED")
    ]  # fmt: skip
    assert found["sequence"] == plant.engine.live.sequence
    assert found["notes"] == []
    assert plant.engine.state_digest() == before
    assert plant.devices.sent == []


async def test_devices_may_be_taken_to_refuse(plant: Plant) -> None:
    found = await rehearse(plant, {"set": [HOT]}, answers="REFUSE")
    assert [item["call"]["status"] for item in found["calls"]] == ["DECIDED", "ATTEMPTED", "REFUSED"]
    assert [item["alert"]["code"] for item in found["alerts"]] == ["0", "stop_call_failed"]
    silent = await rehearse(plant, {"set": [HOT]}, answers="NOTHING")
    assert [item["call"]["status"] for item in silent["calls"]] == ["DECIDED", "ATTEMPTED"]


async def test_a_silent_path_makes_unknown_and_what_it_reports_is_noted(plant: Plant) -> None:
    found = await rehearse(
        plant, {"disconnect": ["pump_123"]}, {"set": [HOT]}, {"connect": ["pump_123"]}, {"set": [HOT]}
    )
    assert [(item["step"], item["behavior"], item["evidence"]) for item in found["transitions"]][:2] == [
        (0, "hot", "UNKNOWN"), (0, "stop_hot", "UNKNOWN")
    ]  # fmt: skip
    assert [(item["step"], item["behavior"]) for item in found["transitions"] if item["state"] == "ACTIVE"] == [
        (2, "hot"), (2, "stop_hot")
    ]  # fmt: skip
    assert found["notes"] == ["the path to 'pump_123' is disconnected: what it reports is not known until it connects"]


async def test_only_what_the_changes_reach_is_tried(plant: Plant) -> None:
    found = await rehearse(plant, {"set": [{"twinId": "pump_124", "property": "temperature", "value": 95.0}]})
    assert found["twins"] == 1
    assert [item["ownerId"] for item in found["transitions"]] == ["pump_124"]


async def test_every_problem_is_told_at_once(plant: Plant) -> None:
    steps = [
        {"set": [{"twinId": "pump_12", "property": "temperature", "value": 1}]},
        {"set": [{"twinId": "pump_123", "property": "temprature", "value": 1}], "wait": -1},
        {"disconnect": ["pump_124", "nobody"]},
    ]
    error = await refused(plant, REHEARSE, steps=steps)
    assert error["extensions"]["code"] == "REHEARSAL_INVALID"
    assert [(item["code"], item["path"]) for item in error["extensions"]["problems"]] == [
        ("TWIN_NOT_FOUND", "/steps/0/set/0/twin_id"),
        ("WAIT_INVALID", "/steps/1/wait"),
        ("PROPERTY_NOT_FOUND", "/steps/1/set/0/property"),
        ("TWIN_NOT_CONNECTED", "/steps/2/disconnect/0"),
        ("TWIN_NOT_FOUND", "/steps/2/disconnect/1"),
    ]
    endless = await refused(plant, REHEARSE, steps=[{"wait": 1.7e308}, {"wait": -1.7e308}])
    assert [item["path"] for item in endless["extensions"]["problems"]] == ["/steps/0/wait", "/steps/1/wait"]
    none = await refused(plant, REHEARSE, steps=[])
    assert none["extensions"]["problems"][0]["code"] == "STEPS_INVALID"


async def test_a_value_that_the_property_cannot_have_is_refused(plant: Plant) -> None:
    steps = [{"set": [COLD]}, {"set": [HOT, {"twinId": "pump_123", "property": "status", "value": "runing"}]}]
    error = await refused(plant, REHEARSE, steps=steps)
    assert [(item["code"], item["path"]) for item in error["extensions"]["problems"]] == [
        ("VALUE_INVALID", "/steps/1/set/1/value")
    ]


async def test_one_behavior_is_found_by_its_owner_and_name(plant: Plant) -> None:
    query = 'query($id: ID!) { behavior(ownerKind: OVERLAY, ownerId: $id, name: "stop_hot") { name whyNot { text } } }'
    assert "needs > 90.0" in (await ask(plant, query, id="guard"))["behavior"]["whyNot"]["text"]
    assert (await ask(plant, query, id="nobody"))["behavior"] is None
