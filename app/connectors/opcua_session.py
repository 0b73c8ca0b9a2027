"""One OPC UA session with its subscriptions: with opcua_security.py the only file that reaches into asyncua.

asyncua's own subscriptions take one notification at a time and re-create themselves behind our back;
here one PublishResult is one call, and whatever breaks (socket, session, subscription, keep-alive) ends the session,
so that there is one way to come back: connect again. While a call has not returned, no further publish request is
sent: that is how a full sink slows the server down.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from app.connectors.opcua_security import (
    APPLICATION_URI,
    Access,
    SecureClient,
    discovered,
    not_offered,
    offers_plain,
)
from app.connectors.opcua_subscription import MAX_REPUBLISHED, Published, following
from app.connectors.opcua_values import status_name
from app.errors import Unavailable

logging.getLogger("asyncua.client").setLevel(logging.CRITICAL)  # a traceback per lost connection; ours is one line

T = TypeVar("T")
BATCH = 500
"""Nodes in one read, items in one create request; less where the server says it takes less."""
OnPublish = Callable[[Sequence[ua.DataChangeNotification | ua.EventNotificationList]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long anything may take before the connection counts as dead; seconds."""

    connect_seconds: float = 5.0
    answer_seconds: float = 10.0
    """A read, and whatever else is asked to set the session up."""
    listen_seconds: float = 120.0
    """A write or method call: whoever asked has long given up by then, but a late answer is told."""
    probe_seconds: float = 2.0
    """The server's state is read this often, and must come within as long: a half-open link shows after twice that."""
    keep_alive_seconds: float = 2.0
    """A quiet subscription sends a keep-alive this often; three missed ones end the session."""
    close_seconds: float = 1.0
    read_back_seconds: float = 60.0
    """All values are read and compared with what the subscriptions told; 0 for never."""
    missing_seconds: float = 30.0
    """Nodes and namespaces that were not there are looked for again this often."""


OnLost = Callable[[int, str], Awaitable[None]]
"""Told how many messages of a subscription are gone for good, and which."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a server may still have of a session that was lost: its subscriptions with all that they tell."""

    subscriptions: tuple[Published, ...]
    sampling_seconds: Mapping[int, float]
    last_handle: int


