"""What conditions mean, as naively as it can be said: everything is worked out anew from the whole history each time.

It knows no timers, no facts and no state of before. A history is a list of instants, one for each second and one for
each thing that happened; a condition is a list of what it came to at each of them. It is slow, and only for tests;
where the engine and it differ, one of them is wrong. Moments are whole seconds here.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from math import inf
from typing import Any

from app.model.conditions import (
    Aggregate,
    Among,
    And,
    Arithmetic,
    Between,
    Changed,
    Compare,
    Condition,
    Duration,
    EventValue,
    Every,
    Evidence,
    Held,
    Literal,
    Node,
    Not,
    Occurred,
    Or,
    Previous,
    PropertyRef,
    Rate,
    Within,
    children,
    is_pulse,
    nodes,
    references,
)
from app.model.time import SECOND

Truth = bool | None
MAX_SKEW = 5


@dataclass(frozen=True)
class Instant:
    """One moment, with the one thing that happened then, if any."""

    time: int
    """What the engine's clock shows."""
    lived: int = 0
    """Seconds since the instant before that the server was there for: none of an outage or of a clock that was set."""
    down: int = 0
    """Those of an outage."""
    started: bool = False
    path: tuple[str, bool] | None = None
    """(twin, alive)."""
    sample: tuple[str, str, Any, str, int] | None = None
    """(twin, property, value, quality, the source's time)."""
    manual: tuple[str, str, Any] | None = None
    override: tuple[str, str, Any] | None = None
    """(twin, property, forced value, "out" or None for its end)."""
    event: tuple[str, str, Any] | None = None
    """(twin, event, value of its parameter)."""


@dataclass
class Shown:
    """A property at an instant."""

    value: Any = None
    quality: str = "bad"
    timestamp: int = 0
    reported: int | None = None
    """The instant of the last report."""
    reported_at: int = 0
    stale: bool = False
    silent: bool = False
    live: Any = None
    forced: bool = False
    out: bool = False
    in_touch: bool = True
    """Whether its path was told alive or silent in this run."""
    heard: bool = True
    """Whether it was reported since its path was last lost, if ever."""
    fresh: bool = False
    """Whether a reading changed it at this very instant."""
    changed: bool = False
    known_before: list[Any] = field(default_factory=list)
    """The values that it was known to have, each once in a row."""
    points: list[tuple[int, Any]] = field(default_factory=list)
    """(source time, value) since it was last unknown."""


class Reference:
    """`mapped`: (twin, property) of what devices feed; all else is manual. `twin_of`: whom a condition names, where it
    asks members of a role one by one `role/twin`. `members`: who fills the role of many. `doubled`: a computed property
    is twice the other. `loaded`: the instant at which the rules were."""

    def __init__(
        self,
        mapped: set[tuple[str, str]],
        twin_of: Callable[[str | None], str],
        members: Sequence[str] = (),
        doubled: Mapping[str, str] | None = None,
        loaded: int = 0,
    ) -> None:
        self.mapped = mapped
        self.twin_of = twin_of
        self.members = members
        self.doubled = doubled or {}
        self.loaded = loaded

    # ------------------------------------------------------------ rules

    def behavior(
        self, condition: Condition, history: Sequence[Instant], later: Sequence[tuple[int, Condition]] = ()
    ) -> list[tuple[str, str, bool]]:
        """(state, evidence, whether it fired) at each instant of the history. `later`: conditions that ask for the
        values of now alone, each from the instant at which it took the place of the one before."""
        told = _Told(self, tuple(history), condition)
        truths = told.of(condition)
        if is_pulse(condition):
            return _fired(truths, told.quiet(condition), told.pulsed())
        for at, other in later:
            truths = [*truths[:at], *_Told(self, tuple(history), other).of(other)[at:]]
        found, active = [], False
        for truth in truths:
            active = active if truth is None else truth
            found.append(("active" if active else "inactive", _EVIDENCE[truth], False))
        return found


