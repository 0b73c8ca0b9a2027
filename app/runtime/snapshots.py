"""Snapshots of the engine's state, every so many entries: what a start reads instead of the entries before.

A large state is taken in turns beside everything else, and ended between two batches, when nothing is decided that is
not durable; it is written while the loop goes on.
"""

import asyncio
import logging
import time
from collections.abc import Iterator

from app.errors import Unavailable
from app.off_loop import in_turns
from app.ports import Journal
from app.runtime.decider import Decider, Taking

log = logging.getLogger("twin_overlay.ingest")
_ONE_IN = 50
"""Of the time it may take to take them, where that is long: after 100 ms the next comes no earlier than 5 s later."""
_LONG_SECONDS = 0.005
_OVERDUE = 3
"""Times the entries between two, after the first try, until one is taken at once: where definitions change all the
time, none that is taken in turns comes to its end."""


class Snapshots:
    def __init__(self, engine: Decider, journal: Journal, every: int) -> None:
        self._engine = engine
        self._journal = journal
        self._every = every
        found = journal.snapshot()
        self._at = found[0] if found else 0
        self._not_before = 0.0
        """By the machine's clock."""
        self._tried_at: int | None = None
        """The entry at which the one that is due was first begun."""
        self._taking: Taking | None = None
        self._took = 0.0
        self._task: asyncio.Task[None] | None = None
        """That takes one, or writes it."""

    def look(self, last: int) -> None:
        """Whether one is to be begun, or ended. To be called between two batches, with the last entry."""
        if self._task is not None and not self._task.done():
            if self._taking is None or not self._is_overdue(last):
                return
            self._task.cancel()
            self._taking = None
        elif self._task is not None and self._taking is not None:
            self._task.result()  # a bug in what it did is no silent one
        taking, self._taking = self._taking, None
        if taking is not None and taking.complete and not taking.void:
            self._end(taking, last)
        elif last - self._at >= self._every and time.monotonic() >= self._not_before:
            self._begin(last)

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _begin(self, last: int) -> None:
        taking = self._engine.take()
        self._took = 0.0
        if self._tried_at is None:
            self._tried_at = last
        if taking.small or self._is_overdue(last):
            for _ in self._timed(taking):
                pass
            self._end(taking, last)
        else:
            self._taking = taking
            self._task = asyncio.create_task(in_turns(self._timed(taking)))

    def _is_overdue(self, last: int) -> bool:
        return self._tried_at is not None and last - self._tried_at >= self._every * _OVERDUE

    def _timed(self, taking: Taking) -> Iterator[None]:
        pieces = taking.pieces()
        while True:
            began = time.perf_counter()
            more = next(pieces, pieces) is not pieces
            self._took += time.perf_counter() - began
            if not more:
                return
            yield

    def _end(self, taking: Taking, last: int) -> None:
        began = time.perf_counter()
        state = taking.end()
        took = self._took + time.perf_counter() - began
        if took > _LONG_SECONDS:
            self._not_before = time.monotonic() + took * _ONE_IN
        self._at, self._tried_at = last, None
        self._task = asyncio.create_task(self._write(last, state))

    async def _write(self, sequence: int, state: bytes | bytearray) -> None:
        try:
            await self._journal.save_snapshot(sequence, state)
        except Unavailable as error:  # nothing is lost by it; a journal that has failed says so at the next append
            log.error("%s", error)
