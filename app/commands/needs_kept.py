"""What every twin needs, made anew when somebody asks and the topology is another one than last time.

Making it of a million edges takes most of a second, on a thread; the loop goes on deciding.
"""

import asyncio
from dataclasses import dataclass

from app.errors import Unavailable
from app.off_loop import elsewhere
from app.topology.needs import Needs
from app.topology.topology import Topology

TRIES = 5
"""Of what begins again where definitions change meanwhile."""


@dataclass(frozen=True, slots=True)
class Kept:
    version: int
    """Of the topology that it is made of."""
    needs: Needs
    groups: tuple[str, ...]
    """By number, the names of groups."""


class NeedsKept:
    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._kept: Kept | None = None
        self._making = asyncio.Lock()

    async def current(self) -> Kept:
        """Of the topology as it is when this is asked; it may be another one by the time of the answer."""
        if self._kept is None or self._kept.version != self._topology.version:
            async with self._making:
                if self._kept is None or self._kept.version != self._topology.version:
                    version, edges = self._topology.version, self._topology.impact_edges()
                    size = self._topology.size
                    made = await elsewhere(len(edges.sources), Needs, size, edges.sources, edges.targets, edges.groups)
                    self._kept = Kept(version, made, edges.names)
        return self._kept


def moving() -> Unavailable:
    return Unavailable(
        "definitions changed again and again while this was reckoned",
        code="DEFINITIONS_MOVING",
        hint="ask again once they are saved",
    )
