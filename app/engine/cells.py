"""The live objects: a cell per property, a rule per behavior, and the twins and overlays that have them.

A cell knows the rules that read it, so an update costs what those rules cost, however many owners there are. `live`
is what conditions see: the forced value, or the value while it is known, else None; whoever changes any other field
sets it too. All other fields are what is reported, whatever a person has put over it.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from app.engine.asides import NO_ASIDES, SAYING, Aside, questions
from app.engine.at_once import Together, Verdicts, together
from app.engine.compile import (
    TYPE_OF,
    Compiled,
    Reads,
    TooDeep,
    ValueType,
    compile_condition,
    compile_expression,
    reads,
)
from app.engine.formulas import NO_FORMULAS, Formula, formulas_of
from app.engine.past import Past
from app.engine.slots import Test
from app.engine.values import Spec
from app.model.conditions import Arithmetic, Condition, Negative, PropertyRef, nodes
from app.model.definitions import Lifecycle
from app.model.events import Cause, Evidence, PropertyChanged, TwinEventOccurred
from app.model.plan import (
    ActionPlan,
    AlertPlan,
    BehaviorKey,
    ExpectPlan,
    OverlayPlan,
    OwnerKey,
    Rule,
    Shape,
    TwinPlan,
)
from app.model.time import Micros
from app.model.values import Override, PropertyState, Quality, Value, in_effect

if TYPE_CHECKING:
    from app.engine.gathered import Gathered
    from app.engine.interlocks import InterlockState
    from app.engine.memory import Memory

KEPT_EVENTS = 20

EVIDENCE: Mapping[bool | None, Evidence] = {True: "true", False: "false", None: "unknown"}
VERDICT: Mapping[Evidence, bool | None] = {"true": True, "false": False, "unknown": None}


class ShapeState:
    """What all owners of a shape share: property specs, methods, and rules compiled once per combination of types."""

    __slots__ = (
        "_asked",
        "_calculates",
        "_compiled",
        "_mapped",
        "_reads",
        "computed",
        "events",
        "methods",
        "shape",
        "specs",
        "users",
    )

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.specs = {plan.name: Spec(plan) for plan in shape.properties}
        self.computed = formulas_of(self.specs)
        self.methods = {plan.name: plan for plan in shape.methods}
        self.events = {
            plan.name: {parameter.name: Spec(parameter) for parameter in plan.parameters} for plan in shape.events
        }
        """By name, of each its parameters."""
        self.users = 0
        self._mapped: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._reads: dict[int, Reads | str] = {}
        self._calculates: dict[int, bool] = {}
        self._asked: dict[int, Mapping[str, Reads | str]] = {}
        self._compiled: dict[_Variant, Compiled] = {}

    def shared(self, plan: TwinPlan) -> TwinPlan:
        """The plan with what is equal in every twin's being one object: one that was read from a journal or a snapshot
        brings its own copy of each text."""
        mapped = self._mapped.setdefault(plan.mapped, plan.mapped)
        if mapped is plan.mapped and plan.shape_id is self.shape.shape_id:
            return plan
        return msgspec.structs.replace(
            plan, mapped=mapped, shape_id=self.shape.shape_id, twin_type=sys.intern(plan.twin_type)
        )

    def reads(self, index: int) -> Reads | str:
        """What rule number `index` names (interlocks count behind the rules), or the error it is shown with where it
        can't be run."""
        found = self._reads.get(index)
        if found is None:
            rules, interlocks = self.shape.rules, self.shape.interlocks
            condition = (rules[index] if index < len(rules) else interlocks[index - len(rules)]).condition
            found = "CONDITION_MISSING the behavior has no condition"
            if condition is not None:
                found = _readable(condition)
            self._reads[index] = found
        return found

    def calculates(self, index: int) -> bool:
        """Whether the condition of rule number `index` has arithmetic of its own, which may come to nothing."""
        found = self._calculates.get(index)
        if found is None:
            condition = self.shape.rules[index].condition
            found = condition is not None and any(isinstance(it, Arithmetic | Negative) for it in nodes(condition))
            self._calculates[index] = found
        return found

    def asked(self, index: int) -> Mapping[str, Reads | str]:
        """The same of what it asks beside its condition, by name."""
        found = self._asked.get(index)
        if found is None:
            rules = self.shape.rules
            asked = questions(rules[index]) if index < len(rules) else {}
            found = self._asked[index] = {name: _readable(condition) for name, condition in asked.items()}
        return found

    def compiled(
        self,
        index: int,
        reads: Reads,
        cells: "list[Cell | None]",
        bound: tuple[bool, ...],
        parameters: tuple[Spec | None, ...],
        aside: str = "",
    ) -> Compiled:
        """Rule number `index` for owners whose references resolve to `cells`, whose names are `bound` or not, and whose
        events have these `parameters`.

        Twins of a shape agree on types and bindings, so they share one function; overlays of a shape nearly always do.
        """
        types = tuple(TYPE_OF[cell.spec.plan.data_type] if cell is not None else None for cell in cells)
        key = (index, types, bound, parameters, aside)
        found = self._compiled.get(key)
        if found is None:
            write = compile_expression if aside.startswith(SAYING) else compile_condition
            found = write(
                reads.condition,
                dict(zip(reads.properties, types, strict=True)),
                dict(zip(reads.owners, bound, strict=True)),
                dict(zip(reads.parameters, parameters, strict=True)),
            )
            self._compiled[key] = found
        return found


