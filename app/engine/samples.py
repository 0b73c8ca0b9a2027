"""A reading lands: every sample is accepted, replaced in time, or rejected with its reason, then behaviors follow.

Only what cannot be a value of its type, and what is late, is rejected. The straight line through `take` is the hottest
code of the server (one sample of a good float on time); everything unusual leaves it early, into functions below.
"""

from collections.abc import Sequence

from app.engine.at_once import shared
from app.engine.behaviors import settle, turn
from app.engine.cells import PATH_SILENT, Cell, PathClock, RuleState, TwinState
from app.engine.counted import Counted
from app.engine.memory import ASK
from app.engine.step import Step
from app.engine.values import EXCEEDED, is_plain, is_text
from app.model.events import Cause, PropertyChanged, Reading, Sample, SampleRejected, TwinEventOccurred
from app.model.ledger import LATE
from app.model.time import Micros
from app.model.values import RETAINED, Quality, Value

CLOCK_AHEAD = "ClockAhead"
_REBASE_AFTER = 3
_QUALITIES = ("good", "uncertain", "bad")


def take(step: Step, counted: Counted, reading: Reading, max_skew: Micros) -> None:
    """One reading is one step: all its samples land, then each rule that reads one of them is evaluated once. One that
    repeats what was taken before is counted and leaves no other trace, not even as contact."""
    live = step.live
    if counted.source != reading.source:
        counted.turn(reading.source)
    arrived, changes = reading.samples, step.changes
    counted.received += len(arrived)
    if reading.delivery is not None and live.deliveries.repeats(reading):
        counted.duplicate += len(arrived)
        return
    twins = live.twins
    now = step.now
    received = reading.received_at if reading.received_at < now else now
    latest = received + max_skew
    step.reading = first = len(changes)
    if counted.upto != first:
        counted.end_run()
    first_touched: Cell | None = None
    others: list[Cell] | None = None
    straight = True
    for sample in arrived:
        twin = twins.get(sample.twin_id)
        cell = twin.cells.get(sample.property) if twin is not None else None
        if twin is None or cell is None or not cell.straight:
            if twin is not None:
                twin.last_contact, twin.source = received, reading.source
            if cell is None or not cell.mapped:
                _reject(step, reading.source, sample, _missing(twin, cell))
            else:
                straight = False
                cause = Cause("reading", reading.source, now)
                if why := _land(step, counted, sample, cell, received, max_skew, cause):
                    _reject(step, reading.source, sample, why)
            continue
        twin.last_contact = received
        twin.source = reading.source
        value, timestamp, quality, reason = sample.value, sample.timestamp, sample.quality, sample.reason
        spec = cell.spec
        if not (
            spec.is_float
            and value.__class__ is float
            and spec.low <= value <= spec.high
            and quality == "good"
            and reason is None
        ):
            value, quality, reason = _accept(cell, value, quality, reason)
            if value is None and quality != "bad":
                _reject(step, reading.source, sample, reason or "")
                continue
        if not (twin.clock is None and 0 < timestamp <= latest and timestamp >= cell.timestamp):
            on_time = _on_time(twin, cell, timestamp, received, max_skew, reading.source)
            if on_time is None:
                _reject(step, reading.source, sample, LATE)
                continue
            if on_time == received != timestamp and timestamp > latest and reason is None:
                reason = CLOCK_AHEAD
            timestamp = on_time
        if quality == "bad":
            value, timestamp = cell.value, cell.timestamp  # the last value stays, with its own time
        cell.timestamp = timestamp
        cell.reported_at = received
        twin.mark = None
        if value == cell.value and quality == cell.quality and reason == cell.reason:
            counted.unchanged += 1
            step.reported(cell)
            continue
        before = cell.live
        known = value is not None and quality != "bad" and (twin.alive or not cell.pathed)
        cell.value, cell.quality, cell.reason = value, quality, reason
        cell.live = now_live = value if known else None
        if step.reports:
            step.reports.pop(cell, None)
        changes.append(
            PropertyChanged(sample.twin_id, sample.property, value, quality, timestamp, received, known, reason)
        )
        if known and spec.stales and not cell.queued:
            live.stale.watch(cell)
        if now_live == before and before is not None:
            continue  # where nothing was known and nothing is, it was heard of
        if first_touched is None:
            first_touched = cell
        elif others is None:
            others = [cell]
        else:
            others.append(cell)
    counted.upto = len(changes)
    if not straight:
        cause = Cause("reading", reading.source, now)
        touched = () if first_touched is None else (first_touched, *(others or ()))
        for cell in touched:
            cell.mark()
        step.woken.update({rule: cause for cell in touched for rule in cell.readers})
        settle(step)
    elif others is not None and first_touched is not None:
        if asked := [cell for cell in (first_touched, *others) if _to_be_asked(cell)]:
            _evaluate(step, reading, asked)
    elif first_touched is not None:
        verdicts = first_touched.verdicts  # as `_to_be_asked`, without a call: nearly every message ends here
        if verdicts is None or first_touched.together(first_touched.operands) != verdicts:  # type: ignore[misc]
            _evaluate(step, reading, (first_touched,))
    for event in reading.events:
        twin = twins.get(event.twin_id)
        if twin is not None:
            twin.last_contact, twin.source = received, reading.source
        if twin is None or not is_plain(event.parameters) or not is_text(event.name):
            why = "UnknownTwin" if twin is None else "TypeMismatch"
            counted.foreign.add(len(step.rejected))
            step.rejected.append(SampleRejected(reading.source, event.twin_id, event.name, why))
            continue
        at = event.timestamp if 0 < event.timestamp <= latest else received
        cause = Cause("reading", reading.source, now)
        step.event(TwinEventOccurred(event.twin_id, event.name, at, event.parameters, cause))
        if step.woken:
            settle(step)


