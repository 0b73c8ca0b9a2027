"""Real water networks as twins: those that come with wntr, converted with everything that water runs through.

Junctions, tanks, reservoirs, pumps, valves and pipes are twins. A link names its two ends itself (`from`, `to`): the
lack of water runs through pipes both ways, through pumps and valves forward. Pumps that lift from one node to another
are a station, an overlay. Import wntr through `wntr()` alone, in a fixture: it takes seconds.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from app.model.definitions import Kind

NETWORKS = ("Net3", "Net6", "ky4", "ky10")
Documents = list[tuple[Kind, dict[str, Any]]]
_NODE_TYPES = {"Junction": "junction", "Tank": "tank", "Reservoir": "reservoir"}
_LINK_TYPES = {"Pipe": "pipe", "Pump": "pump", "Valve": "valve"}


def wntr() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import wntr

    return wntr  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Water:
    name: str
    network: Any
    """wntr's WaterNetworkModel."""
    nodes: dict[str, str]
    """wntr's name -> twin id."""
    links: dict[str, str]

    @classmethod
    def of(cls, name: str) -> "Water":
        network = wntr().network.WaterNetworkModel(name)
        nodes = {name: _id(_NODE_TYPES[node.node_type], name) for name, node in network.nodes()}
        links = {name: _id(_LINK_TYPES[link.link_type], name) for name, link in network.links()}
        ids = [*nodes.values(), *links.values()]
        assert len(ids) == len(set(ids))
        return cls(name, network, nodes, links)

    def documents(self) -> Documents:
        """Types first; what is named is there, or in the same list."""
        return [*_types(), *self._nodes(), *self._links(), *self._stations()]

    def ends(self, link: str) -> tuple[str, str]:
        """The twin ids of the nodes at its two ends."""
        found = self.network.get_link(link)
        return self.nodes[found.start_node_name], self.nodes[found.end_node_name]

    def stations(self) -> dict[tuple[str, str], list[str]]:
        """Twin ids of pumps by those of the nodes that they lift from and to."""
        found: dict[tuple[str, str], list[str]] = {}
        for name, _ in self.network.pumps():
            found.setdefault(self.ends(name), []).append(self.links[name])
        return found

    def _nodes(self) -> Iterator[tuple[Kind, dict[str, Any]]]:
        for name, node in self.network.nodes():
            x, y = node.coordinates
            twin_type = _NODE_TYPES[node.node_type]
            location = {"site": self.name, "coordinates": {"x": float(x), "y": float(y)}}
            yield "twin", {"twin_id": self.nodes[name], "twin_type": twin_type, "location": location}

    def _links(self) -> Iterator[tuple[Kind, dict[str, Any]]]:
        for name, link in self.network.links():
            start, end = self.ends(name)
            yield (
                "twin",
                {
                    "twin_id": self.links[name],
                    "twin_type": _LINK_TYPES[link.link_type],
                    "location": {"site": self.name},
                    "relationships": [
                        {"name": "from", "target_twin_id": start},
                        {"name": "to", "target_twin_id": end},
                    ],
                },
            )

    def _stations(self) -> Iterator[tuple[Kind, dict[str, Any]]]:
        for number, ((suction, discharge), pumps) in enumerate(sorted(self.stations().items()), 1):
            yield (
                "overlay",
                {
                    "overlay_id": f"{self.name}-station-{number}",
                    "overlay_type": "pump_station",
                    "twins": [
                        {"role": "suction", "twin_id": suction},
                        {"role": "discharge", "twin_id": discharge},
                        *({"role": "pumps", "twin_id": pump} for pump in pumps),
                    ],
                },
            )


def _types() -> Documents:
    def of(relationship_type: str) -> list[dict[str, Any]]:
        return [
            {"name": "from", "relationship_type": relationship_type, "direction": "incoming", "target_type": "node"},
            {"name": "to", "relationship_type": relationship_type, "target_type": "node"},
        ]

    return [
        ("relationship_type", {"relationship_type": "water", "impact": "both"}),
        ("relationship_type", {"relationship_type": "lifted_water", "impact": "forward"}),
        ("twin_type", {"type_id": "node", "properties": [{"name": "pressure", "data_type": "float", "unit": "m"}]}),
        *(("twin_type", {"type_id": type_id, "extends": "node"}) for type_id in _NODE_TYPES.values()),
        ("twin_type", {"type_id": "pipe", "relationships": of("water")}),
        (
            "twin_type",
            {
                "type_id": "pump",
                "properties": [{"name": "running", "data_type": "boolean"}],
                "relationships": of("lifted_water"),
            },
        ),
        ("twin_type", {"type_id": "valve", "relationships": of("lifted_water")}),
        (
            "overlay_type",
            {
                "type_id": "pump_station",
                "twin_roles": [
                    {"role": "suction", "twin_type": "node"},
                    {"role": "discharge", "twin_type": "node"},
                    {"role": "pumps", "twin_type": "pump", "many": True, "required": True},
                ],
            },
        ),
    ]


def _id(twin_type: str, name: str) -> str:
    return f"{twin_type}-{re.sub(r'[^A-Za-z0-9_.:-]', '', name)}"
