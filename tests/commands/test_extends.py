"""Types that extend a type: what they take, what they may replace, and whom a change above reaches."""

from typing import Any

import pytest

from app.commands.plan import plan_for
from app.errors import Conflict, Invalid
from app.model.definitions import Kind
from app.model.lineage import kind_in_effect
from tests.commands.ports import ANN, House
from tests.commands.station import pump_type, station, station_type, twin, whole

STATUS = {"name": "status", "data_type": "enum", "enum_values": ["off", "running"]}
SET_SPEED = pump_type()["methods"][2]


def _booster(**changes: Any) -> dict[str, Any]:
    return {"type_id": "booster", "extends": "pump", **changes}


async def _standing(*more: tuple[Kind, dict[str, Any]]) -> House:
    house = House()
    await house.save(*whole(), *more)
    return house


async def _refused(document: dict[str, Any]) -> list[tuple[str, str]]:
    house = await _standing()
    with pytest.raises(Invalid) as caught:
        await house.save(("twin_type", document))
    assert house.agrees()
    return [(problem.code, problem.path) for problem in caught.value.problems]


async def test_a_subtype_has_everything_of_its_line_and_what_it_adds() -> None:
    house = await _standing(
        ("twin_type", {"type_id": "big", "extends": "booster"}),
        ("twin_type", _booster(properties=[{"name": "boost", "data_type": "float"}, STATUS])),
        ("twin", twin("b1", "big")),
    )
    found = house.catalogue.capabilities("b1")
    assert list(found.properties) == ["status", "temperature", "speed", "note", "starts", "boost"]
    assert found.properties["status"].enum_values == ["off", "running"]
    assert list(found.behaviors) == ["hot"]
    assert found is house.catalogue.type_capabilities("booster")
    assert house.catalogue.twins_of_type("pump") == ["b1", "p1", "p2"]
    assert list(house.store.changes[-1].twin_properties["b1"])[-1].name == "boost"


async def test_the_kind_is_inherited_until_one_is_written() -> None:
    house = House()
    await house.save(
        ("twin_type", {"type_id": "probe", "kind": "sensor"}),
        ("twin_type", {"type_id": "gauge", "extends": "probe"}),
        ("twin_type", {"type_id": "governor", "extends": "gauge", "kind": "controller"}),
    )
    kinds = [kind_in_effect(house.catalogue, type_id) for type_id in ("probe", "gauge", "governor", "nothing")]
    assert kinds == ["sensor", "sensor", "controller", "equipment"]


async def test_a_type_that_leads_back_to_itself_is_refused_with_the_chain() -> None:
    house = House()
    with pytest.raises(Invalid) as caught:
        await house.save(
            ("twin_type", {"type_id": "a", "extends": "b"}),
            ("twin_type", {"type_id": "b", "extends": "c"}),
            ("twin_type", {"type_id": "c", "extends": "b"}),
            ("twin_type", {"type_id": "d", "extends": "d"}),
        )
    found = {problem.path: problem for problem in caught.value.problems}
    assert {problem.code for problem in found.values()} == {"EXTENDS_CYCLE"}
    assert list(found) == ["/0/extends", "/1/extends", "/2/extends", "/3/extends"]
    assert found["/0/extends"].message.endswith("a -> b -> c -> b")
    assert found["/3/extends"].message.endswith("d -> d")


async def test_a_type_closing_a_circle_over_stored_ones_is_refused() -> None:
    house = await _standing(("twin_type", _booster()))
    with pytest.raises(Invalid) as caught:
        await house.save(("twin_type", pump_type(extends="booster")))
    assert [problem.code for problem in caught.value.problems] == ["EXTENDS_CYCLE"]


async def test_an_unknown_supertype_is_refused_with_a_suggestion() -> None:
    house = await _standing()
    with pytest.raises(Invalid) as caught:
        await house.save(("twin_type", _booster(extends="pmup")))
    (problem,) = caught.value.problems
    assert (problem.code, problem.path, problem.hint) == ("UNKNOWN_TWIN_TYPE", "/extends", "did you mean 'pump'?")


