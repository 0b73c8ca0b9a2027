"""Keeps the graph behind the journal: reads from the graph's cursor, writes the latest of everything, moves the cursor.

The truth about how far the graph is stands in the graph, in the same transaction as the rows; the journal's own
"graph" cursor only tells compaction what is still needed. An outage costs no memory: what waits is in the journal.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from app.errors import Conflict, Misconfigured, Refused, TwinOverlayError, Unavailable
from app.model.ledger import Books
from app.model.live import GraphState
from app.model.time import SECOND, Micros
from app.ports import Clock, Journal, TwinStore
from app.runtime.coalesce import Coalesced, LifeOf
from app.runtime.forgetting import Forgetting
from app.runtime.isolate import REFUSED, Bad, parts_of, refused_rows
from app.runtime.metrics import Metrics
from app.runtime.recover import GRAPH, check_cursor, read_for_graph
from app.runtime.set_aside import SetAside
from app.runtime.thinning import DeadbandOf, Thinning, no_deadband
from app.settings import GraphWriterSettings

log = logging.getLogger("twin_overlay.graph_writer")
_CHUNK = 50
"""Entries decoded at once: one may hold 500 readings."""
_WINDOW = 25
"""Transactions' worth of rows, and of entries, that are folded together while the graph is behind: of a thousand
properties that changed for an hour a thousand rows are written, and memory holds 25,000 rows at most."""
CAUGHT_UP_SECONDS = 2.0
_FIRST_WAIT, _LONGEST_WAIT = 0.25, 3.0
_FEWEST_ROWS = 10
_APART = ("GRAPH_AHEAD_OF_JOURNAL", "GRAPH_BEHIND_JOURNAL", "JOURNAL_DAMAGED")
"""The graph can't be brought to where the journal is, however long that is tried."""


