"""A small plant to decide about: builders of plans and readings, and a driver that keeps the journal for a restart."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.engine.engine import Engine
from app.model.behaviors import Severity
from app.model.conditions import And, Compare, CompareOp, Condition, Literal, PropertyRef, is_pulse
from app.model.events import (
    DeviceEvent,
    Entry,
    Input,
    Load,
    Outcome,
    PathStatus,
    Reading,
    Sample,
    Samples,
    SourceStatus,
    Started,
    Tick,
)
from app.model.plan import (
    ActionPlan,
    AlertPlan,
    CallPlan,
    EventPlan,
    Interlock,
    MethodPlan,
    OverlayPlan,
    OwnerKey,
    Plan,
    PropertyPlan,
    Rule,
    Shape,
    TwinPlan,
    WritePlan,
)
from app.model.time import SECOND, Micros
from app.model.values import PropertyState, Quality

T0: Micros = 1_767_000_000 * SECOND

PUMP_PROPERTIES = (
    PropertyPlan("temperature", "float", "celsius", 0.0, 120.0),
    PropertyPlan("speed", "float", "rpm", 0.0, 3000.0, access="read-write"),
    PropertyPlan("status", "enum", enum_values=("running", "stopped", "fault")),
    PropertyPlan("starts", "integer"),
    PropertyPlan("remote", "boolean"),
    PropertyPlan("note", "string"),
    PropertyPlan("serviced", "datetime"),
    PropertyPlan("limit", "float", minimum=0.0, maximum=200.0, access="read-write"),
    PropertyPlan("mode", "enum", enum_values=("auto", "hand"), access="read-write"),
    PropertyPlan("shown", "float", access="read"),
)
MAPPED = ("temperature", "speed", "status", "starts", "remote", "note", "serviced")
PUMP_EVENTS = (EventPlan("fault_occurred", (PropertyPlan("code", "integer"), PropertyPlan("text", "string"))),)
PUMP_METHODS = (
    MethodPlan("start"),
    MethodPlan("stop", idempotent=True),
    MethodPlan("flush", min_interval=10 * SECOND, most_calls=3, per=60 * SECOND),
)


def ref(name: str, owner: str | None = None) -> PropertyRef:
    return PropertyRef(owner, name)


def compare(name: str, op: CompareOp, value: Any, owner: str | None = None) -> Condition:
    return Compare(op, ref(name, owner), Literal(value))


def hot(limit: float = 80.0) -> Condition:
    return compare("temperature", ">", limit)


def alert(
    code: str = "0", severity: Severity = "warning", *, latched: bool = False, ack: bool | None = None
) -> AlertPlan:
    required = severity in ("error", "critical") if ack is None else ack
    return AlertPlan(code, severity, f"alert {code}", latched, required)


def call(method: str = "stop", owner: str | None = None, *, required: bool = False) -> CallPlan:
    return CallPlan(owner, method, {}, required)


def write(name: str, value: Any, owner: str | None = None, *, required: bool = False) -> WritePlan:
    return WritePlan(owner, name, value, required)


def never(
    condition: Condition | None,
    *,
    call: str | None = None,
    write: str | None = None,
    owner: str | None = None,
    name: str = "lock",
    error: str | None = None,
) -> Interlock:
    return Interlock(name, owner, call, write, condition, "as written", error)


def rule(name: str, condition: Condition | None, *actions: ActionPlan, **more: Any) -> Rule:
    pulse = condition is not None and is_pulse(condition)
    return Rule(name, condition, actions, pulse=pulse, **more)


def pump_shape(
    *rules: Rule,
    shape_id: str = "pump@1",
    properties: Sequence[PropertyPlan] = PUMP_PROPERTIES,
    interlocks: Sequence[Interlock] = (),
) -> Shape:
    return Shape(shape_id, tuple(properties), PUMP_METHODS, rules, tuple(interlocks), PUMP_EVENTS)


def pump(id: str = "p1", shape_id: str = "pump@1", revision: int = 1, **more: Any) -> TwinPlan:
    settings: dict[str, Any] = {"life": 1, "mapped": MAPPED, "connected": True, **more}
    return TwinPlan(id, "pump", shape_id, revision, **settings)


def station(bindings: Mapping[str, str], shape_id: str = "station@1", revision: int = 1, **more: Any) -> OverlayPlan:
    return OverlayPlan("station", "station", shape_id, revision, dict(bindings), **more)


def failure(*actions: ActionPlan, name: str = "failure") -> Rule:
    condition = And((compare("status", "==", "fault", "primary"), compare("temperature", "<", 200, "primary")))
    return rule(name, condition, *actions)


def sample(
    name: str, value: Any, at: Micros, quality: Quality = "good", twin: str = "p1", reason: str | None = None
) -> Sample:
    return Sample(twin, name, value, at, quality, reason)


class Plant:
    """An engine with its journal. `now` moves on by itself, one second an input, unless it is set."""

    def __init__(
        self,
        *rules: Rule,
        plan: Plan | None = None,
        alive: bool = True,
        interlocks: Sequence[Interlock] = (),
        **engine: Any,
    ) -> None:
        self.options = engine
        self.engine = Engine(**engine)
        self.now = T0
        self.journal: list[Entry] = []
        self.do(Started())
        if plan is None and (rules or interlocks):
            plan = Plan(1, (pump_shape(*rules, interlocks=interlocks),), (pump(),))
        if plan is not None:
            self.do(Load(plan))
            if alive:
                self.alive(*(twin.twin_id for twin in plan.twins))

    def do(self, input: Input, after: Micros = SECOND) -> Outcome:
        self.now += after
        outcome = self.engine.decide(input, self.now)
        self.journal.append(Entry(len(self.journal) + 1, self.now, input, outcome))
        self.engine.live.sequence = len(self.journal)
        return outcome

    def load(self, *rules: Rule, revision: int, twins: Sequence[TwinPlan] | None = None, **shape: Any) -> Outcome:
        """One pump type, changed."""
        shape_id = f"pump@{revision}"
        plan = Plan(
            revision,
            (pump_shape(*rules, shape_id=shape_id, **shape),),
            tuple(twins) if twins is not None else (pump(shape_id=shape_id, revision=revision),),
        )
        return self.do(Load(plan))

    def wait(self, seconds: float) -> Outcome:
        """So much time passes, with a tick at its end."""
        return self.do(Tick(), round(seconds * SECOND))

    def alive(self, *twins: str) -> Outcome:
        return self.do(SourceStatus("opc", tuple(PathStatus(twin, True) for twin in twins or ("p1",))))

    def silent(self, *twins: str, reason: str = "connection lost") -> Outcome:
        return self.do(SourceStatus("opc", tuple(PathStatus(twin, False, reason) for twin in twins or ("p1",))))

    def read(self, twin: str = "p1", **values: Any) -> Outcome:
        """All values in one reading, measured now."""
        at = self.now + SECOND
        return self.take(*(sample(name, value, at, twin=twin) for name, value in values.items()))

    def take(self, *samples: Sample, events: Sequence[DeviceEvent] = (), received: Micros | None = None) -> Outcome:
        received = self.now + SECOND if received is None else received
        return self.do(Samples((Reading("opc", received, samples, tuple(events)),)))

    def restart(self, snapshot_after: int = 0) -> "Plant":
        """A fresh engine that has read the journal, not yet started: from a snapshot taken after so many entries."""
        other = Plant.__new__(Plant)
        other.options, other.now, other.journal = self.options, self.now, list(self.journal)
        other.engine = Engine(**self.options)
        if snapshot_after:
            source = Engine(**self.options)
            for entry in self.journal[:snapshot_after]:
                source.decide(entry.input, entry.now)
                source.live.sequence = entry.sequence
            other.engine.restore(source.snapshot())
        for entry in self.journal[snapshot_after:]:
            other.engine.fold(entry)
        return other

    def state(self, name: str, twin: str = "p1") -> PropertyState:
        found = self.engine.live.property_state(twin, name)
        assert found is not None
        return found

    def behavior(self, name: str, owner: OwnerKey | None = None) -> tuple[str, str]:
        """(state, evidence)."""
        for view in self.engine.live.behaviors(owner or OwnerKey("twin", "p1")):
            if view.key.name == name:
                return view.state, view.evidence
        raise AssertionError(f"no behavior {name}")


STATION = OwnerKey("overlay", "station")


def sent(outcome: Outcome) -> list[tuple[str, str | None]]:
    """(twin, method or property) of every call that this outcome sends."""
    return [(it.call.twin_id, it.call.method or it.call.property) for it in outcome.calls if it.send]


def turns(outcome: Outcome) -> list[tuple[str, str]]:
    """(behavior, new state) of every behavior that changed its state."""
    return [(it.key.name, it.state) for it in outcome.behaviors if it.state != it.was]


def alerts(outcome: Outcome) -> list[tuple[str, str]]:
    """(code, transition), in order."""
    return [(it.alert.code, it.transition) for it in outcome.alerts]