def _readable(condition: Condition) -> Reads | str:
    try:
        return reads(condition)
    except TooDeep:
        return "CONDITION_TOO_DEEP the condition nests too deeply to be run"


_Variant = tuple[int, tuple[ValueType | None, ...], tuple[bool, ...], tuple[Spec | None, ...], str]

NO_READING = "NoReading"
PATH_SILENT = "PathSilent"
STALE = "Stale"
"""Why a value is not known: its twin's path is silent, or has not had contact in this run, or it was not reported for
longer than it may be."""


class Cell:
    """The live state of one property of one twin."""

    __slots__ = (
        "feeds",
        "live",
        "mapped",
        "marks",
        "operands",
        "override",
        "past",
        "pathed",
        "quality",
        "queued",
        "readers",
        "reason",
        "reported_at",
        "source",
        "spec",
        "straight",
        "timestamp",
        "together",
        "twin",
        "value",
        "verdicts",
    )

    def __init__(self, twin: "TwinState", spec: Spec, mapped: bool) -> None:
        self.twin = twin
        self.spec = spec
        self.mapped = mapped
        self.pathed = mapped and twin.plan.connected
        """Whether its value is worth nothing while the twin's path is silent."""
        self.override: Override | None = None
        """Set by LiveState.override, which keeps the list of all."""
        self.straight = mapped
        """Whether a reading goes the short way (samples.py): a connector feeds it, nothing stands over it,
        nothing is computed from it, and nobody asks for more than its value."""
        self.value: Value = None
        self.live: Value = None
        self.quality: Quality = "bad"
        self.reason: str | None = NO_READING
        self.timestamp: Micros = 0
        self.reported_at: Micros = 0
        self.source: str | None = None
        """Who gave the value, where no connector feeds it."""
        self.queued = False
        """Whether the stale queue has an entry for it."""
        self.readers: tuple[RuleState, ...] = ()
        """In the order in which they are evaluated; `combine` whenever they are others."""
        self.together: Together | None = None
        self.operands: Cell | tuple[Cell, ...] = ()
        """What asks all of them at once, and of what (itself, or several); None where each must be asked."""
        self.verdicts: Verdicts | None = None
        """Their evidence, in their order, where it may be taken for granted."""
        self.feeds: tuple[ComputedCell, ...] = ()
        """Everything that is computed from it, near or far."""
        self.past: Past | None = None
        """What a rule asks for beyond its state of now."""
        self.marks: Marks = ()
        """The aggregates that it is part of, by the place that it has in them."""

    def combine(self) -> None:
        """Sets `together` from the readers."""
        self.verdicts = None
        found = together(self.readers)
        self.together, self.operands = found if found is not None else (None, ())

    def route(self) -> None:
        """Sets `straight` from the other fields."""
        self.straight = self.mapped and self.override is None and not self.feeds and self.past is None

    def arrange(self, alike: "dict[tuple[Gathered, ...], tuple[Gathered, ...]]") -> None:
        """Sets `past` and `marks` from what its readers ask for; `alike` has what the cells before have been given, so
        that equal ones are one object."""
        timed = [(rule, rule.memory) for rule in self.readers if rule.memory is not None]
        watching = [(rule, memory) for rule, memory in timed if memory.watches(self)]
        self.marks = _marks(self, [slot for _, memory in timed for slot in memory.gathered], alike)
        if watching:
            self.past = self.past or Past()
            self.past.watchers = tuple([rule for rule, _ in watching])
            windows = {window for _, memory in watching for window in memory.windows(self)}
            self.past.ask(any(memory.trails(self) for _, memory in watching), windows, self)
        else:
            self.past = None
        self.route()

    def mark(self) -> None:
        """What it shows is not what the aggregates have seen that it is part of."""
        for place, slots in self.marks:
            for slot in slots:
                slot.dirty[place] = self

    def record(self) -> bool:
        """It has changed. True where a rule asks for what was before and its value is another than the last that was
        known."""
        if self.marks:
            self.mark()
        return self.past is not None and self.past.record(self)

    def reporting(self) -> bool:
        """Whether what is reported may be used, where no override stands over it."""
        return self.value is not None and self.quality != "bad" and (self.twin.alive or not self.pathed)

    def refresh(self) -> None:
        """Sets `live` from the other fields."""
        self.twin.mark = None
        if self.override is not None:
            self.live = self.override.value
        else:
            self.live = self.value if self.reporting() else None

    def state(self) -> PropertyState:
        """What everybody sees."""
        known = self.reporting()
        path = self.twin.path or None if known and self.pathed else None
        reported = PropertyState(
            self.value, self.quality, self.timestamp, self.reported_at, self.reason, known, path=path
        )
        return reported if self.override is None else in_effect(reported, self.override)

    def heard(self) -> bool:
        """Whether its path had contact in this run and it was reported since, if it ever was."""
        if not self.pathed or self.override is not None:
            return True
        return self.twin.alive and self.reason != PATH_SILENT

    def untouched(self) -> bool:
        """Whether it is still as it was made."""
        return (
            self.reported_at == 0
            and self.timestamp == 0
            and self.value is None
            and self.live is None
            and self.override is None
            and self.reason == NO_READING
            and self.quality == "bad"
        )

    def changed(self) -> PropertyChanged:
        """The whole state as a fact."""
        return PropertyChanged(
            self.twin.plan.twin_id,
            self.spec.plan.name,
            self.value,
            self.quality,
            self.timestamp,
            self.reported_at,
            self.reporting(),
            self.reason,
            self.override,
            self.source,
        )

    # ------------------------------------------------------------ evidence: what a condition asks about it

    def behind_path(self) -> bool:
        """Whether what it shows comes from a device."""
        return self.pathed

    def in_touch(self) -> bool:
        """Whether anything can be said about it: its path was told alive or silent in this run."""
        return self.twin.contact or not self.behind_path()

    def is_known(self) -> bool | None:
        return self.live is not None if self.in_touch() else None

    def shown_quality(self) -> Quality | None:
        """Bad wherever nothing is known, also while only its path is silent."""
        if not self.in_touch():
            return None
        if self.live is None:
            return "bad"
        return self.quality if self.override is None else "good"

    def is_stale(self) -> bool | None:
        """Of what a person has put something over: not stale."""
        if not self.in_touch():
            return None
        if self.override is not None:
            return False
        reason = (self.reason or "").rpartition(": ")[2]
        return reason in (STALE, PATH_SILENT) or (self.pathed and not self.twin.alive)

    def is_silent(self) -> bool | None:
        """Of its device, whatever this property is like or a person put over it."""
        if not self.behind_path():
            return False
        return not self.twin.alive if self.twin.contact else None

    def previous(self) -> Value:
        return self.past.previous if self.past is not None and self.live is not None else None

    def fold(self, fact: PropertyChanged) -> None:
        """All but its override, which LiveState lands."""
        self.twin.mark = None
        self.value = fact.value
        self.quality = fact.quality
        self.timestamp = fact.timestamp
        self.reported_at = fact.reported_at
        self.reason = fact.reason
        self.source = fact.source
        if self.override is None:
            self.live = fact.value if fact.known else None

    def lose(self, reason: str) -> bool:
        """What it had is not to be trusted any more: bad until the next report. False where that is no news."""
        if self.value is None or self.quality == "bad":
            return False
        self.quality = "bad"
        self.reason = reason
        self.refresh()
        return True


