"""A start without the graph: what was known goes on, what needs the graph says so, and everything comes with it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from app.client import GraphqlClient
from app.commands.actor import Actor
from app.errors import TwinOverlayError
from tests.contract.test_concurrency import commands_on
from tests.e2e.processes import ServerProcess, running_server, start_server, until
from tests.servers.graph import GraphAddress
from tests.servers.proxy import Proxy, proxied

SAVE = """
mutation Save($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) { created { id } } }
"""
SET = """
mutation Set($id: ID!, $value: JSON!) {
  setProperty(input: {twinId: $id, property: "level", value: $value}) { value { json } }
}
"""
ACKNOWLEDGE = "mutation A($id: ID!) { acknowledgeAlert(input: {alertId: $id}) { alert { acknowledged } } }"
STATE = """
query State {
  twins(first: 100) { nodes { twinId revision property(name: "level") { value { json } } } }
  alerts { nodes { alertId ownerId active acknowledged raisedAt } }
  server { sequence catalogueRevision }
}
"""
RAISED = "query Raised { alertHistory(first: 100, where: {transition: [RAISED]}) { nodes { alert { ownerId } } } }"


def _documents() -> list[dict[str, Any]]:
    alert = {"type": "alert", "severity": "critical", "message": "full"}
    level = {"name": "level", "data_type": "float", "access": "read-write"}
    full = {"name": "full", "conditions": ["level > 90"], "actions": [alert]}
    return [
        {"kind": "TWIN_TYPE", "document": {"type_id": "tank", "properties": [level], "behaviors": [full]}},
        _tank("t1"),
    ]


def _tank(id: str) -> dict[str, Any]:
    return {"kind": "TWIN", "document": {"twin_id": id, "twin_type": "tank"}}


@pytest.fixture
async def proxy(graph: GraphAddress) -> AsyncIterator[Proxy]:
    await graph.clean()
    where = urlsplit(graph.uri)
    assert where.hostname is not None
    assert where.port is not None
    async with proxied(where.hostname, where.port) as found:
        yield found


def _options(proxy: Proxy, graph: GraphAddress) -> dict[str, Any]:
    return {
        "environment": {
            "TWIN_OVERLAY_GRAPH__URI": f"bolt://127.0.0.1:{proxy.port}",
            "TWIN_OVERLAY_GRAPH__USER": graph.user,
            "TWIN_OVERLAY_GRAPH__PASSWORD": graph.password,
            "TWIN_OVERLAY_GRAPH__DATABASE": graph.database,
            "TWIN_OVERLAY_GRAPH__START_TIMEOUT_SECONDS": "20",
            "TWIN_OVERLAY_GRAPH__DEGRADED_AFTER_SECONDS": "0.5",
        }
    }


async def _refused(client: GraphqlClient, document: str, variables: dict[str, Any] | None = None) -> str:
    with pytest.raises(TwinOverlayError) as caught:
        await client.execute(document, variables)
    assert caught.value.hint
    return caught.value.code


async def _readiness(server: ServerProcess) -> tuple[int, dict[str, str]]:
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.get("/readyz")
    return answer.status_code, answer.json()["problems"]


async def _before(data_dir: Path, options: dict[str, Any]) -> None:
    async with running_server(data_dir, **options) as server, server.client as client:
        await client.execute(SAVE, {"documents": _documents()})
        await client.execute(SET, {"id": "t1", "value": 10.0})
        assert await server.end() == 0


async def test_a_start_without_the_graph_goes_on_with_what_was_known_and_takes_the_graph_up_when_it_comes(
    tmp_path: Path, graph: GraphAddress, proxy: Proxy
) -> None:
    options = _options(proxy, graph)
    await _before(tmp_path, options)
    await proxy.stop()
    async with running_server(tmp_path, **options) as server, server.client as client:
        assert any("STARTING WITHOUT THE GRAPH" in line for line in server.log)
        status, problems = await _readiness(server)
        assert status == 503
        assert problems["graph"].startswith("started without it: ")
        state = await client.execute(STATE)
        assert [(item["twinId"], item["property"]["value"]["json"]) for item in state["twins"]["nodes"]] == [
            ("t1", 10.0)
        ]
        await client.execute(SET, {"id": "t1", "value": 95.0})
        [alert] = (await client.execute(STATE))["alerts"]["nodes"]
        await client.execute(ACKNOWLEDGE, {"id": alert["alertId"]})
        assert await _refused(client, SAVE, {"documents": [_tank("t2")]}) == "GRAPH_UNAVAILABLE"
        assert await _refused(client, RAISED) == "GRAPH_UNAVAILABLE"

        elsewhere = await graph.connect()
        try:
            commands = await commands_on(elsewhere)
            await commands.save([("twin", {"twin_id": "t3", "twin_type": "tank"})], Actor("bob", "test"))
        finally:
            await elsewhere.close()
        await proxy.start()
        await until(client.ready, "the graph was taken up")
        state = await client.execute(STATE)
        assert [item["twinId"] for item in state["twins"]["nodes"]] == ["t1", "t3"]
        assert [item["acknowledged"] for item in state["alerts"]["nodes"]] == [True]
        await client.execute(SAVE, {"documents": [_tank("t2")]})
        await client.execute(SET, {"id": "t3", "value": 99.0})

        async def both() -> bool:
            nodes = (await client.execute(RAISED))["alertHistory"]["nodes"]
            return sorted(item["alert"]["ownerId"] for item in nodes) == ["t1", "t3"]

        await until(both, "the graph has what happened without it")
        assert await server.end() == 0


async def test_without_the_graph_it_starts_again_and_again_and_nothing_fires_twice(
    tmp_path: Path, graph: GraphAddress, proxy: Proxy
) -> None:
    options = _options(proxy, graph)
    await _before(tmp_path, options)
    await proxy.stop()
    found: list[Any] = []
    for level in (95.0, 96.0, 97.0):
        async with running_server(tmp_path, **options) as server, server.client as client:
            await client.execute(SET, {"id": "t1", "value": level})
            found.append((await client.execute(STATE))["alerts"])
    assert len(found[0]["nodes"]) == 1
    assert found == [found[0]] * 3


async def test_a_graph_with_older_definitions_than_this_server_had_is_refused(
    tmp_path: Path, graph: GraphAddress, proxy: Proxy
) -> None:
    options = _options(proxy, graph)
    await _before(tmp_path, options)
    await graph.clean()
    with pytest.raises(AssertionError) as caught:
        await start_server(tmp_path, **options)
    assert "GRAPH_DEFINITIONS_OLDER" in str(caught.value)
    await proxy.stop()
    async with running_server(tmp_path, **options) as server, server.client as client:
        await proxy.start()

        async def told() -> bool:
            return any("still without the graph: GRAPH_DEFINITIONS_OLDER" in line for line in server.log)

        await until(told, "the older graph was refused")
        assert (await _readiness(server))[0] == 503
        await client.execute(SET, {"id": "t1", "value": 95.0})
        assert len((await client.execute(STATE))["alerts"]["nodes"]) == 1


async def test_the_first_start_of_all_needs_the_graph(tmp_path: Path, graph: GraphAddress, proxy: Proxy) -> None:
    options = _options(proxy, graph)
    options["environment"]["TWIN_OVERLAY_GRAPH__START_TIMEOUT_SECONDS"] = "1"
    await proxy.stop()
    with pytest.raises(AssertionError) as caught:
        await start_server(tmp_path, **options)
    assert "GRAPH_UNREACHABLE" in str(caught.value)


async def test_an_embedded_engine_that_does_not_come_up_is_done_without_and_started_again(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server, server.client as client:
        await client.execute(SAVE, {"documents": _documents()})
        assert await server.end() == 0
    databases = tmp_path / "graph" / "databases"
    databases.rename(tmp_path / "aside")
    databases.write_text("in the way")
    async with running_server(tmp_path) as server, server.client as client:
        assert not await client.ready()
        await client.execute(SET, {"id": "t1", "value": 95.0})
        assert len((await client.execute(STATE))["alerts"]["nodes"]) == 1
        databases.unlink()
        (tmp_path / "aside").rename(databases)
        await until(client.ready, "the engine came up", 60.0)
        await client.execute(SAVE, {"documents": [_tank("t2")]})
        assert await server.end() == 0
