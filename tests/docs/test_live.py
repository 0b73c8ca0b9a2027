"""Every live query of docs/live.md runs on the demo's definitions; those that say "refused" are, for what they say."""

import re
from pathlib import Path
from typing import Any

import pytest

from app.api.live import live_queries, shape, source, watch
from tests.api.client import connected
from tests.api.demo import save_demo
from tests.api.json_patch import patched
from tests.api.parts import Installation

TEXT = (Path(__file__).parents[2] / "docs" / "live.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)
REFUSED = re.compile(r"# refused: (.*)")


@pytest.fixture
def demo() -> Installation:
    installation = Installation()
    save_demo(installation)
    installation.change("pump_123", "temperature", 65.5)
    installation.change("pump_123", "status", "running")
    return installation


@pytest.mark.parametrize("query", [query for query in QUERIES if not REFUSED.match(query)])
async def test_what_the_page_asks_is_answered_and_answered_again(demo: Installation, query: str) -> None:
    [field] = re.findall(r"\blive\w+", query)
    async with connected(demo) as socket:
        await socket.subscribe(query)
        first = await socket.next(field)
        answer = told(first)
        assert answer
        demo.change("pump_123", "status", "fault")
        demo.change("pump_123", "temperature", 70.5)
        if field == "liveImpact":  # which no value changes here
            return
        second = await socket.next(field)
        shown = patched(first, second["patch"]) if second.get("patch") else second
        assert told(shown) != answer


def told(push: Any) -> Any:
    return push.get("twins") or push.get("overlay") or push.get("impact")


@pytest.mark.parametrize("query", [query for query in QUERIES if REFUSED.match(query)])
async def test_what_the_page_calls_refused_is(demo: Installation, query: str) -> None:
    said = REFUSED.match(query)
    assert said is not None
    async with connected(demo) as socket:
        await socket.subscribe(query)
        message = await socket.receive()
        assert [error["extensions"]["code"] for error in message["payload"]] == [said[1]]


def test_the_page_tells_the_limits_as_they_are() -> None:
    for limit in (
        f"{live_queries.MAX_ON_A_SOCKET} live queries on a socket",
        f"{live_queries.MAX_ON_THE_SERVER:,} different ones",
        f"{watch.MAX_BYTES // 1024**2} MiB an answer",
        f"from 0 to {source.MAX_INTERVAL_MS:,}",
    ):
        assert limit in TEXT


def test_the_page_names_every_field_that_is_not_live() -> None:
    for name in shape.NOT_LIVE:
        assert f"`{name.partition('.')[2]}`" in TEXT
