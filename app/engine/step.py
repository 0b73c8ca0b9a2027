"""One step of deciding: facts are made here, land in the live state at once, and leave as one Outcome.

A reading is one step of its own inside a Samples input: the cause changes from reading to reading, the Outcome does
not. Nothing but this class writes facts, so what was decided and what a fold of it gives cannot differ.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from app.engine.basis import basis_of
from app.engine.cells import Cell, ComputedCell, RuleState
from app.engine.computed import compute
from app.engine.live import LiveState
from app.engine.memory import Pulse
from app.model.events import (
    Alert,
    AlertChanged,
    AlertTransition,
    Basis,
    BehaviorChanged,
    Call,
    CallChanged,
    Cause,
    ConnectivityChanged,
    Landed,
    Outcome,
    OverrideChanged,
    PropertyChanged,
    PropertyReported,
    SampleRejected,
    ShelvingChanged,
    Timer,
    TimerChange,
    TimerChanged,
    TwinEventOccurred,
)
from app.model.ledger import Tally
from app.model.time import Micros

CauseKind = Literal["reading", "behavior", "command", "call", "load", "source", "tick"]

MAX_CAUSES = 16
"""Links a chain of causes keeps; older ones are dropped at the far end."""


class Step:
    __slots__ = (
        "alerts",
        "answered",
        "bases",
        "behaviors",
        "calls",
        "changes",
        "connectivity",
        "cut",
        "due",
        "events",
        "landed",
        "live",
        "loading",
        "max_skew",
        "measured",
        "measured_from",
        "measured_to",
        "now",
        "overrides",
        "pending",
        "pulses",
        "reading",
        "rejected",
        "reports",
        "shelvings",
        "tallies",
        "timers",
        "turning",
        "woken",
    )

    def __init__(self, live: LiveState, now: Micros, max_skew: Micros = 0) -> None:
        self.live = live
        self.now = now
        self.max_skew = max_skew
        self.changes: list[PropertyChanged] = []
        self.reports: dict[Cell, PropertyReported] = {}
        """The last one of each cell, and none that a change has overtaken: reports land after all changes."""
        self.rejected: list[SampleRejected] = []
        self.behaviors: list[BehaviorChanged] = []
        self.alerts: list[AlertChanged] = []
        self.calls: list[CallChanged] = []
        self.answered: list[Call] = []
        """Calls that came to an end in this step and that actions wait for (actions.go_on)."""
        self.events: list[TwinEventOccurred] = []
        self.connectivity: list[ConnectivityChanged] = []
        self.overrides: list[OverrideChanged] = []
        self.timers: list[TimerChanged] = []
        self.shelvings: list[ShelvingChanged] = []
        self.landed: list[Landed] = []
        self.tallies: list[Tally] = []
        self.turning: Mapping[RuleState, bool | None] = {}
        """What the rules of this round come to, also those that have not turned yet."""
        self.woken: dict[RuleState, Cause] = {}
        """Rules to be evaluated, each with what woke it first."""
        self.pending: dict[ComputedCell, Cause] = {}
        """Properties to be computed before that, likewise."""
        self.bases: dict[RuleState, Basis | None] = {}
        """Of the rules that turn in this round, what that stands on."""
        self.pulses: dict[RuleState, list[Pulse]] = {}
        """What has happened to rules that wait for it; they are woken too."""
        self.cut = ""
        """Why what wakes others, or reaches a device, is left out of what behaviors do now; "" where it is not."""
        self.loading = False
        """While rules are evaluated because they were loaded."""
        self.due: Micros | None = None
        """While a timer is met, or something falls stale: its moment, which was a tick ago or more."""
        self.reading = 0
        """The number of changes before this reading's."""
        self.measured: dict[tuple[str, str], Micros] = {}
        self.measured_from = self.measured_to = 0
        """Of which changes `measured` tells."""

    def outcome(self, refused: str = "") -> Outcome:
        return Outcome(
            tuple(self.changes),
            tuple(self.reports.values()),
            tuple(self.rejected),
            tuple(self.behaviors),
            tuple(self.alerts),
            tuple(self.calls),
            tuple(self.events),
            tuple(self.connectivity),
            tuple(self.overrides),
            tuple(self.timers),
            tuple(self.shelvings),
            tuple(self.landed),
            tuple(self.tallies),
            refused,
        )

    def cell_changed(self, cell: Cell, cause: Cause, *, wake: bool) -> None:
        """The cell's fields are set already; `wake` where conditions see another `live` than before."""
        self.changes.append(cell.changed())
        self.reports.pop(cell, None)
        self.live.stale.watch(cell)
        if cell.record() and cell.past is not None:
            for rule in cell.past.watchers:
                for pulse in rule.memory.on_change(cell) if rule.memory is not None else ():
                    self.pulse(rule, pulse, cause)
        self.feed(cell, cause)
        if wake:
            for rule in cell.readers:
                self.woken.setdefault(rule, cause)

    def feed(self, cell: Cell, cause: Cause) -> None:
        """What the cell shows, or when it was reported, is not what those computed from it, or that watch it, have
        seen."""
        for computed in cell.feeds:
            self.pending.setdefault(computed, cause)
        if cell.past is not None:
            cell.mark()
            for rule in cell.past.watchers:
                self.woken.setdefault(rule, cause)

    def pulse(self, rule: RuleState, pulse: Pulse, cause: Cause) -> None:
        self.pulses.setdefault(rule, []).append(pulse)
        self.woken.setdefault(rule, cause)

    def derive(self) -> None:
        """Everything that depends on a changed cell is computed, each once and behind what it reads."""
        if not self.pending:
            return
        pending = self.pending
        for cell in sorted(pending, key=_rank) if len(pending) > 1 else list(pending):
            shown = cell.value, cell.quality, cell.reason
            live, timestamp, reported_at = cell.live, cell.timestamp, cell.reported_at
            compute(cell)
            if (cell.value, cell.quality, cell.reason) != shown or cell.live != live:
                self.cell_changed(cell, pending[cell], wake=cell.live != live)
            elif (cell.timestamp, cell.reported_at) != (timestamp, reported_at):
                self.reported(cell)
                self.feed(cell, pending[cell])
        self.pending = {}  # whatever depends on these was among them

    def evaluate(self, rule: RuleState, cause: Cause) -> bool | None:
        """What its condition comes to, its timers included; where that is news, what it stands on is kept for the facts
        that follow."""
        evidence = rule.evaluate() if rule.memory is None else rule.memory.advance(self, cause)
        if evidence is not rule.evidence:
            self.remember(rule)
        return evidence

    def remember(self, rule: RuleState, pulses: Sequence[Pulse] = ()) -> None:
        bases = self.bases
        like = next(reversed(bases.items()), None) if bases else None
        bases[rule] = basis_of(rule, self.live.twins, pulses, like) if self.live.explains else None

    def basis(self, rule: RuleState) -> Basis | None:
        """Of its turn in this round; outside of one, of now."""
        if rule not in self.bases:
            self.remember(rule)
        return self.bases[rule]

    def reported(self, cell: Cell) -> None:
        """The cell's times are set already, and nothing else of it has changed."""
        cell.twin.mark = None
        self.reports[cell] = PropertyReported(
            cell.twin.plan.twin_id, cell.spec.plan.name, cell.timestamp, cell.reported_at
        )

    def behavior(self, fact: BehaviorChanged) -> None:
        self.live.land_behavior(fact)
        self.behaviors.append(fact)

    def alert(
        self,
        alert: Alert,
        transition: AlertTransition,
        cause: Cause,
        by: str | None = None,
        comment: str = "",
        late: Micros = 0,
    ) -> None:
        fact = AlertChanged(alert, transition, self.now, cause, by, comment, late)
        self.live.land_alert(fact)
        self.alerts.append(fact)

    def call(self, call: Call, *, send: bool = False) -> None:
        fact = CallChanged(call, self.now, send)
        self.live.land_call(fact)
        self.calls.append(fact)
        if call.finished_at is not None and call.call_id in self.live.held_actions:
            self.answered.append(call)

    def event(self, fact: TwinEventOccurred) -> None:
        self.live.land_event(fact)
        self.events.append(fact)
        twin = self.live.twins.get(fact.twin_id)
        for rule in twin.listeners if twin is not None else ():
            for pulse in rule.memory.on_event(fact) if rule.memory is not None else ():
                self.pulse(rule, pulse, fact.cause)

    def connected(self, fact: ConnectivityChanged) -> None:
        self.live.land_connectivity(fact)
        self.connectivity.append(fact)

    def shelving(self, fact: ShelvingChanged) -> None:
        self.live.land_shelving(fact)
        self.shelvings.append(fact)

    def tally(self, fact: Tally) -> None:
        self.live.land_tally(fact)
        self.tallies.append(fact)

    def timer(self, timer: Timer, change: TimerChange) -> None:
        fact = TimerChanged(timer, change, self.now)
        self.live.land_timer(fact)
        self.timers.append(fact)

    def moment(self) -> Micros:
        """When that is of which this tells: now, or what was due before in this run."""
        return self.now if self.due is None else min(self.now, max(self.due, self.live.began))

    def when(self, rule: RuleState, cause: Cause) -> Micros:
        """Since when what the rule reads is as it is: the source's time of the reading, or the moment of the timer,
        that made it so, by `max_skew` back at most."""
        if cause.kind == "tick" and self.due is not None:
            return max(self.now - self.max_skew, self.due)
        if cause.kind != "reading":
            return self.now
        measured = self._measured()
        read = ((cell.twin.plan.twin_id, cell.spec.plan.name) for cell in rule.cells)
        times = [measured[key] for key in read if key in measured]
        for slot in rule.memory.gathered if rule.memory is not None else ():  # of many members few have changed
            times += [at for (twin, name), at in measured.items() if slot.about(self.live.twins[twin].cells[name])]
        return max(self.now - self.max_skew, min(self.now, max(times, default=self.now)))

    def _measured(self) -> Mapping[tuple[str, str], Micros]:
        """By twin and property, the source's time of what this reading has changed; each change is looked at once,
        however many rules ask."""
        if self.measured_from != self.reading:
            self.measured, self.measured_from, self.measured_to = {}, self.reading, self.reading
        for change in self.changes[self.measured_to :]:
            key, at = (change.twin_id, change.property), change.timestamp
            at = change.reported_at if change.quality == "bad" else at
            self.measured[key] = max(at, self.measured.get(key, at))
        self.measured_to = len(self.changes)
        return self.measured

    def new_id(self, kind: str) -> str:
        """Deterministic, and unique for the life of the installation: the serial is part of the journaled state."""
        return f"{kind}-{self.now}-{self.live.serial + 1}"


def _rank(cell: ComputedCell) -> int:
    return cell.formula.rank


def led_to(kind: CauseKind, ref: str, at: Micros, parent: Cause | None) -> Cause:
    """A cause with what led to it, its chain cut to MAX_CAUSES links."""
    chain: list[Cause] = []
    while parent is not None and len(chain) < MAX_CAUSES - 1:
        chain.append(parent)
        parent = parent.parent
    if parent is not None:
        kept: Cause | None = None
        for link in reversed(chain):
            kept = Cause(link.kind, link.ref, link.at, kept)
        return Cause(kind, ref, at, kept)
    return Cause(kind, ref, at, chain[0] if chain else None)
