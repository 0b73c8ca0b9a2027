"""docs/assets.md: its curl commands answer as they say, its query is valid, its limits are the real ones."""

import re
from pathlib import Path

from graphql import build_schema, parse, validate

from app.api.schema import sdl
from app.assets.folder import AssetFolder
from app.model.assets import MAX_DEPTH, MAX_PATH, MAX_SEGMENT
from app.settings import AssetSettings
from tests.api.plant import Plant
from tests.docs.curl import run_examples

TEXT = (Path(__file__).parents[2] / "docs" / "assets.md").read_text(encoding="utf-8")


async def test_every_example_answers_with_the_status_that_it_promises(tmp_path: Path) -> None:
    await run_examples(TEXT, Plant(AssetFolder(tmp_path, AssetSettings())), "docs/assets.md")


def test_the_query_is_valid_and_the_limits_are_true() -> None:
    [query] = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)
    assert validate(build_schema(sdl()), parse(query)) == []
    assert f"at most {MAX_PATH} characters and {MAX_DEPTH} parts" in TEXT
    assert f"at most {MAX_SEGMENT} bytes" in TEXT
    assert AssetSettings().max_file_bytes == 64 * 2**20
    assert AssetSettings().max_total_bytes == 2 * 2**30
