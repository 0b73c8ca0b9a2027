"""The graph in memory: kept change by change it is what it would be if it were read anew."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.model.catalogue import Catalogue
from app.model.plan import OwnerKey
from app.topology.topology import Edge, Topology
from app.topology.walk import downstream
from tests.topology.plant import TYPES, Change, apply, changes, edges, told


def a_twin(twin_id: str, *targets: str, kind: str | None = "physical_connection", twin_type: str = "device") -> Change:
    relationships = [
        {"name": "to", "target_twin_id": target} | ({"relationship_type": kind} if kind else {}) for target in targets
    ]
    return "twin", twin_id, {"twin_id": twin_id, "twin_type": twin_type, "relationships": relationships}


def of(*changed: Change) -> tuple[Catalogue, Topology]:
    catalogue = Catalogue()
    apply(catalogue, *(("twin_type", id, {"type_id": id}) for id in TYPES))
    topology = Topology(catalogue)
    apply(catalogue, *changed)
    return catalogue, topology


@settings(max_examples=100, deadline=None)
@given(st.lists(changes(), max_size=12))
def test_kept_change_by_change_it_is_what_it_is_read_anew(history: list[list[Change]]) -> None:
    catalogue, topology = of()
    for changed in history:
        before, version = told(topology), topology.version
        apply(catalogue, *changed)
        after = told(topology)
        assert after == told(Topology(catalogue.copy()))
        assert after["outgoing"] == after["incoming"]
        assert topology.version > version or after == before


def test_edges_say_who_declares_them_which_way_and_in_which_group() -> None:
    rule = {"name": "fed_by", "relationship_type": "steam", "direction": "incoming", "group": "heat"}
    fed = {"name": "fed_by", "target_twin_id": "t0"}
    overlay = {
        "overlay_id": "o0",
        "relationships": [
            {"name": "own", "source_twin_id": "t0", "target_twin_id": "t0", "relationship_type": "control"},
            {"name": "lost", "source_twin_id": "t0", "target_twin_id": "nobody"},
        ],
    }
    _, topology = of(
        ("relationship_type", "steam", {"relationship_type": "steam", "impact": "both"}),
        ("twin_type", "pump", {"type_id": "pump", "relationships": [rule]}),
        a_twin("t0"),
        ("twin", "t1", {"twin_id": "t1", "twin_type": "pump", "relationships": [fed]}),
        ("overlay", "o0", overlay),
    )
    assert set(topology.all()) == {
        Edge("t0", "t1", "fed_by", "steam", OwnerKey("twin", "t1"), "heat"),
        Edge("t0", "t0", "own", "control", OwnerKey("overlay", "o0")),
    }
    assert (topology.impact("steam"), topology.impact("monitoring")) == ("both", "none")


def test_impact_edges_run_as_failure_does_and_follow_an_edit_of_the_type() -> None:
    catalogue, topology = of(a_twin("t0", "t1", kind="steam"), a_twin("t1", "t2", kind="monitoring"), a_twin("t2"))

    def said() -> set[tuple[str, str, str]]:
        found = topology.impact_edges()
        rows = zip(found.sources, found.targets, found.groups, strict=True)
        return {(topology.id(source), topology.id(target), found.names[group]) for source, target, group in rows}

    assert said() == set(), "nobody said what steam means"
    for impact, expected in (
        ("forward", {("t0", "t1", "steam")}),
        ("backward", {("t1", "t0", "steam")}),
        ("both", {("t0", "t1", "steam"), ("t1", "t0", "steam")}),
    ):
        before = topology.impact_edges()
        assert topology.impact_edges() is before, "as long as nothing changes"
        apply(catalogue, ("relationship_type", "steam", {"relationship_type": "steam", "impact": impact}))
        assert said() == expected
    apply(catalogue, ("relationship_type", "monitoring", {"relationship_type": "monitoring", "impact": "forward"}))
    assert ("t1", "t2", "monitoring") in said()


def test_a_twin_that_comes_back_finds_the_edges_that_others_declare() -> None:
    catalogue, topology = of(a_twin("t0", "t1"), a_twin("t1"), a_twin("t2", "t1"))
    held = edges(topology)
    assert len(held) == 2
    apply(catalogue, ("twin", "t1", None))
    assert (edges(topology), "t1" in topology, len(topology), topology.index("t1")) == ({}, False, 2, None)
    apply(catalogue, a_twin("t3"))
    assert topology.size == 3, "an index is used again"
    apply(catalogue, a_twin("t1"))
    assert edges(topology) == held


def test_a_change_that_moves_no_edge_leaves_the_version() -> None:
    catalogue, topology = of(a_twin("t0", "t1"), a_twin("t1"))
    version = topology.version
    apply(catalogue, ("twin_type", "device", {"type_id": "device", "description": "Anything"}), a_twin("t0", "t1"))
    assert topology.version == version
    apply(catalogue, ("twin_type", "device", {"type_id": "device", "kind": "sensor"}))
    assert topology.version == version, "the edge's type is written"
    apply(catalogue, a_twin("t0", "t1", kind=None))
    assert topology.version > version
    assert {edge.relationship_type for edge in topology.all()} == {"monitoring"}


def test_what_a_type_says_moves_the_edges_of_the_twins_below_it() -> None:
    catalogue, topology = of(
        ("twin_type", "pump", {"type_id": "pump", "extends": "device"}),
        a_twin("t0", "t1", kind=None, twin_type="pump"),
        a_twin("t1"),
    )
    assert {edge.relationship_type for edge in topology.all()} == {"physical_connection"}
    apply(catalogue, ("twin_type", "device", {"type_id": "device", "kind": "controller"}))
    assert {edge.relationship_type for edge in topology.all()} == {"control"}
    rule = {"name": "to", "direction": "incoming", "group": "feed"}
    apply(catalogue, ("twin_type", "device", {"type_id": "device", "relationships": [rule]}))
    assert [(edge.source, edge.group) for edge in topology.all()] == [("t1", "feed")]


def test_a_hub_of_thousands_grows_and_shrinks() -> None:
    """Runs move, are packed and read as one array all the while."""
    names = [f"n{number}" for number in range(3_000)]
    catalogue, topology = of(a_twin("hub"), *(a_twin(name) for name in names))
    for count in (1, 10, 3_000, 2_990, 5, 0, 700):
        apply(catalogue, a_twin("hub", *names[:count]))
        assert downstream(topology, ["hub"]) == set(names[:count])
        assert topology.edge_count == count
    apply(catalogue, *(a_twin(name, "hub") for name in names))
    assert downstream(topology, ["hub"], "incoming") == set(names)
    apply(catalogue, ("twin", "hub", None))
    assert topology.edge_count == 0


def test_downstream_follows_one_way_some_types_and_so_many_hops() -> None:
    _, topology = of(
        a_twin("a", "b", "d"), a_twin("b", "c", kind="control"), a_twin("c", "a"), a_twin("d", "d"), a_twin("e", "a")
    )
    assert downstream(topology, ["a"]) == {"b", "c", "d"}
    assert downstream(topology, ["a"], depth=1) == {"b", "d"}
    assert downstream(topology, ["a"], types=["physical_connection"]) == {"b", "d"}
    assert downstream(topology, ["a"], types=["no such"]) == set()
    assert downstream(topology, ["a"], "incoming") == {"b", "c", "e"}
    assert downstream(topology, ["d", "e", "nobody"], "both", depth=1) == {"a"}
    assert downstream(topology, [], "both") == downstream(topology, ["nobody"]) == set()


def test_nothing_is_there_before_the_first_twin() -> None:
    topology = Topology(Catalogue())
    assert (len(topology), topology.size, topology.edge_count, list(topology.all())) == (0, 0, 0, [])
    assert topology.impact_edges().sources.dtype == np.int32
    assert downstream(topology, ["a"]) == set()