Marks = tuple[tuple[int, "tuple[Gathered, ...]"], ...]


def _marks(cell: Cell, slots: "list[Gathered]", alike: "dict[tuple[Gathered, ...], tuple[Gathered, ...]]") -> Marks:
    """All over a role have a member at the same place, so that nearly always there is one place, and its slots are one
    object for all members."""
    found: dict[int, tuple[Gathered, ...]] = {}
    for slot in slots:
        for place in slot.places(cell):
            found[place] = (*found.get(place, ()), slot)
    return tuple([(place, alike.setdefault(those, those)) for place, those in found.items()])


class ComputedCell(Cell):
    """A property that is computed from others of its twin (computed.py); nobody else gives it a value."""

    __slots__ = ("formula", "inputs")

    def __init__(self, twin: "TwinState", formula: Formula) -> None:
        super().__init__(twin, formula.spec, mapped=False)
        self.formula = formula
        self.inputs: tuple[Cell, ...] = ()

    def behind_path(self) -> bool:
        return any(item.behind_path() for item in self.inputs)

    def heard(self) -> bool:
        return self.override is not None or all(item.heard() for item in self.inputs)


class PathClock:
    """How a twin's source clock stands to ours; knowledge of this run only (a restart learns it again)."""

    __slots__ = ("ahead", "late", "offset", "rebased", "received", "streak", "timestamp")

    def __init__(self) -> None:
        self.offset: Micros = 0
        """Added to its timestamps since it was re-based."""
        self.ahead = self.late = self.rebased = 0
        """Samples whose time was replaced, samples rejected as late, times the clock was re-based."""
        self.streak = 0
        """Late readings in a row that a constant offset explains; the last one's times follow."""
        self.received: Micros = 0
        self.timestamp: Micros = 0


