"""What was committed, to whoever listens, within the turn of the loop that committed it.

Publishing never waits for a subscriber: one that is slow either keeps the newest fact per key and learns how many it
skipped (states), or is cut off with SLOW_CONSUMER (facts that must not be thinned). It is all one event loop's.
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Collection, Hashable, Iterator
from dataclasses import dataclass
from types import TracebackType

from app.errors import Unavailable
from app.model.events import (
    AlertChanged,
    BehaviorChanged,
    CallChanged,
    ConnectivityChanged,
    Outcome,
    PropertyChanged,
    TwinEventOccurred,
)
from app.model.ledger import Pushes
from app.model.time import Micros
from app.runtime.thinning import DeadbandOf, Thinning, no_deadband

Fact = PropertyChanged | BehaviorChanged | AlertChanged | CallChanged | TwinEventOccurred | ConnectivityChanged


@dataclass(frozen=True, slots=True)
class Published:
    sequence: int
    """Of the journal record whose Outcome holds the fact."""
    now: Micros
    """When it was decided."""
    fact: Fact
    skipped: int = 0
    """How many older facts of the same key this one replaced before it was read."""


class Subscription:
    """An async iterator of Published for one reader, and a context manager that ends it."""

    def __init__(
        self,
        bus: "Bus",
        wants: Callable[[Fact], bool] | None,
        coalesce: Callable[[Fact], Hashable] | None,
        limit: int,
        topic: str,
        number: int,
    ) -> None:
        self._bus = bus
        self._topic = topic
        self._number = number
        self._delivered = self._skipped = 0
        self._wants = wants
        self._coalesce = coalesce
        self._limit = limit
        self._waiting: deque[Published] = deque()
        self._newest: dict[Hashable, Published] = {}
        self._reader: asyncio.Future[None] | None = None
        self._nudged = False
        self._ended = False
        self._error: Exception | None = None

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> Published:
        """Raises Unavailable (SLOW_CONSUMER) after an overrun, once what was kept has been read."""
        published = await self._next(nudges=False)
        assert published is not None
        return published

    async def turns(self) -> AsyncGenerator[Published | None, None]:
        """As iterating, with a None after definitions have changed: for a reader whose topic depends on them. Close
        it with `aclosing`."""
        with contextlib.suppress(StopAsyncIteration):
            while True:
                yield await self._next(nudges=True)

    async def _next(self, *, nudges: bool) -> Published | None:
        while True:
            if nudges and self._nudged:
                self._nudged = False
                return None
            if self._waiting or self._newest:
                self._delivered += 1
                if self._topic:
                    self._bus._pushed[self._topic]["delivered"] += 1
                return self._waiting.popleft() if self._waiting else self._newest.pop(next(iter(self._newest)))
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None

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

    def _take(self, sequence: int, now: Micros, fact: Fact) -> None:
        """Called by the bus. A filter that fails ends its own subscription, never the bus."""
        if self._ended:
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
            skipped = 0
            if older is not None:
                skipped = older.skipped + 1
                self._skip()
            # The place in the line stays the older one's, so that a busy key can't starve the others nor be starved.
            self._newest[key] = Published(sequence, now, fact, skipped)
        elif len(self._waiting) >= self._limit:
            self._skip()
            self._end(
                Unavailable(
                    f"this subscriber fell more than {self._limit} facts behind and was cut off at {sequence}",
                    code="SLOW_CONSUMER",
                    hint="read faster or ask for fewer twins, then subscribe again",
                )
            )
            return
        else:
            self._waiting.append(Published(sequence, now, fact))
        self._wake()

    def pushes(self) -> Pushes:
        waiting = len(self._waiting) + len(self._newest)
        return Pushes(self._number, self._topic, self._delivered, self._skipped, waiting)

    def _skip(self) -> None:
        self._skipped += 1
        self._bus.skipped += 1
        if self._topic:
            self._bus._pushed[self._topic]["skipped"] += 1

    def _end(self, error: Exception | None) -> None:
        if not self._ended:
            self._ended = True
            self._error = error
            self._bus._forget(self)
            self._wake()

    def _nudge(self) -> None:
        self._nudged = True
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


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
        self.skipped = 0
        """Facts that slow subscribers did not get, all together."""
        self._pushed: dict[str, Counter[str]] = {}
        """By topic, what was delivered and skipped, also to those that are gone."""
        self._numbers = 0

    def subscribe(
        self,
        kinds: Collection[type],
        *,
        twins: Collection[str] | None = None,
        wants: Callable[[Fact], bool] | None = None,
        coalesce: Callable[[Fact], Hashable] | None = None,
        limit: int = 1000,
        topic: str = "",
    ) -> Subscription:
        """Everything of these kinds that is published from now on: about `twins` only (None: about anything), and
        only where `wants` says so. With `coalesce` the newest fact per key waits for a slow reader; without it at
        most `limit` facts wait, and one more ends the subscription. After `close` it is an ended one.

        Changes of properties are thinned by their deadbands; the first of each after this one is not. `topic` is how
        its pushes are counted; without one it is nobody's outside."""
        if topic:
            self._numbers += 1
            self._pushed.setdefault(topic, Counter())
        subscription = Subscription(self, wants, coalesce, limit, topic, self._numbers)
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

    def pushes(self) -> list[Pushes]:
        """To each that is here now, in the order in which they came."""
        return [subscription.pushes() for subscription in self._places if subscription._topic]

    def pushed(self) -> list[Pushes]:
        """By topic, to all there have been in this run."""
        waiting: Counter[str] = Counter()
        for here in self.pushes():
            waiting[here.topic] += here.waiting
        return [
            Pushes(0, topic, counts["delivered"], counts["skipped"], waiting[topic])
            for topic, counts in sorted(self._pushed.items())
        ]

    def definitions_changed(self) -> None:
        """A change of definitions is in force: readers of `turns` get a turn to look at what their topic is now."""
        self._thinning.forget()
        for subscription in self._places:
            subscription._nudge()

    def publish(self, sequence: int, now: Micros, outcome: Outcome) -> None:
        """Hand on every fact of a committed Outcome: values first, then what was concluded from them."""
        for follower in self.followers:
            follower(sequence, outcome)
        if interested := self._kinds.get(PropertyChanged):
            for change in outcome.changes:
                if self._thinning.passes(change):
                    self._send(interested, (change.twin_id,), sequence, now, change)
        if interested := self._kinds.get(ConnectivityChanged):
            for connectivity in outcome.connectivity:
                self._send(interested, (connectivity.twin_id,), sequence, now, connectivity)
        if interested := self._kinds.get(TwinEventOccurred):
            for event in outcome.events:
                self._send(interested, (event.twin_id,), sequence, now, event)
        if interested := self._kinds.get(BehaviorChanged):
            for behavior in outcome.behaviors:
                owner = behavior.key.owner
                self._send(interested, (owner.id,) if owner.kind == "twin" else (), sequence, now, behavior)
        if interested := self._kinds.get(AlertChanged):
            for alert in outcome.alerts:
                self._send(interested, alert.alert.twins, sequence, now, alert)
        if interested := self._kinds.get(CallChanged):
            for call in outcome.calls:
                self._send(interested, (call.call.twin_id,), sequence, now, call)

    def close(self) -> None:
        """End every subscription; each reader still gets what waits for it."""
        self._closed = True
        for subscription in list(self._places):
            subscription._end(None)

    @staticmethod
    def _send(interested: _Interested, twins: Collection[str], sequence: int, now: Micros, fact: Fact) -> None:
        for subscription in interested.find(twins):
            subscription._take(sequence, now, fact)

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
