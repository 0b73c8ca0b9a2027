"""A server that only observes: it shows what the graph has, follows it, and changes nothing."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.client import GraphqlClient
from app.errors import TwinOverlayError
from tests.e2e.processes import ServerProcess, running_server, start_server, until
from tests.servers.graph import GraphAddress

SAVE = """
mutation Save($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) { created { id } } }
"""
SET = """
mutation Set($id: ID!, $value: JSON!) {
  setProperty(input: {twinId: $id, property: "level", value: $value}) { value { json } }
}
"""
STATE = """
query State {
  twins { nodes {
    twinId revision
    property(name: "level") { value { json number known quality timestamp } }
    half: property(name: "half") { value { json } }
    behaviors { name state evidence since }
  } }
  alerts { nodes { alertId ownerId active acknowledged raisedAt message } }
  server { catalogueRevision }
}
"""
WATCH = 'subscription { propertyChanged(twinIds: ["t1"]) { property value { json } } }'
HISTORY = "{ alertHistory(first: 10) { nodes { transition } } }"


def _documents() -> list[dict[str, Any]]:
    alert = {"type": "alert", "severity": "critical", "message": "full"}
    level = {"name": "level", "data_type": "float", "access": "read-write"}
    half = {"name": "half", "data_type": "float", "computed": "level / 2"}
    full = {"name": "full", "conditions": ["level > 90"], "actions": [alert]}
    tank = {"type_id": "tank", "properties": [level, half], "behaviors": [full]}
    return [{"kind": "TWIN_TYPE", "document": tank}, _tank("t1"), _tank("t2")]


def _tank(id: str) -> dict[str, Any]:
    return {"kind": "TWIN", "document": {"twin_id": id, "twin_type": "tank"}}


def _environment(graph: GraphAddress) -> dict[str, str]:
    return {
        "TWIN_OVERLAY_GRAPH__URI": graph.uri,
        "TWIN_OVERLAY_GRAPH__USER": graph.user,
        "TWIN_OVERLAY_GRAPH__PASSWORD": graph.password,
        "TWIN_OVERLAY_GRAPH__DATABASE": graph.database,
        "TWIN_OVERLAY_ACTOR__OBSERVE_INTERVAL_SECONDS": "0.1",
    }


async def _same(observer: GraphqlClient, actor: GraphqlClient) -> bool:
    return await observer.execute(STATE) == await actor.execute(STATE)


async def _collect(client: GraphqlClient, pushed: list[Any]) -> None:
    async for push in client.subscribe(WATCH):
        pushed += [push["propertyChanged"]["value"]["json"]]


async def _has(pushed: list[Any], value: float) -> bool:
    return value in pushed


async def _refused(client: GraphqlClient, document: str, variables: dict[str, Any] | None = None) -> str:
    with pytest.raises(TwinOverlayError) as caught:
        await client.execute(document, variables)
    assert "only observes" in caught.value.message
    return caught.value.code


async def test_an_observer_shows_and_follows_what_the_graph_has(tmp_path: Path, graph: GraphAddress) -> None:
    await graph.clean()
    environment = _environment(graph)
    async with running_server(tmp_path / "actor", environment=environment) as acting, acting.client as actor:
        await actor.execute(SAVE, {"documents": _documents()})
        await actor.execute(SET, {"id": "t1", "value": 95.0})
        async with (
            running_server(tmp_path / "observer", "--observe", environment=environment) as watching,
            watching.client as observer,
        ):
            await until(lambda: _same(observer, actor), "what was there is shown")
            assert await observer.ready()
            pushed: list[Any] = []
            watch = asyncio.create_task(_collect(observer, pushed))
            await until(lambda: _has(pushed, 95.0), "the value that stands is pushed")
            for level in (10.0, 20.5, 99.0):
                await actor.execute(SET, {"id": "t1", "value": level})
                await until(lambda: _same(observer, actor), "a value is followed")
            await until(lambda: _has(pushed, 99.0), "what is followed is pushed")
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            await actor.execute(SAVE, {"documents": [_tank("t3")]})
            await actor.execute('mutation { deleteTwin(input: {twinId: "t2"}) { deletedId } }')
            await actor.execute(SET, {"id": "t3", "value": 91.0})
            await until(lambda: _same(observer, actor), "definitions are followed")
            assert (await observer.execute(HISTORY))["alertHistory"]["nodes"]
            await _nothing_is_changed(observer, watching, actor)
            assert not any("took over" in line or "epoch" in line for line in watching.log)
            assert not (tmp_path / "observer" / "journal").exists()
            assert await watching.end() == 0


async def _nothing_is_changed(observer: GraphqlClient, watching: ServerProcess, actor: GraphqlClient) -> None:
    before = await actor.execute(STATE)
    assert await _refused(observer, SAVE, {"documents": [_tank("t9")]}) == "OBSERVER"
    assert await _refused(observer, SET, {"id": "t1", "value": 1.0}) == "OBSERVER"
    alert = before["alerts"]["nodes"][0]["alertId"]
    acknowledge = "mutation A($id: ID!) { acknowledgeAlert(input: {alertId: $id}) { alert { active } } }"
    assert await _refused(observer, acknowledge, {"id": alert}) == "OBSERVER"
    assert await _refused(observer, 'mutation { deleteTwin(input: {twinId: "t1"}) { deletedId } }') == "OBSERVER"
    save = 'mutation { saveDtslScript(input: {scriptId: "s", source: "twin Barrel of Tank {}"}) { changed } }'
    assert await _refused(observer, save) == "OBSERVER"
    async with httpx.AsyncClient(base_url=watching.url) as http:
        answers = [
            await http.put("/api/v1/assets/a.txt", content=b"x"),
            await http.post("/backup"),
            await http.delete("/api/v1/twins/t1"),
        ]
    assert [answer.json()["code"] for answer in answers] == ["OBSERVER"] * 3
    assert await actor.execute(STATE) == before


async def test_observing_an_embedded_graph_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as caught:
        await start_server(tmp_path, "--observe")
    assert "OBSERVER_NEEDS_GRAPH" in str(caught.value)
    with pytest.raises(AssertionError) as caught:
        await start_server(tmp_path, "--observe", "--standby")
    assert "not both" in str(caught.value)
