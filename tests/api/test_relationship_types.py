"""Relationship types over GraphQL: read, paged, changed, deleted; the built-in ones among them."""

import pytest

from app.model.relationship_types import BUILT_IN
from tests.api.client import ask, refused
from tests.api.plant import Plant

STEAM = {"relationship_type": "steam_supply", "inverse": "steam_supplied_by", "impact": "forward"}
SAVE = """mutation($d: JSON!) { saveRelationshipType(input: {document: $d}) {
  result relationshipType { id relationshipType inverse impact builtIn revision } } }"""


@pytest.fixture
def plant() -> Plant:
    plant = Plant()
    plant.start()
    return plant


async def test_the_built_in_types_are_there_without_anybody_having_saved_them(plant: Plant) -> None:
    answer = await ask(plant, "{ relationshipTypes { totalCount nodes { relationshipType builtIn revision } } }")
    assert answer["relationshipTypes"] == {
        "totalCount": len(BUILT_IN),
        "nodes": [{"relationshipType": name, "builtIn": True, "revision": 0} for name in sorted(BUILT_IN)],
    }
    one = """{ relationshipType(relationshipType: "monitoring") {
      inverse impact description version createdBy document metadata revisions { nodes { number } } } }"""
    assert (await ask(plant, one))["relationshipType"] == {
        "inverse": "monitored_by",
        "impact": "NONE",
        "description": BUILT_IN["monitoring"].description,
        "version": "1.0.0",
        "createdBy": "built-in",
        "document": BUILT_IN["monitoring"].model_dump(exclude_unset=True),
        "metadata": {},
        "revisions": {"nodes": []},
    }
    assert (await ask(plant, '{ relationshipType(relationshipType: "x") { id } }'))["relationshipType"] is None


async def test_a_type_lives_through_save_update_revert_and_delete(plant: Plant) -> None:
    saved = (await ask(plant, SAVE, d=STEAM))["saveRelationshipType"]
    assert saved["result"] == "CREATED"
    assert saved["relationshipType"] | {"id": ""} == {
        "id": "",
        "relationshipType": "steam_supply",
        "inverse": "steam_supplied_by",
        "impact": "FORWARD",
        "builtIn": False,
        "revision": 1,
    }
    node = """query($id: ID!) { node(id: $id) { ... on RelationshipType { relationshipType } } }"""
    found = await ask(plant, node, id=saved["relationshipType"]["id"])
    assert found["node"] == {"relationshipType": "steam_supply"}
    update = """mutation { updateRelationshipType(input: {relationshipType: "steam_supply", patch: {impact: "both"}}) {
      result relationshipType { impact diff(from: 1) { where } } } }"""
    assert (await ask(plant, update))["updateRelationshipType"] == {
        "result": "UPDATED",
        "relationshipType": {"impact": "BOTH", "diff": [{"where": "/impact"}]},
    }
    revert = """mutation { revertRelationshipType(input: {relationshipType: "steam_supply", toRevision: 1}) {
      relationshipType { impact revision } } }"""
    assert (await ask(plant, revert))["revertRelationshipType"]["relationshipType"] == {
        "impact": "FORWARD",
        "revision": 3,
    }
    delete = """mutation { deleteRelationshipType(input: {relationshipType: "steam_supply"}) {
      definition { kind id } } }"""
    assert (await ask(plant, delete))["deleteRelationshipType"]["definition"] == {
        "kind": "RELATIONSHIP_TYPE",
        "id": "steam_supply",
    }
    history = (
        '{ definition(kind: RELATIONSHIP_TYPE, id: "steam_supply") { current { id } revisions { nodes { number } } } }'
    )
    assert (await ask(plant, history))["definition"]["current"] is None
    assert (await refused(plant, delete))["extensions"]["code"] == "RELATIONSHIP_TYPE_NOT_FOUND"


async def test_a_type_and_its_first_edge_are_saved_together(plant: Plant) -> None:
    query = """mutation($t: JSON!, $p: JSON!) { saveDefinitions(input: {documents: [
      {kind: TWIN, document: $p}, {kind: RELATIONSHIP_TYPE, document: $t}]}) { created { kind id } } }"""
    edge = {"name": "steam", "target_twin_id": "pump_123", "relationship_type": "steam_supply"}
    twin = {"twin_id": "boiler", "twin_type": "pump", "relationships": [edge]}
    created = (await ask(plant, query, t=STEAM, p=twin))["saveDefinitions"]["created"]
    assert {"kind": "RELATIONSHIP_TYPE", "id": "steam_supply"} in created
    delete = 'mutation { deleteRelationshipType(input: {relationshipType: "steam_supply"}) { deletedId } }'
    error = await refused(plant, delete)
    assert error["extensions"]["code"] == "IN_USE"
    assert "twin 'boiler'" in error["message"]
    builtin = 'mutation { deleteRelationshipType(input: {relationshipType: "control", dryRun: true}) { deletedId } }'
    assert (await refused(plant, builtin))["extensions"]["code"] == "BUILT_IN"
