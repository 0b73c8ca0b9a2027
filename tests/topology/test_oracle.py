"""What is asked of the graph in memory, asked of networkx as well, on random graphs with parallel edges and loops."""

from collections import Counter
from typing import Any

import networkx
from hypothesis import given, settings
from hypothesis import strategies as st

from app.model.catalogue import Catalogue
from app.topology.components import Components
from app.topology.paths import ShortestPaths
from app.topology.subgraph import subgraph
from app.topology.topology import Topology, Way
from app.topology.walk import Hop, Walk, downstream
from tests.topology.plant import apply

NAMES = [f"n{number:02}" for number in range(12)]
TYPES = ["steam", "water"]
Drawn = tuple[Topology, networkx.MultiDiGraph]

ways = st.sampled_from(["incoming", "outgoing", "both"])
types = st.sampled_from([(), ("steam",), ("water",), ("steam", "water")])
names = st.sampled_from(NAMES)
asked = settings(max_examples=250, deadline=None)


@st.composite
def graphs(draw: st.DrawFn) -> Drawn:
    edges = draw(st.lists(st.tuples(names, names, st.sampled_from(TYPES)), max_size=30))
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from(NAMES)
    documents: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
    for number, (source, target, kind) in enumerate(edges):
        graph.add_edge(source, target, key=f"e{number}", type=kind)
        documents[source].append({"name": f"e{number}", "target_twin_id": target, "relationship_type": kind})
    catalogue = Catalogue()
    topology = Topology(catalogue)
    apply(catalogue, ("twin_type", "device", {"type_id": "device"}))
    apply(
        catalogue,
        *(
            ("twin", name, {"twin_id": name, "twin_type": "device", "relationships": found})
            for name, found in documents.items()
        ),
    )
    return topology, graph


def seen(graph: networkx.MultiDiGraph, way: Way, wanted: tuple[str, ...]) -> networkx.MultiDiGraph:
    """As a walk that way over edges of those types sees it: every edge leads forward."""
    found = networkx.MultiDiGraph()
    found.add_nodes_from(graph)
    for source, target, key, kind in graph.edges(keys=True, data="type"):
        if not wanted or kind in wanted:
            if way != "incoming":
                found.add_edge(source, target, key=(key, "outgoing"))
            if way != "outgoing":
                found.add_edge(target, source, key=(key, "incoming"))
    return found


def _index(topology: Topology, name: str) -> int:
    found = topology.index(name)
    assert found is not None
    return found


def _steps(hops: tuple[Hop, ...]) -> list[str]:
    """The twins that a path goes through; every hop goes on where the last ended."""
    at: list[str] = []
    for hop in hops:
        ends = (hop.edge.source, hop.edge.target) if hop.direction == "outgoing" else hop.edge[1::-1]
        assert not at or at[-1] == ends[0]
        at += ends if not at else ends[1:]
        for other in hop.parallel:
            assert {other.source, other.target} == {hop.edge.source, hop.edge.target}
    return at


def _edges_of(hop: Hop, graph: networkx.MultiDiGraph, before: str, after: str) -> bool:
    """Whether the hop's edge and those beside it are all that lead from one to the other."""
    told = Counter(edge.name for edge in (hop.edge, *hop.parallel))
    return told == Counter(key for key, _ in graph[before][after])


@asked
@given(graphs(), names, ways, types, st.integers(0, 6))
def test_twins_are_as_far_as_networkx_has_them_with_a_path_of_that_length(
    drawn: Drawn, start: str, way: Way, wanted: tuple[str, ...], depth: int
) -> None:
    topology, graph = drawn
    view = seen(graph, way, wanted)
    walk = Walk(topology, way, wanted)
    levels = [topology.ids(level) for level in walk.levels(topology.indexes([start]), depth)]
    found = {name: at for at, level in enumerate(levels, 1) for name in level}
    expected = networkx.single_source_shortest_path_length(view, start, depth)
    assert {start: 0, **found} == expected
    assert sum(map(len, levels)) == len(found), "each comes once"
    assert downstream(topology, [start], way, wanted, depth) == set(found)
    for name, at in found.items():
        hops = walk.path(_index(topology, name))
        steps = _steps(hops)
        assert (len(hops), steps[0], steps[-1]) == (at, start, name)
        for hop, before, after in zip(hops, steps, steps[1:], strict=False):
            assert _edges_of(hop, view, before, after)


