"""How long something has waited: clocks that were set and the time the server was down don't count as waiting.

Engine time follows the wall clock, so that its moments are true ones; where somebody sets that forward, all that waits
is moved along with it (ClockStepped), and nothing comes early. What a device was last heard of before a start counts
from its first contact in this run, as old as it was when the last run ended.
"""

from app.model.time import Micros

KEPT_STEPS = 20


class Elapsed:
    __slots__ = ("began", "behind", "steps")

    def __init__(self) -> None:
        self.began: Micros = 0
        """When this run did."""
        self.steps: tuple[tuple[Micros, Micros], ...] = ()
        """Of the last few steps of the clock: a moment that separates what was stamped before from what was stamped
        after, and by how much it was set."""
        self.behind: Micros = 0
        """How far the wall clock is behind engine time, where it was set back."""

    def step(self, now: Micros, by: Micros, behind: Micros) -> None:
        """`now`: after it. What was stamped before is older than that by all of `by`, what was stamped after by next to
        nothing: half of it lies well between the two."""
        if by:
            self.steps = (*self.steps, (now - by // 2, by))[-KEPT_STEPS:]
            self.began += by
        self.behind = behind

    def from_then(self, moment: Micros) -> Micros:
        """A moment as one to count from."""
        if self.steps:
            for between, by in self.steps:
                if moment < between:
                    moment += by
        return moment
