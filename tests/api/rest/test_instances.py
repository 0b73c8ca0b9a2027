"""The live twin over REST: values, writes, calls; a status never claims what the device did not do."""

import asyncio
from typing import Any

import pytest

from app.model.connection import CallAnswer
from tests.api.parts import Installation, a_call
from tests.api.plant import Plant
from tests.api.rest.client import JSON, faults, refusal, send

INSTANCE = "/twins/pump_123/instance"
SPEED = f"{INSTANCE}/properties/speed"
SET_SPEED = f"{INSTANCE}/methods/set_speed"


def running() -> Plant:
    plant = Plant()
    plant.start()
    return plant


async def test_the_instance_has_exactly_the_specifications_shape() -> None:
    plant = running()
    plant.hear("pump_123", "temperature", 65.3)
    answer = (await send(plant, "GET", INSTANCE)).json()
    assert list(answer) == [
        "instance_id", "twin_id", "version", "state", "connectivity_status", "simulation_status", "metadata",
    ]  # fmt: skip
    assert answer["instance_id"] == "pump_123_instance"
    assert list(answer["state"]) == ["properties", "active_behaviors", "last_events"]
    reading = {"value": 65.3, "timestamp": "2026-01-02T12:00:01.000000Z", "quality": "good"}
    assert answer["state"]["properties"]["temperature"] == reading
    assert list(answer["connectivity_status"]) == ["status", "last_connected", "quality"]
    assert list(answer["simulation_status"]) == ["status", "last_updated"]
    assert list(answer["metadata"]) == ["created_at", "created_by", "updated_at", "updated_by"]
    assert (await send(plant, "GET", f"{INSTANCE}/properties/temperature")).json() == {**reading, "path": "opcua"}


async def test_what_is_not_there_is_404_with_a_suggestion() -> None:
    plant = running()
    for method, path, code in (
        ("GET", "/twins/pump_12/instance", "TWIN_NOT_FOUND"),
        ("GET", f"{INSTANCE}/properties/sped", "PROPERTY_NOT_FOUND"),
        ("PUT", f"{INSTANCE}/properties/sped", "PROPERTY_NOT_FOUND"),
        ("POST", f"{INSTANCE}/methods/stopp", "METHOD_NOT_FOUND"),
    ):
        body: dict[str, Any] = {"value": 1.0} if method == "PUT" else {"parameters": []}
        answer = await send(plant, method, path, json=body)
        assert refusal(answer) == (404, code)
        assert answer.json()["hint"].startswith("did you mean")
    assert refusal(await send(plant, "GET", "/calls/none")) == (404, "CALL_NOT_FOUND")


async def test_a_mapped_property_is_written_to_its_device() -> None:
    plant = running()
    answer = await send(plant, "PUT", SPEED, json={"value": 2700.0}, headers={"X-Actor": "ann"})
    assert answer.status_code == 200
    assert plant.devices.sent == [("pump_123", "speed", 2700.0)]
    call = answer.json()["call"]
    assert (call["status"], call["property"], call["parameters"]) == ("accepted", "speed", {"value": 2700.0})
    assert (await send(plant, "GET", f"/calls/{call['call_id']}")).json() == call


async def test_a_manual_property_is_set_at_once() -> None:
    plant = running()
    answer = await send(plant, "PUT", f"{INSTANCE}/properties/starts", json={"value": 7})
    assert answer.status_code == 200
    assert (answer.json()["value"], answer.json()["quality"], answer.json()["call"]) == (7, "good", None)


async def test_a_method_is_called_with_its_parameters_by_name() -> None:
    plant = running()
    answer = await send(plant, "POST", SET_SPEED, json={"parameters": [{"name": "speed", "value": 1200.0}]})
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["method"]) == ("accepted", "set_speed")
    assert plant.devices.sent == [("pump_123", "set_speed", {"speed": 1200.0})]
    assert (await send(plant, "POST", f"{INSTANCE}/methods/stop", json={})).status_code == 200


@pytest.mark.parametrize(
    ("device", "status", "code"),
    [
        (CallAnswer("refused", False, "interlocked"), 409, "CALL_REFUSED"),
        (CallAnswer("failed", None, "no session"), 502, "CALL_FAILED"),
    ],
)
async def test_what_the_device_did_not_accept_is_no_200(device: CallAnswer, status: int, code: str) -> None:
    plant = running()
    plant.devices.answer = device
    for method, path, body in (
        ("PUT", SPEED, {"value": 1.0}),
        ("POST", f"{INSTANCE}/methods/stop", {"parameters": []}),
    ):
        answer = await send(plant, method, path, json=body)
        assert refusal(answer) == (status, code)
        assert device.error in answer.json()["detail"]
        assert answer.json()["call"]["status"] == device.status


async def test_an_answer_that_does_not_come_in_time_is_202_with_the_way_to_it() -> None:
    plant = running()

    answered = asyncio.Event()

    async def slow(twin_id: str, method: str, arguments: object) -> CallAnswer:
        await answered.wait()
        return CallAnswer("accepted", True)

    async def at_once(seconds: float) -> None:
        """The waiting is over before the device has answered."""

    plant.devices.call = slow  # type: ignore[method-assign]
    plant.clock.sleep = at_once  # type: ignore[method-assign]
    answer = await send(plant, "POST", f"{INSTANCE}/methods/stop", json={"parameters": []})
    assert answer.status_code == 202
    assert answer.json()["status"] in ("decided", "attempted")
    later = await send(plant, "GET", answer.headers["location"].removeprefix("/api/v1"))
    assert later.json()["call_id"] == answer.json()["call_id"]
    answered.set()
    async with asyncio.timeout(5):
        while (await send(plant, "GET", f"/calls/{later.json()['call_id']}")).json()["status"] != "accepted":  # noqa: ASYNC110 - it is polled as a client would
            await asyncio.sleep(0.01)


