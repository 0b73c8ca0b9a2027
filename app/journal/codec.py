"""How an entry is laid down: msgpack of (input, outcome) with a checksum over its number, its time and its bytes.

Whoever changes a struct of model/events.py or model/plan.py so that old bytes no longer read must raise FORMAT: a
record with a good checksum that does not decode is another version's, not a damaged one, and is reported as such.
"""

import struct
import zlib

import msgspec

from app.errors import Misconfigured, Unavailable
from app.model.events import Entry, Input, Outcome
from app.model.time import Micros
from app.model.unreadable import UNREADABLE

FORMAT = 2
_HEAD = struct.Struct(">qq")
_encoder = msgspec.msgpack.Encoder()
_parts = msgspec.msgpack.Decoder(tuple[msgspec.Raw, msgspec.Raw])
_decoder = msgspec.msgpack.Decoder(tuple[Input, Outcome])


def encode(input: Input, outcome: Outcome) -> bytes:
    """Raises OverflowError, TypeError or ValueError for a value that msgpack has no form for (an integer beyond 64
    bits, half a surrogate pair): whoever accepts inputs checks before anything is decided from them."""
    return _encoder.encode((input, outcome))


def encoded(outcome: Outcome) -> bytes:
    """An outcome alone, as it lies in an entry."""
    return _encoder.encode(outcome)


def split(sequence: int, now: Micros, crc: int, body: bytes) -> tuple[Entry, bytes]:
    """The entry, and the bytes of its outcome. Raises as `decode` does."""
    return decode(sequence, now, crc, body), bytes(_parts.decode(body)[1])


def checksum(sequence: int, now: Micros, body: bytes) -> int:
    """crc32; the number and the time are in it, so that a record in the wrong place is found too."""
    return zlib.crc32(body, zlib.crc32(_HEAD.pack(sequence, now)))


def decode(sequence: int, now: Micros, crc: int, body: bytes) -> Entry:
    """Raises Unavailable (JOURNAL_DAMAGED) for a wrong checksum, Misconfigured (JOURNAL_FORMAT) for a record that this
    version can't read."""
    if checksum(sequence, now, body) != crc:
        raise damaged(sequence, "its checksum is wrong")
    try:
        input, outcome = _decoder.decode(body)
    except UNREADABLE as error:
        raise Misconfigured(
            f"journal record {sequence} was written by another version: {error}",
            code="JOURNAL_FORMAT",
            hint="start the version that wrote this journal",
        ) from error
    return Entry(sequence, now, input, outcome)


def damaged(sequence: int, why: str) -> Unavailable:
    return Unavailable(
        f"journal record {sequence} is damaged: {why}",
        code="JOURNAL_DAMAGED",
        hint="`twin-overlay journal check` on the stopped server tells what is gone, and whether it is still needed",
    )
