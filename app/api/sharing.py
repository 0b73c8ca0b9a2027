"""Sharing: an operation is executed once for all who asked the same, and its bytes are given to each.

The same is the same document, variables, operation name and viewer; where a variable says only from where on a client
resumes, it makes no difference. Who comes later is shown how things stand by itself and joins what is shared from that
sequence on. All of it is done in slices of the loop's time and without a task a push: what waits to be encoded
coalesces meanwhile as its source does, and what waits for a client as its reader does.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from contextlib import aclosing
from typing import Protocol

from app.api.frame import Frame
from app.api.reader import Connection, Outbox, Reader
from app.api.source import Item, Source
from app.off_loop import give_way
from app.runtime.bus import Bus

_SLICE = 0.005
"""Seconds of the processor after which others get a turn of the loop: by the clock on the wall, a slice on a busy
machine is over before anything was done."""
_GLANCE = 32
"""Clients between two looks at the time."""


class Operation(Protocol):
    """A subscription that was read, checked and opened (prepared.py)."""

    source: Source
    key: Hashable
    """Equal for those who may share it."""

    def frame(self, item: Item) -> Frame | Awaitable[Frame]:
        """Never raises: what goes wrong is told in the frame."""

    def failure(self, error: Exception) -> Frame:
        """The last of a subscription that can't go on."""


class Sharing:
    """One per server."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._shared: dict[Hashable, Shared] = {}
        self._due: deque[Shared] = deque()
        self._outboxes: deque[Outbox] = deque()
        self._put = self._taken = 0
        """How many outboxes have come into that line and gone out of it."""
        self._scheduled = False

    def __len__(self) -> int:
        """Operations that are executed now."""
        return len(self._shared)

    def outbox(self, connection: Connection) -> Outbox:
        return Outbox(connection, self._ready)

    def reader(self, prepared: Operation, outbox: Outbox, id: str) -> Reader:
        source = prepared.source
        return Reader(outbox, id, self._bus.delivery(source.name), prepared.failure, states=source.states)

    async def run(self, prepared: Operation, reader: Reader) -> None:
        """Until there is nothing more to come and the client has been given it all. Cancel it where the client ends
        it."""
        try:
            await self._begin(prepared, reader)
            await reader.ended()
        finally:
            if reader.shared is not None:
                reader.shared.leave(reader)
            reader.close()

    async def _begin(self, prepared: Operation, reader: Reader) -> None:
        source = prepared.source
        if source.resumes:
            try:
                async with aclosing(source.missed()) as missed:
                    async for item in missed:
                        await self._show(prepared, reader, item)
            except Exception as error:
                reader.end(prepared.failure(error))
                return
            self._join(prepared, reader)
        elif source.states:
            self._join(prepared, reader, showing=True)
            for number, part in enumerate(source.standing()):
                reader.shown_upto(part.last, part.sequence)
                for item in part.items:
                    await self._show(prepared, reader, item)
                await (give_way() if number else asyncio.sleep(0))  # who follows few waits for nobody
            reader.shown_all(source.sequence())
        else:
            [part] = source.standing()
            self._join(prepared, reader)
            for item in part.items:
                await self._show(prepared, reader, item)
        reader.begin()

    async def _show(self, prepared: Operation, reader: Reader, item: Item) -> None:
        frame = prepared.frame(item)
        await reader.show(frame if isinstance(frame, Frame) else await frame)

    def _join(self, prepared: Operation, reader: Reader, *, showing: bool = False) -> None:
        """In the turn of the loop in which it is looked how things stand, or nothing is missed any more."""
        shared = self._shared.get(prepared.key)
        if shared is None or shared.over:
            shared = self._shared[prepared.key] = Shared(prepared, self._wants_turn, self._forget)
        shared.join(reader, showing=showing)

    def _forget(self, shared: "Shared") -> None:
        if self._shared.get(shared.key) is shared:
            del self._shared[shared.key]

    # ------------------------------------------------------------ turns of the loop

    def _wants_turn(self, shared: "Shared") -> None:
        self._due.append(shared)
        self._schedule()

    def _ready(self, outbox: Outbox) -> None:
        self._outboxes.append(outbox)
        self._put += 1
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        """Executes, then sends; each no longer than a slice, and what is left in the next turn. An operation is not
        executed again before all have been sent what it gave them: what comes meanwhile coalesces in one place instead
        of with each client."""
        until = time.thread_time() + _SLICE
        for _ in range(len(self._due)):
            shared = self._due.popleft()
            if shared.sent > self._taken:
                self._due.append(shared)
                continue
            if shared.execute(until):
                self._due.append(shared)
            shared.sent = self._put
            if time.thread_time() > until:
                break
        until = time.thread_time() + _SLICE
        while self._outboxes:
            self._outboxes.popleft().flush()
            self._taken += 1
            if self._taken % _GLANCE == 0 and time.thread_time() > until:
                break
        self._scheduled = False
        if self._due or self._outboxes:
            self._schedule()


class Shared:
    """One operation with all its readers."""

    def __init__(
        self, prepared: Operation, wants_turn: "Callable[[Shared], None]", forget: "Callable[[Shared], None]"
    ) -> None:
        self.key = prepared.key
        self._prepared = prepared
        self._wants_turn = wants_turn
        self._forget = forget
        self._readers: dict[Reader, None] = {}
        self._marked = False
        self.sent = 0
        """How many outboxes must have gone out of the line before it is executed again."""
        self._later: asyncio.Task[None] | None = None
        """A push that is executed across turns of the loop; those behind it wait."""
        self.over = False
        self._listening = prepared.source.listen(self._news)

    def join(self, reader: Reader, *, showing: bool) -> None:
        reader.shared = self
        self._readers[reader] = None  # it leaves again, whatever becomes of this
        self._listening.look()
        listening = self._listening
        reader.join(self._prepared.source.sequence(), listening.looks, listening.held(), showing=showing)
        if self._listening.ended:
            self._news()

    def leave(self, reader: Reader) -> None:
        self._readers.pop(reader, None)
        if not self._readers:
            self._close()

    def settled(self, sequence: int) -> bool:
        """Whether nothing waits that stands at this sequence or before."""
        idle = self._later is None and not self._marked and not self._listening.held()
        return idle and self._prepared.source.sequence() >= sequence

    def execute(self, until: float) -> bool:
        """Whether there is more to do at once."""
        self._marked = False
        while not self.over and self._later is None:
            try:
                item = self._listening.take()
            except Exception as error:  # a fault of the program: those who share this are told, the others go on
                self._end(error)
                return False
            if item is None:
                if self._listening.ended:
                    self._end(self._listening.error)
                return False
            frame = self._prepared.frame(item)
            if not isinstance(frame, Frame):
                self._later = asyncio.get_running_loop().create_task(self._wait(frame))
                return False
            self._give(frame)
            if time.thread_time() > until:
                self._marked = True
                return True
        return False

    async def _wait(self, frame: Awaitable[Frame]) -> None:
        found = await frame
        self._later = None
        self._give(found)
        self._news()

    def _give(self, frame: Frame) -> None:
        for reader in self._readers:
            reader.offer(frame)

    def _news(self) -> None:
        if not self._marked and self._later is None and not self.over:
            self._marked = True
            self._wants_turn(self)

    def _end(self, error: Exception | None) -> None:
        last = self._prepared.failure(error) if error is not None else None
        for reader in self._readers:
            reader.end(last)
        self._close()

    def _close(self) -> None:
        if not self.over:
            self.over = True
            self._listening.close()
            if self._later is not None:
                self._later.cancel()
            self._forget(self)
