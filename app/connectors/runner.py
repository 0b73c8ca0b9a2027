"""One connector kept alive: runs it, backs off, and says what becomes of it, once per change.

The connector talks to the sink through a tap here, which is how its health (health.py), its counts and the state of
each twin's path are known without asking it. A failure of any kind ends in silence for its twins and another try; only
Misconfigured ends the trying, until the definitions change.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakMethod

from app.connectors.health import Health
from app.connectors.protocols import Group
from app.errors import Misconfigured, Unavailable
from app.model.authentication import without_user
from app.model.connection import CallAnswer
from app.model.events import PathStatus, Reading, SourceStatus
from app.model.live import ConnectorHealth, PathView
from app.model.time import SECOND, Micros
from app.model.values import Value
from app.ports import Clock, Connector, Sink

log = logging.getLogger("twin_overlay.connectors")
Counters = Callable[[str], tuple[int, dict[str, int]]]
"""(samples, rejected by reason) of a source, as Ingest counts them: what the engine rejected is in it too."""
_CANCEL_SECONDS = 1.0
"""After which a connector that was cancelled and goes on is cancelled again."""


@dataclass(frozen=True, slots=True)
class BackOff:
    first_seconds: float = 0.5
    most_seconds: float = 30.0
    stable_seconds: float = 10.0
    """A connection that stood this long starts the next outage from the first step again."""

    def delay(self, failures: int, jitter: float) -> float:
        """After the `failures`-th failure in a row (from 1); `jitter` is 0 to 1 and takes up to half of it off."""
        step = min(self.most_seconds, self.first_seconds * float(2 ** min(failures - 1, 20)))
        return step * (1 - jitter / 2)


class Runner:
    """`run` never raises but for being cancelled. `went_down` is told of each outage as it begins."""

    def __init__(
        self,
        group: Group,
        connector: Connector,
        sink: Sink,
        clock: Clock,
        back_off: BackOff,
        jitter: Callable[[], float],
        went_down: Callable[[str], None],
        counters: Counters | None = None,
    ) -> None:
        self.group = group
        self._twin_ids = [twin.twin_id for twin in group.twins]
        self._connector = connector
        # Weakly: else a runner that is replaced, with all its twins, waits for the collector.
        self._health = Health(clock.now())
        self._tap = _Tap(sink, clock, self._health, WeakMethod(self._connected))
        self._sink = sink
        self._clock = clock
        self._back_off = back_off
        self._jitter = jitter
        self._went_down = went_down
        self._counters = counters
        self._stood_since: Micros = 0

    async def run(self) -> None:
        failures = 0
        while True:
            self._health.tries_now()
            reason, code, final = await self._once()
            stood = self._clock.now() - self._stood_since if self._health.stands else 0
            failures = 1 if stood >= self._back_off.stable_seconds * SECOND else failures + 1
            self._down(reason, code, final)
            if final:
                return
            delay = self._back_off.delay(failures, self._jitter())
            self._health.again_at(self._clock.now() + round(delay * SECOND))
            await self._clock.sleep(delay)

    async def _once(self) -> tuple[str, str, bool]:
        """Why it ended, in words and as a code, and whether that is for good."""
        try:
            await self._work()
        except (Misconfigured, Unavailable) as error:
            reason = f"{error.message} ({error.hint})" if error.hint else error.message
            return reason, error.code, isinstance(error, Misconfigured)
        except Exception as error:
            log.exception("%s failed unexpectedly; it will be started again", self.group.name)
            return f"internal error ({type(error).__name__})", "INTERNAL", False
        return "the connection ended", Unavailable.default_code, False

    async def _work(self) -> None:
        """The connector as a task of its own, cancelled until it has ended: libraries below it are known to swallow a
        cancellation (asyncua while it disconnects), and nobody else would come back to cancel again."""
        work = asyncio.ensure_future(self._connector.run(self._tap))
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            while not work.done():
                work.cancel()
                await asyncio.wait({work}, timeout=_CANCEL_SECONDS)
            if not work.cancelled():
                work.exception()  # seen: what it failed of as it ended is nobody's concern any more
            raise
        await work

    def _connected(self) -> None:
        now = self._stood_since = self._clock.now()
        if self._health.down_since is not None:
            log.info("%s is back after %.1f s", self.group.name, (now - self._health.down_since) / SECOND)
        self._health.connected(now)

    def _down(self, reason: str, code: str, final: bool) -> None:
        if self._health.lost(reason, code, self._clock.now(), final=final):
            log.warning("%s is down: %s", self.group.name, reason)
            self._went_down(self.group.name)
        # Once per outage: what the next tries fail of is in health, not in every twin's history.
        silent = tuple(
            PathStatus(twin_id, False, reason) for twin_id in self._twin_ids if not self._tap.silent(twin_id)
        )
        self._tap.status(SourceStatus(self.group.name, silent))

    def health(self) -> ConnectorHealth:
        health, samples, rejected = self._health, self._tap.samples, dict(self._tap.rejected)
        if self._counters is not None:
            samples, rejected = self._counters(self.group.name)
        return ConnectorHealth(
            name=self.group.name,
            protocol=self.group.protocol,
            endpoint=without_user(self.group.endpoint),
            status=health.status,
            twins=len(self.group.twins),
            last_error=health.last_error,
            last_error_code=health.last_error_code,
            security=self._connector.security,
            since=health.since,
            samples=samples,
            rejected=rejected,
            tries=health.tries,
            outages=health.outages,
            next_try=health.next_try,
            missing=dict(health.missing),
            missing_details=tuple(health.details),
            silent_twins=health.silent,
        )

    def mutes(self, twins: int) -> None:
        """So many of its twins miss their heartbeat."""
        self._tap.muted = twins
        self._tap.count_silent()

    def path(self, twin_id: str) -> PathView:
        """Of a twin that has no other."""
        status = self._tap.paths.get(twin_id)
        if status is None:
            return PathView(self.group.name, True, False, self._health.since, "not connected yet")
        return PathView(self.group.name, True, status.alive, self._health.since, status.reason)

    # ------------------------------------------------------------ towards the device

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer:
        if (reason := self._unreachable(twin_id)) is not None:
            return CallAnswer("failed", error=reason, answered=False)
        try:
            return await self._connector.write(twin_id, property, value)
        except Exception as error:
            log.exception("%s: writing %s.%s failed unexpectedly", self.group.name, twin_id, property)
            return CallAnswer("failed", error=f"internal error ({type(error).__name__})", answered=False)

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        if (reason := self._unreachable(twin_id)) is not None:
            return CallAnswer("failed", error=reason, answered=False)
        try:
            return await self._connector.call(twin_id, method, arguments)
        except Exception as error:
            log.exception("%s: calling %s.%s failed unexpectedly", self.group.name, twin_id, method)
            return CallAnswer("failed", error=f"internal error ({type(error).__name__})", answered=False)

    def _unreachable(self, twin_id: str) -> str | None:
        path = self._tap.paths.get(twin_id)
        if path is not None and path.alive:
            return None
        reason = path.reason if path is not None else "not connected yet"
        return f"{twin_id} is disconnected: {reason}"


class _Tap:
    """The sink as the connector sees it: counts, and passes a path's status on only where it changed."""

    def __init__(
        self, sink: Sink, clock: Clock, health: Health, on_connected: "WeakMethod[Callable[[], None]]"
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._health = health
        self._on_connected = on_connected
        self._silent = 0
        self.muted = 0
        self.samples = 0
        self.rejected: Counter[str] = Counter()
        self.paths: dict[str, PathStatus] = {}

    def offer(self, reading: Reading, committed: Callable[[], None] | None = None) -> bool:
        taken = self._sink.offer(reading, committed)
        if taken:
            self.samples += len(reading.samples)
        return taken

    async def room(self) -> None:
        await self._sink.room()

    def status(self, status: SourceStatus) -> None:
        changed = tuple(path for path in status.paths if self.paths.get(path.twin_id) != path)
        if changed:
            for path in changed:
                self._silent += self._news(path)
                self.paths[path.twin_id] = path
            self.count_silent()
            self._sink.status(SourceStatus(status.source, changed))

    def _news(self, path: PathStatus) -> int:
        """1 where one more is silent by it, -1 where one fewer is."""
        before = self.paths.get(path.twin_id)
        return int(not path.alive) - int(before is not None and not before.alive)

    def count_silent(self) -> None:
        self._health.silent_twins(self._silent + self.muted, self._clock.now())

    def silent(self, twin_id: str) -> bool:
        path = self.paths.get(twin_id)
        return path is not None and not path.alive

    def connected(self, source: str) -> None:
        if (told := self._on_connected()) is not None:
            told()
        self._sink.connected(source)

    def reject(self, source: str, reason: str, detail: str, count: int = 1) -> None:
        self.rejected[reason] += count
        self._health.lacks(reason, detail, self._clock.now(), count)
        self._sink.reject(source, reason, detail, count)
