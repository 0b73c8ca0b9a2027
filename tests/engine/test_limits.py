"""How often a method may be sent. `flush` of the plant's pumps: 10 s apart, and 3 times a minute."""

from app.model.events import AttemptCall, CallResult, Load, Outcome, RequestCall, Started
from app.model.plan import Plan
from app.model.time import SECOND
from tests.engine.plant import Plant, alert, alerts, call, hot, pump, pump_shape, rule


def flush(plant: Plant, call_id: str) -> Outcome:
    plant.do(RequestCall(call_id, "p1", "eva", "flush"), after=0)
    return plant.do(AttemptCall(call_id), after=0)


def test_a_call_too_soon_after_the_last_send_is_refused_and_says_when_it_may_be_sent() -> None:
    plant = Plant(rule("hot", hot()))
    assert flush(plant, "a").refused == ""
    sent_at = plant.now
    plant.now += 9 * SECOND
    outcome = flush(plant, "b")
    assert outcome.refused.startswith("CALL_TOO_SOON ")
    refusal = outcome.calls[0].call.refusal
    assert refusal is not None
    assert (refusal.code, refusal.retry_at) == ("CALL_TOO_SOON", sent_at + 10 * SECOND)
    plant.now += SECOND
    assert flush(plant, "c").refused == ""


def test_only_so_many_are_sent_within_the_time_whatever_the_device_said() -> None:
    plant = Plant(rule("hot", hot()))
    began = plant.now
    for number in range(3):
        assert flush(plant, f"a{number}").refused == ""
        plant.do(CallResult(f"a{number}", "failed"), after=0)
        plant.now += 15 * SECOND
    outcome = flush(plant, "b")
    refusal = outcome.calls[0].call.refusal
    assert refusal is not None
    assert (refusal.code, refusal.retry_at) == ("CALL_RATE_LIMITED", began + 60 * SECOND)
    plant.now = began + 60 * SECOND
    assert flush(plant, "c").refused == ""


def test_a_refused_call_does_not_count_and_other_methods_have_no_limit() -> None:
    plant = Plant(rule("hot", hot()))
    flush(plant, "a")
    for number in range(5):
        assert flush(plant, f"b{number}").refused != ""
    plant.now += 10 * SECOND
    assert flush(plant, "c").refused == ""
    for number in range(5):
        plant.do(RequestCall(f"d{number}", "p1", "eva", "stop"))
        assert plant.do(AttemptCall(f"d{number}")).refused == ""


def test_a_limit_can_not_be_overridden() -> None:
    plant = Plant(rule("hot", hot()))
    flush(plant, "a")
    plant.do(RequestCall("b", "p1", "eva", "flush", override_reason="now!"))
    assert plant.do(AttemptCall("b")).refused.startswith("CALL_TOO_SOON ")


def test_a_restart_and_an_edit_forgive_nothing() -> None:
    plant = Plant(rule("hot", hot()))
    flush(plant, "a")
    for again in (plant.restart(), plant.restart(snapshot_after=len(plant.journal))):
        again.do(Started())
        assert flush(again, "b").refused.startswith("CALL_TOO_SOON ")
    plant.do(Load(Plan(2, (pump_shape(shape_id="pump@2"),), (pump(shape_id="pump@2", revision=2),))))
    assert flush(plant, "b").refused.startswith("CALL_TOO_SOON ")


def test_a_behavior_that_asks_too_often_raises_its_alert_once() -> None:
    plant = Plant(rule("hot", hot(), call("flush"), alert()))
    raised = []
    for _ in range(3):
        plant.read(temperature=20.0)
        outcome = plant.do(AttemptCall(plant.read(temperature=90.0).calls[0].call.call_id))
        raised += alerts(outcome)
        assert outcome.refused == "" or outcome.refused.startswith("CALL_TOO_SOON ")
    assert raised == [("flush_call_limited", "raised"), ("flush_call_limited", "raised")]
    (found,) = [it for it in plant.engine.live.open_alerts() if it.code == "flush_call_limited"]
    assert found.message == "the call 'flush' of twin 'p1' was refused: its limit was reached"
