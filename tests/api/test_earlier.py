"""Explanations of the past over GraphQL and REST: the real journal behind both."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.journal.retention import Retention
from app.journal.sqlite import SqliteJournal
from app.model.time import SECOND, iso
from app.past import Past
from tests.api.client import ask, refused
from tests.api.parts import services
from tests.api.plant import Plant
from tests.api.rest.client import refusal, send

WHY = """query($at: DateTime, $name: String = "hot") {
  behavior(ownerKind: TWIN, ownerId: "pump_123", name: $name) {
    explanation(at: $at) { text at state evidence inputs { value { json } } cause { kind ref } } } }"""
PATH = "/twins/pump_123/behaviors/hot/explanation"


@pytest.fixture
async def plant(tmp_path: Path) -> AsyncIterator[Plant]:
    """A temperature of 20, 91.5, 92, 20 and 95, a second each."""
    plant = Plant()
    plant.past = Past(tmp_path)
    plant.services = services(plant, plant.engine.live, plant.line, plant.engine)
    plant.start()
    for value in (20.0, 91.5, 92.0, 20.0, 95.0):
        plant.hear("pump_123", "temperature", value)
    journal = SqliteJournal.open(tmp_path, cursors=(), keep=0, retention=Retention(10**12, 2**30))
    await journal.append([(entry.now, entry.input, entry.outcome) for entry in plant.store.journal])
    yield plant
    await journal.close()


async def test_a_behavior_says_why_it_had_turned_on_the_values_of_then(plant: Plant) -> None:
    now = plant.clock.at
    found = (await ask(plant, WHY, at=iso(now - 2 * SECOND)))["behavior"]["explanation"]
    assert (found["state"], found["evidence"], found["at"]) == ("ACTIVE", "TRUE", iso(now - 3 * SECOND))
    assert found["inputs"][0]["value"]["json"] == 91.5
    assert found["cause"] == [{"kind": "READING", "ref": "opcua"}]
    assert " became active at " in found["text"]
    assert (await ask(plant, WHY))["behavior"]["explanation"]["inputs"][0]["value"]["json"] == 95.0
    rest = (await send(plant, "GET", f"{PATH}?at={iso(now - SECOND)}")).json()
    assert (rest["state"], rest["inputs"][0]["value"], rest["at"]) == ("inactive", 20.0, iso(now - SECOND))
    assert all(node["members"] is None for node in rest["nodes"])


async def test_before_its_first_turn_there_is_nothing_to_explain(plant: Plant) -> None:
    early = iso(plant.clock.at - 3600 * SECOND)
    assert (await ask(plant, WHY, at=early))["behavior"]["explanation"] is None
    assert refusal(await send(plant, "GET", f"{PATH}?at={early}")) == (404, "NOT_TURNED_YET")


async def test_the_future_is_not_explained(plant: Plant) -> None:
    late = iso(plant.clock.at + 3600 * SECOND)
    error = (await refused(plant, WHY, at=late))["extensions"]
    assert (error["code"], error["path"]) == ("MOMENT_IN_FUTURE", "/at")
    assert refusal(await send(plant, "GET", f"{PATH}?at={late}")) == (400, "MOMENT_IN_FUTURE")
    assert refusal(await send(plant, "GET", f"{PATH}?at=yesterday")) == (400, "TIME_INVALID")


async def test_who_is_not_there_is_told_before_the_journal_is_read(plant: Plant) -> None:
    assert (await ask(plant, WHY, at=iso(plant.clock.at), name="cold"))["behavior"] is None
    answer = await send(plant, "GET", f"/twins/pump_123/behaviors/cold/explanation?at={iso(plant.clock.at)}")
    assert refusal(answer) == (404, "BEHAVIOR_NOT_FOUND")
