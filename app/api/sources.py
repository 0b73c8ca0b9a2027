"""The sources that hear the bus: states, which coalesce, and facts, which never do.

The bus is heard before it is looked how things stand, and what that shows already is dropped by its sequence: nothing
falls between the two. A change whose commit is under way at that moment may come twice, never not at all.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Generic, TypeVar

from app.api.context import Context
from app.api.membership import Membership
from app.api.pace import Pace
from app.api.replays import Missed
from app.api.source import Item, Listening, Part
from app.model.plan import OwnerKey
from app.model.sight import Subject
from app.model.time import Micros
from app.runtime.bus import Bus, Fact, Published, Subscription

F = TypeVar("F", bound=Fact)
View = TypeVar("View")
_FACTS_UNREAD = 100_000
"""Facts that may wait to be encoded; who is slow to read is cut off long before (reader.py)."""
_TWINS_AT_ONCE = 50
"""Of how many twins it is looked at one sequence how they stand."""


class Topic(ABC, Generic[F]):
    """One kind of fact, which of them, and what they look like."""

    kind: type[F]
    name: str
    membership: Membership
    indexed = True
    """Whether the bus may deliver by fixed twin ids alone."""

    @abstractmethod
    def wants(self, fact: F) -> bool: ...

    @abstractmethod
    def subject(self, fact: F) -> Subject: ...

    @abstractmethod
    def push(self, published: Published, fact: F) -> Any: ...


class StateTopic(Topic[F]):
    interval = 0.0

    @abstractmethod
    def key(self, fact: F) -> tuple[str, ...]:
        """The twin first."""

    @abstractmethod
    def stands(self, twin_id: str, now: Micros, sequence: int) -> Iterator[tuple[tuple[str, ...], Subject, Any]]:
        """How one twin stands: keys, subjects and pushes."""


class FactTopic(Topic[F], Generic[F, View]):
    @abstractmethod
    def stands(self, joined: frozenset[str] | None) -> Iterable[tuple[Subject, View]]:
        """What is open now: of these twins, or of everything it is about for None."""

    @abstractmethod
    def show(self, view: View, now: Micros, sequence: int, remaining: int) -> Any: ...


class _Seen(Generic[F]):
    """What of a topic one viewer may see."""

    def __init__(self, context: Context, topic: Topic[F]) -> None:
        self._topic = topic
        self._sight, self._viewer = context.services.sight, context.viewer

    def wants(self, fact: Fact) -> bool:
        topic = self._topic
        return isinstance(fact, topic.kind) and topic.wants(fact) and self.may_see(topic.subject(fact))

    def may_see(self, subject: Subject) -> bool:
        return self._sight.may_see(self._viewer, subject)


class _Heard:
    def __init__(self, context: Context, topic: Topic[Any], subscription: Subscription) -> None:
        self._live = context.live
        self._clock = context.services.clock
        self._membership = topic.membership
        self._members = topic.membership.twins()
        self._subscription = subscription
        self._shown: deque[Item] = deque()
        self.looks = 0

    @property
    def ended(self) -> bool:
        return self._subscription.ended

    @property
    def error(self) -> Exception | None:
        return self._subscription.error

    def _joined(self) -> frozenset[str]:
        members = self._membership.twins()
        if members is self._members:
            return frozenset()
        joined, self._members = members - self._members, members
        return joined

    def held(self) -> Sequence[tuple[Hashable, int]]:
        return self._subscription.held()

    def close(self) -> None:
        self._subscription.close()


class _States(_Heard):
    def __init__(self, context: Context, topic: StateTopic[Any], seen: _Seen[Any], news: Callable[[], None]) -> None:
        self._topic, self._seen = topic, seen
        self._pace = Pace(topic.interval, news) if topic.interval else None
        self._joining: deque[tuple[int, str]] = deque()
        self._joined_at: dict[str, int] = {}
        bus = context.services.bus
        super().__init__(context, topic, _subscribed(bus, topic, seen, news, topic.key))

    def look(self) -> None:
        if joined := self._joined():
            self.looks += 1
            self._joining.extend((self.looks, twin_id) for twin_id in sorted(joined))

    def take(self) -> Item | None:
        self.look()
        while self._joining and not self._shown:
            number, twin_id = self._joining.popleft()
            sequence = self._joined_at[twin_id] = self._live.sequence
            now = self._clock.now()
            for key, subject, push in self._topic.stands(twin_id, now, sequence):
                if self._seen.may_see(subject):
                    self._shown.append(Item(push, sequence, key, twin_id, initial=True, look=number))
        if self._shown:
            return self._shown.popleft()
        while (published := self._next()) is not None:
            key = self._topic.key(published.fact)
            if published.sequence > self._joined_at.get(key[0], 0):
                push = self._topic.push(published, published.fact)
                return Item(push, published.sequence, key, key[0], published.skipped)
        if self._joined_at and not self.held():
            self._joined_at.clear()  # all that is published from now on is newer
        return None

    def _next(self) -> Published | None:
        if self._pace is None:
            return self._subscription.take()
        while (published := self._subscription.take()) is not None:
            if self._pace.passes(self._topic.key(published.fact), published):
                return published
        return self._pace.due()

    def held(self) -> Sequence[tuple[Hashable, int]]:
        found = super().held()
        return found if self._pace is None else [*found, *self._pace.held()]

    def close(self) -> None:
        super().close()
        if self._pace is not None:
            self._pace.close()


class _Facts(_Heard):
    def __init__(self, context: Context, topic: FactTopic[Any, Any], seen: _Seen[Any], news: Callable[[], None]):
        self._topic, self._seen = topic, seen
        super().__init__(context, topic, _subscribed(context.services.bus, topic, seen, news, None))

    def look(self) -> None:
        if joined := self._joined():
            self.looks += 1
            sequence, now = self._live.sequence, self._clock.now()
            views = [view for subject, view in self._topic.stands(joined) if self._seen.may_see(subject)]
            for remaining, view in zip(range(len(views) - 1, -1, -1), views, strict=True):
                push = self._topic.show(view, now, sequence, remaining)
                self._shown.append(Item(push, sequence, initial=True, look=self.looks))

    def take(self) -> Item | None:
        self.look()
        if self._shown:
            return self._shown.popleft()
        published = self._subscription.take()
        if published is None:
            return None
        return Item(self._topic.push(published, published.fact), published.sequence)


def _subscribed(
    bus: Bus,
    topic: Topic[Any],
    seen: _Seen[Any],
    news: Callable[[], None],
    key: Callable[[Any], Hashable] | None,
) -> Subscription:
    twins = topic.membership.index() if topic.indexed else None
    return bus.subscribe([topic.kind], twins=twins, wants=seen.wants, coalesce=key, limit=_FACTS_UNREAD, news=news)


class _Source:
    resumes = False

    def __init__(self, context: Context, topic: Topic[Any]) -> None:
        self._context = context
        self._seen = _Seen(context, topic)
        self.name = topic.name

    def __aiter__(self) -> AsyncIterator[Any]:
        raise TypeError(f"{self.name} is opened by app.api.sharing, for all who share it")

    def sequence(self) -> int:
        return self._context.live.sequence

    def missed(self) -> AsyncGenerator[Item, None]:
        raise TypeError(f"{self.name} does not resume")


class StateSource(_Source):
    states = True

    def __init__(self, context: Context, topic: StateTopic[Any]) -> None:
        super().__init__(context, topic)
        self._topic = topic

    def listen(self, news: Callable[[], None]) -> Listening:
        return _States(self._context, self._topic, self._seen, news)

    def standing(self) -> Iterator[Part]:
        """A twin that comes or goes meanwhile is the listening's to show."""
        ids = sorted(self._topic.membership.twins())
        for start in range(0, len(ids), _TWINS_AT_ONCE):
            these = ids[start : start + _TWINS_AT_ONCE]
            sequence, now = self.sequence(), self._context.services.clock.now()
            items = [
                Item(push, sequence, key, twin_id, initial=True)
                for twin_id in these
                for key, subject, push in self._topic.stands(twin_id, now, sequence)
                if self._seen.may_see(subject)
            ]
            yield Part(sequence, items, these[-1])


