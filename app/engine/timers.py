"""Everything that waits for a moment: one heap of timers, whoever asked for them.

A timer is state and is journaled as such: it starts, pauses, goes on, is met or stopped by facts, and a restart folds
them. Its moment is engine time. One that hangs on what the plant shows (`evidence`) is paused by every start of the
server and goes on once its behavior's properties had contact in that run; the others are met late.
"""

import heapq
from collections.abc import Iterable

import msgspec

from app.model.events import Timer, TimerKey
from app.model.plan import BehaviorKey
from app.model.time import Micros

NEVER: Micros = 2**63
WALL = "wall"
"""The `ref` of a timer that comes when the wall clock shows its moment, however that is set meanwhile."""


class Timers:
    """Costs what changes and what is due, not what waits: an entry that was moved stays in the heap for a while."""

    __slots__ = ("_heap", "_kept", "_slots", "counting", "soonest")

    def __init__(self) -> None:
        self.soonest: Micros = NEVER
        """None is due before it; one that was moved or dropped may stand for a later one."""
        self.counting = 0
        """Those that run and that a start would pause."""
        self._kept: dict[TimerKey, Timer] = {}
        self._slots: dict[BehaviorKey, dict[str, Timer]] = {}
        self._heap: list[tuple[Micros, str, str, str, str, TimerKey]] = []

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: TimerKey) -> Timer | None:
        return self._kept.get(key)

    def all(self) -> Iterable[Timer]:
        return self._kept.values()

    def of(self, key: BehaviorKey) -> list[Timer]:
        """All of a behavior, in the order of their slots: a fold need not have met them in the order of deciding."""
        found = self._slots.get(key)
        return [found[slot] for slot in sorted(found)] if found else []

    def put(self, timer: Timer) -> None:
        self.counting += _counts(timer) - _counts(self._kept.get(timer.key))
        self._kept[timer.key] = timer
        self._slots.setdefault(_behavior(timer.key), {})[timer.key.slot] = timer
        if timer.due is not None:
            self._push(timer.due, timer.key)

    def _push(self, due: Micros, key: TimerKey) -> None:
        owner = key.owner
        heapq.heappush(self._heap, (due, owner.kind, owner.id, key.behavior, key.slot, key))
        self.soonest = self._heap[0][0]

    def drop(self, key: TimerKey) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.counting -= _counts(gone)
            behavior = _behavior(key)
            slots = self._slots[behavior]
            del slots[key.slot]
            if not slots:
                del self._slots[behavior]

    def next_due(self) -> Micros | None:
        """Exact: entries of timers that were moved, paused or dropped are worked off first."""
        while self._heap:
            due, key = self._heap[0][0], self._heap[0][-1]
            timer = self._kept.get(key)
            if timer is not None and timer.due == due:
                self.soonest = due
                return due
            heapq.heappop(self._heap)
        self.soonest = NEVER
        return None

    def first(self, now: Micros) -> Timer | None:
        """The one that is due first, by name where several are at one moment; None where none is due by `now`."""
        due = self.next_due()
        return None if due is None or due > now else self._kept[self._heap[0][-1]]

    def begin_run(self, last: Micros, now: Micros) -> None:
        """What a start does to all that hang on what the plant shows: they have waited until the last run ended."""
        for timer in [timer for timer in self._kept.values() if timer.evidence]:
            self.put(msgspec.structs.replace(paused(timer, last), paused_at=now, waits=True))

    def step(self, by: Micros, behind: Micros) -> None:
        """The clock was set: what waits goes on waiting for as long, what waits for a time of day waits for that.
        `behind`: how much farther the wall clock is behind engine time."""
        for timer in list(self._kept.values()):
            if timer.ref == WALL:
                moved = msgspec.structs.replace(timer, due=None if timer.due is None else timer.due + behind)
            else:
                moved = msgspec.structs.replace(
                    timer,
                    due=None if timer.due is None else timer.due + by,
                    since=timer.since + by,
                    paused_at=timer.paused_at + by if timer.paused_at else 0,
                )
            if moved != timer:
                self.put(moved)


def _counts(timer: Timer | None) -> int:
    return int(timer is not None and timer.evidence and timer.due is not None)


def _behavior(key: TimerKey) -> BehaviorKey:
    return BehaviorKey(key.owner, key.behavior)


def paused(timer: Timer, now: Micros) -> Timer:
    """Itself where it is paused already."""
    if timer.paused_at:
        return timer
    remaining = max(0, timer.due - now) if timer.due is not None else 0
    return msgspec.structs.replace(timer, due=None, remaining=remaining, paused_at=now)


def resumed(timer: Timer, now: Micros) -> Timer:
    if not timer.paused_at:
        return timer
    due = None if timer.met else now + timer.remaining
    return msgspec.structs.replace(timer, due=due, remaining=0, paused_at=0, waits=False)
