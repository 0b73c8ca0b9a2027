"""Every live query of this server: who shares which, when each is executed again, and how much all of them may take.

A fact marks those that have read what it changes; a single worker executes them, one after the other, no more often
than each was asked for, and together in no more than a share of the loop's time. What is marked again before its turn
comes is executed once.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Hashable
from typing import TYPE_CHECKING, Protocol

from prometheus_client import Gauge, Histogram

from app.api.live import facts
from app.api.live.interest import Interest
from app.api.live.reads import Key as Read
from app.api.live.reads import Reads
from app.errors import Refused, Unavailable
from app.model.change import DefinitionChange
from app.model.events import ClockStepped, Load, Outcome
from app.model.sight import Subject
from app.model.values import Value

if TYPE_CHECKING:
    from app.api.services import Services

MAX_ON_A_SOCKET = 50
"""Live queries at once."""
MAX_ON_THE_SERVER = 1_000
"""Of different ones: those that share one count once."""
SHARE = 0.5
"""Of the loop's time that all executions together may take."""
BEARS = 4
"""A live query rests that many times as long as its last execution took, however small its interval."""
_TRIES = 5
"""Executions one after the other, where what they read changes under one that has to wait for something. The last
counts, and is soon followed: what changes all the time must not keep an answer from ever being given."""

Key = tuple[Hashable, ...]
"""What makes two live queries the same: document, operation, variables and viewer."""


class Answered(Protocol):
    @property
    def version(self) -> int: ...
    @property
    def sequence(self) -> int: ...


class Asker(Protocol):
    """The connection that asks (context.py)."""

    @property
    def services(self) -> "Services": ...
    @property
    def viewer(self) -> Hashable: ...


class Watched(Hashable, Protocol):
    """A live query as it stands (watch.py)."""

    reads: Reads
    keys: set[Read]
    stale: bool
    due: float
    listeners: int

    @property
    def interval(self) -> float: ...
    @property
    def answer(self) -> Answered | None: ...
    @property
    def over(self) -> bool: ...
    async def first(self) -> None: ...
    async def newer(self, seen: int) -> None: ...
    async def execute(self, sequence: Callable[[], int], overheard: Callable[[Reads], bool]) -> Reads: ...
    def push(self, last: Answered | None, sequence: int) -> object: ...
    def farewell(self) -> object: ...
    def fail(self, error: Exception) -> None: ...


class Asked(Protocol):
    @property
    def field(self) -> str: ...
    @property
    def context(self) -> Asker: ...
    def watch(self) -> Watched: ...


