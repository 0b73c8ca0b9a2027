"""Starts the embedded engine again when it ends under a running server, on the same data and another port.

Nobody waits for it: alarms and acknowledgements need no graph (design D4), and what comes meanwhile is in the journal.
An engine that does not come up any more is left alone after a few attempts, since each costs the machine what the plant
needs; `problem` and the log say so.
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
_ATTEMPTS = 5
_LONGER = 4
"""Times the wait before, where it did not even answer."""
_LONG_LIFE_SECONDS = 60.0
"""One that ran for so long did not end because of how it was started: the next is started without waiting."""


class Respawn:
    """`started` gives the engine that runs; `moved` is told once it answers again, at another `uri`."""

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
        self.restarts = 0

    async def run(self) -> None:
        """Until cancelled, or until it is given up."""
        engine = await self._started()
        began = self._clock.now()
        while True:
            status = await engine.wait()
            ended = self._clock.now()
            if ended - began > _LONG_LIFE_SECONDS * SECOND:
                self._wait = _FIRST_WAIT
            self.problem = f"the embedded graph engine ended (status {status}) and is started again"
            log.error("%s; its last output:\n%s", self.problem, engine.log_tail())
            if not await self._start_again(engine):
                return
            began = self._clock.now()
            self.problem = None
            self.restarts += 1
            log.info("the embedded graph engine answers again after %.1f s", (began - ended) / SECOND)

    async def _start_again(self, engine: EmbeddedEngine) -> bool:
        wait = self._wait
        self._wait = min(2 * wait, _LONGEST_WAIT)
        for attempt in itertools.count(1):
            await self._clock.sleep(wait)
            wait *= _LONGER
            try:
                await engine.restart()
            except TwinOverlayError as error:
                if attempt == _ATTEMPTS:
                    self.problem = (
                        f"the embedded graph engine could not be started again in {attempt} attempts; the server's log"
                        " has its last output"
                    )
                    log.error("%s: %s", self.problem, error)
                    return False
                log.warning("the embedded graph engine could not be started again: %s", error)
            else:
                await self._moved(engine)
                return True
        raise AssertionError("the count does not end")