class Session:
    """An activated session. Methods raise what asyncua raises (see `FAILURES` and `reason_of`)."""

    def __init__(self, client: SecureClient, timing: Timing, lost: "asyncio.Future[str]") -> None:
        self.client = client
        self.security = ""
        """How it is secured, for people."""
        self._timing = timing
        self._lost = lost
        self.subscriptions: list[Published] = []
        self._sampling_seconds: dict[int, float] = {}
        """The slowest item of each subscription, as the server revised it."""
        self._handle = 0
        self.broken = False
        """The connection was lost under it, so that the server may still have it."""
        self._heard = asyncio.Event()
        self.in_order = asyncio.Lock()
        """Held while something is handed over: what is read stands in its place among what is told."""
        self.read_batch = BATCH
        self.create_batch = BATCH

    @property
    def requests(self) -> UaSession:
        return self.client.uaclient.session

    async def learn_limits(self) -> None:
        """How much the server takes in one request; 0 or nothing means no limit of its own."""
        limits = (
            ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
            ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
        )
        read, create = [
            data.Value.Value if data.Value is not None and is_good(data) else None
            for data in await self.read([ua.NodeId(ua.Int32(limit)) for limit in limits])
        ]
        self.read_batch = min(BATCH, int(read or BATCH))
        self.create_batch = min(BATCH, int(create or BATCH))

    async def learn_structures(self) -> None:
        """What the server's own structures are made of (opcua_structures.py); without it they are bytes."""
        with contextlib.suppress(UaError):  # a server without descriptions has structures that nobody can read
            await self.client.load_data_type_definitions()

    async def read(
        self, nodes: Sequence[ua.NodeId], attribute: AttributeIds = AttributeIds.Value
    ) -> list[ua.DataValue]:
        """One DataValue a node, in order, each with its own status."""
        found: list[ua.DataValue] = []
        for batch in batches(nodes, self.read_batch):
            parameters = ua.ReadParameters()
            parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
            for node in batch:
                wanted = ua.ReadValueId()
                wanted.NodeId = node
                wanted.AttributeId = attribute
                parameters.NodesToRead.append(wanted)
            found.extend(await self.requests.read(parameters))
        return found

    async def write(self, node: ua.NodeId, value: ua.DataValue, seconds: float) -> ua.StatusCode:
        """asyncua's own would wait as long as for a read."""
        request = ua.WriteRequest()
        attribute = ua.WriteValue()
        attribute.NodeId, attribute.AttributeId, attribute.Value = node, AttributeIds.Value, value
        request.Parameters.NodesToWrite.append(attribute)
        answer = struct_from_binary(ua.WriteResponse, await self.requests._send_request(request, seconds))
        answer.ResponseHeader.ServiceResult.check()
        status: ua.StatusCode = answer.Results[0]
        return status

    async def call(self, method: ua.CallMethodRequest, seconds: float) -> ua.CallMethodResult:
        request = ua.CallRequest()
        request.Parameters.MethodsToCall = [method]
        answer = struct_from_binary(ua.CallResponse, await self.requests._send_request(request, seconds))
        answer.ResponseHeader.ServiceResult.check()
        result: ua.CallMethodResult = answer.Results[0]
        return result

    async def subscribe(
        self, interval_ms: float, items: Sequence[ua.MonitoredItemCreateRequest], on_publish: OnPublish, on_lost: OnLost
    ) -> list[ua.StatusCode | None]:
        """One subscription with these items; per item None, or why the server would not monitor it."""
        published = Published(0, interval_ms / 1000, float("inf"), self._now())
        revised = await self.requests.create_subscription(
            self._parameters(interval_ms), self._hand_over(published, on_publish, on_lost)
        )
        keep_alive = revised.RevisedPublishingInterval * max(1, revised.RevisedMaxKeepAliveCount) / 1000
        published.id = int(revised.SubscriptionId)
        published.interval_seconds = revised.RevisedPublishingInterval / 1000
        published.quiet_seconds = 3 * keep_alive + self._timing.probe_seconds
        self.subscriptions.append(published)
        results: list[ua.StatusCode | None] = []
        slowest = 0.0
        for batch in batches(items, self.create_batch):
            parameters = ua.CreateMonitoredItemsParameters()
            parameters.SubscriptionId = revised.SubscriptionId
            parameters.ItemsToCreate = batch
            parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
            for wanted, made in zip(batch, await self.requests.create_monitored_items(parameters), strict=True):
                good = made.StatusCode.is_good()
                results.append(None if good else made.StatusCode)
                if good:
                    published.handles.append(int(wanted.RequestedParameters.ClientHandle))
                    slowest = max(slowest, float(made.RevisedSamplingInterval) / 1000)
        self._sampling_seconds[published.id] = slowest
        return results

    def slow_seconds(self, published: Published) -> float:
        """How long a change may take to be told when all is well."""
        return published.interval_seconds + self._sampling_seconds.get(published.id, 0.0)

    def keep(self) -> Kept:
        return Kept(tuple(self.subscriptions), self._sampling_seconds, self._handle)

    async def resume(self, kept: Kept, on_publish: OnPublish, on_lost: OnLost) -> bool:
        """Take over what another session of ours had, and hand over what it was not told; False where the server has
        it no more, or can't. What comes from then on comes after `go_on`."""
        parameters = ua.TransferSubscriptionsParameters()
        parameters.SubscriptionIds = [ua.IntegerId(published.id) for published in kept.subscriptions]
        parameters.SendInitialValues = False
        try:
            results = await self.requests.transfer_subscriptions(parameters)
        except UaError:
            return False
        taken = [published for published, result in zip(kept.subscriptions, results, strict=True)
                 if result.StatusCode.is_good()]  # fmt: skip
        if len(taken) < len(kept.subscriptions):
            if taken:
                await self.requests.delete_subscriptions([published.id for published in taken])
            return False
        self._handle = kept.last_handle
        self._sampling_seconds = dict(kept.sampling_seconds)
        for published, result in zip(kept.subscriptions, results, strict=True):
            published.last_contact, published.busy = self._now(), False
            handed = self._hand_over(published, on_publish, on_lost)
            self.subscriptions.append(published)
            for number in published.available(result.AvailableSequenceNumbers or []):
                if (message := await self._republished(published, number)) is not None:
                    await handed(ua.PublishResult(ua.IntegerId(published.id), NotificationMessage=message))
            self.requests._subscription_callbacks[published.id] = handed
        return True

    def go_on(self) -> None:
        for published in self.subscriptions:
            published.last_contact = self._now()
        self.requests.ensure_publish_loop()

    async def drained(self) -> bool:
        """Waits until every subscription has told all that it had, by a keep-alive if by nothing else; False where
        that does not come. asyncua's own server takes a transfer and then never publishes (2.1)."""
        before = {published.id: published.drained for published in self.subscriptions}
        try:
            async with asyncio.timeout(max((item.quiet_seconds for item in self.subscriptions), default=0.0) / 2):
                while any(item.drained == before[item.id] for item in self.subscriptions):
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            return False
        return True

    async def forget(self) -> None:
        """Go on without the subscriptions that there are."""
        ids = [published.id for published in self.subscriptions]
        self.subscriptions.clear()
        with contextlib.suppress(UaError):
            await self.requests.delete_subscriptions(ids)
        for id in ids:
            self.requests._subscription_callbacks.pop(id, None)

    async def _republished(self, published: Published, number: int) -> ua.NotificationMessage | None:
        """None where the server has it no more."""
        try:
            message = await self.requests.republish(published.id, number)
        except UaError:
            return None
        return message if int(message.SequenceNumber) == number and message.NotificationData else None

    def item(
        self,
        node: ua.NodeId,
        attribute: AttributeIds,
        sampling_ms: float,
        queue_size: int,
        event_filter: ua.EventFilter | None = None,
    ) -> ua.MonitoredItemCreateRequest:
        """A request whose client handle is unique in this session."""
        self._handle += 1
        request = ua.MonitoredItemCreateRequest()
        request.ItemToMonitor.NodeId = node
        request.ItemToMonitor.AttributeId = attribute
        request.MonitoringMode = ua.MonitoringMode.Reporting
        request.RequestedParameters.ClientHandle = ua.UInt32(self._handle)
        request.RequestedParameters.SamplingInterval = ua.Double(sampling_ms)
        request.RequestedParameters.QueueSize = ua.UInt32(queue_size)
        request.RequestedParameters.DiscardOldest = True
        if event_filter is not None:
            request.RequestedParameters.Filter = event_filter
        return request

    def _parameters(self, interval_ms: float) -> ua.CreateSubscriptionParameters:
        keep_alive = max(1, round(self._timing.keep_alive_seconds * 1000 / interval_ms))
        parameters = ua.CreateSubscriptionParameters()
        parameters.RequestedPublishingInterval = ua.Double(interval_ms)
        parameters.RequestedMaxKeepAliveCount = ua.UInt32(keep_alive)
        parameters.RequestedLifetimeCount = ua.UInt32(max(10 * keep_alive, round(60_000 / interval_ms)))
        parameters.MaxNotificationsPerPublish = ua.UInt32(10_000)
        parameters.PublishingEnabled = True
        return parameters

    def _hand_over(
        self, published: Published, on_publish: OnPublish, on_lost: OnLost
    ) -> Callable[[ua.PublishResult], Awaitable[None]]:
        async def handed(result: ua.PublishResult) -> None:
            published.last_contact = self._now()
            message = result.NotificationMessage
            published.busy = True
            try:
                async with self.in_order:
                    if missing := published.missing(int(message.SequenceNumber)):
                        await self._fill(published, missing, on_publish, on_lost)
                    published.took(message, bool(result.MoreNotifications))
                    self._heard.set()
                    if notifications := self._notifications(message):
                        await on_publish(notifications)
            except Exception as error:  # asyncua would log it and go on deaf; it ends the session instead
                if not self._lost.done():
                    self._lost.set_exception(error)
            finally:
                published.busy = False
                for each in self.subscriptions:
                    each.last_contact = self._now()

        return handed

    def _notifications(
        self, message: ua.NotificationMessage
    ) -> list[ua.DataChangeNotification | ua.EventNotificationList]:
        found: list[ua.DataChangeNotification | ua.EventNotificationList] = []
        for item in message.NotificationData or ():
            if isinstance(item, ua.StatusChangeNotification):
                self.end(f"the server ended the subscription: {status_name(int(item.Status.value))}")
            elif isinstance(item, ua.DataChangeNotification | ua.EventNotificationList):
                found.append(item)
        return found

    async def _fill(self, published: Published, missing: int, on_publish: OnPublish, on_lost: OnLost) -> None:
        """Has the server tell again what was lost on the way."""
        first, gone, number = published.next_number, 0, published.next_number
        for _ in range(min(missing, MAX_REPUBLISHED)):
            message = await self._republished(published, number)
            if message is None:
                gone += 1
            elif notifications := self._notifications(message):
                await on_publish(notifications)
            number = following(number)
        gone += max(0, missing - MAX_REPUBLISHED)
        if gone:
            await on_lost(gone, f"{missing} from number {first} on of subscription {published.id}")

    def end(self, reason: str) -> None:
        if not self._lost.done():
            self._lost.set_result(reason)

    async def ended(self) -> str:
        """Waits until the session is lost; why. Raises what a handler of `subscribe` raised."""
        while True:
            done, _ = await asyncio.wait({self._lost}, timeout=self._timing.probe_seconds / 2)
            if done:
                return self._lost.result()
            if any(published.busy for published in self.subscriptions):
                continue  # the server is not asked for any of them meanwhile
            for published in self.subscriptions:
                quiet = self._now() - published.last_contact
                if quiet > published.quiet_seconds:
                    return f"no keep-alive for {quiet:.1f} s"

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


