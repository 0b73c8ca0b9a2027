"""How fast a target is told: so many messages in the long run, a few at once, and longer and longer waits after a
failure, with jitter so that several targets behind one that is down do not come back as one."""

import random
from collections.abc import Callable

from app.model.time import SECOND, Micros

BURST = 5
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
LONGEST_ASKED = 3600.0
"""Of what a target asks for itself (Retry-After)."""


class Rate:
    """A bucket of messages that may be sent now."""

    def __init__(self, per_minute: float) -> None:
        self._per_second = per_minute / 60
        self._there = float(BURST)
        self._at: Micros | None = None

    def wait(self, now: Micros) -> float:
        """Seconds until the next may go; 0 where it may now. A clock that was set back costs nothing."""
        passed = 0.0 if self._at is None else max(0, now - self._at) / SECOND
        self._at = now
        self._there = min(BURST, self._there + passed * self._per_second)
        return 0.0 if self._there >= 1 else (1 - self._there) / self._per_second

    def take(self) -> None:
        self._there = max(0.0, self._there - 1)


class BackOff:
    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._wait = FIRST_WAIT

    def next(self, asked: float = 0.0) -> float:
        """Seconds before the next try; not less than what the target asked for."""
        wait, self._wait = self._wait, min(self._wait * 2, LONGEST_WAIT)
        return max(wait * (0.5 + self._jitter() / 2), min(asked, LONGEST_ASKED))

    def over(self) -> None:
        self._wait = FIRST_WAIT