class LiveQueries:
    """It follows the bus and the catalogue from the first live query on."""

    def __init__(self, most: int = MAX_ON_THE_SERVER) -> None:
        self.most = most
        self._watches: dict[Key, Watched] = {}
        self._on_socket: Counter[int] = Counter()
        """By the context of the socket."""
        self._services: Services | None = None
        self._interest: Interest[Watched] = Interest(self._touched, self._deadband, self._value)
        self._ready: asyncio.Queue[Watched] = asyncio.Queue()
        self._resting: dict[Watched, asyncio.TimerHandle] = {}
        """Those that have changed and are not due yet, each with what wakes it: an interval may be an hour, and nobody
        is kept in memory that long after the last client has left."""
        self._executing: Watched | None = None
        self._worker: asyncio.Task[None] | None = None
        self._seconds: Histogram | None = None
        self.executions = 0
        """In this run."""

    def __len__(self) -> int:
        return len(self._watches)

    @property
    def waiting(self) -> int:
        """How many have changed, or may have, since they were last executed."""
        return sum(watch.stale and not watch.over for watch in self._watches.values())

    def check(self, key: Key, socket: int) -> None:
        """Raises Refused (TOO_MANY_LIVE_QUERIES), and, where nobody asks the same, Unavailable (LIVE_QUERIES_FULL)."""
        if self._on_socket[socket] >= MAX_ON_A_SOCKET:
            raise Refused(
                f"this socket has {MAX_ON_A_SOCKET} live queries already",
                code="TOO_MANY_LIVE_QUERIES",
                hint="end some of them, or ask for more with each: a list, an overlay with its twins",
            )
        if len(self._watches) >= self.most and key not in self._watches:
            raise Unavailable(
                f"this server has {self.most} different live queries already",
                code="LIVE_QUERIES_FULL",
                hint="ask one that others ask too, or again when some have ended",
            )

    async def follow(self, key: Key, ask: Asked) -> AsyncGenerator[object, None]:
        """First the whole answer, then every other one; of those that come while nobody takes them only the last."""
        watch, socket = self._open(key, ask), id(ask.context)
        sight, viewer = ask.context.services.sight, ask.context.viewer
        self._on_socket[socket] += 1
        try:
            await watch.first()
            last: Answered | None = None
            while not watch.over:
                answer = watch.answer
                assert answer is not None
                if sight.may_see(viewer, Subject(ask.field, watch.reads.twins())):
                    at = self._sequence() if last is None and not watch.stale else answer.sequence
                    yield watch.push(last, at)
                    last = answer
                await watch.newer(answer.version)
            yield watch.farewell()
        finally:
            self._on_socket[socket] -= 1
            if not self._on_socket[socket]:
                del self._on_socket[socket]
            self._close(key, watch)

    # ------------------------------------------------------------ who shares which

    def _open(self, key: Key, ask: Asked) -> Watched:
        self.check(key, id(ask.context))
        if self._services is None:
            self._attach(ask.context.services)
        watch = self._watches.get(key)
        if watch is None or watch.over:
            watch = self._watches[key] = ask.watch()
        watch.listeners += 1
        if watch.stale:  # whoever comes new is not kept waiting for the interval of the others
            watch.due = 0.0
            self._schedule(watch)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return watch

    def _close(self, key: Key, watch: Watched) -> None:
        watch.listeners -= 1
        if watch.listeners:
            return
        self._interest.put(watch, watch.keys, set())
        watch.keys = set()
        self._wake(watch)
        if self._watches.get(key) is watch:
            del self._watches[key]
        if not self._watches and self._worker is not None:
            self._worker.cancel()
            self._worker = None
            self._ready = asyncio.Queue()

    # ------------------------------------------------------------ what changes

    def _attach(self, services: "Services") -> None:
        self._services = services
        registry = services.registry
        shared = Gauge("twin_overlay_live_queries", "Live queries, those that are shared once", registry=registry)
        shared.set_function(lambda: len(self._watches))
        self._seconds = Histogram("twin_overlay_live_execution_seconds", "Of live queries", registry=registry)
        services.bus.followers.append(self._outcome)
        services.bus.by_rule.append(self._rule)
        services.catalogue.followers.append(self._definitions)

    def _outcome(self, sequence: int, outcome: Outcome) -> None:
        self._interest.tell_values(outcome.changes)
        self._interest.tell(facts.of_outcome(outcome))

    def _rule(self, input: Load | ClockStepped) -> None:
        self._interest.tell(facts.of_rule(input))

    def _definitions(self, change: DefinitionChange) -> None:
        self._interest.tell(facts.of_definitions(change))

    def _touched(self, watch: Watched) -> None:
        if not watch.stale:
            watch.stale = True
            if watch is not self._executing:  # what changes under an execution waits for the interval that follows it
                self._schedule(watch)

    def _schedule(self, watch: Watched) -> None:
        loop = asyncio.get_running_loop()
        self._wake(watch)
        if watch.due > loop.time():
            self._resting[watch] = loop.call_at(watch.due, self._rested, watch)
        else:
            self._ready.put_nowait(watch)

    def _rested(self, watch: Watched) -> None:
        del self._resting[watch]
        self._ready.put_nowait(watch)

    def _wake(self, watch: Watched) -> None:
        """Whether it goes on or has ended, no timer is kept for it."""
        if (timer := self._resting.pop(watch, None)) is not None:
            timer.cancel()

    def _deadband(self, twin_id: str, name: str) -> float | None:
        assert self._services is not None
        found = self._services.catalogue.capabilities(twin_id).properties.get(name)
        return found.deadband if found is not None else None

    def _value(self, twin_id: str, name: str) -> Value:
        assert self._services is not None
        return self._services.live.values(name, (twin_id,))[0]

    def _sequence(self) -> int:
        assert self._services is not None
        return self._services.live.sequence

    # ------------------------------------------------------------ executing

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            watch = await self._ready.get()
            if not watch.stale or not watch.listeners or watch.over:
                continue
            began = loop.time()
            self._executing = watch
            try:
                await self._execute(watch)
            finally:
                if self._executing is watch:
                    self._executing = None
            took = loop.time() - began
            if self._seconds is not None:
                self._seconds.observe(took)
            watch.due = began + max(watch.interval, BEARS * took)
            if watch.stale:
                self._schedule(watch)
            await asyncio.sleep(took / SHARE - took)

    async def _execute(self, watch: Watched) -> None:
        for left in reversed(range(_TRIES)):
            self.executions += 1
            watch.stale = False
            heard: set[Read] = set()
            self._interest.heard = heard

            def overheard(found: Reads, heard: set[Read] = heard, left: int = left) -> bool:
                return left > 0 and not heard.isdisjoint(found.keys())

            try:
                watch.reads = await watch.execute(self._sequence, overheard)
            except Exception as error:  # a bug; whoever listens is told, the others go on
                watch.fail(error)
                return
            finally:
                if self._interest.heard is heard:  # else a worker that was cancelled ends under the one after it
                    self._interest.heard = None
            keys = watch.reads.keys() if watch.listeners else set()
            self._interest.put(watch, watch.keys, keys)
            watch.keys = keys
            if heard.isdisjoint(keys):
                return
            watch.stale = True