FAILURES = (OSError, asyncio.TimeoutError, UaError)
"""What a broken or unwilling server looks like; everything else is our own bug."""


def reason_of(error: BaseException) -> str:
    """One line for people: `connection refused`, `BadUserAccessDenied`, `no answer`."""
    if isinstance(error, UaStatusCodeError) and error.code is not None:
        return status_name(int(error.code))
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__


@contextlib.asynccontextmanager
async def opened(endpoint: str, access: Access, timing: Timing) -> AsyncIterator[Session]:
    """An activated session, closed at the end whatever state it is in. Raises Unavailable where there is none."""
    client = SecureClient(endpoint, timeout=timing.answer_seconds, watchdog_intervall=timing.probe_seconds)
    client.name = client.description = "Twin Overlay"
    client.application_uri = APPLICATION_URI
    client.session_timeout = 60_000  # small servers have few sessions: one that we lost must not stay for an hour
    lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    session = Session(client, timing, lost)

    async def on_loss(error: Exception) -> None:
        session.broken = True
        session.end(f"connection lost: {reason_of(error)}")

    client.connection_lost_callback = on_loss
    try:
        await _connect(client, endpoint, access, timing)
        session.security = access.told(client)
        yield session
    finally:
        await _close(client, timing, polite=not lost.done())
        if lost.done():
            lost.exception()  # seen, also where nobody waited for it any more


