"""One operation of one client, and the one connection that all operations of that client share.

What waits for a client is references to bytes that all clients share: of states the newest of each subject, of facts
at most so many, and one that is further behind is cut off. Nobody waits for a client: where its connection is full its
pushes stay here, and the connection says when it has room.
"""

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Protocol

from app.api.frame import Frame, head_of, opening
from app.runtime.bus import Delivery, too_slow

FACTS_WAITING = 10_000
"""Facts that may wait for a slow client before it is cut off with SLOW_CONSUMER."""
_AHEAD = 64
"""Frames of its start that wait for a client; more are made as it reads them."""
_MOST = 1 << 16
"""Bytes in one write."""
LOOK_EVERY = 256


class Connection(Protocol):
    """What app/frames.py gives."""

    drained: Callable[[], None]

    @property
    def full(self) -> bool: ...

    def write(self, pieces: Sequence[bytes]) -> None: ...


class Outbox:
    """One per socket: takes what is ready of each of its operations in turn."""

    def __init__(self, connection: Connection, due: "Callable[[Outbox], None]") -> None:
        self._connection = connection
        self._due = due
        self._ready: dict[Reader, None] = {}
        self._marked = False
        connection.drained = self.flush

    def ready(self, reader: "Reader") -> None:
        self._ready[reader] = None
        if not self._marked:
            self._marked = True
            self._due(self)

    def forget(self, reader: "Reader") -> None:
        self._ready.pop(reader, None)

    def flush(self) -> None:
        self._marked = False
        if self._connection.full or not self._ready:
            return
        pieces: list[bytes] = []
        size = 0
        while self._ready and size < _MOST:
            reader = next(iter(self._ready))
            del self._ready[reader]
            size += reader.take(pieces)
            if reader.waiting:
                self._ready[reader] = None
        self._connection.write(pieces)
        if self._ready and not self._connection.full:
            self._marked = True
            self._due(self)


class Shares(Protocol):
    """The operation that it shares (sharing.py)."""

    def settled(self, sequence: int) -> bool: ...

    def leave(self, reader: "Reader") -> None: ...


