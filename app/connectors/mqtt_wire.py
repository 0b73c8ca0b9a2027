"""What paho does a packet at a time, done for many at once: reading off the socket, and acknowledging.

paho asks the socket three times for each packet and writes each acknowledgement by itself; at thousands of messages a
second these calls of the system are most of what a message costs.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any

_CHUNK = 65_536
_PUBACK = 0x40


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


def acknowledge(paho: Any, mids: Sequence[int]) -> None:
    """PUBACK for each, in this order, as one write. Short ones, which say success in MQTT 3.1.1 and in 5."""
    packets = b"".join(struct.pack("!BBH", _PUBACK, 2, mid) for mid in mids)
    paho._packet_queue(_PUBACK, packets, mids[-1], 1)
