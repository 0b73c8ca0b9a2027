"""One MQTT connection with manual acknowledgement: the only file that reaches under aiomqtt.

aiomqtt has no public manual acknowledgement, so the paho client under it is told not to acknowledge by itself, and a
message is acknowledged when its reading is durable. The session is persistent: what was not acknowledged when the
connection ended comes again. paho must never get a QoS 2 message (it sends PUBREC before it delivers), so
subscriptions ask for QoS 1 at most.

MQTT 5 where the broker speaks it, since it lets us say how many messages we hold; else 3.1.1. Whatever the broker does,
no message of QoS 1 is ever dropped here: with too many unacknowledged, the socket is not read, which slows the broker.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import aiomqtt
import msgspec
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from app.connectors.keys import Credentials
from app.connectors.mqtt_tls import Tls, refusal
from app.connectors.mqtt_wire import Buffered, acknowledge
from app.errors import Unavailable

_CLIENT_LOG = logging.getLogger("twin_overlay.connectors.mqtt.client")
_CLIENT_LOG.setLevel(logging.ERROR)  # paho tells every lost socket as a warning; ours is one line
_TOPICS_PER_SUBSCRIBE = 100
_REFUSED = 0x80
_NOT_LET_IN = (4, 5, 133, 134, 135, 138)
"""Bad user name or password, not authorized, identifier refused, banned; by 3.1.1 and by 5."""
_OTHER_PROTOCOL = frozenset({0x81, 0x82, 0x84})
"""How a broker that does not speak MQTT 5 may say so: malformed packet, protocol error, unsupported version."""
MQTT_5, MQTT_3_1_1 = aiomqtt.ProtocolVersion.V5, aiomqtt.ProtocolVersion.V311
_BREATHE_EVERY = 100
"""Messages between two turns of the event loop."""
RECEIVE_MAXIMUM = 1_000
"""Messages of QoS 1 that an MQTT 5 broker may send without an acknowledgement. At a commit of a few milliseconds that
is far above any device's rate; the window in which a repetition is known (engine/deliveries.py) is far wider."""
MOST_UNACKNOWLEDGED = 2 * RECEIVE_MAXIMUM
"""Held at most, whatever the broker keeps to: Mosquitto sends one more than it may as a session goes on."""
MAX_UNREAD_QOS0 = 10_000
"""QoS 0 messages held while the sink has no room: nobody waits for their acknowledgement, so more are lost, counted."""
MAX_UNREAD_BYTES = 64 * 1024 * 1024
"""Of all messages held together; past it QoS 0 is lost, and the socket is not read."""
SESSION_SECONDS = 30 * 86_400
"""How long the broker keeps the session of a server that is away, where it lets us say so (MQTT 5)."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long anything may take before the connection counts as dead; seconds."""

    connect_seconds: float = 3.0
    answer_seconds: float = 5.0
    keepalive_seconds: int = 5
    """A ping after this much quiet; without an answer in as long again the connection is dead."""
    close_seconds: float = 1.0


class Message(msgspec.Struct, frozen=True):
    topic: str
    payload: bytes
    qos: int
    retained: bool
    """The broker had kept it: it was there before we asked, nobody knows for how long."""
    number: int
    """The packet identifier; 0 at QoS 0."""
    again: bool
    """Whether the broker says that it has sent it before (DUP)."""
    after_loss: bool
    """Whether messages of its topic, before it, were lost here."""


Acknowledge = Callable[[], None]
T = TypeVar("T")


class Acknowledgements:
    """Acknowledges in the order of arrival, as MQTT 3.1.1 demands [4.6.0-2], whatever the order of the commits; what
    one commit has made durable in one go."""

    def __init__(self, send: Callable[[Sequence[int]], None]) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._open: deque[list[Any]] = deque()
        self._sending = False
        self._closed = False

    def __len__(self) -> int:
        """Messages that were expected and are not acknowledged."""
        return len(self._open)

    def expect(self, mid: int) -> Acknowledge:
        """Called for each message as it arrives; the answer is to be called, in the loop, once it is durable."""
        entry = [mid, False]
        self._open.append(entry)

        def done() -> None:
            entry[1] = True
            if not self._sending:
                self._sending = True
                self._loop.call_soon(self._send_durable)

        return done

    def _send_durable(self) -> None:
        self._sending = False
        mids = []
        while self._open and self._open[0][1]:
            mids.append(self._open.popleft()[0])
        if mids:
            self._send(mids)

    def close(self) -> None:
        """The connection is gone: its message ids mean nothing on the next one."""
        self._closed = True
        self._open.clear()


class _Client(aiomqtt.Client):
    """Messages go to `take`, with the DUP flag that aiomqtt leaves out, and not into its queue; `read` is called where
    the socket has something."""

    take: Callable[[Any], None]
    read: Callable[[], None]
    reached = False
    """Whether somebody listens there."""

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        self.take(message)

    def _on_socket_open(self, client: Any, userdata: Any, sock: Any) -> None:
        self.reached = True
        super()._on_socket_open(client, userdata, sock)
        self._loop.call_soon_threadsafe(self._loop.add_reader, sock.fileno(), self.read)  # instead of its own


class MqttSession:
    """A connection, to be opened with `opened`."""

    def __init__(
        self,
        client: _Client,
        version: aiomqtt.ProtocolVersion,
        on_lost: Callable[[str], None],
        answer_seconds: float,
    ) -> None:
        self.version = version
        self._answer_seconds = answer_seconds
        self._client = client
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._acknowledgements = Acknowledgements(self._acknowledge)
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._unread: deque[tuple[Message, Acknowledge | None]] = deque()
        self._unread_bytes = self._unread_qos0 = 0
        self._gaps: set[str] = set()
        """Topics of which messages were lost, until the next one of each."""
        self._arrived = asyncio.Event()
        self._heard = 0
        """Messages so far: a sign of life."""
        self._full = asyncio.Event()
        self._pausing: asyncio.TimerHandle | None = None
        paho: Any = client._client
        self._buffered = paho._sock_recv = Buffered(paho._sock_recv)
        client.take, client.read = self._take, self._read

    @property
    def paused(self) -> bool:
        """Whether the socket is not read, because too much is held."""
        return self._pausing is not None

    # ------------------------------------------------------------ arriving

    def _take(self, message: Any) -> None:
        """As each message is read off the socket, here or by paho."""
        topic, payload = message.topic, message.payload
        self._heard += 1
        # The answer to a ping is behind all of them, and would prove no more than they do.
        paho = self._client._client
        paho._ping_t, paho._last_bytes_received = 0.0, time.monotonic()
        if message.qos == 0:
            if self._unread_qos0 >= MAX_UNREAD_QOS0 or self._unread_bytes >= MAX_UNREAD_BYTES:
                self._gaps.add(topic)
                self._on_lost(topic)
                return
            self._unread_qos0 += 1
        after_loss = bool(self._gaps) and topic in self._gaps
        if after_loss:
            self._gaps.discard(topic)
        acknowledge = self._acknowledgements.expect(message.mid) if message.qos else None
        held = Message(topic, payload, message.qos, message.retain, message.mid, message.dup, after_loss)
        self._unread.append((held, acknowledge))
        self._unread_bytes += len(payload)
        self._arrived.set()
        if self._too_much(1.0) and self._pausing is None:
            self._pause()

    def _too_much(self, share: float) -> bool:
        most, most_bytes = MOST_UNACKNOWLEDGED * share, MAX_UNREAD_BYTES * share
        return len(self._acknowledgements) > most or self._unread_bytes > most_bytes

    async def messages(self) -> AsyncIterator[tuple[Message, Acknowledge | None] | None]:
        """Each message with what to call once it is durable (None for QoS 0), and a None after `wake`. Raises MqttError
        at the end, after what was there already."""
        disconnected = self._client._disconnected
        disconnected.add_done_callback(self.wake)
        read = 0
        while True:
            while self._unread:
                message, acknowledge = self._unread.popleft()
                self._unread_bytes -= len(message.payload)
                if acknowledge is None:
                    self._unread_qos0 -= 1
                self._go_on()
                yield message, acknowledge
                read += 1
                if read % _BREATHE_EVERY == 0:
                    await asyncio.sleep(0)
            if disconnected.done():
                raise aiomqtt.MqttError("the connection ended") from disconnected.exception()
            self._arrived.clear()
            await self._arrived.wait()
            if not self._unread and not disconnected.done():
                yield None

    def wake(self, _: object = None) -> None:
        """Give the reader of `messages` a turn."""
        self._arrived.set()

    async def full_before(self, asking: "asyncio.Future[Any]") -> bool:
        """Wait for an answer, or until so much is held that the socket is not read: then the answer, which is behind
        it, comes only if the messages are taken meanwhile."""
        full = asyncio.ensure_future(self._full.wait())
        try:
            await asyncio.wait({asking, full}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            full.cancel()
        return not asking.done()

    def _acknowledge(self, mids: Sequence[int]) -> None:
        acknowledge(self._client._client, mids)
        self._go_on()

    # ------------------------------------------------------------ not reading

    def _pause(self) -> None:
        """The broker's messages wait in the connection, and then with it. Pings go on; no answer to one can be read, so
        paho is kept from taking that for the end of the connection."""
        if (socket := self._client._client.socket()) is None:
            return
        self._loop.remove_reader(socket)
        self._keep_alive()
        self._full.set()

    def _keep_alive(self) -> None:
        self._client._client._ping_t = 0.0
        self._pausing = self._loop.call_later(0.5, self._keep_alive)

    def _go_on(self) -> None:
        """Read again, once half of what was too much is gone."""
        if self._pausing is None or self._too_much(0.5):
            return
        self._pausing.cancel()
        self._pausing = None
        if (socket := self._client._client.socket()) is not None:
            self._loop.add_reader(socket, self._read)
            self._loop.call_soon(self._read)  # what was read or decoded already, no socket tells of

    def _read(self) -> None:
        """Packets until there is no more, or too much is held; with a turn for the others in between."""
        paho = self._client._client
        buffered, version_5 = self._buffered, self.version is MQTT_5
        try:
            for _ in range(_BREATHE_EVERY):
                if self._pausing is not None or paho.socket() is None:
                    return
                message = None if paho._in_packet["command"] else buffered.publish(properties=version_5)
                if message is not None:
                    self._take(message)
                else:
                    paho.loop_read()
                if not buffered and not _decoded(paho.socket()):
                    return
            self._loop.call_soon(self._read)
        except Exception as error:  # whatever breaks there is the end of the connection
            if not self._client._disconnected.done():
                self._client._disconnected.set_exception(error)

    # ------------------------------------------------------------ asking

    async def subscribe(self, topics: Sequence[tuple[str, int]]) -> list[str]:
        """(topic, QoS 0 or 1); the topics that the broker refused."""
        refused: list[str] = []
        for start in range(0, len(topics), _TOPICS_PER_SUBSCRIBE):
            part = topics[start : start + _TOPICS_PER_SUBSCRIBE]
            asked: list[tuple[str, Any]] = list(part)
            if self.version is MQTT_5:
                asked = [(topic, SubscribeOptions(qos=qos)) for topic, qos in part]
            answers = await self._answer(self._client.subscribe(asked, timeout=math.inf))
            codes = [answer.value if isinstance(answer, ReasonCode) else int(answer) for answer in answers]
            refused.extend(topic for (topic, _), code in zip(part, codes, strict=True) if code >= _REFUSED)
        return refused

    async def unsubscribe(self, topic: str) -> None:
        await self._answer(self._client.unsubscribe(topic, timeout=math.inf))

    async def _answer(self, asking: Coroutine[Any, Any, T]) -> T:
        """Of the broker, which may have many messages to send before it. Raises MqttError where nothing at all is heard
        for too long."""
        answer = asyncio.ensure_future(asking)
        try:
            while True:
                heard = self._heard
                waited_for: set[asyncio.Future[Any]] = {answer, self._client._disconnected, self._ended}
                first, seconds = asyncio.FIRST_COMPLETED, self._answer_seconds
                done, _ = await asyncio.wait(waited_for, timeout=seconds, return_when=first)
                if answer in done:
                    return answer.result()
                if done or (self._heard == heard and not self.paused):
                    raise aiomqtt.MqttError("the connection ended" if done else "no answer in time")
        finally:
            answer.cancel()

    async def publish(self, topic: str, payload: bytes) -> None:
        """QoS 1; returns once the broker has it. Raises MqttError, at once where the connection ends."""
        sending = asyncio.ensure_future(self._client.publish(topic, payload, qos=1))
        try:
            await asyncio.wait({sending, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise aiomqtt.MqttError("the connection ended before the broker had it")
            sending.result()
        finally:
            sending.cancel()

    def close(self) -> None:
        self._acknowledgements.close()
        if self._pausing is not None:
            self._pausing.cancel()
            self._pausing = None
        if not self._ended.done():
            self._ended.set_result(None)


def _decoded(socket: Any) -> bool:
    """Whether TLS holds something of which the socket does not tell."""
    pending = getattr(socket, "pending", None)
    return pending is not None and pending() > 0


class _NoMqtt5(Exception):
    """How a broker behaves that does not speak it: it says so, hangs up, or (taking the packet for an incomplete one)
    waits for the rest."""


@contextlib.asynccontextmanager
async def opened(
    hostname: str,
    port: int,
    client_id: str,
    user: Credentials,
    timing: Timing,
    on_lost: Callable[[str], None],
    *,
    tls: Tls | None = None,
    clean: bool = False,
    version: aiomqtt.ProtocolVersion = MQTT_5,
) -> AsyncIterator[MqttSession]:
    """Connected with a persistent session, unless `clean`; by MQTT 3.1.1 where the broker has no 5 (`session.version`
    says which). `on_lost` is called with the topic of each QoS 0 message that was not taken. Raises Unavailable where
    there is no broker, or it says no."""

    async def connected(version: aiomqtt.ProtocolVersion) -> tuple[_Client, MqttSession]:
        client = _client(hostname, port, client_id, user, timing, tls, clean, version)
        session = MqttSession(client, version, on_lost, timing.answer_seconds)
        scheme = "mqtt" if tls is None else "mqtts"
        try:
            await connect_client(client, f"{scheme}://{hostname}:{port}", timing)
        except Unavailable as error:
            if tls is not None and error.__cause__ is not None:
                cause = error.__cause__.__context__  # aiomqtt keeps the text alone
                if refused := await refusal(cause, tls, hostname, port, timing.connect_seconds):
                    raise refused from error
            if version is MQTT_5 and client.reached and _is_of_an_older(error.__cause__):
                raise _NoMqtt5 from error
            raise
        return client, session

    try:
        client, session = await connected(version)
    except _NoMqtt5:
        client, session = await connected(MQTT_3_1_1)
    try:
        yield session
    finally:
        session.close()
        await close_client(client, timing)


def _client(
    hostname: str,
    port: int,
    client_id: str,
    user: Credentials,
    timing: Timing,
    tls: Tls | None,
    clean: bool,
    version: aiomqtt.ProtocolVersion,
) -> _Client:
    session: dict[str, Any] = {"clean_session": clean}
    if version is MQTT_5:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.SessionExpiryInterval = 0 if clean else SESSION_SECONDS
        session = {"clean_start": clean, "properties": properties}
    client = _Client(
        hostname,
        port,
        username=user.username or None,
        password=user.password or None,
        tls_context=tls.context if tls is not None else None,
        identifier=client_id,
        protocol=version,
        timeout=timing.answer_seconds,
        keepalive=timing.keepalive_seconds,
        logger=_CLIENT_LOG,
        **session,
    )
    client.pending_calls_threshold = 1_000
    client._client.manual_ack_set(True)
    client._client.connect_timeout = timing.connect_seconds
    return client


def _is_of_an_older(error: BaseException | None) -> bool:
    if isinstance(error, MqttConnectError):
        return getattr(error.rc, "value", error.rc) in _OTHER_PROTOCOL
    return isinstance(error, aiomqtt.MqttError)  # no answer at all


async def connect_client(client: aiomqtt.Client, where: str, timing: Timing) -> None:
    """paho connects in a thread that can't be cancelled: wait it out (at most connect_seconds), so that neither socket
    nor task is left behind."""
    _notice_hanging_up(client)
    entering = asyncio.ensure_future(client.__aenter__())
    try:
        await asyncio.shield(entering)
    except aiomqtt.MqttError as error:
        await close_client(client, timing)
        message = f"cannot connect to {where}: {reason_of(error)}"
        if isinstance(error, MqttConnectError) and error.rc in _NOT_LET_IN:
            hint = "look at user name and password, and at who may connect to the broker"
            raise Unavailable(message, code="ACCESS_DENIED", hint=hint) from error
        raise Unavailable(message) from error
    except asyncio.CancelledError:
        await asyncio.wait({entering}, timeout=timing.connect_seconds + timing.answer_seconds)
        if entering.done() and not entering.cancelled():
            entering.exception()
        await close_client(client, timing)
        raise


def _notice_hanging_up(client: aiomqtt.Client) -> None:
    """aiomqtt would wait for an answer that can't come any more, from a broker that does not like our certificate."""
    loop, passed_on = asyncio.get_running_loop(), client._client.on_disconnect

    def notice() -> None:
        if not client._connected.done():
            client._connected.set_exception(aiomqtt.MqttError("the broker hung up before it answered"))

    def ended(*arguments: Any) -> None:
        loop.call_soon_threadsafe(notice)
        if passed_on is not None:
            passed_on(*arguments)

    client._client.on_disconnect = ended


async def close_client(client: aiomqtt.Client, timing: Timing) -> None:
    client.timeout = timing.close_seconds
    with contextlib.suppress(aiomqtt.MqttError):  # it is lost already, or does not answer: gone either way
        await client.__aexit__(None, None, None)
    if client._disconnected.done() and not client._disconnected.cancelled():
        client._disconnected.exception()  # seen, also where nobody iterated any more
    misc = client._misc_task
    if misc is not None and not misc.done():
        misc.cancel()
        await asyncio.wait({misc})
    if (socket := client._client.socket()) is not None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(socket)
        loop.remove_writer(socket)
        client._client._sock_close()


def reason_of(error: BaseException) -> str:
    """One line for people."""
    cause = error.__cause__ or error
    code = cause.rc if isinstance(cause, aiomqtt.MqttCodeError) else None
    if isinstance(code, ReasonCode) and code.value == _REFUSED:
        return "the connection was lost"  # paho calls that "Unspecified error"
    message = str(cause) or type(error).__name__
    return message[:200]
