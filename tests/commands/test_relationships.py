"""The relationships that twins may have by the rules of their type, and what an edge is where nobody says it."""

from collections.abc import Sequence
from typing import Any

import pytest

from app.errors import Conflict, Invalid
from app.find.finder import Finder
from app.find.query import Order, Related, TwinFilter, Window
from app.model.definitions import Kind, bounds
from app.model.plan import OwnerKey
from app.topology.topology import Topology
from tests.api.parts import FakeLive
from tests.commands.ports import ANN, House

Documents = list[tuple[Kind, dict[str, Any]]]
INLET = {
    "name": "inlet",
    "relationship_type": "physical_connection",
    "direction": "incoming",
    "target_type": "pipe",
    "multiplicity": "0..1",
}
OUTLETS = {"name": "outlets", "target_type": "pipe", "multiplicity": "1..2"}
TYPES: Documents = [
    ("twin_type", {"type_id": "pipe"}),
    ("twin_type", {"type_id": "hot_pipe", "extends": "pipe"}),
    ("twin_type", {"type_id": "tank"}),
    ("twin_type", {"type_id": "pump", "relationships": [INLET, OUTLETS]}),
    ("twin_type", {"type_id": "probe", "kind": "sensor"}),
    ("twin_type", {"type_id": "plc", "kind": "controller"}),
    *(("twin", {"twin_id": f"pipe_{number}", "twin_type": "pipe"}) for number in (1, 2, 3)),
    ("twin", {"twin_id": "hot_1", "twin_type": "hot_pipe"}),
    ("twin", {"twin_id": "tank_1", "twin_type": "tank"}),
]


def to(target: str, name: str = "outlets", **more: Any) -> dict[str, Any]:
    return {"name": name, "target_twin_id": target, **more}


def pump(*relationships: dict[str, Any], twin_id: str = "pump_1", **more: Any) -> tuple[Kind, dict[str, Any]]:
    return "twin", {"twin_id": twin_id, "twin_type": "pump", "relationships": list(relationships), **more}


def _type(type_id: str = "pump", **more: Any) -> tuple[Kind, dict[str, Any]]:
    return "twin_type", {"type_id": type_id, **more}


async def _standing(*more: tuple[Kind, dict[str, Any]]) -> House:
    house = House()
    await house.save(*TYPES, *more)
    return house


async def _refused(*documents: tuple[Kind, dict[str, Any]]) -> list[tuple[str, str]]:
    house = await _standing()
    with pytest.raises(Invalid) as caught:
        await house.save(*documents)
    assert house.agrees()
    return [(item.code, item.path) for item in caught.value.problems]


async def _breaks(house: House, *documents: tuple[Kind, dict[str, Any]]) -> list[tuple[str, str]]:
    with pytest.raises(Conflict) as caught:
        await house.save(*documents)
    assert caught.value.code == "BREAKS_DEPENDENTS"
    return [(item.code, item.message.partition(" would break")[0]) for item in caught.value.problems]


def _edges(house: House, id: str, kind: Any = "twin") -> list[tuple[str, str, str, str]]:
    """As the graph has them after all changes: name, type, source, target."""
    owner = OwnerKey(kind, id)
    last = next(change for change in reversed(house.store.changes) if owner in change.relationships)
    return [
        (edge.name, edge.relationship_type, edge.source_twin_id, edge.target_twin_id)
        for edge in last.relationships[owner]
    ]


# ------------------------------------------------------------ rules


@pytest.mark.parametrize(
    ("text", "found"),
    [("1", (1, 1)), ("0..1", (0, 1)), ("0..*", (0, None)), ("1..*", (1, None)), ("2..4", (2, 4)), ("3", (3, 3))],
)
async def test_a_multiplicity_says_from_where_to_where(text: str, found: tuple[int, int | None]) -> None:
    assert bounds(text) == found
    house = House()
    await house.save(_type(relationships=[{"name": "r", "multiplicity": text}]))
    assert house.agrees()


@pytest.mark.parametrize(
    "text", ["", "*", "2..1", "1..", "..1", "-1", "1...2", "a", "1..*..2", "٣", "1 .. 2", "123456"]
)
async def test_what_is_no_multiplicity_is_refused_with_what_is_one(text: str) -> None:
    house = House()
    with pytest.raises(Invalid) as caught:
        await house.save(_type(relationships=[{"name": "r", "multiplicity": text}]))
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("BAD_MULTIPLICITY", "/relationships/0/multiplicity")
    assert "0..1" in problem.hint


