"""A broker of a few lines that does what a real one can't be made to do: MQTT 3.1.1 alone, no bound on what it sends.

It keeps no session; what it sends, and whether that is a repetition, is up to the test.
"""

import asyncio
import contextlib
import struct
from typing import Literal

_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _SUBSCRIBE, _SUBACK, _PINGREQ, _PINGRESP = (
    0x10,
    0x20,
    0x30,
    0x40,
    0x80,
    0x90,
    0xC0,
    0xD0,
)
_MQTT_5 = 5


Answer = Literal["refuses", "hangs up", "waits"]


class RawBroker:
    """One client at a time."""

    def __init__(self, to_mqtt_5: Answer = "refuses") -> None:
        self._to_mqtt_5 = to_mqtt_5
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.connects: list[int] = []
        """The protocol level of each."""
        self.subscribed: dict[str, int] = {}
        """The QoS asked for, by topic."""
        self.acknowledged: list[int] = []
        self.pings = 0
        self.backlog: list[tuple[str, bytes, int]] = []
        """Messages that it sends before it answers a subscription."""

    async def __aenter__(self) -> "RawBroker":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        if self._writer is not None:
            self._writer.close()
        await self._server.wait_closed()

    @property
    def endpoint(self) -> str:
        assert self._server is not None
        return f"mqtt://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def publish(
        self, topic: str, payload: bytes, number: int = 0, *, again: bool = False, retained: bool = False
    ) -> None:
        """At QoS 1 with a number, else at QoS 0; written without waiting for anything."""
        assert self._writer is not None
        head = _PUBLISH | (0x08 if again else 0) | (0x02 if number else 0) | (0x01 if retained else 0)
        self._writer.write(_packet(head, _text(topic) + (struct.pack(">H", number) if number else b"") + payload))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readexactly(1))[0]
                await self._hear(head & 0xF0, await reader.readexactly(await _length(reader)), writer)
        writer.close()

    async def _hear(self, kind: int, body: bytes, writer: asyncio.StreamWriter) -> None:
        if kind == _CONNECT:
            level = body[6]
            self.connects.append(level)
            if level == _MQTT_5:
                if self._to_mqtt_5 == "refuses":
                    writer.write(bytes((_CONNACK, 2, 0, 1)))
                if self._to_mqtt_5 != "waits":
                    writer.close()
                return
            self._writer = writer
            writer.write(bytes((_CONNACK, 2, 0, 0)))
        elif kind == _SUBSCRIBE:
            at, granted = 2, []
            while at < len(body):
                length = struct.unpack_from(">H", body, at)[0]
                topic, qos = body[at + 2 : at + 2 + length].decode(), body[at + 2 + length]
                self.subscribed[topic] = qos
                granted.append(qos)
                at += 3 + length
            for topic, payload, number in self.backlog:
                self.publish(topic, payload, number, again=True)
            writer.write(_packet(_SUBACK, body[:2] + bytes(granted)))
        elif kind == _PUBACK:
            self.acknowledged.append(struct.unpack(">H", body)[0])
        elif kind == _PINGREQ:
            self.pings += 1
            writer.write(bytes((_PINGRESP, 0)))


async def _length(reader: asyncio.StreamReader) -> int:
    length, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return length
        shift += 7


def _packet(head: int, body: bytes) -> bytes:
    length, found = len(body), bytearray((head,))
    while True:
        length, byte = length >> 7, length & 0x7F
        found.append(byte | (0x80 if length else 0))
        if not length:
            return bytes(found) + body


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text.encode())) + text.encode()
