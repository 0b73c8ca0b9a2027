"""A server that only looks: definitions and facts as the graph has them, followed at an interval.

It has no journal, so it decides nothing, calls nobody and changes nothing; what only a journal or a connection knows
(timers, shelvings, who forced a value, whether a device is heard) it can't say. What it shows is as of the graph's
cursor, which the acting server moves some moments behind what happens.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from app.assets.folder import AssetFolder
from app.commands.changes import differing
from app.commands.plan import changed_since
from app.engine.engine import Engine
from app.errors import ASK_THE_ACTOR, OBSERVER, ONLY_OBSERVES, Misconfigured, Refused, TwinOverlayError, Unavailable
from app.graph.store import GraphStore
from app.model.assets import Asset
from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange
from app.model.events import Alert, AlertChanged, AlertTransition, Cause, Entry, Input, Load, Outcome, Tick
from app.model.gap import Gap
from app.model.space import Space
from app.model.time import Micros
from app.ports import Allowed, Clock
from app.runtime.bus import Bus

log = logging.getLogger("twin_overlay.observer")
_LONGEST_WAIT = 10.0


def refused() -> Refused:
    return Refused(ONLY_OBSERVES, code=OBSERVER, hint=ASK_THE_ACTOR)


async def refuse_backup() -> Path:
    raise refused()


class NoJournal:
    """Implements ports.Journal where there is none: it stands where the graph's cursor stands, and takes nothing."""

    accepts_gap = False
    full = False

    def __init__(self) -> None:
        self.last_sequence = 0

    async def append(self, entries: Sequence[tuple[Micros, Input, Outcome]]) -> int:
        raise refused()

    def read(self, after: int, limit: int = 1000) -> list[Entry]:
        raise Unavailable("a server that only observes has no journal", code=OBSERVER, hint=ASK_THE_ACTOR)

    def cursor(self, name: str) -> int:
        return self.last_sequence

    def cursors(self) -> Mapping[str, int]:
        return {}

    async def advance(self, name: str, sequence: int) -> None:
        raise refused()

    async def drop(self, name: str) -> None:
        raise refused()

    async def start_after(self, sequence: int) -> None:
        raise refused()

    def space(self) -> Space:
        return Space()

    def gaps(self) -> Sequence[Gap]:
        return ()

    async def noted(self) -> None:
        raise refused()

    async def lose(self, upto: int, why: str) -> None:
        raise refused()

    async def save_snapshot(self, sequence: int, state: bytes | bytearray) -> None:
        raise refused()

    def snapshot(self) -> tuple[int, bytes] | None:
        return None

    async def close(self) -> None:
        return None


class AssetsToRead(AssetFolder):
    """The folder as it is; nothing is put into it or taken away."""

    async def save(self, path: str, content: AsyncIterator[bytes], allowed: Allowed) -> tuple[Asset, bool]:
        raise refused()

    async def delete(self, path: str, allowed: Allowed) -> Asset:
        raise refused()


class Observer:
    """`begin`, then `run`. What it finds lands in the engine as a journal's entries do, and nothing is decided."""

    def __init__(
        self,
        journal: NoJournal,
        engine: Engine,
        catalogue: Catalogue,
        store: GraphStore,
        bus: Bus,
        clock: Clock,
        interval_seconds: float,
    ) -> None:
        self._journal = journal
        self._engine = engine
        self._catalogue = catalogue
        self._store = store
        self._bus = bus
        self._clock = clock
        self._interval = interval_seconds
        self._at: int | None = None
        """The graph's cursor at the last look."""
        self.problem: str | None = None
        """Why the graph could not be looked at last; None where it could."""

    async def ready(self) -> dict[str, str]:
        return {} if self.problem is None else {"graph": self.problem}

    async def begin(self) -> None:
        """With the catalogue as it was given. Raises Unavailable, Misconfigured."""
        self._load()
        await self._facts(await self._store.cursor())

    async def run(self) -> None:
        """Until cancelled. A graph that is away is waited for."""
        wait = self._interval
        while True:
            await self._clock.sleep(wait)
            try:
                await self.look()
            except (Unavailable, Misconfigured) as error:
                self._tell(error)
                wait = min(2 * wait, max(_LONGEST_WAIT, self._interval))
                continue
            if self.problem is not None:
                log.info("the graph is seen again")
            self.problem, wait = None, self._interval

    async def look(self) -> None:
        revision, cursor = await self._store.catalogue_revision(), await self._store.cursor()
        if revision != self._catalogue.revision:
            await self._definitions()
        if cursor != self._at:
            await self._facts(cursor)

    async def _definitions(self) -> None:
        revision, found = await self._store.load()
        saved, removed = differing(self._catalogue.stored, found)
        now = self._clock.now()
        self._catalogue.apply(DefinitionChange(revision - 1, now, "", "", tuple(saved), tuple(removed)))
        self._load()
        self._bus.definitions_changed()

    def _load(self) -> None:
        plan = changed_since(self._catalogue, self._engine.loaded())
        if plan is not None:
            load = Load(plan)
            self._engine.fold(Entry(self._at or 0, self._clock.now(), load, Outcome()))
            self._bus.changed_by_rule(load)

    async def _facts(self, cursor: int) -> None:
        found = await self._store.live(self._at)
        live, now = self._engine.live, self._clock.now()
        news = Outcome(
            changes=tuple(
                item for item in found.properties if live.property_state(item.twin_id, item.property) != item.state()
            ),
            behaviors=found.behaviors,
            alerts=tuple(change for alert in found.alerts if (change := self._change(alert, now)) is not None),
        )
        self._engine.fold(Entry(cursor, now, Tick(), news))
        self._journal.last_sequence = self._at = live.sequence = cursor
        self._bus.publish(cursor, now, news)

    def _change(self, alert: Alert, now: Micros) -> AlertChanged | None:
        """What became of it since the last look, as one step; None where nothing did."""
        before = self._engine.live.alert(alert.alert_id)
        if alert == before or (before is None and alert.closed_at is not None):
            return None
        transition: AlertTransition = "updated"
        if before is None:
            transition = "raised"
        elif alert.closed_at is not None:
            transition = "closed"
        elif before.active and not alert.active:
            transition = "cleared"
        elif alert.acknowledged and not before.acknowledged:
            transition = "acknowledged"
        return AlertChanged(alert, transition, now, Cause("load", "", now))

    def _tell(self, error: TwinOverlayError) -> None:
        if self.problem is None:
            log.warning("the graph cannot be looked at (%s); what was seen last is shown", error.message)
        self.problem = error.message
