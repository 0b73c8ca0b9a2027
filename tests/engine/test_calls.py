"""Calls in one run: asked for, decided, attempted, answered; and what a person may set."""

from typing import Any, Literal

import pytest

from app.model.events import AcknowledgeAlert, AttemptCall, CallResult, Outcome, RequestCall, SetManual
from app.model.plan import OwnerKey, Plan
from app.model.time import SECOND
from tests.engine.plant import (
    Plant,
    alert,
    alerts,
    call,
    compare,
    hot,
    pump,
    pump_shape,
    rule,
    sent,
    turns,
    write,
)

Answer = Literal["accepted", "refused", "failed"]


def decided(outcome: Outcome) -> str:
    (fact,) = [it for it in outcome.calls if it.send]
    return fact.call.call_id


def answer(plant: Plant, call_id: str, status: Answer, **more: Any) -> Outcome:
    assert plant.do(AttemptCall(call_id)).refused == ""
    return plant.do(CallResult(call_id, status, **more))


def test_a_person_s_call_is_decided_attempted_and_answered() -> None:
    plant = Plant(rule("hot", hot()))
    outcome = plant.do(RequestCall("c1", "p1", "eva", method="start", arguments={"speed": 5.0}))
    (fact,) = outcome.calls
    assert (fact.send, fact.call.status, fact.call.cause.kind, fact.call.cause.ref) == (
        True,
        "decided",
        "command",
        "eva",
    )
    assert fact.call.behavior is None
    attempted = plant.do(AttemptCall("c1"))
    assert [(it.call.status, it.send, it.call.attempted_at) for it in attempted.calls] == [
        ("attempted", False, plant.now)
    ]
    finished = plant.do(CallResult("c1", "accepted", value=True))
    assert [(it.call.status, it.call.value, it.call.finished_at) for it in finished.calls] == [
        ("accepted", True, plant.now)
    ]
    found = plant.engine.live.call("c1")
    assert found is not None
    assert found.status == "accepted"


def test_a_call_that_waited_too_long_for_its_device_is_not_sent_any_more() -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    plant.read(temperature=20.0)
    (decided,) = plant.read(temperature=90.0).calls
    plant.do(RequestCall("c1", "p1", "eva", method="start", arguments={"speed": 5.0}))
    plant.now += 30 * SECOND
    late = plant.do(AttemptCall(decided.call.call_id))
    assert late.refused.startswith("CALL_EXPIRED ")
    assert [it.call.status for it in late.calls] == ["expired"]
    assert alerts(late) == [("call_expired", "raised")]
    asked = plant.do(AttemptCall("c1"))
    assert asked.refused.startswith("CALL_EXPIRED ")
    assert [it.call.status for it in asked.calls] == ["expired"]
    assert asked.alerts == ()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (RequestCall("c1", "nobody", "eva", method="start"), "TWIN_NOT_FOUND"),
        (RequestCall("c1", "p1", "eva", method="explode"), "METHOD_NOT_FOUND"),
        (RequestCall("c1", "p1", "eva", property="colour"), "PROPERTY_NOT_FOUND"),
        (RequestCall("c1", "p1", "eva", property="limit"), "PROPERTY_NOT_MAPPED"),
        (RequestCall("c1", "p1", "eva", property="temperature"), "PROPERTY_READ_ONLY"),
        (RequestCall("c1", "p1", "eva"), "CALL_INVALID"),
        (RequestCall("used", "p1", "eva", method="start"), "CALL_EXISTS"),
        (RequestCall("c1", "p2", "eva", method="start"), "TWIN_NOT_CONNECTED"),
    ],
)
def test_a_call_that_can_not_be_is_refused_with_its_code(command: RequestCall, code: str) -> None:
    plant = Plant(plan=Plan(1, (pump_shape(),), (pump("p1"), pump("p2", connected=False))))
    plant.do(RequestCall("used", "p1", "eva", method="start"))
    outcome = plant.do(command)
    assert outcome.refused.split(" ")[0] == code
    assert outcome.calls == ()


