"""Waiting to be the actor: follow the journal of the one that is, take the lock when the kernel gives it up, go on.

What is followed (the engine's state, the catalogue) is ready when the other dies, so that only what came last has to be
folded then. Nothing is decided here and nothing is written; the one that dies may have decided up to its last commit,
and what it had attempted by then is in the journal (design D10).
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.engine.engine import Engine
from app.errors import Misconfigured, NotFound, Unavailable
from app.journal.definitions import read_copy
from app.journal.reading import JournalReader
from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange
from app.ports import Journal
from app.runtime.recover import fold_rest, recover

log = logging.getLogger("twin_overlay")
_LOOK_SECONDS = 0.1
"""Between two attempts at the lock."""
_FOLLOW_SECONDS = 0.5
_PART_SECONDS = 0.25
"""How long entries are folded between two attempts at the lock: a large one takes long, so they are not counted."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What an actor starts from."""

    journal: Journal
    engine: Engine
    """As of the journal's last entry."""
    catalogue: Catalogue | None = None
    """As of the local copy; None where the graph is to be asked first."""


def open_at_once(journal: Journal) -> Opened:
    engine = Engine()
    recover(engine, journal)
    return Opened(journal, engine)


class StandBy:
    """`wait` once; `why` says what it waits for."""

    def __init__(
        self, folder: Path, open_journal: Callable[[], Journal], seconds: Callable[[], float] = time.monotonic
    ) -> None:
        """`folder` is the journal's; `seconds` never go back."""
        self._folder = folder
        self._open_journal = open_journal
        self._seconds = seconds
        self._reader: JournalReader | None = None
        self._engine = Engine()
        self._at = 0
        """Up to which entry the engine has followed."""
        self._catalogue: Catalogue | None = None
        self.why = "it has not looked yet"

    async def wait(self) -> Opened:
        """Until the lock is ours. Raises what opening and reading a journal does, JOURNAL_IN_USE excepted."""
        try:
            journal = await self._lock()
            began = self._seconds()
            catalogue = await asyncio.to_thread(self._catalogue_now)
            rest = await asyncio.to_thread(self._rest, journal)
        finally:
            if self._reader is not None:
                self._reader.close()
        log.info("took over the journal in %.2f s, %d entries to fold", self._seconds() - began, rest)
        return Opened(journal, self._engine, catalogue)

    async def _lock(self) -> Journal:
        followed = 0.0
        while True:
            try:
                return self._open_journal()
            except Misconfigured as error:
                if error.code != "JOURNAL_IN_USE":
                    raise
                self.why = error.message
            if self._seconds() - followed > _FOLLOW_SECONDS:
                if await asyncio.to_thread(self._follow):
                    followed = self._seconds()
                continue
            await asyncio.sleep(_LOOK_SECONDS)

    def _follow(self) -> bool:
        """A part; whether it is at the end. What can't be read now is read when it is ours."""
        try:
            if self._reader is None:
                self._reader = JournalReader.open(self._folder)
                self._begin(self._reader)
            ends = self._seconds() + _PART_SECONDS
            for recorded in self._reader.entries(self._at):
                self._engine.fold(recorded.entry)
                self._at = recorded.entry.sequence
                if self._seconds() > ends:
                    return False
            self._catalogue = self._catalogue_now()
        except (NotFound, Unavailable) as error:
            if error.code != "JOURNAL_NOT_FOUND":
                log.info("the journal can't be followed just now, from its last snapshot again: %s", error.message)
            if self._reader is not None:
                self._reader.close()
                self._reader = None
        return True

    def _begin(self, reader: JournalReader) -> None:
        """From the newest state that there is."""
        self._engine, self._at = Engine(), reader.starts()[-1]
        state = reader.state(self._at)
        if state is not None:
            self._engine.restore(state)

    def _catalogue_now(self) -> Catalogue | None:
        known = self._catalogue
        try:
            found = read_copy(self._folder, -1 if known is None else known.revision)
        except Unavailable as error:
            log.error("%s", error)
            return None
        if found is None:
            return None
        if known is None or found.whole:
            return Catalogue.of(found.revision, found.saved)
        if found.revision != known.revision:
            known.apply(DefinitionChange(found.revision - 1, 0, "", "", found.saved, found.removed))
        return known

    def _rest(self, journal: Journal) -> int:
        """Fold what came last; how many. Where it can't be gone on from, from the snapshot."""
        if 0 < self._at <= journal.last_sequence:
            try:
                at, self._at = self._at, fold_rest(self._engine, journal, self._at)
                return self._at - at
            except Unavailable as error:
                if error.code != "JOURNAL_COMPACTED":
                    raise
        self._engine = Engine()
        return recover(self._engine, journal)
