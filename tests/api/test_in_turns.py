"""Large answers are made in turns of the loop, so that telemetry goes on, and are of one moment all the same.

`run.TURN_SECONDS` is below zero here: each turn ends as soon as something was done in it.
"""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from app.api.schema import schema
from app.api.selections import run
from app.api.selections.still import FIELDS
from app.commands.actor import Actor
from app.model.definitions import Kind
from tests.api.client import ask, post
from tests.api.plant import Plant

PUMPS = 60
IDS = [f"p_{number:02}" for number in range(PUMPS)]
TYPE = {
    "type_id": "fed_pump",
    "properties": [{"name": "level", "data_type": "float"}, {"name": "speed", "data_type": "float"}],
    "behaviors": [
        {
            "name": "high",
            "conditions": ["level > 50"],
            "actions": [{"type": "alert", "severity": "warning", "message": "high"}],
        }
    ],
}
VALUES = """{ sequence twins(first: 100, where: {type: ["fed_pump"]}) { sequence totalCount nodes {
  twinId properties { name value { number } } behaviors { name state evidence since } } } }"""
STILL = {
    "related": """{ twin(twinId: "p_00") { related(direction: OUTGOING, maxDepth: 50, first: 100) { totalCount
      edges { depth cursor node { twinId description revision type { name } } path { sourceTwinId targetTwinId } }
      nodes { document } pageInfo { endCursor } } } }""",
    "subgraph": """{ subgraph(around: ["p_00"], depth: 50, maxNodes: 100) {
      nodes { depth twin { twinId description } } edges { name sourceTwinId target { twinId revision } } } }""",
    "impact": """{ impact(input: {change: {failure: ["p_00"]}, first: 100}) { summary { lost degraded } twins {
      nodes { twinId state reason depth path { fromTwinId name } twin { description } } edges { cursor } } } }""",
    "components": """{ components(first: 10) { totalCount nodes { size leastTwinId } } }""",
}


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "TURN_SECONDS", -1.0)


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    fed = [(id, IDS[at + 1 : at + 3]) for at, id in enumerate(IDS)]
    plant.save(("twin_type", TYPE), *[("twin", _pump(id, behind)) for id, behind in fed])
    plant.start()
    for id in IDS:
        plant.report(id, "level", 10.0)
    return plant


def _pump(id: str, behind: list[str], description: str = "") -> dict[str, Any]:
    related = [
        {"name": f"feeds_{other}", "target_twin_id": other, "relationship_type": "physical_connection"}
        for other in behind
    ]
    return {"twin_id": id, "twin_type": "fed_pump", "description": description, "relationships": related}


@contextlib.asynccontextmanager
async def _each_turn(work: Callable[[int], Any]) -> AsyncIterator[list[int]]:
    """In every turn of the loop; how many there were."""
    turns = [0]

    async def go_on() -> None:
        while True:
            turns[0] += 1
            if (made := work(turns[0])) is not None:
                await made
            await asyncio.sleep(0)

    task = asyncio.ensure_future(go_on())
    try:
        yield turns
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_others_have_their_turn_while_a_page_is_answered(plant: Plant) -> None:
    await ask(plant, "{ sequence }")
    async with _each_turn(lambda _: None) as turns:
        before = turns[0]
        found = (await ask(plant, VALUES))["twins"]
        assert turns[0] - before >= PUMPS - 1
    assert found["totalCount"] == len(found["nodes"]) == PUMPS
    async with _each_turn(lambda _: None) as turns:
        before = turns[0]
        assert (await ask(plant, VALUES))["twins"] == found
        assert turns[0] - before < PUMPS / 2, "what stands still is kept"


async def test_a_page_is_of_one_moment_whatever_happens_while_it_is_made(plant: Plant) -> None:
    stood: dict[int, dict[str, tuple[float, str]]] = {}
    most = 0

    def change(turn: int) -> None:
        if turn % 3 == 0:  # up and down, so that behaviors turn
            plant.report(IDS[turn * 7 % PUMPS], "level", 90.0 if turn % 2 else float(turn % 40))
        live = plant.engine.live
        values = {id: live.property_state(id, "level") for id in IDS}
        states = {id: "ACTIVE" if next(iter(live.twins[id].rules.values())).active else "INACTIVE" for id in IDS}
        stood[live.sequence] = {id: (found.value, states[id]) for id, found in values.items() if found is not None}

    async with _each_turn(change) as turns:
        for _ in range(5):
            before = turns[0]
            answer = await ask(plant, VALUES)
            most = max(most, turns[0] - before)
            shown = {
                node["twinId"]: (node["properties"][0]["value"]["number"], node["behaviors"][0]["state"])
                for node in answer["twins"]["nodes"]
            }
            assert answer["sequence"] == answer["twins"]["sequence"]
            assert shown == stood[answer["sequence"]]
    assert most > PUMPS / 2


