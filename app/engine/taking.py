"""A snapshot that is taken a few twins at a time, while the engine goes on deciding.

Whoever changes meanwhile is taken again, and again those who change during that, until they are few; those are taken in
one go with all that is nobody's own, at the moment for which the snapshot stands. So the state is held up for few
twins, however many there are and however busy they are.
"""

from collections.abc import Iterator, Sequence

from app.engine.cells import Owner
from app.engine.live import LiveState
from app.engine.owned import owned_by
from app.engine.state import Writing
from app.model.events import Input, Load, Outcome, ReportSamples, Samples, Started
from app.model.plan import OwnerKey

PIECE = 25
"""Owners: 0.3 ms where all of them are busy."""
FEW = 100
"""Owners: what so few take is done in one go."""
_TIMES = 6
"""That they are taken at most: where most change all the time, it does not come to few."""


class Taking:
    def __init__(self, live: LiveState, piece: int = PIECE, few: int = FEW) -> None:
        """Owners at a time, and at the end."""
        self._live = live
        self._piece = piece
        self._few = few
        self._owners: list[Owner] = [*live.twins.values(), *live.overlays.values()]
        self._writing = Writing()
        self._changed: dict[OwnerKey, None] = {}
        self.small = len(self._owners) <= few
        """Whether it may as well be taken in one go."""
        self.complete = False
        """Whether only the end is left."""
        self.void = False
        """Whether it can't be ended any more: it has been, or something happened that it can't follow, as other
        definitions or the start of a run."""

    def pieces(self) -> Iterator[None]:
        """Each may be taken at another time."""
        yield from self._take(self._owners, again=False)
        for _ in range(_TIMES - 1):
            if self.void or len(self._changed) <= self._few:
                break
            yield from self._take(self._take_changed(), again=True)
        self.complete = True

    def saw(self, input: Input, outcome: Outcome) -> bool:
        """What was decided; every decision since the beginning must be told. False once it need not be any more."""
        if self.void or isinstance(input, Load | Started):
            self.void = True
            return False
        changed = self._changed
        twins = {fact.twin_id: None for fact in outcome.changes}
        if isinstance(input, Samples | ReportSamples):
            for reading in input.readings:
                for sample in reading.samples:
                    twins[sample.twin_id] = None
                for event in reading.events:
                    twins[event.twin_id] = None
        for facts in (outcome.reports, outcome.events, outcome.connectivity):
            for fact in facts:
                twins[fact.twin_id] = None
        for called in outcome.calls:
            twins[called.call.twin_id] = None
        for twin_id in twins:
            changed[OwnerKey("twin", twin_id)] = None
        for behavior in outcome.behaviors:
            changed[behavior.key.owner] = None
        return True

    def end(self) -> bytearray:
        """The snapshot of now. Only once it is `complete` and while it is not `void`."""
        self.void = True
        self._writing.add(owned_by(self._take_changed(), again=True))
        return self._writing.end(self._live)

    def _take(self, owners: Sequence[Owner], *, again: bool) -> Iterator[None]:
        for at in range(0, len(owners), self._piece):
            if self.void:
                return
            self._writing.add(owned_by(owners[at : at + self._piece], again=again))
            yield

    def _take_changed(self) -> list[Owner]:
        changed, self._changed = self._changed, {}
        return [owner for key in changed if (owner := self._live.owner(key)) is not None]
