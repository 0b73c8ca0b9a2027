"""What was committed, to whoever listens, within the turn of the loop that committed it.

Publishing never waits for a subscriber: one that is slow either keeps the newest fact per key and learns how many it
skipped (states), or is cut off with SLOW_CONSUMER (facts that must not be thinned). It is all one event loop's.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType

from app.errors import Unavailable
from app.model.events import (
    AlertChanged,
    BehaviorChanged,
    CallChanged,
    ClockStepped,
    ConnectivityChanged,
    DefinitionChanged,
    Entry,
    Load,
    Outcome,
    PropertyChanged,
    Redefined,
    TwinEventOccurred,
)
from app.model.ledger import Pushes
from app.model.time import Micros
from app.runtime.thinning import DeadbandOf, Thinning, no_deadband

Fact = (
    PropertyChanged
    | BehaviorChanged
    | AlertChanged
    | CallChanged
    | TwinEventOccurred
    | ConnectivityChanged
    | DefinitionChanged
)


def facts_of(entry: Entry) -> Iterator[tuple[int, Fact]]:
    """What of an entry must not be thinned, with its place among its kind, in the order in which it is published."""
    outcome = entry.outcome
    if isinstance(entry.input, Redefined):
        yield from enumerate(entry.input.definitions)
    yield from enumerate(outcome.events)
    yield from enumerate(outcome.behaviors)
    yield from enumerate(outcome.alerts)
    yield from enumerate(outcome.calls)


@dataclass(frozen=True, slots=True)
class Published:
    sequence: int
    """Of the journal record whose Outcome holds the fact."""
    now: Micros
    """When it was decided."""
    fact: Fact
    skipped: int = 0
    """How many older facts of the same key this one replaced before it was read."""
    place: int = 0
    """Among the facts of its kind in that record."""


class Delivery:
    """What one subscriber outside got, for the books; whoever delivers counts here. `waits` tells how much it has not
    read yet."""

    __slots__ = ("_bus", "_number", "_topic", "delivered", "skipped", "waits")

    def __init__(self, bus: "Bus", topic: str, number: int) -> None:
        self._bus = bus
        self._topic = topic
        self._number = number
        self.delivered = self.skipped = 0
        self.waits: Callable[[], int] = lambda: 0

    def pushes(self) -> Pushes:
        return Pushes(self._number, self._topic, self.delivered, self.skipped, self.waits())

    def close(self) -> None:
        self._bus._close_books(self._topic, self)


class Subscription:
    """What is published for one reader: an async iterator of Published, or `take`, for one that is told (`news`) that
    there is something; and a context manager that ends it."""

    def __init__(
        self,
        bus: "Bus",
        wants: Callable[[Fact], bool] | None,
        coalesce: Callable[[Fact], Hashable] | None,
        limit: int,
        news: Callable[[], None] | None,
    ) -> None:
        self._bus = bus
        self._wants = wants
        self._coalesce = coalesce
        self._limit = limit
        self._news = news
        self._waiting: deque[Published] = deque()
        self._newest: dict[Hashable, Published] = {}
        self._reader: asyncio.Future[None] | None = None
        self.ended = False
        """Nothing is published for it any more; what waits can still be read."""
        self.error: Exception | None = None
        """Why it was cut off."""

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> Published:
        """Raises Unavailable (SLOW_CONSUMER) after an overrun, once what was kept has been read."""
        while (published := self.take()) is None:
            if self.error is not None:
                raise self.error
            if self.ended:
                raise StopAsyncIteration
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return published

    def take(self) -> Published | None:
        """The next that waits, in order; None where nothing does now."""
        if self._waiting:
            return self._waiting.popleft()
        return self._newest.pop(next(iter(self._newest))) if self._newest else None

    def held(self) -> Sequence[tuple[Hashable, int]]:
        """Of what waits and coalesces: each key with how many facts came for it."""
        return [(key, published.skipped + 1) for key, published in self._newest.items()]

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it now: what was not read yet is dropped, and a waiting reader's iteration is over."""
        self._waiting.clear()
        self._newest.clear()
        self._end(None)

    def _take(self, sequence: int, now: Micros, fact: Fact, place: int) -> None:
        """Called by the bus. A filter that fails ends its own subscription, never the bus."""
        if self.ended:
            return
        try:
            if self._wants is not None and not self._wants(fact):
                return
            key = None if self._coalesce is None else self._coalesce(fact)
        except Exception as error:  # the reader gets it; the others go on
            self._end(error)
            return
        if self._coalesce is not None:
            older = self._newest.get(key)
            skipped = older.skipped + 1 if older is not None else 0
            # The place in the line stays the older one's, so that a busy key can't starve the others nor be starved.
            self._newest[key] = Published(sequence, now, fact, skipped, place)
        elif len(self._waiting) >= self._limit:
            self._end(too_slow(self._limit, sequence))
            return
        else:
            self._waiting.append(Published(sequence, now, fact, 0, place))
        self._wake()

    def _end(self, error: Exception | None) -> None:
        if not self.ended:
            self.ended = True
            self.error = error
            self._bus._forget(self)
            self._wake()

    def _wake(self) -> None:
        if self._news is not None:
            self._news()
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