class FactSource(_Source):
    states = False

    def __init__(
        self, context: Context, topic: FactTopic[Any, Any], after: int | None = None, after_place: int | None = None
    ) -> None:
        """Raises Invalid (SEQUENCE_INVALID, RESUME_AHEAD)."""
        super().__init__(context, topic)
        self._topic = topic
        self._missed = Missed.after(context.live.sequence, after, after_place)
        self.resumes = self._missed is not None

    def listen(self, news: Callable[[], None]) -> Listening:
        return _Facts(self._context, self._topic, self._seen, news)

    def standing(self) -> Iterator[Part]:
        sequence, now = self.sequence(), self._context.services.clock.now()
        views = [view for subject, view in self._topic.stands(None) if self._seen.may_see(subject)]
        remaining = range(len(views) - 1, -1, -1)
        items = (
            Item(self._topic.show(view, now, sequence, left), sequence, initial=True)
            for left, view in zip(remaining, views, strict=True)
        )
        yield Part(sequence, items)

    async def missed(self) -> AsyncGenerator[Item, None]:
        assert self._missed is not None
        replays = self._context.services.replays
        async with aclosing(replays.since(self._missed, self.sequence)) as found:
            async for published in found:
                if self._seen.wants(published.fact):
                    yield Item(self._topic.push(published, published.fact), published.sequence)


def owners(twin_ids: Iterable[str]) -> list[OwnerKey]:
    return [OwnerKey("twin", twin_id) for twin_id in sorted(twin_ids)]
