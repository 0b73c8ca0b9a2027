"""Which messages were taken last, by source: to know a repetition of one, also after a crash, which is when they come.

A source repeats what it was not told that we have. It was taken before only if its number stands here with the same
content: one that never got as far as the journal is taken when it comes again, and two equal messages are two.
"""

from array import array
from collections.abc import Sequence

from app.model.events import Reading

KEPT = 32_768
"""By source. It repeats what it has not seen acknowledged. An MQTT connector holds 1,000 messages without an
acknowledgement (connectors/mqtt_session.py), but the broker may not have read those that it was sent: Mosquitto 2.0
puts a whole backlog in flight when a session goes on, and was seen to repeat 4,200 after a kill and 29,650 over a
silent link. Half of the 65,535 numbers that there are: a number that is given out anew, with equal content, is another
message, also where as many as that are under way and were never taken."""
_PAGE = 256
Rows = tuple[tuple[str, int, tuple[tuple[int, bytes, bytes], ...]], ...]
"""By source: how many messages of it were taken; its pages (number, places, digests) as they lie in memory."""


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
        return tuple((name, source.count, source.rows()) for name, source in self._sources.items())

    def restore(self, rows: Rows) -> None:
        self._sources = {name: _Source(self._kept, count, pages) for name, count, pages in rows}


class _Source:
    """By the number of a message: its last digest, and the place at which it was taken. Pages of plain numbers take a
    fifth of what a dictionary does, and only as far as numbers are given out."""

    __slots__ = ("_kept", "_pages", "count")

    def __init__(self, kept: int, count: int = 0, pages: Sequence[tuple[int, bytes, bytes]] = ()) -> None:
        self.count = count
        self._kept = kept
        self._pages = {number: (array("Q", places), array("Q", digests)) for number, places, digests in pages}

    def take(self, message: int, digest: int) -> bool:
        """Whether it is one of the last."""
        self.count += 1
        place, last = self._put(message, digest, self.count)
        return place > 0 and last == digest and self.count - place <= self._kept

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

    def rows(self) -> tuple[tuple[int, bytes, bytes], ...]:
        return tuple(
            (number, places.tobytes(), digests.tobytes()) for number, (places, digests) in sorted(self._pages.items())
        )
