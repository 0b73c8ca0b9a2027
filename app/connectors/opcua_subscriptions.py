"""The subscriptions of one OPC UA session: made, taken over from a lost one, and handed over in their order.

One PublishResult is one call of `on_publish`. While that has not returned no further publish request is sent, for any
of them: that is how a full sink slows the server down.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaError

from app.connectors.opcua_subscription import MAX_REPUBLISHED, Published, following
from app.connectors.opcua_values import status_name

T = TypeVar("T")
BATCH = 500
"""Nodes in one read, items in one create request; less where the server says it takes less."""
OnPublish = Callable[[Sequence[ua.DataChangeNotification | ua.EventNotificationList]], Awaitable[None]]
OnLost = Callable[[int, str], Awaitable[None]]
"""Told how many messages of a subscription are gone for good, and which."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a server may still have of a session that was lost: its subscriptions with all that they tell."""

    subscriptions: tuple[Published, ...]
    sampling_seconds: Mapping[int, float]
    last_handle: int


class Subscriptions:
    """Methods raise what asyncua raises. `end` is told why the session is over, `fail` what a handler raised."""

    def __init__(
        self,
        requests: UaSession,
        keep_alive_seconds: float,
        probe_seconds: float,
        end: Callable[[str], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._requests = requests
        self._keep_alive_seconds = keep_alive_seconds
        self._probe_seconds = probe_seconds
        self._end = end
        self._fail = fail
        self.standing: list[Published] = []
        self._sampling_seconds: dict[int, float] = {}
        """The slowest item of each, as the server revised it."""
        self._handle = 0
        self._heard = asyncio.Event()
        self.in_order = asyncio.Lock()
        """Held while something is handed over: what is read stands in its place among what is told."""
        self.create_batch = BATCH

    def quiet(self) -> str | None:
        """Why one of them counts as dead; None while none does."""
        if any(published.busy for published in self.standing):
            return None  # the server is not asked for any of them meanwhile
        for published in self.standing:
            quiet = self._now() - published.last_contact
            if quiet > published.quiet_seconds:
                return f"no keep-alive for {quiet:.1f} s"
        return None

    async def subscribe(
        self, interval_ms: float, items: Sequence[ua.MonitoredItemCreateRequest], on_publish: OnPublish, on_lost: OnLost
    ) -> list[ua.StatusCode | None]:
        """One subscription with these items; per item None, or why the server would not monitor it."""
        published = Published(0, interval_ms / 1000, float("inf"), self._now())
        revised = await self._requests.create_subscription(
            self._parameters(interval_ms), self._hand_over(published, on_publish, on_lost)
        )
        keep_alive = revised.RevisedPublishingInterval * max(1, revised.RevisedMaxKeepAliveCount) / 1000
        published.id = int(revised.SubscriptionId)
        published.interval_seconds = revised.RevisedPublishingInterval / 1000
        published.quiet_seconds = 3 * keep_alive + self._probe_seconds
        self.standing.append(published)
        results: list[ua.StatusCode | None] = []
        slowest = 0.0
        for batch in batches(items, self.create_batch):
            parameters = ua.CreateMonitoredItemsParameters()
            parameters.SubscriptionId = revised.SubscriptionId
            parameters.ItemsToCreate = batch
            parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
            for wanted, made in zip(batch, await self._requests.create_monitored_items(parameters), strict=True):
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
        return Kept(tuple(self.standing), self._sampling_seconds, self._handle)

    async def resume(self, kept: Kept, on_publish: OnPublish, on_lost: OnLost) -> bool:
        """Take over what another session of ours had, and hand over what it was not told; False where the server has
        it no more, or can't. What comes from then on comes after `go_on`."""
        parameters = ua.TransferSubscriptionsParameters()
        parameters.SubscriptionIds = [ua.IntegerId(published.id) for published in kept.subscriptions]
        parameters.SendInitialValues = False
        try:
            results = await self._requests.transfer_subscriptions(parameters)
        except UaError:
            return False
        taken = [published for published, result in zip(kept.subscriptions, results, strict=True)
                 if result.StatusCode.is_good()]  # fmt: skip
        if len(taken) < len(kept.subscriptions):
            if taken:
                await self._requests.delete_subscriptions([published.id for published in taken])
            return False
        self._handle = kept.last_handle
        self._sampling_seconds = dict(kept.sampling_seconds)
        for published, result in zip(kept.subscriptions, results, strict=True):
            published.last_contact, published.busy = self._now(), False
            handed = self._hand_over(published, on_publish, on_lost)
            self.standing.append(published)
            for number in published.available(result.AvailableSequenceNumbers or []):
                if (message := await self._republished(published, number)) is not None:
                    await handed(ua.PublishResult(ua.IntegerId(published.id), NotificationMessage=message))
            self._requests._subscription_callbacks[published.id] = handed
        return True

    def go_on(self) -> None:
        for published in self.standing:
            published.last_contact = self._now()
        self._requests.ensure_publish_loop()

    async def drained(self) -> bool:
        """Waits until every subscription has told all that it had, by a keep-alive if by nothing else; False where
        that does not come. asyncua's own server takes a transfer and then never publishes (2.1)."""
        before = {published.id: published.drained for published in self.standing}
        try:
            async with asyncio.timeout(max((item.quiet_seconds for item in self.standing), default=0.0) / 2):
                while any(item.drained == before[item.id] for item in self.standing):
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            return False
        return True

    async def forget(self) -> None:
        """Go on without the subscriptions that there are."""
        ids = [published.id for published in self.standing]
        self.standing.clear()
        with contextlib.suppress(UaError):
            await self._requests.delete_subscriptions(ids)
        for id in ids:
            self._requests._subscription_callbacks.pop(id, None)

    async def _republished(self, published: Published, number: int) -> ua.NotificationMessage | None:
        """None where the server has it no more."""
        try:
            message = await self._requests.republish(published.id, number)
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
        keep_alive = max(1, round(self._keep_alive_seconds * 1000 / interval_ms))
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
                self._fail(error)
            finally:
                published.busy = False
                for each in self.standing:
                    each.last_contact = self._now()

        return handed

    def _notifications(
        self, message: ua.NotificationMessage
    ) -> list[ua.DataChangeNotification | ua.EventNotificationList]:
        found: list[ua.DataChangeNotification | ua.EventNotificationList] = []
        for item in message.NotificationData or ():
            if isinstance(item, ua.StatusChangeNotification):
                self._end(f"the server ended the subscription: {status_name(int(item.Status.value))}")
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

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch
