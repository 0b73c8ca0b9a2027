"""A piece of work that is counted: so many units a round, each as heavy as any other.

Whatever grows with the rounds (a journal in memory, a list of what was sent) is emptied by the piece itself: a unit
must cost the same in every round, or what is compared is how many rounds there were.
"""

from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 4
"""The last is counted: before it Python fits its bytecode to what it meets, and caches fill."""


@dataclass(frozen=True, slots=True)
class Piece:
    units: int
    round: Callable[[int], object]
    """Does the units of one round; given the round's number, from 0."""
    before: Callable[[int], object] = lambda number: None
    """What a round needs to have happened, which is not counted."""
    close: Callable[[], object] = lambda: None


Setup = Callable[[], Piece]
"""Builds what the piece works on, which is not counted."""
