"""GraphQL over HTTP as its authors audit it: the npm package graphql-http against a server process."""

import asyncio
import json
import os
from pathlib import Path

from tests.e2e.processes import start_server
from tests.servers import npm

FOLDER = Path(npm.__file__).parent / "graphql_clients"
AUDITS = 61


async def test_every_audit_of_graphql_http_passes(tmp_path: Path) -> None:
    modules = npm.demanded(FOLDER) / "node_modules"
    server = await start_server(tmp_path)
    try:
        process = await asyncio.create_subprocess_exec(
            "node",
            str(FOLDER / "audits.js"),
            f"{server.url}/graphql",
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "NODE_PATH": str(modules)},
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        await server.end()
    found = [json.loads(line) for line in output.splitlines()]
    assert [audit for audit in found if audit["status"] != "ok"] == []
    assert len({audit["id"] for audit in found}) == len(found) == AUDITS
