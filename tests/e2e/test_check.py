"""`twin-overlay check --server`: scripts against what a running server has, and nothing of it saved."""

import asyncio
import json
import sys
from pathlib import Path

from app.demo.documents import load_documents
from tests.e2e.processes import REPO, SCRIPT, ServerProcess, running_server


async def _cli(server: ServerProcess, command: str, *arguments: str | Path) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "app", command, "--server", server.url),
        *map(str, arguments),
        cwd=REPO,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


async def test_a_script_is_checked_against_the_live_catalogue(tmp_path: Path) -> None:
    documents = tmp_path / "documents.ndjson"
    found = load_documents("opc.tcp://127.0.0.1:1", "mqtt://127.0.0.1:1")
    documents.write_text("".join(json.dumps(document) + "\n" for _, document in found), encoding="utf-8")
    wrong = tmp_path / "wrong.dtsl"
    wrong.write_text(SCRIPT.read_text(encoding="utf-8").replace("backupPump.start()", "backupPmp.start()"))
    async with running_server(tmp_path / "data") as server, server.client as client:
        status, out, _ = await _cli(server, "check", SCRIPT)
        assert status == 1
        assert "DTSL201 unknown twin type" in out
        # the documents laid over what the server has: still nothing
        status, out, _ = await _cli(server, "check", SCRIPT, documents)
        assert (status, out) == (0, "no problems in 2 files\n")
        assert (await client.execute("{ twins { totalCount } }"))["twins"]["totalCount"] == 0
        status, _, errors = await _cli(server, "apply", documents)
        assert status == 0, errors
        status, out, _ = await _cli(server, "check", SCRIPT)
        assert (status, out) == (0, "no problems in 1 file\n")
        status, out, _ = await _cli(server, "check", wrong)
        assert status == 1
        assert "DTSL204 unknown role 'backupPmp'" in out
        assert out.endswith("1 error in 1 file\n")
        assert (await client.execute("{ overlayTypes { totalCount } }"))["overlayTypes"]["totalCount"] == 0


async def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "app", "check", "--server", "http://127.0.0.1:1", str(SCRIPT)),
        cwd=REPO,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"SERVER_UNREACHABLE" in errors
