"""What a snapshot holds of each twin and overlay: its plan, and what is not as it was made.

Of a plant that was just described, the second is next to nothing. Path clocks are knowledge of one run (Started forgets
them), hence in a snapshot but not in a digest.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from app.engine.cells import EVIDENCE, VERDICT, OverlayState, Owner, PathClock, TwinState
from app.engine.live import LiveState
from app.model.events import Cause, Evidence, PropertyChanged, TwinEventOccurred
from app.model.plan import BehaviorKey, OverlayPlan, OwnerKey, TwinPlan
from app.model.time import Micros
from app.model.values import Value


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


class Owned(msgspec.Struct, frozen=True, array_like=True):
    """Of some twins and overlays, as they were at one moment."""

    twins: tuple[TwinPlan, ...]
    overlays: tuple[OverlayPlan, ...]
    paths: tuple[_Path, ...]
    properties: tuple[PropertyChanged, ...]
    rules: tuple[_RuleRow, ...]
    past: tuple[_Past, ...]
    again: tuple[OwnerKey, ...] = ()
    """Whose these are, where they overtake what was taken of them before; their plans are there."""


def owned_by(owners: Sequence[Owner], *, again: bool = False) -> Owned:
    """`again`: their plans have been taken."""
    twins = [owner for owner in owners if isinstance(owner, TwinState)]
    overlays = [owner for owner in owners if isinstance(owner, OverlayState)]
    return Owned(
        () if again else tuple([twin.plan for twin in twins]),
        () if again else tuple([overlay.plan for overlay in overlays]),
        tuple([path for path in map(_path, twins) if _tells(path)]),
        tuple([cell.changed() for twin in twins for cell in twin.cells.values() if not cell.untouched()]),
        tuple(_rules(owners)),
        tuple(_pasts(twins)),
        tuple([owner.key for owner in owners]) if again else (),
    )


def latest(taken: Iterable[Owned]) -> list[Owned]:
    """Without what was overtaken."""
    found: list[Owned] = []
    later: set[OwnerKey] = set()
    twins: set[str] = set()
    for owned in reversed(list(taken)):
        found.append(_without(owned, later, twins) if later else owned)
        later.update(owned.again)
        twins.update([key.id for key in owned.again if key.kind == "twin"])
    return found[::-1]


def _without(owned: Owned, later: set[OwnerKey], twins: set[str]) -> Owned:
    """`twins`: those among the later."""
    return msgspec.structs.replace(
        owned,
        paths=tuple([path for path in owned.paths if path.twin_id not in twins]),
        properties=tuple([row for row in owned.properties if row.twin_id not in twins]),
        rules=tuple([row for row in owned.rules if row.key.owner not in later]),
        past=tuple([row for row in owned.past if row.twin_id not in twins]),
    )


def comparable(owned: Owned) -> Owned:
    """Equal wherever the owners are: in one order, without what is not of the state."""
    paths = [msgspec.structs.replace(path, clock=()) for path in owned.paths]
    return msgspec.structs.replace(
        owned,
        twins=tuple(sorted(owned.twins, key=lambda twin: twin.twin_id)),
        overlays=tuple(sorted(owned.overlays, key=lambda overlay: overlay.overlay_id)),
        paths=tuple(sorted((path for path in paths if _tells(path)), key=lambda path: path.twin_id)),
        properties=tuple(sorted(owned.properties, key=lambda row: (row.twin_id, row.property))),
        rules=tuple(sorted(owned.rules, key=lambda row: (row.key.owner.kind, row.key.owner.id, row.key.name))),
        past=tuple(sorted(owned.past, key=lambda row: (row.twin_id, row.property))),
    )


def fill_owned(live: LiveState, owned: Owned) -> None:
    """Into twins and overlays that were loaded and nothing else has happened to."""
    for path in owned.paths:
        twin = live.twins[path.twin_id]
        twin.alive, twin.contact, twin.reason = path.alive, path.contact, path.reason
        twin.path, twin.fallback = path.path, path.fallback
        twin.gap, twin.gaps = path.gap, path.gaps
        twin.last_contact, twin.source = path.last_contact, path.source
        twin.events = path.events
        twin.sends, twin.acted = path.sends, path.acted
        if path.clock:
            twin.clock = _clock(path.clock)
    for row in owned.properties:
        live.land_property(row)
    for rule_row in owned.rules:
        rule = live.rule(rule_row.key)
        if rule is not None:
            rule.active, rule.evidence = rule_row.active, VERDICT[rule_row.evidence]
            rule.since, rule.settled, rule.cause = rule_row.since, rule_row.settled, rule_row.cause
            rule.turned_at, rule.loops, rule.follows = rule_row.turned_at, rule_row.loops, rule_row.follows
            rule.unknown_since = rule_row.unknown_since
    for kept in owned.past:
        cell = live.cell(kept.twin_id, kept.property)
        if cell is not None and cell.past is not None:
            cell.past.last, cell.past.previous = kept.last, kept.previous
            for window, points in kept.rings:
                if (ring := cell.past.rings.get(window)) is not None:
                    ring.points = deque(points)


def _tells(path: _Path) -> bool:
    """Whether anything was ever heard of it."""
    return any(msgspec.structs.astuple(path)[1:])


def _path(twin: TwinState) -> _Path:
    return _Path(
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


def _rules(owners: Iterable[Owner]) -> Iterator[_RuleRow]:
    for owner in owners:
        for rule in owner.rules.values():
            if (
                rule.active
                or rule.evidence is not None
                or rule.since
                or rule.settled
                or rule.turned_at
                or rule.cause
                or rule.unknown_since
            ):
                yield _RuleRow(
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


def _pasts(twins: Iterable[TwinState]) -> Iterator[_Past]:
    for twin in twins:
        for name, cell in twin.cells.items():
            past = cell.past
            if past is not None and past.holds():
                rings = tuple((window, tuple(ring.points)) for window, ring in past.rings.items())
                yield _Past(twin.key.id, name, past.last, past.previous, rings)


def _clock_row(clock: PathClock | None) -> tuple[int, ...]:
    if clock is None:
        return ()
    return (clock.offset, clock.ahead, clock.late, clock.rebased, clock.streak, clock.received, clock.timestamp)


def _clock(row: tuple[int, ...]) -> PathClock:
    clock = PathClock()
    clock.offset, clock.ahead, clock.late, clock.rebased, clock.streak, clock.received, clock.timestamp = row
    return clock