async def test_a_rule_names_types_that_are_there() -> None:
    rule = {"name": "r", "relationship_type": "contrl", "target_type": "pip"}
    assert await _refused(_type(relationships=[rule])) == [
        ("UNKNOWN_RELATIONSHIP_TYPE", "/relationships/0/relationship_type"),
        ("UNKNOWN_TWIN_TYPE", "/relationships/0/target_type"),
    ]
    house = House()
    with pytest.raises(Invalid) as caught:
        await house.save(_type(relationships=[{"name": "r"}, {"name": "r"}]))
    assert [(item.code, item.path) for item in caught.value.problems] == [("DUPLICATE_NAME", "/relationships/1/name")]


async def test_what_follows_the_rules_is_accepted_and_the_document_stays_as_it_was_written() -> None:
    document = pump(to("pipe_1", "inlet"), to("pipe_2"), to("hot_1", direction="outgoing"))
    house = await _standing(document)
    assert house.document("twin", "pump_1") == document[1]
    assert _edges(house, "pump_1") == [
        ("inlet", "physical_connection", "pipe_1", "pump_1"),
        ("outlets", "physical_connection", "pump_1", "pipe_2"),
        ("outlets", "physical_connection", "pump_1", "hot_1"),
    ]


RIGHT = to("pipe_1")
BROKEN: list[tuple[Sequence[dict[str, Any]], str, str]] = [
    ([RIGHT, to("pipe_2", "outlet")], "UNKNOWN_RELATIONSHIP", "/relationships/1/name"),
    ([to("tank_1")], "RELATIONSHIP_TARGET_MISMATCH", "/relationships/0/target_twin_id"),
    (
        [RIGHT, to("pipe_2", "inlet", relationship_type="control")],
        "RELATIONSHIP_TYPE_MISMATCH",
        "/relationships/1/relationship_type",
    ),
    (
        [RIGHT, to("pipe_2", "inlet", direction="outgoing")],
        "RELATIONSHIP_DIRECTION_MISMATCH",
        "/relationships/1/direction",
    ),
    ([to("pipe_1", "inlet")], "RELATIONSHIP_MISSING", "/relationships"),
    ([to("pipe_1"), to("pipe_2"), to("pipe_3")], "TOO_MANY_RELATIONSHIPS", "/relationships"),
    ([RIGHT, to("pipe_1", "inlet"), to("pipe_2", "inlet")], "TOO_MANY_RELATIONSHIPS", "/relationships"),
]


@pytest.mark.parametrize(("relationships", "code", "path"), BROKEN)
async def test_what_breaks_a_rule_is_refused_where_it_does(
    relationships: Sequence[dict[str, Any]], code: str, path: str
) -> None:
    assert await _refused(pump(*relationships)) == [(code, path)]


async def test_a_misspelled_relationship_is_told_with_a_suggestion_and_every_other_fault() -> None:
    house = await _standing()
    with pytest.raises(Invalid) as caught:
        await house.save(pump(to("pipe_1", "inlte"), to("tank_1", "inlet")))
    assert [(item.code, item.hint) for item in caught.value.problems] == [
        ("UNKNOWN_RELATIONSHIP", "did you mean 'inlet'?"),
        ("RELATIONSHIP_TARGET_MISMATCH", "name a twin of type 'pipe' or of one that extends it"),
        ("RELATIONSHIP_MISSING", "add 'outlets'"),
    ]


async def test_the_same_name_and_target_twice_is_a_fault_of_form() -> None:
    house = await _standing()
    with pytest.raises(Invalid) as caught:
        await house.save(pump(to("pipe_1"), to("pipe_1")))
    assert caught.value.code == "DOCUMENT_INVALID"
    assert [(item.code, item.path) for item in caught.value.problems] == [
        ("DUPLICATE_NAME", "/relationships/1/target_twin_id")
    ]


async def test_a_type_without_rules_is_open_but_for_names_that_come_twice() -> None:
    tank = {"twin_id": "tank_2", "twin_type": "tank"}
    house = await _standing(("twin", {**tank, "relationships": [to("pipe_1", "anything"), to("pipe_1", "at_all")]}))
    assert house.agrees()
    twice = [to("pipe_1", "anything"), to("pipe_2", "anything")]
    assert await _refused(("twin", {**tank, "relationships": twice})) == [("DUPLICATE_NAME", "/relationships/1/name")]


