"""`twin-overlay apply` from files on disk, against a server on each graph engine."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from app.demo.documents import load_documents
from tests.e2e.processes import REPO, SCRIPT, ServerProcess, running_server
from tests.servers.graph import GraphAddress

OVERLAY = """
{ overlay(overlayId: "building_a_pumping_system") {
    name roles { role twinId } relationships { nodes { name relationshipType } } }
  twin(twinId: "valve_234") { related(direction: OUTGOING, maxDepth: 3) { nodes { twinId } } } }
"""


def _files(folder: Path) -> list[str]:
    """The demo's documents as one file each, its twins in one list, and its script."""
    documents = load_documents("opc.tcp://127.0.0.1:1", "mqtt://127.0.0.1:1")
    twins: list[dict[str, Any]] = []
    files: list[Path] = [folder / "twins.json"]
    for kind, document in documents:
        if kind == "twin":
            twins.append(document)
        else:
            files.append(folder / f"{document['type_id']}.json")
            files[-1].write_text(json.dumps(document))
    files[0].write_text(json.dumps(twins))
    return [str(file) for file in [*files, SCRIPT]]


async def _apply(server: ServerProcess, *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app",
        "apply",
        "--server",
        server.url,
        *arguments,
        cwd=REPO,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


async def test_files_are_applied_and_applying_them_again_changes_nothing(tmp_path: Path, graph: GraphAddress) -> None:
    await graph.clean()
    environment = {"TWIN_OVERLAY_GRAPH__PASSWORD": graph.password, "TWIN_OVERLAY_GRAPH__USER": graph.user}
    options: dict[str, Any] = {"environment": environment}
    async with running_server(tmp_path / "data", "--graph", graph.uri, **options) as server, server.client as client:
        status, out, errors = await _apply(server, *_files(tmp_path))
        assert status == 0, errors
        assert "created: twin pump_123" in out
        assert "created: overlay building_a_pumping_system" in out
        overlay = await client.execute(OVERLAY)
        assert {"role": "backup_pump", "twinId": "pump_124"} in overlay["overlay"]["roles"]
        assert len(overlay["overlay"]["relationships"]["nodes"]) == 12
        assert {item["twinId"] for item in overlay["twin"]["related"]["nodes"]} >= {"pipe_456", "pump_123", "pump_124"}
        status, out, errors = await _apply(server, *_files(tmp_path))
        assert status == 0, errors
        assert "created" not in out
        assert "updated" not in out


async def test_a_wrong_script_is_refused_whole_with_every_fault_where_it_is(tmp_path: Path) -> None:
    script = tmp_path / "wrong.dtsl"
    script.write_text(
        SCRIPT.read_text().replace("backupPump.start()", "backupPmp.strat()").replace('"running"', '"runing"', 1)
    )
    async with running_server(tmp_path / "data") as server, server.client as client:
        status, _, errors = await _apply(server, *_files(tmp_path)[:-1], str(script))
        assert status == 1
        assert "wrong.dtsl:" in errors
        assert "backupPmp" in errors
        assert "did you mean" in errors
        assert "runing" in errors
        data = await client.execute(OVERLAY)
        assert data["overlay"] is None, "nothing of the script was applied"


@pytest.mark.timeout(120)
async def test_an_installed_wheel_works_from_any_directory(tmp_path: Path) -> None:
    for command in (
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        [sys.executable, "-m", "zipfile", "-e", "{wheel}", str(tmp_path / "site")],
    ):
        wheel = str(next((tmp_path / "dist").glob("*.whl"), ""))
        process = await asyncio.create_subprocess_exec(
            *(part.format(wheel=wheel) for part in command), cwd=REPO, stdout=asyncio.subprocess.PIPE
        )
        await process.communicate()
        assert process.returncode == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    told = "import app, app.serve, app.__main__ as m; assert app.__file__.startswith({site!r}), app.__file__; m.main()"
    program = ("-c", told.format(site=str(tmp_path / "site")), "serve")
    options: dict[str, Any] = {
        "program": program,
        "environment": {"PYTHONPATH": str(tmp_path / "site")},
        "directory": elsewhere,
    }
    async with running_server(tmp_path / "data", **options) as server:
        status, out, errors = await _apply(server, *_files(tmp_path))
        assert status == 0, errors
        assert "created: overlay building_a_pumping_system" in out
