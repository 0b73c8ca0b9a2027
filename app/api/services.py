"""Everything the API talks to, in one frozen record that main fills and requests carry.

The API translates and never decides: what is not reachable from here, it has no business with.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry

from app.api.going import Going
from app.api.live.live_queries import LiveQueries
from app.api.renderings import Renderings
from app.api.replays import Replays
from app.api.sharing import Sharing
from app.api.sight import Everybody
from app.commands.commands import Commands
from app.commands.uses import Uses
from app.find.finder import Finder
from app.find.traversals import Traversals
from app.model.catalogue import Catalogue
from app.model.ledger import Ledger
from app.model.live import GraphState
from app.model.space import Space
from app.ports import Clock, Devices, LiveView, Notifications, Past, Sight, TwinStore
from app.runtime.bus import Bus
from app.topology.topology import Topology


@dataclass(frozen=True)
class Services:
    commands: Commands
    live: LiveView
    store: TwinStore
    bus: Bus
    devices: Devices
    clock: Clock
    registry: CollectorRegistry
    ready: Callable[[], Awaitable[dict[str, str]]]
    """What is wrong, by part; empty where everything is there."""
    warnings: Callable[[], dict[str, str]]
    """What works and should be looked after, by part."""
    space: Callable[[], Space]
    """How much the journal can still take."""
    graph: Callable[[], GraphState]
    """How far the graph is behind."""
    ledger: Callable[[], Ledger]
    topology: Topology
    finder: Finder
    traversals: Traversals
    notifications: Notifications
    caught_up: Callable[[], Awaitable[int]]
    """Waits a little until the graph holds what the journal has now; up to which entry it does."""
    past: Past
    backup: Callable[[], Awaitable[Path]]
    """Takes one: an archive in a folder of its own, which whoever asked removes."""
    replays: Replays
    built: Callable[[], int] = lambda: 0
    """How many twins and overlays the engine has made so far, whatever became of them."""
    sight: Sight = field(default_factory=Everybody)
    going: Going = field(default_factory=Going)
    walking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Who holds it is about to read the whole graph of twins: one a turn of the loop, the engine decides in between."""
    sharing: Sharing = field(init=False)
    live_queries: LiveQueries = field(default_factory=LiveQueries)
    renderings: Renderings = field(default_factory=Renderings)
    uses: Uses = field(init=False)
    """Who reads and who acts on what, of the same catalogue."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sharing", Sharing(self.bus))
        object.__setattr__(self, "uses", Uses(self.catalogue))

    @property
    def catalogue(self) -> Catalogue:
        return self.commands.definitions.catalogue
