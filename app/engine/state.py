"""The engine's whole state as bytes, and back, without any graph: owners as loaded, values, behaviors, alerts, calls.

Compiled functions, readers and the stale queue are not in it; they follow from what is. Nor is what nothing has
happened to since it was loaded: of a plant that was just described, that is nearly all. Path clocks are knowledge of
one run (Started forgets them), hence in a snapshot but not in a digest.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator

import msgspec

from app.engine import loading
from app.engine.cells import EVIDENCE, VERDICT, Owner, PathClock
from app.engine.deliveries import Rows
from app.engine.live import LiveState
from app.engine.part import Part
from app.engine.raises import Raise
from app.errors import Unavailable
from app.model.events import (
    Alert,
    Call,
    Cause,
    EngineSettings,
    Evidence,
    PropertyChanged,
    Shelving,
    Timer,
    TwinEventOccurred,
    WaitingActions,
)
from app.model.ledger import Tally
from app.model.plan import BehaviorKey, OverlayPlan, OwnerKey, Plan, PropertyKey, Shape, TwinPlan
from app.model.time import Micros
from app.model.unreadable import UNREADABLE
from app.model.values import Value

VERSION = 22


class _Path(msgspec.Struct, frozen=True, array_like=True):
    twin_id: str
    alive: bool
    contact: bool
    gap: Micros
    gaps: tuple[tuple[Micros, Micros], ...]
    reason: str
    path: str
    fallback: int
    last_contact: Micros | None
    source: str
    events: tuple[TwinEventOccurred, ...]
    sends: dict[str, tuple[Micros, ...]]
    acted: tuple[Micros, BehaviorKey] | None
    clock: tuple[int, ...]


class _RuleRow(msgspec.Struct, frozen=True, array_like=True):
    key: BehaviorKey
    active: bool
    evidence: Evidence
    since: Micros
    settled: bool = False
    turned_at: Micros = 0
    loops: int = 0
    follows: BehaviorKey | None = None
    cause: Cause | None = None
    unknown_since: Micros = 0


class _Past(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a property beyond its state of now."""

    twin_id: str
    property: str
    last: Value
    previous: Value
    rings: tuple[tuple[Micros, tuple[tuple[Micros, Value], ...]], ...]


class State(msgspec.Struct, frozen=True, array_like=True):
    """Of a whole plant, or of a part of it; all of it is data that nobody changes any more."""

    version: int
    sequence: int
    time: Micros
    serial: int
    settings: EngineSettings
    plan: Plan
    paths: tuple[_Path, ...]
    properties: tuple[PropertyChanged, ...]
    rules: tuple[_RuleRow, ...]
    alerts: tuple[Alert, ...]
    calls: tuple[Call, ...]
    finished: tuple[Call, ...]
    waiting: tuple[str, ...]
    timers: tuple[Timer, ...]
    held_actions: tuple[WaitingActions, ...]
    unread: tuple[tuple[PropertyKey, str, Micros], ...]
    past: tuple[_Past, ...]
    run: tuple[Micros, Micros]
    """When it began, how far the wall clock is behind."""
    steps: tuple[tuple[Micros, Micros], ...]
    shelvings: tuple[Shelving, ...]
    raises: tuple[tuple[OwnerKey, int | None, tuple[Raise, ...]], ...]
    around: tuple[tuple[str, tuple[str, ...]], ...]
    """Of a part: by twin, the overlays that bind it and are not in it."""
    counting_since: Micros
    tallies: tuple[Tally, ...]
    """None of a part, as of what follows."""
    deliveries: Rows


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(State).decode


def snapshot(live: LiveState) -> bytes:
    return _encode(state_of(live))


def digest(live: LiveState) -> str:
    """Equal for equal states, however they were reached: decided, folded or restored."""
    state = state_of(live)
    known = _with_news(msgspec.structs.replace(path, clock=()) for path in state.paths)
    paths = sorted(known, key=lambda path: path.twin_id)
    plan = msgspec.structs.replace(
        state.plan,
        shapes=tuple(sorted(state.plan.shapes, key=_shape_id)),
        twins=tuple(sorted(state.plan.twins, key=_twin_id)),
        overlays=tuple(sorted(state.plan.overlays, key=_overlay_id)),
    )
    state = msgspec.structs.replace(
        state,
        sequence=0,
        time=0,
        plan=plan,
        paths=tuple(paths),
        properties=tuple(sorted(state.properties, key=lambda row: (row.twin_id, row.property))),
        rules=tuple(sorted(state.rules, key=lambda row: (row.key.owner.kind, row.key.owner.id, row.key.name))),
        timers=tuple(sorted(state.timers, key=_timer_key)),
        shelvings=tuple(sorted(state.shelvings, key=_shelving_key)),
        past=tuple(sorted(state.past, key=lambda row: (row.twin_id, row.property))),
    )
    return hashlib.sha256(msgspec.msgpack.encode(state, order="deterministic")).hexdigest()


