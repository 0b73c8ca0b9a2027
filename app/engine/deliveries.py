"""Which messages were taken last, by source: to know a repetition of one, also after a crash, which is when they come.

A source repeats what it was not told that we have. It was taken before only if its number stands here with the same
content: one that never got as far as the journal is taken when it comes again, and two equal messages are two.
"""

from app.model.events import Reading

KEPT = 16_384
"""By source. It repeats what it has not seen acknowledged. An MQTT connector holds 1,000 messages without an
acknowledgement (connectors/mqtt_session.py), but the broker may not have read those that it was sent: Mosquitto 2.0,
which puts a whole backlog in flight when a session goes on, was seen to repeat 4,200 after a kill. Far below the 65,535
numbers that there are: a number that is given out anew, with equal content, is another message."""


class Deliveries:
    def __init__(self) -> None:
        self._taken: dict[str, dict[int, bytes]] = {}
        """By source, the content that each number had last; the last one taken is at the end."""

    def repeats(self, reading: Reading) -> bool:
        """Whether it was taken before; it counts as taken from now on."""
        delivery = reading.delivery
        if delivery is None:
            return False
        taken = self._taken.get(reading.source)
        if taken is None:
            taken = self._taken[reading.source] = {}
        last = taken.pop(delivery.message, None)
        taken[delivery.message] = delivery.digest
        if len(taken) > KEPT:
            del taken[next(iter(taken))]
        return delivery.again and last == delivery.digest

    def rows(self) -> tuple[tuple[str, tuple[tuple[int, bytes], ...]], ...]:
        return tuple((source, tuple(taken.items())) for source, taken in self._taken.items())

    def restore(self, rows: tuple[tuple[str, tuple[tuple[int, bytes], ...]], ...]) -> None:
        self._taken = {source: dict(taken) for source, taken in rows}
