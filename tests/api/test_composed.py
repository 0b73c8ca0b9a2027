"""Lists, objects and computed properties over both faces: defined, read, set, found, told."""

from typing import Any

import pytest

from tests.api.client import ask, refused
from tests.api.plant import Plant
from tests.api.rest.client import faults, refusal, send

OVEN: dict[str, Any] = {
    "type_id": "oven",
    "properties": [
        {"name": "power", "data_type": "float", "unit": "kW", "access": "read-write"},
        {"name": "hours", "data_type": "float", "access": "read-write"},
        {
            "name": "profile",
            "data_type": "array",
            "max_items": 3,
            "access": "read-write",
            "items": {"data_type": "float", "unit": "celsius", "max_value": 300.0},
        },
        {
            "name": "window",
            "data_type": "object",
            "access": "read-write",
            "fields": [
                {"name": "low", "data_type": "float"},
                {"name": "mode", "data_type": "enum", "enum_values": ["auto", "hand"], "required": False},
            ],
        },
        {"name": "energy", "data_type": "float", "unit": "kWh", "computed": "power * hours"},
    ],
}
SAVE = """mutation($type: JSON!, $twin: JSON!) {
  saveTwinType(input: {document: $type}) { twinType { document } }
  saveTwin(input: {document: $twin}) { twin { twinId } } }"""
SET = """mutation($property: String!, $value: JSON!) {
  setProperty(input: {twinId: "oven_1", property: $property, value: $value}) {
    value { json text number quality reason } } }"""
DESCRIBED = """{ twin(twinId: "oven_1") { properties {
  name dataType unit maxItems computed mapped items { dataType unit maxValue items { dataType } }
  fields { name dataType required enumValues } value { json text known reason } } } }"""
FIND = """query($where: TwinWhere) { twins(first: 5, where: $where) { nodes { twinId } } }"""


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    await ask(plant, SAVE, type=OVEN, twin={"twin_id": "oven_1", "twin_type": "oven"})
    return plant


async def _set(plant: Plant, name: str, value: Any) -> Any:
    return (await ask(plant, SET, property=name, value=value))["setProperty"]["value"]


async def test_what_a_property_is_made_of_is_shown_with_it(plant: Plant) -> None:
    found = {item["name"]: item for item in (await ask(plant, DESCRIBED))["twin"]["properties"]}
    assert found["profile"]["dataType"] == "ARRAY"
    assert found["profile"]["maxItems"] == 3
    assert found["profile"]["items"] == {"dataType": "FLOAT", "unit": "celsius", "maxValue": 300.0, "items": None}
    assert found["window"]["fields"] == [
        {"name": "low", "dataType": "FLOAT", "required": True, "enumValues": None},
        {"name": "mode", "dataType": "ENUM", "required": False, "enumValues": ["auto", "hand"]},
    ]
    assert (found["energy"]["computed"], found["energy"]["mapped"]) == ("power * hours", False)
    assert found["energy"]["value"] == {"json": None, "text": None, "known": False, "reason": "power: NoReading"}
    document = (await send(plant, "GET", "/twin-types/oven")).json()
    assert document["properties"] == OVEN["properties"]


async def test_a_list_and_an_object_are_set_and_read_as_json_and_as_text(plant: Plant) -> None:
    assert await _set(plant, "profile", [20, 180.5]) == {
        "json": [20.0, 180.5],
        "text": "[20.0,180.5]",
        "number": None,
        "quality": "GOOD",
        "reason": None,
    }
    assert (await _set(plant, "window", {"low": 1}))["text"] == '{"low":1.0}'
    literal = """mutation { setProperty(input: {twinId: "oven_1", property: "window", value: {low: 2, mode: "hand"}}) {
      value { json } } }"""
    assert (await ask(plant, literal))["setProperty"]["value"]["json"] == {"low": 2.0, "mode": "hand"}
    answer = await send(plant, "PUT", "/twins/oven_1/instance/properties/profile", json={"value": [1, 2, 3]})
    assert answer.status_code == 200
    state = (await send(plant, "GET", "/twins/oven_1/instance")).json()["state"]["properties"]
    assert (state["profile"]["value"], state["window"]["value"]) == ([1.0, 2.0, 3.0], {"low": 2.0, "mode": "hand"})


async def test_a_wrong_part_is_refused_at_its_place(plant: Plant) -> None:
    error = await refused(plant, SET, property="profile", value=[20, "x", 301])
    assert [(item["code"], item["path"]) for item in error["extensions"]["problems"]] == [
        ("WRONG_TYPE", "/value/1"),
        ("VALUE_OUT_OF_RANGE", "/value/2"),
    ]
    answer = await send(plant, "PUT", "/twins/oven_1/instance/properties/window", json={"value": {"lo": 1}})
    assert answer.status_code == 422
    assert faults(answer) == [("UNKNOWN_FIELD", "/value/lo"), ("MISSING_FIELD", "/value/low")]


async def test_a_computed_value_follows_and_is_found_and_not_set(plant: Plant) -> None:
    await _set(plant, "power", 3.0)
    await _set(plant, "hours", 2.0)
    found = (await send(plant, "GET", "/twins/oven_1/instance/properties/energy")).json()
    assert (found["value"], found["quality"]) == (6.0, "good")
    where = {"properties": [{"property": "energy", "gte": 5.0}]}
    assert (await ask(plant, FIND, where=where))["twins"]["nodes"] == [{"twinId": "oven_1"}]
    error = await refused(plant, SET, property="energy", value=1.0)
    assert error["extensions"]["code"] == "PROPERTY_COMPUTED"
    answer = await send(plant, "PUT", "/twins/oven_1/instance/properties/energy", json={"value": 1.0})
    assert refusal(answer)[1] == "PROPERTY_COMPUTED"


async def test_nothing_is_found_by_comparing_a_list_and_nothing_is_ordered_by_one(plant: Plant) -> None:
    for test in ({"eq": [1.0]}, {"gt": 1.0}, {"eq": 1.0}):
        error = await refused(plant, FIND, where={"properties": [{"property": "profile", **test}]})
        assert [item["code"] for item in error["extensions"]["problems"]] == ["TYPE_MISMATCH"]
    order = """{ twins(first: 5, orderBy: {property: "window"}) { nodes { twinId } } }"""
    error = await refused(plant, order)
    assert [(item["code"], item["path"]) for item in error["extensions"]["problems"]] == [
        ("TYPE_MISMATCH", "/orderBy/property")
    ]
