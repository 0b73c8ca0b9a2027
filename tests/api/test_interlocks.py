"""Interlocks over the API: a refused call says what stood against it, and a person may have it sent all the same."""

from typing import Any

import pytest

from tests.api.client import ask, refused
from tests.api.plant import Plant
from tests.api.rest.client import refusal, send

LOCKS = [
    {"name": "too_hot", "method": "set_speed", "while": "temperature > 80.0"},
    {"name": "worn", "property": "starts", "while": "temperature > 95.0"},
]
METHODS = [
    {"name": "stop", "return_type": "boolean", "safe": True},
    {"name": "set_speed", "parameters": [{"name": "speed", "data_type": "float", "unit": "rpm"}], "min_interval": 30.0,
     "rate_limit": {"calls": 5, "per": 600.0}},
]  # fmt: skip
PATCH = """mutation($patch: JSON!) { updateTwinType(input: {typeId: "pump", patch: $patch}) { result } }"""
INVOKE = """mutation($override: OverrideInterlocksInput, $dry: Boolean) {
  invokeMethod(input: {twinId: "pump_123", method: "set_speed", arguments: [5], overrideInterlocks: $override,
                       dryRun: $dry}) {
    effects breaks { code message }
    call { status error overrideReason observedAt
      overrode { interlock truth }
      refusal { code retryAt interlocks {
        ownerKind ownerId interlock truth while unknown { what reason } } } } } }"""
SET = """mutation($override: OverrideInterlocksInput) {
  setProperty(input: {twinId: "pump_123", property: "starts", value: 7, overrideInterlocks: $override}) {
    value { json } } }"""


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    await ask(plant, PATCH, patch={"interlocks": LOCKS, "methods": METHODS})
    plant.reach("pump_123")
    return plant


async def test_a_refused_call_says_what_stood_against_it(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 90.0)
    call = (await ask(plant, INVOKE))["invokeMethod"]["call"]
    assert (call["status"], call["overrode"], call["overrideReason"]) == ("REFUSED", [], None)
    assert call["error"] == "interlock 'too_hot' of twin 'pump_123' stands against it: temperature > 80.0"
    assert call["refusal"] == {
        "code": "CALL_INTERLOCKED",
        "retryAt": None,
        "interlocks": [
            {
                "ownerKind": "TWIN",
                "ownerId": "pump_123",
                "interlock": "too_hot",
                "truth": "TRUE",
                "while": "temperature > 80.0",
                "unknown": [],
            }
        ],
    }
    assert plant.devices.sent == []


async def test_an_unknown_input_is_named(plant: Plant) -> None:
    call = (await ask(plant, INVOKE))["invokeMethod"]["call"]
    [verdict] = call["refusal"]["interlocks"]
    assert verdict["truth"] == "UNKNOWN"
    assert verdict["unknown"] == [{"what": "pump_123.temperature", "reason": "NoReading"}]


async def test_a_person_s_override_is_recorded_and_needs_a_reason(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 90.0)
    call = (await ask(plant, INVOKE, override={"reason": "cooling run"}))["invokeMethod"]["call"]
    assert (call["status"], call["overrideReason"], call["refusal"]) == ("ACCEPTED", "cooling run", None)
    assert call["overrode"] == [{"interlock": "too_hot", "truth": "TRUE"}]
    error = await refused(plant, INVOKE, override={"reason": "  "})
    assert error["extensions"]["code"] == "REASON_MISSING"


async def test_a_limit_says_when_the_method_may_be_sent_again(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 20.0)
    assert (await ask(plant, INVOKE))["invokeMethod"]["call"]["status"] == "ACCEPTED"
    call = (await ask(plant, INVOKE))["invokeMethod"]["call"]
    assert (call["status"], call["refusal"]["code"]) == ("REFUSED", "CALL_TOO_SOON")
    assert call["refusal"]["retryAt"] == "2026-01-02T12:00:31.000000Z"
    dry = (await ask(plant, INVOKE, dry=True))["invokeMethod"]
    assert [item["code"] for item in dry["breaks"]] == ["CALL_LIMITED"]


async def test_a_dry_run_says_which_interlocks_stand(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 90.0)
    dry = (await ask(plant, INVOKE, dry=True))["invokeMethod"]
    assert (dry["call"], [item["code"] for item in dry["breaks"]]) == (None, ["CALL_INTERLOCKED"])
    assert dry["breaks"][0]["message"] == (
        "interlock 'too_hot' of twin 'pump_123' stands against it: temperature > 80.0 is true"
    )


