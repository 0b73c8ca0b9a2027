"""Relationship types in the graph, the same on both engines: the built-in ones are nodes without a document."""

from typing import Any

from app.graph.store import GraphStore
from app.model.definitions import RelationshipType, to_document
from app.model.relationship_types import BUILT_IN
from tests.contract.samples import change, plant, stored
from tests.servers.graph import GraphAddress

STEAM = RelationshipType(relationship_type="steam_supply", inverse="steam_supplied_by", impact="both")
OWN_CONTROL = RelationshipType(relationship_type="control", impact="none")


async def nodes(graph: GraphAddress) -> dict[Any, tuple[Any, Any]]:
    rows = await graph.run("MATCH (k:RelationshipType) RETURN k.name AS name, k.impact AS impact, k.inverse AS inverse")
    return {row["name"]: (row["impact"], row["inverse"]) for row in rows}


BUILT_IN_NODES = {name: (item.impact, item.inverse) for name, item in BUILT_IN.items()}


async def test_the_built_in_types_are_there_from_the_start_and_are_no_definitions(
    store: GraphStore, graph: GraphAddress
) -> None:
    assert await nodes(graph) == BUILT_IN_NODES
    assert await store.load() == (0, [])
    assert await store.migrate() == []
    assert await nodes(graph) == BUILT_IN_NODES


async def test_a_type_is_saved_loaded_changed_and_deleted(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(change(0, stored(STEAM)))
    _, (loaded,) = await store.load()
    assert (loaded.kind, loaded.id, to_document(loaded.definition)) == (
        "relationship_type",
        "steam_supply",
        to_document(STEAM),
    )
    assert (await nodes(graph))["steam_supply"] == ("both", "steam_supplied_by")
    await store.save(change(1, stored(STEAM.model_copy(update={"impact": "none", "inverse": None}), 2)))
    assert (await nodes(graph))["steam_supply"] == ("none", None)
    await store.save(change(2, removed=[("relationship_type", "steam_supply")]))
    assert await nodes(graph) == BUILT_IN_NODES
    assert [item.number for item in await store.revisions("relationship_type", "steam_supply")] == [3, 2, 1]


async def test_an_overridden_built_in_type_stays_so_over_a_start_and_comes_back_when_that_is_deleted(
    store: GraphStore, graph: GraphAddress
) -> None:
    await store.save(change(0, stored(OWN_CONTROL)))
    await store.migrate()
    assert (await nodes(graph))["control"] == ("none", None)
    await store.save(change(1, removed=[("relationship_type", "control")]))
    assert await nodes(graph) == BUILT_IN_NODES
    assert await store.load() == (2, [])


async def test_a_reader_of_the_graph_joins_edges_to_their_impact(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    rows = await graph.run(
        "MATCH (s:Twin)-[e:RELATED]->(t:Twin), (k:RelationshipType) WHERE k.name = e.relationship_type "
        "RETURN s.twin_id AS source, k.impact AS impact ORDER BY source"
    )
    assert rows == [{"source": "pump_1", "impact": "forward"}, {"source": "pump_2", "impact": "forward"}]
