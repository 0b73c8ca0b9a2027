"""Definitions that change at random, and what a Topology holds written so that two can be compared."""

from collections import Counter
from typing import Any

from hypothesis import strategies as st

from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange, StoredDefinition
from app.model.definitions import MODELS, Kind, id_of
from app.topology.topology import Edge, Topology
from tests.api.parts import NOON

TWINS = [f"t{number}" for number in range(7)]
OVERLAYS = [f"o{number}" for number in range(4)]
TYPES = ["device", "pump", "watcher"]
RELATIONSHIP_TYPES = ["control", "control_relationship", "monitoring", "physical_connection", "steam"]
Change = tuple[Kind, str, dict[str, Any] | None]
"""None: it is deleted."""


def _of(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A document; a field that comes out as None is not written."""
    return st.fixed_dictionaries(fields).map(lambda found: {k: v for k, v in found.items() if v is not None})


def _some(item: st.SearchStrategy[Any], by: Any = str, most: int = 3) -> st.SearchStrategy[list[Any]]:
    return st.lists(item, max_size=most, unique_by=by)


_relationship_types = st.none() | st.sampled_from(RELATIONSHIP_TYPES)
_groups = st.none() | st.sampled_from(["g1", "g2"])
_lifecycles = st.sampled_from(["active", "active", "active", "suspended", "draft", "retired"])
_twins = st.sampled_from(TWINS)
_role_paths = st.sampled_from(["first", "second", "inner.first", "inner.second"])
_relationships = _some(
    _of(
        name=st.sampled_from(["r1", "r2"]),
        target_twin_id=st.sampled_from([*TWINS, "nobody"]),
        relationship_type=_relationship_types,
        direction=st.sampled_from([None, "incoming", "outgoing"]),
        group=_groups,
    ),
    lambda item: (item["name"], item["target_twin_id"]),
)
_rules = _some(
    _of(
        name=st.sampled_from(["r1", "r2"]),
        relationship_type=_relationship_types,
        direction=st.sampled_from(["incoming", "outgoing"]),
        group=_groups,
    ),
    lambda item: item["name"],
)
_overlay_relationships = _some(
    _of(
        name=st.sampled_from(["own", "flow"]),
        source_twin_id=_twins,
        target_twin_id=_twins,
        relationship_type=_relationship_types,
        group=_groups,
    ),
    lambda item: item["name"],
)
_role_relationships = _some(
    _of(
        name=st.sampled_from(["flow", "back"]),
        source_role=_role_paths,
        target_role=_role_paths,
        relationship_type=_relationship_types,
        group=_groups,
    ),
    lambda item: item["name"],
)


@st.composite
def _bindings(draw: st.DrawFn) -> list[dict[str, str]]:
    found = [{"role": role, "twin_id": id} for role in ("first", "second") for id in draw(_some(_twins, most=2))]
    # Overlays contain those with a higher number alone, so that none contains itself.
    return found + [{"role": "inner", "overlay_id": id} for id in draw(_some(st.sampled_from(OVERLAYS[2:]), most=2))]


@st.composite
def _overlays(draw: st.DrawFn, overlay_id: str) -> dict[str, Any]:
    bindings = draw(_bindings())
    if overlay_id in OVERLAYS[2:]:
        bindings = [item for item in bindings if "twin_id" in item]
    return {
        "overlay_id": overlay_id,
        "overlay_type": "line",
        "lifecycle": draw(_lifecycles),
        "twins": bindings,
        "relationships": draw(_overlay_relationships),
    }


def _overlay_type(relationships: list[dict[str, Any]], first: str) -> dict[str, Any]:
    roles = [
        {"role": "first", "twin_type": first, "many": True},
        {"role": "second", "twin_type": "device", "many": True},
        {"role": "inner", "overlay_type": "line", "many": True},
    ]
    return {"type_id": "line", "twin_roles": roles, "relationship_types": relationships}


def _saved(kind: Kind, id: str, document: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Change]:
    return document.map(lambda found: (kind, id, found))


def changes() -> st.SearchStrategy[list[Change]]:
    """What one transaction changes, every definition at most once."""
    twin = _twins.flatmap(
        lambda id: _saved(
            "twin", id, _of(twin_id=st.just(id), twin_type=st.sampled_from(TYPES), relationships=_relationships)
        )
    )
    overlay = st.sampled_from(OVERLAYS).flatmap(lambda id: _saved("overlay", id, _overlays(id)))
    twin_type = st.sampled_from(TYPES).flatmap(
        lambda id: _saved(
            "twin_type",
            id,
            _of(
                type_id=st.just(id),
                kind=st.sampled_from([None, "sensor", "controller", "equipment"]),
                extends=st.none() if id == "device" else st.sampled_from([None, "device"]),
                relationships=_rules,
            ),
        )
    )
    overlay_type = _saved("overlay_type", "line", st.builds(_overlay_type, _role_relationships, st.sampled_from(TYPES)))
    relationship_type = st.sampled_from(["steam", "control"]).flatmap(
        lambda id: _saved(
            "relationship_type",
            id,
            _of(relationship_type=st.just(id), impact=st.sampled_from(["forward", "backward", "both", "none"])),
        )
    )
    gone: st.SearchStrategy[Change] = st.one_of(
        _twins.map(lambda id: ("twin", id, None)),
        st.sampled_from(OVERLAYS).map(lambda id: ("overlay", id, None)),
        st.sampled_from(["steam", "control"]).map(lambda id: ("relationship_type", id, None)),
    )
    one = st.one_of(twin, twin, overlay, overlay, twin_type, overlay_type, relationship_type, gone)
    return st.lists(one, min_size=1, max_size=4, unique_by=lambda change: change[:2])


def apply(catalogue: Catalogue, *changed: Change) -> None:
    """As the graph would have committed it; checked by nobody."""
    saved, removed = [], []
    for kind, id, document in changed:
        if document is None:
            removed.append((kind, id))
        else:
            definition = MODELS[kind].model_validate(document)
            saved.append(StoredDefinition(kind, id_of(definition), definition, 1, 1, NOON, "ann", NOON, "ann"))
    catalogue.apply(DefinitionChange(catalogue.revision, NOON, "ann", "", tuple(saved), tuple(removed)))


def edges(topology: Topology) -> Counter[Edge]:
    return Counter(topology.all())


def told(topology: Topology) -> dict[str, Any]:
    """Everything that it says, without the numbers that it says it by."""
    found = topology.impact_edges()
    columns = zip(found.sources.tolist(), found.targets.tolist(), found.groups.tolist(), strict=True)
    return {
        "twins": sorted(edge for edge in topology.ids(topology.indexes(TWINS))),
        "outgoing": edges(topology),
        "incoming": Counter(edge for id in TWINS if id in topology for edge in _edges_to(topology, id)),
        "count": topology.edge_count,
        "labels": {label for _, label in topology.labels.items()},
        "impact": Counter((topology.id(s), topology.id(t), found.names[group]) for s, t, group in columns),
    }


def _edges_to(topology: Topology, twin_id: str) -> list[Edge]:
    here = _index(topology, twin_id)
    return [topology.edge(entry.other, here, entry.label, entry.declarer) for entry in topology.incoming.entries(here)]


def _index(topology: Topology, twin_id: str) -> int:
    found = topology.index(twin_id)
    assert found is not None
    return found