async def test_narrower_parts_are_accepted() -> None:
    house = await _standing()
    speed = {"name": "speed", "data_type": "float", "unit": "rpm", "max_value": 1500.0, "min_value": 1.0}
    set_speed = {
        **SET_SPEED,
        "parameters": [{**SET_SPEED["parameters"][0], "max_value": 10.0}, *SET_SPEED["parameters"][1:]],
    }
    await house.save(("twin_type", _booster(properties=[speed, STATUS], methods=[set_speed])))
    assert house.catalogue.type_capabilities("booster").properties["speed"].access == "read"


async def test_every_way_of_being_wider_is_listed_with_its_place() -> None:
    assert await _refused(
        _booster(
            properties=[
                {"name": "status", "data_type": "enum", "enum_values": ["off", "running", "fault", "lost"]},
                {
                    "name": "temperature",
                    "data_type": "float",
                    "unit": "celsius",
                    "access": "read-write",
                    "min_value": -30,
                },
                {"name": "speed", "data_type": "float", "unit": "hertz"},
                {"name": "starts", "data_type": "float"},
            ],
            methods=[
                {"name": "stop", "return_type": "integer"},
                {"name": "set_speed", "parameters": [{"name": "speed", "data_type": "float", "min_value": 0.0}]},
            ],
        )
    ) == [
        ("OVERRIDE_WIDENS_ENUM", "/properties/0/enum_values"),
        ("OVERRIDE_WIDENS_LIMITS", "/properties/1/min_value"),
        ("OVERRIDE_WIDENS_LIMITS", "/properties/1/max_value"),
        ("OVERRIDE_WIDENS_ACCESS", "/properties/1/access"),
        ("OVERRIDE_CHANGES_UNIT", "/properties/2/unit"),
        ("OVERRIDE_CHANGES_TYPE", "/properties/3/data_type"),
        ("OVERRIDE_CHANGES_TYPE", "/methods/0/return_type"),
        ("OVERRIDE_BREAKS_PROMISE", "/methods/0/idempotent"),
        ("OVERRIDE_CHANGES_PARAMETERS", "/methods/1/parameters"),
        ("OVERRIDE_WIDENS_LIMITS", "/methods/1/parameters/0/max_value"),
    ]


async def test_an_event_may_carry_more_but_never_less() -> None:
    house = House()
    code, text = {"name": "code", "data_type": "integer"}, {"name": "text", "data_type": "string"}
    await house.save(
        ("twin_type", {"type_id": "a", "events": [{"name": "fault", "parameters": [code]}]}),
        ("twin_type", {"type_id": "b", "extends": "a", "events": [{"name": "fault", "parameters": [text, code]}]}),
    )
    with pytest.raises(Invalid) as caught:
        await house.save(
            ("twin_type", {"type_id": "c", "extends": "b", "events": [{"name": "fault", "parameters": [text]}]})
        )
    assert [(item.code, item.path) for item in caught.value.problems] == [
        ("OVERRIDE_CHANGES_PARAMETERS", "/events/0/parameters")
    ]


async def test_an_inherited_behavior_that_a_narrower_part_breaks_is_told() -> None:
    house = await _standing()
    with pytest.raises(Invalid) as caught:
        await house.save(
            ("twin_type", _booster(properties=[{"name": "status", "data_type": "enum", "enum_values": ["off"]}]))
        )
    assert "behavior 'hot'" in caught.value.problems[0].message