async def test_a_call_of_long_ago_comes_from_the_graph() -> None:
    installation = Installation()
    installation.store.old_calls["old"] = a_call("old", method="stop")
    answer = await send(installation, "GET", "/calls/old")
    assert (answer.status_code, answer.json()["method"]) == (200, "stop")
    installation.store.down = True
    assert refusal(await send(installation, "GET", "/calls/old")) == (503, "UNAVAILABLE")


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (SPEED, {}, ("DOCUMENT_INVALID", [("MISSING_FIELD", "")])),
        (SPEED, {"value": 1.0, "vale": 2}, ("DOCUMENT_INVALID", [("UNKNOWN_FIELD", "/vale")])),
        (SPEED, {"value": "fast"}, ("WRONG_TYPE", [("WRONG_TYPE", "/value")])),
        (SPEED, {"value": 9000.0}, ("VALUE_OUT_OF_RANGE", [("VALUE_OUT_OF_RANGE", "/value")])),
    ],
)
async def test_a_value_that_does_not_fit_is_422(path: str, body: Any, expected: tuple[str, list[Any]]) -> None:
    plant = running()
    answer = await send(plant, "PUT", path, json=body)
    assert refusal(answer) == (422, expected[0])
    assert faults(answer) == expected[1]
    assert plant.devices.sent == []


async def test_a_read_only_property_cannot_be_set_and_what_has_no_device_cannot_be_called() -> None:
    plant = running()
    fixed = await send(plant, "PUT", f"{INSTANCE}/properties/temperature", json={"value": 1.0})
    assert refusal(fixed) == (409, "PROPERTY_READ_ONLY")
    alone = await send(plant, "POST", "/twins/pump_124/instance/methods/stop", json={"parameters": []})
    assert refusal(alone) == (409, "NO_CONNECTIVITY")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"speed": 1.0}, [("WRONG_TYPE", "/parameters")]),
        ([1.0], [("WRONG_TYPE", "/parameters/0")]),
        ([{"name": "speed"}], [("WRONG_TYPE", "/parameters/0")]),
        ([], [("MISSING_PARAMETER", "/parameters")]),
        ([{"name": "speed", "value": "x"}], [("WRONG_TYPE", "/parameters/0/value")]),
        (
            [{"name": "speed", "value": 1.0}, {"name": "sped", "value": 1.0}],
            [("UNKNOWN_PARAMETER", "/parameters/1/name")],
        ),
        (
            [{"name": "speed", "value": 1.0}, {"name": "speed", "value": 2.0}],
            [("DUPLICATE_NAME", "/parameters/1/name")],
        ),
    ],
)
async def test_wrong_parameters_are_422_with_their_place_in_the_body(
    parameters: Any, expected: list[tuple[str, str]]
) -> None:
    plant = running()
    answer = await send(plant, "POST", SET_SPEED, json={"parameters": parameters})
    assert refusal(answer) == (422, "ARGUMENTS_INVALID")
    assert faults(answer) == expected
    assert plant.devices.sent == []


async def test_a_write_and_a_call_need_json() -> None:
    plant = running()
    for method, path in (("PUT", SPEED), ("POST", SET_SPEED)):
        assert refusal(await send(plant, method, path, content="value=1"))[0] == 415
        assert refusal(await send(plant, method, path, content="{", headers=JSON)) == (400, "REQUEST_INVALID")


# ------------------------------------------------------------ scripts

SCRIPT = """instance AtticSystem of Pumping {
  twins { primary = Pump124; outlet = Valve234; }
}
"""
TEXT = {"content-type": "text/plain; charset=utf-8"}


async def test_a_script_is_executed_as_text() -> None:
    plant = running()
    answer = await send(plant, "POST", "/dtsl/execute", content=SCRIPT, headers=TEXT)
    assert answer.status_code == 200, answer.text
    assert answer.json()["created"] == [{"kind": "overlay", "id": "attic_system"}]
    again = await send(plant, "POST", "/dtsl/execute", content=SCRIPT, headers=TEXT)
    assert again.json()["unchanged"] == [{"kind": "overlay", "id": "attic_system"}]


async def test_a_script_with_errors_is_refused_with_all_of_them_by_line_and_column() -> None:
    plant = running()
    wrong = SCRIPT.replace("Pump124", "Pump999").replace("Valve234", "Valve999")
    answer = await send(plant, "POST", "/dtsl/execute", content=wrong, headers=TEXT, params={"name": "attic.dtsl"})
    assert refusal(answer) == (422, "DTSL_INVALID")
    assert [path.startswith("attic.dtsl:2:") for _, path in faults(answer)] == [True, True]
    assert plant.catalogue.overlay("attic_system") is None


@pytest.mark.parametrize("media", ["application/json", "text/html", "text/plain; charset=utf-16", ""])
async def test_a_script_in_another_form_is_415(media: str) -> None:
    headers = {"content-type": media} if media else {}
    answer = await send(running(), "POST", "/dtsl/execute", content=SCRIPT.encode(), headers=headers)
    assert refusal(answer) == (415, "CONTENT_TYPE_NOT_ALLOWED")


async def test_a_script_that_is_not_utf_8_is_400() -> None:
    answer = await send(running(), "POST", "/dtsl/execute", content=b"\xff\xfe", headers=TEXT)
    assert refusal(answer) == (400, "REQUEST_INVALID")
