"""Whatever operation of our schema a client thinks of: no 5xx, nothing internal, and every error with a stable code.

Operations come from hypothesis-graphql, which schemathesis drives GraphQL with; ids and documents are replaced by some
that exist, or nearly do, so that more than "not found" is met. Set GRAPHQL_EXAMPLES for longer runs.
"""

import asyncio
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import graphql
import httpx
import pytest
from graphql.language import ObjectFieldNode, Visitor, parse_value, print_ast, visit
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes, queries
from starlette.applications import Starlette
from starlette.routing import Route

from app.api.ids import global_id
from app.api.schema import sdl
from app.api.view import GraphQLView
from app.assets.folder import AssetFolder
from app.settings import AssetSettings
from tests.api.parts import DOCUMENTS
from tests.api.plant import Plant

EXAMPLES = int(os.environ.get("GRAPHQL_EXAMPLES", "80"))
SCHEMA = graphql.build_schema(sdl())
CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
TEXTS = st.text(max_size=8) | st.sampled_from(["", "\x00", "\ud7ff", "a" * 300, "📦", "0", "-1", "1e400"])
NUMBERS = (
    st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0, -1, 2**31])
)
NAMES = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
PARTS = st.sampled_from([document for _, document in DOCUMENTS])
KNOWN: dict[str, list[str]] = {
    "twinId": ["pump_123", "pump_124", "valve_234"],
    "typeId": ["pump", "valve", "pumping"],
    "type": ["pump", "valve", "pumping"],
    "overlayId": ["cellar"],
    "relationshipType": ["control", "monitoring"],
    "relationshipTypes": ["control", "physical_connection"],
    "id": ["pump_123", "pump", "pumping", "cellar", "control", global_id("Twin", "pump_123")],
    "ids": [global_id("Twin", "pump_123"), global_id("Overlay", "cellar")],
    "property": ["temperature", "status", "speed", "starts"],
    "names": ["temperature", "status"],
    "method": ["stop", "set_speed"],
    "role": ["primary", "backup", "outlet"],
    "tag": ["water"],
    "activeBehavior": ["hot", "failing"],
}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """One of the plant's own, with something changed."""
    found = dict(draw(PARTS))
    for key in draw(st.lists(st.sampled_from(sorted(found)), max_size=2)):
        found[key] = draw(ANY_JSON)
    return found | draw(st.dictionaries(NAMES, ANY_JSON, max_size=1))


def _mostly(words: list[str]) -> st.SearchStrategy[str]:
    """Now and then something that nothing carries."""
    return st.integers(0, 7).flatmap(lambda number: st.sampled_from([*words, "nope"]) if number else TEXTS)


CHOSEN: dict[str, st.SearchStrategy[Any]] = {
    **{name: _mostly(words) for name, words in KNOWN.items()},
    **dict.fromkeys(("document", "patch"), documents() | ANY_JSON),
    "source": st.sampled_from(["", "overlay X {", "overlay X { twins { Pump p; } }"]) | TEXTS,
    **dict.fromkeys(("value", "arguments", "eq", "gt", "gte", "lt", "lte"), ANY_JSON),
    **dict.fromkeys(("first", "last"), st.sampled_from([1, 2, 100, 0, -1, 1001])),
    "maxDepth": st.integers(0, 12),
    "expectedRevision": st.sampled_from([1, 1, 0, -1, 2, 2**31 - 1]),
}


class _Choose(Visitor):
    """Puts chosen values where random ones stand; enums, variables and objects stay as they are."""

    def __init__(self, draw: st.DrawFn) -> None:
        super().__init__()
        self._draw = draw

    def _chosen(self, node: Any) -> Any:
        strategy = CHOSEN.get(node.name.value)
        if strategy is not None and node.value.kind in ("string_value", "int_value", "float_value", "null_value"):
            return replace(node, value=parse_value(_literal(self._draw(strategy))))
        return node

    def enter_argument(self, node: graphql.ArgumentNode, *_: Any) -> Any:
        return self._chosen(node)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> Any:
        return self._chosen(node)


def _literal(value: Any) -> str:
    """A GraphQL literal; hypothesis' names are GraphQL names."""
    if isinstance(value, dict):
        return "{" + " ".join(f"{key}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + " ".join(map(_literal, value)) + "]"
    return json.dumps(value)


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "JSON": (TEXTS | NAMES).map(nodes.String),
    "DateTime": st.sampled_from(["2026-01-02T03:04:05Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "noon"]).map(
        nodes.String
    ),
    "Long": st.integers(-(2**60), 2**60).map(nodes.Int),
}


@st.composite
def operations(draw: st.DrawFn) -> str:
    kind = mutations if draw(st.booleans()) else queries
    text = draw(kind(SCHEMA, custom_scalars=SCALARS, allow_null=True))
    return print_ast(visit(graphql.parse(text), _Choose(draw)))


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.timeout(300)
@seed(1)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(asked=st.lists(operations(), min_size=1, max_size=3))
def test_any_operations_are_answered_with_data_or_with_coded_errors(
    runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory, asked: list[str]
) -> None:
    runner.run(_answered(asked, tmp_path_factory.getbasetemp() / "assets"))


async def _answered(asked: list[str], assets: Path) -> None:
    plant = Plant(AssetFolder(assets, AssetSettings()))
    plant.start()
    app = Starlette(routes=[Route("/graphql", GraphQLView(plant.services, ()))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8420") as client:
        for query in asked:
            response = await client.post("/graphql", json={"query": query})
            assert response.status_code < 500, query
            answer = response.json()
            for error in answer.get("errors", ()):
                code = error.get("extensions", {}).get("code", "")
                assert CODE.fullmatch(code), (query, error)
                assert code != "INTERNAL", (query, error)
                assert code != "GRAPHQL_PARSE_FAILED", (query, error)
                assert isinstance(error["extensions"]["hint"], str), (query, error)
            assert "data" in answer or answer["errors"], query