async def test_what_goes_by_what_is_live_is_chosen_and_counted_at_one_moment(plant: Plant) -> None:
    query = """{ twin(twinId: "p_00") { related(direction: OUTGOING, maxDepth: 100, first: 20,
      where: {properties: {property: "level", gt: 50}}) { edges { depth node { twinId } } totalCount sequence } } }"""
    stood: dict[int, list[str]] = {}

    def change(turn: int) -> None:
        plant.report(IDS[1 + turn * 7 % (PUMPS - 1)], "level", 90.0 if turn % 2 else 10.0)
        live = plant.engine.live
        stood[live.sequence] = [id for id in IDS[1:] if next(iter(live.twins[id].rules.values())).active]

    async with _each_turn(change):
        for _ in range(60):
            await asyncio.sleep(0)
        for _ in range(5):
            found = (await ask(plant, query))["twin"]["related"]
            assert found["totalCount"] == len(stood[found["sequence"]]) > 20
            assert len(found["edges"]) == 20
            assert {edge["node"]["twinId"] for edge in found["edges"]} <= set(stood[found["sequence"]])


@pytest.mark.parametrize("name", STILL)
async def test_what_is_still_is_answered_in_turns_and_as_at_once(
    plant: Plant, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _each_turn(lambda _: None) as turns:
        before = turns[0]
        found = await ask(plant, STILL[name])
        in_turns = turns[0] - before
        monkeypatch.setattr(run, "TURN_SECONDS", 100.0)
        before = turns[0]
        assert await ask(plant, STILL[name]) == found
        if name != "components":  # of which there are two
            assert in_turns > turns[0] - before + PUMPS / 10


@pytest.mark.parametrize("name", ["related", "subgraph", "impact"])
async def test_what_is_still_is_of_one_revision_while_definitions_change(
    plant: Plant, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer is one that the server gave at once at some revision."""
    definitions, known = plant.services.commands.definitions, []

    async def at_once() -> Any:
        monkeypatch.setattr(run, "TURN_SECONDS", 100.0)
        found = await ask(plant, STILL[name])
        monkeypatch.setattr(run, "TURN_SECONDS", -1.0)
        return found

    for change in range(6):
        known.append(await at_once())
        asking = asyncio.ensure_future(ask(plant, STILL[name]))
        for _ in range(3 + change % 4):
            await asyncio.sleep(0)
        assert not asking.done()
        fed = [(IDS[at], IDS[at + 1 : at + 2 + change % 3]) for at in (change, 30, PUMPS - 5)]
        changed: list[tuple[Kind, dict[str, Any]]] = [
            ("twin", _pump(id, behind, f"change {change}")) for id, behind in fed
        ]
        await definitions.save(changed, Actor("ann", "cli"))
        found = await asking
        known.append(await at_once())
        assert found in known
        assert known[-1] != known[-2]


async def test_what_is_awaited_beside_a_page_is_begun_once(plant: Plant) -> None:
    """Then the page is answered in one turn."""
    query = f"""{{ subgraph(around: ["p_00"], depth: 2) {{ nodes {{ twin {{ behaviors {{ state }} }} }} }}
      {VALUES.strip().removeprefix("{").removesuffix("}")} }}"""
    asked = 0
    find = plant.services.traversals.subgraph

    def subgraph(*args: Any) -> Any:
        nonlocal asked
        asked += 1
        return find(*args)

    plant.services.traversals.subgraph = subgraph  # type: ignore[method-assign,assignment]
    found = await ask(plant, query)
    gc.collect()
    assert asked == 1
    assert len(found["subgraph"]["nodes"]) == 5
    assert len(found["twins"]["nodes"]) == PUMPS


async def test_an_error_in_a_large_answer_is_told_once(plant: Plant) -> None:
    cell = plant.engine.live.cell(IDS[40], "level")
    assert cell is not None
    cell.quality = "odd"  # type: ignore[assignment]
    query = VALUES.replace("number }", "number quality }")
    body = (await post(plant, {"query": query})).json()
    assert [error["path"][:4] for error in body["errors"]] == [["twins", "nodes", 40, "properties"]]


def test_every_field_that_is_still_is_one_of_the_schema() -> None:
    for name, fields in FIELDS.items():
        kind: Any = schema._schema.type_map[name]
        assert fields <= kind.fields.keys(), name
