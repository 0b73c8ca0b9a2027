"""What paho does a packet at a time, done for many at once: reading off the socket, messages, and acknowledging.

paho asks the socket three times for each packet, builds objects of every part of it and writes each acknowledgement by
itself, which is most of what a message costs here: 40 us of 50. So messages are read out of the bytes; whatever is no
message of QoS 0 or 1, is not there as a whole, or not as the protocol has it, is paho's to read and to complain of.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

_CHUNK = 65_536
_PUBLISH, _QOS, _QOS_1, _DUP, _RETAIN = 0x30, 0x06, 0x02, 0x08, 0x01
_PUBACK = 0x40


class Publish(msgspec.Struct, frozen=True):
    """A message as it was sent; by name as paho has them."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    mid: int
    """The packet identifier; 0 at QoS 0."""
    dup: bool


class Buffered:
    """Stands in for paho's `_sock_recv`: answers from what one larger read has brought."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self._chunk = b""
        self._at = 0

    def __bool__(self) -> bool:
        """Whether something is left that the socket does not tell of any more."""
        return self._at < len(self._chunk)

    def __call__(self, size: int) -> bytes:
        """At most so many bytes; b"" at the end of the connection. Raises BlockingIOError where there is nothing yet,
        and OSError."""
        at = self._at
        if at >= len(self._chunk):
            self._chunk, at = self._receive(_CHUNK), 0
        self._at = at + size
        return self._chunk[at : at + size]

    def publish(self, *, properties: bool) -> Publish | None:
        """The next packet, where that is a whole message; `properties`: MQTT 5 has them before the payload, and none
        that says anything here. Not while paho is in the middle of a packet."""
        if self._at >= len(self._chunk):
            try:
                self._chunk, self._at = self._receive(_CHUNK), 0
            except OSError:  # BlockingIOError among them: paho meets it again
                return None
        found = _publish(self._chunk, self._at, properties=properties)
        if found is None:
            return None
        message, self._at = found
        return message


def _publish(chunk: bytes, at: int, *, properties: bool) -> tuple[Publish, int] | None:
    """That which begins there, and where it ends."""
    head = chunk[at] if at < len(chunk) else 0
    qos = head & _QOS
    if head & 0xF0 != _PUBLISH or qos > _QOS_1:
        return None
    try:
        length, at = _length(chunk, at + 1)
        end = at + length
        topic_end = at + 2 + (chunk[at] << 8 | chunk[at + 1])
        mid, start = 0, topic_end
        if qos:
            mid, start = chunk[start] << 8 | chunk[start + 1], start + 2
        if properties:
            skipped, start = _length(chunk, start)
            start += skipped
        if start > end or end > len(chunk) or topic_end == at + 2:
            return None
        topic = chunk[at + 2 : topic_end].decode()
    except (IndexError, ValueError):  # it goes on in the next chunk, or is malformed
        return None
    return Publish(topic, chunk[start:end], qos >> 1, head & _RETAIN != 0, mid, head & _DUP != 0), end


def _length(chunk: bytes, at: int) -> tuple[int, int]:
    """A number of one to four bytes, and where it ends. Raises IndexError, ValueError."""
    first = chunk[at]
    if first < 0x80:
        return first, at + 1
    length = first & 0x7F
    for place in (1, 2, 3):
        byte = chunk[at + place]
        length |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return length, at + place + 1
    raise ValueError("a length has four bytes at most")


def acknowledge(paho: Any, mids: Sequence[int]) -> None:
    """PUBACK for each, in this order, as one write. Short ones, which say success in MQTT 3.1.1 and in 5."""
    packets = b"".join(struct.pack("!BBH", _PUBACK, 2, mid) for mid in mids)
    paho._packet_queue(_PUBACK, packets, mids[-1], 1)
