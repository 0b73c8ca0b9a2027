"""`asOf`: a definition as it stood, with its members, edges and parts of then, whatever they are now."""

from typing import Any

import pytest

from app.model.definitions import to_document
from app.model.time import SECOND, iso
from tests.api.client import ask
from tests.api.parts import NOON
from tests.api.plant import Plant

SAVE = """mutation($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) { dryRun } }"""


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    plant.clock.at += 10 * SECOND
    cellar, kind = plant.catalogue.overlay("cellar"), plant.catalogue.overlay_type("pumping")
    assert cellar is not None
    assert kind is not None
    moved = to_document(cellar)
    moved["twins"][0]["twin_id"] = "pump_124"
    changed = to_document(kind)
    changed["relationship_types"][0] |= {"name": "pipe", "relationship_type": "control"}
    await ask(
        plant,
        SAVE,
        documents=[{"kind": "OVERLAY_TYPE", "document": changed}, {"kind": "OVERLAY", "document": moved}],
    )
    await ask(plant, 'mutation { deleteTwin(input: {twinId: "pump_123", cascade: UNBIND}) { dryRun } }')
    return plant


async def _then(plant: Plant, selection: str, seconds: float, overlay_id: str = "cellar") -> Any:
    query = f'query($t: DateTime!) {{ overlay(overlayId: "{overlay_id}") {{ asOf(time: $t) {{ {selection} }} }} }}'
    return (await ask(plant, query, t=iso(NOON + round(seconds * SECOND))))["overlay"]["asOf"]


async def test_an_overlay_has_its_members_and_edges_of_then(plant: Plant) -> None:
    selection = """revision { number } lifecycle behaviors { name } type { revision { number } }
      members { totalCount nodes { role definitionId definition { revision { number deleted } properties { name } } } }
      relationships { nodes { name relationshipType sourceTwinId targetTwinId } }"""
    before = await _then(plant, selection, 5)
    assert (before["revision"]["number"], before["type"]["revision"]["number"]) == (1, 1)
    assert (before["lifecycle"], before["behaviors"]) == ("ACTIVE", [{"name": "failing"}])
    primary = before["members"]["nodes"][1]
    assert (primary["role"], primary["definitionId"], primary["definition"]["revision"]["deleted"]) == (
        "primary", "pump_123", False,
    )  # fmt: skip
    assert [item["name"] for item in primary["definition"]["properties"]][:2] == ["temperature", "status"]
    assert before["relationships"]["nodes"] == [
        {
            "name": "out",
            "relationshipType": "physical_connection",
            "sourceTwinId": "pump_123",
            "targetTwinId": "valve_234",
        }
    ]
    after = await _then(plant, selection, 60)
    assert (after["revision"]["number"], after["type"]["revision"]["number"]) == (2, 2)
    assert [item["definitionId"] for item in after["members"]["nodes"]] == ["valve_234", "pump_124"]
    [edge] = after["relationships"]["nodes"]
    assert (edge["name"], edge["relationshipType"], edge["sourceTwinId"]) == ("pipe", "control", "pump_124")
    assert await _then(plant, "revision { number }", -1) is None


async def test_what_was_deleted_is_as_it_was_before(plant: Plant) -> None:
    query = """query($t: DateTime!) { definition(kind: TWIN, id: "pump_123") { current { id } asOf(time: $t) {
      revision { deleted } type { revision { document } } methods { name } interlocks { name }
      relationships { nodes { name sourceTwinId targetTwinId relationshipType } } properties { name } } } }"""
    then = (await ask(plant, query, t=iso(NOON + 5 * SECOND)))["definition"]
    assert then["current"] is None
    assert [item["name"] for item in then["asOf"]["methods"]] == ["stop", "set_speed"]
    assert [(item["name"], item["sourceTwinId"]) for item in then["asOf"]["relationships"]["nodes"]] == [
        ("drive", "motor_9"),
        ("outlet", "pump_123"),
    ]
    gone = (await ask(plant, query, t=iso(NOON + 60 * SECOND)))["definition"]["asOf"]
    assert gone["revision"]["deleted"] is True
    assert (gone["type"], gone["properties"], gone["relationships"]["nodes"]) == (None, [], [])
