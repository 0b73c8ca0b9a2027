"""Journal entries to the latest of everything, as rows for the graph.

A row carries the life of its twin *as of its place in the journal*: `Load` entries in between say when a life ends, so
that what a deleted twin last reported never lands on one that was created under the same id. The definitions in the
graph are ahead of the journal: of a twin that no entry has named yet it is asked whether it was there at that time.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator

from app.model.audit import AlertRecord, AuditEntry
from app.model.change import FactBatch
from app.model.events import Alert, BehaviorChanged, Call, Entry, Load, Outcome, PropertyChanged, TwinEventOccurred
from app.model.ledger import Books, GraphTally
from app.model.plan import BehaviorKey, OwnerKey, Plan, TwinPlan
from app.model.time import Micros
from app.runtime.audited import audited, recorded
from app.runtime.isolate import Part
from app.runtime.thinning import Thinning

EVENTS_PER_TWIN = 20

LifeOf = Callable[[str, Micros], int | None]
"""The life that a twin has now, None where it has none or had not begun it at that moment."""


class Coalesced:
    """What lies between two sequences. Take entries in order with `add`, then `batches`."""

    def __init__(self, after: int, lives: dict[str, int], life_of: LifeOf, thinning: Thinning) -> None:
        """`lives` is what earlier entries said and goes on growing here; `life_of` answers for twins not in it.
        `thinning` knows what those entries led to."""
        self.after = after
        self.upto = after
        self.since: Micros | None = None
        """When the first thing happened that the graph is to have."""
        self.until: Micros | None = None
        """When the last entry was decided."""
        self._lives = lives
        self._life_of = life_of
        self._thinning = thinning
        self._properties: dict[tuple[str, str], tuple[int, PropertyChanged, str | None]] = {}
        """Life, change, and the source whose sample it is; None for what followed from samples, or had nothing to do
        with any."""
        self._applied: Counter[str] = Counter()
        """By source, samples that were applied; and of them those that never reach the graph."""
        self._superseded: Counter[str] = Counter()
        self._behaviors: dict[BehaviorKey, BehaviorChanged] = {}
        self._alerts: dict[str, Alert] = {}
        self._calls: dict[str, Call] = {}
        self._events: dict[str, deque[TwinEventOccurred]] = {}
        self._audits: list[AuditEntry] = []
        self._records: list[AlertRecord] = []

    @property
    def rows(self) -> int:
        return (
            len(self._properties)
            + len(self._behaviors)
            + len(self._alerts)
            + len(self._calls)
            + sum(map(len, self._events.values()))
            + len(self._audits)
            + len(self._records)
        )

    @property
    def entries(self) -> int:
        return self.upto - self.after

    def add(self, entry: Entry) -> None:
        if isinstance(entry.input, Load):
            self._load(entry.input.plan)
        outcome = entry.outcome
        for change, source in _with_sources(outcome):
            life = self._life(change.twin_id, entry.now)
            if life is not None and self._thinning.passes(change):
                key = change.twin_id, change.property
                if (older := self._properties.get(key)) is not None and older[2] is not None:
                    self._superseded[older[2]] += 1
                self._properties[key] = (life, change, source)
            elif source is not None:
                self._superseded[source] += 1
        for run in outcome.landed:
            self._applied[run.source] += run.count
        for behavior in outcome.behaviors:
            owner = behavior.key.owner
            if owner.kind == "overlay" or self._life(owner.id, entry.now) is not None:
                self._behaviors[behavior.key] = behavior
        for alert in outcome.alerts:
            self._alerts[alert.alert.alert_id] = alert.alert
        for call in outcome.calls:
            self._calls[call.call.call_id] = call.call
        for event in outcome.events:
            if self._life(event.twin_id, entry.now) is not None:
                self._events.setdefault(event.twin_id, deque(maxlen=EVENTS_PER_TWIN)).append(event)
        self._audits += audited(entry)
        self._records += recorded(entry)
        self.upto, self.until = entry.sequence, entry.now
        if self.since is None and self.rows:
            self.since = entry.now

    def books(self, before: Books) -> Books:
        """What became of the samples up to here, once all rows are written; `before` is that up to `after`."""
        tallies = {tally.source: tally for tally in before.tallies}
        waiting = Counter(source for _, _, source in self._properties.values() if source is not None)
        for source, applied in self._applied.items():
            tally = tallies.get(source) or GraphTally(source)
            tallies[source] = tally.plus(applied, waiting[source], self._superseded[source])
        return Books(before.since, tuple(tallies.values()))

    def batches(self, max_rows: int, before: Books) -> Iterator[FactBatch]:
        """At most `max_rows` rows of a kind in each (of events: twins). Only the last moves the cursor: an entry is in
        the graph whole or not yet, and rows written twice change nothing."""
        properties = tuple((life, change) for life, change, _ in self._properties.values())
        behaviors = tuple(self._behaviors.values())
        alerts = tuple(self._alerts.values())
        calls = tuple(self._calls.values())
        events = tuple(self._events.values())
        audits = tuple(self._audits)
        records = tuple(self._records)
        longest = max(map(len, (properties, behaviors, alerts, calls, events, audits, records)))
        for start in range(0, max(longest, 1), max_rows):
            end = start + max_rows
            last = end >= longest
            yield FactBatch(
                self.after,
                self.upto if last else self.after,
                properties[start:end],
                behaviors[start:end],
                alerts[start:end],
                calls[start:end],
                tuple(event for of_twin in events[start:end] for event in of_twin),
                audits[start:end],
                records[start:end],
                self.books(before) if last else None,
            )

    def drop(self, part: Part) -> None:
        """The graph is not to get it."""
        row = part.row
        match part.kind:
            case "properties":
                _, _, source = self._properties.pop((row[1].twin_id, row[1].property))
                if source is not None:
                    self._superseded[source] += 1
            case "behaviors":
                del self._behaviors[row.key]
            case "alerts":
                del self._alerts[row.alert_id]
            case "calls":
                del self._calls[row.call_id]
            case "events":
                self._events[row.twin_id].remove(row)
            case "audits":
                self._audits.remove(row)
            case "records":
                self._records.remove(row)

    def _load(self, plan: Plan) -> None:
        self._thinning.forget([*plan.removed_twins, *(twin.twin_id for twin in plan.twins)])
        for twin_id in plan.removed_twins:
            self._lives.pop(twin_id, None)
            self._forget(twin_id)
        gone = {OwnerKey("overlay", overlay_id) for overlay_id in plan.removed_overlays}
        gone |= {OwnerKey("twin", twin_id) for twin_id in plan.removed_twins}
        gone |= {OwnerKey("twin", twin.twin_id) for twin in plan.twins if self._is_another(twin)}
        for key in [key for key in self._behaviors if key.owner in gone]:
            del self._behaviors[key]
        for twin in plan.twins:
            if self._is_another(twin):
                self._forget(twin.twin_id)
            self._lives[twin.twin_id] = twin.life

    def _is_another(self, twin: TwinPlan) -> bool:
        return self._lives.get(twin.twin_id, twin.life) != twin.life

    def _life(self, twin_id: str, at: Micros) -> int | None:
        life = self._lives.get(twin_id)
        if life is None and (life := self._life_of(twin_id, at)) is not None:
            self._lives[twin_id] = life
        return life

    def _forget(self, twin_id: str) -> None:
        self._events.pop(twin_id, None)
        for key in [key for key in self._properties if key[0] == twin_id]:
            _, _, source = self._properties.pop(key)
            if source is not None:
                self._superseded[source] += 1


def _with_sources(outcome: Outcome) -> Iterator[tuple[PropertyChanged, str | None]]:
    changes, at = outcome.changes, 0
    for run in outcome.landed:
        for change in changes[at : run.first]:
            yield change, None
        at = run.first + run.count
        for change in changes[run.first : at]:
            yield change, run.source
    for change in changes[at:]:
        yield change, None