def report(step: Step, counted: Counted, reading: Reading, by: str, max_skew: Micros, first: int) -> None:
    """As `take`, for properties that no connector feeds; it is no contact with anybody's device. `first` is the index
    of its first sample among all that were reported together."""
    received = min(reading.received_at, step.now)
    step.reading = len(step.changes)
    if counted.source != reading.source:
        counted.turn(reading.source)
    elif counted.upto != step.reading:
        counted.end_run()
    counted.received += len(reading.samples)
    cause = Cause("reading", reading.source, step.now, Cause("command", by, step.now))
    for index, sample in enumerate(reading.samples, first):
        twin = step.live.twins.get(sample.twin_id)
        cell = twin.cells.get(sample.property) if twin is not None else None
        if cell is None or cell.spec.plan.computed is not None:
            why = _missing(twin, cell)
        elif cell.mapped:
            why = "Mapped"
        else:
            why = _land(step, counted, sample, cell, received, max_skew, cause)
        if why:
            _reject(step, reading.source, sample, why, index)
    counted.upto = len(step.changes)
    settle(step)


def _land(
    step: Step, counted: Counted, sample: Sample, cell: Cell, received: Micros, max_skew: Micros, cause: Cause
) -> str:
    """The long way: for what others are computed from, for what no connector feeds, and for what a person has put
    something over, where it lands underneath and conditions see no change. Why it was rejected, "" where it was not."""
    value, quality, reason = _accept(cell, sample.value, sample.quality, sample.reason)
    if value is None and quality != "bad":
        return reason or ""
    timestamp = _on_time(cell.twin, cell, sample.timestamp, received, max_skew, cause.ref)
    if timestamp is None:
        return LATE
    if timestamp == received != sample.timestamp and sample.timestamp > received + max_skew and reason is None:
        reason = CLOCK_AHEAD
    if quality == "bad":
        value, timestamp = cell.value, cell.timestamp
    cell.timestamp, cell.reported_at = timestamp, received
    if value == cell.value and quality == cell.quality and reason == cell.reason:
        counted.unchanged += 1
        step.reported(cell)
        step.feed(cell, cause)
        return ""
    before = cell.live
    cell.value, cell.quality, cell.reason = value, quality, reason
    if not cell.mapped:
        cell.source = cause.parent.ref if cause.parent is not None else cause.ref
    cell.refresh()
    step.cell_changed(cell, cause, wake=cell.live != before or before is None)
    return ""


def _to_be_asked(cell: Cell) -> bool:
    """Whether any of its rules may have turned."""
    return cell.verdicts is None or cell.together is None or cell.together(cell.operands) != cell.verdicts


def _evaluate(step: Step, reading: Reading, asked: Sequence[Cell]) -> None:
    """`settle`'s first round, without an allocation where nothing turns."""
    turned: list[tuple[RuleState, bool | None]] = []
    for cell in asked:
        if cell.marks:  # such a cell is always asked
            cell.mark()
    for rule in asked[0].readers if len(asked) == 1 else {rule: None for cell in asked for rule in cell.readers}:
        evidence = rule.test(*rule.cells)
        if evidence is not rule.evidence or rule.waits:
            if evidence is not rule.evidence:
                step.remember(rule)
            turned.append((rule, evidence))
    if turned:
        _turn(step, turned, Cause("reading", reading.source, step.now))
    for cell in asked:
        if cell.together is not None:
            cell.verdicts = shared(tuple([rule.evidence for rule in cell.readers]))