def test_a_call_is_attempted_once_and_finished_once() -> None:
    plant = Plant(rule("hot", hot()))
    plant.do(RequestCall("c1", "p1", "eva", method="start"))
    assert plant.do(AttemptCall("nobody's")).refused.startswith("CALL_NOT_OPEN ")
    assert plant.do(AttemptCall("c1")).refused == ""
    assert plant.do(AttemptCall("c1")).refused.startswith("CALL_NOT_SENDABLE ")
    assert plant.do(CallResult("c1", "accepted")).refused == ""
    assert plant.do(CallResult("c1", "failed")).refused.startswith("CALL_NOT_OPEN ")
    assert plant.do(AttemptCall("c1")).refused.startswith("CALL_NOT_OPEN ")


def test_a_device_s_odd_answer_is_kept_out_of_the_journal() -> None:
    plant = Plant(rule("hot", hot()))
    plant.do(RequestCall("c1", "p1", "eva", method="start"))
    outcome = plant.do(CallResult("c1", "failed", value=2**80, error="\ud800"))
    assert outcome.calls[0].call.value is None
    assert outcome.calls[0].call.error == "the device's error text is not valid Unicode"


@pytest.mark.parametrize(
    ("status", "said"),
    [("failed", "the call 'stop' of twin 'p1' failed: BadTimeout"),
     ("refused", "the call 'stop' of twin 'p1' was refused by the device: BadTimeout")],
)  # fmt: skip
def test_a_behavior_s_call_that_fails_or_is_refused_raises_an_alert_of_its_own(status: Answer, said: str) -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    plant.read(temperature=20.0)
    outcome = answer(plant, decided(plant.read(temperature=90.0)), status, error="BadTimeout")
    (fact,) = outcome.alerts
    raised = fact.alert
    assert (raised.owner, raised.behavior, raised.code) == (OwnerKey("twin", "p1"), "hot", "stop_call_failed")
    assert (raised.severity, raised.message, raised.ack_required) == ("error", said, True)
    kinds = [fact.cause.kind, fact.cause.parent.kind if fact.cause.parent else ""]
    assert kinds == ["call", "behavior"]


def test_a_person_s_call_that_fails_raises_no_alert() -> None:
    plant = Plant(rule("hot", hot()))
    plant.do(RequestCall("c1", "p1", "eva", method="start"))
    assert answer(plant, "c1", "failed", error="no").alerts == ()


def test_the_alert_of_a_failed_call_clears_when_the_behavior_ends() -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    plant.read(temperature=20.0)
    answer(plant, decided(plant.read(temperature=90.0)), "failed")
    assert alerts(plant.read(temperature=70.0)) == [("stop_call_failed", "cleared")]


def test_the_alert_of_a_failed_call_clears_when_a_later_one_is_accepted() -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    plant.read(temperature=20.0)
    first = decided(plant.read(temperature=90.0))
    plant.do(AttemptCall(first))
    plant.read(temperature=70.0)
    second = decided(plant.read(temperature=90.0))
    assert alerts(plant.do(CallResult(first, "failed"))) == [("stop_call_failed", "raised")]
    assert alerts(answer(plant, second, "accepted")) == [("stop_call_failed", "cleared")]


def test_a_call_that_fails_after_its_behavior_ended_closes_with_its_acknowledgement() -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    plant.read(temperature=20.0)
    call_id = decided(plant.read(temperature=90.0))
    plant.read(temperature=70.0)
    raised = answer(plant, call_id, "failed").alerts[0].alert
    outcome = plant.do(AcknowledgeAlert(raised.alert_id, "eva"))
    assert [it.transition for it in outcome.alerts] == ["acknowledged", "cleared", "closed"]


def test_one_failed_call_alert_is_open_at_a_time_and_tells_each_new_error() -> None:
    plant = Plant(rule("hot", hot(), call("stop"), call("stop")))
    plant.read(temperature=20.0)
    outcome = plant.read(temperature=90.0)
    first, second = (it.call.call_id for it in outcome.calls)
    assert first != second
    answer(plant, first, "failed", error="one")
    outcome = answer(plant, second, "failed", error="two")
    (open_alert,) = plant.engine.live.open_alerts()
    assert "one" in open_alert.message
    assert "two" in open_alert.message
    assert [it.transition for it in outcome.alerts] == ["updated"]