def restore(live: LiveState, data: bytes) -> None:
    """Replaces everything in `live`. Raises Unavailable for bytes that are no snapshot of this version."""
    try:
        state = _decode(data)
    except UNREADABLE as error:
        raise _unreadable(data, str(error)) from error
    if state.version != VERSION:
        raise _unreadable(data, "")
    fill(live, state)


def fill(live: LiveState, state: State) -> None:
    """Replaces everything in `live`."""
    live.clear()
    loading.load(live, state.plan)
    live.sequence, live.time, live.serial = state.sequence, state.time, state.serial
    live.settings = state.settings
    for path in state.paths:
        twin = live.twins[path.twin_id]
        twin.alive, twin.contact, twin.reason = path.alive, path.contact, path.reason
        twin.path, twin.fallback = path.path, path.fallback
        twin.gap, twin.gaps = path.gap, path.gaps
        twin.last_contact, twin.source = path.last_contact, path.source
        twin.events = path.events
        twin.sends, twin.acted = path.sends, path.acted
        if path.clock:
            twin.clock = _clock(path.clock)
    for row in state.properties:
        live.land_property(row)
    for rule_row in state.rules:
        rule = live.rule(rule_row.key)
        if rule is not None:
            rule.active, rule.evidence = rule_row.active, VERDICT[rule_row.evidence]
            rule.since, rule.settled, rule.cause = rule_row.since, rule_row.settled, rule_row.cause
            rule.turned_at, rule.loops, rule.follows = rule_row.turned_at, rule_row.loops, rule_row.follows
            rule.unknown_since = rule_row.unknown_since
    for alert in state.alerts:
        live.alerts[alert.alert_id] = alert
        live.alerts_of.setdefault(alert.owner, {})[(alert.behavior, alert.code)] = alert.alert_id
    live.calls = {call.call_id: call for call in state.calls}
    live.finished = {call.call_id: call for call in state.finished}
    live.waiting = dict.fromkeys(state.waiting)
    live.elapsed.began, live.elapsed.behind = state.run
    live.elapsed.steps = state.steps
    for timer in state.timers:
        live.timers.put(timer)
    live.shelvings = {shelving.key: shelving for shelving in state.shelvings}
    live.raises.restore(state.raises)
    for kept in state.past:
        cell = live.cell(kept.twin_id, kept.property)
        if cell is not None and cell.past is not None:
            cell.past.last, cell.past.previous = kept.last, kept.previous
            for window, points in kept.rings:
                if (ring := cell.past.rings.get(window)) is not None:
                    ring.points = deque(points)
    for twin_id, around in state.around:
        live.beyond.update(around)
        live.overlays_of.setdefault(twin_id, set()).update(around)
    live.held_actions = {item.call_id: item for item in state.held_actions}
    live.unread = {key: (call_id, sent_at) for key, call_id, sent_at in state.unread}
    live.counting_since = state.counting_since
    for tally in state.tallies:
        live.land_tally(tally)
    live.deliveries.restore(state.deliveries)


def _unreadable(data: bytes, why: str) -> Unavailable:
    """Other versions have other shapes, of which decoding would say something about the shape."""
    try:
        version = msgspec.msgpack.decode(data)[0]
    except (*UNREADABLE, TypeError, LookupError):
        version = None
    other = isinstance(version, int) and version != VERSION
    told = f"is of version {version}, this program reads {VERSION}" if other else f"can't be read: {why}"
    return Unavailable(
        f"the engine's snapshot {told}",
        code="SNAPSHOT_UNREADABLE",
        hint="start the version that wrote it, or move the journal folder aside to begin a new one: live values and"
        " open alerts are then built up anew",
    )


