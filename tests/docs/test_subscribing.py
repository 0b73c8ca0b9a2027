"""Every subscription of docs/subscribing.md runs on the demo's definitions; those that say "refused" are, for that."""

import re
from pathlib import Path

import pytest

from app.api.pace import LONGEST_MS
from app.api.reader import FACTS_WAITING
from app.find.traversals import MAX_STARTS
from app.settings import GraphQLSettings
from tests.api.client import connected
from tests.api.demo import save_demo
from tests.api.parts import Installation, an_alert
from tests.api.test_subscriptions import listeners, until

TEXT = (Path(__file__).parents[2] / "docs" / "subscribing.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)
REFUSED = re.compile(r"# refused: (.*)")


@pytest.fixture
def demo() -> Installation:
    installation = Installation()
    save_demo(installation)
    installation.change("pump_123", "temperature", 65.5)
    installation.change("pump_123", "status", "running")
    installation.change("sensor_567", "flow_rate", 50.0)
    return installation


@pytest.mark.parametrize("query", [query for query in QUERIES if not REFUSED.match(query)])
async def test_what_the_page_subscribes_to_is_told_of(demo: Installation, query: str) -> None:
    [field] = re.findall(r"\b\w+Changed\b", query)
    async with connected(demo) as socket:
        await socket.subscribe(query)
        if field == "propertyChanged":
            assert await socket.next(field)
        else:
            await until(lambda: listeners(demo) == 1)
            demo.raise_alert(an_alert("new"))
        if field == "alertChanged":
            assert (await socket.next(field))["alert"]["alertId"] == "new"


@pytest.mark.parametrize("query", [query for query in QUERIES if REFUSED.match(query)])
async def test_what_the_page_calls_refused_is(demo: Installation, query: str) -> None:
    said = REFUSED.match(query)
    assert said is not None
    async with connected(demo) as socket:
        await socket.subscribe(query)
        message = await socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", said[1])


def test_the_page_has_the_limits_of_the_program() -> None:
    assert f"{FACTS_WAITING:,} facts that wait" in TEXT
    assert f"`minIntervalMs` from 0 to {LONGEST_MS:,}" in TEXT
    assert f"{MAX_STARTS} in `downstreamOf`" in TEXT
    assert f"{GraphQLSettings().max_operations_per_socket} operations at once" in TEXT