# ------------------------------------------------------------ inheritance


async def test_rules_are_inherited_narrowed_and_added_to() -> None:
    narrower = {**OUTLETS, "target_type": "hot_pipe", "multiplicity": "1"}
    house = await _standing(
        _type("hot_pump", extends="pump", relationships=[narrower, {"name": "drain"}]),
        ("twin", {"twin_id": "hp", "twin_type": "hot_pump", "relationships": [to("hot_1"), to("tank_1", "drain")]}),
    )
    assert list(house.catalogue.type_capabilities("hot_pump").relationships) == ["inlet", "outlets", "drain"]
    with pytest.raises(Invalid) as caught:
        await house.save(("twin", {"twin_id": "hp", "twin_type": "hot_pump", "relationships": [to("pipe_1")]}))
    assert [item.code for item in caught.value.problems] == ["RELATIONSHIP_TARGET_MISMATCH"]


async def test_every_way_of_being_wider_is_listed() -> None:
    wider = [
        {"name": "inlet", "target_type": "tank", "multiplicity": "0..2"},
        {"name": "outlets", "multiplicity": "0..1"},
    ]
    assert await _refused(_type("other", extends="pump", relationships=wider)) == [
        ("OVERRIDE_CHANGES_TYPE", "/relationships/0/relationship_type"),
        ("OVERRIDE_CHANGES_DIRECTION", "/relationships/0/direction"),
        ("OVERRIDE_WIDENS_TARGET", "/relationships/0/target_type"),
        ("OVERRIDE_WIDENS_MULTIPLICITY", "/relationships/0/multiplicity"),
        ("OVERRIDE_WIDENS_TARGET", "/relationships/1/target_type"),
        ("OVERRIDE_WIDENS_MULTIPLICITY", "/relationships/1/multiplicity"),
    ]


async def test_a_type_that_stops_being_a_subtype_breaks_rules_that_need_it_to_be() -> None:
    house = await _standing(
        _type("hot_pump", extends="pump", relationships=[{**OUTLETS, "target_type": "hot_pipe"}]),
        pump(to("hot_1")),
    )
    assert await _breaks(house, _type("hot_pipe")) == [
        ("OVERRIDE_WIDENS_TARGET", "twin type 'hot_pump'"),
        ("RELATIONSHIP_TARGET_MISMATCH", "twin 'pump_1'"),
    ]


# ------------------------------------------------------------ dependents


async def test_a_rule_that_standing_twins_break_is_refused_with_all_of_them() -> None:
    house = await _standing(pump(to("pipe_1")), pump(to("pipe_1"), to("pipe_2"), twin_id="pump_2"))
    assert await _breaks(house, _type(relationships=[{**OUTLETS, "multiplicity": "1"}])) == [
        ("TOO_MANY_RELATIONSHIPS", "twin 'pump_2'")
    ]
    assert await _breaks(house, _type(relationships=[{**OUTLETS, "name": "out", "multiplicity": "0..1"}])) == [
        ("UNKNOWN_RELATIONSHIP", "twin 'pump_1'"),
        ("UNKNOWN_RELATIONSHIP", "twin 'pump_2'"),
        ("UNKNOWN_RELATIONSHIP", "twin 'pump_2'"),
    ]
    assert await _breaks(house, _type()) == [("DUPLICATE_NAME", "twin 'pump_2'")]  # without rules a name is one


async def test_a_rule_that_asks_for_one_reaches_twins_that_have_none() -> None:
    house = await _standing(("twin", {"twin_id": "tank_2", "twin_type": "tank"}))
    assert await _breaks(house, _type("tank", relationships=[{"name": "feed", "multiplicity": "1"}])) == [
        ("RELATIONSHIP_MISSING", "twin 'tank_1'"),
        ("RELATIONSHIP_MISSING", "twin 'tank_2'"),
    ]


async def test_a_target_that_appears_as_something_else_or_becomes_it_is_refused() -> None:
    house = await _standing(pump(to("pipe_9"), to("pipe_1")))
    later = "twin", {"twin_id": "pipe_9", "twin_type": "tank"}
    assert await _breaks(house, later) == [("RELATIONSHIP_TARGET_MISMATCH", "twin 'pump_1'")]  # type: ignore[arg-type]
    await house.save(("twin", {"twin_id": "pipe_9", "twin_type": "hot_pipe"}))
    assert [edge[3] for edge in _edges(house, "pump_1")] == ["pipe_9", "pipe_1"]
    becomes = "twin", {"twin_id": "pipe_1", "twin_type": "tank"}
    assert await _breaks(house, becomes) == [("RELATIONSHIP_TARGET_MISMATCH", "twin 'pump_1'")]  # type: ignore[arg-type]
    await house.save(becomes, pump(to("pipe_9")))  # type: ignore[arg-type]
    assert house.agrees()