def state_of(live: LiveState, part: Part | None = None) -> State:
    twins = list(live.twins.values()) if part is None else [live.twins[twin_id] for twin_id in part.twins]
    overlays = list(live.overlays.values()) if part is None else [live.overlays[id] for id in part.overlays]
    owners: list[Owner] = [*twins, *overlays]
    inside = _inside(part, owners)
    beyond = live.beyond if part is None else set(part.around)
    counted = [*(owner.key for owner in owners), *(OwnerKey("overlay", id) for id in sorted(beyond))] if part else []
    return State(
        VERSION,
        live.sequence,
        live.time,
        live.serial,
        live.settings,
        Plan(
            live.catalogue_revision,
            tuple(
                live.shapes[shape_id].shape
                for shape_id in (live.shapes if part is None else dict.fromkeys(it.plan.shape_id for it in owners))
            ),
            tuple(twin.plan for twin in twins),
            tuple(overlay.plan for overlay in overlays),
        ),
        _with_news(
            _Path(
                twin.key.id,
                twin.alive,
                twin.contact,
                twin.gap,
                twin.gaps,
                twin.reason,
                twin.path,
                twin.fallback,
                twin.last_contact,
                twin.source,
                tuple(twin.events),
                dict(twin.sends),
                twin.acted,
                _clock_row(twin.clock),
            )
            for twin in twins
        ),
        tuple(cell.changed() for twin in twins for cell in twin.cells.values() if not cell.untouched()),
        tuple(
            _RuleRow(
                rule.key,
                rule.active,
                EVIDENCE[rule.evidence],
                rule.since,
                rule.settled,
                rule.turned_at,
                rule.loops,
                rule.follows,
                rule.cause,
                rule.unknown_since,
            )
            for owner in owners
            for rule in owner.rules.values()
            if rule.active
            or rule.evidence is not None
            or rule.since
            or rule.settled
            or rule.turned_at
            or rule.cause
            or rule.unknown_since
        ),
        tuple(live.alerts.values())
        if part is None
        else tuple(alert for key in counted for alert in live.alerts_owned(key) if inside(key) or not alert.behavior),
        tuple(call for call in live.calls.values() if inside(_of_call(call))),
        tuple(call for call in live.finished.values() if inside(_of_call(call))),
        tuple(call_id for call_id in live.waiting if inside(_of_call(live.calls[call_id]))),
        tuple(live.timers.all())
        if part is None
        else tuple(timer for key in _keys(owners, counted) for timer in live.timers.of(key)),
        tuple(held for held in live.held_actions.values() if inside(held.key.owner)),
        tuple(
            (key, call_id, sent_at)
            for key, (call_id, sent_at) in live.unread.items()
            if inside(OwnerKey("twin", key.twin_id))
        ),
        tuple(
            _Past(
                twin.key.id,
                name,
                past.last,
                past.previous,
                tuple((window, tuple(ring.points)) for window, ring in past.rings.items()),
            )
            for twin in twins
            for name, cell in twin.cells.items()
            if (past := cell.past) is not None and past.holds()
        ),
        (live.elapsed.began, live.elapsed.behind),
        live.elapsed.steps,
        tuple(live.shelvings.values()),
        live.raises.rows(live.time),
        tuple(
            (twin.key.id, tuple(sorted(around)))
            for twin in (twins if beyond else ())
            if (around := beyond & live.overlays_of.get(twin.key.id, set()))
        ),
        live.counting_since,
        tuple(live.tallies.values()) if part is None else (),
        live.deliveries.rows() if part is None else (),
    )


def _keys(owners: Iterable[Owner], counted: Iterable[OwnerKey]) -> Iterator[BehaviorKey]:
    """Of the rules, and of what is no rule's: floods."""
    for owner in owners:
        for rule in owner.rules.values():
            yield rule.key
    for key in counted:
        yield BehaviorKey(key, "")


def _inside(part: Part | None, owners: Iterable[Owner]) -> Callable[[OwnerKey], bool]:
    keys = {owner.key for owner in owners} if part is not None else set()
    return (lambda _: True) if part is None else keys.__contains__


def _of_call(call: Call) -> OwnerKey:
    return call.behavior.owner if call.behavior is not None else OwnerKey("twin", call.twin_id)


def _with_news(paths: Iterable[_Path]) -> tuple[_Path, ...]:
    """Without those of which nothing was ever heard."""
    return tuple(path for path in paths if any(msgspec.structs.astuple(path)[1:]))


def _clock_row(clock: PathClock | None) -> tuple[int, ...]:
    if clock is None:
        return ()
    return (clock.offset, clock.ahead, clock.late, clock.rebased, clock.streak, clock.received, clock.timestamp)


def _clock(row: tuple[int, ...]) -> PathClock:
    clock = PathClock()
    clock.offset, clock.ahead, clock.late, clock.rebased, clock.streak, clock.received, clock.timestamp = row
    return clock


def _timer_key(timer: Timer) -> tuple[str, ...]:
    key = timer.key
    return key.owner.kind, key.owner.id, key.behavior, key.slot


def _shelving_key(shelving: Shelving) -> tuple[str, ...]:
    key = shelving.key
    return key.owner.kind, key.owner.id, key.behavior, key.code


def _shape_id(shape: Shape) -> str:
    return shape.shape_id


def _twin_id(twin: TwinPlan) -> str:
    return twin.twin_id


def _overlay_id(overlay: OverlayPlan) -> str:
    return overlay.overlay_id
