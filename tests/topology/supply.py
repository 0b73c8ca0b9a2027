"""The water networks of wntr as what is supplied by what: water.py's twins, with edges that say who needs whom.

Reservoirs and tanks need nobody. A junction needs one of the links at it that are open, a pipe one of its ends; a pump
or a valve needs the end that it draws from, or either where `both_ways` (wntr's own connectivity has no directions).
"""

from typing import Any

from tests.topology.water import Documents, Water


def documents(water: Water, *, both_ways: bool) -> Documents:
    return [
        ("relationship_type", {"relationship_type": "water", "impact": "both"}),
        ("relationship_type", {"relationship_type": "supply", "impact": "forward"}),
        ("twin_type", {"type_id": "part"}),
        *(("twin", {"twin_id": twin_id, "twin_type": "part"}) for twin_id in water.nodes.values()),
        *(("twin", _link(water, name, both_ways)) for name in water.links),
    ]


def _link(water: Water, name: str, both_ways: bool) -> dict[str, Any]:
    link = water.network.get_link(name)
    free = both_ways or link.link_type == "Pipe"
    sources = {water.nodes[name] for name in sources_of(water)}
    start, end = water.ends(name)
    edges = [_edge("from", start, "water" if free else "supply", incoming=True, source=start in sources)]
    if free or end not in sources:
        edges.append(_edge("to", end, "water" if free else "supply", incoming=False, source=end in sources))
    return {"twin_id": water.links[name], "twin_type": "part", "relationships": edges}


def _edge(name: str, node: str, relationship_type: str, *, incoming: bool, source: bool) -> dict[str, Any]:
    """One group, so that any link will do; from a source it leads away only."""
    return {
        "name": name,
        "target_twin_id": node,
        "relationship_type": "supply" if source else relationship_type,
        "direction": "incoming" if incoming or source else "outgoing",
        "group": "water",
    }


def sources_of(water: Water) -> list[str]:
    """wntr's names of reservoirs and tanks."""
    return [*water.network.reservoir_name_list, *water.network.tank_name_list]
