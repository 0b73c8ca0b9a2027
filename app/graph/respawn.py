"""Starts the embedded engine again when it ends under a running server, on the same data and another port.

Nobody waits for it: alarms and acknowledgements need no graph (design D4), and what comes meanwhile is in the journal.
An engine that does not come up any more (a full disk, a damaged file) is tried ever less often, then once a minute for
ever: each attempt costs the machine what the plant needs, but what keeps it down may pass. `problem` and the log tell.
"""

import itertools
import logging
from collections.abc import Awaitable, Callable

from app.errors import TwinOverlayError
from app.graph.embedded import EmbeddedEngine
from app.model.time import SECOND
from app.ports import Clock

log = logging.getLogger("twin_overlay.graph")
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
_QUICK_ATTEMPTS = 5
_BETWEEN_SECONDS = 60.0
"""Between two attempts, at most."""
_LONGER = 4
"""Times the wait before, where it did not even answer."""
_LONG_LIFE_SECONDS = 60.0
"""One that ran for so long did not end because of how it was started: the next is started without waiting."""


class Respawn:
    """`started` gives the engine that runs, and starts one where none does, at another `uri`; `moved` is told of each
    that answers, be it where it was."""

    def __init__(
        self,
        started: Callable[[], Awaitable[EmbeddedEngine]],
        moved: Callable[[EmbeddedEngine], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._started = started
        self._moved = moved
        self._clock = clock
        self._wait = _FIRST_WAIT
        self.problem: str | None = None
        """Why there is no engine just now; None while there is one."""

    async def run(self) -> None:
        """Until cancelled."""
        engine = await self._running(0.0)  # it may have ended before anybody waited for its end
        while True:
            began = self._clock.now()
            status = await engine.wait()
            ended = self._clock.now()
            if ended - began > _LONG_LIFE_SECONDS * SECOND:
                self._wait = _FIRST_WAIT
            self.problem = f"the embedded graph engine ended (status {status}) and is started again"
            log.error("%s; its last output:\n%s", self.problem, engine.log_tail())
            wait, self._wait = self._wait, min(2 * self._wait, _LONGEST_WAIT)
            engine = await self._running(wait)
            log.info("the embedded graph engine answers again after %.1f s", (self._clock.now() - ended) / SECOND)

    async def _running(self, wait: float) -> EmbeddedEngine:
        """As soon as there is one."""
        for attempt in itertools.count(1):
            await self._clock.sleep(wait)
            wait = min(max(wait * _LONGER, _FIRST_WAIT), _BETWEEN_SECONDS)
            try:
                engine = await self._started()
                await self._moved(engine)
            except TwinOverlayError as error:
                self._tell(error, attempt)
            else:
                self.problem = None
                return engine
        raise AssertionError("the count does not end")

    def _tell(self, error: TwinOverlayError, attempt: int) -> None:
        """The engine's own words stand in the log once, and in `problem` as they are now."""
        if attempt >= _QUICK_ATTEMPTS:
            self.problem = (
                f"the embedded graph engine could not be started again in {attempt} attempts and is tried every"
                f" {_BETWEEN_SECONDS:g} s: {error.message}"
            )
        elif self.problem is None:
            self.problem = error.message
        if attempt == _QUICK_ATTEMPTS:
            log.error("%s", self.problem)
        else:
            first_line = error.message.partition("\n")[0]
            log.warning("the embedded graph engine could not be started again: %s", first_line)
