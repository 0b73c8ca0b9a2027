"""The engine's whole state as bytes, and back, without any graph: owners as loaded, values, behaviors, alerts, calls.

Compiled functions, readers and the stale queue are not in it; they follow from what is. What is each twin's and
overlay's own is in owned.py; taking.py takes that a little at a time.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator

import msgspec

from app.engine import loading
from app.engine.cells import Owner
from app.engine.deliveries import Rows
from app.engine.live import LiveState
from app.engine.owned import Owned, comparable, fill_owned, latest, owned_by
from app.engine.part import Part
from app.engine.raises import Raise
from app.errors import Unavailable
from app.model.events import Alert, Call, EngineSettings, Shelving, Timer, WaitingActions
from app.model.ledger import Tally
from app.model.plan import BehaviorKey, OwnerKey, Plan, PropertyKey, Shape
from app.model.time import Micros
from app.model.unreadable import UNREADABLE

VERSION = 23


class State(msgspec.Struct, frozen=True, array_like=True):
    """Of a whole plant, or of a part of it; all of it is data that nobody changes any more."""

    sequence: int
    time: Micros
    serial: int
    settings: EngineSettings
    catalogue_revision: int
    shapes: tuple[Shape, ...]
    owned: tuple[Owned, ...]
    alerts: tuple[Alert, ...]
    calls: tuple[Call, ...]
    finished: tuple[Call, ...]
    waiting: tuple[str, ...]
    timers: tuple[Timer, ...]
    held_actions: tuple[WaitingActions, ...]
    unread: tuple[tuple[PropertyKey, str, Micros], ...]
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


class _Snapshot(msgspec.Struct, frozen=True, array_like=True):
    version: int
    owned: tuple[Owned, ...]
    state: State
    """With nothing owned."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Snapshot).decode
_BEGINNING = _encode((VERSION, (), None))[:-2] + b"\xdd"
"""An array of any length follows: four bytes, then what is owned."""


class Writing:
    """A snapshot on its way: what is owned comes first, as it is taken, so that little is left for the end."""

    def __init__(self) -> None:
        self._written = bytearray(_BEGINNING + bytes(4))
        self._count = 0

    def add(self, owned: Owned) -> None:
        self._written += _encode(owned)
        self._count += 1

    def end(self, live: LiveState) -> bytearray:
        """With all that is nobody's own, of now."""
        self._written[len(_BEGINNING) : len(_BEGINNING) + 4] = self._count.to_bytes(4)
        self._written += _encode(state_of(live, owned=()))
        return self._written


def snapshot(live: LiveState) -> bytes:
    writing = Writing()
    writing.add(owned_by([*live.twins.values(), *live.overlays.values()]))
    return bytes(writing.end(live))


def digest(live: LiveState) -> str:
    """Equal for equal states, however they were reached: decided, folded or restored."""
    state = state_of(live)
    state = msgspec.structs.replace(
        state,
        sequence=0,
        time=0,
        shapes=tuple(sorted(state.shapes, key=_shape_id)),
        owned=tuple(comparable(owned) for owned in state.owned),
        timers=tuple(sorted(state.timers, key=_timer_key)),
        shelvings=tuple(sorted(state.shelvings, key=_shelving_key)),
    )
    return hashlib.sha256(msgspec.msgpack.encode(state, order="deterministic")).hexdigest()


def restore(live: LiveState, data: bytes) -> None:
    """Replaces everything in `live`. Raises Unavailable for bytes that are no snapshot of this version."""
    try:
        found = _decode(data)
    except UNREADABLE as error:
        raise _unreadable(data, str(error)) from error
    if found.version != VERSION:
        raise _unreadable(data, "")
    fill(live, msgspec.structs.replace(found.state, owned=found.owned))


def fill(live: LiveState, state: State) -> None:
    """Replaces everything in `live`."""
    live.clear()
    found = latest(state.owned)
    twins = tuple(plan for owned in found for plan in owned.twins)
    overlays = tuple(plan for owned in found for plan in owned.overlays)
    loading.load(live, Plan(state.catalogue_revision, state.shapes, twins, overlays))
    live.sequence, live.time, live.serial = state.sequence, state.time, state.serial
    live.settings = state.settings
    for owned in found:
        fill_owned(live, owned)
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


def state_of(live: LiveState, part: Part | None = None, owned: tuple[Owned, ...] | None = None) -> State:
    """`owned`, where that has been taken already."""
    twins = list(live.twins.values()) if part is None else [live.twins[twin_id] for twin_id in part.twins]
    overlays = list(live.overlays.values()) if part is None else [live.overlays[id] for id in part.overlays]
    owners: list[Owner] = [*twins, *overlays]
    inside = _inside(part, owners)
    beyond = live.beyond if part is None else set(part.around)
    counted = [*(owner.key for owner in owners), *(OwnerKey("overlay", id) for id in sorted(beyond))] if part else []
    return State(
        live.sequence,
        live.time,
        live.serial,
        live.settings,
        live.catalogue_revision,
        tuple(
            live.shapes[shape_id].shape
            for shape_id in (live.shapes if part is None else dict.fromkeys(it.plan.shape_id for it in owners))
        ),
        (owned_by(owners),) if owned is None else owned,
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


def _timer_key(timer: Timer) -> tuple[str, ...]:
    key = timer.key
    return key.owner.kind, key.owner.id, key.behavior, key.slot


def _shelving_key(shelving: Shelving) -> tuple[str, ...]:
    key = shelving.key
    return key.owner.kind, key.owner.id, key.behavior, key.code


def _shape_id(shape: Shape) -> str:
    return shape.shape_id
