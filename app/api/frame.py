"""A push as bytes: encoded once, and for each client put into a message of its own operation's name.

How many older states a slow client missed differs from client to client, and is a field of the payload: where it is
selected, the payload is kept in pieces between which that number belongs.
"""

import struct
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import msgspec

_GAP = b"\x00"
"""Stands where the number belongs; JSON has no such byte."""
_MISSED = msgspec.Raw(_GAP)
_SHORT, _MEDIUM = 126, 1 << 16
_LONGEST_HEADS = 1 << 12


class Frame:
    """`look` numbers those that show how things stood as something joined; 0 is a change, or a client's own start."""

    __slots__ = ("_pieces", "_text", "initial", "look", "sequence", "skipped", "subject", "twin")

    def __init__(
        self,
        payload: bytes,
        sequence: int = 0,
        *,
        subject: Hashable = None,
        twin: str = "",
        skipped: int = 0,
        initial: bool = False,
        look: int = 0,
    ) -> None:
        pieces = payload.split(_GAP)
        self._pieces = pieces if len(pieces) > 1 else None
        self._text = payload if len(pieces) == 1 else str(skipped).encode().join(pieces)
        self.sequence = sequence
        self.subject = subject
        self.twin = twin
        self.skipped = skipped
        self.initial = initial
        self.look = look

    def payload(self, skipped: int) -> bytes:
        """For a client that missed so many; the same object for all who missed what all missed."""
        if self._pieces is None or skipped == self.skipped:
            return self._text
        return str(skipped).encode().join(self._pieces)


def encoded(data: Mapping[str, Any] | None, errors: Sequence[Mapping[str, Any]], missed: Sequence[str] = ()) -> bytes:
    """A payload; `missed` are the keys of the one root object under which the number of skipped states is asked for."""
    if data is not None and missed:
        data = {
            key: {**push, **{name: _MISSED for name in missed if name in push}} if isinstance(push, Mapping) else push
            for key, push in data.items()
        }
    found: dict[str, Any] = {"data": data}
    if errors:
        found["errors"] = errors
    return msgspec.json.encode(found)


def head_of(id: str) -> bytes:
    """What goes before a payload in a `next` message."""
    return b'{"type":"next","id":' + msgspec.json.encode(id) + b',"payload":'


def opening(length: int) -> bytes:
    """The header of a WebSocket frame with a whole text of so many bytes, from a server."""
    if length < _LONGEST_HEADS:
        return _HEADS[length]
    return struct.pack("!BBH", 0x81, 126, length) if length < _MEDIUM else struct.pack("!BBQ", 0x81, 127, length)


_HEADS = [
    struct.pack("!BB", 0x81, length) if length < _SHORT else struct.pack("!BBH", 0x81, 126, length)
    for length in range(_LONGEST_HEADS)
]
