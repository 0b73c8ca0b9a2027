"""A publisher that knows what the broker took: MQTT 3.1.1 at QoS 1, at a steady rate, with next to no processor time.

It writes packets itself, since it shares two cores with what is tested: a client library costs as much as the server.
Each message of a topic carries the next number, so whoever reads the journal sees what is missing or came twice. Where
the broker goes away, what was not acknowledged is sent again in its order; the server may then rightly see it twice.
"""

import asyncio
import contextlib
import json
import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_CONNECT, _CONNACK, _PUBLISH_QOS1, _PUBACK, _PINGREQ, _PINGRESP = 0x10, 0x20, 0x32, 0x40, 0xC0, 0xD0
_DUP = 0x08
_STEP_SECONDS = 0.01
_MOST_OPEN = 20_000
"""Messages sent and not acknowledged; packet identifiers have 16 bits."""
_PERIOD, _LOW = 20, 10


def level(number: int) -> float:
    """Of a topic's message of that number: ten low ones, then ten high ones."""
    return 90.0 if number % _PERIOD >= _LOW else 10.0


def rises(number: int) -> int:
    """How often the level has become high by that message."""
    return (number + _PERIOD - _LOW) // _PERIOD


def falls(number: int) -> int:
    """How often it has become low again."""
    return number // _PERIOD


def counted(number: int) -> bytes:
    return json.dumps({"n": number, "level": level(number)}).encode()


@dataclass
class Publisher:
    """`taken[topic]` is the last number that the broker acknowledged; those before it are acknowledged too."""

    port: int
    topics: Sequence[str]
    rate: float
    """Messages a second, over all topics."""
    taken: dict[str, int] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    """Messages sent again to a broker that had gone away."""
    repeated_topics: set[str] = field(default_factory=set)
    """Of these messages: what became of all others is known exactly."""
    on_sent: Callable[[str, int], None] = lambda topic, number: None
    """Called with each message as it is made, for the first time: in the turn in which it goes to the socket."""
    payload: Callable[[int], bytes] = counted
    """Of a topic's message of that number, made as it is sent."""
    step_seconds: float = _STEP_SECONDS
    """What is due is sent so often; the messages of one step go together."""
    _open: deque[tuple[int, str, int]] = field(default_factory=deque)
    """(packet identifier, topic, number), in their order."""
    _next: int = 0
    _packet: int = 0
    _stopping: bool = False
    _running: "asyncio.Task[None] | None" = None

    def start(self) -> None:
        self._running = asyncio.create_task(self._run())

    async def stop(self, seconds: float = 60.0) -> None:
        """Send nothing new, and wait until all that was sent is acknowledged."""
        self._stopping = True
        assert self._running is not None
        await asyncio.wait_for(self._running, seconds)

    def abandon(self) -> None:
        """Stop at once, whatever is on its way."""
        if self._running is not None:
            self._running.cancel()

    @property
    def total(self) -> int:
        return sum(self.taken.values())

    async def _run(self) -> None:
        while not (self._stopping and not self._open):
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._connected()
            await asyncio.sleep(0.1)

    async def _connected(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(_packet(_CONNECT, b"\0\x04MQTT\x04\x02\0\x1e" + _text(f"publisher-{self.port}")))
            answer = await reader.readexactly(4)
            assert (answer[0], answer[3]) == (_CONNACK, 0), answer
            hearing = asyncio.ensure_future(self._hear(reader))
            try:
                for packet, topic, number in self._open:
                    self.repeated += 1
                    self.repeated_topics.add(topic)
                    writer.write(self._message(packet, topic, number, again=True))
                await self._send(writer, hearing)
            finally:
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)
        finally:
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter, hearing: "asyncio.Future[None]") -> None:
        due, last, pinged = 0.0, time.monotonic(), time.monotonic()
        while not (self._stopping and not self._open):
            now = time.monotonic()
            due, last = min(due + (now - last) * self.rate, self.rate), now
            ready: list[bytes] = []
            while due >= 1 and not self._stopping and len(self._open) < _MOST_OPEN:
                due -= 1
                ready.append(self._next_message())
            if ready:
                writer.write(b"".join(ready))
            if now - pinged > 10:
                writer.write(bytes((_PINGREQ, 0)))
                pinged = now
            await writer.drain()
            await asyncio.sleep(self.step_seconds)
            if hearing.done():
                hearing.result()

    def _next_message(self) -> bytes:
        topic = self.topics[self._next]
        self._next = (self._next + 1) % len(self.topics)
        self._packet = self._packet % 65_535 + 1
        number = self.sent[topic] = self.sent.get(topic, 0) + 1
        self._open.append((self._packet, topic, number))
        self.on_sent(topic, number)
        return self._message(self._packet, topic, number, again=False)

    def _message(self, packet: int, topic: str, number: int, *, again: bool) -> bytes:
        kind = _PUBLISH_QOS1 | (_DUP if again else 0)
        return _packet(kind, _text(topic) + struct.pack(">H", packet) + self.payload(number))

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        heard = bytearray()
        while True:
            heard += await self._more(reader)
            at = 0
            while len(heard) - at >= 2 and len(heard) - at >= 2 + heard[at + 1]:
                kind, end = heard[at], at + 2 + heard[at + 1]
                if kind == _PUBACK:
                    packet, topic, number = self._open.popleft()
                    assert packet == heard[at + 2] << 8 | heard[at + 3], "the broker acknowledges in order"
                    self.taken[topic] = number
                else:
                    assert kind == _PINGRESP, kind
                at = end
            del heard[:at]

    @staticmethod
    async def _more(reader: asyncio.StreamReader) -> bytes:
        found = await reader.read(1 << 16)
        if not found:
            raise asyncio.IncompleteReadError(b"", 1)
        return found


def _packet(kind: int, body: bytes) -> bytes:
    assert len(body) < 16_384, "two bytes of length are enough here"
    length = len(body)
    return bytes((kind, length)) + body if length < 128 else bytes((kind, length % 128 | 128, length // 128)) + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded
