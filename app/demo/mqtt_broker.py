"""The plant's field bus: a real MQTT broker (amqtt) in this process, and the two sensors that publish on it.

Each sensor has a connection of its own, because a last will belongs to a connection: a sensor that dies is announced
`offline` by the broker, one that is stopped announces it itself.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import aiomqtt
from amqtt.adapters import StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig, ListenerConfig, ListenerType

from app.errors import Misconfigured

TOPIC = "plant/building_a/"
AVAILABILITY = "/availability"
_LISTENER = "default"
_MQTT_5 = 5
_NOT_THAT_VERSION = bytes((0x20, 2, 0, 1))
"""CONNACK: unacceptable protocol version. amqtt would take an MQTT 5 packet for one that is not complete, and wait."""
_FAREWELL_SECONDS = 0.2


class MqttBroker:
    """Anonymous, on loopback, nothing on disk.

    The listening socket is ours and amqtt gets the streams (its EXTERNAL listener): only so is the port known where
    0 asks for a free one, without reaching into the broker's private parts.
    """

    def __init__(self) -> None:
        self._broker = Broker(
            BrokerConfig(
                listeners={_LISTENER: ListenerConfig(type=ListenerType.EXTERNAL)},
                plugins={"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            )
        )
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1 (0 takes a free port); the port. Raises Misconfigured."""
        await self._broker.start()
        try:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)
        except OSError as error:
            await self._broker.shutdown()
            raise Misconfigured(
                f"cannot serve MQTT on 127.0.0.1:{port}: {os.strerror(error.errno or 0)}",
                code="PORT_TAKEN",
                hint="choose another with --mqtt-port, or 0 for a free one",
            ) from error
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._broker.shutdown()
            for connection in self._connections:
                connection.cancel()  # the broker forgets those that never got as far as a session
            await asyncio.gather(*self._connections)
            await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            head = await _head(reader)
            if head[-1] == _MQTT_5:
                writer.write(_NOT_THAT_VERSION)
                await writer.drain()
                return
            await self._broker.external_connected(_Reader(reader, head), StreamWriterAdapter(writer), _LISTENER)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # gone before it had said who it is
        except asyncio.CancelledError:
            pass  # only `stop` cancels this task, and asyncio's streams log a cancelled one as an error
        finally:
            self._connections.discard(task)
            writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """Of a CONNECT packet, as far as the protocol's version."""
    head = await reader.readexactly(2)
    while head[-1] & 0x80 and len(head) < 5:
        head += await reader.readexactly(1)
    return head + await reader.readexactly(len(b"\0\4MQTT") + 1)


class _Reader:
    """As amqtt reads, with the first bytes read already."""

    def __init__(self, reader: asyncio.StreamReader, head: bytes) -> None:
        self._reader = reader
        self._head = head

    async def read(self, n: int = -1) -> bytes:
        if n < 0:
            given, self._head = self._head, b""
            return given + await self._reader.read()
        given, self._head = self._head[:n], self._head[n:]
        return given + await self._reader.readexactly(n - len(given))

    def feed_eof(self) -> None:
        self._reader.feed_eof()


@dataclass(frozen=True, slots=True)
class Sensor:
    """One measured value on one topic, as JSON: `{"<property>": 75.2, "timestamp": "...", "quality": "good"}`."""

    id: str
    property: str
    read: Callable[[], float]

    async def run(self, port: int, interval_seconds: float, up: asyncio.Event | None = None) -> None:
        """Publish until cancelled, `up` set once it does; raises aiomqtt.MqttError where the broker is lost."""
        loop = asyncio.get_running_loop()
        topic = TOPIC + self.id
        will = aiomqtt.Will(topic + AVAILABILITY, "offline", qos=1, retain=True)
        async with aiomqtt.Client("127.0.0.1", port, identifier=self.id, will=will) as client:
            await client.publish(topic + AVAILABILITY, "online", qos=1, retain=True)
            if up is not None:
                up.set()
            due = loop.time()
            try:
                while True:
                    await client.publish(topic, self.message(datetime.now(UTC)), qos=1)
                    due = max(due + interval_seconds, loop.time())
                    await asyncio.sleep(due - loop.time())
            finally:
                with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                    async with asyncio.timeout(_FAREWELL_SECONDS):
                        await client.publish(topic + AVAILABILITY, "offline", qos=1, retain=True)

    def message(self, now: datetime) -> str:
        return json.dumps({self.property: self.read(), "timestamp": now.isoformat(), "quality": "good"})
