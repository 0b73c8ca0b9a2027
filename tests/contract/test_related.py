"""Traversal over RELATED edges, the same on both engines."""

import itertools
from collections.abc import Sequence

import pytest

from app.errors import Invalid
from app.graph.store import GraphStore
from app.graph.traversal import MAX_RESULTS
from app.model.change import Hop, RelationshipEdge
from tests.contract.samples import change, edge, pump, pump_type, stored, twin_owner


async def save_edges(store: GraphStore, edges: Sequence[RelationshipEdge]) -> None:
    ids = sorted({id for item in edges for id in (item.source_twin_id, item.target_twin_id)})
    by_source = {
        twin_owner(id): tuple(item for item in edges if item.source_twin_id == id)
        for id in {item.source_twin_id for item in edges}
    }
    await store.save(change(0, stored(pump_type()), *(stored(pump(id)) for id in ids), relationships=by_source))


async def reached(
    store: GraphStore, twin_id: str, direction: str, depth: int, types: Sequence[str] = ()
) -> list[tuple[str, int]]:
    return [(item.twin_id, item.depth) for item in await store.related(twin_id, direction, types, depth)]


CHAIN = (edge("a", "b"), edge("b", "c"), edge("c", "d"))


async def test_outgoing_incoming_and_both_follow_the_arrows(store: GraphStore) -> None:
    await save_edges(store, CHAIN)
    assert await reached(store, "b", "outgoing", 5) == [("c", 1), ("d", 2)]
    assert await reached(store, "b", "incoming", 5) == [("a", 1)]
    assert await reached(store, "b", "both", 5) == [("a", 1), ("c", 1), ("d", 2)]


async def test_depth_ends_the_walk(store: GraphStore) -> None:
    await save_edges(store, CHAIN)
    assert await reached(store, "a", "outgoing", 1) == [("b", 1)]
    assert await reached(store, "a", "outgoing", 2) == [("b", 1), ("c", 2)]
    assert await reached(store, "a", "outgoing", 0) == []
    assert await reached(store, "missing", "both", 5) == []


async def test_a_cycle_ends_and_never_comes_back_to_its_start(store: GraphStore) -> None:
    await save_edges(store, (edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("a", "a", "self")))
    assert await reached(store, "a", "outgoing", 50) == [("b", 1), ("c", 2)]
    assert await reached(store, "a", "both", 50) == [("b", 1), ("c", 1)]


async def test_each_twin_comes_once_with_a_shortest_path(store: GraphStore) -> None:
    await save_edges(
        store, (edge("a", "b"), edge("b", "d"), edge("a", "c"), edge("c", "e"), edge("e", "d"), edge("d", "f"))
    )
    found = {item.twin_id: item for item in await store.related("a", "outgoing", [], 9)}
    assert list(found) == ["b", "c", "d", "e", "f"]
    assert found["f"].path == (
        Hop("a", "b", "feeds", "physical_connection"),
        Hop("b", "d", "feeds", "physical_connection"),
        Hop("d", "f", "feeds", "physical_connection"),
    )
    assert all(len(item.path) == item.depth for item in found.values())


async def test_hops_are_given_in_the_direction_they_are_stored(store: GraphStore) -> None:
    await save_edges(store, CHAIN)
    (nearest, _, _) = await store.related("d", "incoming", [], 3)
    assert nearest.path == (Hop("c", "d", "feeds", "physical_connection"),)
    both = {item.twin_id: item.path for item in await store.related("b", "both", [], 1)}
    assert both["a"] == (Hop("a", "b", "feeds", "physical_connection"),)
    assert both["c"] == (Hop("b", "c", "feeds", "physical_connection"),)


async def test_parallel_edges_lead_to_a_twin_once_by_the_first_name(store: GraphStore) -> None:
    await save_edges(store, (edge("a", "b", "x"), edge("a", "b", "c"), edge("b", "a", "z")))
    (found,) = await store.related("a", "both", [], 3)
    assert (found.twin_id, found.path) == ("b", (Hop("a", "b", "c", "physical_connection"),))


async def test_only_the_given_relationship_types_are_followed(store: GraphStore) -> None:
    await save_edges(
        store, (edge("a", "b", kind="control"), edge("b", "c", kind="monitoring"), edge("a", "c", kind="x y"))
    )
    assert await reached(store, "a", "outgoing", 5, ["control"]) == [("b", 1)]
    assert await reached(store, "a", "outgoing", 5, ["control", "monitoring"]) == [("b", 1), ("c", 2)]
    assert await reached(store, "a", "outgoing", 5, ["no such"]) == []


async def test_an_unknown_direction_is_invalid(store: GraphStore) -> None:
    with pytest.raises(Invalid) as caught:
        await store.related("a", "sideways", [], 1)
    assert caught.value.code == "DIRECTION_INVALID"


async def test_a_mesh_with_billions_of_paths_is_walked_at_once(store: GraphStore) -> None:
    # Eight layers of eight, each fully joined to the next: 8^8 paths of length 8, and 449 edges.
    layers = [[f"l{layer}_{n}" for n in range(8)] for layer in range(8)]
    edges = [edge("start", id) for id in layers[0]]
    edges += [edge(a, b) for layer, below in itertools.pairwise(layers) for a in layer for b in below]
    await save_edges(store, edges)
    found = await store.related("start", "both", [], 10)
    assert len(found) == 64
    assert [item.depth for item in found] == sorted(layer + 1 for layer in range(8) for _ in range(8))


async def test_results_end_at_a_thousand_nearest_first(store: GraphStore) -> None:
    edges = [edge("hub", f"near_{n:04}") for n in range(600)]
    edges += [edge(f"near_{n:04}", f"far_{n:04}") for n in range(600)]
    await save_edges(store, edges)
    found = await store.related("hub", "outgoing", [], 5)
    assert len(found) == MAX_RESULTS
    assert [item.depth for item in found] == [1] * 600 + [2] * 400
