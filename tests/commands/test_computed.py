"""Computed properties in documents: what is refused, where, and what a change above may not break."""

import dataclasses
from typing import Any

import pytest

from app.commands.plan import plan_for
from app.errors import Conflict, Invalid, Problem
from app.model.change import DefinitionChange
from app.model.conditions import Arithmetic, PropertyRef
from app.model.definitions import Kind, TwinType
from tests.commands.ports import House
from tests.commands.station import opc_ua, twin

POWER = {"name": "power", "data_type": "float", "unit": "kW"}
FLOW = {"name": "flow", "data_type": "float", "unit": "m3/h"}
STATUS = {"name": "status", "data_type": "enum", "enum_values": ["on", "off"]}
NOTE = {"name": "note", "data_type": "string"}
KEY = {"name": "key", "data_type": "string", "access": "write"}
LEVEL = {"name": "level", "data_type": "float"}


def computed(name: str, expression: str, data_type: str = "float", **more: Any) -> dict[str, Any]:
    return {"name": name, "data_type": data_type, "computed": expression, **more}


def pump(*properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type_id": "pump", "properties": [POWER, FLOW, STATUS, NOTE, KEY, *properties], **more}


def small(*properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type_id": "small", "extends": "pump", "properties": list(properties), **more}


async def _standing(*more: tuple[Kind, dict[str, Any]]) -> House:
    house = House()
    await house.save(("twin_type", pump(computed("efficiency", "power / flow"))), *more)
    return house


async def _refused(kind: Kind, document: dict[str, Any]) -> list[Problem]:
    house = await _standing()
    with pytest.raises(Invalid) as caught:
        await house.save((kind, document))
    assert house.agrees()
    return list(caught.value.problems)


AT = "/properties/5/computed"


@pytest.mark.parametrize(
    ("item", "code", "path", "part"),
    [
        (computed("x", "power /"), "DTSL", AT, "at column 8"),
        (computed("x", "powr / flow"), "DTSL205", AT, "'powr'"),
        (computed("x", "power > 1"), "DTSL319", AT, "gives true or false"),
        (computed("x", "power * 2", "boolean"), "DTSL319", AT, "gives a number"),
        (computed("x", "power", "string"), "DTSL319", AT, "gives a number"),
        (computed("x", "note * 2"), "DTSL304", AT, "not a number"),
        (computed("x", "status", "enum", enum_values=["on"]), "DTSL302", AT, "'off'"),
        (computed("x", "power > 1 && note", "boolean"), "DTSL303", AT, "not true or false"),
        (computed("x", "other.power * 2"), "DTSL215", AT, "'other'"),
        (computed("x", "other != null", "boolean"), "DTSL213", AT, "'other'"),
        (computed("x", "key == 'a'", "boolean"), "DTSL312", AT, "write-only"),
        (computed("x", "2 * 3"), "DTSL320", AT, "no property"),
        (computed("x", "power / 0"), "DTSL310", AT, "division by zero"),
        (computed("x", "x + 1"), "COMPUTED_CYCLE", AT, "x -> x"),
        (computed("x", "power", access="read-write"), "COMPUTED_READ_ONLY", "/properties/5/access", "read-write"),
        (computed("x", "power", stale_after=5), "COMPUTED_NEVER_STALE", "/properties/5/stale_after", "fresh"),
        (computed("x", ""), "TOO_SHORT", AT, ""),
    ],
)
async def test_an_expression_that_can_not_be_meant_is_refused(
    item: dict[str, Any], code: str, path: str, part: str
) -> None:
    problems = await _refused("twin_type", pump(item))
    assert [(problem.code[: len(code)], problem.path) for problem in problems] == [(code, path)], problems
    assert part in problems[0].message


async def test_a_misspelled_name_has_a_suggestion_and_all_faults_are_told_at_once() -> None:
    items = (computed("x", "powr / flow"), computed("y", "z * 2"), computed("z", "y"), computed("w", "note + flo"))
    problems = await _refused("twin_type", pump(*items))
    assert problems[0].hint == "did you mean 'power'?"
    assert problems[0].message.startswith("computed 'x': ")
    assert [(item.code, item.path) for item in problems] == [
        ("DTSL205", "/properties/5/computed"),
        ("DTSL304", "/properties/8/computed"),
        ("DTSL205", "/properties/8/computed"),
        ("COMPUTED_CYCLE", "/properties/6/computed"),
    ]
    assert problems[3].message == "these are computed from each other: y -> z -> y"


async def test_text_truth_and_moments_are_computed_too_and_one_from_another() -> None:
    house = House()
    items = (
        {"name": "seen", "data_type": "datetime"},
        computed("twice", "efficiency * 2"),
        computed("efficiency", "power / flow"),
        computed("good", "twice > 1 && status == 'on'", "boolean"),
        computed("label", "note", "string"),
        computed("state", "status", "enum", enum_values=["on", "off", "fault"]),
        computed("said", "note", "enum", enum_values=["yes", "no"]),
        computed("at", "seen", "datetime"),
        computed("whole", "power * 2", "integer"),
    )
    behavior = {"name": "b", "conditions": ["twice < 0.5", "good"], "actions": []}
    await house.save(("twin_type", pump(*items, behaviors=[behavior])), ("twin", twin("p1")))
    document = house.document("twin_type", "pump")
    assert document["properties"][6] == items[1]
    (shape,) = plan_for(house.catalogue, twins=["p1"]).shapes
    known = {item.name: item for item in shape.properties}
    assert known["efficiency"].computed == Arithmetic("/", PropertyRef(None, "power"), PropertyRef(None, "flow"))
    assert not any(item.error for item in known.values())
    assert [item.error for item in shape.rules] == [None]


async def test_no_device_feeds_it_and_nobody_writes_it() -> None:
    problems = await _refused("twin", twin("p1", connectivity=opc_ua(efficiency="ns=2;s=E")))
    assert [(item.code, item.path) for item in problems] == [
        ("COMPUTED_MAPPED", "/connectivity/mapping/properties/efficiency")
    ]
    write = {"type": "property_write", "property": "efficiency", "value": 1}
    behavior = {"name": "b", "conditions": ["power > 1"], "actions": [write]}
    problems = await _refused("twin", twin("p1", behaviors=[behavior]))
    assert [(item.code, item.path) for item in problems] == [("PROPERTY_COMPUTED", "/behaviors/0/actions/0/property")]


async def test_a_twin_or_subtype_can_not_close_a_circle_or_take_a_number_away() -> None:
    problems = await _refused("twin", twin("p1", properties=[computed("power", "efficiency * flow")]))
    assert [(item.code, item.path) for item in problems] == [("COMPUTED_CYCLE", "/properties/0/computed")]
    assert problems[0].message.endswith("power -> efficiency -> power")
    problems = await _refused("twin", twin("p1", properties=[{"name": "flow", "data_type": "string"}]))
    assert [(item.code, item.path) for item in problems] == [("DTSL304", "")]
    assert problems[0].message.startswith("computed 'efficiency': ")
    problems = await _refused("twin_type", small(computed("flow", "efficiency", unit="m3/h")))
    assert [item.code for item in problems] == ["COMPUTED_CYCLE"]


async def test_a_change_above_that_breaks_one_below_is_refused_with_the_list() -> None:
    house = await _standing(
        ("twin_type", small(computed("loss", "power - level"), LEVEL)),
        ("twin", twin("p1", "small", properties=[computed("gain", "efficiency * 2")])),
    )
    with pytest.raises(Conflict) as caught:
        await house.save(("twin_type", {"type_id": "pump", "properties": [FLOW, STATUS]}))
    assert caught.value.code == "BREAKS_DEPENDENTS"
    assert [(item.code, item.message.split(":")[0]) for item in caught.value.problems] == [
        ("DTSL205", "twin type 'small' would break"),
        ("DTSL205", "twin 'p1' would break"),
        ("DTSL205", "twin 'p1' would break"),
    ]
    assert "computed 'gain': unknown property 'efficiency'" in caught.value.problems[-1].message


async def test_a_circle_that_only_a_subtype_has_is_found_when_the_type_changes() -> None:
    house = House()
    document = pump(LEVEL, computed("efficiency", "power / flow"))
    await house.save(("twin_type", document), ("twin_type", small(computed("power", "level * 2", unit="kW"))))
    with pytest.raises(Conflict) as caught:
        await house.save(
            ("twin_type", pump(computed("level", "efficiency * 3"), computed("efficiency", "power / flow")))
        )
    assert [item.code for item in caught.value.problems] == ["COMPUTED_CYCLE"]
    assert "power -> level -> efficiency -> power" in caught.value.problems[0].message


async def test_more_computed_properties_than_a_twin_may_have_are_refused() -> None:
    problems = await _refused("twin_type", pump(*[computed(f"c{number}", "power") for number in range(201)]))
    assert [(item.code, item.path) for item in problems] == [("TOO_MANY_COMPUTED", "/properties/205/computed")]


async def test_what_another_program_wrote_into_the_graph_loads_with_its_error() -> None:
    house = await _standing(("twin", twin("p1")))
    stored = house.catalogue.get("twin_type", "pump")
    assert stored is not None
    broken = TwinType.model_validate(pump(computed("efficiency", "power / nothing")))
    changed = dataclasses.replace(stored, definition=broken)
    house.catalogue.apply(DefinitionChange(house.catalogue.revision, 1, "x", "", (changed,)))
    (shape,) = plan_for(house.catalogue, twins=["p1"]).shapes
    assert shape.properties[-1].error.startswith("DTSL205 computed 'efficiency': unknown property 'nothing'")
    assert shape.properties[-1].computed is None