async def test_a_role_takes_a_twin_of_a_subtype_and_no_other() -> None:
    house = await _standing(("twin_type", _booster()), ("twin", twin("b1", "booster")))
    bound = [
        {"twin_id": "b1", "role": "main"},
        {"twin_id": "p2", "role": "spare"},
        {"twin_id": "v1", "role": "outlet"},
    ]
    await house.save(("overlay", station(twins=bound)))
    only_boosters = station_type(
        twin_roles=[{"role": "main", "twin_type": "booster"}, *station_type()["twin_roles"][1:]]
    )
    await house.save(("overlay_type", only_boosters))
    with pytest.raises(Invalid) as caught:
        await house.save(("overlay", station()))
    assert [problem.code for problem in caught.value.problems] == ["ROLE_TYPE_MISMATCH"]


async def test_a_type_that_stops_extending_what_its_twins_role_asks_for_is_refused() -> None:
    """Even where the type has all the same parts of its own."""
    house = await _standing(
        ("twin_type", pump_type(type_id="booster", extends="pump")),
        ("twin", twin("b1", "booster")),
        (
            "overlay",
            station(overlay_id="south", twins=[{"twin_id": "b1", "role": "main"}, {"twin_id": "v1", "role": "outlet"}]),
        ),
    )
    with pytest.raises(Conflict) as caught:
        await house.save(("twin_type", pump_type(type_id="booster")))
    assert [problem.code for problem in caught.value.problems] == ["ROLE_TYPE_MISMATCH"]
    assert house.agrees()


async def test_a_changed_supertype_reaches_twins_plans_and_rows_of_all_below() -> None:
    house = await _standing(
        ("twin_type", _booster(behaviors=[{"name": "fast", "conditions": ["speed > 1"]}])),
        ("twin_type", {"type_id": "big", "extends": "booster"}),
        ("twin", twin("b1", "big")),
    )
    before = plan_for(house.catalogue, twins=["b1"]).shapes[0]
    assert before.shape_id == "twin_type/big/1+twin_type/booster/1+twin_type/pump/1"
    assert [rule.name for rule in before.rules] == ["hot", "fast"]
    changed = pump_type()
    changed["properties"] = [*changed["properties"], {"name": "noise", "data_type": "float"}]
    await house.save(("twin_type", changed))
    plan = house.inbox.plans[-1]
    assert {item.twin_id for item in plan.twins} == {"b1", "p1", "p2"}
    shape = next(
        item for item in plan.shapes if item.shape_id == "twin_type/big/1+twin_type/booster/1+twin_type/pump/2"
    )
    assert shape.properties[-1].name == "noise"
    assert house.store.changes[-1].twin_properties["b1"][-1].name == "noise"


async def test_a_supertype_that_comes_to_break_a_subtype_is_refused_with_it() -> None:
    house = await _standing(("twin_type", _booster(properties=[STATUS])))
    changed = pump_type(behaviors=[{"name": "hot", "conditions": ["status == 'fault'"]}])
    with pytest.raises(Conflict) as caught:
        await house.save(("twin_type", changed))
    (problem,) = caught.value.problems
    assert problem.message.startswith("twin type 'booster' would break: behavior 'hot'")


async def test_a_type_that_others_extend_is_not_deleted() -> None:
    house = House()
    await house.save(("twin_type", pump_type()), ("twin_type", _booster()), ("twin", twin("b1", "booster")))
    with pytest.raises(Conflict) as caught:
        await house.definitions.delete("twin_type", "pump", ANN)
    assert [problem.message for problem in caught.value.problems] == ["twin type 'booster' uses it"]
    assert house.agrees()


async def test_twins_of_a_subtype_that_adds_nothing_share_the_role_types_overlay_shape() -> None:
    house = await _standing(
        ("twin_type", _booster()),
        ("twin", twin("b1", "booster")),
        (
            "overlay",
            station(
                overlay_id="south",
                twins=[{"twin_id": "b1", "role": "main"}, {"twin_id": "v1", "role": "outlet"}],
            ),
        ),
    )
    north, south = plan_for(house.catalogue, overlays=["north", "south"]).overlays
    assert north.shape_id == south.shape_id
