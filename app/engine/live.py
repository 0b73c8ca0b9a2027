"""The live plant in memory: everything the engine knows, and how a reader sees it (the LiveView port).

It is changed by facts only: `decide` makes a fact and lands it here, `fold` lands the same fact from the journal. What
a restart, a load or a source's status change by rule, without a fact of their own, is a method both call.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from app.engine import limits, shelvable
from app.engine.account import explain_alert, explain_rule, why_not_rule
from app.engine.basis import basis_of
from app.engine.cells import EVIDENCE, PATH_SILENT, VERDICT, Cell, OverlayState, Owner, RuleState, ShapeState, TwinState
from app.engine.computed import compute
from app.engine.deliveries import Deliveries
from app.engine.elapsed import Elapsed
from app.engine.faults import fault_of, faults
from app.engine.raises import ALERT_FLOOD, Raises, counts
from app.engine.stale import StaleQueue
from app.engine.timers import Timers
from app.model.events import (
    Alert,
    AlertChanged,
    AlertKey,
    Basis,
    BehaviorChanged,
    Call,
    CallChanged,
    ConnectivityChanged,
    EngineSettings,
    PropertyChanged,
    PropertyReported,
    Shelving,
    ShelvingChanged,
    Timer,
    TimerChanged,
    TwinEventOccurred,
    WaitingActions,
)
from app.model.explanation import Explanation, WhyNot
from app.model.ledger import Tally
from app.model.live import AlertEvidence, BehaviorView, ClockView, Connectivity, Fault, GuardView
from app.model.plan import BehaviorKey, OwnerKey, OwnerKind, PropertyKey
from app.model.time import Micros
from app.model.values import Override, PropertyState, Value

KEPT_CALLS = 1000
KEPT_GAPS = 20

FINISHED = frozenset({"accepted", "refused", "failed", "withheld", "expired", "indeterminate"})


class LiveState:
    """`sequence` is the journal entry it stands at, set by whoever commits."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self.sequence = 0
        self.explains = True
        """Whether facts carry what they stand on."""
        self.built = 0
        """Twins and overlays that were made anew so far, whatever became of them."""
        self.clear()

    def clear(self) -> None:
        self.time: Micros = 0
        self.catalogue_revision = 0
        self.shapes: dict[str, ShapeState] = {}
        self.twins: dict[str, TwinState] = {}
        self.overlays: dict[str, OverlayState] = {}
        self.overlays_of: dict[str, set[str]] = {}
        """By twin id, bound by name whether the twin is there or not."""
        self.beyond: set[str] = set()
        """Of a part of a plant: overlays that bind its twins and are not in it."""
        self.suspects: dict[BehaviorKey, None] = {}
        """Behaviors that may have a fault (faults.py), and some that are gone."""
        self.alerts: dict[str, Alert] = {}
        """Open ones."""
        self.alerts_of: dict[OwnerKey, dict[tuple[str, str], str]] = {}
        """Alert ids by (behavior, code), the identity of an open alert."""
        self.calls: dict[str, Call] = {}
        """Not finished."""
        self.finished: dict[str, Call] = {}
        """The last KEPT_CALLS that are, oldest first."""
        self.waiting: dict[str, None] = {}
        """Calls of the last run that behaviors decided and that were not sent: released or expired by the engine."""
        self.held_actions: dict[str, WaitingActions] = {}
        """By the required call that they wait for."""
        self.unread: dict[PropertyKey, tuple[str, Micros]] = {}
        """The last write to each property that was sent and not read back yet, and when; oldest first."""
        self.serial = 0
        """Ids given out so far to alerts and calls of behaviors."""
        self.elapsed = Elapsed()
        self.occurred: Mapping[tuple[str | None, str], TwinEventOccurred] = {}
        """While a rule is evaluated, or acts, because of them: events, by owner as it names it and name."""
        self.stale = StaleQueue(self.elapsed)
        self.timers = Timers()
        self.shelvings: dict[AlertKey, Shelving] = {}
        """All that stand."""
        self.raises = Raises()
        self.counting_since: Micros = 0
        """When the first input came, with which the ledger begins; 0 before it."""
        self.tallies: dict[str, Tally] = {}
        """By source, what became of its samples since then."""
        self.deliveries = Deliveries()
        self.overridden: dict[PropertyKey, Override] = {}
        """All that stand; `override` keeps it."""

    @property
    def began(self) -> Micros:
        """When this run did."""
        return self.elapsed.began

    @property
    def behind(self) -> Micros:
        """How far the machine's clock is behind engine time."""
        return self.elapsed.behind

    # ------------------------------------------------------------ finding

    def cell(self, twin_id: str, name: str) -> Cell | None:
        twin = self.twins.get(twin_id)
        return twin.cells.get(name) if twin else None

    def owner(self, key: OwnerKey) -> Owner | None:
        return self.twins.get(key.id) if key.kind == "twin" else self.overlays.get(key.id)

    def rule(self, key: BehaviorKey) -> RuleState | None:
        owner = self.owner(key.owner)
        return owner.rules.get(key.name) if owner else None

    def open_alert(self, owner: OwnerKey, behavior: str, code: str) -> Alert | None:
        alert_id = self.alerts_of.get(owner, {}).get((behavior, code))
        return self.alerts[alert_id] if alert_id is not None else None

    def alerts_owned(self, owner: OwnerKey) -> list[Alert]:
        return [self.alerts[alert_id] for alert_id in self.alerts_of.get(owner, {}).values()]

    # ------------------------------------------------------------ LiveView

    def property_state(self, twin_id: str, name: str) -> PropertyState | None:
        twin = self.twins.get(twin_id)  # not by `cell`: a page of twins asks for hundreds
        cell = twin.cells.get(name) if twin is not None else None
        return cell.state() if cell is not None else None

    def mark_of(self, twin_id: str) -> object | None:
        twin = self.twins.get(twin_id)
        if twin is None:
            return None
        if twin.mark is None:
            twin.mark = object()
        return twin.mark

    def mark_with_behaviors(self, twin_id: str) -> object | None:
        mark = self.mark_of(twin_id)
        if mark is None:
            return None
        rules = self.twins[twin_id].rules.values()
        return (mark, *[(rule.key, rule.active, rule.evidence, rule.since, rule.error, rule.notes) for rule in rules])

    def overrides(self) -> Mapping[PropertyKey, Override]:
        return self.overridden

    def values(self, name: str, twin_ids: Sequence[str]) -> Sequence[Value]:
        # One comprehension without a call per twin: 100,000 of them are read for one filter.
        twins = self.twins
        return [
            cell.live if (twin := twins.get(id)) is not None and (cell := twin.cells.get(name)) is not None else None
            for id in twin_ids
        ]

    def owners_with_active(self, kind: OwnerKind, behavior: str) -> set[str]:
        owners: Mapping[str, Owner] = self.twins if kind == "twin" else self.overlays
        return {id for id, owner in owners.items() if (rule := owner.rules.get(behavior)) is not None and rule.active}

    def connectivity(self, twin_id: str) -> Connectivity | None:
        twin = self.twins.get(twin_id)
        if twin is None:
            return None
        if not twin.plan.connected:
            return Connectivity("unconfigured")
        if not twin.contact:
            return Connectivity("connecting", last_contact=twin.last_contact)
        status: Literal["connected", "disconnected"] = "connected" if twin.alive else "disconnected"
        return Connectivity(status, twin.reason, twin.last_contact, twin.path, twin.fallback)

    def behaviors(self, owner: OwnerKey) -> Sequence[BehaviorView]:
        """In the order they are declared; empty for an unknown owner."""
        found = self.owner(owner)
        if found is None:
            return ()
        return [
            BehaviorView(
                rule.key,
                "active" if rule.active else "inactive",
                EVIDENCE[rule.evidence],
                rule.since,
                rule.error or "; ".join(rule.notes) or None,
            )
            for rule in found.rules.values()
        ]

    def guards(self, twin_id: str) -> Sequence[GuardView]:
        twin = self.twins.get(twin_id)
        return [guard.view() for guard in twin.guards] if twin else ()

    def retry_at(self, twin_id: str, method: str) -> Micros | None:
        twin = self.twins.get(twin_id)
        refusal = limits.against(twin, method, self.time, self.elapsed) if twin else None
        return refusal.retry_at if refusal else None

    def last_events(self, twin_id: str) -> Sequence[TwinEventOccurred]:
        twin = self.twins.get(twin_id)
        return tuple(twin.events) if twin else ()

    def open_alerts(self) -> Iterable[Alert]:
        return list(self.alerts.values())

    def alert(self, alert_id: str) -> Alert | None:
        return self.alerts.get(alert_id)

    def alert_evidence(self, alert_id: str) -> AlertEvidence | None:
        """None for an alert that is not open, and for one whose behavior is gone or was none."""
        alert = self.alerts.get(alert_id)
        rule = self.rule(BehaviorKey(alert.owner, alert.behavior)) if alert is not None else None
        return AlertEvidence(EVIDENCE[rule.evidence], rule.unknown_since or None) if rule is not None else None

    def shelved(self) -> Mapping[AlertKey, Shelving]:
        return self.shelvings

    def against_shelving(self, key: AlertKey, duration: Micros) -> str:
        return shelvable.against(self, key, duration)

    def call(self, call_id: str) -> Call | None:
        return self.calls.get(call_id) or self.finished.get(call_id)

    def open_calls(self) -> list[Call]:
        return list(self.calls.values())

    # ------------------------------------------------------------ beyond the port

    def clock(self, twin_id: str) -> ClockView | None:
        """How a twin's source clock stood in this run; None for an unknown twin."""
        twin = self.twins.get(twin_id)
        if twin is None:
            return None
        clock = twin.clock
        return ClockView(clock.offset, clock.ahead, clock.late, clock.rebased) if clock else ClockView()

    def timers_of(self, key: BehaviorKey) -> Sequence[Timer]:
        return self.timers.of(key)

    def why_unknown(self, key: BehaviorKey) -> Sequence[str]:
        """What keeps a behavior's evidence unknown, one line each; empty where it is known or not there."""
        rule = self.rule(key)
        if rule is None or rule.evidence is not None or rule.error is not None:
            return ()
        lines = [
            f"{cell.twin.plan.twin_id}.{cell.spec.plan.name}: {cell.state().reason or PATH_SILENT}"
            for cell in rule.valued()
            if cell.live is None
        ]
        lines += rule.notes
        lines += rule.memory.why_unknown() if rule.memory is not None else ()
        if not lines and (fault := fault_of(self, rule)) is not None:
            lines.append(fault.text)
        return lines or ["what it asks for is not known"]

    def fault(self, key: BehaviorKey) -> Fault | None:
        """By what mistake a behavior comes to nothing although its values are known; None where by none."""
        rule = self.rule(key)
        return fault_of(self, rule) if rule is not None else None

    def faults(self) -> Sequence[Fault]:
        """Of all behaviors that have one, by owner and name."""
        return faults(self)

    def basis(self, key: BehaviorKey) -> Basis | None:
        """What a behavior's condition stands on now; None for one that is not there or can't be run."""
        rule = self.rule(key)
        return basis_of(rule, self.twins) if rule is not None else None

    def explain(self, key: BehaviorKey) -> Explanation | None:
        """Why a behavior is as it is; None for one that is not there."""
        rule = self.rule(key)
        return explain_rule(self, rule) if rule is not None else None

    def explain_alert(self, alert: Alert) -> Explanation:
        """Why it was raised, as recorded with it."""
        return explain_alert(self, alert)

    def why_not(self, key: BehaviorKey) -> WhyNot | None:
        """What keeps a behavior from being active; None for one that is not there."""
        rule = self.rule(key)
        return why_not_rule(self, rule) if rule is not None else None

    def deadband(self, twin_id: str, name: str) -> float | None:
        """As it is declared; None for a property that declares none, or is not there."""
        cell = self.cell(twin_id, name)
        return cell.spec.plan.deadband if cell is not None else None

    # ------------------------------------------------------------ facts land

    def land_property(self, fact: PropertyChanged) -> None:
        cell = self.cell(fact.twin_id, fact.property)
        if cell is not None:
            if fact.override is not None or cell.override is not None:
                self.override(cell, fact.override)
            cell.fold(fact)
            cell.record()
            self.stale.watch(cell)

    def land_report(self, fact: PropertyReported) -> None:
        cell = self.cell(fact.twin_id, fact.property)
        if cell is not None:
            cell.timestamp, cell.reported_at = fact.timestamp, fact.reported_at
            cell.twin.mark = None

    def land_behavior(self, fact: BehaviorChanged) -> None:
        rule = self.rule(fact.key)
        if rule is not None:
            pulse = fact.fired and fact.state == "inactive"
            evidence = False if pulse else VERDICT[fact.evidence]
            if evidence is not rule.evidence or fact.state != fact.was or pulse:  # else it tells of actions only
                rule.settled = rule.settled or evidence is not None
                rule.cause = fact.cause
            if evidence is not rule.evidence:
                rule.turned()
            rule.active, rule.evidence, rule.since = fact.state == "active", evidence, fact.since
            rule.unknown_since = (rule.unknown_since or fact.at) if evidence is None else 0
            if fact.fired:
                rule.turned_at, rule.loops, rule.follows = fact.at, fact.loops, fact.follows
        for call_id in fact.ended:
            self.held_actions.pop(call_id, None)
        if fact.waits is not None:
            self.held_actions[fact.waits.call_id] = fact.waits

    def scopes_of(self, owner: OwnerKey) -> Sequence[OwnerKey]:
        """Under what an alert of this owner is counted: the overlay, the overlays around the twin, or the twin."""
        around = self.overlays_of.get(owner.id) if owner.kind == "twin" else None
        known = [id for id in sorted(around) if id in self.overlays or id in self.beyond] if around else ()
        return [OwnerKey("overlay", id) for id in known] or (owner,)

    def land_alert(self, fact: AlertChanged) -> None:
        alert = fact.alert
        if alert.code == ALERT_FLOOD and not alert.behavior:
            self.raises.flood(alert)
        elif fact.transition == "raised" and self.settings.flood_limit and counts(alert):
            self.raises.note(self.scopes_of(alert.owner), fact.at, alert.alert_id, self.settings.flood_limit)
        identities = self.alerts_of.setdefault(alert.owner, {})
        if alert.closed_at is None:
            if alert.alert_id not in self.alerts:
                self.serial += 1
            self.alerts[alert.alert_id] = alert
            identities[(alert.behavior, alert.code)] = alert.alert_id
        else:
            self.alerts.pop(alert.alert_id, None)
            identities.pop((alert.behavior, alert.code), None)
            if not identities:
                del self.alerts_of[alert.owner]

    def land_shelving(self, fact: ShelvingChanged) -> None:
        if fact.change == "shelved":
            self.shelvings[fact.shelving.key] = fact.shelving
        else:
            self.shelvings.pop(fact.shelving.key, None)

    def land_tally(self, fact: Tally) -> None:
        total = self.tallies.get(fact.source)
        if total is None:
            total = self.tallies[fact.source] = Tally(fact.source)
        total.add(fact)

    def land_call(self, fact: CallChanged) -> None:
        call = fact.call
        if call.behavior is not None and self.call(call.call_id) is None:
            self.serial += 1
        if call.attempted_at is not None:
            self._land_send(call, call.attempted_at)
        if call.status in FINISHED:
            self.calls.pop(call.call_id, None)
            self.finished[call.call_id] = call
            if len(self.finished) > KEPT_CALLS:
                del self.finished[next(iter(self.finished))]
        else:
            self.calls[call.call_id] = call
        if fact.send or call.status in FINISHED:
            self.waiting.pop(call.call_id, None)

    def _land_send(self, call: Call, sent_at: Micros) -> None:
        key = PropertyKey(call.twin_id, call.property) if call.property is not None else None
        if call.observed_at is not None or call.status == "refused":
            if key is not None and self.unread.get(key, ("",))[0] == call.call_id:
                del self.unread[key]
            return
        before, twin = self.calls.get(call.call_id), self.twins.get(call.twin_id)
        if twin is None or before is None or before.attempted_at == sent_at:
            return  # it was sent before
        if call.behavior is not None:
            twin.acted = (sent_at, call.behavior)
        if key is not None:
            self.unread.pop(key, None)
            self.unread[key] = (call.call_id, sent_at)
        method = twin.shape.methods.get(call.method) if call.method is not None else None
        if method is not None and limits.limited(method):
            sends = limits.kept((*twin.sends.get(method.name, ()), sent_at), method)
            twin.sends = {**twin.sends, method.name: sends}

    def land_event(self, fact: TwinEventOccurred) -> None:
        twin = self.twins.get(fact.twin_id)
        if twin is not None:
            twin.remember(fact)

    def land_connectivity(self, fact: ConnectivityChanged) -> None:
        twin = self.twins.get(fact.twin_id)
        if twin is not None:
            if not twin.contact:
                twin.contact = True
                if twin.gap:
                    twin.gaps, twin.gap = (*twin.gaps, (twin.gap, fact.at))[-KEPT_GAPS:], 0
            twin.mark = None
            twin.alive = fact.status == "connected"
            twin.reason = fact.reason
            twin.fallback = fact.fallback
            if fact.path is not None:
                twin.path = fact.path
                if twin.clock is not None:  # what was learned is of another device's clock
                    twin.clock.offset = twin.clock.streak = 0
            twin.last_contact = fact.last_contact

    def land_timer(self, fact: TimerChanged) -> None:
        if fact.change == "stopped" or (fact.change == "met" and not fact.timer.met):
            self.timers.drop(fact.timer.key)
        else:
            self.timers.put(fact.timer)

    # ------------------------------------------------------------ changes by rule

    def override(self, cell: Cell, override: Override | None) -> None:
        """Put over the cell, or (None) taken from it."""
        key = PropertyKey(cell.twin.plan.twin_id, cell.spec.plan.name)
        if override is None:
            self.overridden.pop(key, None)
        else:
            self.overridden[key] = override
        cell.override = override
        cell.route()
        cell.refresh()

    def begin_run(self, last: Micros) -> None:
        """Every path is silent until it has contact: mapped values are shown and unknown until reported in this run.
        `last`: engine time before, as far as is known.

        Losing knowledge turns evidence to unknown and never flips it, so no behavior changes its state here.
        """
        self.elapsed.began = self.time
        self.timers.begin_run(last, self.time)
        touched: dict[RuleState, None] = {}
        for twin in self.twins.values():
            twin.clock = None
            if not twin.plan.connected:
                continue
            if twin.last_contact is not None:
                if twin.gap:
                    twin.gaps = (*twin.gaps, (twin.gap, last))[-KEPT_GAPS:]
                twin.gap = last
            twin.mark = None
            twin.alive = twin.contact = False
            twin.reason = ""
            for cell in twin.cells.values():
                if cell.pathed:
                    cell.lose(PATH_SILENT)
                    cell.record()
                    touched.update(dict.fromkeys(cell.readers))
            for computed in twin.computed:
                compute(computed)
                computed.record()
                touched.update(dict.fromkeys(computed.readers))
        for rule in touched:
            if rule.evaluate() is None:
                rule.turned()
                rule.evidence = None

    def step_clock(self, by: Micros, behind: Micros) -> None:
        """Somebody has set the clock."""
        self.timers.step(by, behind - self.elapsed.behind)
        self.elapsed.step(self.time, by, behind)
        if by:
            self.raises.step(by)
            self.shelvings = {
                key: msgspec.structs.replace(shelving, until=shelving.until + by)
                for key, shelving in self.shelvings.items()
            }

    def forget_unread(self, before: Micros) -> None:
        """Writes that were sent earlier have had their time to be read back."""
        while self.unread:
            key = next(iter(self.unread))
            if self.elapsed.from_then(self.unread[key][1]) >= before:
                return
            del self.unread[key]

    def await_release(self) -> None:
        """The calls that are still only decided wait for their behaviors (design, "Calls after a crash")."""
        self.waiting = {call_id: None for call_id, call in self.calls.items() if call.status == "decided"}