class Silence(NamedTuple):
    """Why no behavior of an overlay runs, for its alerts and for who looks at it."""

    reason: str
    told: str


_SILENT: Mapping[Lifecycle, Silence] = {
    "draft": Silence("OverlayDraft", "OVERLAY_DRAFT the overlay is a draft: its behaviors run once it is active"),
    "suspended": Silence(
        "OverlaySuspended", "OVERLAY_SUSPENDED the overlay is suspended: its behaviors run once it is active again"
    ),
    "retired": Silence("OverlayRetired", "OVERLAY_RETIRED the overlay is retired: its behaviors don't run"),
}


_NO_SENDS: Mapping[str, tuple[Micros, ...]] = {}


class TwinState:
    __slots__ = (
        "acted",
        "alive",
        "cells",
        "clock",
        "computed",
        "contact",
        "events",
        "fallback",
        "gap",
        "gaps",
        "guards",
        "key",
        "last_contact",
        "listeners",
        "mark",
        "path",
        "plan",
        "reason",
        "rules",
        "sends",
        "shape",
        "source",
    )

    def __init__(self, plan: TwinPlan, shape: ShapeState) -> None:
        self.plan = plan
        self.shape = shape
        self.key = OwnerKey("twin", plan.twin_id)
        self.mark: object | None = None
        """Stands for what all its cells show, once somebody has asked; None as soon as any of it changes."""
        self.alive = False
        self.contact = False
        """Whether its path has been told alive or silent in this run."""
        self.gap: Micros = 0
        """When the run ended since which it was not heard of; 0 where it was."""
        self.gaps: tuple[tuple[Micros, Micros], ...] = ()
        """The last few such times, from when to when: what it was heard of before has not aged in them."""
        self.reason = ""
        self.path = ""
        """The connector in use, of those that lead to it; "" before any was told of."""
        self.fallback = 0
        """0 where that is the preferred one, else which of its fallbacks."""
        self.last_contact: Micros | None = None
        self.source = ""
        """The connector that was last heard of it."""
        self.clock: PathClock | None = None
        self.events: Sequence[TwinEventOccurred] = ()
        """Newest first; replaced, never changed."""
        mapped = frozenset(plan.mapped)
        self.cells = {name: Cell(self, spec, name in mapped) for name, spec in shape.specs.items()}
        self.computed: tuple[ComputedCell, ...] = ()
        """In the order in which they are computed."""
        self.rules: dict[str, RuleState] = {}
        self.listeners: tuple[RuleState, ...] = ()
        """Rules that wait for one of its events."""
        self.guards: tuple[InterlockState, ...] = ()
        """Every interlock that stands before it, in their order, its own and those of overlays."""
        self.sends: Mapping[str, tuple[Micros, ...]] = _NO_SENDS
        """When the methods with a limit were sent last, as far as the limits look; replaced, never changed."""
        self.acted: tuple[Micros, BehaviorKey] | None = None
        """The last behavior that a call or write was sent to it for, and when."""
        if shape.computed is not NO_FORMULAS:
            self._compute()

    def _compute(self) -> None:
        computed, cells = self.shape.computed, self.cells
        self.computed = tuple([ComputedCell(self, formula) for formula in computed.formulas])
        for cell in self.computed:
            cells[cell.formula.name] = cell
        for cell in self.computed:
            cell.inputs = tuple([cells[name] for name in cell.formula.reads])
        for name, fed in computed.feeds.items():
            cells[name].feeds = tuple([cells[other] for other in fed])  # type: ignore[misc]
            cells[name].route()
        for name, reason in computed.unusable.items():
            cells[name].reason = reason

    def remember(self, event: TwinEventOccurred) -> None:
        self.events = (event, *self.events[: KEPT_EVENTS - 1])

    def twin_of(self, owner: str | None) -> str | None:
        return self.plan.twin_id if owner is None or owner == self.plan.twin_id else None

    def members(self, role: str) -> tuple[str, ...]:
        """A twin has no roles."""
        return ()

    def twins_of(self, owner: str | None) -> tuple[str, ...]:
        found = self.twin_of(owner)
        return () if found is None else (found,)

    def fills(self, name: str, twins: Mapping[str, "TwinState"]) -> bool:
        return self.twin_of(name) in twins

    def in_force(self, lifecycles: tuple[Lifecycle, ...]) -> bool:
        """Whether its interlocks stand; a twin's always do."""
        return True

    @property
    def silence(self) -> Silence | None:
        """Why none of its behaviors runs; a twin's always do."""
        return None