async def test_a_type_that_a_rule_asks_for_is_in_use() -> None:
    house = await _standing()
    for twin_id in ("hot_1", "pipe_1", "pipe_2", "pipe_3"):
        await house.definitions.delete("twin", twin_id, ANN)
    await house.definitions.delete("twin_type", "hot_pipe", ANN)
    with pytest.raises(Conflict) as caught:
        await house.definitions.delete("twin_type", "pipe", ANN)
    assert [item.message for item in caught.value.problems] == ["twin type 'pump' uses it"]
    await house.save(("relationship_type", {"relationship_type": "steam", "impact": "both"}))
    await house.save(_type("tank", relationships=[{"name": "feed", "relationship_type": "steam"}]))
    with pytest.raises(Conflict) as used:
        await house.definitions.delete("relationship_type", "steam", ANN)
    assert [item.message for item in used.value.problems] == ["twin type 'tank' uses it"]


async def test_a_twin_that_must_be_related_to_is_not_deleted_with_its_bonds() -> None:
    house = await _standing(pump(to("pipe_1"), to("pipe_2", "inlet")))
    done = await house.definitions.delete("twin", "pipe_2", ANN, unbind=True)
    assert done.updated == (("twin", "pump_1"),)
    with pytest.raises(Conflict) as caught:
        await house.definitions.delete("twin", "pipe_1", ANN, unbind=True)
    assert (caught.value.code, caught.value.problems[0].code) == ("IN_USE", "RELATIONSHIP_MISSING")


# ------------------------------------------------------------ updates


async def test_an_update_adds_changes_and_removes_one_of_several_by_its_target() -> None:
    house = await _standing(pump(to("pipe_1"), to("pipe_2")))

    async def update(*relationships: dict[str, Any]) -> list[dict[str, Any]]:
        await house.definitions.update("twin", "pump_1", {"relationships": list(relationships)}, ANN)
        found: list[dict[str, Any]] = house.document("twin", "pump_1")["relationships"]
        return found

    assert await update({**to("pipe_1"), "remove": True}) == [to("pipe_2")]
    assert await update(to("pipe_3")) == [to("pipe_2"), to("pipe_3")]  # the rule allows two: nothing is replaced
    assert await update(to("pipe_3", direction="outgoing")) == [to("pipe_2"), to("pipe_3", direction="outgoing")]
    assert await update(to("pipe_1", "inlet")) == [
        to("pipe_2"),
        to("pipe_3", direction="outgoing"),
        to("pipe_1", "inlet"),
    ]
    assert (await update(to("pipe_2", "inlet")))[2] == to("pipe_2", "inlet")  # the rule allows one: it is replaced
    with pytest.raises(Invalid) as caught:
        await update(to("tank_1"))
    assert {(item.code, item.path) for item in caught.value.problems} == {
        ("RELATIONSHIP_TARGET_MISMATCH", "/relationships/0/target_twin_id"),
        ("TOO_MANY_RELATIONSHIPS", "/relationships"),
    }
    with pytest.raises(Invalid) as missing:
        await update({"name": "outlets", "direction": "outgoing"})
    assert [(item.code, item.path) for item in missing.value.problems] == [
        ("MISSING_FIELD", "/relationships/0/target_twin_id")
    ]
    assert await update({"name": "outlets", "remove": True}, to("hot_1")) == [to("pipe_2", "inlet"), to("hot_1")]


# ------------------------------------------------------------ what is left out


async def test_a_type_left_out_follows_the_kind_of_the_source() -> None:
    house = await _standing(
        ("twin", {"twin_id": "t1", "twin_type": "probe", "relationships": [to("tank_1", "watches")]}),
        ("twin", {"twin_id": "c1", "twin_type": "plc", "relationships": [to("t1", "reads", direction="incoming")]}),
        (
            "twin",
            {
                "twin_id": "tank_2",
                "twin_type": "tank",
                "relationships": [to("pipe_1", "out"), to("c1", "c", direction="incoming"), to("pipe_1", "x")],
            },
        ),
    )
    assert _edges(house, "t1") == [("watches", "monitoring", "t1", "tank_1")]
    assert _edges(house, "c1") == [("reads", "monitoring", "t1", "c1")]
    assert [edge[:2] for edge in _edges(house, "tank_2")] == [
        ("out", "physical_connection"),
        ("c", "control"),
        ("x", "physical_connection"),
    ]


