"""Small parts that implement the ports the runtime meets: an engine, a clock, a graph and devices for tests.

The journal is never among them: it is quick enough to be the real one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from app.errors import Conflict, Invalid, Refused, Unavailable
from app.model.asked import Calls, ClosedAlerts, Place, Sought
from app.model.audit import AlertQuery, AlertRecord, AuditEntry, AuditPlace, AuditQuery, RecordPlace
from app.model.change import DefinitionChange, FactBatch, LifecycleRecord, RevisionRecord, StoredDefinition
from app.model.connection import CallAnswer, TwinConnection
from app.model.definitions import Kind
from app.model.events import (
    Alert,
    AttemptCall,
    BehaviorChanged,
    Call,
    CallChanged,
    CallResult,
    Cause,
    Entry,
    Input,
    Load,
    Outcome,
    PropertyChanged,
    Reading,
    ReportSamples,
    RequestCall,
    SampleRejected,
    Samples,
    SourceStatus,
    Tick,
    TwinEventOccurred,
    Unaccepted,
)
from app.model.ledger import Books, Tally
from app.model.live import ConnectorHealth, PathView
from app.model.plan import BehaviorKey
from app.model.time import SECOND, Micros
from app.model.values import Value


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Poll; an assertion error where it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.001)


class HandClock:
    """A clock that a test moves by hand."""

    def __init__(self, now: Micros = 1_767_323_045_000_000) -> None:
        self._now = now
        self._sleepers: list[tuple[Micros, asyncio.Future[None]]] = []

    def now(self) -> Micros:
        return self._now

    def set_forward(self) -> Micros:
        return 0

    def behind(self) -> Micros:
        return 0

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + round(seconds * SECOND), woken))
        await woken

    def move(self, seconds: float) -> None:
        """Backwards too: then nobody wakes."""
        self._now += round(seconds * SECOND)
        for sleeper in [sleeper for sleeper in self._sleepers if sleeper[0] <= self._now]:
            self._sleepers.remove(sleeper)
            if not sleeper[1].done():
                sleeper[1].set_result(None)


class Live:
    def __init__(self) -> None:
        self.sequence = 0
        self.behind = 0
        self.tallies: dict[str, Tally] = {}


class LastValues(msgspec.Struct):
    """The state of LastValueEngine."""

    values: dict[str, Any] = {}
    calls: dict[str, Call] = {}


class LastValueEngine:
    """Remembers the last value per property and the calls; knows every twin but `ghost`, takes no plan. `due` is when
    a Tick does something (an event of the twin `clock`), `counting` says that something waits, `broken` makes the next
    decision fail as a bug would; a snapshot comes in `pieces`."""

    def __init__(self) -> None:
        self.live = Live()
        self.state = LastValues()
        self.due: Micros | None = None
        self.counting = False
        self.broken = False
        self.pieces = 0
        self.decided: list[tuple[Input, Micros]] = []

    def decide(self, input: Input, now: Micros) -> Outcome:
        if self.broken:
            raise ZeroDivisionError("a bug")
        if isinstance(input, Load):
            raise Invalid("a plan that is not whole")
        self.decided.append((input, now))
        outcome = self._decide(input, now)
        self._apply(outcome)
        return outcome

    def _decide(self, input: Input, now: Micros) -> Outcome:
        match input:
            case Samples(readings=readings):
                changes: list[PropertyChanged] = []
                rejected: list[SampleRejected] = []
                events: list[TwinEventOccurred] = []
                for reading in readings:
                    cause = Cause("reading", reading.source, now)
                    for item in reading.samples:
                        if item.twin_id == "ghost":
                            rejected.append(SampleRejected(reading.source, "ghost", item.property, "UnknownTwin"))
                            continue
                        where = item.twin_id, item.property
                        changes.append(PropertyChanged(*where, item.value, item.quality, item.timestamp, now, True))
                    for event in reading.events:
                        found = TwinEventOccurred(event.twin_id, event.name, event.timestamp, event.parameters, cause)
                        events.append(found)
                return Outcome(
                    tuple(changes),
                    rejected=tuple(rejected),
                    events=tuple(events),
                    tallies=_tallies(readings, rejected),
                )
            case ReportSamples(readings=readings):
                return Outcome(tallies=_tallies(readings, ()))
            case Unaccepted(rejected=rows):
                return Outcome(
                    tallies=tuple(Tally(source, count, rejected={reason: count}) for source, reason, count in rows)
                )
            case RequestCall():
                cause = Cause("command", input.by, now)
                call = Call(
                    input.call_id,
                    input.twin_id,
                    "decided",
                    now,
                    cause,
                    method=input.method,
                    property=input.property,
                    arguments=input.arguments,
                )
                return Outcome(calls=(CallChanged(call, now, send=True),))
            case AttemptCall(call_id=call_id):
                attempted = self.state.calls.get(call_id)
                if attempted is None or attempted.status != "decided":
                    return Outcome(refused="CALL_NOT_OPEN it is not to be sent")
                call = msgspec.structs.replace(attempted, status="attempted", attempted_at=now)
                return Outcome(calls=(CallChanged(call, now),))
            case CallResult(call_id=call_id):
                call = msgspec.structs.replace(
                    self.state.calls[call_id],
                    status=input.status,
                    value=input.value,
                    error=input.error,
                    finished_at=now,
                )
                return Outcome(calls=(CallChanged(call, now),))
            case Tick() if self.due is not None and self.due <= now:
                self.due = None
                return Outcome(events=(TwinEventOccurred("clock", "struck", now, {}, Cause("tick", "", now)),))
            case SourceStatus() | _:
                return Outcome()

    def _apply(self, outcome: Outcome) -> None:
        for tally in outcome.tallies:
            self.live.tallies.setdefault(tally.source, Tally(tally.source)).add(tally)
        for change in outcome.changes:
            self.state.values[f"{change.twin_id}/{change.property}"] = change.value
        for call in outcome.calls:
            self.state.calls[call.call.call_id] = call.call

    def next_due(self) -> Micros | None:
        return self.due

    def counts_time(self) -> bool:
        return self.counting

    def fold(self, entry: Entry) -> None:
        self._apply(entry.outcome)
        self.live.sequence = entry.sequence

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(self.state)

    def take(self) -> "LastValueTaking":
        return LastValueTaking(self)

    def restore(self, state: bytes) -> None:
        self.state = msgspec.msgpack.decode(state, type=LastValues)


class LastValueTaking:
    """Of as many pieces as the engine says, with nothing in them."""

    def __init__(self, engine: LastValueEngine) -> None:
        self._engine = engine
        self.small = not engine.pieces
        self.complete = self.void = False

    def pieces(self) -> Iterator[None]:
        yield from [None] * self._engine.pieces
        self.complete = True

    def end(self) -> bytes:
        return self._engine.snapshot()


def _tallies(readings: Sequence[Reading], rejected: Sequence[SampleRejected]) -> tuple[Tally, ...]:
    found: dict[str, Tally] = {}
    for reading in readings:
        count = len(reading.samples)
        found.setdefault(reading.source, Tally(reading.source)).add(
            Tally(reading.source, received=count, journaled=count, applied=count)
        )
    for item in rejected:
        found[item.source].add(Tally(item.source, journaled=-1, applied=-1, rejected={item.reason: 1}))
    return tuple(found.values())


class FakeDevices:
    """Answers what `answer` says; records what was sent, in order."""

    def __init__(self) -> None:
        self.time_outs: dict[str, float] = {}
        """By method."""
        self.ways: Sequence[PathView] = ()
        self.sent: list[tuple[str, str, Any]] = []
        self.answer: Callable[[str, str], Awaitable[CallAnswer]] = self._accept

    async def _accept(self, twin_id: str, what: str) -> CallAnswer:
        return CallAnswer("accepted", True)

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer:
        self.sent.append((twin_id, property, value))
        return await self.answer(twin_id, property)

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        self.sent.append((twin_id, method, arguments))
        return await self.answer(twin_id, method)

    def reconnect(self, twins: Mapping[str, TwinConnection | None]) -> None:
        raise AssertionError("not the runtime's to call")

    def time_out(self, twin_id: str, method: str) -> float | None:
        return self.time_outs.get(method)

    def paths(self, twin_id: str) -> Sequence[PathView]:
        return self.ways

    def health(self) -> Sequence[ConnectorHealth]:
        return ()


class FakeGraph:
    """A graph that keeps what the writer writes, and fails when `trouble` says so: before the write, or after it was
    committed (the answer is lost on the way)."""

    def __init__(self, cursor: int = 0) -> None:
        self.too_old = 0
        """Entries that `forget` finds."""
        self.forgetting: list[Micros] = []
        self.at = cursor
        self.kept = Books()
        self.trouble: Callable[[], str] = lambda: ""
        self.refuses: Callable[[FactBatch], bool] = lambda batch: False
        """Batches that it is there for and does not take."""
        self.tries = 0
        self.writes: list[FactBatch] = []
        self.properties: dict[tuple[str, str, int], Value] = {}
        self.behaviors: dict[BehaviorKey, BehaviorChanged] = {}
        self.alert_rows: dict[str, Alert] = {}
        self.call_rows: dict[str, Call] = {}
        self.events: dict[str, list[TwinEventOccurred]] = {}
        self.audits: dict[str, AuditEntry] = {}
        self.records: dict[RecordPlace, AlertRecord] = {}

    def _fail(self, when: str, trouble: str) -> None:
        if trouble == when:
            raise Unavailable("the graph does not answer")

    async def cursor(self) -> int:
        self._fail("before", self.trouble())
        return self.at

    async def books(self) -> tuple[int, Books]:
        return await self.cursor(), self.kept

    async def write(self, batch: FactBatch) -> None:
        await asyncio.sleep(0)
        trouble = self.trouble()
        self._fail("before", trouble)
        self.tries += 1
        if self.refuses(batch):
            raise Unavailable("the graph could not do what was asked", code="GRAPH_FAILED")
        if trouble == "taken":
            raise Refused("another server has the graph", code="ACTOR_SUPERSEDED")
        if batch.after != self.at:
            raise Conflict(f"the cursor is at {self.at}", code="CURSOR_MOVED")
        self.writes.append(batch)
        for life, change in batch.properties:
            self.properties[change.twin_id, change.property, life] = change.value
        self.behaviors.update({behavior.key: behavior for behavior in batch.behaviors})
        self.alert_rows.update({alert.alert_id: alert for alert in batch.alerts})
        self.call_rows.update({call.call_id: call for call in batch.calls})
        for event in batch.events:
            self.events.setdefault(event.twin_id, []).append(event)
        self.audits.update({item.entry_id: item for item in batch.audits})
        self.records.update({item.place: item for item in batch.records})
        self.at = batch.upto
        self.kept = batch.books or self.kept
        self._fail("after", trouble)

    async def migrate(self) -> list[int]:
        raise AssertionError("not the runtime's to call")

    async def take_over(self) -> int:
        raise AssertionError("not the runtime's to call")

    async def load(self) -> tuple[int, list[StoredDefinition]]:
        raise AssertionError("not the runtime's to call")

    async def last_revisions(self, keys: Sequence[tuple[Kind, str]]) -> dict[tuple[Kind, str], int]:
        raise AssertionError("not the runtime's to call")

    async def save(self, change: DefinitionChange) -> None:
        raise AssertionError("not the runtime's to call")

    async def revisions(
        self, kind: Kind, id: str, *, first: int = 100, before: int | None = None
    ) -> list[RevisionRecord]:
        raise AssertionError("not the runtime's to call")

    async def changes_after(self, catalogue_revision: int, most: int) -> list[RevisionRecord]:
        raise NotImplementedError

    async def revisions_of(
        self, askers: Sequence[tuple[Kind, str, int | None]], first: int
    ) -> list[list[RevisionRecord]]:
        raise AssertionError("not the runtime's to call")

    async def revisions_at(self, askers: Sequence[tuple[Kind, str, Micros]]) -> list[RevisionRecord | None]:
        raise AssertionError("not the runtime's to call")

    async def lifecycles(self, overlay_ids: Sequence[str]) -> dict[str, list[LifecycleRecord]]:
        raise AssertionError("not the runtime's to call")

    async def alerts(self, alert_ids: Sequence[str]) -> list[Alert]:
        raise AssertionError("not the runtime's to call")

    async def audit(self, query: AuditQuery, first: int, before: AuditPlace | None) -> list[AuditEntry]:
        raise AssertionError("not the runtime's to call")

    async def forget(self, before: Micros, most: int) -> int:
        self.forgetting.append(before)
        gone = min(most, self.too_old)
        self.too_old -= gone
        return gone

    async def alert_records(self, query: AlertQuery, first: int, before: RecordPlace | None) -> list[AlertRecord]:
        raise AssertionError("not the runtime's to call")

    async def closed_alerts(self, asked: ClosedAlerts, first: int, before: Place | None) -> list[Alert]:
        raise AssertionError("not the runtime's to call")

    async def closed_alerts_of(
        self, sought: Sequence[Sought], asked: ClosedAlerts, first: int, before: Place | None
    ) -> list[list[Alert]]:
        raise AssertionError("not the runtime's to call")

    async def calls(self, call_ids: Sequence[str]) -> list[Call]:
        raise AssertionError("not the runtime's to call")

    async def call_page(self, asked: Calls, first: int, before: Place | None) -> list[Call]:
        raise AssertionError("not the runtime's to call")

    async def calls_of(
        self, sought: Sequence[Sought], asked: Calls, first: int, before: Place | None
    ) -> list[list[Call]]:
        raise AssertionError("not the runtime's to call")

    async def audit_entries(self, entry_ids: Sequence[str]) -> list[AuditEntry]:
        raise AssertionError("not the runtime's to call")

    async def audit_of(
        self, subjects: Sequence[str], query: AuditQuery, first: int, before: AuditPlace | None
    ) -> list[list[AuditEntry]]:
        raise AssertionError("not the runtime's to call")

    async def ping(self) -> None:
        self._fail("before", self.trouble())

    async def close(self) -> None: ...
