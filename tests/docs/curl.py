"""Running the curl commands of a page, in their order, against a real server."""

import asyncio
import re
import shutil

import pytest

from tests.api.client import serving
from tests.api.plant import Plant


async def run_examples(text: str, plant: Plant, page: str) -> None:
    """Every `sh` block answers with the status in its first line."""
    if shutil.which("curl") is None:
        pytest.skip(f"curl IS NOT THERE: the examples of {page} were NOT run")
    blocks = re.findall(r"```sh\n# (\d+)\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == text.count("```sh") > 5
    plant.start()
    async with serving(plant) as port:
        for status, command in blocks:
            here = command.replace("127.0.0.1:8420", f"127.0.0.1:{port}").replace(
                "curl ", "curl --disable --noproxy '*' -sS -w '\\n%{http_code}' ", 1
            )
            process = await asyncio.create_subprocess_exec(
                "bash", "-c", here, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
            )
            output, _ = await process.communicate()
            body, _, given = output.decode().rpartition("\n")
            assert given == status, f"{command}\n{body}"
