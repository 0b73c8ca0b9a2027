"""Which property falls silent when: a heap of those that declare `stale_after`.

An entry is not moved by a report; it is looked at when it comes up and put back where there was one since. So a report
costs nothing here, and time passing costs what is due, not what there is. What a person has put over a property changes
nothing here: its source falls silent underneath.
"""

import heapq

from app.engine.cells import Cell
from app.engine.elapsed import Elapsed
from app.engine.timers import NEVER
from app.model.time import Micros


class StaleQueue:
    __slots__ = ("_elapsed", "_heap", "_pushed", "soonest")

    def __init__(self, elapsed: Elapsed) -> None:
        self._elapsed = elapsed
        self._heap: list[tuple[Micros, int, Cell]] = []
        self._pushed = 0
        self.soonest: Micros = NEVER
        """None is due before it; one that was reported since may stand for a later one."""

    def watch(self, cell: Cell) -> None:
        """Call it whenever a cell becomes known; does nothing for one that is watched or declares no `stale_after`."""
        plan = cell.spec.plan
        if plan.stale_after is None or cell.queued or not cell.reporting():
            return
        if not cell.mapped and plan.access != "read":
            return  # manual: what a person has set holds until a person sets it again
        cell.queued = True
        self._push(self._elapsed.from_then(cell.reported_at) + plan.stale_after, cell)

    def _push(self, due: Micros, cell: Cell) -> None:
        self._pushed += 1
        heapq.heappush(self._heap, (due, self._pushed, cell))
        self.soonest = self._heap[0][0]

    def next_due(self) -> Micros | None:
        """Exact: put-back and dropped entries are worked off first."""
        while self._heap:
            due, _, cell = self._heap[0]
            actual = self._actual(cell)
            if actual == due:
                self.soonest = due
                return due
            heapq.heappop(self._heap)
            if actual is None:
                cell.queued = False
            else:
                self._push(actual, cell)
        self.soonest = NEVER
        return None

    def take(self, now: Micros) -> list[Cell]:
        """The cells that are stale at `now`, in order of their names; they leave the queue."""
        found = []
        while (due := self.next_due()) is not None and due <= now:
            cell = heapq.heappop(self._heap)[2]
            cell.queued = False
            found.append(cell)
        self.next_due()
        return sorted(found, key=lambda cell: (cell.twin.plan.twin_id, cell.spec.plan.name))

    def _actual(self, cell: Cell) -> Micros | None:
        after = cell.spec.plan.stale_after
        if after is None or not cell.reporting() or cell.twin.cells.get(cell.spec.plan.name) is not cell:
            return None
        return self._elapsed.from_then(cell.reported_at) + after
