"""Every query of docs/traversing.md runs on the demo's definitions; those that say "refused" are, for what they say."""

import re
from pathlib import Path

import pytest

from app.find.check import MAX_DEPTH
from app.find.traversals import MAX_EDGES, MAX_NODES, MAX_STARTS
from tests.api.client import ask
from tests.api.parts import Installation
from tests.docs.test_finding import REFUSED, demo, refused_as_said

__all__ = ["demo"]  # a fixture

TEXT = (Path(__file__).parents[2] / "docs" / "traversing.md").read_text()
QUERIES = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)
ANSWERED = [query for query in QUERIES if not REFUSED.match(query)]


async def test_what_the_page_asks_is_answered(demo: Installation) -> None:
    related, running, near, paths, drawing, parts, of_overlay = [
        next(iter((await ask(demo, query)).values())) for query in ANSWERED
    ]
    edges = related["related"]["edges"]
    assert [(edge["node"]["twinId"], edge["depth"]) for edge in edges][:2] == [("pipe_456", 1), ("pump_123", 2)]
    assert edges[1]["path"][1]["parallel"], "the twin and the overlay both say so"
    assert [node["twinId"] for node in running["related"]["nodes"]] == ["pump_123"]
    assert {"pump_123", "pump_124", "pipe_789"} <= {node["twinId"] for node in near["nodes"]}
    assert (paths["length"], len(paths["paths"])) == (1, 1)
    assert {"controller_234", "pipe_456"} <= {node["twin"]["twinId"] for node in drawing["nodes"]}
    assert drawing["edges"]
    assert (drawing["nodesLeftOut"], drawing["edgesLeftOut"]) == (0, 0)
    assert [part["leastTwinId"] for part in parts["nodes"]] == ["pipe_456"]
    assert of_overlay["totalCount"] == 1


@pytest.mark.parametrize("query", [query for query in QUERIES if REFUSED.match(query)])
async def test_what_the_page_calls_a_mistake_is_refused_with_suggestions(demo: Installation, query: str) -> None:
    await refused_as_said(demo, query)


def test_the_limits_on_the_page_are_those_in_force() -> None:
    for said in (
        f"1 to {MAX_DEPTH}",
        f"up to {MAX_STARTS} twins",
        f"{MAX_NODES:,} at most) and {MAX_EDGES:,} edges",
    ):
        assert said in TEXT
