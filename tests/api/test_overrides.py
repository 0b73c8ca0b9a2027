"""Out of service and forced values over GraphQL and REST: real commands, the real engine, one plant for both faces."""

import asyncio
from typing import Any

import pytest

from app.model.time import iso
from tests.api.client import ask, connected, post, refused
from tests.api.plant import Plant
from tests.api.rest.client import faults, refusal, send

TAKE_OUT = """mutation($twin: ID!, $property: String!, $reason: String!) {
  done: takeOutOfService(input: {twinId: $twin, property: $property, reason: $reason}) {
    changed property { name } value { number quality known reason
      override { kind by reason value } reported { number quality known reason override { kind } } } } }"""
FORCE = """mutation($twin: ID!, $property: String!, $value: JSON!, $reason: String!) {
  done: forceValue(input: {twinId: $twin, property: $property, value: $value, reason: $reason}) {
    changed value { number text quality known reason override { kind by at reason value } reported { number } } } }"""
RETURN = """mutation($reason: String) {
  done: returnToService(input: {twinId: "pump_123", property: "temperature", reason: $reason}) {
    changed value { number known override { kind } reported { number } } } }"""
RELEASE = """mutation { done: releaseForce(input: {twinId: "pump_123", property: "temperature"}) {
    changed value { number known override { kind } } } }"""
STANDING = """query($kind: [OverrideKind!], $twinIds: [ID!], $type: ID, $overlay: ID, $by: String, $first: Int, $after: String) {
  overrides(
    where: {kind: $kind, twinIds: $twinIds, twinType: $type, overlayId: $overlay, by: $by}, first: $first, after: $after) {
    totalCount nodes { twinId name value { override { kind } } } pageInfo { hasNextPage endCursor } } }"""  # noqa: E501
PLACE = "/twins/pump_123/instance/properties/temperature"


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    plant.hear("pump_123", "temperature", 60.0)
    return plant


async def take_out(plant: Plant, twin: str = "pump_123", name: str = "temperature", by: str = "ann") -> Any:
    variables = {"twin": twin, "property": name, "reason": "calibration"}
    answer = await post(plant, {"query": TAKE_OUT, "variables": variables}, **{"X-Actor": by})
    return answer.json()["data"]["done"]


async def force(plant: Plant, value: Any, twin: str = "pump_123", name: str = "temperature", by: str = "bob") -> Any:
    variables = {"twin": twin, "property": name, "value": value, "reason": "test run"}
    answer = await post(plant, {"query": FORCE, "variables": variables}, **{"X-Actor": by})
    return answer.json()["data"]["done"]


async def standing(plant: Plant, **asked: Any) -> list[str]:
    found = await ask(plant, STANDING, **asked)
    return [f"{node['twinId']}.{node['name']}" for node in found["overrides"]["nodes"]]


async def test_a_property_out_of_service_is_bad_for_everybody_and_shows_what_the_device_says(plant: Plant) -> None:
    assert await take_out(plant) == {
        "changed": True,
        "property": {"name": "temperature"},
        "value": {
            "number": 60.0,
            "quality": "BAD",
            "known": False,
            "reason": "OutOfService",
            "override": {"kind": "OUT_OF_SERVICE", "by": "ann", "reason": "calibration", "value": None},
            "reported": {"number": 60.0, "quality": "GOOD", "known": True, "reason": None, "override": None},
        },
    }
    assert (await take_out(plant))["changed"] is False
    plant.hear("pump_123", "temperature", 95.0)
    instance = await ask(
        plant,
        '{ twin(twinId: "pump_123") { behaviors { name state evidence } '
        "instance { document state { properties { name value { number reported { number } } } } } } }",
    )
    [hot] = instance["twin"]["behaviors"]
    assert (hot["state"], hot["evidence"]) == ("INACTIVE", "UNKNOWN")
    temperature = instance["twin"]["instance"]["state"]["properties"][0]
    assert temperature == {"name": "temperature", "value": {"number": 95.0, "reported": {"number": 95.0}}}
    document = instance["twin"]["instance"]["document"]["state"]["properties"]["temperature"]
    assert (document["quality"], document["override"]["kind"], document["reported"]["value"]) == (
        "bad",
        "out_of_service",
        95.0,
    )


async def test_its_end_brings_back_what_the_device_says_and_is_done_once(plant: Plant) -> None:
    await take_out(plant)
    plant.hear("pump_123", "temperature", 95.0)
    done = (await ask(plant, RETURN, reason="done"))["done"]
    assert done == {"changed": True, "value": {"number": 95.0, "known": True, "override": None, "reported": None}}
    assert (await ask(plant, RETURN))["done"]["changed"] is False
    behaviors = await ask(plant, '{ twin(twinId: "pump_123") { behaviors { state } } }')
    assert behaviors["twin"]["behaviors"] == [{"state": "ACTIVE"}]


