"""Which of its paths each twin is heard by: between the connectors and Ingest, where every status and sample passes.

A twin with fallbacks is connected by all of its paths at once and heard by one. What comes by the others is not taken:
the last value of each property is kept aside, so that whoever takes over has something to say at once, and events are
dropped; both are counted, and the samples stand in the ledger as rejected (Standby): what is kept aside is in memory
alone, and its source is told that we have it as soon as that count is durable. The next path that is alive is taken
once the one in use was silent for `fallback_after`; one before it in the list is taken again once it was alive for
`return_after` without a break. So a path that flaps costs a silence each time and no more than one switch in either of
these times.

A path is alive while its connector says so and, where a heartbeat is declared, while that is heard. Until the next path
is taken the twin is silent: what nobody vouches for must not hold an interlock open. Every run begins at the preferred
path. The engine hears of the path in use alone and journals each change of it (engine/paths.py).
"""

import asyncio
import heapq
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client import Counter as CounterMetric

from app.model.connection import TwinConnection
from app.model.events import Delivery, PathStatus, Reading, Sample, SourceStatus
from app.model.ledger import STANDBY
from app.model.live import PathView
from app.model.time import SECOND, Micros
from app.ports import Clock, Sink

log = logging.getLogger("twin_overlay.connectors")
_LOOK_SECONDS = 0.25
"""How often it is looked whether anything is due."""


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """Where a twin does not say it."""

    fallback_after_seconds: float = 10.0
    return_after_seconds: float = 60.0


@dataclass(slots=True, eq=False)
class _Path:
    source: str
    """The connector."""
    properties: frozenset[str]
    since: Micros
    """When it became alive, or silent."""
    said: bool = False
    """What its connector says of it."""
    alive: bool = False
    reason: str = "not connected yet"
    heard: Micros = 0
    """The last heartbeat."""
    mute: bool = False
    """Connected, and without its heartbeat."""
    held: dict[str, tuple[Micros, Sample]] = field(default_factory=dict)
    """The last sample of each property in this connection, with when it came."""

    def turn(self, alive: bool, reason: str, now: Micros) -> None:
        if alive != self.alive:
            self.since = now
        self.alive, self.reason = alive, reason


@dataclass(slots=True, eq=False)
class _Twin:
    twin_id: str
    paths: list[_Path]
    fallback_after: Micros
    return_after: Micros
    beat: Micros | None
    """The longest quiet that a heartbeat allows."""
    beating: str | None
    """The property that it is; None for anything."""
    used: int = 0
    due: Micros | None = None

    @property
    def in_use(self) -> _Path:
        return self.paths[self.used]

    def by(self, source: str) -> _Path | None:
        return next((path for path in self.paths if path.source == source), None)

    def watched(self, path: _Path) -> bool:
        """Whether a heartbeat is expected by that path."""
        return self.beat is not None and (self.beating is None or self.beating in path.properties)


