"""The clock behind ports.EngineClock: wall time that never goes back.

Where somebody sets the machine's clock back, time goes on from where it was, at its steady pace: a reading stamped an
hour before the engine's time would be stale on arrival. It stays ahead until the wall clock has caught up. Where it is
set forward, time follows, since stamps are to be true ones; how far is kept, so that nothing that waits comes early by
it. A machine that was asleep looks like one whose clock was set forward.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from app.model.time import SECOND, Micros, iso

log = logging.getLogger("twin_overlay.clock")
Nanoseconds = Callable[[], int]
STEP = SECOND
"""The two clocks differ by less for no other reason than that they are two clocks."""


class SystemClock:
    """Implements ports.EngineClock. The arguments are the machine's clocks, for tests."""

    def __init__(self, wall: Nanoseconds = time.time_ns, steady: Nanoseconds = time.monotonic_ns) -> None:
        self._wall = wall
        self._steady = steady
        self._ahead: Micros = self._wall_ahead()
        """How far the latest time stands before the steady clock."""
        self._set_forward: Micros = 0

    def now(self) -> Micros:
        ahead = self._wall_ahead()
        by = ahead - self._ahead
        if by > STEP:
            self._set_forward += by
            log.warning(
                "the machine's clock was set forward by %.0f s: what waits, waits as long as before", by / SECOND
            )
        self._ahead = max(self._ahead, ahead)
        return self._steady() // 1000 + self._ahead

    def set_forward(self) -> Micros:
        return self._set_forward

    def behind(self) -> Micros:
        return max(0, self._ahead - self._wall_ahead())

    def never_before(self, moment: Micros) -> None:
        """Go on from `moment` (where the last run ended) if the wall clock is behind it."""
        behind = moment - self.now()
        if behind <= 0:
            return
        if behind > SECOND:
            log.warning(
                "the machine's clock is %.0f s behind the last run's: time goes on from %s",
                behind / SECOND,
                iso(moment),
            )
        self._ahead += behind

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def _wall_ahead(self) -> Micros:
        # Wall first: held up between the two, we see the wall clock behind and never in front of where it is.
        wall = self._wall() // 1000
        return wall - self._steady() // 1000
