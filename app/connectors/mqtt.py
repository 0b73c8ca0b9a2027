"""MQTT: one persistent session to one broker; one message is one Reading with the samples of every twin on its topic.

A message is acknowledged when its reading is committed, so the broker keeps what we have not stored; while the sink
has no room nothing is read on. A broker that is there says nothing about a device that is not: only an availability
topic (a birth and last-will pair) can, so a twin with one is silent until its birth message is here.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from urllib.parse import urlparse

import aiomqtt
import msgspec

from app.connectors.decode import Rejected, Unusable, decode_message
from app.connectors.keys import NO_KEYS, Credentials, Keys, wanted
from app.connectors.mqtt_routes import Routes, Topic, usable_topic
from app.connectors.mqtt_session import MQTT_5, Message, MqttSession, Timing, opened, reason_of
from app.connectors.mqtt_tls import Tls, tls
from app.errors import Misconfigured, Unavailable
from app.model.authentication import without_user
from app.model.connection import CallAnswer, TwinConnection
from app.model.events import Delivery, PathStatus, Reading, Sample, SourceStatus
from app.model.values import RETAINED, SAMPLES_LOST, Value
from app.off_loop import give_way
from app.ports import Clock, Sink

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
_BREATHE_EVERY = 50
"""Twins between two turns of the event loop."""


class MqttConnector:
    """All `twins` share broker, authentication and client id. `client_id` must be this installation's own: a broker
    ends the older of two connections with one id."""

    protocol = "mqtt"

    def __init__(
        self,
        name: str,
        endpoint: str,
        twins: Sequence[TwinConnection],
        *,
        client_id: str,
        clock: Clock,
        keys: Keys = NO_KEYS,
        timing: Timing | None = None,
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self.security = ""
        self._keys = keys
        self._twins = {twin.twin_id: twin for twin in twins}
        self._client_id = client_id
        self._clock = clock
        self._timing = timing or Timing()
        self._version = MQTT_5
        self._session: MqttSession | None = None
        self._topics: Mapping[str, Topic] = {}
        self._unmapped: Sequence[tuple[str, str, Unusable]] = ()
        self._refused: Sequence[str] = ()
        """Topics, at the last connect."""

    async def run(self, sink: Sink) -> None:
        twins = list(self._twins.values())
        authentication = wanted(twins[0].address.authentication if twins else None, self.protocol, self.endpoint)
        secure, hostname, port = broker_address(self.endpoint)
        user = await self._keys.credentials(authentication, self.endpoint, self._clock.now())
        with_tls = await tls(self._keys, user, authentication.ca_id, self.endpoint) if secure else None

        def on_lost(topic: str) -> None:
            detail = f"topic '{topic}': a QoS 0 message, dropped while readings wait to be stored"
            sink.reject(self.name, "Overflow", detail)

        if not self._topics and not self._unmapped:
            await self._route()
        client_id, timing, version = self._client_id, self._timing, self._version
        async with opened(hostname, port, client_id, user, timing, on_lost, tls=with_tls, version=version) as session:
            self._version = session.version  # a broker without MQTT 5 need not be asked for it at each connect
            self.security = told(with_tls, user)
            try:
                await self._follow(session, sink)
                reason = "the connection ended"
            except aiomqtt.MqttError as error:
                reason = reason_of(error)
            finally:
                self._session = None
                self.security = ""
        raise Unavailable(f"{self.endpoint}: {reason}")

    async def _follow(self, session: MqttSession, sink: Sink) -> None:
        """Until the connection ends. Messages are taken once the paths are known; earlier where a broker has so many
        for us that its answer is behind more than we hold: then the paths are as they were the last time."""
        subscribing = asyncio.ensure_future(
            session.subscribe([(topic, found.qos) for topic, found in self._topics.items()])
        )
        try:
            early = await session.full_before(subscribing)
            if early:
                sink.status(SourceStatus(self.name, self._first_paths(self._refused)))
                subscribing.add_done_callback(session.wake)
            else:
                await self._stand(session, subscribing.result(), sink)
            async for held in session.messages():
                if early and subscribing.done():
                    early = False
                    await self._stand(session, subscribing.result(), sink)
                if held is not None:
                    await self._take(session, *held, sink)
        finally:
            subscribing.cancel()
            await asyncio.gather(subscribing, return_exceptions=True)

    async def _stand(self, session: MqttSession, refused: Sequence[str], sink: Sink) -> None:
        self._session, self._refused = session, refused
        sink.connected(self.name)
        await self._report(sink, refused)

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer:
        mapping = self._twins[twin_id].connectivity.mapping.properties.get(property)
        if mapping is None or not mapping.write_topic:
            return CallAnswer("refused", error=f"{twin_id}.{property} has no write_topic in its mapping")
        return await self._publish(f"{twin_id}.{property}", mapping.write_topic, {"value": value})

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        mapping = self._twins[twin_id].connectivity.mapping.methods.get(method)
        if mapping is None or not mapping.topic:
            return CallAnswer("refused", error=f"{twin_id}.{method} has no topic in its mapping")
        return await self._publish(f"{twin_id}.{method}", mapping.topic, {"method": method, "arguments": arguments})

    async def _publish(self, what: str, topic: str, document: dict[str, Value]) -> CallAnswer:
        """Accepted is the broker's word: it has the message. Whether the device did it shows in its readings."""
        if self._session is None:
            return CallAnswer("failed", error=f"{what}: {self.endpoint} is disconnected", answered=False)
        try:
            payload = json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
            usable_topic(topic)
        except ValueError as error:
            return CallAnswer("refused", error=f"{what}: {error}")
        except Unusable as unusable:
            return CallAnswer("refused", error=f"{what}: {unusable.detail}")
        try:
            await self._session.publish(topic, payload)
        except aiomqtt.MqttError as error:  # with a code it never left; else only the answer to it is missing
            became = "was not sent" if isinstance(error, aiomqtt.MqttCodeError) else "was not confirmed by the broker"
            return CallAnswer("failed", error=f"{what} {became}: {reason_of(error)}", answered=False)
        return CallAnswer("accepted")

    # ------------------------------------------------------------ mapping

    async def _route(self) -> None:
        """Mappings that can't be used are reported at each connect. Once, at the first connect, and with a breath now
        and then: 20,000 twins take a third of a second."""
        routes = Routes()
        for number, twin in enumerate(self._twins.values(), 1):
            if number % _BREATHE_EVERY == 0:
                await give_way()
            routes.add(twin)
        self._topics, self._unmapped = routes.topics, routes.unmapped

    async def _report(self, sink: Sink, refused: Sequence[str]) -> None:
        """What can't be had is counted and shown as bad; then each twin's path."""
        now = self._clock.now()
        bad: list[Sample] = []
        for twin_id, name, unusable in self._unmapped:
            sink.reject(self.name, unusable.reason, f"{twin_id}.{name}: {unusable.detail}")
            if name in self._twins[twin_id].properties:
                bad.append(Sample(twin_id, name, None, now, "bad", unusable.reason))
        for topic in refused:
            for route in self._topics[topic].properties:
                where = f"{route.twin_id}.{route.plan.name}"
                sink.reject(self.name, "NotSubscribed", f"{where}: the broker refuses topic '{topic}'")
                bad.append(Sample(route.twin_id, route.plan.name, None, now, "bad", "NotSubscribed"))
        if bad:
            await self._offer(sink, Reading(self.name, now, tuple(bad)), None)
        sink.status(SourceStatus(self.name, self._first_paths(refused)))

    def _first_paths(self, refused: Sequence[str]) -> tuple[PathStatus, ...]:
        alive = {twin_id: PathStatus(twin_id, True) for twin_id in self._twins}
        if refused:
            topics: dict[str, set[str]] = {}
            for topic, found in self._topics.items():
                for twin_id in found.twins():
                    topics.setdefault(twin_id, set()).add(topic)
            for twin_id, of_twin in topics.items():
                if of_twin <= set(refused):
                    reason = f"the broker refuses its topics: {', '.join(sorted(of_twin)[:3])}"
                    alive[twin_id] = PathStatus(twin_id, False, reason)
        for name, found in self._topics.items():
            for twin_id, _ in found.availability:
                alive[twin_id] = PathStatus(twin_id, False, f"no word yet on its availability topic '{name}'")
        return tuple(alive.values())

    # ------------------------------------------------------------ messages

    async def _take(
        self, session: MqttSession, message: Message, committed: Callable[[], None] | None, sink: Sink
    ) -> None:
        name, payload = message.topic, message.payload
        received_at, delivery = self._clock.now(), None
        if committed is not None:
            same = f"{self._client_id}\0{name}\0".encode() + payload
            delivery = Delivery(message.number, blake2b(same, digest_size=16).digest(), message.again)
        topic = self._topics.get(name)
        if topic is None:  # our session outlives our mapping: a topic that an earlier one had
            self._count(sink, name, Rejected("UnknownTopic", "nobody maps it any more"))
            if delivery is not None:
                await self._offer(sink, Reading(self.name, received_at, delivery=delivery), committed)
            await session.unsubscribe(name)
            return
        if topic.availability:
            self._availability(topic, name, payload, sink)
            await sink.room()  # a word on a path is always taken: one that changes all the time is slowed here
        decoded = decode_message(payload, received_at, topic.properties, topic.events)
        for rejected in decoded.rejected:
            self._count(sink, name, rejected)
        samples = decoded.samples
        if message.retained or message.after_loss:
            reason = RETAINED if message.retained else SAMPLES_LOST
            samples = tuple(_with_reason(sample, reason) for sample in samples)
        if samples or decoded.events or delivery is not None:
            # One of QoS 1 in which nothing is to store is journaled all the same: that it was bad is acknowledged no
            # earlier than what was good.
            await self._offer(sink, Reading(self.name, received_at, samples, decoded.events, delivery), committed)

    def _availability(self, topic: Topic, name: str, payload: bytes, sink: Sink) -> None:
        word = payload.decode(errors="replace").strip()
        for twin_id, availability in topic.availability:
            if word in (availability.online, availability.offline):
                alive = word == availability.online
                reason = "" if alive else f"its availability topic says '{availability.offline}'"
                sink.status(SourceStatus(self.name, (PathStatus(twin_id, alive, reason),)))
            else:
                wanted = f"'{availability.online}' or '{availability.offline}'"
                self._count(sink, name, Rejected("BadPayload", f"{twin_id}: availability is neither {wanted}"))

    async def _offer(self, sink: Sink, reading: Reading, committed: Callable[[], None] | None) -> None:
        while not sink.offer(reading, committed):
            await sink.room()

    def _count(self, sink: Sink, topic: str, rejected: Rejected) -> None:
        sink.reject(self.name, rejected.reason, f"topic '{topic}': {rejected.detail}")


def _with_reason(sample: Sample, reason: str) -> Sample:
    return sample if sample.reason is not None else msgspec.structs.replace(sample, reason=reason)


def broker_address(endpoint: str) -> tuple[bool, str, int]:
    """Whether with TLS, host and port. Raises Misconfigured (ENDPOINT_INVALID)."""
    try:
        address = urlparse(endpoint)
        port = address.port or DEFAULT_PORTS.get(address.scheme, 0)
    except ValueError:
        address, port = urlparse(""), 0
    if address.scheme not in DEFAULT_PORTS or not address.hostname:
        raise Misconfigured(
            f"'{without_user(endpoint)}' is not an MQTT endpoint",
            code="ENDPOINT_INVALID",
            hint="write it as mqtts://host:8883, or mqtt://host:1883 for one without TLS",
        )
    return address.scheme == "mqtts", address.hostname, port


def told(tls: Tls | None, user: Credentials) -> str:
    """How the connection is secured, in one line for people."""
    parts = ["none" if tls is None else tls.told()]
    if user.username:
        parts.append(f"user '{user.username}'")
        if tls is None:
            parts.append("PASSWORD IN PLAIN TEXT")
    return ", ".join(parts)
