"""docs/life.md as a promise: every GraphQL document in it is valid against the schema."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from app.api.schema import sdl

PAGE = Path(__file__).parents[2] / "docs" / "life.md"
BLOCKS = re.findall(r"```graphql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


def test_the_page_has_examples() -> None:
    assert len(BLOCKS) == 5


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_is_valid(block: str) -> None:
    assert validate(build_schema(sdl()), parse(block)) == []
