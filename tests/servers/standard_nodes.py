"""The 6,000 standard nodes of an OPC UA server, made once in a process: a second of work that every start would repeat.

A server gets its own copy of a node as it first looks at it, so that none sees what another wrote.
"""

import pickle
from collections.abc import Iterator, MutableMapping
from typing import Any

from asyncua import ua
from asyncua.server.internal_server import InternalServer

_made: dict[ua.NodeId, bytes] = {}


class QuickServer(InternalServer):
    async def load_standard_address_space(self, shelf_file: Any = None) -> None:
        if not _made:
            await super().load_standard_address_space()
            nodes = self.aspace._nodes
            _made.update((key, pickle.dumps(node, pickle.HIGHEST_PROTOCOL)) for key, node in nodes.items())
        self.aspace._nodes = _Nodes()  # type: ignore[assignment]  # asyncua does so itself for a shelf


class _Nodes(MutableMapping[ua.NodeId, Any]):
    """The standard ones, and those of this server alone."""

    def __init__(self) -> None:
        self._own: dict[ua.NodeId, Any] = {}
        self._deleted: set[ua.NodeId] = set()

    def __getitem__(self, key: ua.NodeId) -> Any:
        found = self._own.get(key)
        if found is None:
            if key in self._deleted:
                raise KeyError(key)
            found = self._own[key] = pickle.loads(_made[key])
        return found

    def __setitem__(self, key: ua.NodeId, node: Any) -> None:
        self._own[key] = node

    def __delitem__(self, key: ua.NodeId) -> None:
        del self._own[key]
        self._deleted.add(key)

    def __contains__(self, key: object) -> bool:
        return key in self._own or (key in _made and key not in self._deleted)

    def __iter__(self) -> Iterator[ua.NodeId]:
        yield from self._own
        yield from (key for key in _made if key not in self._own and key not in self._deleted)

    def __len__(self) -> int:
        return sum(1 for _ in self)
