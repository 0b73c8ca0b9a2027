"""One connector kept alive: runs it, backs off, and says what becomes of it, once per change.

The connector talks to the sink through a tap here, which is how its health, its counts and the state of each twin's
path are known without asking it. A failure of any kind ends in silence for its twins and another try; only
Misconfigured ends the trying, until the definitions change.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from weakref import WeakMethod

from app.connectors.protocols import Group
from app.errors import Misconfigured, Unavailable
from app.model.authentication import without_user
from app.model.connection import CallAnswer
from app.model.events import PathStatus, Reading, SourceStatus
from app.model.live import ConnectorHealth, PathView
from app.model.time import SECOND
from app.model.values import Value
from app.ports import Clock, Connector, Sink

log = logging.getLogger("twin_overlay.connectors")
Counters = Callable[[str], tuple[int, dict[str, int]]]
"""(samples, rejected by reason) of a source, as Ingest counts them: what the engine rejected is in it too."""
Status = Literal["connecting", "connected", "disconnected", "failed"]
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
    """`run` never raises but for being cancelled. `went` is told each change between connected and not."""

    def __init__(
        self,
        group: Group,
        connector: Connector,
        sink: Sink,
        clock: Clock,
        back_off: BackOff,
        jitter: Callable[[], float],
        went: Callable[[str, bool], None],
        counters: Counters | None = None,
    ) -> None:
        self.group = group
        self._twin_ids = [twin.twin_id for twin in group.twins]
        self._connector = connector
        # Weakly: else a runner that is replaced, with all its twins, waits for the collector.
        self._tap = _Tap(sink, WeakMethod(self._connected))
        self._sink = sink
        self._clock = clock
        self._back_off = back_off
        self._jitter = jitter
        self._went = went
        self._counters = counters
        self._status: Status = "connecting"
        self._since = clock.now()
        self._last_error = ""
        self._last_error_code = ""
        self._down_since: int | None = None

    async def run(self) -> None:
        failures = 0
        while True:
            reason, code, final = await self._once()
            stable = self._clock.now() - self._since >= self._back_off.stable_seconds * SECOND
            failures = 1 if self._status == "connected" and stable else failures + 1
            self._down(reason, code, final)
            if final:
                return
            await self._clock.sleep(self._back_off.delay(failures, self._jitter()))

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
        now = self._clock.now()
        if self._down_since is not None:
            log.info("%s is back after %.1f s", self.group.name, (now - self._down_since) / SECOND)
        self._status, self._since, self._down_since = "connected", now, None
        self._last_error = self._last_error_code = ""
        self._went(self.group.name, True)

    def _down(self, reason: str, code: str, final: bool) -> None:
        now = self._clock.now()
        if self._down_since is None:
            self._down_since = now
            log.warning("%s is down: %s", self.group.name, reason)
            self._went(self.group.name, False)
        status: Status = "failed" if final else "disconnected"
        if status != self._status:
            self._status, self._since = status, now
        self._last_error, self._last_error_code = reason, code
        # Once per outage: what the next tries fail of is in health, not in every twin's history.
        silent = tuple(
            PathStatus(twin_id, False, reason) for twin_id in self._twin_ids if not self._tap.silent(twin_id)
        )
        self._tap.status(SourceStatus(self.group.name, silent))

    def health(self) -> ConnectorHealth:
        samples, rejected = self._tap.samples, dict(self._tap.rejected)
        if self._counters is not None:
            samples, rejected = self._counters(self.group.name)
        return ConnectorHealth(
            name=self.group.name,
            protocol=self.group.protocol,
            endpoint=without_user(self.group.endpoint),
            status=self._status,
            twins=len(self.group.twins),
            last_error=self._last_error,
            last_error_code=self._last_error_code,
            security=self._connector.security,
            since=self._since,
            samples=samples,
            rejected=rejected,
        )

    def path(self, twin_id: str) -> PathView:
        """Of a twin that has no other."""
        status = self._tap.paths.get(twin_id)
        if status is None:
            return PathView(self.group.name, True, False, self._since, "not connected yet")
        return PathView(self.group.name, True, status.alive, self._since, status.reason)

    # ------------------------------------------------------------ towards the device

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer:
        if (reason := self._unreachable(twin_id)) is not None:
            return CallAnswer("failed", error=reason)
        try:
            return await self._connector.write(twin_id, property, value)
        except Exception as error:
            log.exception("%s: writing %s.%s failed unexpectedly", self.group.name, twin_id, property)
            return CallAnswer("failed", error=f"internal error ({type(error).__name__})")

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        if (reason := self._unreachable(twin_id)) is not None:
            return CallAnswer("failed", error=reason)
        try:
            return await self._connector.call(twin_id, method, arguments)
        except Exception as error:
            log.exception("%s: calling %s.%s failed unexpectedly", self.group.name, twin_id, method)
            return CallAnswer("failed", error=f"internal error ({type(error).__name__})")

    def _unreachable(self, twin_id: str) -> str | None:
        path = self._tap.paths.get(twin_id)
        if path is not None and path.alive:
            return None
        reason = path.reason if path is not None else "not connected yet"
        return f"{twin_id} is disconnected: {reason}"


class _Tap:
    """The sink as the connector sees it: counts, and passes a path's status on only where it changed."""

    def __init__(self, sink: Sink, on_connected: "WeakMethod[Callable[[], None]]") -> None:
        self._sink = sink
        self._on_connected = on_connected
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
            self.paths.update((path.twin_id, path) for path in changed)
            self._sink.status(SourceStatus(status.source, changed))

    def silent(self, twin_id: str) -> bool:
        path = self.paths.get(twin_id)
        return path is not None and not path.alive

    def connected(self, source: str) -> None:
        if (told := self._on_connected()) is not None:
            told()
        self._sink.connected(source)

    def reject(self, source: str, reason: str, detail: str, count: int = 1) -> None:
        self.rejected[reason] += count
        self._sink.reject(source, reason, detail, count)
