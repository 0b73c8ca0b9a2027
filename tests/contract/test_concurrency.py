"""Many clients edit the same definitions at once, through the real commands, on both engines.

Two installations' commands on one graph stand for what the design rules out and a restart may still cause for a moment:
two processes that each believe in their own image of the catalogue. Set CONCURRENCY_SECONDS for longer runs (20).
"""

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest

from app.commands.actor import Actor
from app.commands.checks import check
from app.commands.definitions import DefinitionCommands
from app.commands.draft import Draft
from app.errors import Conflict, Invalid, NotFound, Unavailable
from app.graph.store import GraphStore
from app.model.catalogue import Catalogue
from app.model.change import RevisionRecord
from app.model.definitions import Kind, Lifecycle, to_document
from tests.assets.everything import EveryAsset
from tests.commands.ports import ANN, FakeClock, FakeDevices, FakeInbox
from tests.commands.station import pump_type, station_type, valve_type
from tests.servers.graph import GraphAddress

CLIENTS = 16
SECONDS = float(os.environ.get("CONCURRENCY_SECONDS", "3"))
ENOUGH = 2 * CLIENTS
PATIENCE = 60.0
"""Seconds more that a slow machine gets to accept enough."""
PUMPS = [f"p{n}" for n in range(4)]
DOCUMENTS: list[tuple[Kind, dict[str, Any]]] = [
    ("twin_type", pump_type()),
    ("twin_type", valve_type()),
    ("overlay_type", station_type()),
    ("twin", {"twin_id": "v1", "twin_type": "valve"}),
    *(("twin", {"twin_id": id, "twin_type": "pump"}) for id in PUMPS),
    (
        "overlay",
        {
            "overlay_id": "s",
            "overlay_type": "station",
            "twins": [{"role": "main", "twin_id": "p0"}, {"role": "outlet", "twin_id": "v1"}],
        },
    ),
    ("overlay", {"overlay_id": "around", "twins": [{"role": "inner", "overlay_id": "s"}]}),
]
_EDGES = (
    "MATCH (a)-[e]->(b) WHERE type(e) <> 'HAS_REVISION' "
    "RETURN type(e) AS type, coalesce(a.key, a.twin_id, a.overlay_id, a.type_id) AS a, "
    "coalesce(b.key, b.twin_id, b.overlay_id, b.type_id) AS b, e.role AS role, e.name AS name"
)


@pytest.fixture
async def other(graph: GraphAddress, store: GraphStore) -> AsyncIterator[GraphStore]:
    """A second way into the same graph."""
    second = await graph.connect()
    yield second
    await second.close()


async def commands_on(store: GraphStore) -> DefinitionCommands:
    catalogue = Catalogue.of(*await store.load())
    return DefinitionCommands(store, catalogue, FakeInbox(), FakeDevices(), FakeClock(), EveryAsset())


async def _edit(commands: DefinitionCommands, by: Actor, chance: random.Random) -> None:
    pump = chance.choice(PUMPS)
    match chance.randrange(8):
        case 0:
            spare = chance.choice([None, *PUMPS[1:]])
            await commands.update("overlay", "s", {"twins": [{"role": "spare", "twin_id": spare}]}, by)
        case 1:
            await commands.update("overlay", "s", {"twins": [{"role": "main", "twin_id": pump}]}, by)
        case 2:
            edge = {"name": "feeds", "target_twin_id": chance.choice(PUMPS), "relationship_type": "control"}
            await commands.update("twin", pump, {"relationships": [edge]}, by)
        case 3:
            stored = commands.catalogue.get("twin", pump)
            expected = stored.revision if stored else 0
            document = {"twin_id": pump, "twin_type": "pump", "description": str(chance.random())}
            await commands.save([("twin", document)], by, expected_revision=expected)
        case 4:
            await commands.delete("twin", pump, by, unbind=chance.random() < 0.5)
        case 5:
            await commands.revert("twin", pump, chance.randint(1, 5), by)
        case 6:
            lifecycle = chance.choice(get_args(Lifecycle))
            await commands.set_lifecycle("s", lifecycle, by, reason="why not")
        case 7:
            inner = chance.choice([None, "s"])
            await commands.update("overlay", "around", {"twins": [{"role": "inner", "overlay_id": inner}]}, by)