_EVIDENCE = {True: "true", False: "false", None: "unknown"}


def _fired(truths: list[Truth], quiet: list[Truth], pulsed: list[bool]) -> list[tuple[str, str, bool]]:
    """Of a rule that something happens to. After a pulse of which nobody knew whether it counts, that is shown until
    the rule is woken again, whenever that is."""
    found, doubt = [], False
    for truth, still, pulse in zip(truths, quiet, pulsed, strict=True):
        if pulse:
            doubt = truth is None
        found.append(("inactive", "unknown?" if doubt else _EVIDENCE[still], pulse and truth is True))
    return found


class _Told:
    """Everything that can be said of one condition over one history."""

    def __init__(self, reference: Reference, history: tuple[Instant, ...], condition: Condition) -> None:
        self.history = history
        self.condition = condition
        self.reference = reference
        alone = {(reference.twin_of(ref.owner), ref.name) for ref in _alone(condition)}
        items = [of for node in nodes(condition) if isinstance(node, Aggregate) for of in self.each(node)]
        asked = [ref for item in items for ref in references(item)]
        self.reads = [*alone, *((reference.twin_of(ref.owner), ref.name) for ref in asked)]
        self.on_devices = any(self.source(read) in reference.mapped for read in self.reads)
        self.cells = {read: self._shown(*read) for read in self.reads}
        self.of = cache(self._of)
        self.without_pulses = False

    def each(self, node: Aggregate) -> list[Condition]:
        """What is asked of each member."""
        assert node.item is not None
        return [_about(node.item, node.over, member) for member in self.reference.members]

    def source(self, read: tuple[str, str]) -> tuple[str, str]:
        """What a computed property is computed from."""
        return read[0], self.reference.doubled.get(read[1], read[1])

    # ------------------------------------------------------------ properties

    def _shown(self, twin: str, name: str) -> list[Shown]:
        if name in self.reference.doubled:
            twice = [Shown(**vars(shown)) for shown in self._shown(*self.source((twin, name)))]
            for shown in twice:
                shown.live = None if shown.live is None else 2 * shown.live
            return twice
        mapped = (twin, name) in self.reference.mapped
        found: list[Shown] = []
        now = Shown(in_touch=not mapped)
        alive = False
        lost = True
        forced: Any = None
        for index, at in enumerate(self.history):
            was = now
            now = Shown(**{**vars(was), "fresh": False, "changed": False})
            if mapped and (at.started or (alive and at.path == (twin, False))):
                alive, lost = False, True
            if at.started and mapped:
                now.in_touch = False
            if at.path is not None and at.path[0] == twin and mapped:
                alive = at.path[1]
                now.in_touch = True
            if at.sample is not None and at.sample[:2] == (twin, name):
                _, _, value, quality, timestamp = at.sample
                was_lost = lost
                now.quality, now.reported, now.reported_at, lost = quality, index, at.time, False
                now.fresh = quality != "bad" and ((value, quality) != (was.value, was.quality) or was_lost)
                if quality != "bad":
                    now.value, now.timestamp = value, timestamp
            if at.manual is not None and at.manual[:2] == (twin, name):
                now.value, now.quality, now.reported, now.reported_at = at.manual[2], "good", index, at.time
                now.timestamp, lost = at.time, False
            if at.override is not None and at.override[:2] == (twin, name):
                forced = at.override[2]
            now.forced, now.out = forced is not None and forced != "out", forced == "out"
            now.heard = not mapped or forced is not None or (alive and (not lost or now.value is None))
            now.silent = mapped and not alive
            now.stale = mapped and (not alive or (lost and now.value is not None)) and forced is None
            known = now.value is not None and now.quality != "bad" and not lost and (alive or not mapped)
            now.live = forced if now.forced else now.value if known and not now.out else None
            if now.live is not None and (not now.known_before or now.known_before[-1] != now.live):
                now.changed = bool(now.known_before)
                now.known_before = [*now.known_before, now.live]
            if now.live is None or now.forced:
                now.points = []
            elif not now.points or now.points[-1][1] != now.live:
                now.points = [*now.points, (max(now.timestamp, now.points[-1][0] if now.points else 0), now.live)]
            found.append(now)
        return found

    def cell(self, ref: PropertyRef) -> list[Shown]:
        return self.cells[self.reference.twin_of(ref.owner), ref.name]

    def heard(self, index: int) -> bool:
        """Whether all that the rule reads was heard of in this run."""
        return all(cells[index].heard for cells in self.cells.values())

    def since(self, index: int) -> int:
        """How long ago, in seconds, the reading was measured that is the last thing that happened."""
        at = self.history[index]
        for read in self.reads:
            if at.sample is not None and self.source(read) == at.sample[:2] and self.cells[read][index].fresh:
                return max(0, min(MAX_SKEW, at.time - self.cells[read][index].timestamp))
        return 0

    # ------------------------------------------------------------ conditions

    def _of(self, node: Condition) -> list[Any]:
        size = range(len(self.history))
        match node:
            case Literal(value=value):
                return [value for _ in size]
            case Duration(micros=micros):
                return [micros // SECOND for _ in size]
            case PropertyRef():
                return [shown.live for shown in self.cell(node)]
            case Previous(ref=ref):
                return [
                    shown.known_before[-2] if shown.live is not None and len(shown.known_before) > 1 else None
                    for shown in self.cell(ref)
                ]
            case Evidence(function="age"):
                raise AssertionError("only compared")
            case Evidence(function=function, ref=ref):
                return [_evidence(function, shown) for shown in self.cell(ref)]
            case Compare(op=op, left=Evidence(function="age", ref=ref), right=Duration(micros=micros)):
                return self._age(op, ref, micros // SECOND)
            case Compare(op=op, left=Aggregate(function="count" | "min" | "max") as left, right=Literal(value=right)):
                return [_settled(left, values, op, right) for values in self._gathered(left)]
            case Aggregate():
                return [_together(node, values) for values in self._gathered(node)]
            case Compare(op=op, left=left, right=right):
                return [_compare(op, *pair) for pair in zip(self.of(left), self.of(right), strict=True)]
            case Arithmetic(op="/", left=left, right=right):
                return [_divide(*pair) for pair in zip(self.of(left), self.of(right), strict=True)]
            case Between(item=item, low=low, high=high):
                return self.of(And((Compare(">=", item, low), Compare("<=", item, high))))
            case Among(item=item, values=values):
                return self.of(Or(tuple(Compare("==", item, value) for value in values)))
            case Not(item=item):
                return [None if truth is None else not truth for truth in self.of(item)]
            case And(items=items):
                return [_and(row) for row in zip(*map(self.of, items), strict=True)]
            case Or(items=items):
                return [_or(row) for row in zip(*map(self.of, items), strict=True)]
            case Held(item=item, duration=duration):
                return self._held(self.of(item), duration // SECOND)
            case Within(item=item, duration=duration, other=other):
                recent = self._recent(self.of(other), duration // SECOND)
                return [_and(row) for row in zip(self.of(item), recent, strict=True)]
            case Rate(ref=ref, window=window):
                return self._rate(ref, window // SECOND)
            case Changed(ref=ref):
                return [shown.changed and not self.without_pulses for shown in self.cell(ref)]
            case Occurred(owner=owner, event=event):
                twin = self.reference.twin_of(owner)
                return [
                    at.event is not None and at.event[:2] == (twin, event) and not self.without_pulses
                    for at in self.history
                ]
            case EventValue(owner=owner, event=event):
                twin = self.reference.twin_of(owner)
                return [
                    at.event[2]
                    if at.event is not None and at.event[:2] == (twin, event) and not self.without_pulses
                    else None
                    for at in self.history
                ]
            case Every():
                return [struck and not self.without_pulses for struck in self._struck(node)]
            case _:
                raise AssertionError(node)

    def _gathered(self, node: Aggregate) -> list[list[Any] | None]:
        """What each member comes to. None while it is over the known ones and nobody can say who those are."""
        items = self.each(node)
        rows = [list(row) for row in zip(*map(self.of, items), strict=True)]
        if not node.known:
            return [*rows]
        cells = [self.cell(ref) for item in items for ref in references(item)]
        return [row if all(cell[at].in_touch for cell in cells) else None for at, row in enumerate(rows)]

    def _struck(self, node: Every) -> list[bool]:
        """By counting how often it should have by then. What the clock jumped over comes at the next instant."""
        found, before, owed = [], 0, False
        lived = 0
        for index, at in enumerate(self.history):
            lived += at.lived + at.down if index > self.reference.loaded else 0
            if node.interval is not None:
                times = lived // (node.interval // SECOND)
            else:
                times = (at.time - node.minute * 60) // 86_400
            if index <= self.reference.loaded:
                before = times
            jumped = at.started or not at.lived
            found.append(owed or (times > before and not jumped))
            owed = times > before and jumped
            before = times
        return found

    def _held(self, truths: list[Truth], duration: int) -> list[Truth]:
        """By adding up the seconds in which it was TRUE."""
        found: list[Truth] = []
        total: int | None = None
        unknown = 0
        met = doubted = waiting = False
        for index, truth in enumerate(truths):
            at, before = self.history[index], truths[index - 1] if index else None
            if at.started and self.on_devices:
                waiting, unknown = total is not None, 0
            elif not waiting and before is True and total is not None:
                total += at.lived + (0 if self.on_devices else at.down)
                met = met or total >= duration
            elif not waiting and before is None:
                unknown += at.lived + at.down
            if waiting and self.heard(index):
                waiting = False
            if truth is False:
                total, met, doubted, waiting = None, False, False, False
            elif truth is True and not waiting:
                if total is None:
                    total, doubted = self.since(index), False
                    met = total >= duration
                elif unknown > duration:
                    total, doubted = self.since(index), met or doubted
                    met = total >= duration
            if truth is not None and not waiting:
                unknown = 0
            found.append(truth if truth is not True else True if met else None if doubted else False)
        return found

    def _recent(self, truths: list[Truth], duration: int) -> list[Truth]:
        """By counting down the seconds since it was TRUE."""
        found: list[Truth] = []
        left: int | None = None
        waiting = False
        for index, truth in enumerate(truths):
            at, before = self.history[index], truths[index - 1] if index else None
            if at.started and self.on_devices:
                waiting = left is not None
            elif left is not None and not waiting and before is not True:
                left -= at.lived + (0 if self.on_devices else at.down)
            if waiting and self.heard(index):
                waiting = False
            if truth is True:
                left, waiting = duration, False
            elif before is True and left is not None and not waiting:
                left -= self.since(index)
            if left is not None and left <= 0:
                left = None
            found.append(True if left is not None and not waiting else None if left is not None else truth)
        return found

    def _age(self, op: str, ref: PropertyRef, limit: int) -> list[Truth]:
        found: list[Truth] = []
        mapped = (self.reference.twin_of(ref.owner), ref.name) in self.reference.mapped
        for index, shown in enumerate(self.cell(ref)):
            if not shown.in_touch:
                found.append(None)
                continue
            if shown.forced or shown.out:
                old = False
            elif shown.reported is None:
                old = True
            else:
                age, waiting = 0, False
                for later in range(shown.reported + 1, index + 1):
                    at = self.history[later]
                    if at.started and mapped:
                        waiting = True
                    elif waiting and self.cell(ref)[later].in_touch:
                        waiting = False
                    elif not waiting:
                        age += at.lived + (0 if mapped else at.down)
                old = age >= limit
            found.append(old if op == ">=" else not old)
        return found

    def _rate(self, ref: PropertyRef, window: int) -> list[Any]:
        found: list[Any] = []
        for index, shown in enumerate(self.cell(ref)):
            if shown.live is None or shown.forced or shown.reported is None:
                found.append(None)
                continue
            since = sum(at.lived + at.down for at in self.history[shown.reported + 1 : index + 1])
            start = shown.timestamp + since - window
            before = [value for at, value in shown.points if at <= start]
            found.append((shown.live - before[-1]) / window if before else None)
        return found

    # ------------------------------------------------------------ pulses

    def pulsed(self) -> list[bool]:
        """Whether something happened that it asks for."""
        asked = list(nodes(self.condition))
        changes = [self.cell(node.ref) for node in asked if isinstance(node, Changed)]
        events = {(self.reference.twin_of(node.owner), node.event) for node in asked if isinstance(node, Occurred)}
        strikes = [self._struck(node) for node in asked if isinstance(node, Every)]
        return [
            (at.event is not None and at.event[:2] in events)
            or any(cells[index].changed for cells in changes)
            or any(struck[index] for struck in strikes)
            for index, at in enumerate(self.history)
        ]

    def quiet(self, condition: Condition) -> list[Truth]:
        """What it comes to without one: never more than FALSE."""
        self.without_pulses = True
        self.of = cache(self._of)
        found = self.of(condition)
        self.without_pulses = False
        self.of = cache(self._of)
        return [False if truth else truth for truth in found]


def _alone(condition: Condition) -> list[PropertyRef]:
    """The properties that it reads beside members of a role."""
    if isinstance(condition, Aggregate):
        return []
    own = [condition] if isinstance(condition, PropertyRef) else []
    return [*own, *(ref for child in children(condition) for ref in _alone(child))]


def _about(node: Any, over: str, member: str) -> Any:
    """The same, asked of one member."""
    if isinstance(node, PropertyRef) and node.owner == over:
        return PropertyRef(f"{over}/{member}", node.name)
    if isinstance(node, tuple):
        return tuple(_about(item, over, member) for item in node)
    if isinstance(node, Node):
        fields = {name: _about(getattr(node, name), over, member) for name in node.__struct_fields__}
        return type(node)(**fields)
    return node


def _together(node: Aggregate, values: list[Any] | None) -> Any:
    if values is None:
        return None
    values = [value for value in values if value is not None] if node.known else values
    match node.function:
        case "any":
            return _or(values)
        case "all":
            return _and(values)
        case "sum":
            return None if None in values else sum(values)
        case "avg":
            return None if None in values or not values else sum(values) / len(values)
        case "count":
            return None if None in values else values.count(True)
        case _:
            return None if None in values or not values else (min if node.function == "min" else max)(values)


def _settled(node: Aggregate, values: list[Any] | None, op: str, limit: Any) -> Truth:
    """By trying whatever those could be that are not known."""
    if values is None:
        return None
    if node.known:
        return _compare(op, _together(node, values), limit)
    could: list[Any] = [True, False] if node.function == "count" else [-inf, limit, inf]
    tried = product(*([value] if value is not None else could for value in values))
    found = {_compare(op, _together(node, list(each)), limit) for each in tried}
    return found.pop() if len(found) == 1 else None


def _evidence(function: str, shown: Shown) -> Any:
    if not shown.in_touch:
        return None
    match function:
        case "known":
            return shown.live is not None
        case "isStale":
            return shown.stale
        case "isSilent":
            return shown.silent
        case _:
            return "good" if shown.forced else "bad" if shown.out or shown.live is None else shown.quality


_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _compare(op: str, left: Any, right: Any) -> Truth:
    if left is None or right is None:
        return None
    return bool(_ORDERS[op](left, right))


def _divide(left: Any, right: Any) -> Any:
    return None if left is None or right is None or right == 0 else left / right


def _and(row: Sequence[Truth]) -> Truth:
    return False if False in row else None if None in row else True


def _or(row: Sequence[Truth]) -> Truth:
    return True if True in row else None if None in row else False
