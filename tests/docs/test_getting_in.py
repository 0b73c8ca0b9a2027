"""docs/getting-in.md: its files are written and its commands run, in order, on a real server and the demo plant."""

import asyncio
import os
import re
import sys
from pathlib import Path

from tests.api.client import serving
from tests.api.parts import Installation
from tests.e2e.processes import running_plant

REPO = Path(__file__).parents[2]
TEXT = (REPO / "docs" / "getting-in.md").read_text(encoding="utf-8")
FILES = re.findall(r"`([\w/.-]+)`:\n\n```json\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = re.findall(r"```sh\n(.*?)\n```", TEXT, re.DOTALL)


async def run_here(command: str, folder: Path, server: str = "") -> str:
    """What it says; it must succeed."""
    program = "set -e\n" + re.sub(r"^twin-overlay", f"{sys.executable} -m app", command, flags=re.MULTILINE)
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", program),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPO), "TWIN_OVERLAY_SERVER_URL": server},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, f"{command}\n{out.decode()}"
    return out.decode()


async def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    assert len(FILES) == TEXT.count("```json") == 2
    for name, text in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    installation = Installation()
    said: dict[str, str] = {}
    async with running_plant() as plant, serving(installation) as port:
        for command in COMMANDS:
            here = command.replace("opc.tcp://127.0.0.1:4840", plant.opcua).replace("mqtt://127.0.0.1:1883", plant.mqtt)
            said[command] = await run_here(here, tmp_path, f"http://127.0.0.1:{port}")
    assert any("Pump123/FlowRate" in text for text in said.values())
    assert any("looks like availability" in text for text in said.values())
    assert (tmp_path / "mapped.json").read_text() == (tmp_path / "pump.json").read_text()
    assert "created: twin tank_2" in said["twin-overlay apply plant"]
    assert "unchanged: twin tank_2" in said["twin-overlay apply --dry-run plant"]
    assert "created" not in said["twin-overlay apply backup"]
    assert (tmp_path / "backup" / "twins" / "tank_1.json").is_file()
    assert (tmp_path / "backup-lines" / "twin_types.ndjson").is_file()
    assert (tmp_path / "backup-scripts" / "twins" / "tank_1.dtsl").read_text().startswith("twin ")
    assert len(installation.store.changes) == 2
