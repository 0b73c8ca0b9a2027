"""The graph of twins in memory holds the very edges that RELATED does, after any history of edits, on both engines."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.commands.definitions import DefinitionCommands
from app.errors import Conflict, Invalid, NotFound
from app.graph.store import GraphStore
from app.model.catalogue import Catalogue
from app.topology.topology import Topology
from tests.commands.ports import ANN
from tests.contract.test_concurrency import commands_on
from tests.servers.graph import GraphAddress
from tests.topology.plant import TYPES, Change, changes, edges

EDGES = """
MATCH (s:Twin)-[e:RELATED]->(t:Twin)
RETURN s.twin_id AS source, t.twin_id AS target, e.name AS name, e.relationship_type AS type, e.declared_by AS owner
"""
TO_T1 = {"name": "r1", "target_twin_id": "t1"}
_STARTS: list[Change] = [
    *(("twin_type", id, {"type_id": id} | ({"extends": "device"} if id != "device" else {})) for id in TYPES),
    ("relationship_type", "steam", {"relationship_type": "steam", "impact": "both"}),
    (
        "overlay_type",
        "line",
        {
            "type_id": "line",
            "twin_roles": [
                {"role": "first", "twin_type": "device", "many": True},
                {"role": "second", "twin_type": "device", "many": True},
                {"role": "inner", "overlay_type": "line", "many": True},
            ],
            "relationship_types": [{"name": "flow", "source_role": "first", "target_role": "inner.second"}],
        },
    ),
    *(("twin", id, {"twin_id": id, "twin_type": "device", "relationships": [TO_T1]}) for id in ("t0", "t1", "t2")),
    ("overlay", "o2", {"overlay_id": "o2", "overlay_type": "line", "twins": [{"role": "second", "twin_id": "t1"}]}),
    (
        "overlay",
        "o0",
        {
            "overlay_id": "o0",
            "overlay_type": "line",
            "twins": [{"role": "first", "twin_id": "t0"}, {"role": "inner", "overlay_id": "o2"}],
        },
    ),
]


async def _do(commands: DefinitionCommands, changed: Sequence[Change]) -> bool:
    """Whether it was accepted."""
    try:
        if saved := [(kind, document) for kind, _, document in changed if document is not None]:
            await commands.save(saved, ANN)
        for kind, id, document in changed:
            if document is None:
                await commands.delete(kind, id, ANN, unbind=True)
    except (Conflict, Invalid, NotFound):
        return False
    return True


async def _stored(graph: GraphAddress) -> Counter[tuple[str, ...]]:
    return Counter(
        tuple(str(row[key]) for key in ("source", "target", "name", "type", "owner")) for row in await graph.run(EDGES)
    )


def _held(topology: Topology) -> Counter[tuple[str, ...]]:
    return Counter(
        (edge.source, edge.target, edge.name, edge.relationship_type, f"{edge.declared_by.kind}/{edge.declared_by.id}")
        for edge in edges(topology).elements()
    )


@pytest.mark.timeout(600)
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(history=st.lists(changes(), min_size=12, max_size=16))
async def test_memory_and_graph_hold_the_same_edges(
    store: GraphStore, graph: GraphAddress, history: list[list[Change]]
) -> None:
    await graph.clean()
    await store.migrate()
    commands = await commands_on(store)
    topology = Topology(commands.catalogue)
    assert await _do(commands, _STARTS)
    assert topology.edge_count == 4
    accepted = 0
    for changed in history:
        for one in changed:
            if await _do(commands, [one]):
                accepted += 1
                assert _held(topology) == await _stored(graph), one
    assert accepted > 3
    assert _held(Topology(Catalogue.of(*await store.load()))) == _held(topology), "as a start reads it"