async def _client(number: int, commands: DefinitionCommands, until: float, told: Counter[str]) -> None:
    chance, by = random.Random(number), Actor(f"client {number}", "test")
    now = asyncio.get_running_loop().time
    while now() < until or (told["accepted"] < ENOUGH and now() < until + PATIENCE):
        try:
            await _edit(commands, by, chance)
            told["accepted"] += 1
        except (Conflict, Invalid, NotFound, Unavailable) as error:
            told[error.code] += 1


async def _all_revisions(store: GraphStore, ids: list[tuple[Kind, str]]) -> list[RevisionRecord]:
    found: list[RevisionRecord] = []
    for kind, id in ids:
        before: int | None = None
        while page := await store.revisions(kind, id, first=100, before=before):
            found += page
            before = page[-1].number
    return sorted(found, key=lambda item: (item.catalogue_revision, item.kind, item.id))


def _documents(catalogue: Catalogue) -> dict[tuple[Kind, str], str]:
    return {key: json.dumps(to_document(item.definition), sort_keys=True) for key, item in catalogue.stored.items()}


async def _edges(graph: GraphAddress) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in await graph.run(_EDGES))


@pytest.mark.timeout(300)
async def test_what_many_clients_leave_behind_is_one_serial_history(
    store: GraphStore, other: GraphStore, graph: GraphAddress
) -> None:
    first = await commands_on(store)
    await first.save(DOCUMENTS, ANN)
    second = await commands_on(other)
    told: Counter[str] = Counter()
    until = asyncio.get_running_loop().time() + SECONDS
    async with asyncio.TaskGroup() as clients:
        for number in range(CLIENTS):
            clients.create_task(_client(number, (first, second)[number % 2], until, told))
    assert told["accepted"] >= ENOUGH, told
    assert not {"GRAPH_FAILED", "GRAPH_UNAVAILABLE", "LOAD_PENDING"} & told.keys(), told

    revision, stored = await store.load()
    final = Catalogue.of(revision, stored)
    ids: list[tuple[Kind, str]] = [(kind, str(document[_ID[kind]])) for kind, document in DOCUMENTS]
    history = await _all_revisions(store, ids)
    for key in ids:
        numbers = [item.number for item in history if (item.kind, item.id) == key]
        assert numbers == list(range(1, len(numbers) + 1)), key

    # Each accepted change, one after the other, on commands of its own: none is refused, and all ends the same.
    edges = await _edges(graph)
    await graph.clean()
    alone = await commands_on(store)
    replayed: dict[tuple[Kind, str], str] = {}
    for change in sorted({item.catalogue_revision for item in history}):
        records = [item for item in history if item.catalogue_revision == change]
        gone = [item for item in records if not item.document]
        documents = [(item.kind, json.loads(item.document)) for item in records if item.document]
        for item in gone:
            await alone.delete(item.kind, item.id, ANN, unbind=bool(documents))
            replayed.pop((item.kind, item.id))
        if not gone:
            await alone.save(documents, ANN)
        replayed |= {
            (item.kind, item.id): json.dumps(json.loads(item.document), sort_keys=True)
            for item in records
            if item.document
        }
        assert _documents(alone.catalogue) == replayed, change
    assert replayed == _documents(final)
    assert await _edges(graph) == edges


_ID: dict[Kind, str] = {"twin_type": "type_id", "twin": "twin_id", "overlay_type": "type_id", "overlay": "overlay_id"}


