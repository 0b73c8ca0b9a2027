"""Real networks: what the graph of twins says of them is what wntr says of its own."""

from collections import Counter

import networkx
import pytest

from app.model.catalogue import Catalogue
from app.topology.components import Components
from app.topology.paths import ShortestPaths
from app.topology.topology import Topology
from app.topology.walk import downstream
from tests.topology.plant import apply
from tests.topology.water import NETWORKS, Water, wntr

Held = tuple[Water, Topology]


@pytest.fixture(scope="module", params=NETWORKS)
def held(request: pytest.FixtureRequest) -> Held:
    water, catalogue = Water.of(request.param), Catalogue()
    topology = Topology(catalogue)
    apply(catalogue, *((kind, "", document) for kind, document in water.documents()))
    return water, topology


def test_every_node_and_link_is_a_twin_and_every_end_an_edge(held: Held) -> None:
    water, topology = held
    assert len(topology) == water.network.num_nodes + water.network.num_links
    assert Counter((edge.source, edge.target) for edge in topology.all()) == Counter(
        pair
        for name, twin_id in water.links.items()
        for pair in ((water.ends(name)[0], twin_id), (twin_id, water.ends(name)[1]))
    )


def test_what_is_downstream_is_what_wntrs_graph_leads_to(held: Held) -> None:
    water, topology = held
    graph, nodes = water.network.to_graph(), set(water.nodes.values())
    for name in water.network.reservoir_name_list + water.network.tank_name_list:
        wanted = {water.nodes[found] for found in networkx.descendants(graph, name)}
        assert downstream(topology, [water.nodes[name]]) & nodes == wanted
        whole = networkx.node_connected_component(graph.to_undirected(), name) - {name}
        assert downstream(topology, [water.nodes[name]], "both") & nodes == {water.nodes[id] for id in whole}


def test_components_are_those_of_wntrs_graph(held: Held) -> None:
    water, topology = held
    graph, nodes = water.network.to_graph().to_undirected(), set(water.nodes.values())
    found = Components(topology, (), None, 1)
    told = [set(item.members) & nodes for item in found.page(0, len(found))]
    expected = [{water.nodes[name] for name in item} for item in networkx.connected_components(graph)]
    assert sorted(map(sorted, told)) == sorted(map(sorted, expected))


def test_the_way_from_a_source_to_the_farthest_node_is_as_long_as_in_wntrs_graph(held: Held) -> None:
    water, topology = held
    graph = water.network.to_graph().to_undirected()
    source = water.network.reservoir_name_list[0]
    lengths = networkx.single_source_shortest_path_length(graph, source)
    farthest = max(lengths, key=lambda name: (lengths[name], name))
    start, end = topology.indexes([water.nodes[source], water.nodes[farthest]]).tolist()
    asked = ShortestPaths(topology, start, end, "both", (), 10_000)
    assert asked.length == 2 * lengths[farthest], "a link is a twin of its own between two nodes"
    first = next(asked.paths())
    assert {hop.edge.relationship_type for hop in first} <= {"water", "lifted_water"}


def test_what_hangs_together_between_valves_are_wntrs_segments(held: Held) -> None:
    """An edge with a valve on it is of a type of its own here, which is not followed."""
    water, _ = held
    layer = wntr().network.generate_valve_layer(water.network, "random", water.network.num_links // 3, seed=4)
    valved = {(water.nodes[row.node], water.links[row.link]) for row in layer.itertuples()}
    documents = water.documents()
    for _, document in documents:
        for item in document.get("relationships", ()):
            if (item.get("target_twin_id"), document.get("twin_id")) in valved:
                item["relationship_type"] = "valved"
    catalogue = Catalogue()
    apply(catalogue, *((kind, "", document) for kind, document in documents))
    found = Components(Topology(catalogue), ("water", "lifted_water"), None, 1)

    node_segments, link_segments, _ = wntr().metrics.valve_segments(water.network.to_graph(), layer)
    expected: dict[int, list[str]] = {}
    for segments, ids in ((node_segments, water.nodes), (link_segments, water.links)):
        for name, segment in segments.items():
            expected.setdefault(segment, []).append(ids[name])
    told = [list(item.members) for item in found.page(0, len(found))]
    assert len(told) > len(layer) // 3
    assert sorted(told) == sorted(sorted(ids) for ids in expected.values())
