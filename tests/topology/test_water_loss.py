"""Real networks: who is lost when links are closed, and what hangs together behind valves, as wntr itself says it."""

import random
import warnings
from collections.abc import Collection
from typing import Any

import networkx
import numpy as np
import pytest

from app.model.catalogue import Catalogue
from app.topology.loss import loss
from app.topology.needs import Needs
from app.topology.topology import Topology
from app.topology.upstream import upstream
from tests.topology import supply
from tests.topology.plant import apply
from tests.topology.water import NETWORKS, Documents, Water, wntr

Held = tuple[Topology, Needs]
LINKS, SEGMENTS = 20, 8
"""That are closed, or taken out, one by one."""


@pytest.fixture(scope="module", params=NETWORKS)
def water(request: pytest.FixtureRequest) -> Water:
    return Water.of(request.param)


@pytest.fixture(scope="module")
def both_ways(water: Water) -> Held:
    return held(supply.documents(water, both_ways=True))


@pytest.fixture(scope="module")
def segments(water: Water) -> tuple[Any, Any, Any]:
    """wntr's: where it places valves, and by its names the number of the segment of each node, and of each link."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = wntr().network.generate_valve_layer(water.network, "random", 60, seed=8)
        nodes, links, _ = wntr().metrics.topographic.valve_segments(water.network.to_graph(), layer)
    return layer, nodes, links


def held(documents: Documents) -> Held:
    catalogue = Catalogue()
    topology = Topology(catalogue)
    apply(catalogue, *((kind, "", document) for kind, document in documents))
    edges = topology.impact_edges()
    assert edges.names == ("water",)
    return topology, Needs(topology.size, edges.sources, edges.targets, edges.groups)


def lost(topology: Topology, needs: Needs, *removed: str) -> set[str]:
    return set(topology.ids(loss(needs, topology.indexes(removed)).lost))


def some_links(water: Water) -> list[list[str]]:
    """One by one, and some at once."""
    dice, names = random.Random(water.name), sorted(water.links)
    return [[name] for name in dice.sample(names, LINKS)] + [dice.sample(names, size) for size in (2, 5, 20, 60)]


class Isolation:
    """wntr's simulator, asked only for the junctions that it takes for cut off from every source."""

    def __init__(self, network: Any) -> None:
        self.network = network
        for _, link in network.links():
            link.initial_status = "Open"
        self._simulator = wntr().sim.WNTRSimulator(network)

    def of(self, closed: Collection[str]) -> set[str]:
        for name in closed:
            self.network.get_link(name).initial_status = "Closed"
        self.network.reset_initial_values()
        core, simulator = wntr().sim.core, self._simulator
        simulator._initialize_name_id_maps()
        simulator._initialize_internal_graph()
        graph = simulator._internal_graph
        isolated = np.ones(self.network.num_nodes, simulator._int_dtype)
        core.check_for_isolated_junctions(
            simulator._source_ids, isolated, graph.indptr, graph.indices, graph.data, simulator._number_of_connections
        )
        for name in closed:
            self.network.get_link(name).initial_status = "Open"
        return {simulator._node_id_to_name[number] for number in np.flatnonzero(isolated)}


def test_closing_links_costs_the_junctions_that_wntr_takes_for_isolated(water: Water, both_ways: Held) -> None:
    topology, needs = both_ways
    isolation = Isolation(water.network)
    assert not isolation.of([])
    cut_off = 0
    for links in some_links(water):
        wanted = {water.nodes[name] for name in isolation.of(links)}
        found = lost(topology, needs, *(water.links[name] for name in links))
        assert found & set(water.nodes.values()) == wanted, links
        cut_off += len(wanted)
    assert cut_off > 0


def test_water_that_pumps_and_valves_pass_one_way_is_lost_as_in_wntrs_graph(water: Water) -> None:
    topology, needs = held(supply.documents(water, both_ways=False))
    graph = water.network.to_graph()
    pipes = set(water.network.pipe_name_list)
    graph.add_edges_from([(end, start, key) for start, end, key in graph.edges(keys=True) if key in pipes])

    def supplied(closed: Collection[str]) -> set[str]:
        ways = networkx.DiGraph((start, end) for start, end, key in graph.edges(keys=True) if key not in closed)
        ways.add_edges_from(("everywhere", source) for source in supply.sources_of(water))
        return set(networkx.descendants(ways, "everywhere"))

    before = supplied(())
    for links in some_links(water):
        wanted = {water.nodes[name] for name in before - supplied(links)}
        found = lost(topology, needs, *(water.links[name] for name in links)) & {water.nodes[id] for id in before}
        assert found == wanted, links


def test_taking_a_valve_segment_out_costs_it_and_whoever_is_cut_off(
    water: Water, both_ways: Held, segments: tuple[Any, Any, Any]
) -> None:
    topology, needs = both_ways
    _, nodes, links = segments
    isolation = Isolation(water.network)
    sources = set(supply.sources_of(water))
    numbers = sorted(set(nodes[[name for name in nodes.index if name not in sources]]))
    for number in random.Random(water.name).sample(numbers, min(SEGMENTS, len(numbers))):
        inside = [name for name in nodes.index[nodes == number] if name not in sources]
        around = {name for node in inside for name in water.network.get_links_for_node(node)}
        shut = around | set(links.index[links == number])
        wanted = {water.nodes[name] for name in isolation.of(shut)}
        taken = [*(water.nodes[name] for name in inside), *(water.links[name] for name in shut)]
        assert lost(topology, needs, *taken) & set(water.nodes.values()) == wanted | {water.nodes[id] for id in inside}


def test_behind_shut_valves_a_twin_depends_on_its_segment_and_on_nothing_else(
    water: Water, segments: tuple[Any, Any, Any]
) -> None:
    layer, nodes, links = segments
    shut = {(water.links[row.link], water.nodes[row.node]) for row in layer.itertuples()}
    documents: Documents = [
        ("relationship_type", {"relationship_type": "water", "impact": "both"}),
        ("twin_type", {"type_id": "part"}),
        *(("twin", {"twin_id": twin_id, "twin_type": "part"}) for twin_id in water.nodes.values()),
    ]
    for name, twin_id in water.links.items():
        ends = [end for end in dict.fromkeys(water.ends(name)) if (twin_id, end) not in shut]
        edges = [{"name": end, "target_twin_id": end, "relationship_type": "water"} for end in ends]
        documents.append(("twin", {"twin_id": twin_id, "twin_type": "part", "relationships": edges}))
    topology, needs = held(documents)
    for number in sorted(set(nodes) | set(links)):
        segment = {water.nodes[name] for name in nodes.index[nodes == number]}
        segment |= {water.links[name] for name in links.index[links == number]}
        depth = upstream(needs, topology.indexes([min(segment)]))
        assert set(topology.ids(np.flatnonzero(depth >= 0).astype(np.int32))) == segment
