"""What the graph keeps of the audit and of closed alerts' histories does not grow for ever: what is too old goes.

A little at a time, between two batches of the graph writer: the plant's facts must not wait behind a year of entries.
"""

import logging

from app.errors import TwinOverlayError
from app.model.time import SECOND, Micros
from app.ports import Clock, TwinStore

log = logging.getLogger("twin_overlay.graph_writer")
MOST = 500
"""At once."""
EVERY: Micros = 3600 * SECOND
_DAY: Micros = 86_400 * SECOND


class Forgetting:
    """`keep_days` 0 keeps everything."""

    def __init__(self, store: TwinStore, clock: Clock, keep_days: float) -> None:
        self._store = store
        self._clock = clock
        self._keep: Micros = round(keep_days * _DAY)
        self._next: Micros = 0
        self._gone = 0

    async def some(self) -> None:
        """Where it is time, one part; never raises: what could not go now goes in an hour."""
        now = self._clock.now()
        if not self._keep or now < self._next:
            return
        try:
            gone = await self._store.forget(now - self._keep, MOST)
        except TwinOverlayError as error:
            log.warning("what is too old in the audit could not be removed: %s", error.message)
            self._next = now + EVERY
            return
        self._gone += gone
        if gone < MOST:
            if self._gone:
                log.info("%d entries of the audit and of alert histories were too old and are gone", self._gone)
            self._next, self._gone = now + EVERY, 0
