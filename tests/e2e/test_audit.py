"""`twin-overlay audit > file`: the whole audit of a running server, a line an entry; a refusal is an error."""

import asyncio
import json
import sys

from tests.api.client import serving
from tests.api.plant import Plant
from tests.api.rest.client import send

JSON = {"X-Actor": "ann"}


async def run(port: int, *more: str) -> tuple[int, bytes, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "audit", "--server", f"http://127.0.0.1:{port}", *more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out, err.decode()


async def test_the_audit_is_written_a_line_an_entry_and_what_is_wrong_is_an_error() -> None:
    plant = Plant()
    plant.start()
    for name in ("one", "two", "three"):
        answer = await send(plant, "POST", f"/twins/pump_123/instance/methods/{name}", json={}, headers=JSON)
        assert answer.status_code == 404
    async with serving(plant) as port:
        status, out, err = await run(port, "--kind", "call", "--since", "2026-01-01T00:00:00Z", "--actor", "ann")
        assert (status, err) == (0, "")
        assert {json.loads(line)["what"] for line in out.splitlines()} == {"one", "two", "three"}
        status, out, err = await run(port, "--since", "yesterday")
        assert (status, out) == (1, b"")
        assert "TIME_INVALID" in err
    status, out, err = await run(port)
    assert (status, out) == (1, b"")
    assert "SERVER_UNREACHABLE" in err