async def test_a_forced_value_is_what_everybody_sees(plant: Plant) -> None:
    done = await force(plant, 90)
    override = done["value"].pop("override")
    assert override == {
        "kind": "FORCED",
        "by": "bob",
        "at": iso(plant.clock.at),
        "reason": "test run",
        "value": 90.0,
    }
    assert done["value"] == {
        "number": 90.0,
        "text": "90.0",
        "quality": "GOOD",
        "known": True,
        "reason": "Forced",
        "reported": {"number": 60.0},
    }
    hot = '{ twins(where: {properties: {property: "temperature", gt: 80}}) { nodes { twinId } } }'
    assert (await ask(plant, hot))["twins"]["nodes"] == [{"twinId": "pump_123"}]
    error = await refused(plant, RETURN)
    assert error["extensions"]["code"] == "PROPERTY_FORCED"
    assert (await ask(plant, RELEASE))["done"] == {
        "changed": True,
        "value": {"number": 60.0, "known": True, "override": None},
    }


@pytest.mark.parametrize(
    ("query", "more", "code"),
    [
        (TAKE_OUT, {"twin": "pump_12"}, "TWIN_NOT_FOUND"),
        (TAKE_OUT, {"property": "temprature"}, "PROPERTY_NOT_FOUND"),
        (TAKE_OUT, {"reason": "  "}, "REASON_MISSING"),
        (TAKE_OUT, {"reason": "x" * 10_001}, "TOO_LONG"),
        (FORCE, {"value": "hot"}, "WRONG_TYPE"),
        (FORCE, {"value": 1000.0}, "VALUE_OUT_OF_RANGE"),
        (FORCE, {"property": "status", "value": "runing"}, "VALUE_NOT_ALLOWED"),
    ],
)
async def test_what_can_not_be_put_over_a_property_is_refused(
    plant: Plant, query: str, more: dict[str, Any], code: str
) -> None:
    given = {"twin": "pump_123", "property": "temperature", "reason": "test", **more}
    if query is FORCE:
        given = {"value": 1.0, **given}
    assert (await refused(plant, query, **given))["extensions"]["code"] == code
    assert await standing(plant) == []


async def test_a_write_to_a_forced_property_still_reaches_the_device(plant: Plant) -> None:
    await force(plant, 100.0, name="speed")
    written = await ask(
        plant,
        'mutation { setProperty(input: {twinId: "pump_123", property: "speed", value: 1500.0}) '
        "{ value { number override { kind } } call { status } } }",
    )
    assert plant.devices.sent == [("pump_123", "speed", 1500.0)]
    assert written["setProperty"] == {
        "value": {"number": 100.0, "override": {"kind": "FORCED"}},
        "call": {"status": "ACCEPTED"},
    }