async def test_a_manual_property_is_not_set_while_an_interlock_stands(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 99.0)
    error = await refused(plant, SET)
    assert error["extensions"]["code"] == "CALL_INTERLOCKED"
    assert error["extensions"]["hint"] == "wait until it no longer stands, or override it with a reason"
    assert (await ask(plant, SET, override={"reason": "test"}))["setProperty"]["value"]["json"] == 7


async def test_interlocks_and_limits_are_shown_where_they_are_declared_and_as_they_stand(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 90.0)
    answer = await ask(
        plant,
        """{ twinType(typeId: "pump") { interlocks { name method property while role twinId description } }
             twin(twinId: "pump_123") {
               methods { name safe minInterval rateLimit { calls per } }
               interlocks { name }
               guards { ownerKind ownerId interlock method property while truth unknown { what } } }
             other: twin(twinId: "pump_124") { guards { interlock truth unknown { what reason } } } }""",
    )
    assert answer["twinType"]["interlocks"][0] == {
        "name": "too_hot", "method": "set_speed", "property": None, "while": "temperature > 80.0", "role": None,
        "twinId": None, "description": "",
    }  # fmt: skip
    assert answer["twin"]["methods"] == [
        {"name": "stop", "safe": True, "minInterval": None, "rateLimit": None},
        {"name": "set_speed", "safe": False, "minInterval": 30.0, "rateLimit": {"calls": 5, "per": 600.0}},
    ]
    assert [(item["interlock"], item["truth"]) for item in answer["twin"]["guards"]] == [
        ("too_hot", "TRUE"),
        ("worn", "FALSE"),
    ]
    assert answer["other"]["guards"][0] == {
        "interlock": "too_hot",
        "truth": "UNKNOWN",
        "unknown": [{"what": "pump_124.temperature", "reason": "NoReading"}],
    }


async def test_an_overlay_shows_its_type_s_interlocks_with_its_own(plant: Plant) -> None:
    lock = {"name": "spare", "role": "backup", "method": "stop", "while": "primary.status == 'fault'"}
    update = """mutation($patch: JSON!) { updateOverlayType(input: {typeId: "pumping", patch: $patch}) { result } }"""
    await ask(plant, update, patch={"interlocks": [lock]})
    overlay = next(iter(plant.catalogue.ids("overlay")))
    answer = await ask(
        plant,
        "query($id: ID!) { overlay(overlayId: $id) { interlocks { name role } }"
        ' overlayType(typeId: "pumping") { interlocks { name } } }',
        id=overlay,
    )
    assert answer["overlay"]["interlocks"] == [{"name": "spare", "role": "backup"}]
    assert answer["overlayType"]["interlocks"] == [{"name": "spare"}]


async def test_over_rest_a_refusal_is_409_with_the_call_and_what_stood_against_it(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 90.0)
    path = "/twins/pump_123/instance/methods/set_speed"
    body: dict[str, Any] = {"parameters": [{"name": "speed", "value": 5.0}]}
    answer = await send(plant, "POST", path, json=body)
    assert refusal(answer) == (409, "CALL_INTERLOCKED")
    assert answer.json()["call"]["refusal"]["interlocks"][0]["while"] == "temperature > 80.0"
    told = await send(plant, "POST", path, json={**body, "override_interlocks": {"reason": "cooling run"}})
    assert (told.status_code, told.json()["override_reason"]) == (200, "cooling run")
    assert told.json()["overrode"][0]["interlock"] == "too_hot"
    again = await send(plant, "POST", path, json={**body, "override_interlocks": {"reason": "cooling run"}})
    assert refusal(again) == (409, "CALL_TOO_SOON")
    assert "2026-01-02T12:00:31" in again.json()["hint"]


@pytest.mark.parametrize("override", ["because", {}, {"reason": 5}, {"reason": "x", "by": "y"}])
async def test_over_rest_an_override_of_another_form_is_refused(plant: Plant, override: Any) -> None:
    body = {"value": 7, "override_interlocks": override}
    answer = await send(plant, "PUT", "/twins/pump_123/instance/properties/starts", json=body)
    assert refusal(answer) == (422, "WRONG_TYPE")


async def test_over_rest_a_manual_property_is_refused_or_overridden(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 99.0)
    path = "/twins/pump_123/instance/properties/starts"
    assert refusal(await send(plant, "PUT", path, json={"value": 7})) == (409, "CALL_INTERLOCKED")
    told = await send(plant, "PUT", path, json={"value": 7, "override_interlocks": {"reason": "test"}})
    assert (told.status_code, told.json()["value"]) == (200, 7)