async def test_two_who_know_different_revisions_can_not_both_break_the_other(
    store: GraphStore, other: GraphStore
) -> None:
    """One deletes the twin that the other binds: each is right for the catalogue that it knows."""
    one = await commands_on(store)
    await one.save(DOCUMENTS, ANN)
    two = await commands_on(other)
    bind = {"twins": [{"role": "spare", "twin_id": "p3"}]}
    for _ in range(5):
        results = await asyncio.gather(
            one.delete("twin", "p3", ANN), two.update("overlay", "s", bind, ANN), return_exceptions=True
        )
        refused = [item for item in results if isinstance(item, Conflict | Invalid)]
        # CATALOGUE_MOVED where the one retry went on having known an older catalogue: refused all the same.
        codes = [item.code for item in refused]
        assert codes in (["IN_USE"], ["DEFINITION_INVALID"], ["CATALOGUE_MOVED"]), results
        _, stored = await store.load()
        there = {item.id for item in stored if item.kind == "twin"}
        bound = {item["twin_id"] for item in _overlay(stored)["twins"]}
        assert bound <= there
        await one.save([("twin", {"twin_id": "p3", "twin_type": "pump", "description": "again"})], ANN)
        # By the one that bound it: unbound behind its back, binding it again would be no change to its knowledge.
        await two.update("overlay", "s", {"twins": [{"role": "spare", "twin_id": None}]}, ANN)
        await one.update("twin", "p3", {"description": None}, ANN)


def _overlay(stored: Any) -> dict[str, Any]:
    return next(to_document(item.definition) for item in stored if (item.kind, item.id) == ("overlay", "s"))


_RULE = {"name": "feeds", "target_type": "valve", "relationship_type": "control"}
_FEEDS = {"name": "feeds", "target_twin_id": "p1", "relationship_type": "control"}
_ABOVE = {
    "name": "b",
    "conditions": ["mid.inner.tap.position > 1"],
    "actions": [{"type": "alert", "severity": "error", "message": "m"}],
}
_MIDDLE = {"a circle of overlays": "one", "a rule and what it forbids": "s"}
"""What the overlay in the middle has inside; else the overlay two."""
PAIRS: dict[str, tuple[tuple[Kind, dict[str, Any]], tuple[Kind, dict[str, Any]]]] = {
    "a circle of overlays": (
        ("overlay", {"overlay_id": "one", "twins": [{"role": "inner", "overlay_id": "two"}]}),
        ("overlay", {"overlay_id": "two", "twins": [{"role": "inner", "overlay_id": "middle"}]}),
    ),
    "a rule and what it forbids": (
        ("twin_type", pump_type(relationships=[_RULE])),
        ("twin", {"twin_id": "p2", "twin_type": "pump", "relationships": [_FEEDS]}),
    ),
    "a behavior two overlays above, and the role that it reads": (
        ("overlay", {"overlay_id": "one", "twins": [{"role": "mid", "overlay_id": "middle"}], "behaviors": [_ABOVE]}),
        ("overlay", {"overlay_id": "two", "twins": []}),
    ),
}


@pytest.mark.parametrize("pair", PAIRS)
async def test_of_two_changes_that_are_right_alone_and_wrong_together_one_is_refused(
    store: GraphStore, other: GraphStore, pair: str
) -> None:
    first, second = PAIRS[pair]
    one = await commands_on(store)
    await one.save(
        [
            *DOCUMENTS,
            ("overlay", {"overlay_id": "one", "twins": []}),
            ("overlay", {"overlay_id": "two", "twins": [{"role": "tap", "twin_id": "v1"}]}),
            ("overlay", {"overlay_id": "middle", "twins": [{"role": "inner", "overlay_id": _MIDDLE.get(pair, "two")}]}),
        ],
        ANN,
    )
    two = await commands_on(other)
    results = await asyncio.gather(one.save([first], ANN), two.save([second], ANN), return_exceptions=True)
    [refused] = [item for item in results if isinstance(item, BaseException)]
    assert isinstance(refused, Conflict | Invalid)
    assert refused.code in ("DEFINITION_INVALID", "BREAKS_DEPENDENTS", "CATALOGUE_MOVED")
    _, stored = await store.load()
    world = Draft(Catalogue.of(0, stored), {})
    assert [problem for item in stored for problem in check(world, item.definition).problems] == []
