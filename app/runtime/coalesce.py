"""Journal entries to the latest of everything, as rows for the graph.

A row carries the life of its twin *as of its place in the journal*: `Load` entries in between say when a life ends, so
that what a deleted twin last reported never lands on one that was created under the same id.
"""

from collections import deque
from collections.abc import Callable, Iterator

from app.model.change import FactBatch, OverrideAudit
from app.model.events import Alert, BehaviorChanged, Call, Entry, Load, PropertyChanged, TwinEventOccurred
from app.model.plan import BehaviorKey, Plan
from app.runtime.thinning import Thinning

EVENTS_PER_TWIN = 20


class Coalesced:
    """What lies between two sequences. Take entries in order with `add`, then `batches`."""

    def __init__(
        self, after: int, lives: dict[str, int], life_of: Callable[[str], int | None], thinning: Thinning
    ) -> None:
        """`lives` is what earlier entries said and goes on growing here; `life_of` answers for twins not in it.
        `thinning` knows what those entries led to."""
        self.after = after
        self.upto = after
        self._lives = lives
        self._life_of = life_of
        self._thinning = thinning
        self._properties: dict[tuple[str, str], tuple[int, PropertyChanged]] = {}
        self._behaviors: dict[BehaviorKey, BehaviorChanged] = {}
        self._alerts: dict[str, Alert] = {}
        self._calls: dict[str, Call] = {}
        self._events: dict[str, deque[TwinEventOccurred]] = {}
        self._audits: list[OverrideAudit] = []

    @property
    def rows(self) -> int:
        return (
            len(self._properties)
            + len(self._behaviors)
            + len(self._alerts)
            + len(self._calls)
            + sum(map(len, self._events.values()))
            + len(self._audits)
        )

    @property
    def entries(self) -> int:
        return self.upto - self.after

    def add(self, entry: Entry) -> None:
        if isinstance(entry.input, Load):
            self._load(entry.input.plan)
        outcome = entry.outcome
        for change in outcome.changes:
            if (life := self._life(change.twin_id)) is not None and self._thinning.passes(change):
                self._properties[change.twin_id, change.property] = (life, change)
        for behavior in outcome.behaviors:
            self._behaviors[behavior.key] = behavior
        for alert in outcome.alerts:
            self._alerts[alert.alert.alert_id] = alert.alert
        for call in outcome.calls:
            self._calls[call.call.call_id] = call.call
        for event in outcome.events:
            if self._life(event.twin_id) is not None:
                self._events.setdefault(event.twin_id, deque(maxlen=EVENTS_PER_TWIN)).append(event)
        for index, override in enumerate(outcome.overrides):
            self._audits.append(OverrideAudit(entry.sequence, index, override))
        self.upto = entry.sequence

    def batches(self, max_rows: int) -> Iterator[FactBatch]:
        """At most `max_rows` rows of a kind in each (of events: twins). Only the last moves the cursor: an entry is in
        the graph whole or not yet, and rows written twice change nothing."""
        properties = tuple(self._properties.values())
        behaviors = tuple(self._behaviors.values())
        alerts = tuple(self._alerts.values())
        calls = tuple(self._calls.values())
        events = tuple(self._events.values())
        audits = tuple(self._audits)
        longest = max(map(len, (properties, behaviors, alerts, calls, events, audits)))
        for start in range(0, max(longest, 1), max_rows):
            end = start + max_rows
            yield FactBatch(
                self.after,
                self.upto if end >= longest else self.after,
                properties[start:end],
                behaviors[start:end],
                alerts[start:end],
                calls[start:end],
                tuple(event for of_twin in events[start:end] for event in of_twin),
                audits[start:end],
            )

    def _load(self, plan: Plan) -> None:
        self._thinning.forget([*plan.removed_twins, *(twin.twin_id for twin in plan.twins)])
        for twin_id in plan.removed_twins:
            self._lives.pop(twin_id, None)
            self._forget(twin_id)
        for twin in plan.twins:
            if self._lives.get(twin.twin_id, twin.life) != twin.life:
                self._forget(twin.twin_id)
            self._lives[twin.twin_id] = twin.life

    def _life(self, twin_id: str) -> int | None:
        life = self._lives.get(twin_id)
        if life is None and (life := self._life_of(twin_id)) is not None:
            self._lives[twin_id] = life
        return life

    def _forget(self, twin_id: str) -> None:
        self._events.pop(twin_id, None)
        for key in [key for key in self._properties if key[0] == twin_id]:
            del self._properties[key]
