"""What the guard itself is tried on (test_counts.py): a piece as it is, and the same in an engine that does more."""

from app.engine.engine import Engine
from app.model.events import Input, Outcome
from app.model.time import Micros
from tests.bench.counts.decisions import one_sample
from tests.bench.counts.piece import Piece


class Wordy(Engine):
    """As if somebody had left in a line that shows every change, for a log that drops it."""

    def decide(self, input: Input, now: Micros) -> Outcome:
        outcome = super().decide(input, now)
        for change in outcome.changes:
            str(change)
        return outcome


def as_it_is() -> Piece:
    return one_sample()


def worse() -> Piece:
    return one_sample(Wordy())
