"""At most one push of a subject within an interval, the newest; what it replaces is counted."""

import asyncio
import heapq
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from app.errors import Invalid
from app.runtime.bus import Published

LONGEST_MS = 3_600_000
_FEW = 1024


def interval_of(given: int | None) -> float:
    """In seconds. Raises Invalid (INTERVAL_INVALID)."""
    if given is not None and not 0 <= given <= LONGEST_MS:
        raise Invalid(
            f"`minIntervalMs` is {given}; it is 0 to {LONGEST_MS} (an hour)",
            code="INTERVAL_INVALID",
            hint="leave it out to be told as soon as something changes",
            path="/minIntervalMs",
        )
    return (given or 0) / 1000


class Pace:
    """`news` is called once something that was held back may go."""

    def __init__(self, interval: float, news: Callable[[], None]) -> None:
        self._interval = interval
        self._news = news
        self._loop = asyncio.get_running_loop()
        self._last: dict[Hashable, float] = {}
        self._many = _FEW
        self._held: dict[Hashable, Published] = {}
        self._due: list[tuple[float, int, Hashable]] = []
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def passes(self, key: Hashable, published: Published) -> bool:
        """False: it is held back, and comes out of `due` unless a newer one does."""
        now = self._loop.time()
        held = self._held.get(key)
        if held is not None:
            self._held[key] = replace(published, skipped=held.skipped + 1 + published.skipped)
            return False
        last = self._last.get(key)
        if last is not None and now < last + self._interval:
            self._held[key] = published
            self._count += 1
            heapq.heappush(self._due, (last + self._interval, self._count, key))
            return False
        self._went(key, now)
        return True

    def due(self) -> Published | None:
        """One that may go now; where none may, `news` is called when the next one may."""
        now = self._loop.time()
        if not self._due or self._due[0][0] > now:
            if self._due and self._timer is None:
                self._timer = self._loop.call_at(self._due[0][0], self._rang)
            return None
        _, _, key = heapq.heappop(self._due)
        self._went(key, now)
        return self._held.pop(key)

    def held(self) -> Sequence[tuple[Hashable, int]]:
        return [(key, published.skipped + 1) for key, published in self._held.items()]

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _went(self, key: Hashable, now: float) -> None:
        self._last[key] = now
        if len(self._last) > self._many:
            self._last = {key: at for key, at in self._last.items() if at + self._interval > now}
            self._many = max(_FEW, 2 * len(self._last))

    def _rang(self) -> None:
        self._timer = None
        self._news()