async def test_everything_that_stands_is_listed_filtered_and_paged(plant: Plant) -> None:
    await take_out(plant)
    await force(plant, "running", name="status")
    await force(plant, True, "valve_234", "open")
    await force(plant, 5, "pump_124", "starts", by="ann")
    assert await standing(plant) == [
        "pump_123.status",
        "pump_123.temperature",
        "pump_124.starts",
        "valve_234.open",
    ]
    assert await standing(plant, kind=["OUT_OF_SERVICE"]) == ["pump_123.temperature"]
    assert await standing(plant, by="ann") == ["pump_123.temperature", "pump_124.starts"]
    assert await standing(plant, type="valve") == ["valve_234.open"]
    assert await standing(plant, twinIds=["pump_124"]) == ["pump_124.starts"]
    assert await standing(plant, overlay="cellar", kind=["FORCED"]) == ["pump_123.status", "valve_234.open"]
    first = (await ask(plant, STANDING, first=3))["overrides"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (4, True)
    assert await standing(plant, after=first["pageInfo"]["endCursor"]) == ["valve_234.open"]
    error = await refused(plant, STANDING, twinIds=["pump_12"])
    assert (error["extensions"]["code"], error["extensions"]["hint"]) == ("TWIN_NOT_FOUND", "did you mean 'pump_124'?")


async def test_twins_are_found_by_what_is_overridden(plant: Plant) -> None:
    await take_out(plant)
    await force(plant, 5, "pump_124", "starts")

    async def found(where: str) -> list[str]:
        answer = await ask(plant, f"{{ twins(where: {where}) {{ nodes {{ twinId }} }} }}")
        return [node["twinId"] for node in answer["twins"]["nodes"]]

    assert await found("{overridden: true}") == ["pump_123", "pump_124"]
    assert await found("{overridden: false}") == ["valve_234"]
    assert await found('{properties: {property: "temperature", overridden: true}}') == ["pump_123"]
    assert await found('{properties: {property: "temperature", overridden: false}}') == ["pump_124"]
    assert await found('{properties: {property: "temperature", known: false, overridden: true}}') == ["pump_123"]
    page = await send(plant, "GET", "/twins", params={"overridden": "true"})
    assert [item["twin_id"] for item in page.json()["items"]] == ["pump_123", "pump_124"]


async def test_subscribers_are_told_of_an_override_of_what_happens_underneath_and_of_its_end(plant: Plant) -> None:
    watch = """subscription { propertyChanged(twinIds: ["pump_123"], properties: ["temperature"]) {
      initial value { number override { kind } reported { number } } } }"""
    async with connected(plant) as socket:
        await socket.subscribe(watch)
        assert (await socket.next("propertyChanged"))["value"]["override"] is None
        await force(plant, 20.0)
        pushed = await socket.next("propertyChanged")
        assert pushed["value"] == {"number": 20.0, "override": {"kind": "FORCED"}, "reported": {"number": 60.0}}
        plant.hear("pump_123", "temperature", 61.0)
        assert (await socket.next("propertyChanged"))["value"]["reported"] == {"number": 61.0}
        await ask(plant, RELEASE)
        assert (await socket.next("propertyChanged"))["value"] == {"number": 61.0, "override": None, "reported": None}


# ------------------------------------------------------------ REST


async def test_over_rest_an_override_is_put_shown_listed_and_deleted(plant: Plant) -> None:
    put = {"kind": "forced", "value": 20, "reason": "test run"}
    answer = await send(plant, "PUT", f"{PLACE}/override", json=put, headers={"X-Actor": "bob"})
    shown = {
        "value": 20.0,
        "timestamp": iso(plant.clock.at),
        "quality": "good",
        "override": {"kind": "forced", "value": 20.0, "by": "bob", "at": iso(plant.clock.at), "reason": "test run"},
        "reported": {"value": 60.0, "timestamp": iso(plant.clock.at), "quality": "good"},
    }
    assert (answer.status_code, answer.json()) == (200, shown)
    assert (await send(plant, "GET", PLACE)).json() == shown
    await send(plant, "PUT", f"{PLACE}/override", json={"kind": "out_of_service", "reason": "broken"})
    listed = await send(plant, "GET", "/overrides", params={"kind": "out_of_service", "first": 1})
    assert [(item["twin_id"], item["name"], item["override"]["reason"]) for item in listed.json()["items"]] == [
        ("pump_123", "temperature", "broken")
    ]
    assert (await send(plant, "GET", "/overrides", params={"kind": "forced"})).json()["items"] == []
    ended = await send(plant, "DELETE", f"{PLACE}/override", params={"reason": "mended"})
    assert ended.json() == {"value": 60.0, "timestamp": iso(plant.clock.at), "quality": "good"}
    assert (await send(plant, "DELETE", f"{PLACE}/override")).status_code == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("MISSING_FIELD", ""), ("MISSING_FIELD", "")]),
        ({"kind": "forced", "reason": "x"}, [("MISSING_FIELD", "")]),
        ({"kind": "out_of_service", "reason": "x", "value": 1}, [("UNKNOWN_FIELD", "/value")]),
        ({"kind": "forcd", "reason": 5}, [("NOT_ALLOWED", "/kind"), ("WRONG_TYPE", "/reason")]),
        ({"kind": "forced", "value": 1e9, "reason": "x"}, [("VALUE_OUT_OF_RANGE", "/value")]),
    ],
)
async def test_a_wrong_body_is_422_with_every_fault(plant: Plant, body: Any, expected: list[tuple[str, str]]) -> None:
    answer = await send(plant, "PUT", f"{PLACE}/override", json=body)
    assert answer.status_code == 422
    assert faults(answer) == expected


async def test_over_rest_too_a_reason_is_needed_and_names_must_be_there(plant: Plant) -> None:
    blank = await send(plant, "PUT", f"{PLACE}/override", json={"kind": "out_of_service", "reason": " "})
    assert refusal(blank) == (422, "REASON_MISSING")
    nothing = {"kind": "out_of_service", "reason": "x"}
    lost = await send(plant, "PUT", "/twins/pump_123/instance/properties/temp/override", json=nothing)
    assert refusal(lost) == (404, "PROPERTY_NOT_FOUND")
    strange = await send(plant, "GET", "/overrides", params={"twin_type": "pmp"})
    assert refusal(strange) == (404, "TWIN_TYPE_NOT_FOUND")


async def test_many_people_at_once_leave_one_override_each_time(plant: Plant) -> None:
    await asyncio.gather(*(force(plant, float(number), by=f"p{number}") for number in range(8)), take_out(plant))
    assert await standing(plant) == ["pump_123.temperature"]
