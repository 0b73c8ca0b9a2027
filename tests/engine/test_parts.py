"""What behaviors do beside their turns: `otherwise`, escalations, what they expect, and the events they emit."""

from typing import Any

import msgspec

from app.model.conditions import Aggregate, Compare, Literal
from app.model.events import (
    AcknowledgeAlert,
    AttemptCall,
    BehaviorChanged,
    CallResult,
    Load,
    Outcome,
    SetManual,
    Started,
    Tick,
)
from app.model.plan import ActionPlan, CallPlan, EmitPlan, EscalationPlan, ExpectPlan, OwnerKey, Plan, Rule, Shape
from app.model.time import SECOND
from tests.engine.plant import (
    STATION,
    Plant,
    alert,
    alerts,
    call,
    compare,
    failure,
    hot,
    pump,
    pump_shape,
    ref,
    rule,
    sample,
    sent,
    station,
    turns,
    write,
)

PUMP = OwnerKey("twin", "p1")


def tick(plant: Plant, seconds: float) -> Outcome:
    return plant.do(Tick(), after=round(seconds * SECOND))


def changes(outcome: Outcome) -> list[tuple[str, str]]:
    return [(fact.timer.key.slot, fact.change) for fact in outcome.timers]


def ends(outcome: Outcome) -> list[tuple[str, str | None]]:
    return [(fact.part, fact.came_to) for fact in outcome.behaviors if fact.part]


def results(fact: BehaviorChanged) -> list[tuple[str, str]]:
    return [(item.action, item.result) for item in fact.actions]


def warm(*rules: Rule, **more: Any) -> Plant:
    """A pump that is known to be cold."""
    plant = Plant(*rules, **more)
    plant.read(temperature=20.0, status="stopped")
    return plant


# ---------------------------------------------------------------- otherwise


def test_otherwise_is_done_when_the_behavior_becomes_inactive() -> None:
    plant = warm(rule("hot", hot(), call("stop"), otherwise=(call("start"), alert("back", "info"))))
    assert sent(plant.read(temperature=90.0)) == [("p1", "stop")]
    outcome = plant.read(temperature=20.0)
    assert (sent(outcome), alerts(outcome)) == ([("p1", "start")], [("back", "raised")])
    assert results(outcome.behaviors[0]) == [("call start", "decided"), ("alert back", "done")]
    again = plant.read(temperature=90.0)
    assert alerts(again) == [("back", "cleared"), ("back", "closed")], "what told that it was over is over"
    assert again.alerts[0].alert.clear_reason == "ConditionTrue"


def test_otherwise_is_not_done_where_the_evidence_only_becomes_unknown() -> None:
    plant = warm(rule("hot", hot(), otherwise=(call("start"),)))
    plant.read(temperature=90.0)
    assert sent(plant.take(sample("temperature", None, plant.now, "bad"))) == []
    assert sent(plant.read(temperature=20.0)) == [("p1", "start")]


def test_otherwise_is_not_done_by_an_edit_a_removal_a_suspension_or_a_rebinding() -> None:
    def plan(revision: int, *rules: Rule, lifecycle: str = "active", primary: str = "p1") -> Plan:
        shape = Shape(f"station@{revision}", rules=rules)
        overlay = station({"primary": primary}, shape.shape_id, revision, lifecycle=lifecycle)
        return Plan(revision, (pump_shape(), shape), (pump("p1"), pump("p2")), (overlay,))

    def rules(limit: float = 80.0) -> Rule:
        condition = compare("temperature", ">", limit, "primary")
        return rule("hot", condition, otherwise=(call("start", "primary"),))

    for change in (plan(2, rules(95.0)), plan(2), plan(2, rules(), lifecycle="suspended")):
        plant = Plant(plan=plan(1, rules()))
        plant.read(temperature=20.0)
        plant.read(temperature=90.0)
        outcome = plant.do(Load(change))
        assert turns(outcome) == [("hot", "inactive")]
        assert outcome.calls == ()

    plant = Plant(plan=plan(1, rules()))
    plant.read(temperature=20.0)
    plant.read(temperature=90.0)
    assert turns(plant.do(Load(plan(2, rules(), primary="p2")))) == []
    outcome = plant.read("p2", temperature=20.0)
    assert turns(outcome) == [("hot", "inactive")]
    assert outcome.calls == (), "FALSE of who has been bound since is nobody's end"
    plant.read("p2", temperature=90.0)
    assert sent(plant.read("p2", temperature=20.0)) == [("p2", "start")]


# ---------------------------------------------------------------- escalations


def escalating(*actions: ActionPlan, unless: bool = False, after: int = 300) -> Rule:
    steps = (EscalationPlan(after * SECOND, unless, actions),)
    return rule("hot", hot(), alert("hot", "error"), escalations=steps)


def test_an_escalation_is_done_when_the_behavior_has_been_active_for_so_long() -> None:
    plant = warm(escalating(alert("still", "critical"), call("stop")))
    assert changes(plant.read(temperature=90.0)) == [("escalate/0", "started")]
    assert tick(plant, 299) == Outcome()
    outcome = tick(plant, 1)
    assert (alerts(outcome), sent(outcome)) == ([("still", "raised")], [("p1", "stop")])
    assert ends(outcome) == [("escalations/0", "escalated")]
    (fact,) = outcome.behaviors
    assert (fact.state, fact.was, fact.late, fact.fired) == ("active", "active", 0, False)
    assert results(fact) == [("alert still", "done"), ("call stop", "decided")]
    assert tick(plant, 600) == Outcome(), "once per activation"
    assert alerts(plant.read(temperature=20.0)) == [("hot", "cleared"), ("still", "cleared")]


def test_a_behavior_that_ends_in_time_escalates_nothing() -> None:
    plant = warm(escalating(alert("still", "critical")))
    plant.read(temperature=90.0)
    assert ("escalate/0", "stopped") in changes(plant.read(temperature=20.0))
    assert tick(plant, 600) == Outcome()


def test_an_acknowledged_alert_is_not_escalated_where_it_says_so() -> None:
    plant = warm(escalating(alert("still", "critical"), unless=True))
    plant.read(temperature=90.0)
    (found,) = plant.engine.live.open_alerts()
    plant.do(AcknowledgeAlert(found.alert_id, "eva"))
    outcome = tick(plant, 300)
    assert (ends(outcome), alerts(outcome)) == ([("escalations/0", "acknowledged")], [])
    plant = warm(escalating(alert("still", "critical"), unless=True))
    plant.read(temperature=90.0)
    assert ends(tick(plant, 300)) == [("escalations/0", "escalated")]


def test_an_escalation_unless_acknowledged_is_met_late_after_a_restart_and_says_so() -> None:
    plant = warm(escalating(alert("still", "critical"), unless=True))
    plant.read(temperature=90.0)
    due = plant.now + 300 * SECOND
    other = plant.restart()
    other.now += 600 * SECOND
    other.do(Started())
    assert other.engine.next_due() == due
    outcome = tick(other, 1)
    (fact,) = outcome.behaviors
    assert (fact.part, fact.came_to, fact.evidence) == ("escalations/0", "escalated", "unknown")
    assert fact.late == other.now - due
    assert alerts(outcome) == [("still", "raised")]


def test_any_other_escalation_waits_after_a_restart_for_what_the_behavior_reads() -> None:
    plant = warm(escalating(alert("still", "critical")))
    plant.read(temperature=90.0)
    tick(plant, 100)
    other = plant.restart()
    other.do(Started())
    assert other.engine.next_due() is None
    other.alive()
    assert changes(other.read(temperature=91.0)) == [("escalate/0", "resumed")]
    assert ends(tick(other, 200)) == [("escalations/0", "escalated")]


def test_what_was_true_when_it_was_loaded_escalates_alerts_and_withholds_calls() -> None:
    plant = Plant(escalating(alert("still", "critical"), call("stop")))
    plant.read(temperature=90.0)
    outcome = tick(plant, 300)
    assert (alerts(outcome), sent(outcome)) == ([("still", "raised")], [])
    assert results(outcome.behaviors[0]) == [("alert still", "done"), ("call stop", "withheld")]


# ---------------------------------------------------------------- what is expected


def expecting(*otherwise: Any, within: int = 10, index: int = 1) -> ExpectPlan:
    return ExpectPlan(within * SECOND, compare("status", "==", "running"), otherwise, index)


def reflex(*otherwise: Any, **more: Any) -> Rule:
    return rule("hot", hot(), call("start"), expecting(*otherwise), **more)


def test_what_is_seen_in_time_is_recorded_and_marks_the_call_observed() -> None:
    plant = warm(reflex(alert("deaf", "error")))
    first = plant.read(temperature=90.0)
    (decided,) = [it.call for it in first.calls]
    assert results(first.behaviors[0]) == [("call start", "decided"), ("expect", "waiting")]
    plant.do(AttemptCall(decided.call_id))
    outcome = plant.read(status="running")
    assert ends(outcome) == [("actions/1", "observed")]
    assert changes(outcome) == [("expect/1", "stopped")]
    assert [(it.call.call_id, it.call.observed_at) for it in outcome.calls] == [(decided.call_id, plant.now)]
    assert tick(plant, 60) == Outcome()


def test_what_is_not_seen_in_time_has_its_else_done() -> None:
    plant = warm(reflex(alert("deaf", "error"), call("stop")))
    plant.read(temperature=90.0)
    assert tick(plant, 9) == Outcome()
    outcome = tick(plant, 1)
    assert ends(outcome) == [("actions/1", "missed")]
    assert (alerts(outcome), sent(outcome)) == ([("deaf", "raised")], [("p1", "stop")])
    seen = plant.read(status="running")
    assert alerts(seen) == [("deaf", "cleared")]
    assert seen.alerts[0].alert.clear_reason == "ExpectationMet"


def test_unknown_is_not_seen_and_is_told_apart() -> None:
    plant = warm(reflex(alert("deaf", "error")))
    plant.read(temperature=90.0)
    plant.take(sample("status", None, plant.now, "bad"))
    outcome = tick(plant, 10)
    assert ends(outcome) == [("actions/1", "unknown")]
    assert alerts(outcome) == [("deaf", "raised")]


def test_what_is_so_already_is_waited_for_by_nobody() -> None:
    plant = warm(reflex(alert("deaf", "error")))
    plant.read(status="running")
    outcome = plant.read(temperature=90.0)
    assert results(outcome.behaviors[0]) == [("call start", "decided"), ("expect", "done")]
    assert outcome.timers == ()


def test_what_is_expected_is_waited_for_though_the_behavior_ends_unless_it_has_an_otherwise() -> None:
    plant = warm(reflex(alert("deaf", "error")))
    plant.read(temperature=90.0)
    plant.read(temperature=20.0)
    outcome = tick(plant, 9)
    assert ends(outcome) == [("actions/1", "missed")]
    (deaf,) = plant.engine.live.open_alerts()
    assert alerts(plant.do(AcknowledgeAlert(deaf.alert_id, "eva"))) == [
        ("deaf", "acknowledged"),
        ("deaf", "cleared"),
        ("deaf", "closed"),
    ], "nothing else ends it but its being seen"

    plant = warm(reflex(alert("deaf", "error"), otherwise=(call("stop"),)))
    plant.read(temperature=90.0)
    assert ("expect/1", "stopped") in changes(plant.read(temperature=20.0))


def test_nothing_is_expected_of_a_call_that_was_withheld_or_skipped() -> None:
    plant = Plant(reflex(alert("deaf", "error")))
    outcome = plant.read(temperature=90.0, status="stopped")
    assert results(outcome.behaviors[0]) == [("call start", "withheld"), ("expect", "withheld")]
    plant = warm(rule("hot", hot(), call("explode"), expecting(alert("deaf"))))
    outcome = plant.read(temperature=90.0)
    assert results(outcome.behaviors[0]) == [("call explode", "skipped"), ("expect", "skipped")]
    assert outcome.behaviors[0].actions[1].reason == "'call explode' before it was not done"


def test_behind_a_required_call_what_is_expected_begins_with_its_acceptance() -> None:
    required = CallPlan(None, "start", {}, required=True)
    plant = warm(rule("hot", hot(), required, expecting(alert("deaf", "error"))))
    (decided,) = [it.call for it in plant.read(temperature=90.0).calls]
    plant.do(AttemptCall(decided.call_id))
    outcome = plant.do(CallResult(decided.call_id, "accepted"))
    assert changes(outcome) == [("expect/1", "started")]
    seen = plant.read(status="running")
    assert [it.call.observed_at for it in seen.calls] == [plant.now]


def test_after_a_crash_what_is_expected_settles_a_call_that_may_or_may_not_have_happened() -> None:
    plant = warm(reflex(alert("deaf", "error")))
    (decided,) = [it.call for it in plant.read(temperature=90.0).calls]
    plant.do(AttemptCall(decided.call_id))
    other = plant.restart()
    started = other.do(Started())
    assert [it.call.status for it in started.calls] == ["indeterminate"]
    assert alerts(started) == [("call_indeterminate", "raised")]
    assert other.engine.next_due() is None, "nothing of its device was heard yet"
    other.alive()
    outcome = other.read(status="running", temperature=90.0)
    assert ends(outcome) == [("actions/1", "observed")]
    assert ("call_indeterminate", "cleared") in alerts(outcome)


def test_after_a_restart_the_time_goes_on_once_what_is_expected_was_heard_of() -> None:
    plant = warm(reflex(alert("deaf", "error")))
    plant.read(temperature=90.0)
    other = plant.restart()
    other.do(Started())
    other.alive()
    assert changes(other.read(status="stopped")) == [("expect/1", "resumed")]
    assert ends(tick(other, 10)) == [("actions/1", "missed")]


def test_who_is_bound_anew_is_not_what_was_expected_of() -> None:
    def plan(revision: int, backup: str) -> Plan:
        expects = ExpectPlan(10 * SECOND, compare("status", "==", "running", "backup"), (alert("deaf"),), 1)
        shape = Shape("station@1", rules=(failure(call("start", "backup"), expects),))
        overlay = station({"primary": "p1", "backup": backup}, "station@1", revision)
        return Plan(revision, (pump_shape(), shape), (pump("p1"), pump("p2"), pump("p3")), (overlay,))

    plant = Plant(plan=plan(1, "p2"))
    plant.read("p1", status="running", temperature=20.0)
    assert changes(plant.read("p1", status="fault")) == [("expect/1", "started")]
    assert ("expect/1", "stopped") in changes(plant.do(Load(plan(2, "p3"))))
    assert plant.behavior("failure", STATION) == ("active", "true")


def test_any_of_a_role_of_many_may_be_expected_and_the_most_of_it_may_have_a_deadband() -> None:
    running = Aggregate("any", compare("status", "==", "running", "pumps"), over="pumps")
    most = Compare(">", Aggregate("max", ref("temperature", "pumps"), over="pumps"), Literal(80.0))
    told = msgspec.structs.replace(alert("hot"), deadband=5.0)
    expects = ExpectPlan(10 * SECOND, running, (alert("deaf", "error"),), 1)
    shape = Shape("station@1", rules=(rule("hot", most, told, expects),))
    overlay = station({"pumps/p1": "p1", "pumps/p2": "p2"}, members={"pumps": ("p1", "p2")})
    plant = Plant(plan=Plan(1, (pump_shape(), shape), (pump("p1"), pump("p2")), (overlay,)))
    for twin in ("p1", "p2"):
        plant.read(twin, temperature=20.0, status="stopped")
    assert alerts(plant.read("p2", temperature=90.0)) == [("hot", "raised")]
    assert alerts(plant.read("p2", temperature=78.0)) == []
    assert ends(plant.read("p1", status="running")) == [("actions/1", "observed")]
    assert alerts(plant.read("p2", temperature=75.0)) == [("hot", "cleared"), ("hot", "closed")]


# ---------------------------------------------------------------- events


def test_an_event_that_is_emitted_is_remembered_with_its_cause() -> None:
    plant = warm(rule("hot", hot(), EmitPlan(None, "overheated", {"limit": 80.0})))
    outcome = plant.read(temperature=90.0)
    (event,) = outcome.events
    assert (event.twin_id, event.name, event.parameters, event.timestamp) == (
        "p1",
        "overheated",
        {"limit": 80.0},
        plant.now,
    )
    assert (event.cause.kind, event.cause.ref) == ("behavior", "p1/hot")
    assert plant.engine.live.last_events("p1")[0] == event


def test_an_event_is_withheld_like_a_call() -> None:
    plant = Plant(rule("hot", hot(), EmitPlan(None, "overheated", {})))
    outcome = plant.read(temperature=90.0)
    assert (outcome.events, results(outcome.behaviors[0])) == ((), [("emit overheated", "withheld")])


def test_a_write_that_wakes_another_behavior_is_expected_within_the_same_step() -> None:
    plant = warm(
        rule("hot", hot(), write("mode", "hand"), ExpectPlan(SECOND, compare("mode", "==", "hand"), (), 1)),
        rule("hand", compare("mode", "==", "hand"), alert("hand")),
    )
    plant.do(SetManual("p1", "mode", "auto", "eva"))
    outcome = plant.read(temperature=90.0)
    assert alerts(outcome) == [("hand", "raised")]
    assert outcome.timers == (), "a property without a device shows at once what was written"
