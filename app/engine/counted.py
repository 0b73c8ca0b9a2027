"""What became of the samples of one input, counted as they land; the words are those of app/model/ledger.py.

On the straight way of a sample nothing is counted: that what it changes is a sample's, and not what followed from it,
shows in where the changes of a reading begin and end.
"""

from collections import Counter

from app.engine.step import Step
from app.model.events import Landed
from app.model.ledger import LATE, Tally


class Counted:
    """One per input. The readings of a source that come one after the other are one turn."""

    __slots__ = (
        "_first",
        "_from",
        "_refused_from",
        "_step",
        "duplicate",
        "foreign",
        "received",
        "source",
        "unchanged",
        "upto",
    )

    def __init__(self, step: Step) -> None:
        self._step = step
        self.source: str | None = None
        self.foreign: set[int] = set()
        """Places among the refused of what is no sample."""

    def turn(self, source: str) -> None:
        """Samples of this source come next."""
        self.close()
        self.source = source
        self.received = self.unchanged = self.duplicate = 0
        self._from = self.upto = len(self._step.changes)
        """The changes between the two are samples that were applied, and are in no run yet."""
        self._first = len(self._step.landed)
        self._refused_from = len(self._step.rejected)

    def end_run(self) -> None:
        """What has changed since the last sample landed is none."""
        assert self.source is not None
        if self.upto > self._from:
            self._step.landed.append(Landed(self.source, self._from, self.upto - self._from))
        self._from = self.upto = len(self._step.changes)

    def close(self) -> None:
        """The turn is over: its tally is a fact."""
        if self.source is None:
            return
        self.end_run()
        step = self._step
        reasons: dict[str, int] = {}
        refused = 0
        if len(step.rejected) > self._refused_from:
            found = enumerate(step.rejected[self._refused_from :], self._refused_from)
            reasons = dict(Counter(item.reason for at, item in found if at not in self.foreign))
            refused = sum(reasons.values())
        late = reasons.pop(LATE, 0)
        journaled = self.received - self.duplicate - refused + late
        applied = sum(run.count for run in step.landed[self._first :])
        step.tally(Tally(self.source, self.received, journaled, applied, self.unchanged, late, self.duplicate, reasons))
        self.source = None
