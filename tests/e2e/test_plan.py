"""`twin-overlay plan` against a running server: told before, and what it told comes true with `apply`."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.e2e.processes import REPO, ServerProcess, running_server

TANK: dict[str, Any] = {
    "type_id": "tank",
    "properties": [
        {"name": "level", "data_type": "float", "access": "read-write"},
        {"name": "limit", "data_type": "float", "access": "read-write"},
    ],
}
FULL = {
    "name": "full",
    "conditions": ["level > 90"],
    "actions": [
        {"type": "alert", "severity": "critical", "message": "full at {level}", "code": "full"},
        {"type": "property_write", "property": "limit", "value": 50.0},
    ],
}
SET = 'mutation { setProperty(input: {twinId: "t1", property: "level", value: 95.0}) { value { json } } }'
ALERTS = "{ alerts { nodes { code message } } }"


async def _run(server: ServerProcess, command: str, *files: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", command, "--server", server.url, *map(str, files)),
        cwd=REPO,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    return out.decode()


async def test_a_plan_tells_what_applying_then_does(tmp_path: Path) -> None:
    tank, twin = tmp_path / "tank.json", tmp_path / "t1.json"
    tank.write_text(json.dumps(TANK))
    twin.write_text(json.dumps({"twin_id": "t1", "twin_type": "tank"}))
    async with running_server(tmp_path / "data") as server, server.client as client:
        assert await _run(server, "plan", tank, twin) == (
            "would create: twin_type tank\nwould create: twin t1\nno behavior would turn at once\n"
        )
        await _run(server, "apply", tank, twin)
        await client.execute(SET)
        tank.write_text(json.dumps({**TANK, "behaviors": [FULL]}))
        planned = (await _run(server, "plan", tank, twin)).splitlines()
        assert planned[0] == "would update: twin_type tank"
        assert planned[1].startswith("  add /behaviors: nothing -> ")
        assert planned[2:] == [
            "unchanged: twin t1",
            "loaded anew: twin t1",
            "t1/full would become active at once",
            "  withheld: write limit",
            "alert t1/full full would be raised",
        ]
        assert (await client.execute(ALERTS))["alerts"]["nodes"] == []
        await _run(server, "apply", tank)
        assert (await client.execute(ALERTS))["alerts"]["nodes"] == [{"code": "full", "message": "full at 95"}]
