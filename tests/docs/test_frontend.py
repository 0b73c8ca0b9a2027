"""docs/frontend.md shows what tests/frontend has, which is compiled and run there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "frontend.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(?:ts|tsx|yaml)\n(?://|#) (\S+)\n(.*?)```", PAGE, re.S)


def test_every_block_names_its_file() -> None:
    assert len(BLOCKS) == PAGE.count("```") // 2 > 8


@pytest.mark.parametrize(("name", "block"), BLOCKS)
def test_a_block_stands_in_the_project(name: str, block: str) -> None:
    assert block in (ROOT / "tests" / "frontend" / name).read_text(encoding="utf-8")