def test_a_failed_write_has_a_code_of_its_own() -> None:
    plant = Plant(rule("hot", hot(), write("speed", 0.0)))
    plant.read(temperature=20.0)
    outcome = answer(plant, decided(plant.read(temperature=90.0)), "failed")
    assert alerts(outcome) == [("speed_write_failed", "raised")]
    assert outcome.alerts[0].alert.message == "the write to 'speed' of twin 'p1' failed"


def test_a_failed_call_s_alert_goes_with_its_behavior() -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    plant.read(temperature=20.0)
    answer(plant, decided(plant.read(temperature=90.0)), "failed")
    outcome = plant.load(revision=2)
    assert [it.alert.clear_reason for it in outcome.alerts] == ["BehaviorRemoved"]


def test_the_last_thousand_finished_calls_are_kept() -> None:
    plant = Plant(rule("hot", hot()))
    for number in range(1001):
        plant.do(RequestCall(f"c{number}", "p1", "eva", method="start"))
        plant.do(CallResult(f"c{number}", "accepted"))
    assert plant.engine.live.call("c0") is None
    assert plant.engine.live.call("c1") is not None
    assert len(plant.engine.live.finished) == 1000


# ---------------------------------------------------------------- manual properties


def test_a_person_sets_a_manual_property_and_behaviors_follow() -> None:
    plant = Plant(rule("hand", compare("mode", "==", "hand"), alert()))
    outcome = plant.do(SetManual("p1", "mode", "hand", "eva"))
    (change,) = outcome.changes
    assert (change.value, change.quality, change.known, change.timestamp) == ("hand", "good", True, plant.now)
    assert turns(outcome) == [("hand", "active")]
    assert outcome.alerts[0].cause.parent is not None
    assert outcome.alerts[0].cause.parent.kind == "command"
    again = plant.do(SetManual("p1", "mode", "hand", "eva"))
    assert (again.changes, len(again.reports)) == ((), 1)
    assert sent(again) == []


@pytest.mark.parametrize(
    ("twin", "name", "value", "code"),
    [
        ("nobody", "mode", "hand", "TWIN_NOT_FOUND"),
        ("p1", "colour", 1, "PROPERTY_NOT_FOUND"),
        ("p1", "speed", 1.0, "PROPERTY_MAPPED"),
        ("p1", "shown", 1.0, "PROPERTY_READ_ONLY"),
        ("p1", "limit", 200.1, "VALUE_OUT_OF_RANGE"),
        ("p1", "limit", -1, "VALUE_OUT_OF_RANGE"),
        ("p1", "limit", "5", "VALUE_INVALID"),
        ("p1", "limit", True, "VALUE_INVALID"),
        ("p1", "limit", None, "VALUE_INVALID"),
        ("p1", "limit", float("nan"), "VALUE_INVALID"),
        ("p1", "mode", "wild", "VALUE_NOT_IN_ENUM"),
    ],
)
def test_a_setting_that_can_not_be_is_refused_with_its_code(twin: str, name: str, value: Any, code: str) -> None:
    plant = Plant(rule("hand", compare("mode", "==", "hand")))
    before = plant.engine.state_digest()
    outcome = plant.do(SetManual(twin, name, value, "eva"))
    assert outcome.refused.split(" ")[0] == code
    assert outcome.changes == ()
    assert plant.engine.state_digest() == before


def test_calls_decided_at_one_moment_have_ids_of_their_own() -> None:
    plant = Plant(rule("hot", hot(), call("stop"), call("start")), rule("warm", hot(50.0), call("stop")))
    outcome = plant.read(temperature=90.0)
    assert len({it.call.call_id for it in outcome.calls}) == 3
    plant.now -= SECOND
    plant.read(temperature=10.0)
    plant.now -= SECOND
    more = plant.read(temperature=90.0)
    assert not {it.call.call_id for it in outcome.calls} & {it.call.call_id for it in more.calls}
