"""Lists and objects in documents: their form, their units, what a subtype may narrow, and values that are sent."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.commands.documents import read_document
from app.commands.scripts import ScriptCommands
from app.commands.values import fitted
from app.errors import Invalid, Problem
from app.model.definitions import Kind, PropertyDefinition, TwinType, to_document
from app.model.units import conversion
from app.model.values import MAX_SIZE, size
from tests.commands.ports import ANN, House
from tests.commands.station import opc_ua, twin

FLOAT = {"data_type": "float"}
PROFILE: dict[str, Any] = {
    "name": "profile",
    "data_type": "array",
    "max_items": 3,
    "access": "read-write",
    "items": {"data_type": "float", "unit": "celsius", "min_value": 0.0, "max_value": 90.0},
}
WINDOW: dict[str, Any] = {
    "name": "window",
    "data_type": "object",
    "access": "read-write",
    "fields": [
        {"name": "low", "data_type": "float", "unit": "bar"},
        {"name": "mode", "data_type": "enum", "enum_values": ["auto", "hand"]},
        {"name": "steps", "data_type": "array", "items": {"data_type": "integer", "min_value": 0}, "required": False},
    ],
}


def _type(*properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type_id": "oven", "properties": list(properties), **more}


def _nested(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = dict(FLOAT)
    for level in range(levels):
        found = (
            {"data_type": "array", "items": found}
            if level % 2
            else {"data_type": "object", "fields": [{**found, "name": "f"}]}
        )
    return {"name": "deep", **found}


def _problems(*properties: dict[str, Any]) -> list[tuple[str, str]]:
    definition, problems = read_document("twin_type", _type(*properties))
    assert (definition is None) == bool(problems)
    return [(problem.code, problem.path) for problem in problems]


AT = "/properties/0"


@pytest.mark.parametrize(
    ("part", "code", "path"),
    [
        ({"data_type": "array"}, "MISSING_FIELD", "/items"),
        ({"data_type": "object"}, "MISSING_FIELD", "/fields"),
        ({"data_type": "float", "items": FLOAT}, "NOT_FOR_TYPE", "/items"),
        ({"data_type": "float", "max_items": 3}, "NOT_FOR_TYPE", "/max_items"),
        ({"data_type": "float", "fields": WINDOW["fields"]}, "NOT_FOR_TYPE", "/fields"),
        ({"data_type": "array", "items": FLOAT, "unit": "bar"}, "NOT_FOR_TYPE", "/unit"),
        ({"data_type": "array", "items": FLOAT, "min_value": 1}, "BAD_LIMITS", "/min_value"),
        ({"data_type": "array", "items": FLOAT, "deadband": 1}, "NOT_FOR_TYPE", "/deadband"),
        ({"data_type": "string", "deadband": 1}, "NOT_FOR_TYPE", "/deadband"),
        ({"data_type": "array", "items": FLOAT, "computed": "x"}, "NOT_FOR_TYPE", "/computed"),
        ({"data_type": "array", "items": FLOAT, "max_items": 0}, "OUT_OF_RANGE", "/max_items"),
        ({"data_type": "array", "items": {"data_type": "enum"}}, "MISSING_FIELD", "/items/enum_values"),
        ({"data_type": "array", "items": {**FLOAT, "name": "x"}}, "UNKNOWN_FIELD", "/items/name"),
        ({"data_type": "array", "items": {"data_type": "flot"}}, "NOT_ALLOWED", "/items/data_type"),
        ({"data_type": "object", "fields": [FLOAT]}, "MISSING_FIELD", "/fields/0/name"),
        ({"data_type": "object", "fields": [{**FLOAT, "name": "a"}] * 2}, "DUPLICATE_NAME", "/fields/1/name"),
        (
            {"data_type": "object", "fields": [{**FLOAT, "name": "a", "min_value": 2, "max_value": 1}]},
            "BAD_LIMITS",
            "/fields/0/min_value",
        ),
        (_nested(6), "TYPE_TOO_DEEP", "/items/fields/0/items/fields/0/items"),
    ],
)
def test_a_description_that_does_not_fit_is_refused_where_it_is_wrong(
    part: dict[str, Any], code: str, path: str
) -> None:
    if code == "TYPE_TOO_DEEP":
        assert _problems(_nested(5)) == []
    assert _problems({"name": "x", **part}) == [(code, AT + path)]


def test_all_faults_are_told_at_once_whatever_else_is_wrong() -> None:
    method = {"name": "m", "parameters": [{"name": "p", "data_type": "array"}]}
    document = _type({"name": "a", "data_type": "array", "fields": []}, {"name": "b"}, methods=[method], colour=1)
    _, problems = read_document("twin_type", document)
    assert {(item.code, item.path) for item in problems} == {
        ("NOT_FOR_TYPE", "/properties/0/fields"),
        ("MISSING_FIELD", "/properties/0/items"),
        ("TOO_SHORT", "/properties/0/fields"),
        ("MISSING_FIELD", "/properties/1/data_type"),
        ("MISSING_FIELD", "/methods/0/parameters/0/items"),
        ("UNKNOWN_FIELD", "/colour"),
    }
    assert next(item for item in problems if item.path.endswith("0/items")).hint.startswith("say what its elements are")


scalars = st.one_of(
    st.just({"data_type": "float", "unit": "bar", "min_value": 0.5}),
    st.just({"data_type": "enum", "enum_values": ["a", "b"]}),
    st.sampled_from([{"data_type": kind} for kind in ("integer", "boolean", "string", "datetime")]),
)


def _wider(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.tuples(st.sampled_from(["a", "b", "c"]), below, st.booleans())
    return st.one_of(
        st.builds(
            lambda item, most: {"data_type": "array", "items": item, **most},
            below,
            st.sampled_from([{}, {"max_items": 4}]),
        ),
        st.lists(named, min_size=1, max_size=3, unique_by=lambda field: field[0]).map(
            lambda fields: {
                "data_type": "object",
                "fields": [
                    {"name": name, **part, **({} if required else {"required": False})}
                    for name, part, required in fields
                ],
            }
        ),
    )


described = st.recursive(scalars, _wider, max_leaves=4)


def _levels(part: dict[str, Any]) -> int:
    below = [part["items"]] if "items" in part else part.get("fields", [])
    return 1 + max(map(_levels, below)) if below else 0


@settings(max_examples=100, deadline=None)
@given(described)
def test_any_description_within_the_levels_comes_back_as_it_was_written(part: dict[str, Any]) -> None:
    document = json.loads(json.dumps(_type({"name": "x", **part})))
    definition, problems = read_document("twin_type", document)
    if _levels(part) > 5:
        assert {item.code for item in problems} == {"TYPE_TOO_DEEP"}
    else:
        assert problems == []
        assert definition is not None
        assert to_document(definition) == document
        assert TwinType.model_validate_json(json.dumps(document)) == definition


# ---------------------------------------------------------------- values


def _fitted(definition: dict[str, Any], value: Any) -> tuple[Any, list[tuple[str, str]]]:
    plain, problems = fitted(PropertyDefinition.model_validate(definition), value, "/value")
    return plain, [(problem.code, problem.path) for problem in problems]


def test_a_value_takes_the_form_of_its_parts() -> None:
    assert _fitted(PROFILE, [1, 2.5]) == ([1.0, 2.5], [])
    plain, _ = _fitted(WINDOW, {"mode": "auto", "low": 1, "steps": [1.0, 2]})
    assert plain == {"low": 1.0, "mode": "auto", "steps": [1, 2]}
    assert [type(item) for item in plain["steps"]] == [int, int]
    assert _fitted(WINDOW, {"mode": "auto", "low": 1, "steps": None}) == ({"low": 1.0, "mode": "auto"}, [])


def test_every_fault_of_a_value_is_told_where_it_lies() -> None:
    assert _fitted(PROFILE, [1, "x", 91, float("nan")])[1] == [("TOO_LONG", "/value")]
    assert _fitted(PROFILE, ["x", 91, float("inf")])[1] == [
        ("WRONG_TYPE", "/value/0"),
        ("VALUE_OUT_OF_RANGE", "/value/1"),
        ("NOT_FINITE", "/value/2"),
    ]
    assert _fitted(PROFILE, 5)[1] == [("WRONG_TYPE", "/value")]
    assert _fitted(WINDOW, {"lo": 1, "mode": "atuo", "steps": [1, -1]})[1] == [
        ("UNKNOWN_FIELD", "/value/lo"),
        ("MISSING_FIELD", "/value/low"),
        ("VALUE_NOT_ALLOWED", "/value/mode"),
        ("VALUE_OUT_OF_RANGE", "/value/steps/1"),
    ]
    _, problems = fitted(
        PropertyDefinition.model_validate(WINDOW), {"low": None, "mode": "auto", "steps": [0, "x"]}, ""
    )
    assert [(item.code, item.path, item.message) for item in problems] == [
        ("WRONG_TYPE", "/low", "'window.low' is a number, not null"),
        ("WRONG_TYPE", "/steps/1", "'window.steps[1]' is a whole number, not the text 'x'"),
    ]


def test_a_value_that_is_too_large_as_a_whole_is_refused() -> None:
    texts = {"name": "x", "data_type": "array", "items": {"data_type": "string"}}
    assert _fitted(texts, ["a" * 10_000] * 7)[1] == [("VALUE_TOO_LARGE", "/value")]
    assert _fitted(texts, ["a"] * (MAX_SIZE + 1))[1] == [("TOO_LONG", "/value")]
    assert size({"ab": ["cde", 1.0]}) == 1 + 2 + 1 + 4 + 1


async def _standing() -> House:
    house = House()
    parameters = [{**PROFILE, "name": "to"}, {**WINDOW, "name": "within"}]
    for parameter in parameters:
        del parameter["access"]
    method = {"name": "run", "parameters": parameters, "return_type": "array"}
    speed = {"name": "speed", "data_type": "float"}
    await house.save(("twin_type", _type(PROFILE, WINDOW, speed, methods=[method])), ("twin", twin("o1", "oven")))
    return house


async def _refused(kind: Kind, document: dict[str, Any]) -> list[Problem]:
    house = await _standing()
    with pytest.raises(Invalid) as caught:
        await house.save((kind, document))
    return list(caught.value.problems)


async def test_what_a_behavior_sends_is_checked_to_the_bottom() -> None:
    actions = [
        {"type": "property_write", "property": "profile", "value": [1, 95]},
        {
            "type": "method_call",
            "method": "run",
            "parameters": [{"name": "to", "value": [1]}, {"name": "within", "value": {"low": "x", "mode": "auto"}}],
        },
    ]
    behavior = {"name": "b", "conditions": ["speed > 1"], "actions": actions}
    problems = await _refused("twin", twin("o1", "oven", behaviors=[behavior]))
    assert [(item.code, item.path) for item in problems] == [
        ("VALUE_OUT_OF_RANGE", "/behaviors/0/actions/0/value/1"),
        ("WRONG_TYPE", "/behaviors/0/actions/1/parameters/1/value/low"),
    ]


@pytest.mark.parametrize("condition", ["profile == 1", "speed > window", "window == window", "profile != 'x'"])
async def test_a_list_or_object_can_not_be_compared(condition: str) -> None:
    problems = await _refused("twin", twin("o1", "oven", behaviors=[{"name": "b", "conditions": [condition]}]))
    assert [(item.code, item.path) for item in problems] == [("DTSL321", "/behaviors/0/conditions/0")]


async def test_a_script_may_write_a_list_and_is_told_where_an_element_is_wrong() -> None:
    house = await _standing()
    script = """overlay Baking {{ twins {{ Oven oven; }} behaviors {{ behavior hot {{
      when {{ oven.speed > 1 }} then {{ oven.profile = {value}; }} }} }} }}"""
    commands = ScriptCommands(house.definitions, house.scripts)
    await commands.execute(script.format(value="[10, 20.5]"), ANN)
    action = house.document("overlay_type", "baking")["behaviors"][0]["actions"][0]
    assert action["value"] == [10, 20.5]
    for value, code, part in (
        ("[10, true]", "DTSL307", "'profile[1]'"),
        ("[95]", "DTSL308", "95"),
        ("[1, 2, 3, 4]", "DTSL323", "at most 3"),
        ("5", "DTSL307", "an array"),
    ):
        with pytest.raises(Invalid) as caught:
            await commands.execute(script.format(value=value), ANN)
        assert [(item.code, part in item.message) for item in caught.value.problems] == [(code, True)]
    with pytest.raises(Invalid) as caught:
        await commands.execute(script.format(value="5").replace("profile", "window"), ANN)
    assert [(item.code, "an object" in item.message) for item in caught.value.problems] == [("DTSL307", True)]


# ---------------------------------------------------------------- units, subtypes


async def test_units_are_checked_in_every_part_and_a_device_may_have_its_own_for_a_whole_list() -> None:
    wrong = {
        "name": "x",
        "data_type": "array",
        "items": {"data_type": "object", "fields": [{**FLOAT, "name": "f", "unit": "brr"}]},
    }
    problems = await _refused("twin_type", _type(wrong))
    assert [(item.code, item.path) for item in problems] == [("UNKNOWN_UNIT", "/properties/0/items/fields/0/unit")]
    mapping = {
        "profile": {"node_id": "ns=2;s=P", "unit": "fahrenheit"},
        "window": {"node_id": "ns=2;s=W", "unit": "bar"},
    }
    connected = {**opc_ua(), "mapping": {"properties": mapping}}
    problems = await _refused("twin", twin("o1", "oven", connectivity=connected))
    at = "/connectivity/mapping/properties/window/unit"
    assert [(item.code, item.path) for item in problems] == [("INCOMPATIBLE_UNIT", at)]
    del mapping["window"]
    house = await _standing()
    await house.save(("twin", twin("o1", "oven", connectivity=connected)))
    (connection,) = house.devices.configured[-1]
    assert connection.conversions == {"profile": conversion("fahrenheit", "celsius")}
    assert connection.properties["profile"].items is not None


def _sub(*properties: dict[str, Any]) -> dict[str, Any]:
    return {"type_id": "small", "extends": "oven", "properties": list(properties)}


async def test_a_subtype_may_narrow_the_parts_and_add_fields() -> None:
    house = await _standing()
    narrow = {**PROFILE, "max_items": 2, "items": {**PROFILE["items"], "max_value": 80.0}}
    steps = {"name": "steps", "data_type": "array", "items": {"data_type": "integer", "min_value": 1}}
    fields = [*WINDOW["fields"][:2], steps, {"name": "more", "data_type": "string"}]
    await house.save(("twin_type", _sub(narrow, {**WINDOW, "fields": fields})))


async def test_a_subtype_may_not_widen_a_part() -> None:
    wide = {**PROFILE, "max_items": 4, "items": {"data_type": "float", "unit": "kelvin"}}
    low, mode, steps = WINDOW["fields"]
    fields = [{**low, "required": False}, {**steps, "items": {"data_type": "float"}}]
    problems = await _refused("twin_type", _sub(wide, {**WINDOW, "fields": fields}))
    assert [(item.code, item.path) for item in problems] == [
        ("OVERRIDE_WIDENS_LIMITS", "/properties/0/max_items"),
        ("OVERRIDE_CHANGES_UNIT", "/properties/0/items/unit"),
        ("OVERRIDE_BREAKS_PROMISE", "/properties/1/fields/0/required"),
        ("OVERRIDE_CHANGES_FIELDS", "/properties/1/fields"),
        ("OVERRIDE_CHANGES_TYPE", "/properties/1/fields/1/items/data_type"),
    ]
    assert mode["name"] in problems[3].message
