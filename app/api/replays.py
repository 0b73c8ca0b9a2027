"""What happened since a client was there last: facts read again from the journal, in order, each once.

A client names the sequence of the last push it got, and that push's place among the facts of its sequence where it may
not have got all of them. The journal is read by a thread, a few records at a time, and what several clients ask for is
read once: after a restart they all come at the same moment.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from app.errors import Invalid, Unavailable
from app.model.events import Entry
from app.runtime.bus import Published, facts_of

_CHUNK = 64
"""Records read at once: one may hold 500 readings."""
_KEPT = 20_000
"""Facts of chunks that were read."""
Read = Callable[[int, int], Sequence[Entry]]
"""Journal.read."""


@dataclass(frozen=True, slots=True)
class Missed:
    sequence: int
    place: int | None
    """Of the last fact of that sequence that the client has; None where it has all of them."""

    @classmethod
    def after(cls, now: int, sequence: int | None, place: int | None) -> "Missed | None":
        """None where nothing is to be resumed. Raises Invalid (SEQUENCE_INVALID, RESUME_AHEAD)."""
        if sequence is None:
            if place is not None:
                raise Invalid(
                    "`afterPlace` was given without `after`",
                    code="SEQUENCE_INVALID",
                    hint="give both as they were in the last push, or neither",
                    path="/afterPlace",
                )
            return None
        if sequence < 0 or (place is not None and place < 0):
            raise Invalid(
                "`after` and `afterPlace` are 0 or more",
                code="SEQUENCE_INVALID",
                hint="give both as they were in the last push",
                path="/after" if sequence < 0 else "/afterPlace",
            )
        if sequence > now:
            raise Invalid(
                f"`after` is {sequence}, and nothing has happened here beyond {now}",
                code="RESUME_AHEAD",
                hint="it is another installation's, or this one was restored from a backup: subscribe without `after`",
                path="/after",
            )
        return cls(sequence, place)

    def has(self, published: Published) -> bool:
        if published.sequence != self.sequence:
            return published.sequence < self.sequence
        return self.place is None or published.place <= self.place


class Replays:
    """One per installation."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._chunks: OrderedDict[int, Sequence[Published]] = OrderedDict()
        self._facts = 0
        self._reading = asyncio.Lock()

    async def since(self, missed: Missed, now: Callable[[], int]) -> AsyncGenerator[Published, None]:
        """Until there is no more in the turn of the loop in which it ends: `now` says up to which sequence everything
        is published. Raises Unavailable (RESUME_TOO_OLD, JOURNAL_DAMAGED, ...)."""
        upto = missed.sequence if missed.place is None else missed.sequence - 1
        while upto < (last := now()):
            found, upto = await self._after(upto, last)
            for published in found:
                if not missed.has(published):
                    yield published

    async def _after(self, sequence: int, last: int) -> tuple[Sequence[Published], int]:
        """What follows, and up to which sequence that is all."""
        begins = sequence - sequence % _CHUNK
        ends = min(begins + _CHUNK, last)
        if (found := self._chunks.get(begins)) is None:
            async with self._reading:
                if (found := self._chunks.get(begins)) is None:
                    found = await self._chunk(sequence, begins, ends)
        else:
            self._chunks.move_to_end(begins)
        return [published for published in found if sequence < published.sequence <= ends], ends

    async def _chunk(self, sequence: int, begins: int, ends: int) -> Sequence[Published]:
        if ends == begins + _CHUNK and (entries := await self._entries(begins, ends)) is not None:
            found = _facts(entries)
            self._keep(begins, found)
            return found
        entries = await self._entries(sequence, ends)
        if entries is None:
            raise _too_old(sequence)
        return _facts(entries)

    async def _entries(self, after: int, ends: int) -> Sequence[Entry] | None:
        """None where they are not all there any more."""
        try:
            entries = await asyncio.to_thread(self._read, after, ends - after)
        except Unavailable as error:
            if error.code == "JOURNAL_COMPACTED":
                return None
            raise
        return entries if [entry.sequence for entry in entries] == list(range(after + 1, ends + 1)) else None

    def _keep(self, begins: int, found: Sequence[Published]) -> None:
        self._chunks[begins] = found
        self._facts += len(found) + 1
        while self._facts > _KEPT:
            _, dropped = self._chunks.popitem(last=False)
            self._facts -= len(dropped) + 1


def _facts(entries: Sequence[Entry]) -> list[Published]:
    return [
        Published(entry.sequence, entry.now, fact, 0, place) for entry in entries for place, fact in facts_of(entry)
    ]


def _too_old(sequence: int) -> Unavailable:
    return Unavailable(
        f"what happened after {sequence} is not all in the journal any more",
        code="RESUME_TOO_OLD",
        hint="subscribe without `after`, and take what comes as the new state: it begins with how things stand",
        path="/after",
    )