class Reader:
    """What it was shown itself, up to `after` and to the look of that number, does not come again from what is
    shared."""

    def __init__(
        self, outbox: Outbox, id: str, counts: Delivery, failure: Callable[[Exception], Frame], *, states: bool
    ) -> None:
        self._outbox = outbox
        self._head = head_of(id)
        self._counts = counts
        self._failure = failure
        self._states = states
        self._first: deque[Frame] = deque()
        self._newest: dict[Hashable, tuple[Frame, int]] = {}
        self._line: deque[Frame] = deque()
        self._facts = 0
        """Of those in line, the ones that are no state of a beginning."""
        self._open = False
        self._room: asyncio.Future[None] | None = None
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended = False
        self.shared: Shares | None = None
        self._after = self._looks = 0
        self._passed: dict[Hashable, int] = {}
        """Of subjects for which something waited to be executed as it joined: how many changes had come."""
        self._showing = False
        self._shown: list[tuple[str, int]] = []
        """Up to which twin it has been shown how things stand, as of which sequence; kept until all that is shared is
        newer."""
        self._joined: set[str] = set()
        """Twins that joined meanwhile: they are shown by what is shared."""
        self._offers = 0
        counts.waits = lambda: self.waiting

    def join(self, sequence: int, looks: int, waiting: Iterable[tuple[Hashable, int]], *, showing: bool) -> None:
        self._after, self._looks, self._showing = sequence, looks, showing
        self._passed = dict(waiting)

    # ------------------------------------------------------------ what all get

    def offer(self, frame: Frame) -> None:
        """It is kept, or is nothing to this client."""
        passed = self._passed.pop(frame.subject, 0) if self._passed and not frame.look else 0
        if self._ended or not self._wants(frame):
            return
        skipped = frame.skipped
        if skipped:
            skipped = max(0, skipped - passed)
            self._counts.skipped += skipped
        if self._states:
            older = self._newest.get(frame.subject)
            if older is not None:
                skipped += older[1]
                if not older[0].initial:
                    skipped += 1
                    self._counts.skipped += 1
            self._newest[frame.subject] = (frame, skipped)
        elif not frame.initial and self._facts >= FACTS_WAITING:
            self._counts.skipped += 1
            self.end(self._failure(too_slow(FACTS_WAITING, frame.sequence)))
            return
        else:
            self._facts += not frame.initial
            self._line.append(frame)
        if self._open:
            self._outbox.ready(self)

    def _wants(self, frame: Frame) -> bool:
        if frame.look:
            if frame.look <= self._looks:
                return False
            if self._showing or self._shown:
                self._joined.add(frame.twin)
            return True
        if not (self._showing or self._shown) or frame.twin in self._joined:
            return frame.sequence > self._after
        place = bisect_left(self._shown, frame.twin, key=_twin_of)
        wanted = place < len(self._shown) and frame.sequence > self._shown[place][1]
        if not self._showing:
            self._offers += 1
            if self._offers % LOOK_EVERY == 0:
                self._settle()  # of those behind this frame: itself, it has been taken from what waits
        return wanted

    def _settle(self) -> None:
        """What is shared has come beyond all that it was shown."""
        assert self.shared is not None
        if self.shared.settled(self._shown_at):
            self._after = self._shown_at
            self._shown, self._joined = [], set()

    # ------------------------------------------------------------ what it gets first

    def shown_upto(self, twin_id: str, sequence: int) -> None:
        self._shown.append((twin_id, sequence))

    def shown_all(self, sequence: int) -> None:
        self._showing = False
        self._shown_at = sequence
        if self._shown:
            self._settle()

    async def show(self, frame: Frame) -> None:
        """Before all that is shared; waits while the client has not read what came before."""
        if self._ended:
            return
        self._first.append(frame)
        self._outbox.ready(self)
        while len(self._first) > _AHEAD and not self._ended:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    def begin(self) -> None:
        """It was shown everything: what is shared follows."""
        self._open = True
        if self.waiting:
            self._outbox.ready(self)

    # ------------------------------------------------------------ to the connection

    @property
    def waiting(self) -> int:
        return len(self._first) + (len(self._newest) + len(self._line) if self._open else 0)

    def take(self, pieces: list[bytes]) -> int:
        """Puts one message behind `pieces`; how long it is, 0 where none waits."""
        if self._first:
            frame = self._first.popleft()
            payload = frame.payload(frame.skipped)
            if self._room is not None and not self._room.done():
                self._room.set_result(None)
        elif self._open and self._newest:
            frame, skipped = self._newest.pop(next(iter(self._newest)))
            payload = frame.payload(skipped)
        elif self._open and self._line:
            frame = self._line.popleft()
            self._facts -= not frame.initial
            payload = frame.payload(0)
        else:
            return 0
        if not frame.initial:
            self._counts.delivered += 1
        length = len(self._head) + len(payload) + 1
        pieces += (opening(length), self._head, payload, b"}")
        if self._ended and not self.waiting:
            self._finish()
        return length

    # ------------------------------------------------------------ its end

    def end(self, last: Frame | None = None) -> None:
        """Nothing comes any more, but for `last`; what waits is still delivered."""
        if self._ended:
            return
        self._ended = True
        if last is not None:
            self._line.append(last)
        self._open = True
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        if self.waiting:
            self._outbox.ready(self)
        else:
            self._finish()

    async def ended(self) -> None:
        """Once all that was to come has been handed over."""
        await self._done

    def close(self) -> None:
        self._ended = True
        self._outbox.forget(self)
        self._first.clear()
        self._newest.clear()
        self._line.clear()
        self._counts.close()
        self._finish()

    def _finish(self) -> None:
        if not self._done.done():
            self._done.set_result(None)


def _twin_of(shown: tuple[str, int]) -> str:
    return shown[0]
