"""Which messages were taken last, by source: to know a repetition of one, also after a crash, which is when they come.

A source repeats what it was not told that we have. It was taken before only if its number stands here with the same
content: one that never got as far as the journal is taken when it comes again, and two equal messages are two.
"""

from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.model.events import Reading

KEPT = 32_768
"""By source. It repeats what it has not seen acknowledged. An MQTT connector holds 1,000 messages without an
acknowledgement (connectors/mqtt_session.py), but the broker may not have read those that it was sent: Mosquitto 2.0
puts a whole backlog in flight when a session goes on, and was seen to repeat 4,200 after a kill and 29,650 over a
silent link. Half of the 65,535 numbers that there are: a number that is given out anew, with equal content, is another
message, also where as many as that are under way and were never taken."""
_PAGE = 256


class Taken(NamedTuple):
    """A message of which a repetition is known."""

    message: int
    digest: int
    """The first 64 bits of its own."""
    before: int
    """How many of its source were taken since, itself included."""


Rows = tuple[tuple[str, tuple[tuple[int, int, int], ...]], ...]
"""By source, what `Taken` has of each, the oldest first."""


class Deliveries:
    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._sources: dict[str, _Source] = {}

    def repeats(self, reading: Reading) -> bool:
        """Whether it was taken before; it counts as taken from now on."""
        delivery = reading.delivery
        if delivery is None:
            return False
        source = self._sources.get(reading.source)
        if source is None:
            source = self._sources[reading.source] = _Source(self._kept)
        known = source.take(delivery.message, int.from_bytes(delivery.digest[:8]))
        return delivery.again and known

    def rows(self) -> Rows:
        return tuple((name, tuple(source.rows())) for name, source in self._sources.items())

    def restore(self, rows: Rows) -> None:
        self._sources = {name: _Source(self._kept, list(map(Taken._make, taken))) for name, taken in rows}


class _Source:
    """By the number of a message: its last digest, and the place at which it was taken. Pages of plain numbers take a
    fifth of what a dictionary does, and only as far as numbers are given out."""

    __slots__ = ("_count", "_kept", "_pages")

    def __init__(self, kept: int, taken: Sequence[Taken] = ()) -> None:
        self._kept = kept
        self._pages: dict[int, tuple[array[int], array[int]]] = {}
        self._count = taken[0].before if taken else 0
        for message, digest, before in taken:
            self._put(message, digest, self._count - before + 1)

    def take(self, message: int, digest: int) -> bool:
        """Whether it is one of the last."""
        self._count += 1
        place, last = self._put(message, digest, self._count)
        return place > 0 and last == digest and self._count - place <= self._kept

    def _put(self, message: int, digest: int, place: int) -> tuple[int, int]:
        """What stood there before; place 0 where nothing did."""
        page = self._pages.get(message // _PAGE)
        if page is None:
            page = self._pages[message // _PAGE] = array("Q", bytes(8 * _PAGE)), array("Q", bytes(8 * _PAGE))
        places, digests = page
        at = message % _PAGE
        before = places[at], digests[at]
        places[at], digests[at] = place, digest
        return before

    def rows(self) -> list[Taken]:
        return sorted(self._found(), key=lambda taken: -taken.before)

    def _found(self) -> Iterator[Taken]:
        for number, (places, digests) in self._pages.items():
            for at, place in enumerate(places):
                if place and (before := self._count - place + 1) <= self._kept:
                    yield Taken(number * _PAGE + at, digests[at], before)
