"""A backup of a running server, put back elsewhere, on either engine: the restored server answers as the first did."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from app.client import GraphqlClient
from tests.e2e.processes import REPO, command, running_server, until
from tests.servers.graph import GraphAddress

SAVE = """
mutation Save($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) { created { id } } }
"""
SET = """
mutation Set($id: ID!, $value: JSON!) {
  setProperty(input: {twinId: $id, property: "level", value: $value}) { value { json } }
}
"""
ANSWERS = """
query Answers {
  twinTypes { nodes { typeId revision } }
  twins { nodes {
    twinId revision createdAt
    revisions { nodes { number at author reason } }
    property(name: "level") { value { json timestamp quality } }
    behaviors { name state evidence since timers { kind about since } }
  } }
  overlays { nodes { overlayId revision lifecycle { state } } }
  overrides { nodes { name value { json } } }
  alerts { nodes { alertId ownerId code severity active acknowledged raisedAt message } }
  server { catalogueRevision }
}
"""
LATER = """
query Later {
  auditLog(first: 500) { nodes { entryId at kind outcome actor subjects reason } }
  alertHistory(first: 500) { nodes { at transition alert { alertId } } }
}
"""
TWINS = 60


def _documents() -> list[dict[str, Any]]:
    def alert(code: str, **more: Any) -> dict[str, Any]:
        return {"type": "alert", "severity": "critical", "message": "{level} m", "code": code, **more}

    level = {"name": "level", "data_type": "float", "access": "read-write"}
    spare = {"name": "spare", "data_type": "float", "access": "read-write"}
    interlock = {"name": "never_full", "property": "spare", "while": "level > 90"}
    full = {"name": "full", "conditions": ["level > 90"], "actions": [alert("full")]}
    late = {"name": "late", "conditions": ["level > 90 for 30m"], "actions": [alert("late")]}
    roles = [{"role": "one", "twin_type": "tank"}, {"role": "other", "twin_type": "tank"}]
    twins = [
        {
            "twin_id": f"t{number}",
            "twin_type": "tank",
            "metadata": {"ü": [1, 2.5, None, "\u2028"]},
            "relationships": [{"name": "feeds", "target_twin_id": f"t{(number + 1) % TWINS}"}],
        }
        for number in range(TWINS)
    ]
    return [
        {
            "kind": "TWIN_TYPE",
            "document": {
                "type_id": "tank",
                "properties": [level, spare],
                "behaviors": [full, late],
                "interlocks": [interlock],
            },
        },
        {"kind": "OVERLAY_TYPE", "document": {"type_id": "pair", "twin_roles": roles}},
        *({"kind": "TWIN", "document": twin} for twin in twins),
        {
            "kind": "OVERLAY",
            "document": {
                "overlay_id": "o",
                "overlay_type": "pair",
                "twins": [{"role": "one", "twin_id": "t0"}, {"role": "other", "twin_id": "t1"}],
            },
        },
    ]


async def _live(client: GraphqlClient) -> None:
    await client.execute(SAVE, {"documents": _documents()})
    await client.execute(SET, {"id": "t0", "value": 10.0})
    for id in ("t1", "t2", "t3"):
        await client.execute(SET, {"id": id, "value": 95.0})
    alert = (await client.execute(ANSWERS))["alerts"]["nodes"][0]
    await client.execute(
        "mutation A($id: ID!) { acknowledgeAlert(input: {alertId: $id}) { alert { acknowledged } } }",
        {"id": alert["alertId"]},
    )
    await client.execute(
        'mutation { forceValue(input: {twinId: "t4", property: "level", value: 7.5, reason: "x"}) { value { json } } }'
    )
    await client.execute('mutation { deleteTwin(input: {twinId: "t9"}) { deletedId } }')
    await client.execute(
        'mutation { updateTwin(input: {twinId: "t5", patch: {metadata: {note: "again"}}}) { twin { revision } } }'
    )
    await client.execute(SET, {"id": "t2", "value": 20.0})


async def _run(*arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    status, output, errors = await command(*arguments, environment=environment)
    return status, output + errors


async def _answers(client: GraphqlClient) -> dict[str, Any]:
    found: dict[str, Any] = await client.execute(ANSWERS)
    return found


async def _later(client: GraphqlClient) -> dict[str, Any]:
    """What the graph tells; starts, which each server has of its own, left out."""
    found = await client.execute(LATER)
    audit = [item for item in found["auditLog"]["nodes"] if item["kind"] != "START"]
    return {"audit": audit, "history": found["alertHistory"]["nodes"]}


def _name(data_dir: Path) -> str:
    return (data_dir / "journal" / "installation").read_text().strip()


def _of(graph: GraphAddress) -> dict[str, str]:
    return {
        "TWIN_OVERLAY_GRAPH__URI": graph.uri,
        "TWIN_OVERLAY_GRAPH__USER": graph.user,
        "TWIN_OVERLAY_GRAPH__PASSWORD": graph.password,
        "TWIN_OVERLAY_GRAPH__DATABASE": graph.database,
    }


@contextlib.asynccontextmanager
async def _set_on(client: GraphqlClient) -> AsyncIterator[None]:
    """Values go on being set, on twins that nobody compares."""

    async def work() -> None:
        for number in range(1_000_000):
            await client.execute(SET, {"id": f"t{10 + number % 20}", "value": float(number % 50)})

    task = asyncio.create_task(work())
    try:
        yield
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_backup_of_a_running_server_restored_elsewhere_answers_the_same(
    tmp_path: Path, graph: GraphAddress
) -> None:
    """From the embedded engine into the engine at hand."""
    await graph.clean()
    backup = tmp_path / "backup"
    async with running_server(tmp_path / "first") as server, server.client as client:
        await _live(client)
        before = await _answers(client)
        said = await _run("backup", str(backup), "--server", server.url)
        assert said[0] == 0, said[1]
        assert "catalogue revision" in said[1]
        again = await _answers(client)
        assert again == before
        later = await _later(client)
        assert not [path for path in (tmp_path / "first").iterdir() if path.name.startswith("backup-")]
        assert await server.end() == 0
    assert (await _run("backup", "--verify", str(backup)))[0] == 0
    environment = _of(graph)
    password = tmp_path / "password"
    password.write_text(environment.pop("TWIN_OVERLAY_GRAPH__PASSWORD") + "\n")
    environment["TWIN_OVERLAY_GRAPH__PASSWORD_FILE"] = str(password)
    said = await _run("restore", str(backup), "--data-dir", str(tmp_path / "second"), environment=environment)
    assert said[0] == 0, said[1]
    assert _name(tmp_path / "second") != _name(tmp_path / "first"), "the first may live on, under its MQTT client ids"
    async with running_server(tmp_path / "second", environment=environment) as server, server.client as client:
        assert await _answers(client) == before
        assert await _later(client) == later

        timers = {
            item["twinId"]: [timer["about"] for behavior in item["behaviors"] for timer in behavior["timers"]]
            for item in before["twins"]["nodes"]
        }
        assert {id for id, found in timers.items() if found} == {"t1", "t3"}
        await client.execute(SAVE, {"documents": [{"kind": "TWIN", "document": {"twin_id": "n", "twin_type": "tank"}}]})
        assert (await client.execute("{ server { catalogueRevision } }"))["server"]["catalogueRevision"] == (
            before["server"]["catalogueRevision"] + 1
        )
        assert await server.end() == 0
    replayed = await _run("replay", "--verify", "--data-dir", str(tmp_path / "second"))
    assert replayed[0] == 0, replayed[1]


async def test_a_backup_under_load_is_whole_and_comes_back_onto_the_embedded_engine(
    tmp_path: Path, graph: GraphAddress
) -> None:
    """From the engine at hand into the embedded one, which also replaces what is there."""
    await graph.clean()
    environment = _of(graph)
    backup = tmp_path / "backup"
    async with running_server(tmp_path / "first", environment=environment) as server, server.client as client:
        await _live(client)
        async with _set_on(client), GraphqlClient(server.url) as other:
            said = await _run("backup", str(backup), "--server", server.url)
            assert said[0] == 0, said[1]
            await other.execute(
                SAVE, {"documents": [{"kind": "TWIN", "document": {"twin_id": "after", "twin_type": "tank"}}]}
            )
        before = await _answers(client)
        assert await server.end(signal.SIGKILL) == -signal.SIGKILL
    async with running_server(tmp_path / "second"):
        pass
    refused = await _run("restore", str(backup), "--data-dir", str(tmp_path / "second"))
    assert refused[0] == 1
    assert "INSTALLATION_NOT_EMPTY" in refused[1]
    said = await _run("restore", str(backup), "--data-dir", str(tmp_path / "second"), "--replace")
    assert said[0] == 0, said[1]
    async with running_server(tmp_path / "second") as server, server.client as client:
        after = await _answers(client)
        assert {item["twinId"] for item in before["twins"]["nodes"]} - {
            item["twinId"] for item in after["twins"]["nodes"]
        } == {"after"}
        assert after["alerts"] == before["alerts"]
        kept = ("t0", "t1", "t2", "t3", "t4", "t5")
        assert [item for item in after["twins"]["nodes"] if item["twinId"] in kept] == [
            item for item in before["twins"]["nodes"] if item["twinId"] in kept
        ]
        assert await server.end() == 0
    assert len(list((tmp_path / "second").glob("*.before-*"))) == 2


async def test_a_backup_that_is_not_what_was_written_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    backup, second = tmp_path / "backup", tmp_path / "second"
    async with running_server(tmp_path / "first") as server, server.client as client:
        await client.execute(SAVE, {"documents": _documents()[:4]})
        assert (await _run("backup", str(backup), "--server", server.url))[0] == 0
        refused = await _run("backup", str(backup), "--server", server.url)
        assert refused[0] == 2
        assert "FOLDER_NOT_EMPTY" in refused[1]
        in_use = await _run("restore", str(backup), "--data-dir", str(tmp_path / "first"), "--replace")
        assert in_use[0] == 2
        assert "JOURNAL_IN_USE" in in_use[1]
    for name in ("nodes.ndjson", "edges.ndjson", "entries", "manifest.json"):
        file = backup / name
        content = file.read_bytes()
        file.write_bytes(content[:-20] + b"\xff" + content[-19:])
        for arguments in (("backup", "--verify", str(backup)), ("restore", str(backup), "--data-dir", str(second))):
            status, said = await _run(*arguments)
            assert status == 1, said
            assert "BACKUP_INVALID" in said
        file.write_bytes(content)
    assert not second.exists()
    name = _name(tmp_path / "first")
    for times in (1, 2):
        assert (await _run("restore", str(backup), "--data-dir", str(tmp_path / "first"), "--replace"))[0] == 0
        assert _name(tmp_path / "first") == f"{name}-{times}", "the same sessions, other notification keys"


async def test_a_restore_that_was_cut_off_keeps_servers_from_starting_until_it_is_done(tmp_path: Path) -> None:
    backup, second = tmp_path / "backup", tmp_path / "second"
    async with running_server(tmp_path / "first") as server, server.client as client:
        await client.execute(SAVE, {"documents": _documents()})
        before = await _answers(client)
        assert (await _run("backup", str(backup), "--server", server.url))[0] == 0
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "restore", str(backup), "--data-dir", str(second), cwd=REPO
    )

    async def begun() -> bool:
        return (second / "restore-unfinished").exists()

    await until(begun, "the restore has begun")
    process.kill()
    await process.wait()
    status, said = await _run("serve", "--port", "0", "--data-dir", str(second))
    assert status == 2, said
    assert "RESTORE_UNFINISHED" in said
    assert (await _run("restore", str(backup), "--data-dir", str(second)))[0] == 0
    async with running_server(second) as server, server.client as client:
        assert await _answers(client) == before


async def test_a_server_without_its_graph_says_so_when_a_backup_is_asked_for(tmp_path: Path) -> None:
    async with running_server(tmp_path / "first") as server, server.client as client:
        await client.execute(SAVE, {"documents": _documents()})
    databases = tmp_path / "first" / "graph" / "databases"
    databases.rename(tmp_path / "aside")
    databases.write_text("in the way")
    async with running_server(tmp_path / "first") as server:
        status, said = await _run("backup", str(tmp_path / "backup"), "--server", server.url)
    assert status == 1
    assert "GRAPH_UNAVAILABLE" in said
    assert not (tmp_path / "backup").exists()
