"""Relationship types over GraphQL, the built-in ones among them; and what edges and rules show of them."""

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


async def test_edges_show_the_type_in_effect_with_its_impact_and_inverse(plant: Plant) -> None:
    plant.save(
        ("twin_type", {"type_id": "probe", "kind": "sensor"}),
        (
            "twin",
            {
                "twin_id": "probe_1",
                "twin_type": "probe",
                "relationships": [{"name": "watches", "target_twin_id": "pump_123"}],
            },
        ),
    )
    query = """{ twin(twinId: "probe_1") { document relationships { nodes {
      name relationshipType sourceTwinId impact inverse type { description } target { twinId } } } } }"""
    found = (await ask(plant, query))["twin"]
    assert found["relationships"]["nodes"] == [
        {
            "name": "watches",
            "relationshipType": "monitoring",
            "sourceTwinId": "probe_1",
            "impact": "NONE",
            "inverse": "monitored_by",
            "type": {"description": BUILT_IN["monitoring"].description},
            "target": {"twinId": "pump_123"},
        }
    ]
    assert found["document"]["relationships"] == [{"name": "watches", "target_twin_id": "pump_123"}]
    query = """{ overlay(overlayId: "cellar") { relationships { nodes { relationshipType impact inverse } } }
      overlayType(typeId: "pumping") { relationships { relationshipType impact inverse } } }"""
    answer = await ask(plant, query)
    edge = {"relationshipType": "physical_connection", "impact": "FORWARD", "inverse": "connected_from"}
    assert (answer["overlay"]["relationships"]["nodes"], answer["overlayType"]["relationships"]) == ([edge], [edge])


async def test_a_type_shows_the_rules_for_its_twins_with_those_above(plant: Plant) -> None:
    rules = [{"name": "outlet", "target_type": "valve", "multiplicity": "1..*", "relationship_type": "control"}]
    plant.save(
        ("twin_type", {"type_id": "feeder", "relationships": rules}),
        ("twin_type", {"type_id": "big_feeder", "extends": "feeder", "relationships": [{"name": "any"}]}),
    )
    query = """{ twinType(typeId: "big_feeder") { relationships {
      name description relationshipType direction targetType multiplicity } } }"""
    assert (await ask(plant, query))["twinType"]["relationships"] == [
        {
            "name": "outlet",
            "description": "",
            "relationshipType": "control",
            "direction": "OUTGOING",
            "targetType": "valve",
            "multiplicity": "1..*",
        },
        {
            "name": "any",
            "description": "",
            "relationshipType": None,
            "direction": "OUTGOING",
            "targetType": None,
            "multiplicity": "0..*",
        },
    ]
    save = """mutation($d: JSON!) { saveTwin(input: {document: $d}) { result } }"""
    wrong = {"name": "outlt", "target_twin_id": "valve_234"}
    error = await refused(plant, save, d={"twin_id": "f", "twin_type": "feeder", "relationships": [wrong]})
    assert [(item["code"], item["path"], item["hint"]) for item in error["extensions"]["problems"]] == [
        ("UNKNOWN_RELATIONSHIP", "/relationships/0/name", "did you mean 'outlet'?"),
        ("RELATIONSHIP_MISSING", "/relationships", "add 'outlet'"),
    ]