@asked
@given(graphs(), st.lists(names, min_size=2, max_size=2, unique=True), ways, types, st.integers(1, 6))
def test_all_shortest_paths_are_those_of_networkx(
    drawn: Drawn, ends: list[str], way: Way, wanted: tuple[str, ...], depth: int
) -> None:
    topology, graph = drawn
    view = seen(graph, way, wanted)
    start, end = ends
    asked = ShortestPaths(topology, _index(topology, start), _index(topology, end), way, wanted, depth)
    expected: set[tuple[str, ...]] = set()
    if networkx.has_path(view, start, end):
        expected = {tuple(path) for path in networkx.all_shortest_paths(networkx.DiGraph(view), start, end)}
    length = len(min(expected)) - 1 if expected else None
    if length is None or length > depth:
        assert (asked.length, list(asked.paths())) == (None, [])
        return
    assert asked.length == length
    found = list(asked.paths())
    told = [tuple(_steps(hops)) for hops in found]
    assert set(told) == expected
    assert told == sorted(told), "each comes once, in order"
    for hops, steps in zip(found, told, strict=True):
        for hop, before, after in zip(hops, steps, steps[1:], strict=False):
            assert _edges_of(hop, view, before, after)


@asked
@given(
    graphs(),
    st.lists(names, min_size=1, max_size=3, unique=True),
    ways,
    types,
    st.integers(0, 4),
    st.none() | st.sets(names),
    st.integers(1, 12),
    st.integers(0, 30),
)
def test_a_subgraph_has_who_is_near_and_every_edge_among_them(
    drawn: Drawn,
    around: list[str],
    way: Way,
    wanted: tuple[str, ...],
    depth: int,
    through: set[str] | None,
    max_nodes: int,
    max_edges: int,
) -> None:
    topology, graph = drawn
    view = seen(graph, way, wanted)
    mask = None
    if through is not None:
        mask = topology.marked(through)
        view = networkx.subgraph_view(view, filter_node=lambda name: name in through or name in around)
    found = subgraph(topology, topology.indexes(around), way, wanted, mask, depth, max_nodes, max_edges)

    lengths = [networkx.single_source_shortest_path_length(view, name, depth) for name in around]
    expected = {
        name: min(known[name] for known in lengths if name in known) for name in {n for k in lengths for n in k}
    }
    in_order = sorted(expected.items(), key=lambda item: (item[1], item[0]))
    assert list(found.nodes) == in_order[:max_nodes]
    assert found.nodes_left_out == len(expected) - len(found.nodes)
    shown = {name for name, _ in found.nodes}
    among = Counter(
        (source, target, key)
        for source, target, key, kind in graph.subgraph(shown).edges(keys=True, data="type")
        if not wanted or kind in wanted
    )
    told = Counter((edge.source, edge.target, edge.name) for edge in found.edges)
    assert told <= among
    assert (told.total(), found.edges_left_out) == (
        min(max_edges, among.total()),
        max(0, among.total() - max_edges),
    )


@asked
@given(graphs(), types, st.none() | st.sets(names), st.integers(1, 3), st.integers(0, 5))
def test_components_are_those_of_networkx_largest_first(
    drawn: Drawn, wanted: tuple[str, ...], members: set[str] | None, min_size: int, cut: int
) -> None:
    topology, graph = drawn
    view = seen(graph, "both", wanted).subgraph(NAMES if members is None else members)
    found = Components(topology, wanted, members, min_size)
    expected = [sorted(item) for item in networkx.weakly_connected_components(view) if len(item) >= min_size]
    told = [list(item.members) for item in found.page(0, 100)]
    assert told == sorted(expected, key=lambda ids: (-len(ids), ids[0]))
    assert len(found) == len(expected)
    if cut < len(told):
        assert found.after(len(told[cut]), told[cut][0]) == cut + 1


def test_a_long_line_and_a_comb_hang_together_in_few_rounds() -> None:
    """Twins whose ids run against the line, and one with a tooth at every twin."""
    catalogue = Catalogue()
    apply(catalogue, ("twin_type", "device", {"type_id": "device"}))
    order = [f"m{(number * 7919) % 2003:04}" for number in range(2_000)]
    for prefix in ("", "tooth_"):
        documents = []
        for before, after in zip(order, [*order[1:], ""], strict=True):
            target = after if not prefix else before
            to = [{"name": "r", "target_twin_id": target, "relationship_type": "steam"}] if target else []
            documents.append(
                ("twin", prefix + before, {"twin_id": prefix + before, "twin_type": "device", "relationships": to})
            )
        apply(catalogue, *documents)  # type: ignore[arg-type]
    topology = Topology(catalogue)
    found = Components(topology, (), None, 1)
    assert [len(item.members) for item in found.page(0, 10)] == [4_000]
    asked = ShortestPaths(
        topology, _index(topology, order[0]), _index(topology, "tooth_" + order[-1]), "both", (), 10_000
    )
    assert asked.length == 2_000
    assert len(list(asked.paths())) == 1
