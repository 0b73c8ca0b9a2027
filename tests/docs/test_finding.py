"""Every query of docs/finding.md runs on the demo's definitions; those that say "refused" are, for what they say."""

import re
from pathlib import Path

import pytest

from tests.api.client import ask, post
from tests.api.demo import save_demo
from tests.api.parts import Installation

TEXT = (Path(__file__).parents[2] / "docs" / "finding.md").read_text()
QUERIES = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)
REFUSED = re.compile(r"# refused: (.*)")


@pytest.fixture
def demo() -> Installation:
    """As `make demo` is while the primary pump runs and nothing has been heard of the backup."""
    installation = Installation()
    save_demo(installation)
    installation.change("pump_123", "temperature", 65.5)
    installation.change("pump_123", "status", "running")
    return installation


@pytest.mark.parametrize("query", [query for query in QUERIES if not REFUSED.match(query)])
async def test_what_the_page_asks_finds_something(demo: Installation, query: str) -> None:
    [answer] = (await ask(demo, query)).values()
    assert answer["nodes"]


@pytest.mark.parametrize("query", [query for query in QUERIES if REFUSED.match(query)])
async def test_what_the_page_calls_a_mistake_is_refused_with_suggestions(demo: Installation, query: str) -> None:
    await refused_as_said(demo, query)


async def refused_as_said(demo: Installation, query: str) -> None:
    """For every problem that its first line names, those of unknown names with a hint."""
    said = REFUSED.match(query)
    assert said is not None
    [error] = (await post(demo, {"query": query})).json()["errors"]
    problems = error["extensions"]["problems"]
    assert [problem["code"] for problem in problems] == said[1].split(", ")
    assert all(problem["hint"] for problem in problems if problem["code"].startswith("UNKNOWN_"))
