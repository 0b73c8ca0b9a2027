"""What the connectors' tests share: a sink that remembers, and twins with little to write."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from app.model.connection import TwinConnection
from app.model.definitions import Connectivity
from app.model.events import DeviceEvent, PathStatus, Reading, Sample, SourceStatus
from app.model.plan import MethodPlan, PropertyPlan
from app.ports import Connector

STATES = ("off", "starting", "running", "stopping", "fault")
PLANS = {
    plan.name: plan
    for plan in (
        PropertyPlan("flow_rate", "float"),
        PropertyPlan("temperature", "float"),
        PropertyPlan("status", "enum", enum_values=STATES, access="read-write"),
        PropertyPlan("mode", "string"),
        PropertyPlan("speed", "float", access="read-write"),
        PropertyPlan("count", "integer", access="read-write"),
        PropertyPlan("enabled", "boolean"),
        PropertyPlan("started_at", "datetime"),
        PropertyPlan("blob", "string"),
        PropertyPlan("profile", "array", items=PropertyPlan("", "float"), access="read-write"),
        PropertyPlan(
            "matrix", "array", items=PropertyPlan("", "array", items=PropertyPlan("", "integer")), access="read-write"
        ),
        PropertyPlan(
            "span", "object", fields=(PropertyPlan("Low", "float"), PropertyPlan("High", "float")), access="read-write"
        ),
        PropertyPlan(
            "recipe",
            "object",
            fields=(
                PropertyPlan("Name", "string"),
                PropertyPlan("Steps", "array", items=PropertyPlan("", "integer")),
                PropertyPlan("Within", "object", fields=(PropertyPlan("High", "float"),)),
            ),
            access="read-write",
        ),
    )
}
METHODS = {
    plan.name: plan
    for plan in (
        MethodPlan("start", return_type="boolean"),
        MethodPlan("set_speed", (PropertyPlan("speed", "float"), PropertyPlan("ramp", "integer"))),
        MethodPlan("reset"),
        MethodPlan("take_profile", (PropertyPlan("profile", "array", items=PropertyPlan("", "float")),), "array"),
        MethodPlan("unknown"),
    )
}


class FakeSink:
    """Implements ports.Sink: takes everything, unless `full`; commits when told, or at once with `durable`."""

    def __init__(self, *, durable: bool = True) -> None:
        self.durable = durable
        self.full = False
        self.readings: list[Reading] = []
        self.uncommitted: list[Callable[[], None]] = []
        self.statuses: list[SourceStatus] = []
        self.sources: list[str] = []
        self.rejected: Counter[str] = Counter()
        self.details: list[str] = []
        self.asked_in_vain = 0
        self._room = asyncio.Event()
        self._room.set()

    def offer(self, reading: Reading, committed: Callable[[], None] | None = None) -> bool:
        if self.full:
            self.asked_in_vain += 1
            self._room.clear()
            return False
        self.readings.append(reading)
        if committed is not None:
            if self.durable:
                committed()
            else:
                self.uncommitted.append(committed)
        return True

    async def room(self) -> None:
        await self._room.wait()

    def make_room(self) -> None:
        self.full = False
        self._room.set()

    def status(self, status: SourceStatus) -> None:
        self.statuses.append(status)

    def connected(self, source: str) -> None:
        self.sources.append(source)

    def reject(self, source: str, reason: str, detail: str, count: int = 1) -> None:
        self.rejected[reason] += count
        self.details.append(detail)

    # ------------------------------------------------------------ asking

    @property
    def samples(self) -> list[Sample]:
        return [sample for reading in self.readings for sample in reading.samples]

    @property
    def events(self) -> list[DeviceEvent]:
        return [event for reading in self.readings for event in reading.events]

    def last(self, property: str, twin_id: str = "pump_123") -> Sample | None:
        found = [sample for sample in self.samples if (sample.twin_id, sample.property) == (twin_id, property)]
        return found[-1] if found else None

    def value(self, property: str, twin_id: str = "pump_123") -> Any:
        found = self.last(property, twin_id)
        return None if found is None else found.value

    def path(self, twin_id: str = "pump_123") -> PathStatus | None:
        found = [path for status in self.statuses for path in status.paths if path.twin_id == twin_id]
        return found[-1] if found else None

    def alive(self, twin_id: str = "pump_123") -> bool:
        path = self.path(twin_id)
        return path is not None and path.alive

    def silent(self, twin_id: str = "pump_123") -> bool:
        path = self.path(twin_id)
        return path is not None and not path.alive


async def until(condition: Callable[[], Any], what: str, seconds: float = 20.0) -> None:
    """Polls; fails with `what` after `seconds`."""

    async def asked() -> bool:
        return bool(condition())

    await until_true(asked, what, seconds)


async def until_true(condition: Callable[[], Awaitable[bool]], what: str, seconds: float = 20.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        if await condition():
            return
        assert asyncio.get_running_loop().time() < deadline, f"never happened in {seconds} s: {what}"
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(connector: Connector, sink: FakeSink) -> AsyncIterator["asyncio.Task[None]"]:
    """The connector at work; whatever ends it before its time fails the test."""
    before = asyncio.all_tasks()
    task = asyncio.create_task(connector.run(sink))
    try:
        await until(lambda: task.done() or sink.sources, "the connector connects")
        if task.done():
            await task
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=5)
    await until(lambda: asyncio.all_tasks() <= before, "the connector leaves no task behind")


def pump(
    endpoint: str,
    properties: dict[str, dict[str, Any]],
    methods: dict[str, dict[str, Any]] | None = None,
    events: dict[str, dict[str, Any]] | None = None,
    *,
    twin_id: str = "pump_123",
    protocol: str = "opc-ua",
    **connectivity: Any,
) -> TwinConnection:
    """A twin with the given mapping, every other field of its connectivity by keyword."""
    mapping = {"properties": properties, "methods": methods or {}, "events": events or {}}
    document = {"protocol": protocol, "endpoint": endpoint, "mapping": mapping, **connectivity}
    return TwinConnection(
        twin_id,
        Connectivity.model_validate(document),
        {name: PLANS[name] for name in properties},
        {name: METHODS[name] for name in methods or {}},
        tuple(events or {}),
    )
