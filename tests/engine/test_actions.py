"""Actions in their order, each with what became of it, and those that wait for a required call."""

from typing import Any

import pytest

from app.model.events import AttemptCall, CallResult, Load, Outcome, Started
from app.model.plan import Plan
from app.model.time import SECOND
from tests.engine.plant import Plant, alert, alerts, call, compare, hot, pump, pump_shape, rule, sent, turns, write


def results(outcome: Outcome, behavior: str = "hot") -> list[tuple[str, str, str]]:
    """(action, result, reason), in order."""
    return [
        (item.action, item.result, item.reason)
        for fact in outcome.behaviors
        if fact.key.name == behavior
        for item in fact.actions
    ]


def waited_for(outcome: Outcome) -> str:
    (waits,) = [fact.waits for fact in outcome.behaviors if fact.waits is not None]
    return waits.call_id


def stopping(*after: Any) -> Plant:
    plant = Plant(rule("hot", hot(), call("stop", required=True), *after))
    plant.read(temperature=20.0)
    return plant


def answer(plant: Plant, call_id: str, status: Any = "accepted", **more: Any) -> Outcome:
    assert plant.do(AttemptCall(call_id)).refused == ""
    return plant.do(CallResult(call_id, status, **more))


def test_a_transition_tells_what_became_of_each_action_in_their_order() -> None:
    plant = Plant(rule("hot", hot(), alert("a"), call("stop"), write("mode", "hand"), write("shown", 1.0), call("fly")))
    plant.read(temperature=20.0)
    outcome = plant.read(temperature=90.0)
    assert results(outcome) == [
        ("alert a", "done", ""),
        ("call stop", "decided", ""),
        ("write mode", "done", ""),
        ("write shown", "skipped", "the property is read-only"),
        ("call fly", "skipped", "twin 'p1' has no such method"),
    ]
    (decided,) = [item for item in outcome.behaviors[0].actions if item.call_id]
    assert decided.call_id == outcome.calls[0].call.call_id


def test_a_call_that_fails_stops_nothing_where_it_is_not_required() -> None:
    plant = Plant(rule("hot", hot(), call("fly"), call("stop"), alert()))
    plant.read(temperature=20.0)
    outcome = plant.read(temperature=90.0)
    assert sent(outcome) == [("p1", "stop")]
    assert alerts(outcome) == [("0", "raised")]


def test_what_follows_a_required_call_waits_until_the_device_has_accepted_it() -> None:
    plant = stopping(write("mode", "hand"), alert())
    outcome = plant.read(temperature=90.0)
    assert results(outcome) == [("call stop", "decided", ""), ("write mode", "waiting", ""), ("alert 0", "waiting", "")]
    assert (outcome.alerts, plant.state("mode").value) == ((), None)
    after = answer(plant, waited_for(outcome))
    assert results(after) == [("write mode", "done", ""), ("alert 0", "done", "")]
    assert alerts(after) == [("0", "raised")]
    assert plant.state("mode").value == "hand"
    (fact,) = after.behaviors
    assert (fact.state, fact.was, fact.ended) == ("active", "active", (waited_for(outcome),))
    raised = after.alerts[0].cause
    kinds = []
    link: Any = raised
    while link is not None:
        kinds.append(link.kind)
        link = link.parent
    assert kinds == ["behavior", "call", "behavior", "reading"]
    assert plant.engine.live.held_actions == {}


def test_required_calls_wait_one_after_the_other() -> None:
    plant = stopping(call("start", required=True), alert())
    first = waited_for(plant.read(temperature=90.0))
    after = answer(plant, first)
    assert results(after) == [("call start", "decided", ""), ("alert 0", "waiting", "")]
    assert alerts(answer(plant, waited_for(after))) == [("0", "raised")]


def test_nothing_waits_behind_a_required_call_that_is_the_last_action() -> None:
    plant = stopping()
    assert plant.read(temperature=90.0).behaviors[0].waits is None


@pytest.mark.parametrize("status", ["refused", "failed"])
def test_what_follows_is_left_out_with_the_reason_where_the_device_does_not_accept(status: Any) -> None:
    plant = stopping(write("mode", "hand"), alert())
    outcome = answer(plant, waited_for(plant.read(temperature=90.0)), status, error="no power")
    why = {"refused": "was refused", "failed": "failed"}[status]
    reason = f"the call 'stop' of twin 'p1', which is required, {why}: no power"
    assert results(outcome) == [("write mode", "skipped", reason), ("alert 0", "skipped", reason)]
    assert alerts(outcome) == [("stop_call_failed", "raised")]
    assert plant.state("mode").value is None


def test_what_follows_is_left_out_where_the_call_was_too_old_to_be_sent() -> None:
    plant = stopping(alert())
    call_id = waited_for(plant.read(temperature=90.0))
    plant.now += 60 * SECOND
    outcome = plant.do(AttemptCall(call_id))
    assert [result for _, result, _ in results(outcome)] == ["skipped"]
    assert "was not sent" in results(outcome)[0][2]


def test_a_required_action_that_can_not_be_taken_stops_those_behind_it() -> None:
    plant = Plant(rule("hot", hot(), alert("a"), write("shown", 1.0, required=True), call("stop"), alert("b")))
    plant.read(temperature=20.0)
    outcome = plant.read(temperature=90.0)
    assert [(action, result) for action, result, _ in results(outcome)] == [
        ("alert a", "done"),
        ("write shown", "skipped"),
        ("call stop", "skipped"),
        ("alert b", "skipped"),
    ]
    assert results(outcome)[2][2] == "the required 'write shown' before it was not done"


def test_a_required_write_without_a_device_is_done_at_once() -> None:
    plant = Plant(rule("hot", hot(), write("mode", "hand", required=True), alert()))
    plant.read(temperature=20.0)
    assert [result for _, result, _ in results(plant.read(temperature=90.0))] == ["done", "done"]


def test_what_waits_is_left_out_once_its_behavior_has_ended() -> None:
    plant = stopping(write("mode", "hand"))
    call_id = waited_for(plant.read(temperature=90.0))
    plant.do(AttemptCall(call_id))
    ended = plant.read(temperature=70.0)
    assert turns(ended) == [("hot", "inactive")]
    assert results(ended) == [("write mode", "skipped", "the behavior ended while it waited")]
    after = plant.do(CallResult(call_id, "accepted"))
    assert after.behaviors == ()
    assert plant.state("mode").value is None


def test_what_waits_is_left_out_where_the_actions_were_edited_and_stays_where_something_else_was() -> None:
    plant = stopping(alert())
    call_id = waited_for(plant.read(temperature=90.0))
    same = plant.load(rule("hot", hot(85.0), call("stop", required=True), alert()), revision=2)
    assert same.behaviors == () or all(fact.ended == () for fact in same.behaviors)
    assert call_id in plant.engine.live.held_actions
    edited = plant.load(rule("hot", hot(85.0), call("stop", required=True), alert("b")), revision=3)
    assert results(edited) == [("alert 0", "skipped", "the behavior was changed while it waited")]
    assert plant.engine.live.held_actions == {}


def test_what_waits_goes_with_its_behavior() -> None:
    plant = stopping(alert())
    plant.read(temperature=90.0)
    outcome = plant.do(Load(Plan(2, removed_twins=("p1",))))
    assert results(outcome) == [("alert 0", "skipped", "the behavior was changed while it waited")]
    assert plant.engine.live.held_actions == {}


def test_on_load_a_required_call_is_withheld_and_the_alerts_behind_it_are_raised() -> None:
    plant = Plant(plan=Plan(1, (pump_shape(),), (pump(),)))
    plant.read(temperature=90.0)
    outcome = plant.load(rule("hot", hot(), call("stop", required=True), alert()), revision=2)
    assert [(action, result) for action, result, _ in results(outcome)] == [
        ("call stop", "withheld"),
        ("alert 0", "done"),
    ]


@pytest.mark.parametrize("snapshot", [False, True])
def test_what_waits_is_there_after_a_restart_and_goes_on_with_the_answer_or_ends(snapshot: bool) -> None:
    plant = stopping(alert())
    call_id = waited_for(plant.read(temperature=90.0))
    again = plant.restart(snapshot_after=len(plant.journal) if snapshot else 0)
    assert again.engine.state_digest() == plant.engine.state_digest()
    again.do(Started())
    again.alive("p1")
    released = again.read(temperature=91.0)
    assert [(it.call.call_id, it.send) for it in released.calls] == [(call_id, True)]
    assert alerts(answer(again, call_id)) == [("0", "raised")]


def test_what_waits_for_a_call_that_may_have_happened_is_left_out_after_a_crash() -> None:
    plant = Plant(rule("hot", hot(), call("start", required=True), alert()))
    plant.read(temperature=20.0)
    plant.do(AttemptCall(waited_for(plant.read(temperature=90.0))))
    again = plant.restart()
    outcome = again.do(Started())
    assert alerts(outcome) == [("call_indeterminate", "raised")]
    ((action, result, why),) = results(outcome)
    assert (action, result) == ("alert 0", "skipped")
    assert "which is required, may or may not have happened" in why


def test_what_goes_on_wakes_other_behaviors() -> None:
    plant = Plant(
        rule("hot", hot(), call("stop", required=True), write("mode", "hand")),
        rule("hand", compare("mode", "==", "hand"), alert("hand")),
    )
    plant.read(temperature=20.0)
    assert alerts(answer(plant, waited_for(plant.read(temperature=90.0)))) == [("hand", "raised")]
