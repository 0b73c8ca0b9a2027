"""The newest transitions of alerts, kept as they were committed; whoever is further behind reads the journal.

It costs a quiet plant nothing: outcomes are seen as they are published, so that no journal entry has to be decoded
again for each target while all targets keep up.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from app.errors import Unavailable
from app.model.events import AlertChanged, Outcome
from app.ports import Journal

KEPT = 2000
"""Transitions."""
NEWS_EVERY = 1000
"""Entries without any after which readers are woken all the same, so that their cursors move."""
_CHUNK = 50
"""Entries read from the journal at once: one may hold 500 readings."""


class Happened(NamedTuple):
    sequence: int
    place: int
    """Among the entry's transitions."""
    change: AlertChanged


class Lost(NamedTuple):
    """Entries of the journal that are not there any more."""

    first: int
    last: int


class Tail:
    """`seen` is told of every outcome, in order, from the one after `begins` on."""

    def __init__(self, journal: Journal, begins: int) -> None:
        self._journal = journal
        self._begins = begins
        self._upto = begins
        self._told_at = begins
        self._kept: deque[Happened] = deque()
        self._news = asyncio.Event()

    def seen(self, sequence: int, outcome: Outcome) -> None:
        self._upto = sequence
        for index, change in enumerate(outcome.alerts):
            self._kept.append(Happened(sequence, index, change))
        while len(self._kept) > KEPT:
            self._begins = self._kept.popleft().sequence
        if outcome.alerts or sequence - self._told_at >= NEWS_EVERY:
            self._told_at = sequence
            news, self._news = self._news, asyncio.Event()
            news.set()

    async def news(self, after: int) -> None:
        """Returns once there may be something behind `after` that is worth a look."""
        if self._told_at <= after:
            await self._news.wait()

    @property
    def upto(self) -> int:
        return self._upto

    async def after(self, sequence: int, most: int) -> tuple[Sequence[Happened], int, Lost | None]:
        """What happened behind `sequence`, oldest first; up to which entry that is all; what was not there to read.
        Not much more than `most`, and of an entry all or nothing. Raises Unavailable where the journal can't be
        read."""
        if sequence < self._begins:
            return await self._read(sequence, most)
        found: list[Happened] = []
        for item in self._kept:
            if item.sequence <= sequence:
                continue
            if len(found) >= most and item.sequence != found[-1].sequence:
                return found, found[-1].sequence, None
            found.append(item)
        return found, self._upto, None

    async def _read(self, sequence: int, most: int) -> tuple[Sequence[Happened], int, Lost | None]:
        try:
            entries = await asyncio.to_thread(self._journal.read, sequence, _CHUNK)
        except Unavailable as error:
            if error.code != "JOURNAL_COMPACTED":
                raise
            snapshot = self._journal.snapshot()
            assert snapshot is not None, "nothing is compacted away before there is a snapshot"
            return (), snapshot[0], Lost(sequence + 1, snapshot[0])
        if entries and entries[0].sequence > sequence + 1:  # a person let the journal go on without them
            return (), entries[0].sequence - 1, Lost(sequence + 1, entries[0].sequence - 1)
        entries = [entry for number, entry in enumerate(entries, sequence + 1) if entry.sequence == number]
        found = [
            Happened(entry.sequence, index, change)
            for entry in entries
            for index, change in enumerate(entry.outcome.alerts)
        ]
        return found, entries[-1].sequence if entries else self._begins, None