class Paths:
    """Implements ports.Sink for the connectors. Twins with one path and no heartbeat go through untouched."""

    def __init__(
        self,
        sink: Sink,
        clock: Clock,
        hysteresis: Hysteresis,
        registry: CollectorRegistry | None = None,
        mutes: Callable[[str, int], None] = lambda source, twins: None,
    ) -> None:
        """`mutes` is told how many twins of a connector miss their heartbeat, whenever that changes."""
        self._sink = sink
        self._clock = clock
        self._hysteresis = hysteresis
        self._twins: dict[str, _Twin] = {}
        self._sources: Counter[str] = Counter()
        """Twins here by connector: the readings of all others are not looked at."""
        self._heap: list[tuple[Micros, str]] = []
        self._news = asyncio.Event()
        self._told: dict[str, tuple[str, PathStatus]] = {}
        """What the engine is to hear next, by twin: of a silence that ends where it began only the end."""
        self._switches: Counter[tuple[str, str]] = Counter()
        self._standby: Counter[str] = Counter()
        self._mutes = mutes
        self._muted: Counter[str] = Counter()
        self._switched = CounterMetric(
            "twin_overlay_path_switches",
            "Times a twin was heard by another path from then on, by the connector that took over",
            ["connector"],
            registry=registry or CollectorRegistry(),
        )

    # ------------------------------------------------------------ twins

    def put(self, twin: TwinConnection, paths: Mapping[str, TwinConnection]) -> None:
        """Its paths by their connectors, the preferred one first. It begins at that."""
        self.drop(twin.twin_id)
        said = twin.said
        if len(paths) == 1 and said.heartbeat is None:
            return
        now = self._clock.now()
        found = _Twin(
            twin.twin_id,
            [_Path(source, frozenset(path.properties), now) for source, path in paths.items()],
            _micros(said.fallback_after, self._hysteresis.fallback_after_seconds),
            _micros(said.return_after, self._hysteresis.return_after_seconds),
            None if said.heartbeat is None else round(said.heartbeat.interval * SECOND),
            said.heartbeat.property if said.heartbeat is not None else None,
        )
        self._twins[twin.twin_id] = found
        self._sources.update(paths.keys())

    def drop(self, twin_id: str) -> None:
        gone = self._twins.pop(twin_id, None)
        if gone is not None:
            self._sources.subtract(path.source for path in gone.paths)
            for path in gone.paths:
                self._mute(path, False)

    def in_use(self, twin_id: str) -> str | None:
        """None for a twin that is not looked after here: its only connector it is then."""
        found = self._twins.get(twin_id)
        return found.in_use.source if found is not None else None

    def standby(self, source: str) -> int:
        """Samples and events that came by a connector for twins that are heard by another."""
        return self._standby[source]

    def fallbacks(self) -> Mapping[str, int]:
        """By connector, the twins that are heard by it although it is not their preferred one."""
        return Counter(twin.in_use.source for twin in self._twins.values() if twin.used)

    def view(self, twin_id: str) -> Sequence[PathView]:
        """The preferred one first; empty for a twin that is not looked after here."""
        found = self._twins.get(twin_id)
        if found is None:
            return ()
        return [
            PathView(path.source, index == found.used, path.alive, path.since, "" if path.alive else path.reason)
            for index, path in enumerate(found.paths)
        ]

    # ------------------------------------------------------------ ports.Sink

    def offer(self, reading: Reading, committed: Callable[[], None] | None = None) -> bool:
        if not self._sources.get(reading.source):
            return self._sink.offer(reading, committed)
        return self._offer_some(reading, committed)

    def _offer_some(self, reading: Reading, committed: Callable[[], None] | None) -> bool:
        source, twins = reading.source, self._twins
        heard: dict[str, tuple[_Twin, _Path]] = {}
        named = {sample.twin_id for sample in reading.samples} | {event.twin_id for event in reading.events}
        for twin_id in named:
            if (twin := twins.get(twin_id)) is not None and (path := twin.by(source)) is not None:
                heard[twin_id] = twin, path
        aside = {twin_id for twin_id, (twin, path) in heard.items() if twin.in_use is not path}
        taken = reading
        if aside:
            samples = tuple(sample for sample in reading.samples if sample.twin_id not in aside)
            events = tuple(event for event in reading.events if event.twin_id not in aside)
            delivery = reading.delivery
            if delivery is not None and not samples and not events:
                # Nothing of it is taken: where it comes again with its path in use, it is no duplicate.
                delivery = Delivery(delivery.message, b"", delivery.again)
            taken = msgspec.structs.replace(reading, samples=samples, events=events, delivery=delivery)
        # One of which nothing is taken goes on as well where its source waits: it is acknowledged once it is committed.
        waited_for = committed is not None or taken.delivery is not None
        if (taken.samples or taken.events or waited_for) and not self._sink.offer(taken, committed):
            return False
        if left := len(reading.samples) - len(taken.samples):
            in_use = next(twin.in_use.source for twin_id, (twin, _) in heard.items() if twin_id in aside)
            self._sink.reject(source, STANDBY, f"{', '.join(sorted(aside)[:3])}: heard by {in_use}", left)
        self._standby[source] += left + len(reading.events) - len(taken.events)
        self._hear(reading, heard)
        return True

    def _hear(self, reading: Reading, heard: Mapping[str, tuple[_Twin, _Path]]) -> None:
        woken: dict[str, _Twin] = {}
        for item in reading.events:
            if (found := heard.get(item.twin_id)) is not None and found[0].beating is None:
                found[1].heard = reading.received_at
                woken[item.twin_id] = found[0]
        for sample in reading.samples:
            if (found := heard.get(sample.twin_id)) is None:
                continue
            twin, path = found
            path.held[sample.property] = reading.received_at, sample
            if sample.quality != "bad" and twin.beating in (None, sample.property):
                path.heard = reading.received_at
                woken[sample.twin_id] = twin
        for twin_id, twin in woken.items():
            path = heard[twin_id][1]
            if path.said and not path.alive:
                self._look(twin, self._clock.now())
        self._tell()

    async def room(self) -> None:
        await self._sink.room()

    def status(self, status: SourceStatus) -> None:
        if not self._sources.get(status.source):
            self._sink.status(status)
            return
        now, plain = self._clock.now(), []
        for path in status.paths:
            twin = self._twins.get(path.twin_id)
            own = twin.by(status.source) if twin is not None else None
            if twin is None or own is None:
                plain.append(path)
                continue
            own.said = path.alive
            if path.alive:
                own.heard = now
            else:
                own.held.clear()
            self._mute(own, False)
            own.turn(path.alive, path.reason, now)
            if own is twin.in_use:
                self._tell_of(twin)
            self._look(twin, now)
        if plain:
            self._sink.status(SourceStatus(status.source, tuple(plain)))
        self._tell()

    def connected(self, source: str) -> None:
        self._sink.connected(source)

    def reject(self, source: str, reason: str, detail: str, count: int = 1) -> None:
        self._sink.reject(source, reason, detail, count)

    # ------------------------------------------------------------ time

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._heap:
                await self._clock.sleep(_LOOK_SECONDS)
                self.look()

    def look(self) -> None:
        """Whatever is due by now."""
        now = self._clock.now()
        while self._heap and self._heap[0][0] <= now:
            due, twin_id = heapq.heappop(self._heap)
            twin = self._twins.get(twin_id)
            if twin is not None and twin.due == due:
                twin.due = None
                self._look(twin, now)
        self._tell()

    def _look(self, twin: _Twin, now: Micros) -> None:
        waiting = False
        for path in twin.paths:
            if not self._beats(twin, path, now):
                waiting = True
        chosen = _chosen(twin, now)
        if chosen is not None and not self._switch(twin, chosen):
            waiting = True
        self._await(twin, now + round(_LOOK_SECONDS * SECOND) if waiting else _next(twin))

    def _beats(self, twin: _Twin, path: _Path, now: Micros) -> bool:
        """False where what it said meanwhile has no room yet."""
        if not twin.watched(path) or not path.said or twin.beat is None:
            return True
        in_time = now - path.heard < twin.beat
        if path.alive and not in_time:
            what = f"'{twin.beating}' was not heard" if twin.beating else "nothing was heard"
            self._mute(path, True)
            path.turn(False, f"{what} for {twin.beat / SECOND:g} s, though it is connected", now)
        elif in_time and not path.alive:
            # The connection stood all the time, so nobody reads back what did not change meanwhile.
            if path is twin.in_use and not self._release(path):
                return False
            self._mute(path, False)
            path.turn(True, "", now)
        else:
            return True
        if path is twin.in_use:
            self._tell_of(twin)
        return True

    def _mute(self, path: _Path, mute: bool) -> None:
        if path.mute != mute:
            path.mute = mute
            self._muted[path.source] += 1 if mute else -1
            self._mutes(path.source, self._muted[path.source])

    def _switch(self, twin: _Twin, index: int) -> bool:
        """False where there is no room for what the new path has to say."""
        old, new = twin.in_use, twin.paths[index]
        if not self._release(new):
            return False
        twin.used = index
        mapped = {name for path in twin.paths for name in path.properties}
        self._tell_of(twin, tuple(sorted(mapped - new.held.keys())))
        self._switches[(old.source, new.source)] += 1
        self._switched.labels(new.source).inc()
        return True

    def _release(self, path: _Path) -> bool:
        """Again where there was no room for all of it: a sample may come twice, for it says what is."""
        moments: dict[Micros, list[Sample]] = {}
        for at, sample in path.held.values():
            moments.setdefault(at, []).append(sample)
        return all(self._sink.offer(Reading(path.source, at, tuple(moments[at]))) for at in sorted(moments))

    # ------------------------------------------------------------ telling

    def _tell_of(self, twin: _Twin, unfed: tuple[str, ...] = ()) -> None:
        path, preferred = twin.in_use, twin.paths[0]
        reason = path.reason
        if path.alive and twin.used:
            why = "it is back for too short a time yet" if preferred.alive else preferred.reason
            reason = f"{preferred.source} is not in use: {why}"
        self._told[twin.twin_id] = path.source, PathStatus(twin.twin_id, path.alive, reason, twin.used, unfed)

    def _tell(self) -> None:
        if not self._told:
            return
        statuses: dict[str, list[PathStatus]] = {}
        for source, status in self._told.values():
            statuses.setdefault(source, []).append(status)
        self._told = {}
        for source, paths in statuses.items():
            self._sink.status(SourceStatus(source, tuple(paths)))
        for (old, new), twins in self._switches.items():
            who = "1 twin is" if twins == 1 else f"{twins} twins are"
            log.warning("%s heard by %s from now on, no more by %s", who, new, old)
        self._switches.clear()

    def _await(self, twin: _Twin, due: Micros | None) -> None:
        if due is not None and (twin.due is None or due != twin.due):
            heapq.heappush(self._heap, (due, twin.twin_id))
            self._news.set()
        twin.due = due


def _chosen(twin: _Twin, now: Micros) -> int | None:
    """The path to take from now on; None for the one in use."""
    used = twin.in_use
    if not used.alive:
        if now - used.since < twin.fallback_after:
            return None
        return next((index for index, path in enumerate(twin.paths) if path.alive), None)
    for index, path in enumerate(twin.paths[: twin.used]):
        if path.alive and now - path.since >= twin.return_after:
            return index
    return None


def _next(twin: _Twin) -> Micros | None:
    """When something would happen if nothing did until then."""
    moments = [
        path.heard + twin.beat
        for path in twin.paths
        if twin.beat is not None and path.alive and path.said and twin.watched(path)
    ]
    used = twin.in_use
    if used.alive:
        moments += [path.since + twin.return_after for path in twin.paths[: twin.used] if path.alive]
    elif any(path.alive for path in twin.paths):
        moments.append(used.since + twin.fallback_after)
    return min(moments, default=None)


def _micros(seconds: float | None, otherwise: float) -> Micros:
    return round((otherwise if seconds is None else seconds) * SECOND)