class OverlayState:
    __slots__ = ("guards", "key", "plan", "rules", "shape")

    def __init__(self, plan: OverlayPlan, shape: ShapeState) -> None:
        self.plan = plan
        self.shape = shape
        self.key = OwnerKey("overlay", plan.overlay_id)
        self.rules: dict[str, RuleState] = {}
        self.guards: tuple[InterlockState, ...] = ()
        """Its own interlocks."""

    def twin_of(self, owner: str | None) -> str | None:
        return self.plan.bindings.get(owner) if owner is not None else None

    def members(self, role: str) -> tuple[str, ...]:
        """Of a role of many, or a path to one, that an aggregate is over: the ids of who fills it."""
        return self.plan.members.get(role, ())

    def twins_of(self, owner: str | None) -> tuple[str, ...]:
        """All that fill a role of many, else the one."""
        found = self.twin_of(owner)
        if found is not None or owner is None:
            return () if found is None else (found,)
        within = owner + "/"
        return tuple(twin_id for role, twin_id in self.plan.bindings.items() if role == within + twin_id)

    def in_force(self, lifecycles: tuple[Lifecycle, ...]) -> bool:
        return self.plan.lifecycle in lifecycles

    def fills(self, name: str, twins: Mapping[str, TwinState]) -> bool:
        """What `name != null` asks."""
        return self.twin_of(name) in twins or name in self.plan.filled

    @property
    def silence(self) -> Silence | None:
        """Why none of its behaviors runs; None where they do."""
        return _SILENT.get(self.plan.lifecycle)


