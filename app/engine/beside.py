"""Two engines side by side over what happened: one with the running rules, one with the changed ones.

Both decide everything anew, so that what differs comes of the change alone. Devices are taken to accept every call;
what people did is done to both, an alert that was acknowledged being found by what it is of, not by its id.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

import msgspec

from app.engine.engine import Engine
from app.model.beside import Compared, Fact
from app.model.events import (
    AcknowledgeAlert,
    AcknowledgeAlerts,
    AlertChanged,
    AttemptCall,
    CallResult,
    CommentAlert,
    Entry,
    Input,
    Load,
    Note,
    Outcome,
    PathStatus,
    Reading,
    Redefined,
    ReportSamples,
    ResetAlert,
    Samples,
    SourceStatus,
    Tick,
)
from app.model.plan import OwnerKey
from app.model.time import Micros

MOST_TIMES = 20
_Key = tuple[OwnerKey, str, Fact, str]
_Identity = tuple[OwnerKey, str, str]


class Side:
    """One of the two, with what it did when."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.did: dict[_Key, list[Micros]] = defaultdict(list)

    def decide(self, input: Input, now: Micros, counted: bool) -> None:
        until = now
        if isinstance(input, Samples | ReportSamples) and input.readings:
            until = min(now, input.readings[0].received_at)  # the engine meets the rest between them
        while (due := self.engine.next_due()) is not None and due <= until:
            self._decide(Tick(), max(due, self.engine.live.time), counted)
        self._decide(input, now, counted)

    def _decide(self, input: Input, now: Micros, counted: bool) -> None:
        waiting: list[Input] = [input]
        while waiting:
            outcome = self.engine.decide(waiting.pop(0), now)
            if counted:
                self._count(outcome)
            for change in outcome.calls:
                if change.send:
                    call_id = change.call.call_id
                    waiting += [AttemptCall(call_id), CallResult(call_id, "accepted")]

    def _count(self, outcome: Outcome) -> None:
        for turned in outcome.behaviors:
            if turned.fired or (turned.state == "active" and turned.was == "inactive"):
                self.did[(turned.key.owner, turned.key.name, "activation", "")].append(turned.at)
        for change in outcome.alerts:
            if change.transition == "raised":
                alert = change.alert
                self.did[(alert.owner, alert.behavior, "alert", alert.code)].append(change.at)
        for decided in outcome.calls:
            call = decided.call
            if call.behavior is not None and call.status in ("decided", "withheld") and call.decided_at == decided.at:
                what = f"{call.twin_id}.{call.method or call.property}"
                self.did[(call.behavior.owner, call.behavior.name, "call", what)].append(decided.at)


class Comparing:
    def __init__(self, before: Engine, after: Engine) -> None:
        self.sides = (Side(before), Side(after))
        self._twins = set(before.live.twins) | set(after.live.twins)
        self._identities: dict[str, _Identity] = {}

    def take(self, entry: Entry, counted: bool) -> None:
        for change in entry.outcome.alerts:
            self._remember(change)
        for side in self.sides:
            for input in self._for(side, entry.input):
                side.decide(input, entry.now, counted)

    def _remember(self, change: AlertChanged) -> None:
        alert = change.alert
        self._identities[alert.alert_id] = (alert.owner, alert.behavior, alert.code)

    def _for(self, side: Side, input: Input) -> Iterator[Input]:
        match input:
            case Load() | AttemptCall() | CallResult() | Note() | Redefined():
                pass  # both have the definitions of now, and devices that accept
            case Samples(readings=readings):
                if kept := self._readings(readings):
                    yield Samples(kept)
            case ReportSamples(readings=readings, by=by):
                if kept := self._readings(readings):
                    yield ReportSamples(kept, by)
            case SourceStatus(source=source, paths=paths):
                yield SourceStatus(source, tuple(path for path in paths if self._is_here(path)))
            case AcknowledgeAlert() | ResetAlert() | CommentAlert():
                if (own := self._own(side, input.alert_id)) is not None:
                    yield msgspec.structs.replace(input, alert_id=own)
            case AcknowledgeAlerts():
                found = [own for alert_id in input.alert_ids if (own := self._own(side, alert_id)) is not None]
                if found:
                    yield msgspec.structs.replace(input, alert_ids=tuple(found))
            case _:
                yield input

    def _is_here(self, path: PathStatus) -> bool:
        return path.twin_id in self._twins

    def _readings(self, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
        found = []
        for reading in readings:
            samples = tuple(sample for sample in reading.samples if sample.twin_id in self._twins)
            events = tuple(event for event in reading.events if event.twin_id in self._twins)
            if samples or events:
                found.append(Reading(reading.source, reading.received_at, samples, events, reading.delivery))
        return tuple(found)

    def _own(self, side: Side, alert_id: str) -> str | None:
        """The id that this side has for what was acknowledged; None where it has no such alert."""
        identity = self._identities.get(alert_id)
        alert = side.engine.live.open_alert(*identity) if identity is not None else None
        return alert.alert_id if alert is not None else None

    def rows(self) -> tuple[Compared, ...]:
        before, after = self.sides
        keys = dict.fromkeys([*before.did, *after.did])
        rows = [_compared(key, before.did.get(key, []), after.did.get(key, [])) for key in keys]
        return tuple(
            sorted(rows, key=lambda row: (not (row.gone or row.new), row.owner.kind, row.owner.id, row.behavior))
        )


def _compared(key: _Key, before: list[Micros], after: list[Micros]) -> Compared:
    gone, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
    return Compared(
        *key,
        len(before),
        len(after),
        tuple(sorted(gone.elements())[:MOST_TIMES]),
        tuple(sorted(new.elements())[:MOST_TIMES]),
    )
