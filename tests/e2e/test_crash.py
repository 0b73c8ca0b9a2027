"""kill -9 in the middle of bulk saves, overrides and lifecycle changes: what was answered is there, nothing is by half,
and catalogue, graph and engine say the same afterwards."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.client import GraphqlClient
from app.commands.plan import changed_since
from app.engine.engine import Engine
from app.errors import TwinOverlayError
from app.graph.codec import behavior_key
from app.graph.embedded import EmbeddedEngine
from app.journal.sqlite import SqliteJournal
from app.model.catalogue import Catalogue
from app.runtime.recover import recover
from tests.e2e.processes import running_server, until
from tests.servers.graph import QUICK_JAVA, GraphAddress

BATCH = 250
ROUNDS = int(os.environ.get("CRASHES", "2"))
LAG = "twin_overlay_graph_writer_lag_entries"
SAVE = """
mutation Save($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) { created { id } } }
"""
DELETE = """mutation Delete($id: ID!) { deleteTwin(input: {twinId: $id}) { deletedId } }"""
SET = """
mutation Set($id: ID!, $value: JSON!) {
  setProperty(input: {twinId: $id, property: "level", value: $value}) { value { json } }
}
"""
FORCE = """
mutation Force($id: ID!, $value: JSON!) {
  forceValue(input: {twinId: $id, property: "level", value: $value, reason: "crash"}) { value { json } }
}
"""
LIFECYCLE = """
mutation Turn($id: ID!, $lifecycle: OverlayState!) {
  setOverlayLifecycle(input: {overlayId: $id, lifecycle: $lifecycle, reason: "crash"}) { overlay { id } }
}
"""
STATE = """
query State($id: ID!, $forced: ID!, $again: ID!, $overlay: ID!) {
  level: twin(twinId: $id) { property(name: "level") { value { json } } }
  forced: twin(twinId: $forced) { property(name: "level") { value { json } } }
  again: twin(twinId: $again) { property(name: "level") { value { json } } }
  overlay(overlayId: $overlay) { lifecycle { state } behaviors { state evidence } }
  alerts { edges { node { ownerId active } } }
}
"""
IDS = """
query Ids($after: String) {
  twins(first: 1000, after: $after) { edges { node { twinId } } pageInfo { hasNextPage endCursor } }
}
"""


@dataclass
class Told:
    """What the server has answered, and what it was asked last and may have done."""

    saved: set[int] = field(default_factory=set)
    level: set[Any] = field(default_factory=lambda: {None})
    forced: set[Any] = field(default_factory=lambda: {None})
    lifecycle: set[Any] = field(default_factory=lambda: {"ACTIVE"})
    again: set[Any] = field(default_factory=lambda: {None})
    """What the twin shows that is deleted and made again; "gone" where it may not be there."""


def _documents(number: int) -> list[dict[str, Any]]:
    twins = [{"twin_id": f"b{number}_{index}", "twin_type": "tank"} for index in range(BATCH)]
    overlay = {
        "overlay_id": f"o{number}",
        "overlay_type": "pair",
        "twins": [{"role": "one", "twin_id": f"b{number}_0"}, {"role": "other", "twin_id": f"b{number}_{BATCH - 1}"}],
    }
    around = {
        "overlay_id": f"a{number}",
        "overlay_type": "site",
        "twins": [{"role": "pair", "overlay_id": f"o{number}"}],
    }
    return [
        *({"kind": "TWIN", "document": twin} for twin in twins),
        {"kind": "OVERLAY", "document": around},
        {"kind": "OVERLAY", "document": overlay},
    ]


def _first() -> list[dict[str, Any]]:
    level = {"name": "level", "data_type": "float", "access": "read-write"}
    half = {"name": "half", "data_type": "float", "computed": "level / 2"}
    alert = {"type": "alert", "severity": "critical", "message": "full"}
    high = {"name": "full", "conditions": ["one.level > 90"], "actions": [alert]}
    deep = {"name": "deep", "conditions": ["pair.one.half > 45", "pair.other != null"], "actions": [alert]}
    tank = {"type_id": "tank", "properties": [level, half]}
    roles = [{"role": "one", "twin_type": "tank"}, {"role": "other", "twin_type": "tank"}]
    site = {"type_id": "site", "twin_roles": [{"role": "pair", "overlay_type": "pair"}], "behaviors": [deep]}
    return [
        {"kind": "TWIN_TYPE", "document": tank},
        {"kind": "OVERLAY_TYPE", "document": {"type_id": "pair", "twin_roles": roles, "behaviors": [high]}},
        {"kind": "OVERLAY_TYPE", "document": site},
        {"kind": "TWIN", "document": {"twin_id": "again", "twin_type": "tank"}},
        *_documents(0),
    ]


async def _save_on(client: GraphqlClient, told: Told, first: int) -> None:
    for number in range(first, first + 1000):
        await client.execute(SAVE, {"documents": _documents(number)})
        told.saved.add(number)


async def _set_on(client: GraphqlClient, told: Told) -> None:
    for number in range(100_000):
        for query, id, seen in ((SET, "b0_0", told.level), (FORCE, "b0_1", told.forced)):
            value = float(number % 100)
            seen.add(value)
            await client.execute(query, {"id": id, "value": value})
            seen.intersection_update({value})


async def _turn_on(client: GraphqlClient, told: Told) -> None:
    for lifecycle in ("SUSPENDED", "ACTIVE") * 100_000:
        if told.lifecycle == {lifecycle}:
            continue
        told.lifecycle.add(lifecycle)
        await client.execute(LIFECYCLE, {"id": "o0", "lifecycle": lifecycle})
        told.lifecycle.intersection_update({lifecycle})


async def _make_again(client: GraphqlClient, told: Told) -> None:
    again = [{"kind": "TWIN", "document": {"twin_id": "again", "twin_type": "tank"}}]
    while True:
        told.again.update({None, 7.0, "gone"})
        await client.execute(SAVE, {"documents": again})
        await client.execute(SET, {"id": "again", "value": 7.0})
        await client.execute(DELETE, {"id": "again"})
        told.again.intersection_update({"gone"})


async def _ids(client: GraphqlClient) -> set[str]:
    found: set[str] = set()
    after = None
    while True:
        page = (await client.execute(IDS, {"after": after}))["twins"]
        found.update(edge["node"]["twinId"] for edge in page["edges"])
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def _look(client: GraphqlClient, told: Told) -> None:
    ids = await _ids(client)
    whole = {int(id[1:].partition("_")[0]) for id in ids if id != "again"}
    assert told.saved <= whole
    assert len(ids - {"again"}) == len(whole) * BATCH
    told.saved = whole
    state = await client.execute(STATE, {"id": "b0_0", "forced": "b0_1", "again": "again", "overlay": "o0"})
    for name, seen in (("level", told.level), ("forced", told.forced)):
        value = state[name]["property"]["value"]["json"]
        assert value in seen, name
        seen.intersection_update({value})
    again = state["again"]["property"]["value"]["json"] if state["again"] is not None else "gone"
    assert again in told.again
    lifecycle = state["overlay"]["lifecycle"]["state"]
    assert lifecycle in told.lifecycle
    told.lifecycle = {lifecycle}
    [behavior] = state["overlay"]["behaviors"]
    if lifecycle == "SUSPENDED":
        assert (behavior["state"], behavior["evidence"]) == ("INACTIVE", "UNKNOWN")
        assert not [
            edge for edge in state["alerts"]["edges"] if edge["node"]["ownerId"] == "o0" and edge["node"]["active"]
        ]


@contextlib.asynccontextmanager
async def _graph(data_dir: Path) -> AsyncIterator[GraphAddress]:
    embedded = EmbeddedEngine(data_dir / "graph", java_options=QUICK_JAVA)
    await embedded.start()
    try:
        yield GraphAddress(embedded.uri, embedded.user, embedded.password, embedded.database)
    finally:
        await embedded.stop()


async def _all_three_agree(data_dir: Path) -> None:
    journal = SqliteJournal.open(data_dir / "journal")
    engine = Engine()
    recover(engine, journal)
    await journal.close()
    async with _graph(data_dir) as graph:
        store = await graph.connect()
        catalogue = Catalogue.of(*await store.load())
        await store.close()
        assert changed_since(catalogue, engine.loaded()) is None
        rows = await graph.run(
            "MATCH (t:Twin)-[:HAS_PROPERTY]->(p:Property) "
            "RETURN p.key AS key, p.value AS value, p.life AS life, t.life AS of"
        )
        assert all(row["life"] == row["of"] for row in rows)
        live = {
            f"{twin_id}/{name}": cell.state().value
            for twin_id, twin in engine.live.twins.items()
            for name, cell in twin.cells.items()
        }
        assert {str(row["key"]): row["value"] for row in rows} == live
        behaviors = await graph.run(
            "MATCH (o)-[:HAS_BEHAVIOR]->(b:Behavior) RETURN b.key AS key, b.state AS state, b.evidence AS evidence"
        )
        assert {str(row["key"]): (row["state"], row["evidence"]) for row in behaviors} == {
            behavior_key(view.key): (view.state, view.evidence)
            for owners in (engine.live.twins, engine.live.overlays)
            for owner in owners.values()
            for view in engine.live.behaviors(owner.key)
        }


async def _caught_up(client: httpx.AsyncClient) -> bool:
    text = (await client.get("/metrics")).text
    return any(line.startswith(LAG) and float(line.split()[1]) == 0 for line in text.splitlines())


async def _crash_at(data_dir: Path, told: Told, number: int, seconds: float) -> None:
    async with running_server(data_dir) as server, server.client as client:
        if number == 0:
            await client.execute(SAVE, {"documents": _first()})
            told.saved.add(0)
        else:
            await _look(client, told)
        first = max(told.saved) + 1
        works = (
            _save_on(client, told, first),
            _set_on(client, told),
            _turn_on(client, told),
            _make_again(client, told),
        )
        tasks = [asyncio.create_task(work) for work in works]
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        assert not done, [task.exception() for task in done]
        assert await server.end(signal.SIGKILL) == -signal.SIGKILL
        for error in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(error, TwinOverlayError), error


@pytest.mark.timeout(60 + 60 * ROUNDS)
async def test_killed_anywhere_what_was_answered_is_there_and_nothing_by_half(tmp_path: Path) -> None:
    told, moments = Told(), random.Random(ROUNDS)
    for number in range(ROUNDS):
        await _crash_at(tmp_path, told, number, moments.uniform(1.0, 4.0))
    async with running_server(tmp_path) as server, server.client as client:
        await _look(client, told)
        # Something to write: the graph's cursor does not move for entries that give it nothing, such as this start.
        await client.execute(SET, {"id": "b0_0", "value": 1000.0})
        async with httpx.AsyncClient(base_url=server.url) as http:
            await until(lambda: _caught_up(http), "the graph has caught up with the journal")
        assert await server.end() == 0
    await _all_three_agree(tmp_path)