def too_slow(limit: int, sequence: int) -> Unavailable:
    return Unavailable(
        f"this subscriber fell more than {limit} facts behind and was cut off at {sequence}",
        code="SLOW_CONSUMER",
        hint="read faster or ask for fewer twins, then subscribe again after the last one that came",
    )


class _Interested:
    """The subscriptions to one kind of fact: those to every twin, and an index of the others by twin."""

    def __init__(self) -> None:
        self.everywhere: dict[Subscription, None] = {}
        self.by_twin: dict[str, dict[Subscription, None]] = {}

    def find(self, twins: Collection[str]) -> Iterator[Subscription]:
        yield from list(self.everywhere)
        if self.by_twin:
            found: dict[Subscription, None] = {}
            for twin in twins:
                found.update(self.by_twin.get(twin, {}))
            yield from found

    def __bool__(self) -> bool:
        return bool(self.everywhere or self.by_twin)


class Bus:
    """One per installation. Publishing a fact costs what its interested subscribers cost, however many others."""

    def __init__(self, deadband_of: DeadbandOf = no_deadband) -> None:
        self._thinning = Thinning(deadband_of)
        self._kinds: dict[type, _Interested] = {}
        self._places: dict[Subscription, tuple[tuple[type, ...], tuple[str, ...] | None]] = {}
        self._closed = False
        self.followers: list[Callable[[int, Outcome], None]] = []
        """Told of every outcome, with its sequence, in the turn that committed it; none of them may fail."""
        self.by_rule: list[Callable[[Load | ClockStepped], None]] = []
        """Told likewise of what changes the plant by rule, beside the facts of its outcome, behind that."""
        self._pushed: dict[str, Counter[str]] = {}
        """By topic, what was delivered to and skipped by those that are gone."""
        self._deliveries: dict[Delivery, None] = {}
        self._numbers = 0

    def subscribe(
        self,
        kinds: Collection[type],
        *,
        twins: Collection[str] | None = None,
        wants: Callable[[Fact], bool] | None = None,
        coalesce: Callable[[Fact], Hashable] | None = None,
        limit: int = 1000,
        news: Callable[[], None] | None = None,
    ) -> Subscription:
        """Everything of these kinds that is published from now on: about `twins` only (None: about anything), and
        only where `wants` says so. With `coalesce` the newest fact per key waits for a slow reader; without it at
        most `limit` facts wait, and one more ends the subscription. After `close` it is an ended one.

        Changes of properties are thinned by their deadbands; the first of each after this one is not. `news` is called
        whenever something has come, definitions have changed or it has ended: for a reader that takes."""
        subscription = Subscription(self, wants, coalesce, limit, news)
        if self._closed:
            subscription.close()
            return subscription
        place = (tuple(kinds), None if twins is None else tuple(set(twins)))
        if PropertyChanged in place[0]:
            self._thinning.forget(place[1])  # its reader starts from a snapshot, not from what was told last
        self._places[subscription] = place
        for kind in place[0]:
            interested = self._kinds.setdefault(kind, _Interested())
            if place[1] is None:
                interested.everywhere[subscription] = None
            else:
                for twin in place[1]:
                    interested.by_twin.setdefault(twin, {})[subscription] = None
        return subscription

    def delivery(self, topic: str) -> Delivery:
        """The books of one subscriber outside, until it is closed."""
        self._numbers += 1
        self._pushed.setdefault(topic, Counter())
        found = Delivery(self, topic, self._numbers)
        self._deliveries[found] = None
        return found

    def pushes(self) -> list[Pushes]:
        """To each that is here now, in the order in which they came."""
        return [delivery.pushes() for delivery in self._deliveries]

    def pushed(self) -> list[Pushes]:
        """By topic, to all there have been in this run."""
        found = {topic: Counter(counts) for topic, counts in self._pushed.items()}
        for here in self.pushes():
            found[here.topic].update(delivered=here.delivered, skipped=here.skipped, waiting=here.waiting)
        return [
            Pushes(0, topic, counts["delivered"], counts["skipped"], counts["waiting"])
            for topic, counts in sorted(found.items())
        ]

    @property
    def skipped(self) -> int:
        """Facts that slow subscribers did not get, all together."""
        return sum(item.skipped for item in self.pushed())

    def _close_books(self, topic: str, delivery: Delivery) -> None:
        if delivery in self._deliveries:
            del self._deliveries[delivery]
            self._pushed[topic].update(delivered=delivery.delivered, skipped=delivery.skipped)

    def definitions_changed(self) -> None:
        """A change of definitions is in force: whoever takes looks at what its topic is now."""
        self._thinning.forget()
        for subscription in list(self._places):
            if subscription._news is not None:
                subscription._news()

    def redefined(self, sequence: int, now: Micros, input: Redefined) -> None:
        """Hand on each definition of a committed change."""
        if interested := self._kinds.get(DefinitionChanged):
            for place, definition in enumerate(input.definitions):
                twins = (definition.id,) if definition.kind == "twin" else ()
                self._send(interested, twins, sequence, now, definition, place)

    def changed_by_rule(self, input: Load | ClockStepped) -> None:
        for follower in self.by_rule:
            follower(input)

    def publish(self, sequence: int, now: Micros, outcome: Outcome) -> None:
        """Hand on every fact of a committed Outcome: values first, then what was concluded from them."""
        for follower in self.followers:
            follower(sequence, outcome)
        if interested := self._kinds.get(PropertyChanged):
            for place, change in enumerate(outcome.changes):
                if self._thinning.passes(change):
                    self._send(interested, (change.twin_id,), sequence, now, change, place)
        if interested := self._kinds.get(ConnectivityChanged):
            for place, connectivity in enumerate(outcome.connectivity):
                self._send(interested, (connectivity.twin_id,), sequence, now, connectivity, place)
        if interested := self._kinds.get(TwinEventOccurred):
            for place, event in enumerate(outcome.events):
                self._send(interested, (event.twin_id,), sequence, now, event, place)
        if interested := self._kinds.get(BehaviorChanged):
            for place, behavior in enumerate(outcome.behaviors):
                owner = behavior.key.owner
                self._send(interested, (owner.id,) if owner.kind == "twin" else (), sequence, now, behavior, place)
        if interested := self._kinds.get(AlertChanged):
            for place, alert in enumerate(outcome.alerts):
                self._send(interested, alert.alert.twins, sequence, now, alert, place)
        if interested := self._kinds.get(CallChanged):
            for place, call in enumerate(outcome.calls):
                self._send(interested, (call.call.twin_id,), sequence, now, call, place)

    def close(self) -> None:
        """End every subscription; each reader still gets what waits for it."""
        self._closed = True
        for subscription in list(self._places):
            subscription._end(None)

    @staticmethod
    def _send(
        interested: _Interested, twins: Collection[str], sequence: int, now: Micros, fact: Fact, place: int
    ) -> None:
        for subscription in interested.find(twins):
            subscription._take(sequence, now, fact, place)

    def _forget(self, subscription: Subscription) -> None:
        kinds, twins = self._places.pop(subscription, ((), None))
        for kind in kinds:
            interested = self._kinds[kind]
            interested.everywhere.pop(subscription, None)
            for twin in twins or ():
                of_twin = interested.by_twin[twin]
                of_twin.pop(subscription, None)
                if not of_twin:
                    del interested.by_twin[twin]
