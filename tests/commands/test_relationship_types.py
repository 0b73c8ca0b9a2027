"""Relationship types as definitions: the built-in ones, those that override them, and who needs one."""

from typing import Any

import pytest

from app.errors import Conflict, Invalid, NotFound
from app.model.definitions import Kind
from app.model.relationship_types import BUILT_IN, TYPE_BY_KIND
from tests.commands.ports import ANN, House
from tests.commands.station import station, station_type, twin, whole

STEAM = {"relationship_type": "steam_supply", "inverse": "steam_supplied_by", "impact": "forward"}


def _kind(**changes: Any) -> tuple[Kind, dict[str, Any]]:
    return "relationship_type", {**STEAM, **changes}


async def _standing(*more: tuple[Kind, dict[str, Any]]) -> House:
    house = House()
    await house.save(*whole(), *more)
    return house


async def _refused(*documents: tuple[Kind, dict[str, Any]]) -> list[tuple[str, str, str]]:
    house = await _standing(_kind())
    with pytest.raises(Invalid) as caught:
        await house.save(*documents)
    assert house.agrees()
    return [(item.code, item.path, item.hint) for item in caught.value.problems]


def test_failure_travels_along_the_built_in_types_as_the_design_says() -> None:
    assert {name: item.impact for name, item in BUILT_IN.items()} == {
        "physical_connection": "forward",
        "control": "forward",
        "control_relationship": "forward",
        "composition": "forward",
        "monitoring": "none",
    }
    words = [word for item in BUILT_IN.values() for word in (item.relationship_type, item.inverse)]
    assert len(set(words)) == len(words)
    assert set(TYPE_BY_KIND.values()) <= set(BUILT_IN)


async def test_a_type_is_saved_changed_set_back_and_deleted() -> None:
    house = await _standing(_kind())
    key = ("relationship_type", "steam_supply")
    changed = await house.definitions.update(*key, {"impact": "both"}, ANN, expected_revision=1)  # type: ignore[arg-type]
    assert changed.updated == (key,)
    found = house.catalogue.relationship_type("steam_supply")
    assert found is not None
    assert (found.impact, found.inverse) == ("both", "steam_supplied_by")
    await house.definitions.revert("relationship_type", "steam_supply", 1, ANN)
    assert house.document("relationship_type", "steam_supply") == STEAM
    await house.definitions.delete("relationship_type", "steam_supply", ANN, expected_revision=3)
    assert house.catalogue.relationship_type("steam_supply") is None
    assert house.agrees()


async def test_an_impact_is_never_assumed() -> None:
    house = House()
    with pytest.raises(Invalid) as caught:
        await house.save(("relationship_type", {"relationship_type": "a"}), _kind(impact="sideways"))
    assert [(item.code, item.path) for item in caught.value.problems] == [
        ("MISSING_FIELD", "/0/impact"),
        ("NOT_ALLOWED", "/1/impact"),
    ]


async def test_a_document_overrides_a_built_in_type_until_it_is_deleted() -> None:
    house = await _standing()
    await house.definitions.update("relationship_type", "monitoring", {"impact": "forward"}, ANN, expected_revision=0)
    found = house.catalogue.relationship_type("monitoring")
    assert found is not None
    assert (found.impact, found.inverse) == ("forward", "monitored_by")
    assert house.catalogue.get("relationship_type", "monitoring") is not None
    edge = {"name": "watches", "target_twin_id": "p1", "relationship_type": "monitoring"}
    await house.save(("twin", twin("p3", relationships=[edge])))
    await house.definitions.delete("relationship_type", "monitoring", ANN)  # in use, and still there
    assert house.catalogue.relationship_type("monitoring") == BUILT_IN["monitoring"]
    await house.save(("relationship_type", {"relationship_type": "monitoring", "impact": "both"}))
    again = house.catalogue.get("relationship_type", "monitoring")
    assert again is not None
    assert again.revision == 3
    assert house.agrees()


