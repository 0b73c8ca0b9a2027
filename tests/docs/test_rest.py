"""docs/rest.md: every curl command in it does what its first line says, in their order, against a real server."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from tests.api.client import serving
from tests.api.plant import Plant

TEXT = (Path(__file__).parents[2] / "docs" / "rest.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n# (\d+)\n(.*?)```", TEXT, re.DOTALL)


async def test_every_example_answers_with_the_status_that_it_promises() -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl IS NOT THERE: the examples of docs/rest.md were NOT run")
    assert len(BLOCKS) == TEXT.count("```sh") > 10
    plant = Plant()
    plant.start()
    async with serving(plant) as port:
        for status, command in BLOCKS:
            here = command.replace("127.0.0.1:8420", f"127.0.0.1:{port}").replace(
                "curl ", "curl --disable --noproxy '*' -sS -w '\\n%{http_code}' ", 1
            )
            process = await asyncio.create_subprocess_exec(
                "bash", "-c", here, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
            )
            output, _ = await process.communicate()
            body, _, given = output.decode().rpartition("\n")
            assert given == status, f"{command}\n{body}"
