"""`rehearseDefinitions`: changed rules over what happened, up to the port behind which the journal is run."""

from typing import Any

import pytest

from app.engine.beside import Comparing
from app.engine.engine import Engine
from app.model.beside import Beside, Comparison
from app.model.definitions import to_document
from app.model.events import Entry, Load
from app.model.time import SECOND
from tests.api.client import ask, refused
from tests.api.parts import NoPast, services
from tests.api.plant import Plant

REHEARSE = """query($definitions: DefinitionsInput!, $hours: Float! = 1) {
  rehearseDefinitions(input: {definitions: $definitions, hours: $hours}) { began ended entries whole
    differences { ownerKind ownerId behavior fact what before after gone new } unchanged { ownerId behavior fact }
    warnings { code } } }"""


class RecentPast(NoPast):
    """Implements Past, over what the line of a test has decided."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries
        self.asked: list[Comparison] = []

    async def compare(self, comparison: Comparison) -> Beside:
        self.asked.append(comparison)
        before, after = Engine(), Engine()
        for engine in (before, after):
            engine.decide(Load(comparison.now), self.entries[0].now)
        after.decide(Load(comparison.changed), self.entries[0].now)
        comparing = Comparing(before, after)
        for entry in self.entries:
            comparing.take(entry, counted=True)
        return Beside(self.entries[0].now, self.entries[-1].now, len(self.entries), True, comparing.rows())


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.past = RecentPast(plant.store.journal)
    plant.services = services(plant, plant.engine.live, plant.line, plant.engine)
    plant.start()
    for value in (20.0, 85.0, 20.0, 95.0, 20.0):
        plant.hear("pump_123", "temperature", value)
    return plant


def pump_type(plant: Plant, limit: str) -> dict[str, Any]:
    standing = plant.catalogue.twin_type("pump")
    assert standing is not None
    document = to_document(standing)
    document["behaviors"][0]["conditions"] = [f"temperature >= {limit}"]
    return {"kind": "TWIN_TYPE", "document": document}


async def test_the_difference_is_told_before_it_is_activated(plant: Plant) -> None:
    revision = plant.catalogue.revision
    found = (await ask(plant, REHEARSE, definitions={"documents": [pump_type(plant, "90.0")]}))["rehearseDefinitions"]
    assert [(row["ownerId"], row["behavior"], row["fact"], row["before"], row["after"], len(row["gone"]))
            for row in found["differences"]] == [
        ("pump_123", "hot", "ACTIVATION", 2, 1, 1),
        ("pump_123", "hot", "ALERT", 2, 1, 1),
    ]  # fmt: skip
    assert found["whole"] is True
    assert plant.catalogue.revision == revision
    assert isinstance(plant.past, RecentPast)
    asked = plant.past.asked[0]
    assert asked.since == plant.clock.now() - 3600 * SECOND
    assert {twin.twin_id for twin in asked.changed.twins} == {"pump_123", "pump_124"}


async def test_rules_that_stay_as_they_are_change_nothing(plant: Plant) -> None:
    found = (await ask(plant, REHEARSE, definitions={"documents": [pump_type(plant, "80.0")]}))["rehearseDefinitions"]
    assert found["differences"] == []


async def test_a_script_can_be_rehearsed(plant: Plant) -> None:
    source = """overlay Watching {
  twins { Pump pump; }
  behaviors { behavior warm { when { pump.temperature > 50.0 } then { alert(info, "warm"); } } }
}
instance Watch of Watching { twins { pump = Pump123; } }
"""
    found = (await ask(plant, REHEARSE, definitions={"source": source}))["rehearseDefinitions"]
    assert [(row["ownerId"], row["fact"], row["before"], row["after"]) for row in found["differences"]] == [
        ("watch", "ACTIVATION", 0, 2), ("watch", "ALERT", 0, 2)
    ]  # fmt: skip


async def test_what_cannot_be_saved_cannot_be_rehearsed(plant: Plant) -> None:
    error = await refused(plant, REHEARSE, definitions={"documents": [pump_type(plant, "'hot'")]})
    assert error["extensions"]["code"] == "DEFINITION_INVALID"
    assert (await refused(plant, REHEARSE, definitions={"documents": []}))["extensions"][
        "code"
    ] == "NOTHING_TO_REHEARSE"
    hours = await refused(plant, REHEARSE, definitions={"documents": [pump_type(plant, "90.0")]}, hours=0)
    assert hours["extensions"]["code"] == "HOURS_INVALID"
