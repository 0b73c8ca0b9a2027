"""docs/graphql.md: its commands answer as they say, its numbers are the real ones, and it has every code."""

import json
import re
from pathlib import Path
from typing import Any

from app.api.limits.survey import MAX_FIELDS
from app.api.schema import faults, sdl
from app.settings import GraphQLSettings
from tests.api.client import post
from tests.api.plant import Plant
from tests.docs.curl import run_examples

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "graphql.md").read_text(encoding="utf-8")
API = ROOT / "app" / "api"


async def test_every_command_answers_with_the_status_that_it_promises() -> None:
    await run_examples(TEXT, Plant(), "docs/graphql.md")


async def test_what_operations_cost_is_true() -> None:
    documents = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)
    told = [json.loads(item) for item in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]
    assert len(documents) == len(told) == 2
    answers: list[Any] = [(await post(Plant(), {"query": document})).json() for document in documents]
    assert answers[0]["extensions"] == told[0]
    assert answers[1]["errors"][0]["extensions"] == told[1]


def test_the_table_of_limits_has_the_defaults() -> None:
    for name, value in re.findall(r"`GRAPHQL__(MAX_\w+|\w+_SECONDS)` \(([\d,]+)\)", TEXT):
        assert getattr(GraphQLSettings(), name.lower()) == int(value.replace(",", "")), name
    assert f"| {MAX_FIELDS:,} | FIELDS_EXCEEDED |" in TEXT


def test_every_code_of_transport_and_limits_is_listed() -> None:
    sources = [
        *API.glob("limits/*.py"),
        *(API / f"{name}.py" for name in ("asking", "view", "errors", "sockets", "security")),
    ]
    raised = {code for file in sources for code in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', file.read_text())}
    raised -= {"MAX_ALIASES", "MAX_DEPTH", "MAX_DIRECTIVES", "MAX_ROOT_FIELDS", "ASSET_TOO_LARGE"}
    assert {"COST_EXCEEDED", "PERSISTED_ONLY", "BATCHING_OFF", "OPERATIONS_EXCEEDED"} <= raised
    assert {code for code in raised if not re.search(rf"\b{code}\b", TEXT.split("## Errors")[1])} == set()


def test_every_document_of_every_page_is_within_the_limits_but_the_one_that_shows_them() -> None:
    beyond = [
        (page.name, error.extensions["code"])
        for page in sorted((ROOT / "docs").glob("*.md"))
        for document in re.findall(r"```graphql\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        for error in faults(document, GraphQLSettings())
        if error.extensions is not None and error.extensions["code"].endswith("_EXCEEDED")
    ]
    assert beyond == [("graphql.md", "COST_EXCEEDED")]


def test_the_description_of_the_schema_is_where_the_page_says() -> None:
    assert sdl().startswith('"""\nA digital twin overlay')