def _turn(step: Step, turned: Sequence[tuple[RuleState, bool | None]], cause: Cause) -> None:
    if any(evidence is ASK for _, evidence in turned):
        step.bases.clear()
        step.woken.update(dict.fromkeys((rule for rule, _ in turned), cause))
        settle(step)
        return
    step.turning = dict(turned)
    for rule, evidence in turned:
        turn(step, rule, evidence, cause)
    step.turning = {}
    step.bases.clear()
    settle(step)


def contact(twins: dict[str, TwinState], reading: Reading, now: Micros) -> None:
    """What `take` does to a twin without a fact of its own: any sample that names it is contact."""
    received = min(reading.received_at, now)
    named = [sample.twin_id for sample in reading.samples] + [event.twin_id for event in reading.events]
    for twin_id in named:
        twin = twins.get(twin_id)
        if twin is not None:
            twin.last_contact, twin.source = received, reading.source


def _accept(cell: Cell, value: Value, quality: Quality, reason: str | None) -> tuple[Value, Quality, str | None]:
    """The value as kept, with its quality and reason; no value but a quality other than bad means: rejected."""
    if quality not in _QUALITIES or (reason is not None and not is_text(reason)):
        return None, "good", "TypeMismatch"
    if quality == "bad":
        return None, "bad", reason or "Bad"
    value, why = cell.spec.accept(value)
    if why:
        return None, "good", why
    if reason == RETAINED and value == cell.value and quality == cell.quality and cell.reason is None:
        reason = None  # it came as it was published too: what the broker has kept says nothing new of it
    if quality == "good" and cell.spec.exceeded(value):
        return value, "uncertain", EXCEEDED
    return value, quality, reason


def _on_time(
    twin: TwinState, cell: Cell, timestamp: Micros, received: Micros, max_skew: Micros, source: str
) -> Micros | None:
    """The source time as kept: shifted by a re-based clock, that of receipt where it can't be right; None for late.

    No time before 1970 is one (a device without a clock sends 1601 or 0): receipt's is taken. A twin has one path
    clock, its device's: what is reported beside a device is late or too early by itself.
    """
    if timestamp <= 0:
        return received
    if twin.plan.connected and not cell.mapped:
        if timestamp > received + max_skew:
            return received
        return None if timestamp < cell.timestamp and timestamp < received - max_skew else timestamp
    if source != twin.path and cell.mapped and twin.path:
        # By a path that is about to take over: what the device has now, whatever the times of the other path were.
        return received if timestamp > received + max_skew else timestamp
    clock = twin.clock
    if clock is not None and clock.offset:
        if abs(received - timestamp) <= max_skew:  # the device's clock is right again
            clock.offset = 0
        else:
            timestamp += clock.offset
    if timestamp > received + max_skew:
        clock = twin.clock = clock or PathClock()
        clock.ahead += 1
        clock.streak = 0
        return received
    if cell.reason == PATH_SILENT and not twin.alive:
        # Read back after an outage: it is what the device has now, also where its clock was set back meanwhile. It
        # comes once, so a steady value that was refused here would stay unknown for good.
        return timestamp
    if timestamp < cell.timestamp and timestamp < received - max_skew:
        clock = twin.clock = clock or PathClock()
        return _late(clock, timestamp, received, max_skew)
    if clock is not None:
        clock.streak = 0
    return timestamp


def _late(clock: PathClock, timestamp: Micros, received: Micros, max_skew: Micros) -> Micros | None:
    """None, or the receipt time where the third late reading in a row shows a clock that runs right but is set back.

    A backlog sent in one burst is late too, but its times advance while those of receipt hardly do: its offset is not
    constant. The samples of one reading count as one.
    """
    heard, passed = received - clock.received, timestamp - clock.timestamp
    if clock.streak and not heard and not passed:
        clock.late += 1
        return None
    steady = clock.streak > 0 and heard > 0 and abs(heard - passed) <= min(max_skew // 10, heard // 2)
    clock.streak = clock.streak + 1 if steady else 1
    clock.received, clock.timestamp = received, timestamp
    if clock.streak < _REBASE_AFTER:
        clock.late += 1
        return None
    clock.streak = 0
    clock.rebased += 1
    clock.offset += received - timestamp
    return received


def _missing(twin: TwinState | None, cell: Cell | None) -> str:
    if twin is None:
        return "UnknownTwin"
    if cell is None:
        return "UnknownProperty"
    return "Computed" if cell.spec.plan.computed is not None else "NotMapped"


def _reject(step: Step, source: str, sample: Sample, reason: str, index: int | None = None) -> None:
    step.rejected.append(SampleRejected(source, sample.twin_id, sample.property, reason, index))
