"""Overlays in overlays and roles of many over GraphQL: who fills what, what is inside, whose alerts are shown."""

from typing import Any

import pytest

from tests.api.client import ask, refused
from tests.api.plant import Plant

SAVE = """mutation($documents: [DefinitionInput!]!) {
  saveDefinitions(input: {documents: $documents}) { created { id } } }"""
DELETE = """mutation($id: ID!, $cascade: DeleteCascade) {
  deleteOverlay(input: {overlayId: $id, cascade: $cascade}) { updated { id } breaks { code } } }"""
SITE_TYPE = {
    "type_id": "site",
    "twin_roles": [
        {"role": "pumping", "overlay_type": "pumping", "required": False},
        {"role": "spares", "twin_type": "pump", "many": True},
    ],
    "relationship_types": [
        {"name": "shelved", "source_role": "spares", "target_role": "pumping.outlet", "relationship_type": "control"}
    ],
    "behaviors": [
        {
            "name": "down",
            "conditions": ["pumping != null", "pumping.primary.temperature >= 80.0"],
            "actions": [{"type": "alert", "severity": "error", "message": "The site is down"}],
        }
    ],
}
SITE = {
    "overlay_id": "plant",
    "overlay_type": "site",
    "twins": [
        {"role": "pumping", "overlay_id": "cellar"},
        {"role": "spares", "twin_id": "pump_124"},
        {"role": "spares", "twin_id": "pump_123"},
    ],
}


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    documents = [{"kind": "OVERLAY_TYPE", "document": SITE_TYPE}, {"kind": "OVERLAY", "document": SITE}]
    await ask(plant, SAVE, documents=documents)
    return plant


async def test_roles_show_everyone_who_fills_them(plant: Plant) -> None:
    query = """{
      overlay(overlayId: "plant") {
        roles { role required many twinType overlayType twinId twin { twinId } twins { nodes { twinId } }
                overlayId
                overlays(first: 10) { nodes { overlayId memberships { nodes { role overlay { overlayId } } } } } }
        relationships { nodes { name sourceTwinId targetTwinId } } }
      overlayType(typeId: "site") { roles { role required many twinType overlayType } }
      twin(twinId: "pump_123") { memberships { nodes { role overlay { overlayId } } } } }"""
    answer = await ask(plant, query)
    pumping, spares = answer["overlay"]["roles"]
    part: dict[str, Any] = {"role": "pumping", "overlay": {"overlayId": "plant"}}
    assert pumping == {
        "role": "pumping",
        "required": False,
        "many": False,
        "twinType": None,
        "overlayType": "pumping",
        "twinId": None,
        "twin": None,
        "twins": {"nodes": []},
        "overlayId": "cellar",
        "overlays": {"nodes": [{"overlayId": "cellar", "memberships": {"nodes": [part]}}]},
    }
    assert spares["twins"]["nodes"] == [{"twinId": "pump_123"}, {"twinId": "pump_124"}]
    assert (spares["many"], spares["required"], spares["twinId"], spares["twin"]) == (True, False, None, None)
    assert answer["overlay"]["relationships"]["nodes"] == [
        {"name": "shelved", "sourceTwinId": "pump_123", "targetTwinId": "valve_234"},
        {"name": "shelved", "sourceTwinId": "pump_124", "targetTwinId": "valve_234"},
    ]
    assert answer["overlayType"]["roles"] == [
        {"role": "pumping", "required": False, "many": False, "twinType": None, "overlayType": "pumping"},
        {"role": "spares", "required": False, "many": True, "twinType": "pump", "overlayType": None},
    ]
    assert answer["twin"]["memberships"]["nodes"] == [
        {"role": "primary", "overlay": {"overlayId": "cellar"}},
        {"role": "spares", "overlay": {"overlayId": "plant"}},
    ]


async def test_an_overlay_shows_the_alerts_of_what_is_inside_it(plant: Plant) -> None:
    around = {"overlay_id": "world", "twins": [{"role": "a", "overlay_id": "plant"}]}
    await ask(plant, SAVE, documents=[{"kind": "OVERLAY", "document": around}])
    plant.hear("pump_123", "temperature", 85.0)
    alerts = "alerts { nodes { message ownerId } }"
    query = f"""{{ world: overlay(overlayId: "world") {{ {alerts} }} plant: overlay(overlayId: "plant") {{ {alerts} }}
      loud: overlays(where: {{alertSeverity: [ERROR]}}) {{ nodes {{ overlayId }} }}
      warm: overlays(where: {{alertSeverity: [WARNING]}}) {{ nodes {{ overlayId }} }} }}"""
    answer = await ask(plant, query)
    both = [{"message": "The site is down", "ownerId": "plant"}, {"message": "Pump is hot", "ownerId": "pump_123"}]
    assert sorted(answer["world"]["alerts"]["nodes"], key=str) == sorted(both, key=str)
    assert answer["plant"] == answer["world"]
    assert [item["overlayId"] for item in answer["loud"]["nodes"]] == ["cellar", "plant", "world"]
    assert [item["overlayId"] for item in answer["warm"]["nodes"]] == ["cellar", "plant", "world"]


async def test_members_of_a_role_of_many_are_found(plant: Plant) -> None:
    query = """{
      twins(where: {member: {overlayId: "plant", role: "spares"}}) { nodes { twinId } }
      overlays(where: {members: [{role: "spares", twinId: "pump_124"}, {role: "spares", twinId: "pump_123"}]}) {
        nodes { overlayId } } }"""
    answer = await ask(plant, query)
    assert [item["twinId"] for item in answer["twins"]["nodes"]] == ["pump_123", "pump_124"]
    assert answer["overlays"]["nodes"] == [{"overlayId": "plant"}]


async def test_an_overlay_leaves_the_optional_roles_it_fills_when_it_is_deleted_with_cascade(plant: Plant) -> None:
    error = await refused(plant, DELETE, id="cellar")
    assert error["extensions"]["code"] == "IN_USE"
    assert "overlay 'plant' uses it" in error["message"]
    answer = await ask(plant, DELETE, id="cellar", cascade="UNBIND")
    assert answer["deleteOverlay"] == {"updated": [{"id": "plant"}], "breaks": []}