async def test_a_rule_that_leaves_the_type_open_leaves_it_to_the_kind() -> None:
    rules = [{"name": "on", "relationship_type": "composition"}, {"name": "at"}]
    house = await _standing(
        _type("gauge", kind="sensor", relationships=rules),
        ("twin", {"twin_id": "g", "twin_type": "gauge", "relationships": [to("tank_1", "on"), to("tank_1", "at")]}),
    )
    assert [edge[:2] for edge in _edges(house, "g")] == [("on", "composition"), ("at", "monitoring")]
    await house.save(_type("gauge", kind="sensor", relationships=[rules[1], {**rules[0], "direction": "incoming"}]))
    assert _edges(house, "g")[0] == ("on", "composition", "tank_1", "g")


async def test_a_change_of_kind_makes_the_edges_anew_on_either_end() -> None:
    house = await _standing(
        ("twin", {"twin_id": "t1", "twin_type": "probe", "relationships": [to("tank_1", "watches")]}),
        ("twin", {"twin_id": "tank_2", "twin_type": "tank", "relationships": [to("t1", "by", direction="incoming")]}),
        (
            "overlay",
            {
                "overlay_id": "o",
                "twins": [{"role": "a", "twin_id": "t1"}],
                "relationships": [{"name": "r", "source_twin_id": "t1", "target_twin_id": "tank_2"}],
            },
        ),
    )
    assert _edges(house, "o", "overlay") == [("r", "monitoring", "t1", "tank_2")]
    await house.save(_type("probe", kind="controller"))
    assert {edge[1] for id in ("t1", "tank_2") for edge in _edges(house, id)} == {"control"}
    assert _edges(house, "o", "overlay") == [("r", "control", "t1", "tank_2")]
    await house.save(("twin", {"twin_id": "t1", "twin_type": "pipe"}))
    assert _edges(house, "tank_2") == [("by", "physical_connection", "t1", "tank_2")]
    assert _edges(house, "o", "overlay") == [("r", "physical_connection", "t1", "tank_2")]
    before = len(house.store.changes)
    await house.save(_type("pipe", description="round"))
    assert [change.relationships for change in house.store.changes[before:]] == [{}]


async def test_an_overlay_types_edge_has_the_type_of_its_source_roles_kind() -> None:
    house = await _standing(
        (
            "overlay_type",
            {
                "type_id": "line",
                "twin_roles": [{"role": "eye", "twin_type": "probe"}, {"role": "what", "twin_type": "tank"}],
                "relationship_types": [{"name": "sees", "source_role": "eye", "target_role": "what"}],
            },
        ),
        ("twin", {"twin_id": "t1", "twin_type": "probe"}),
        (
            "overlay",
            {
                "overlay_id": "o",
                "overlay_type": "line",
                "twins": [{"role": "eye", "twin_id": "t1"}, {"role": "what", "twin_id": "tank_1"}],
            },
        ),
    )
    assert _edges(house, "o", "overlay") == [("sees", "monitoring", "t1", "tank_1")]
    await house.save(_type("probe", kind="controller"))
    assert _edges(house, "o", "overlay") == [("sees", "control", "t1", "tank_1")]


async def test_the_finder_sees_the_types_and_directions_that_the_graph_has() -> None:
    house = await _standing(
        pump(to("pipe_1", "inlet"), to("pipe_2")),
        ("twin", {"twin_id": "t1", "twin_type": "probe", "relationships": [to("pump_1", "watches")]}),
    )
    finder = Finder(house.catalogue, Topology(house.catalogue), FakeLive())

    def found(way: Any, *types: str) -> list[str]:
        where = TwinFilter(related_to=Related("pump_1", way, types))
        return list(finder.twins(where, Order(), Window(10)).ids)

    assert found("incoming") == ["pipe_1", "t1"]
    assert found("outgoing") == ["pipe_2"]
    assert found("both", "monitoring") == ["t1"]
    assert found("both", "composition") == []
