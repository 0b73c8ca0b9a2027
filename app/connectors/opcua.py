"""OPC UA: one session to one endpoint, one subscription per sampling interval, every PublishResult one Reading.

The promise is convergence of the last value: everything is read back at every connect, and now and then compared with
what the subscriptions told. What the device's queue dropped in between (Overflow) and messages that never came (Missed)
are counted, never invented. Values are read before the twins are called alive, so that no condition sees what was true
before the outage.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlparse

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from app.connectors.decode import Rejected
from app.connectors.keys import NO_KEYS, Keys, wanted
from app.connectors.opcua_calls import Calls
from app.connectors.opcua_events import EventSource, EventTypes, decode_event, event_source
from app.connectors.opcua_nodes import Item, Layout, Unreachable, layout, namespace_array
from app.connectors.opcua_security import Access
from app.connectors.opcua_session import FAILURES, Session, Timing, opened, reason_of
from app.connectors.opcua_subscriptions import Kept, OnLost, OnPublish
from app.connectors.opcua_values import decode_data_value, status_name
from app.connectors.opcua_watch import FIRST_SECONDS, Silent, Told, Watch
from app.errors import Misconfigured, Unavailable
from app.model.connection import CallAnswer, TwinConnection
from app.model.events import DeviceEvent, PathStatus, Reading, Sample, SourceStatus
from app.model.values import Value
from app.ports import Clock, Sink

log = logging.getLogger("twin_overlay.connectors")
QUEUE_SIZE = 10
EVENT_QUEUE_SIZE = 100
EVENT_INTERVAL_MS = 500.0
"""Where a connection has events and no property."""
_MISSING = {"BadNodeIdUnknown", "BadNodeIdInvalid", "BadAttributeIdInvalid"}
"""The node is not there, or is not a variable; any other bad status is a node that is there."""


@dataclass(slots=True)
class _Live:
    """What belongs to one session."""

    session: Session
    namespaces: Sequence[str]
    types: EventTypes
    calls: Calls
    items: dict[int, Item] = field(default_factory=dict)
    """By client handle, as are the events."""
    events: dict[int, EventSource] = field(default_factory=dict)
    told: Told = field(default_factory=Told)
    read_again: asyncio.Event = field(default_factory=asyncio.Event)
    """Something was lost: what is true now has to be read."""


@dataclass(frozen=True, slots=True)
class _Left:
    """Of a session that was lost, for the next one."""

    kept: Kept
    plan: Layout
    items: dict[int, Item]
    events: dict[int, EventSource]


class OpcUaConnector:
    """All `twins` share endpoint and authentication. Write and call need the session that `run` holds."""

    protocol = "opc-ua"

    def __init__(
        self,
        name: str,
        endpoint: str,
        twins: Sequence[TwinConnection],
        *,
        clock: Clock,
        keys: Keys = NO_KEYS,
        timing: Timing | None = None,
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self.security = ""
        self._keys = keys
        self._twins = {twin.twin_id: twin for twin in twins}
        self._clock = clock
        self._timing = timing or Timing()
        self._live: _Live | None = None
        self._left: _Left | None = None
        self._resumes = True
        """Until this server shows that it can't."""

    async def run(self, sink: Sink) -> None:
        twins = list(self._twins.values())
        authentication = wanted(twins[0].address.authentication if twins else None, self.protocol, self.endpoint)
        _check_endpoint(self.endpoint)
        now = self._clock.now()
        access = Access(
            authentication,
            await self._keys.credentials(authentication, self.endpoint, now),
            self._keys.trust,
            now,
        )
        async with opened(self.endpoint, access, self._timing) as session:
            self.security = session.security
            left = None
            try:
                live, plan = await self._start(session, sink)
                left = (
                    _Left(session.subscriptions.keep(), plan, live.items, live.events) if not plan.unreachable else None
                )
                sink.connected(self.name)
                sink.status(SourceStatus(self.name, self._paths(plan)))
                reason = await self._ended(live, plan, sink)
                left = left if session.broken else None
            except FAILURES as error:
                reason = reason_of(error)
            finally:
                self._live = None
                self.security = ""
            self._left = left
        raise Unavailable(f"{self.endpoint}: {reason}")

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer:
        if self._live is None:
            return CallAnswer("failed", error=f"{twin_id} is disconnected", answered=False)
        return await self._live.calls.write(self._twins[twin_id], property, value)

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        if self._live is None:
            return CallAnswer("failed", error=f"{twin_id} is disconnected", answered=False)
        return await self._live.calls.call(self._twins[twin_id], method, arguments)

    # ------------------------------------------------------------ connect

    async def _start(self, session: Session, sink: Sink) -> tuple[_Live, Layout]:
        """Read everything back, then subscribe; what can be had and what can't. Where the server still has what a lost
        connection was subscribed to, that goes on instead, and what it kept meanwhile comes first."""
        await session.learn_limits()
        namespaces = await namespace_array(session)
        if any(_has_object(twin) for twin in self._twins.values()):
            await session.learn_structures()
        live = _Live(session, namespaces, EventTypes(session), Calls(session, namespaces, self._timing.listen_seconds))
        left, self._left = self._left, None
        if (
            self._resumes
            and left is not None
            and left.plan.namespaces == namespaces
            and await self._resumed(live, left, sink)
        ):
            self._live = live
            return live, left.plan
        plan = layout(list(self._twins.values()), namespaces)
        await self._read_back(live, plan, sink)
        self._live = live
        await self._subscribe(live, plan, sink)
        await self._report_unreachable(plan, sink)
        return live, plan

    async def _resumed(self, live: _Live, left: _Left, sink: Sink) -> bool:
        live.items, live.events = left.items, left.events
        resumed = await live.session.subscriptions.resume(left.kept, *self._handlers(live, sink))
        if resumed:
            live.session.subscriptions.go_on()
            self._resumes = await live.session.subscriptions.drained()
        if not (resumed and self._resumes):
            await live.session.subscriptions.forget()
            live.items, live.events = {}, {}
            return False
        await self._read_again(live, sink)
        log.info("%s goes on with the subscriptions that it had", self.name)
        return True

    def _handlers(self, live: _Live, sink: Sink) -> tuple[OnPublish, OnLost]:
        async def on_publish(notifications: Sequence[ua.DataChangeNotification | ua.EventNotificationList]) -> None:
            await self._publish(live, notifications, sink)

        async def on_lost(count: int, which: str) -> None:
            sink.reject(self.name, "Missed", f"messages that never came: {which}", count)
            live.read_again.set()

        return on_publish, on_lost

    async def _ended(self, live: _Live, plan: Layout, sink: Sink) -> str:
        """Why the session is over."""
        ways: list[Coroutine[Any, Any, str]] = [live.session.ended(), self._watched(live, sink)]
        if plan.unreachable:
            ways.append(self._completed(live.session, plan))
        tasks = {asyncio.ensure_future(way) for way in ways}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _completed(self, session: Session, plan: Layout) -> str:
        """A server may answer before its address space is complete, and what it did not have would else stay unknown
        for as long as the connection stands: once it is there, connecting again takes it up."""
        while True:
            await asyncio.sleep(self._timing.missing_seconds)
            if await namespace_array(session) != plan.namespaces:
                return "the server's namespaces have changed"
            answers = await session.read([item.node for item in plan.missing])
            for item, data in zip(plan.missing, answers, strict=True):
                if _status(data) not in _MISSING:
                    return f"node {item.node.to_string()} of {item.twin_id}.{item.plan.name} is there now"

    async def _watched(self, live: _Live, sink: Sink) -> str:
        """Until a subscription turns out to be silent. What it should have told is told by us, so that the last values
        are true at once; the session ends all the same, for nothing else would mend it."""
        watch = Watch(live.session, live.items, live.told)
        every = self._timing.read_back_seconds or None
        seconds = None if every is None else min(FIRST_SECONDS, every)
        while True:
            try:
                async with asyncio.timeout(seconds):
                    await live.read_again.wait()
                live.read_again.clear()
                await self._read_again(live, sink)
            except TimeoutError:
                seconds = every
                if silent := await watch.silent():
                    return await self._told_instead(live, silent, sink)

    async def _told_instead(self, live: _Live, silent: Silent, sink: Sink) -> str:
        async with live.session.subscriptions.in_order:
            await self._take(live, silent, sink)
        item = live.items[silent[0][0]]
        first = f"node {item.node.to_string()} of {item.twin_id}.{item.plan.name}"
        count = f"{len(silent)} of {len(live.items)}"
        sink.reject(self.name, "Unreported", f"{count} values have changed and were not reported: {first}", len(silent))
        return f"the subscription is silent: {first} has changed and was not reported ({count} values)"

    async def _read_again(self, live: _Live, sink: Sink) -> None:
        """The values as they stand, in their place among what is told."""
        handles = list(live.items)
        async with live.session.subscriptions.in_order:
            answers = await live.session.read([live.items[handle].node for handle in handles])
            await self._take(live, list(zip(handles, answers, strict=True)), sink)

    async def _take(self, live: _Live, read: Silent, sink: Sink) -> None:
        received_at = self._clock.now()
        samples = []
        for handle, data in read:
            live.told.read(handle, data)
            item = live.items[handle]
            sample, rejected = decode_data_value(item.twin_id, item.plan, data, received_at)
            self._count(sink, rejected)
            if sample is not None:
                samples.append(sample)
        await self._offer(sink, Reading(self.name, received_at, tuple(samples)))

    async def _read_back(self, live: _Live, plan: Layout, sink: Sink) -> None:
        """One Reading of all values. Done before any item exists, so a notification is never older than this."""
        answers = await live.session.read([item.node for item in plan.items])
        received_at = self._clock.now()
        samples: list[Sample] = []
        there: list[Item] = []
        for item, data in zip(plan.items, answers, strict=True):
            status = _status(data)
            if status in _MISSING:
                plan.missing.append(item)
                detail = f"node {item.node.to_string()} is not a variable of the server"
                plan.unreachable.append(
                    Unreachable(item.twin_id, item.plan.name, "UnknownNode", f"{detail} ({status})")
                )
                continue
            there.append(item)
            plan.read.append(data)
            sample, rejected = decode_data_value(item.twin_id, item.plan, data, received_at)
            self._count(sink, rejected)
            if sample is not None:
                samples.append(sample)
        plan.items = there
        await self._offer(sink, Reading(self.name, received_at, tuple(samples)))

    async def _subscribe(self, live: _Live, plan: Layout, sink: Sink) -> None:
        by_interval: dict[float, list[ua.MonitoredItemCreateRequest]] = {}
        for item, data in zip(plan.items, plan.read, strict=True):
            request = live.session.subscriptions.item(item.node, AttributeIds.Value, item.interval_ms, QUEUE_SIZE)
            live.items[request.RequestedParameters.ClientHandle] = item
            live.told.read(request.RequestedParameters.ClientHandle, data)
            by_interval.setdefault(item.interval_ms, []).append(request)
        fastest = min(by_interval, default=EVENT_INTERVAL_MS)
        for twin in self._twins.values():
            source, unusable = await event_source(twin, live.namespaces, live.types)
            self._count(sink, unusable)
            if source is not None:
                request = live.session.subscriptions.item(
                    source.node, AttributeIds.EventNotifier, 0.0, EVENT_QUEUE_SIZE, source.filter
                )
                live.events[request.RequestedParameters.ClientHandle] = source
                by_interval.setdefault(fastest, []).append(request)

        for interval, requests in by_interval.items():
            results = await live.session.subscriptions.subscribe(interval, requests, *self._handlers(live, sink))
            for request, status in zip(requests, results, strict=True):
                if status is not None:
                    self._not_monitored(live, request.RequestedParameters.ClientHandle, status, plan, sink)
        plan.read.clear()

    def _not_monitored(self, live: _Live, handle: int, status: ua.StatusCode, plan: Layout, sink: Sink) -> None:
        name = status_name(int(status.value))
        if source := live.events.pop(handle, None):
            where = f"{source.twin_id}: its object {source.node.to_string()} gives no events"
            self._count(sink, [Rejected("NotMonitored", f"{where} ({name})")])
        elif item := live.items.pop(handle, None):
            detail = f"the server does not monitor node {item.node.to_string()} ({name})"
            plan.unreachable.append(Unreachable(item.twin_id, item.plan.name, "NotMonitored", detail))

    async def _report_unreachable(self, plan: Layout, sink: Sink) -> None:
        now = self._clock.now()
        for lost in plan.unreachable:
            sink.reject(self.name, lost.reason, f"{lost.twin_id}.{lost.property}: {lost.detail}")
        samples = [Sample(lost.twin_id, lost.property, None, now, "bad", lost.reason) for lost in plan.unreachable]
        await self._offer(sink, Reading(self.name, now, tuple(samples)))

    def _paths(self, plan: Layout) -> tuple[PathStatus, ...]:
        """A twin none of whose properties can be read is silent; one with methods alone lives with the session."""
        reachable = Counter(item.twin_id for item in plan.items)
        lost: dict[str, list[Unreachable]] = {}
        for item in plan.unreachable:
            lost.setdefault(item.twin_id, []).append(item)
        paths = []
        for twin_id in self._twins:
            gone = lost.get(twin_id, [])
            if gone and not reachable[twin_id]:
                reason = f"none of its {len(gone)} properties can be read: {gone[0].property}: {gone[0].detail}"
                paths.append(PathStatus(twin_id, False, reason))
            else:
                paths.append(PathStatus(twin_id, True))
        return tuple(paths)

    # ------------------------------------------------------------ notifications

    async def _publish(
        self, live: _Live, notifications: Sequence[ua.DataChangeNotification | ua.EventNotificationList], sink: Sink
    ) -> None:
        received_at = self._clock.now()
        samples: list[Sample] = []
        events: list[DeviceEvent] = []
        for notification in notifications:
            if isinstance(notification, ua.DataChangeNotification):
                for changed in notification.MonitoredItems:
                    item = live.items.get(changed.ClientHandle)
                    if item is None:
                        continue
                    live.told.heard(changed.ClientHandle, changed.Value)
                    sample, rejected = decode_data_value(item.twin_id, item.plan, changed.Value, received_at)
                    self._count(sink, rejected)
                    if sample is not None:
                        samples.append(sample)
            else:
                for raised in notification.Events:
                    source = live.events.get(raised.ClientHandle)
                    if source is None:
                        continue
                    event, rejected = await decode_event(source, raised.EventFields, received_at, live.types)
                    self._count(sink, rejected)
                    if event is not None:
                        events.append(event)
        await self._offer(sink, Reading(self.name, received_at, tuple(samples), tuple(events)))

    async def _offer(self, sink: Sink, reading: Reading) -> None:
        if not reading.samples and not reading.events:
            return
        while not sink.offer(reading):
            await sink.room()

    def _count(self, sink: Sink, rejected: Sequence[Rejected]) -> None:
        for item in rejected:
            sink.reject(self.name, item.reason, item.detail)


def _has_object(twin: TwinConnection) -> bool:
    plans = [*twin.properties.values(), *(item for method in twin.methods.values() for item in method.parameters)]
    while plans:
        plan = plans.pop()
        if plan.data_type == "object":
            return True
        plans += [plan.items] if plan.items is not None else []
    return False


def _status(data: ua.DataValue) -> str:
    return status_name(int(data.StatusCode.value)) if data.StatusCode is not None else "Good"


def _check_endpoint(endpoint: str) -> None:
    try:
        address = urlparse(endpoint)
        usable = address.scheme == "opc.tcp" and bool(address.hostname) and (address.port or 0) > 0
    except ValueError:
        usable = False
    if not usable:
        raise Misconfigured(
            f"'{endpoint}' is not an OPC UA endpoint",
            code="ENDPOINT_INVALID",
            hint="write it as opc.tcp://host:4840",
        )
