"""Dry runs of acts on the plant: they tell what would happen, refuse what would be refused, and do nothing."""

from typing import Any

import pytest

from tests.api.client import ask, refused
from tests.api.plant import Plant

SET = """mutation($i: SetPropertyInput!) {
  setProperty(input: $i) { dryRun effects breaks { code message } value { json } call { callId } }
}"""
INVOKE = (
    "mutation($i: InvokeMethodInput!) { invokeMethod(input: $i) { dryRun effects breaks { code } call { status } } }"
)
ACKNOWLEDGE = """mutation($i: AcknowledgeAlertInput!) {
  acknowledgeAlert(input: $i) { dryRun effects alert { acknowledged closedAt } }
}"""


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    return plant


def untouched(plant: Plant) -> tuple[Any, ...]:
    return plant.engine.live.sequence, plant.devices.sent, plant.engine.live.property_state("pump_124", "starts")


async def test_a_write_to_a_device_is_told_and_not_sent(plant: Plant) -> None:
    before = untouched(plant)
    asked = {"twinId": "pump_123", "property": "speed", "value": 1200, "dryRun": True}
    told = (await ask(plant, SET, i=asked))["setProperty"]
    assert (told["dryRun"], told["breaks"], told["call"]) == (True, [], None)
    assert told["effects"] == ["1200.0 rpm is written to 'speed' on the opc-ua device of twin 'pump_123'"]
    plant.reach("pump_123", alive=False, reason="cable out")
    before = untouched(plant)
    [broken] = (await ask(plant, SET, i=asked))["setProperty"]["breaks"]
    assert broken == {
        "code": "NOT_CONNECTED",
        "message": "the device of twin 'pump_123' is disconnected: cable out",
    }
    assert untouched(plant) == before


async def test_a_manual_value_is_told_beside_the_one_that_stands(plant: Plant) -> None:
    asked = {"twinId": "pump_124", "property": "starts", "value": 3}
    first = (await ask(plant, SET, i={**asked, "dryRun": True}))["setProperty"]
    assert first["effects"] == ["property 'starts' of twin 'pump_124' becomes 3; there is no value yet"]
    assert first["value"] == {"json": None}
    done = (await ask(plant, SET, i=asked))["setProperty"]
    assert (done["dryRun"], done["effects"], done["value"]) == (False, [], {"json": 3})
    again = (await ask(plant, SET, i={**asked, "value": 4, "dryRun": True}))["setProperty"]
    assert again["effects"] == ["property 'starts' of twin 'pump_124' becomes 4; it is 3"]
    assert again["value"] == {"json": 3}


async def test_a_call_is_told_and_not_sent(plant: Plant) -> None:
    before = untouched(plant)
    asked = {"twinId": "pump_123", "method": "set_speed", "arguments": {"speed": 10.0}, "dryRun": True}
    told = (await ask(plant, INVOKE, i=asked))["invokeMethod"]
    assert told == {
        "dryRun": True,
        "effects": ["set_speed(speed: 10.0) is called on the opc-ua device of twin 'pump_123'"],
        "breaks": [],
        "call": None,
    }
    assert untouched(plant) == before


async def test_an_acknowledgement_is_told_and_not_made(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 90.0)
    [alert] = plant.engine.live.open_alerts()
    told = (await ask(plant, ACKNOWLEDGE, i={"alertId": alert.alert_id, "dryRun": True}))["acknowledgeAlert"]
    assert told["effects"] == [f"alert '{alert.alert_id}' is acknowledged"]
    assert told["alert"] == {"acknowledged": False, "closedAt": None}
    await ask(plant, ACKNOWLEDGE, i={"alertId": alert.alert_id})
    error = await refused(plant, ACKNOWLEDGE, i={"alertId": alert.alert_id, "dryRun": True})
    assert error["extensions"]["code"] == "ALERT_ALREADY_ACKNOWLEDGED"


@pytest.mark.parametrize(
    ("mutation", "asked"),
    [
        (SET, {"twinId": "pump_9", "property": "speed", "value": 1}),
        (SET, {"twinId": "pump_123", "property": "sped", "value": 1}),
        (SET, {"twinId": "pump_123", "property": "temperature", "value": 1}),
        (SET, {"twinId": "pump_123", "property": "speed", "value": 9000}),
        (INVOKE, {"twinId": "pump_123", "method": "set_speed", "arguments": {"sped": 1}}),
        (INVOKE, {"twinId": "pump_124", "method": "stop"}),
        (ACKNOWLEDGE, {"alertId": "none"}),
    ],
)
async def test_what_would_be_refused_is_refused_alike(plant: Plant, mutation: str, asked: dict[str, Any]) -> None:
    before = untouched(plant)
    tried = await refused(plant, mutation, i={**asked, "dryRun": True})
    assert untouched(plant) == before
    done = await refused(plant, mutation, i=asked)
    assert tried["extensions"] == done["extensions"]
    assert tried["message"] == done["message"]
    sequence, *plant_now = untouched(plant)
    assert (sequence, plant_now) == (before[0] + 1, list(before[1:]))  # that it was refused is noted, for the audit


async def test_an_override_is_tried_out_without_being_put(plant: Plant) -> None:
    force = "mutation($i: ForceValueInput!) { forceValue(input: $i) { changed dryRun value { json } } }"
    release = "mutation($i: ReleaseForceInput!) { releaseForce(input: $i) { changed dryRun } }"
    end = "mutation($i: ReturnToServiceInput!) { returnToService(input: $i) { changed } }"
    which = {"twinId": "pump_124", "property": "temperature"}
    asked = {**which, "value": 50.0, "reason": "sensor broken"}
    tried = (await ask(plant, force, i={**asked, "dryRun": True}))["forceValue"]
    assert tried == {"changed": True, "dryRun": True, "value": {"json": None}}
    assert not (await ask(plant, release, i={**which, "dryRun": True}))["releaseForce"]["changed"]
    await ask(plant, force, i=asked)
    assert not (await ask(plant, force, i={**asked, "dryRun": True}))["forceValue"]["changed"]
    assert (await ask(plant, release, i={**which, "dryRun": True}))["releaseForce"] == {"changed": True, "dryRun": True}
    error = await refused(plant, end, i={**which, "dryRun": True})
    assert error["extensions"]["code"] == "PROPERTY_FORCED"
    written = {"twinId": "pump_124", "property": "starts", "value": 1, "dryRun": True}
    assert len((await ask(plant, SET, i=written))["setProperty"]["effects"]) == 1
    assert (await ask(plant, release, i=which))["releaseForce"]["changed"]
