"""schemathesis over the OpenAPI, all checks: no 5xx, no undeclared answer, nothing refused or taken against the schema.

Bounded for CI: a fixed seed, few examples an operation (schemathesis.toml says what is left out and why).
"""

import asyncio
import sys
from pathlib import Path

import pytest

from app.assets.folder import AssetFolder
from app.settings import AssetSettings
from tests.api.client import serving
from tests.api.plant import Plant

CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.timeout(600)
async def test_no_request_that_schemathesis_thinks_of_is_answered_against_the_openapi(tmp_path: Path) -> None:
    plant = Plant(AssetFolder(tmp_path / "assets", AssetSettings(max_total_bytes=10_000_000)))
    plant.start()
    async with serving(plant) as port:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
            *("run", f"http://127.0.0.1:{port}/api/v1/openapi.json", "--checks", "all"),
            *("--max-examples", "5", "--seed", "1", "--generation-database", "none", "--no-color"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
