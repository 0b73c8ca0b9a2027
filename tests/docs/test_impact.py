"""docs/impact.md as a promise: every question in it is answered on the demo's definitions, or refused as it says."""

import re
from pathlib import Path
from typing import Any

import pytest

from app.commands.causes import MAX_CANDIDATES
from app.model.change import DefinitionChange
from tests.api.client import ask, post
from tests.api.demo import save_demo
from tests.api.parts import NOON
from tests.api.plant import Plant
from tests.docs.test_finding import REFUSED

TEXT = (Path(__file__).parents[2] / "docs" / "impact.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
async def demo() -> Plant:
    """As `make demo` is while the primary pump runs, and nothing is there but the demo."""
    plant = Plant()
    plant.catalogue.apply(
        DefinitionChange(plant.catalogue.revision, NOON, "ann", "", (), removed=(("overlay", "cellar"),))
    )
    save_demo(plant)
    plant.start()
    plant.hear("pump_123", "temperature", 65.5)
    plant.hear("pump_123", "status", "running")
    return plant


async def answer(demo: Plant, query: str) -> Any:
    return next(iter((await ask(demo, query)).values()))


async def test_what_the_page_asks_is_answered_as_it_says(demo: Plant) -> None:
    failure, without, values, silent, behind = [await answer(demo, it) for it in QUERIES if not REFUSED.match(it)]
    states = {item["twinId"]: item["state"] for item in failure["twins"]["nodes"]}
    assert states == {"pump_123": "LOST", "pipe_789": "DEGRADED"}
    assert [(it["overlayId"], it["state"]) for it in failure["overlays"]] == [("building_a_pumping_system", "LOST")]
    assert without["summary"]["lost"] == 3
    assert without["summary"]["alreadyLost"] == 1
    assert [item["alert"]["severity"] for item in values["alertsThatWouldFollow"]] == ["CRITICAL"]
    assert [item["state"] for item in silent["twins"]["nodes"]] == ["DISCONNECTED"]
    assert {item["evidence"] for item in silent["rehearsal"]["transitions"]} == {"UNKNOWN"}
    assert behind["upstream"] > 4
    assert "likeliest" in behind["text"]


@pytest.mark.parametrize("query", [query for query in QUERIES if REFUSED.match(query)])
async def test_what_the_page_calls_a_mistake_is_refused_with_suggestions(demo: Plant, query: str) -> None:
    said = REFUSED.match(query)
    assert said is not None
    [error] = (await post(demo, {"query": query})).json()["errors"]
    problems = error["extensions"]["problems"]
    assert [problem["code"] for problem in problems] == said[1].split(", ")
    assert all(problem["hint"] for problem in problems if problem["code"] == "TWIN_NOT_FOUND")


def test_the_limits_on_the_page_are_those_in_force() -> None:
    assert f"more than {MAX_CANDIDATES} twins in trouble" in TEXT
