"""`twin-overlay export` and `apply` of a whole installation, from one server to another and back, by their real CLI."""

import asyncio
import json
import re
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.bulk.kinds import KINDS
from app.bulk.tree import MANIFEST
from app.demo.run import apply_demo
from tests.bulk.documents import EVERYTHING
from tests.e2e.processes import REPO, ServerProcess, running_server
from tests.servers.graph import GraphAddress

GENERATED = 1000


async def _run(server: ServerProcess, *arguments: str) -> tuple[int, str, str]:
    process = await _start(server, *arguments)
    out, errors = await asyncio.wait_for(process.communicate(), 100)
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


async def _start(server: ServerProcess, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", *arguments, "--server", server.url),
        cwd=REPO,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A suite that runs in a shell's background has its interrupts ignored, and so would what it starts.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


async def _done(server: ServerProcess, *arguments: str) -> str:
    status, out, errors = await _run(server, *arguments)
    assert status == 0, errors
    return out


def _tree(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def _generated(folder: Path, count: int, **more: Any) -> Path:
    """A type of seven properties and so many twins of it."""
    folder.mkdir()
    properties = [{"name": f"p{number}", "data_type": "float", "unit": "bar"} for number in range(7)]
    (folder / "type.json").write_text(json.dumps({"type_id": "generated", "properties": properties}))
    with (folder / "twins.ndjson").open("w") as file:
        for number in range(count):
            twin = {"twin_id": f"generated_{number}", "twin_type": "generated", "location": {"n": number, "x": 1.0}}
            file.write(json.dumps({**twin, **more}) + "\n")
    return folder


@pytest.mark.timeout(300)
async def test_an_installation_goes_to_an_empty_server_and_comes_back_byte_for_byte(
    tmp_path: Path, graph: GraphAddress
) -> None:
    await graph.clean()
    environment = {"TWIN_OVERLAY_GRAPH__PASSWORD": graph.password, "TWIN_OVERLAY_GRAPH__USER": graph.user}
    where: dict[str, Any] = {"environment": environment}
    types = [document for kind, document in EVERYTHING if kind in ("relationship_type", "twin_type")]
    (tmp_path / "everything.json").write_text(json.dumps(types))
    (tmp_path / "overlay_types").mkdir()
    (tmp_path / "overlay_types" / "two.json").write_text(
        json.dumps([document for kind, document in EVERYTHING if kind == "overlay_type"])
    )
    rest = [document for kind, document in EVERYTHING if kind in ("twin", "overlay")]
    (tmp_path / "rest.ndjson").write_text("\n".join(json.dumps(document, ensure_ascii=False) for document in rest))
    made = [str(tmp_path / name) for name in ("everything.json", "overlay_types", "rest.ndjson")]
    async with running_server(tmp_path / "data", "--graph", graph.uri, **where) as first, first.client as client:
        await apply_demo(client, "opc.tcp://127.0.0.1:1", "mqtt://127.0.0.1:1")
        await _done(first, "apply", *made, str(_generated(tmp_path / "generated", GENERATED)))
        await _done(first, "export", str(tmp_path / "json"))
        await _done(first, "export", str(tmp_path / "lines"), "--ndjson")
    trees = {name: _tree(tmp_path / name) for name in ("json", "lines")}
    assert set(trees["lines"]) == {f"{item.folder}.ndjson" for item in KINDS}
    assert len(trees["json"]) > GENERATED + 20
    assert trees["json"]["twins/%2ET-1.json"].count("\u2028".encode()) > 0
    for name, tree in trees.items():
        async with running_server(tmp_path / f"data of {name}") as second:
            assert "created" in await _done(second, "apply", str(tmp_path / name))
            options = ["--ndjson"] if name == "lines" else []
            await _done(second, "export", str(tmp_path / f"{name} again"), *options)
            assert _tree(tmp_path / f"{name} again") == tree
            again = await _done(second, "apply", str(tmp_path / f"{name} again"))
            assert "created" not in again
            assert "updated" not in again


@pytest.mark.timeout(300)
async def test_an_apply_that_is_interrupted_goes_on_where_it_stopped(tmp_path: Path) -> None:
    folder = _generated(tmp_path / "generated", 4000, description="x" * 900)  # more than one request can hold
    async with running_server(tmp_path / "data") as server, server.client as client:
        process = await _start(server, "apply", str(folder), "--batch", "50")
        assert process.stderr is not None
        told = b""
        while b"applied: " not in told:
            line = await asyncio.wait_for(process.stderr.readline(), 60)
            assert line, told.decode()
            told += line
        process.send_signal(signal.SIGINT)
        _, errors = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 130
        assert b"changes applied; run it again, and it goes on from there" in errors
        assert b"Traceback" not in errors
        count = "{ twins(first: 0) { totalCount } }"
        created = re.search(r"created: (\d+) twin\n", await _done(server, "apply", str(folder)))
        assert created is not None
        assert 0 < int(created[1]) < 4000
        assert (await client.execute(count))["twins"]["totalCount"] == 4000


async def test_what_can_not_be_done_ends_with_the_status_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "wrong.json").write_text('{"twin_id": "a", "twin_type": "b", "locaton": {}}')
    (tmp_path / "file").write_text("")
    async with running_server(tmp_path / "data") as server:
        status, _, errors = await _run(server, "apply", str(tmp_path))
        assert status == 1
        assert f"{tmp_path}/wrong.json#/locaton: UNKNOWN_FIELD" in errors
        assert "did you mean 'location'?" in errors
        status, _, errors = await _run(server, "export", str(tmp_path))
        assert (status, "FOLDER_NOT_EMPTY" in errors) == (1, True)
        status, _, errors = await _run(server, "export", str(tmp_path / "file" / "x"))
        assert (status, "FOLDER_UNWRITABLE" in errors) == (2, True)
        assert await _done(server, "export", str(tmp_path / "nothing")) != ""
        assert _tree(tmp_path / "nothing") == {}
