"""Every connector together: groups twins by connection, keeps one runner a group, and routes writes and calls.

A twin with fallbacks is a member of several groups; paths.py says which one it is heard by, and that one is written to
and called.

`configure` and `reconnect` may be called at any time, also before `run`: they decide at once what is stopped and what
is started anew, and leave alone whatever did not change. A group that changed is stopped before its successor starts.

A group that only grows is not stopped for each twin: while thousands are saved, those that are there go on, and the
new ones join together once no more have come for a moment.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import get_args

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client import Counter as CounterMetric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.connectors.device_units import converting, device_side
from app.connectors.health import Status
from app.connectors.paths import Hysteresis, Paths
from app.connectors.protocols import PROTOCOLS, Factory, Group, group_of, paths_by_group
from app.connectors.runner import BackOff, Counters, Runner
from app.model.connection import CallAnswer, TwinConnection
from app.model.live import ConnectorHealth, PathView
from app.model.time import SECOND
from app.model.values import Value
from app.ports import Clock, Sink

_QUIET_SECONDS = 0.5
"""After the last twin that came, before a group grows by it."""
_MOST_QUIETS = 10
"""After which it grows even though more come."""


class Supervisor:
    """Implements ports.Devices. `installation` tells this server's sessions on a shared MQTT broker from another's
    and must be the same after a restart; by default it is the host's name. `counters` is Ingest's; without it health
    shows what passed through here."""

    def __init__(
        self,
        sink: Sink,
        clock: Clock,
        registry: CollectorRegistry | None = None,
        *,
        protocols: Mapping[str, Factory] = PROTOCOLS,
        installation: str = "",
        back_off: BackOff | None = None,
        jitter: Callable[[], float] = random.random,
        counters: Counters | None = None,
        hysteresis: Hysteresis | None = None,
    ) -> None:
        self._clock = clock
        self._protocols = protocols
        self._installation = installation
        self._back_off = back_off or BackOff()
        self._jitter = jitter
        self._counters = counters
        self._runners: dict[str, Runner] = {}
        self._twins: dict[str, TwinConnection] = {}
        self._members: dict[str, dict[str, TwinConnection]] = {}
        """By group name, then by twin id."""
        self._group_names: dict[str, tuple[str, ...]] = {}
        """By twin id, the preferred path's first."""
        self._grown: set[str] = set()
        """Groups that have members which their runner does not know yet."""
        self._arrivals = 0
        self._arrived = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        """By group name; a stopped one stays until its successor has waited for it."""
        self._tasks: asyncio.TaskGroup | None = None
        own = registry or CollectorRegistry()
        own.register(_Collected(self.health))
        self._paths = Paths(sink, clock, hysteresis or Hysteresis(), own, self._mutes)
        self._outages = CounterMetric(
            "twin_overlay_connector_outages", "Times the connection was lost or not had", ["connector"], registry=own
        )

    async def run(self) -> None:
        """Until cancelled; leaves no connection behind."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            tasks.create_task(self._paths.run(), name="paths")
            for name, runner in self._runners.items():
                self._start(name, runner)
            try:
                await self._let_grow()
            finally:
                self._tasks = None

    def configure(self, twins: Iterable[TwinConnection]) -> None:
        """All twins with connectivity as they stand now."""
        changed: dict[str, TwinConnection | None] = dict.fromkeys(self._twins)
        changed.update((twin.twin_id, twin) for twin in twins)
        joined, left = self._take(changed)
        self._renew(joined | left)

    def reconnect(self, twins: Mapping[str, TwinConnection | None]) -> None:
        joined, left = self._take(twins)
        growing = {name for name in joined - left if name in self._runners}
        self._renew((joined | left) - growing)
        if growing:
            self._grown |= growing
            self._arrivals += 1
            self._arrived.set()

    def _take(self, twins: Mapping[str, TwinConnection | None]) -> tuple[set[str], set[str]]:
        """The groups that twins have joined, and those that have lost one or have one in another form."""
        joined: set[str] = set()
        left: set[str] = set()
        for twin_id, now in twins.items():
            before = self._twins.get(twin_id)
            if now == before:
                continue
            if before is not None:
                for name in self._group_names.pop(twin_id):
                    del self._members[name][twin_id]
                    left.add(name)
                del self._twins[twin_id]
                self._paths.drop(twin_id)
            if now is not None:
                paths = paths_by_group(now)
                self._twins[twin_id] = now
                self._group_names[twin_id] = tuple(paths)
                self._paths.put(now, paths)
                for name, path in paths.items():
                    self._members.setdefault(name, {})[twin_id] = path
                    joined.add(name)
        return joined, left

    def _renew(self, names: Iterable[str]) -> None:
        """A new runner for each of these groups, and none for one that is empty."""
        self._grown.difference_update(names)
        for name in names:
            if name in self._runners:
                self._stop(name)
        for name in sorted(names):
            if members := self._members.get(name):
                self._runners[name] = runner = self._runner(group_of(name, members.values()))
                if self._tasks is not None:
                    self._start(name, runner)
            else:
                self._members.pop(name, None)

    async def _let_grow(self) -> None:
        while True:
            await self._arrived.wait()
            for _ in range(_MOST_QUIETS):
                seen = self._arrivals
                await self._clock.sleep(_QUIET_SECONDS)
                if self._arrivals == seen:
                    break
            self._arrived.clear()
            self._renew(set(self._grown))

    def health(self) -> Sequence[ConnectorHealth]:
        fallbacks = self._paths.fallbacks()
        return [
            msgspec.structs.replace(
                self._runners[name].health(),
                fallback_twins=fallbacks.get(name, 0),
                standby=self._paths.standby(name),
            )
            for name in sorted(self._runners)
        ]

    def time_out(self, twin_id: str, method: str) -> float | None:
        twin = self._twins.get(twin_id)
        plan = twin.methods.get(method) if twin is not None else None
        return None if plan is None or plan.timeout is None else plan.timeout / SECOND

    def paths(self, twin_id: str) -> Sequence[PathView]:
        if watched := self._paths.view(twin_id):
            return watched
        return [
            runner.path(twin_id)
            for name in self._group_names.get(twin_id, ())
            if (runner := self._runners.get(name)) is not None
        ]

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer:
        runner = self._in_use(twin_id)
        if runner is None:
            return CallAnswer("refused", error=f"{twin_id} has no connectivity")
        return await runner.write(twin_id, property, value)

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        runner = self._in_use(twin_id)
        if runner is None:
            return CallAnswer("refused", error=f"{twin_id} has no connectivity")
        return await runner.call(twin_id, method, arguments)

    def _in_use(self, twin_id: str) -> Runner | None:
        names = self._group_names.get(twin_id)
        return self._runners.get(self._paths.in_use(twin_id) or names[0]) if names else None

    # ------------------------------------------------------------ runners

    def _runner(self, group: Group) -> Runner:
        inside = replace(group, twins=tuple(device_side(twin) for twin in group.twins))
        connector = converting(self._protocols[group.protocol](inside, self._clock, self._installation), group.twins)
        return Runner(
            group, connector, self._paths, self._clock, self._back_off, self._jitter, self._went_down, self._counters
        )

    def _start(self, name: str, runner: Runner) -> None:
        assert self._tasks is not None
        self._running[name] = self._tasks.create_task(_after(self._running.get(name), runner), name=f"connector {name}")

    def _stop(self, name: str) -> None:
        del self._runners[name]
        if (task := self._running.get(name)) is not None:
            task.cancel()

    def _went_down(self, name: str) -> None:
        if name in self._runners:
            self._outages.labels(name).inc()

    def _mutes(self, name: str, twins: int) -> None:
        if (runner := self._runners.get(name)) is not None:
            runner.mutes(twins)


class _Collected(Collector):
    """What /metrics shows of each connection is its health at that moment, the same that everybody else sees."""

    def __init__(self, health: Callable[[], Sequence[ConnectorHealth]]) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        named = ["connector"]
        up = GaugeMetricFamily("twin_overlay_connector_up", "1 while the connection stands", labels=named)
        state = GaugeMetricFamily(
            "twin_overlay_connector_state", "1 for the state that it is in", labels=[*named, "state"]
        )
        silent = GaugeMetricFamily(
            "twin_overlay_connector_silent_twins", "Twins that are silent although it stands", labels=named
        )
        fallback = GaugeMetricFamily(
            "twin_overlay_connector_fallback_twins", "Twins heard by it that prefer another path", labels=named
        )
        standby = CounterMetricFamily(
            "twin_overlay_connector_standby_samples", "Came by it for twins heard by another path", labels=named
        )
        for health in self._health():
            up.add_metric([health.name], health.status in ("connected", "degraded"))
            for status in get_args(Status):
                state.add_metric([health.name, status], health.status == status)
            silent.add_metric([health.name], health.silent_twins)
            fallback.add_metric([health.name], health.fallback_twins)
            standby.add_metric([health.name], health.standby)
        yield from (up, state, silent, fallback, standby)


async def _after(old: "asyncio.Task[None] | None", runner: Runner) -> None:
    """Two connections with one client id would end each other: the old one is gone before the new one starts."""
    if old is not None:
        try:
            await asyncio.wait({old})
        except asyncio.CancelledError:
            await asyncio.wait({old})  # it was cancelled long ago; whoever comes after us counts on it being gone
            raise
    await runner.run()
