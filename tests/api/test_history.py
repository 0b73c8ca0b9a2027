"""History over GraphQL: revisions, differences and moments, of what is there and of what was deleted."""

from typing import Any

import pytest

from app.model.time import SECOND, iso
from tests.api.client import ask, post, refused
from tests.api.parts import NOON
from tests.api.plant import Plant

SAVE = 'mutation($d: JSON!) { saveTwin(input: {document: $d, reason: "better"}) { result } }'
DELETE = 'mutation { deleteTwin(input: {twinId: "pump_124", reason: "scrapped"}) { deletedId } }'
PUMP = {"twin_id": "pump_124", "twin_type": "pump"}


@pytest.fixture
async def plant() -> Plant:
    """With pump_124 in three revisions, one a second."""
    plant = Plant()
    plant.start()
    for description in ("one", "two"):
        plant.clock.at += SECOND
        await ask(plant, SAVE, d=PUMP | {"description": description})
    return plant


async def test_every_definition_pages_through_its_revisions_newest_first(plant: Plant) -> None:
    query = """query($after: String) { twin(twinId: "pump_124") { revisions(first: 2, after: $after) {
      nodes { number author reason deleted document definitionId kind } pageInfo { hasNextPage endCursor } } } }"""
    first = (await ask(plant, query))["twin"]["revisions"]
    assert [(item["number"], item["reason"], item["document"].get("description")) for item in first["nodes"]] == [
        (3, "better", "two"),
        (2, "better", "one"),
    ]
    assert first["pageInfo"]["hasNextPage"] is True
    rest = (await ask(plant, query, after=first["pageInfo"]["endCursor"]))["twin"]["revisions"]
    assert [item["number"] for item in rest["nodes"]] == [1]
    assert rest["pageInfo"]["hasNextPage"] is False
    for kind, key, id in (("twinType", "typeId", "pump"), ("overlayType", "typeId", "pumping")):
        found = await ask(plant, f'{{ {kind}({key}: "{id}") {{ revisions {{ nodes {{ number author }} }} }} }}')
        assert found[kind]["revisions"]["nodes"] == [{"number": 1, "author": "ann"}]


async def test_a_difference_names_the_place_with_both_values(plant: Plant) -> None:
    query = """{ twin(twinId: "pump_124") { diff(from: 2) { op path where before after }
      back: diff(from: 3, to: 1) { op } } }"""
    assert (await ask(plant, query))["twin"] == {
        "diff": [{"op": "REPLACE", "path": "/description", "where": "/description", "before": "one", "after": "two"}],
        "back": [{"op": "REMOVE"}],
    }
    error = await refused(plant, '{ twin(twinId: "pump_124") { diff(from: 9) { op } } }')
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("REVISION_NOT_FOUND", "/from")


async def test_a_moment_shows_the_revision_that_stood_then(plant: Plant) -> None:
    query = 'query($t: DateTime!) { twin(twinId: "pump_124") { asOf(time: $t) { revision { number document } } } }'

    async def at(seconds: float) -> Any:
        found = (await ask(plant, query, t=iso(NOON + round(seconds * SECOND))))["twin"]["asOf"]
        return found and found["revision"]

    assert await at(-1) is None
    assert (await at(0))["number"] == 1
    assert (await at(1.5))["document"] == PUMP | {"description": "one"}
    assert (await at(99))["number"] == 3


async def test_a_deleted_definition_keeps_its_history(plant: Plant) -> None:
    plant.clock.at += SECOND
    await ask(plant, DELETE)
    query = """query($t: DateTime!) { definition(kind: TWIN, id: "pump_124") { definitionId current { id }
      revisions(first: 1) { nodes { number deleted document reason } } asOf(time: $t) { revision { number deleted } }
      diff(from: 3, to: 4) { op path before } } }"""
    found = (await ask(plant, query, t=iso(NOON + 2 * SECOND)))["definition"]
    assert found == {
        "definitionId": "pump_124",
        "current": None,
        "revisions": {"nodes": [{"number": 4, "deleted": True, "document": None, "reason": "scrapped"}]},
        "asOf": {"revision": {"number": 3, "deleted": False}},
        "diff": [{"op": "REMOVE", "path": "", "before": PUMP | {"description": "two"}}],
    }
    assert (await ask(plant, '{ definition(kind: TWIN, id: "nobody") { kind } }'))["definition"] is None
    standing = await ask(plant, '{ definition(kind: OVERLAY, id: "cellar") { current { revision } } }')
    assert standing["definition"]["current"]["revision"] == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("first: 101", "PAGE_SIZE_INVALID"), ("first: -1", "PAGE_SIZE_INVALID"), ('after: "x"', "CURSOR_INVALID")],
)
async def test_a_page_that_can_not_be_is_refused(plant: Plant, arguments: str, code: str) -> None:
    query = f'{{ twin(twinId: "pump_124") {{ revisions({arguments}) {{ nodes {{ number }} }} }} }}'
    assert (await refused(plant, query))["extensions"]["code"] == code


async def test_the_same_history_is_asked_of_the_graph_once_and_too_many_are_refused(plant: Plant) -> None:
    before = len(plant.store.statements)
    one = "revisions { nodes { number } }"
    await ask(plant, f'{{ twin(twinId: "pump_124") {{ a: {one} b: {one} }} }}')
    assert len(plant.store.statements) == before + 1
    plant.save(*[("twin", {"twin_id": f"p_{n}", "twin_type": "pump"}) for n in range(101)])
    many = "revisions(first: 100) { nodes { number } }"
    answer = await post(plant, {"query": f"{{ twins(first: 200) {{ nodes {{ {many} }} }} }}"})
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"TOO_MANY_HISTORIES"}
    assert len(plant.store.statements) == before + 1
