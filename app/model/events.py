"""What goes into the engine (inputs) and what comes out (an Outcome of facts); both are journaled, in order.

Inputs are requests or observations and may be rejected; facts are past participles and are never taken back. Folding
an Outcome into a state gives the state that the engine had after deciding it: a restart folds and decides nothing.
All moments are microseconds UTC (model/time.py).
"""

from typing import Literal

import msgspec

from app.model.audit_kind import AuditKind
from app.model.behaviors import Severity
from app.model.conditions import Condition
from app.model.definitions import DataType, Kind
from app.model.ledger import Tally
from app.model.plan import ActionPlan, BehaviorKey, OwnerKey, Plan
from app.model.time import SECOND, Micros
from app.model.values import Override, OverrideKind, PropertyState, Quality, Value, in_effect

DefinitionChangeKind = Literal["created", "updated", "deleted"]


class Cause(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why something happened, with what led to that: reading -> behavior -> call -> result."""

    kind: Literal["reading", "behavior", "command", "call", "load", "source", "tick"]
    ref: str
    """A connector's name, `owner/behavior`, who gave the command, a call id, a catalogue revision, a path."""
    at: Micros
    parent: "Cause | None" = None


class Origin(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Which way somebody's command came in. Beside the name, which is a claim, the address is what was seen."""

    via: str = ""
    """graphql, rest, cli, ..."""
    address: str = ""
    """Of whoever sent it; "" where it came over no network."""


HERE = Origin()
"""The server itself, or somebody of whom nothing is known."""


# ---------------------------------------------------------------- inputs


class Sample(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """One property's value as its source reported it, units already those of the definition."""

    twin_id: str
    property: str
    value: Value
    timestamp: Micros
    quality: Quality = "good"
    reason: str | None = None


class DeviceEvent(msgspec.Struct, frozen=True, array_like=True):
    """An event that a device raised (fault_occurred, ...)."""

    twin_id: str
    name: str
    timestamp: Micros
    parameters: dict[str, Value] = {}


class Delivery(msgspec.Struct, frozen=True, array_like=True):
    """Which message a reading was, of a source that repeats what was not acknowledged."""

    message: int
    """Its number, which a repetition has too; sources give a number out anew once it was acknowledged."""
    digest: bytes
    """Over everything that is the same in a repetition and hardly in another message of that number."""
    again: bool = False
    """Whether its source says that it was sent before."""


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """All of one message: its samples land together, then behaviors are evaluated once."""

    source: str
    """The connector's name."""
    received_at: Micros
    samples: tuple[Sample, ...] = ()
    events: tuple[DeviceEvent, ...] = ()
    delivery: Delivery | None = None
    """None where the source repeats nothing."""


class Samples(msgspec.Struct, frozen=True, tag="samples"):
    readings: tuple[Reading, ...]


class ReportSamples(msgspec.Struct, frozen=True, tag="report_samples"):
    """Somebody gives properties that no connector feeds their samples. Each reading is one step."""

    readings: tuple[Reading, ...]
    by: str
    origin: Origin = HERE


class Unaccepted(msgspec.Struct, frozen=True, tag="unaccepted"):
    """What sources sent, since the record before, of which no sample could be made: nothing is decided from it, it is
    counted."""

    rejected: tuple[tuple[str, str, int], ...]
    """(source, reason, how many)."""


class PathStatus(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Whether readings can reach a twin at all; sent on change only, and of the path in use only."""

    twin_id: str
    alive: bool
    reason: str = ""
    """Why it is silent; of a fallback that is alive, why it is in use."""
    fallback: int = 0
    """0 for the preferred path, else which of the fallbacks, from 1."""
    unfed: tuple[str, ...] = ()
    """Properties of which nothing has come by this path yet, where it takes over from another."""


class SourceStatus(msgspec.Struct, frozen=True, tag="source_status"):
    source: str
    """The path; "" for the one that each twin has."""
    paths: tuple[PathStatus, ...]


class Tick(msgspec.Struct, frozen=True, tag="tick"):
    """Time has passed; journaled only where something was due."""


class Load(msgspec.Struct, frozen=True, tag="load"):
    """Definitions changed (or, with `starting`, are those found at start)."""

    plan: Plan
    author: str = "system"
    starting: bool = False
    origin: Origin = HERE


class EngineSettings(msgspec.Struct, frozen=True, array_like=True):
    """What decisions depend on besides inputs: journaled with every start, so that a replay decides as the run did."""

    max_skew: Micros = 5 * SECOND
    """How far a source's clock may be off."""
    call_deadline: Micros = 30 * SECOND
    """How old a call may be when it is sent."""
    max_shelving: Micros = 7 * 86_400 * SECOND
    """How long an alert may be shelved."""
    flood_limit: int = 10
    """Alerts raised within a minute under one overlay beyond which one more sums them up; 0 for never."""


class Started(msgspec.Struct, frozen=True, tag="started"):
    """First input of every run (but for ClockStepped), after the fold: every path is silent until it has contact, and
    calls that the last run left open are settled as the design's "Calls after a crash" says."""

    settings: EngineSettings | None = None
    """Of this run; None where they are those that the engine has."""


class ClockStepped(msgspec.Struct, frozen=True, tag="clock_stepped"):
    """Somebody set the machine's clock. Comes before any other input at the new time."""

    by: Micros
    """How far engine time has jumped forward with it."""
    behind: Micros
    """How far the wall clock is behind engine time, which never goes back."""


class AcknowledgeAlert(msgspec.Struct, frozen=True, tag="acknowledge_alert"):
    alert_id: str
    by: str
    comment: str = ""
    origin: Origin = HERE


class AcknowledgeAlerts(msgspec.Struct, frozen=True, tag="acknowledge_alerts"):
    """Several at once. What somebody else has acknowledged, or what closed, meanwhile does not hold up the others."""

    alert_ids: tuple[str, ...]
    by: str
    comment: str = ""
    origin: Origin = HERE


class ResetAlert(msgspec.Struct, frozen=True, tag="reset_alert"):
    """A person ends the activity of a latched alert, whose behavior is no longer active."""

    alert_id: str
    by: str
    comment: str = ""
    origin: Origin = HERE


class CommentAlert(msgspec.Struct, frozen=True, tag="comment_alert"):
    """A person notes something about an open alert."""

    alert_id: str
    by: str
    comment: str
    origin: Origin = HERE


class AlertKey(msgspec.Struct, frozen=True, array_like=True):
    """The identity of an alert, whether one is open or not."""

    owner: OwnerKey
    behavior: str
    code: str


class ShelveAlert(msgspec.Struct, frozen=True, tag="shelve_alert"):
    """A person puts an alert aside for a while, raised or not."""

    key: AlertKey
    duration: Micros
    by: str
    reason: str
    origin: Origin = HERE


class UnshelveAlert(msgspec.Struct, frozen=True, tag="unshelve_alert"):
    key: AlertKey
    by: str
    reason: str = ""
    origin: Origin = HERE


class SetManual(msgspec.Struct, frozen=True, tag="set_manual"):
    """A person gives an unmapped, writable property its value."""

    twin_id: str
    property: str
    value: Value
    by: str
    origin: Origin = HERE
    override_reason: str = ""
    """Why interlocks are not to stand against it."""


class SetOverride(msgspec.Struct, frozen=True, tag="set_override"):
    """A person takes a property out of service or forces it; it replaces an override that stands."""

    twin_id: str
    property: str
    kind: OverrideKind
    by: str
    reason: str
    value: Value = None
    """To force; None for out of service."""
    origin: Origin = HERE


class ClearOverride(msgspec.Struct, frozen=True, tag="clear_override"):
    """A person ends an override; of this kind only, where one is named."""

    twin_id: str
    property: str
    by: str
    reason: str = ""
    kind: OverrideKind | None = None
    origin: Origin = HERE


class RequestCall(msgspec.Struct, frozen=True, tag="request_call"):
    """A person asks for a method call, or (property set) a write to the device. Arguments are already checked."""

    call_id: str
    twin_id: str
    by: str
    method: str | None = None
    property: str | None = None
    arguments: dict[str, Value] = {}
    """By parameter name; for a write `{"value": ...}`."""
    origin: Origin = HERE
    override_reason: str = ""
    """Why interlocks are not to stand against it."""


class Note(msgspec.Struct, frozen=True, tag="note"):
    """What was done or refused beside the engine, for the audit alone: a command that did not come as far as here, a
    file that was changed. Nothing is decided from it."""

    kind: AuditKind
    outcome: Literal["done", "refused", "failed"]
    """`failed` of what the server did by itself."""
    by: str
    origin: Origin
    subjects: tuple[str, ...] = ()
    what: str = ""
    reason: str = ""
    code: str = ""
    message: str = ""
    details: dict[str, Value] = {}


class DefinitionChanged(msgspec.Struct, frozen=True, omit_defaults=True):
    """A definition as it was accepted, by its revision: the graph has the document."""

    kind: Kind
    id: str
    revision: int
    change: DefinitionChangeKind
    at: Micros
    author: str
    catalogue_revision: int
    """The same for all that was changed together."""
    reason: str = ""


class Redefined(msgspec.Struct, frozen=True, tag="redefined"):
    """Which definitions a change was of, for whoever follows them. The engine is told of its owners by a Load behind
    this; it takes the catalogue's revision from either."""

    catalogue_revision: int
    definitions: tuple[DefinitionChanged, ...]


class AttemptCall(msgspec.Struct, frozen=True, tag="attempt_call"):
    """Committed immediately before the send (design D10)."""

    call_id: str


class CallResult(msgspec.Struct, frozen=True, tag="call_result"):
    call_id: str
    status: Literal["accepted", "refused", "failed"]
    value: Value = None
    error: str = ""


Command = (
    ReportSamples
    | AcknowledgeAlert
    | AcknowledgeAlerts
    | ResetAlert
    | CommentAlert
    | ShelveAlert
    | UnshelveAlert
    | SetManual
    | SetOverride
    | ClearOverride
    | RequestCall
)
Input = (
    Samples
    | ReportSamples
    | Unaccepted
    | SourceStatus
    | Tick
    | Load
    | Started
    | ClockStepped
    | AcknowledgeAlert
    | AcknowledgeAlerts
    | ResetAlert
    | CommentAlert
    | ShelveAlert
    | UnshelveAlert
    | SetManual
    | SetOverride
    | ClearOverride
    | RequestCall
    | Note
    | Redefined
    | AttemptCall
    | CallResult
)


# ---------------------------------------------------------------- facts


class PropertyChanged(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """Value, quality, `known` or the override changed. Carries the whole new state, so folding needs no look-up.

    All but `override` is what the property is without one; what everybody sees is `state()`.
    """

    twin_id: str
    property: str
    value: Value
    quality: Quality
    timestamp: Micros
    reported_at: Micros
    known: bool
    reason: str | None = None
    override: Override | None = None
    source: str | None = None
    """Who gave the value, where no connector feeds the property: a person, a tool's name, `owner/behavior`."""

    def state(self) -> PropertyState:
        reported = PropertyState(self.value, self.quality, self.timestamp, self.reported_at, self.reason, self.known)
        return in_effect(reported, self.override)


class PropertyReported(msgspec.Struct, frozen=True, array_like=True):
    """The same value again: only its times move, and no rule wakes."""

    twin_id: str
    property: str
    timestamp: Micros
    reported_at: Micros


class SampleRejected(msgspec.Struct, frozen=True, array_like=True):
    source: str
    twin_id: str
    property: str
    reason: str
    """UnknownTwin, UnknownProperty, NotMapped, Computed, TypeMismatch, NotInEnum, NotFinite, MissingField, TooLong,
    TooLarge, Late; of what is reported also Mapped."""
    index: int | None = None
    """Its place among all samples of a ReportSamples; None for a connector's."""


BehaviorState = Literal["active", "inactive"]
Evidence = Literal["true", "false", "unknown"]


class Read(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """A property that a condition reads, as it stood when the condition was evaluated."""

    owner: str | None
    """As the condition names it; None for the twin itself."""
    fact: PropertyChanged
    data_type: DataType
    unit: str | None = None
    source: str = ""
    """Who gave the value: a connector's name, a person, a tool, `owner/behavior`; "" where nobody has."""


class Kept(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """What a part of a condition came to that asks for more than the values of now."""

    node: Condition
    value: Value
    since: Micros = 0
    """Of a timer that it has; 0 where it has none."""
    due: Micros | None = None
    """None where the timer is paused, or there is none."""


class MemberValue(msgspec.Struct, frozen=True, array_like=True):
    id: str
    value: Value


class Together(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """What the members of a role came to together."""

    node: Condition
    value: Value
    members: int
    unknown: int
    deciding: tuple[MemberValue, ...] = ()
    """Some of those by whom it is so: the TRUE ones of any and count, the FALSE ones of all, who has the least or the
    greatest."""
    missing: tuple[str, ...] = ()
    """The ids of some that are unknown."""
    bounds: tuple[float, float] | None = None
    """Of a count, the least and the greatest: where it lies for certain."""


class Basis(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a condition came to what it came to on: enough to explain it whatever becomes of its definition."""

    revision: str
    """The id of the shape that it is of, which names the definitions with their revisions."""
    condition: Condition
    reads: tuple[Read, ...] = ()
    bound: tuple[str, ...] = ()
    """Of the roles and ids that it names, those that are there."""
    kept: tuple[Kept, ...] = ()
    together: tuple[Together, ...] = ()
    """Of its aggregates."""


class ActionResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one action, as far as its behavior goes: what the device then answers is the call's."""

    action: str
    """As messages name it: `alert hot`, `call backup.start`, `write outlet.position`."""
    result: Literal["done", "decided", "withheld", "skipped", "waiting"]
    """`decided` is a call on its way; `waiting` an action behind a required call that is not accepted yet, an alert
    within its on-delay, or something that is expected and not seen yet."""
    reason: str = ""
    """Of one that was withheld or skipped."""
    call_id: str | None = None
    """Of a call: its own, sent or withheld; of one that waits: the call it waits for, or whose effect is expected."""


class WaitingActions(msgspec.Struct, frozen=True):
    """The rest of a behavior's actions, behind a required call; done once that is accepted."""

    key: BehaviorKey
    call_id: str
    actions: tuple[ActionPlan, ...]
    cause: Cause


PartOutcome = Literal["escalated", "acknowledged", "observed", "missed", "unknown"]
"""Of an escalation: done, or not needed because a person had acknowledged. Of an expectation: seen in time, surely not
seen, or not known."""


class BehaviorChanged(msgspec.Struct, frozen=True):
    """Its state or its evidence changed, or (both as they were) actions that waited went on or ended, or a part of it
    came to its end."""

    key: BehaviorKey
    state: BehaviorState
    evidence: Evidence
    at: Micros
    cause: Cause
    was: BehaviorState = "inactive"
    """Equal to `state` where the state did not change."""
    since: Micros = 0
    """When it came into this state; of a pulse: when it fired last."""
    actions: tuple[ActionResult, ...] = ()
    """Of all actions that this led to, in their order."""
    basis: Basis | None = None
    """None where no condition was evaluated: the behavior was removed, or no longer loads."""
    waits: WaitingActions | None = None
    """What of them waits from now on."""
    ended: tuple[str, ...] = ()
    """Calls that nothing waits for any more."""
    fired: bool = False
    """Whether it was activated, or (of a pulse: its state stays inactive) fired, so that its actions ran."""
    loops: int = 0
    """How many activations in a row followed from its own calls and writes, this one included."""
    follows: BehaviorKey | None = None
    """The behavior whose call or write it followed from."""
    part: str = ""
    """The part of it that came to its end, both as they were, as a pointer into its definition: `escalations/0`, or
    `actions/2` for an expectation."""
    came_to: PartOutcome | None = None
    late: Micros = 0
    """How long after its moment that part, or what fires by the clock, came to it, where the server was not running
    then or the clock was set."""

    @property
    def skipped(self) -> tuple[str, ...]:
        """Actions not taken, and why."""
        return tuple(f"{item.action}: {item.reason}" for item in self.actions if item.reason)


class Shelving(msgspec.Struct, frozen=True):
    """An alert that a person has put aside."""

    key: AlertKey
    at: Micros
    until: Micros
    by: str
    reason: str


class AlertComment(msgspec.Struct, frozen=True):
    at: Micros
    by: str
    text: str


class Alert(msgspec.Struct, frozen=True, omit_defaults=True):
    """Open until cleared and, where required, acknowledged; `closed_at` is set then and it never opens again."""

    alert_id: str
    owner: OwnerKey
    behavior: str
    code: str
    severity: Severity
    message: str
    twins: tuple[str, ...]
    """The twins it concerns."""
    raised_at: Micros
    ack_required: bool
    latched: bool
    cause: Cause
    active: bool = True
    acknowledged: bool = False
    cleared_at: Micros | None = None
    clear_reason: str | None = None
    acknowledged_at: Micros | None = None
    acknowledged_by: str | None = None
    comment: str | None = None
    """Of the acknowledgement."""
    closed_at: Micros | None = None
    comments: tuple[AlertComment, ...] = ()
    """What people noted since, the last few; all of them are in its history."""
    shelved: Shelving | None = None
    suppressed_by: tuple[str, ...] = ()
    """Behaviors of the same owner that are active, and while which it is suppressed by design."""
    group: str = ""
    first_in_group: bool = False
    """Whether nothing else of its group was active when it was (last) raised."""
    re_alarm: Micros = 0
    lists: tuple[str, ...] = ()
    """Of a flood's: the alerts that it sums up, the first hundred."""
    listed: int = 0
    """How many those were as it was raised."""

    @property
    def annunciated(self) -> bool:
        """Whether it is to be told to people: neither shelved nor suppressed."""
        return self.shelved is None and not self.suppressed_by

    basis: Basis | None = None
    """What its behavior's condition stood on when it was (last) raised; None for one of the engine's own."""


AlertTransition = Literal[
    "raised",
    "updated",
    "cleared",
    "reset",
    "acknowledged",
    "re_alarmed",
    "commented",
    "shelved",
    "unshelved",
    "suppressed",
    "unsuppressed",
    "closed",
]
"""`updated`: it goes on, and what it says has grown, or its shelving was moved with a clock that was set. `re_alarmed`:
it is unacknowledged again."""


class AlertChanged(msgspec.Struct, frozen=True, omit_defaults=True):
    alert: Alert
    """As it became."""
    transition: AlertTransition
    at: Micros
    cause: Cause
    by: str | None = None
    """The person who did it; None where the engine did."""
    comment: str = ""
    late: Micros = 0
    """How late it came, where its moment fell into the time between two runs."""


ShelvingChange = Literal["shelved", "unshelved"]


class ShelvingChanged(msgspec.Struct, frozen=True, omit_defaults=True):
    shelving: Shelving
    """As it is now, or was as it ended."""
    change: ShelvingChange
    at: Micros
    by: str | None
    """None where its time was over, or a definition change ended it."""
    reason: str
    """The person's; else TimeOver, BehaviorRemoved, AlertRemoved."""
    cause: Cause
    late: Micros = 0
    """As of AlertChanged."""


CallStatus = Literal["decided", "attempted", "accepted", "refused", "failed", "withheld", "expired", "indeterminate"]


class UnknownInput(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an interlock had to know and did not."""

    what: str
    """`p1.level`, or what is wrong with the interlock itself."""
    reason: str


class InterlockVerdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """An interlock that stood against a call at the moment it would have been sent."""

    owner: OwnerKey
    name: str
    truth: Literal["true", "unknown"]
    condition: str
    """As it is written."""
    unknown: tuple[UnknownInput, ...] = ()
    basis: Basis | None = None
    """What its condition stood on."""


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a call was refused here, and never sent."""

    code: Literal["CALL_INTERLOCKED", "CALL_RATE_LIMITED", "CALL_TOO_SOON"]
    interlocks: tuple[InterlockVerdict, ...] = ()
    retry_at: Micros | None = None
    """When it may be sent again, where a limit refused it."""


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """A method call or property write on its way to a device."""

    call_id: str
    twin_id: str
    status: CallStatus
    decided_at: Micros
    cause: Cause
    method: str | None = None
    property: str | None = None
    arguments: dict[str, Value] = {}
    behavior: BehaviorKey | None = None
    """Who decided it; None for a person's request."""
    attempted_at: Micros | None = None
    finished_at: Micros | None = None
    value: Value = None
    error: str = ""
    observed_at: Micros | None = None
    """When its effect was seen on the plant, whatever the device had answered."""
    refusal: Refusal | None = None
    """Where it was refused here; None where the device did."""
    override_reason: str = ""
    """Why a person had it sent though interlocks stood against it."""
    overrode: tuple[InterlockVerdict, ...] = ()
    """Those that did."""


class CallChanged(msgspec.Struct, frozen=True):
    """`send` is set in the one Outcome that asks the runtime to perform it (decided, or released after a restart)."""

    call: Call
    at: Micros
    send: bool = False


class TwinEventOccurred(msgspec.Struct, frozen=True):
    twin_id: str
    name: str
    timestamp: Micros
    parameters: dict[str, Value]
    cause: Cause


class ConnectivityChanged(msgspec.Struct, frozen=True, omit_defaults=True):
    twin_id: str
    status: Literal["connected", "disconnected"]
    reason: str
    at: Micros
    last_contact: Micros | None = None
    path: str | None = None
    """The connector that the twin is heard by from now on; None where it is the one that it was."""
    was: str = ""
    """The one before, where another takes over."""
    fallback: int = 0
    """As of PathStatus."""


class OverrideChanged(msgspec.Struct, frozen=True):
    """For the record (audit); the state of a property that is still there is in the PropertyChanged beside it."""

    twin_id: str
    property: str
    override: Override | None
    """What stands now; None where it has ended."""
    was: Override | None
    at: Micros
    by: str
    reason: str
    """The person's; where a definition change ended it: PropertyRemoved, DataTypeChanged, ValueNotAllowed, TwinRemoved,
    TwinReplaced."""
    cause: Cause


class TimerKey(msgspec.Struct, frozen=True, array_like=True):
    """`slot` says what waits, among its behavior's others: `held/0`, `delay_on/hot`, `escalate/1`."""

    owner: OwnerKey
    behavior: str
    slot: str


class Timer(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Something that waits for a moment of engine time."""

    key: TimerKey
    due: Micros | None
    """None while it is paused."""
    since: Micros
    """When it started; backdated to the source's time where a reading started it."""
    remaining: Micros = 0
    """Of a paused one."""
    paused_at: Micros = 0
    evidence: bool = False
    """Whether it hangs on what the plant shows: then it waits after a start until that had contact again."""
    ref: str = ""
    """What it is about, where its key does not say: an alert, a call."""
    met: bool = False
    """It has come, and is kept until what it waited for is over."""
    waits: bool = False
    """Paused by a start of the server, until what its behavior reads had contact."""
    doubted: bool = False
    """It began anew after a time in which nothing was known, before which it was met."""
    cause: Cause | None = None
    """What started it."""


TimerChange = Literal["started", "paused", "resumed", "moved", "met", "stopped"]
"""`moved`: what it waits for was given another length."""


class TimerChanged(msgspec.Struct, frozen=True, array_like=True):
    """`timer` is as it is now; one that was stopped, or met and not kept, is no more."""

    timer: Timer
    change: TimerChange
    at: Micros


class Landed(msgspec.Struct, frozen=True, array_like=True):
    """Which changes of an Outcome are samples of one source that were applied; the others followed from them."""

    source: str
    first: int
    count: int


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything one input led to. Empty tuples where nothing did."""

    changes: tuple[PropertyChanged, ...] = ()
    reports: tuple[PropertyReported, ...] = ()
    rejected: tuple[SampleRejected, ...] = ()
    behaviors: tuple[BehaviorChanged, ...] = ()
    alerts: tuple[AlertChanged, ...] = ()
    calls: tuple[CallChanged, ...] = ()
    events: tuple[TwinEventOccurred, ...] = ()
    connectivity: tuple[ConnectivityChanged, ...] = ()
    overrides: tuple[OverrideChanged, ...] = ()
    timers: tuple[TimerChanged, ...] = ()
    shelvings: tuple[ShelvingChanged, ...] = ()
    landed: tuple[Landed, ...] = ()
    tallies: tuple[Tally, ...] = ()
    """What became of the samples that came in, by source."""
    refused: str = ""
    """Why a command was refused ("" where it was not): `CODE message`."""


class Entry(msgspec.Struct, frozen=True):
    """One journal record: what came in, when, and what was decided."""

    sequence: int
    now: Micros
    input: Input
    outcome: Outcome