class GraphWriter:
    """One per graph. `life_of` gives the revision at which a twin was created, None for one that is not there or was
    not yet at the moment asked for; `counting_since` when the ledger of this journal began;
    `waits_for` what keeps it from writing just now, "" for nothing."""

    def __init__(
        self,
        journal: Journal,
        store: TwinStore,
        life_of: LifeOf,
        clock: Clock,
        metrics: Metrics,
        settings: GraphWriterSettings,
        aside: SetAside,
        deadband_of: DeadbandOf = no_deadband,
        counting_since: Callable[[], Micros] = lambda: 0,
        waits_for: Callable[[], str] = lambda: "",
    ) -> None:
        self._journal = journal
        self._store = store
        self._life_of = life_of
        self._clock = clock
        self._settings = settings
        self._rows = settings.max_rows
        """In one transaction: fewer after one that did not come through, in case it was too much."""
        self._aside = aside
        self._waits_for = waits_for
        self._forgetting = Forgetting(store, clock, settings.keep_days)
        self._lives: dict[str, int] = {}
        self._thinning = Thinning(deadband_of)
        self._held = journal.cursor(GRAPH)
        self._counting_since = counting_since
        self._books: Books | None = None
        """As they stand in the graph, or would if what has nothing for it were worth a transaction."""
        self.failure: str | None = None
        """Why the graph can't be written just now; None while it can."""
        self._waiting_since: Micros | None = None
        """When the first thing happened that the graph does not have; None where there is none."""
        metrics.writer_lag.set_function(lambda: self.lag)
        metrics.writer_lag_seconds.set_function(lambda: self.lag_seconds)

    @property
    def lag(self) -> int:
        """Journal entries that the graph does not have yet; what has nothing for it, it has."""
        return max(0, self._journal.last_sequence - self._held)

    @property
    def lag_seconds(self) -> float:
        """How old the oldest of what the graph does not have is."""
        if self._waiting_since is None:
            return 0.0
        return max(0.0, (self._clock.now() - self._waiting_since) / SECOND)

    @property
    def state(self) -> GraphState:
        return GraphState(self.lag, self.lag_seconds, self.failure or "", self._aside.count)

    @property
    def books(self) -> Books | None:
        """What became in the graph of the samples that it has had; None as long as this run has not reached it. Those
        of another journal's samples say nothing here."""
        return None if self._books is None else self._of_this_journal(self._books)

    def _of_this_journal(self, books: Books) -> Books:
        since = self._counting_since()
        return books if books.since == since else Books(since)

    async def caught_up(self, longest_seconds: float = CAUGHT_UP_SECONDS) -> int:
        """Wait, at most so long, until the graph holds what the journal has now; up to which entry it does. A page
        read from the graph after this misses nothing that its reader did before."""
        wanted, step = self._journal.last_sequence, self._settings.interval_seconds / 4
        for _ in range(max(1, round(longest_seconds / step))):
            if self._held >= wanted or self.failure is not None:
                break
            await self._clock.sleep(step)
        return self._held

    async def run(self) -> None:
        """Until cancelled. A graph that is unreachable or refuses our password is waited for, one that another actor
        has taken over, that is no longer this journal's, or whose records can't be read from the journal, is left
        alone for good: alarms go on, and the next start tells what is wrong. Raises Unavailable where the journal
        fails."""
        try:
            await self._follow()
        except TwinOverlayError as error:
            if error.code not in _APART:
                raise
            await self._leave_alone(error)

    async def _follow(self) -> NoReturn:
        wait = _FIRST_WAIT
        pending: Coalesced | None = None
        stored = Books()
        while True:
            if pending is None:
                try:
                    cursor, stored = await self._store.books()
                except (Unavailable, Misconfigured) as error:
                    if self._waiting_since is None:
                        first = await asyncio.to_thread(read_for_graph, self._journal, self._held, 1)
                        self._waiting_since = first[0].now if first else None
                    wait = await self._back_off(error, wait)
                    continue
                check_cursor(cursor, self._journal)
                await self._moved(cursor)
                self._books = stored
                self._thinning.forget()  # what it holds for told may never have been written
                pending = Coalesced(cursor, self._lives, self._life_of, self._thinning)
            if why := self._waits_for():
                wait = await self._back_off(Unavailable(why), wait)
                continue
            await self._forgetting.some()
            more = await self._collect(pending)
            before = self._of_this_journal(stored)
            if not pending.rows:
                self._held, self._waiting_since = pending.upto, None  # nothing of them has a place in the graph
                self._books = pending.books(before)
            if not pending.rows and pending.entries < self._settings.max_entries:
                await self._clock.sleep(self._settings.interval_seconds)
                continue  # nothing to write: a plant that only repeats itself costs the graph nothing
            try:
                await self._write(pending, before)
            except (Unavailable, Misconfigured) as error:  # Misconfigured: its password was changed while we ran
                wait = await self._back_off(error, wait)
                continue  # the same rows again: if they had arrived after all, the cursor says so (CURSOR_MOVED)
            except Conflict as error:
                log.info("the graph's cursor is no longer at %d: %s", pending.after, error.message)
                pending = None
                await self._clock.sleep(self._settings.interval_seconds)
                continue
            except Refused as error:  # another actor has the graph: what it holds from now on is that one's
                await self._leave_alone(error)
            self._books = stored = pending.books(before)
            await self._moved(pending.upto, pending.until)
            pending = Coalesced(pending.upto, self._lives, self._life_of, self._thinning)
            wait, self._rows = _FIRST_WAIT, min(2 * self._rows, self._settings.max_rows)
            if not more:
                await self._clock.sleep(self._settings.interval_seconds)

    async def _leave_alone(self, error: TwinOverlayError) -> NoReturn:
        """For good, in this run."""
        log.error("the graph is not written any more: %s", error)
        self.failure = error.message
        await asyncio.get_running_loop().create_future()
        raise AssertionError("nobody ends this wait but by cancelling it")

    async def _write(self, pending: Coalesced, before: Books) -> None:
        """All of it, but for what the graph refuses. Raises what the store raises."""
        if self.failure is not None:
            await self._store.cursor()  # is it there at all?
            try:
                await self._write_rest(pending, before)
            except Unavailable:
                self._rows = max(_FEWEST_ROWS, self._rows // 2)  # it is, and fails again: perhaps it was too much
                raise
        else:
            await self._write_rest(pending, before)

    async def _write_rest(self, pending: Coalesced, before: Books) -> None:
        await self._part_with_known(pending, before)
        while not await self._written(pending, before):
            pass

    async def _written(self, pending: Coalesced, before: Books) -> bool:
        """False where something of it was refused: that is no longer among it, and all the rest is to be written (once
        more, which changes nothing)."""
        for batch in pending.batches(self._rows, before):
            try:
                await self._store.write(batch)
            except Unavailable as error:
                if error.code != REFUSED:
                    raise
                bad = await refused_rows(self._store, batch.after, parts_of(batch))
                if not bad:
                    raise
                await self._part_with(pending, bad)
                return False
        return True

    async def _part_with_known(self, pending: Coalesced, before: Books) -> None:
        """What was refused before is not looked for by halving again with every batch."""
        if not self._aside.any:
            return
        now = self._clock.now()
        parts = [part for batch in pending.batches(self._rows, before) for part in parts_of(batch)]
        known = [part for part in parts if self._aside.known(part)]
        tried = [part for part in known if not self._aside.waits(part, now)]
        for part in known:
            if self._aside.waits(part, now):
                self._aside.skipped(part)
                pending.drop(part)
        if not tried:
            return
        bad = await refused_rows(self._store, pending.after, tried)
        await self._part_with(pending, bad)
        for part in tried:
            if all(part is not item.part for item in bad):
                self._aside.taken(part)

    async def _part_with(self, pending: Coalesced, bad: Sequence[Bad]) -> None:
        """Kept first: what the file does not have is still the journal's to give."""
        await self._aside.keep(bad, self._clock.now())
        for item in bad:
            pending.drop(item.part)

    async def _moved(self, cursor: int, at: Micros | None = None) -> None:
        """`at`: when that entry was decided; what comes after it is not older."""
        self._held = cursor
        self._waiting_since = at if self.lag else None
        if self.failure is not None:
            log.info("the graph is reached again, %d entries behind", self.lag)
            self.failure = None
        if self._journal.cursor(GRAPH) != cursor:
            await self._journal.advance(GRAPH, cursor)

    async def _collect(self, pending: Coalesced) -> bool:
        """Take entries until the graph is caught up with, or until there is as much as memory may hold; whether there
        may be more."""
        most_rows, most_entries = _WINDOW * self._settings.max_rows, _WINDOW * self._settings.max_entries
        while pending.rows < most_rows and pending.entries < most_entries:
            # In a thread: 50 entries of 500 samples take 65 ms, and the plant's loop has other things to do.
            more = await asyncio.to_thread(self._take, pending)
            self._waiting_since = pending.since
            if not more:
                return False
        return True

    def _take(self, pending: Coalesced) -> bool:
        """Whether there may be more."""
        entries = read_for_graph(self._journal, pending.upto, _CHUNK)
        for entry in entries:
            pending.add(entry)
            time.sleep(0)  # a thread that computes keeps the plant's loop waiting for 5 ms each time, unless it offers
        return len(entries) == _CHUNK

    async def _back_off(self, error: TwinOverlayError, wait: float) -> float:
        """Sleep, with jitter so that several do not come back as one; the next wait."""
        if self.failure is None:
            log.warning("the graph cannot be written (%s); facts wait in the journal", error.message)
        self.failure = error.message
        await self._clock.sleep(wait * (0.5 + random.random() / 2))
        return min(wait * 2, _LONGEST_WAIT)
