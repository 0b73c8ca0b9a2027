"""Real networks: what the graph of twins says of them is what wntr says of its own."""

from collections import Counter

import networkx
import pytest

from app.model.catalogue import Catalogue
from app.topology.topology import Topology
from app.topology.walk import downstream
from tests.topology.plant import apply
from tests.topology.water import NETWORKS, Water

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