async def _connect(client: SecureClient, endpoint: str, access: Access, timing: Timing) -> None:
    offered: list[ua.EndpointDescription] = []
    try:
        if access.discovers:
            offered = await endpoints_of(endpoint, timing)
    except FAILURES as error:
        raise Unavailable(f"cannot connect to {endpoint}: {reason_of(error)}") from error
    try:
        async with asyncio.timeout(timing.connect_seconds):
            if access.discovers:
                await access.secure(client, offered, endpoint)
            await client.connect()
    except AssertionError as error:  # asyncua's, where the server answers with a fault instead of a channel
        refusal = ConnectionRefusedError("the server opens no secure channel")
        raise access.refused(refusal, str(refusal), endpoint) from error
    except FAILURES as error:
        if isinstance(error, UaError) and not access.discovers:
            with contextlib.suppress(*FAILURES):
                offered = await endpoints_of(endpoint, timing)
                if offered and not offers_plain(offered):
                    raise not_offered(endpoint, "None", offered) from error
        raise access.refused(error, reason_of(error), endpoint) from error


async def endpoints_of(endpoint: str, timing: Timing) -> list[ua.EndpointDescription]:
    """What the server offers. Raises what asyncua does (`FAILURES`)."""
    async with asyncio.timeout(timing.connect_seconds):
        return await discovered(SecureClient(endpoint, timeout=timing.connect_seconds))


async def _close(client: SecureClient, timing: Timing, *, polite: bool) -> None:
    """Close session and socket, and leave no task: asyncua's publish loop would outlive a lost socket by a second, and
    its `disconnect` leaves the transport of a half-open link open."""
    publishing = client.uaclient.session._publish_task
    protocol = client.uaclient.protocol
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timing.close_seconds if polite else 0.05):
            await client.disconnect()
    if publishing is not None and not publishing.done():
        publishing.cancel()
        await asyncio.wait({publishing})
    if protocol is not None and protocol.transport is not None:
        protocol.transport.abort()


def is_good(data: ua.DataValue) -> bool:
    return data.StatusCode is None or data.StatusCode.is_good()


def batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch
