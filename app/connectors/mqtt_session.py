"""One MQTT connection with manual acknowledgement: the only file that reaches under aiomqtt.

aiomqtt has no public manual acknowledgement, so the paho client under it is told not to acknowledge by itself, and a
message is acknowledged when its reading is durable. The session is persistent: what was not acknowledged when the
connection ended comes again. paho must never get a QoS 2 message (it sends PUBREC before it delivers), so
subscriptions ask for QoS 1 at most.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.reasoncodes import ReasonCode

from app.connectors.keys import Credentials
from app.connectors.mqtt_tls import Tls, refusal
from app.errors import Unavailable

_CLIENT_LOG = logging.getLogger("twin_overlay.connectors.mqtt.client")
_CLIENT_LOG.setLevel(logging.ERROR)  # paho tells every lost socket as a warning; ours is one line
_TOPICS_PER_SUBSCRIBE = 100
_REFUSED = 0x80
_NOT_LET_IN = (4, 5, 133, 134, 135, 138)
"""Bad user name or password, not authorized, identifier refused, banned; by 3.1.1 and by 5."""
MAX_UNREAD_QOS0 = 10_000
"""QoS 0 messages held while the sink has no room; nothing else bounds them, and more are counted as lost. Messages of
QoS 1 are bounded by the broker: it sends only so many (20 by Mosquitto's default) without an acknowledgement."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long anything may take before the connection counts as dead; seconds."""

    connect_seconds: float = 3.0
    answer_seconds: float = 5.0
    keepalive_seconds: int = 5
    """A ping after this much quiet; without an answer in as long again the connection is dead."""
    close_seconds: float = 1.0


class Acknowledgements:
    """Acknowledges in the order of arrival, as MQTT 3.1.1 demands [4.6.0-2], whatever the order of the commits."""

    def __init__(self, send: Callable[[int], None]) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._open: deque[list[Any]] = deque()
        self._closed = False

    def expect(self, mid: int) -> Callable[[], None]:
        """Called for each message as it arrives; the answer is to be called, from any thread, once it is durable."""
        entry = [mid, False]
        self._open.append(entry)

        def done() -> None:
            if not self._closed:
                self._loop.call_soon_threadsafe(self._done, entry)

        return done

    def _done(self, entry: list[Any]) -> None:
        entry[1] = True
        while self._open and self._open[0][1] and not self._closed:
            self._send(self._open.popleft()[0])

    def close(self) -> None:
        """The connection is gone: its message ids mean nothing on the next one."""
        self._closed = True
        self._open.clear()


class MqttSession:
    """A connection that stands."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._acknowledgements = Acknowledgements(lambda mid: self._acknowledge(mid))
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def _acknowledge(self, mid: int) -> None:
        self._client._client.ack(mid, 1)

    async def messages(self) -> AsyncIterator[tuple[aiomqtt.Message, Callable[[], None] | None]]:
        """Each message with what to call once it is durable (None for QoS 0). Raises MqttError at the end."""
        async for message in self._client.messages:
            yield message, self._acknowledgements.expect(message.mid) if message.qos > 0 else None

    async def subscribe(self, topics: Sequence[tuple[str, int]]) -> list[str]:
        """(topic, QoS 0 or 1); the topics that the broker refused."""
        refused: list[str] = []
        for start in range(0, len(topics), _TOPICS_PER_SUBSCRIBE):
            part = list(topics[start : start + _TOPICS_PER_SUBSCRIBE])
            answers = await self._client.subscribe(part)
            codes = [answer.value if isinstance(answer, ReasonCode) else int(answer) for answer in answers]
            refused.extend(topic for (topic, _), code in zip(part, codes, strict=True) if code >= _REFUSED)
        return refused

    async def unsubscribe(self, topic: str) -> None:
        await self._client.unsubscribe(topic)

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
        if not self._ended.done():
            self._ended.set_result(None)


@contextlib.asynccontextmanager
async def opened(
    hostname: str,
    port: int,
    client_id: str,
    user: Credentials,
    timing: Timing,
    on_lost: Callable[[], None],
    *,
    tls: Tls | None = None,
    clean: bool = False,
) -> AsyncIterator[MqttSession]:
    """Connected with a persistent session, unless `clean`. `on_lost` is called for each QoS 0 message that was not
    taken. Raises Unavailable where there is no broker, or it says no."""

    class Incoming(asyncio.Queue[aiomqtt.Message]):
        """aiomqtt's own bound would drop messages of QoS 1 too."""

        def put_nowait(self, item: aiomqtt.Message) -> None:
            if item.qos == 0 and self.qsize() >= MAX_UNREAD_QOS0:
                on_lost()
            else:
                super().put_nowait(item)

    client = aiomqtt.Client(
        hostname,
        port,
        username=user.username or None,
        password=user.password or None,
        tls_context=tls.context if tls is not None else None,
        identifier=client_id,
        clean_session=clean,
        timeout=timing.answer_seconds,
        keepalive=timing.keepalive_seconds,
        queue_type=Incoming,
        logger=_CLIENT_LOG,
    )
    client.pending_calls_threshold = 1_000
    client._client.manual_ack_set(True)
    client._client.connect_timeout = timing.connect_seconds
    scheme = "mqtt" if tls is None else "mqtts"
    try:
        await connect_client(client, f"{scheme}://{hostname}:{port}", timing)
    except Unavailable as error:
        if tls is not None and error.__cause__ is not None:
            cause = error.__cause__.__context__  # aiomqtt keeps the text alone
            raise await refusal(cause, tls, hostname, port, timing.connect_seconds) or error from error
        raise
    session = MqttSession(client)
    try:
        yield session
    finally:
        session.close()
        await close_client(client, timing)


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
    message = str(error.__cause__ or error) or type(error).__name__
    return message[:200]