Owner = TwinState | OverlayState


class RuleState:
    """One behavior of one owner. `evidence` is True, False or None for unknown."""

    __slots__ = (
        "active",
        "asides",
        "cause",
        "cells",
        "error",
        "evidence",
        "follows",
        "key",
        "loops",
        "memory",
        "named",
        "notes",
        "order",
        "owner",
        "plan",
        "settled",
        "since",
        "test",
        "turned_at",
        "unknown_since",
        "waits",
    )

    def __init__(
        self, owner: Owner, index: int, plan: Rule, twins: Mapping[str, TwinState], *, silenced: bool = True
    ) -> None:
        """`silenced`: whether it is still while its owner is."""
        self.owner = owner
        self.plan = plan
        self.key = BehaviorKey(owner.key, plan.name)
        self.order = (owner.key.kind == "overlay", owner.key.id, index)
        """The order in which rules that read the same property are evaluated, whatever order they were loaded in."""
        self.active = False
        self.evidence: bool | None = None
        self.since: Micros = 0
        self.unknown_since: Micros = 0
        """Since when its evidence is unknown; 0 where it is known, or never was."""
        self.cause: Cause | None = None
        """Of its last fact."""
        self.settled = False
        """Whether it has been TRUE or FALSE since it was loaded as it is now, reading what it reads now."""
        self.turned_at: Micros = 0
        """When it was activated last, after how many turns of a loop in a row (loops.py), and what it followed from."""
        self.loops = 0
        self.follows: BehaviorKey | None = None
        self.cells: tuple[Cell, ...] = ()
        self.named: Reads | None = None
        """What its condition names."""
        self.notes: tuple[str, ...] = ()
        self.asides: Mapping[str, Aside] = NO_ASIDES
        self.waits = bool(plan.escalations) or any(_waits(action) for action in plan.actions)
        """Whether it may have timers of what it does, or alerts that outlive its activity."""
        self.memory: Memory | None = None
        """None for one that depends on the values of now alone; else given by whoever builds it (loading.py)."""
        silence = owner.silence if silenced else None
        self.error = plan.error or (silence.told if silence is not None else None)
        self.test: Test = _never
        if self.error is None:
            self._bind(index, twins)

    def _bind(self, index: int, twins: Mapping[str, TwinState]) -> None:
        reads, asked = self.owner.shape.reads(index), self.owner.shape.asked(index)
        self.error = next((it for it in (reads, *asked.values()) if isinstance(it, str)), None)
        if self.error is not None or isinstance(reads, str):
            return  # it reads nothing, so that nothing wakes it: what is shown as not running does nothing either
        self.named = reads
        found = [self.cell(ref, twins) for ref in reads.properties]
        bound = tuple([self.owner.fills(name, twins) for name in reads.owners])
        compiled = self._compiled(index, reads, found, bound, twins)
        self.test = compiled.test
        self.notes = compiled.notes
        self.cells = tuple([cell for cell in found if cell is not None])
        if asked:
            self._ask(index, asked, twins)

    def _ask(self, index: int, asked: Mapping[str, Reads | str], twins: Mapping[str, TwinState]) -> None:
        asides: dict[str, Aside] = {}
        for name, question in asked.items():
            if isinstance(question, str):
                continue  # _bind stops at it
            found = [self.cell(ref, twins) for ref in question.properties]
            bound = tuple([self.owner.fills(owner, twins) for owner in question.owners])
            compiled = self._compiled(index, question, found, bound, twins, name)
            cells = tuple([cell for cell in found if cell is not None])
            asides[name] = Aside(compiled, compiled.test, cells, not name.startswith(SAYING))
        self.asides = asides

    def watched(self) -> tuple[Cell, ...]:
        """All that wakes it, once each."""
        if not self.asides:
            return tuple(dict.fromkeys(self.everything()))
        more = [cell for aside in self.asides.values() if aside.wakes for cell in aside.everything()]
        return tuple(dict.fromkeys([*self.everything(), *more]))

    def everything(self) -> Iterable[Cell]:
        """All that its condition depends on, what members of a role show too."""
        return self.cells if self.memory is None else self.memory.everything()

    def heard(self, cells: Iterable[Cell] | None = None) -> bool:
        """Whether all that it reads (or these) had contact in this run."""
        return all(cell.heard() for cell in (self.everything() if cells is None else cells))

    def _compiled(
        self,
        index: int,
        reads: Reads,
        found: list[Cell | None],
        bound: tuple[bool, ...],
        twins: Mapping[str, TwinState],
        aside: str = "",
    ) -> Compiled:
        parameters = []
        for item in reads.parameters:
            twin = twins.get(self.owner.twin_of(item.owner) or "")
            parameters.append(None if twin is None else twin.shape.events.get(item.event, {}).get(item.parameter))
        return self.owner.shape.compiled(index, reads, found, bound, tuple(parameters), aside)

    def compiled(self, twins: Mapping[str, TwinState]) -> Compiled | None:
        """What it runs; None for one that can't be run."""
        reads = self.reads()
        if reads is None:
            return None
        found = [self.cell(ref, twins) for ref in reads.properties]
        return self._compiled(
            self.order[2], reads, found, tuple([self.owner.fills(name, twins) for name in reads.owners]), twins
        )

    def reads(self) -> Reads | None:
        """What it names; None for one that can't be run."""
        return self.named if self.error is None else None

    def cell(self, ref: PropertyRef, twins: Mapping[str, TwinState]) -> Cell | None:
        twin = twins.get(self.owner.twin_of(ref.owner) or "")
        return twin.cells.get(ref.name) if twin else None

    def evaluate(self) -> bool | None:
        """What its condition comes to as things are. Changes nothing, and starts no timer."""
        return self.test(*self.cells) if self.memory is None else self.memory.test()

    def turned(self) -> None:
        """Its evidence is not what its cells take for granted."""
        for cell in self.cells:
            cell.verdicts = None

    def continues(self, old: "RuleState") -> bool:
        """Whether the definition change left it as it was: the same rule on the same properties."""
        return self.plan == old.plan and _named(self.everything()) == _named(old.everything())

    def waits_on(self, old: "RuleState") -> bool:
        """Whether what the old one waits for is what this one would: the same condition on the same properties. Who
        joins or leaves a role of many does not begin it anew: what is asked of all of them goes on being asked."""
        same = self.error is None and self.plan.condition == old.plan.condition
        return same and _named(self.cells) == _named(old.cells)

    def valued(self) -> list[Cell]:
        """Those of which it asks for the value, each once."""
        cells = self.cells
        if self.memory is not None:
            cells = tuple([cells[place] for place in self.memory.compiled.valued])
        return list(dict.fromkeys(cells))

    def let_go(self) -> None:
        """It is replaced, or gone: nothing in it leads back to it."""
        if self.memory is not None:
            self.memory, self.test = None, _never

    def twins(self) -> tuple[str, ...]:
        """The twins an alert of it concerns: those it reads, else all that its owner binds."""
        read = dict.fromkeys(cell.twin.plan.twin_id for cell in self.cells)
        for slot in self.memory.gathered if self.memory is not None else ():
            read.update(dict.fromkeys(slot.twins()))
        if read or isinstance(self.owner, TwinState):
            return tuple(read) or (self.owner.key.id,)
        return tuple(dict.fromkeys(self.owner.plan.bindings.values()))


def _named(cells: Iterable[Cell]) -> list[tuple[str, str]]:
    return [(cell.twin.plan.twin_id, cell.spec.plan.name) for cell in cells]


def _waits(action: ActionPlan) -> bool:
    if isinstance(action, AlertPlan):
        return bool(action.delay_on or action.delay_off or action.deadband)
    return isinstance(action, ExpectPlan)


def _never() -> bool | None:
    return None