async def test_a_built_in_type_is_not_deleted_and_an_unknown_one_is_not_found() -> None:
    house = await _standing()
    with pytest.raises(Conflict) as caught:
        await house.definitions.delete("relationship_type", "control", ANN)
    assert caught.value.code == "BUILT_IN"
    with pytest.raises(NotFound) as missing:
        await house.definitions.update("relationship_type", "contrl", {}, ANN)
    assert (missing.value.code, missing.value.hint) == ("RELATIONSHIP_TYPE_NOT_FOUND", "did you mean 'control'?")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"inverse": "control"}, "/inverse"),
        ({"inverse": "controlled_by"}, "/inverse"),
        ({"inverse": "steam_supply"}, "/inverse"),
        ({"inverse": "steam_supplied_by"}, "/inverse"),
        ({"relationship_type": "steam_supplied_by", "inverse": "x"}, "/relationship_type"),
        ({"relationship_type": "monitored_by", "inverse": "x"}, "/relationship_type"),
    ],
)
async def test_a_word_means_one_type_in_one_direction(changes: dict[str, Any], path: str) -> None:
    refused = await _refused(_kind(**{"relationship_type": "other", **changes}))
    assert [(code, at) for code, at, _ in refused] == [("NAME_TAKEN", path)]


async def test_a_type_that_is_its_own_inverse_is_accepted() -> None:
    house = await _standing(_kind(relationship_type="beside", inverse="beside", impact="none"))
    assert house.catalogue.relationship_type("beside") is not None


async def test_the_words_of_an_overridden_built_in_type_stay_taken() -> None:
    own = ("relationship_type", {"relationship_type": "control", "inverse": "driven_by", "impact": "both"})
    house = await _standing(own)  # type: ignore[arg-type]
    for name in ("controlled_by", "driven_by"):
        with pytest.raises(Invalid):
            await house.save(_kind(inverse=name))


async def test_two_types_of_one_request_that_take_one_word_are_both_told() -> None:
    refused = await _refused(_kind(relationship_type="a", inverse="x"), _kind(relationship_type="b", inverse="x"))
    assert [(code, path) for code, path, _ in refused] == [("NAME_TAKEN", "/0/inverse"), ("NAME_TAKEN", "/1/inverse")]


def _edge(name: str) -> dict[str, Any]:
    return {"name": "r", "target_twin_id": "p1", "relationship_type": name}


async def test_an_edge_of_a_type_that_is_not_there_is_refused_wherever_it_is_written() -> None:
    roles = {"name": "r", "source_role": "main", "target_role": "outlet", "relationship_type": "steam_suply"}
    own = {"name": "r", "source_twin_id": "p1", "target_twin_id": "v1", "relationship_type": "steam_supplied_by"}
    assert await _refused(("twin", twin("p3", relationships=[_edge("contrl")]))) == [
        ("UNKNOWN_RELATIONSHIP_TYPE", "/relationships/0/relationship_type", "did you mean 'control'?")
    ]
    assert await _refused(("overlay_type", station_type(relationship_types=[roles]))) == [
        ("UNKNOWN_RELATIONSHIP_TYPE", "/relationship_types/0/relationship_type", "did you mean 'steam_supply'?")
    ]
    assert await _refused(("overlay", station(relationships=[own]))) == [
        (
            "UNKNOWN_RELATIONSHIP_TYPE",
            "/relationships/0/relationship_type",
            "it is the inverse of 'steam_supply': write that, and turn the direction",
        )
    ]


async def test_a_type_and_what_names_it_arrive_together() -> None:
    house = await _standing()
    await house.save(("twin", twin("p3", relationships=[_edge("steam_supply")])), _kind())
    assert house.agrees()


async def test_a_type_that_is_in_use_is_not_deleted_and_its_users_are_listed() -> None:
    roles = {"name": "r", "source_role": "main", "target_role": "outlet", "relationship_type": "steam_supply"}
    own = {"name": "r", "source_twin_id": "p1", "target_twin_id": "v1", "relationship_type": "steam_supply"}
    house = await _standing(_kind())
    await house.save(
        ("twin", twin("p3", relationships=[_edge("steam_supply")])),
        ("overlay_type", station_type(relationship_types=[roles])),
        ("overlay", station(relationships=[own])),
    )
    with pytest.raises(Conflict) as caught:
        await house.definitions.delete("relationship_type", "steam_supply", ANN)
    assert caught.value.code == "IN_USE"
    assert [item.message for item in caught.value.problems] == [
        "twin 'p3' uses it",
        "overlay type 'station' uses it",
        "overlay 'north' uses it",
    ]


async def test_a_change_of_a_type_reaches_nothing_but_itself() -> None:
    house = await _standing(_kind(), ("twin", twin("p3", relationships=[_edge("steam_supply")])))
    loads = len(house.inbox.inputs)
    await house.save(_kind(impact="none"))
    change = house.store.changes[-1]
    assert (change.relationships, change.twin_properties, change.behaviors) == ({}, {}, {})
    assert len(house.inbox.inputs) == loads
