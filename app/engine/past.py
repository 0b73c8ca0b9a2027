"""What is kept of a property beyond its state of now, only where a rule asks for it.

It follows from the facts of the property alone, in their order, so a fold gives what deciding gave.
"""

from collections import deque
from typing import TYPE_CHECKING

from app.model.time import Micros
from app.model.values import Value

if TYPE_CHECKING:
    from app.engine.cells import Cell, RuleState

_PER_WINDOW = 64
"""Points that a ring keeps at most for its window: what comes closer together is one point."""


class Ring:
    """The last values with their source times, as far as a window looks back."""

    __slots__ = ("points", "window")

    def __init__(self, window: Micros) -> None:
        self.window = window
        self.points: deque[tuple[Micros, Value]] = deque()

    def add(self, at: Micros, value: Value) -> None:
        points = self.points
        if points:
            last, shown = points[-1]
            if shown == value:
                return
            at = max(at, last)
            if len(points) > 1 and at - last < self.window // _PER_WINDOW:
                points[-1] = (last, value)
                return
        points.append((at, value))
        while len(points) > 1 and points[1][0] <= at - self.window:
            points.popleft()

    def at(self, moment: Micros) -> Value:
        """The value that held then; None where that is not known."""
        found = None
        for at, value in self.points:
            if at > moment:
                break
            found = value
        return found

    def after(self, moment: Micros) -> Micros | None:
        """When it changed next."""
        return next((at for at, _ in self.points if at > moment), None)


class Past:
    __slots__ = ("last", "previous", "rings", "trailed", "watchers")

    def __init__(self) -> None:
        self.watchers: tuple[RuleState, ...] = ()
        """Rules that any report may count for."""
        self.trailed = False
        """Whether one of them asks for what was before."""
        self.last: Value = None
        """The value that was known last, and the other one that was before it."""
        self.previous: Value = None
        self.rings: dict[Micros, Ring] = {}
        """By window."""

    def holds(self) -> bool:
        return self.last is not None or any(ring.points for ring in self.rings.values())

    def record(self, cell: "Cell") -> bool:
        """The cell has changed. True where its value is another than the last that was known."""
        known = cell.live
        for ring in self.rings.values():
            if known is None or cell.override is not None:
                ring.points.clear()
            else:
                ring.add(cell.timestamp, known)
        if not self.trailed or known is None or known == self.last:
            return False
        first = self.last is None
        self.previous, self.last = self.last, known
        return not first

    def ask(self, trailed: bool, windows: set[Micros], cell: "Cell") -> None:
        """What is asked for from now on; the rest is let go."""
        if trailed and not self.trailed:
            self.last = cell.live
        elif not trailed:
            self.last = self.previous = None
        self.trailed = trailed
        self.rings = {window: self.rings.get(window) or self._ring(window, cell) for window in sorted(windows)}

    @staticmethod
    def _ring(window: Micros, cell: "Cell") -> Ring:
        ring = Ring(window)
        if cell.live is not None and cell.override is None:
            ring.add(cell.timestamp, cell.live)
        return ring
