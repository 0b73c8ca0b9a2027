"""Every connector together: groups twins by connection, keeps one runner a group, and routes writes and calls.

`configure` may be called at any time, also before `run`: it decides at once what is stopped and what is started anew,
and leaves alone whatever did not change. A group that changed is stopped before its successor starts.
"""

import asyncio
import random
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client import Counter as CounterMetric

from app.connectors.device_units import converting, device_side
from app.connectors.protocols import PROTOCOLS, Factory, Group, grouped
from app.connectors.runner import BackOff, Counters, Runner
from app.model.connection import CallAnswer, TwinConnection
from app.model.live import ConnectorHealth
from app.model.values import Value
from app.ports import Clock, Sink


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
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._protocols = protocols
        self._installation = installation or socket.gethostname()
        self._back_off = back_off or BackOff()
        self._jitter = jitter
        self._counters = counters
        self._runners: dict[str, Runner] = {}
        self._by_twin: dict[str, Runner] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        """By group name; a stopped one stays until its successor has waited for it."""
        self._tasks: asyncio.TaskGroup | None = None
        own = registry or CollectorRegistry()
        self._up = Gauge("twin_overlay_connector_up", "1 while the connection stands", ["connector"], registry=own)
        self._outages = CounterMetric(
            "twin_overlay_connector_outages", "Times the connection was lost or not had", ["connector"], registry=own
        )

    async def run(self) -> None:
        """Until cancelled; leaves no connection behind."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for name, runner in self._runners.items():
                self._start(name, runner)
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._tasks = None

    def configure(self, twins: Iterable[TwinConnection]) -> None:
        wanted = grouped(twins)
        for name in [name for name, runner in self._runners.items() if wanted.get(name) != runner.group]:
            self._stop(name)
        for name, group in wanted.items():
            if name not in self._runners:
                self._runners[name] = runner = self._runner(group)
                if self._tasks is not None:
                    self._start(name, runner)
        self._by_twin = {twin.twin_id: runner for runner in self._runners.values() for twin in runner.group.twins}

    def health(self) -> Sequence[ConnectorHealth]:
        return [self._runners[name].health() for name in sorted(self._runners)]

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer:
        runner = self._by_twin.get(twin_id)
        if runner is None:
            return CallAnswer("refused", error=f"{twin_id} has no connectivity")
        return await runner.write(twin_id, property, value)

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        runner = self._by_twin.get(twin_id)
        if runner is None:
            return CallAnswer("refused", error=f"{twin_id} has no connectivity")
        return await runner.call(twin_id, method, arguments)

    # ------------------------------------------------------------ runners

    def _runner(self, group: Group) -> Runner:
        inside = replace(group, twins=tuple(device_side(twin) for twin in group.twins))
        connector = converting(self._protocols[group.protocol](inside, self._clock, self._installation), group.twins)
        self._up.labels(group.name).set(0)
        return Runner(
            group, connector, self._sink, self._clock, self._back_off, self._jitter, self._went, self._counters
        )

    def _start(self, name: str, runner: Runner) -> None:
        assert self._tasks is not None
        self._running[name] = self._tasks.create_task(_after(self._running.get(name), runner), name=f"connector {name}")

    def _stop(self, name: str) -> None:
        del self._runners[name]
        self._up.remove(name)
        if (task := self._running.get(name)) is not None:
            task.cancel()

    def _went(self, name: str, up: bool) -> None:
        if name in self._runners:
            self._up.labels(name).set(1 if up else 0)
            if not up:
                self._outages.labels(name).inc()


async def _after(old: "asyncio.Task[None] | None", runner: Runner) -> None:
    """Two connections with one client id would end each other: the old one is gone before the new one starts."""
    if old is not None:
        try:
            await asyncio.wait({old})
        except asyncio.CancelledError:
            await asyncio.wait({old})  # it was cancelled long ago; whoever comes after us counts on it being gone
            raise
    await runner.run()
