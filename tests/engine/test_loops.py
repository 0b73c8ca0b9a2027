"""Behaviors that wake each other through the plant are cut; controllers that switch as their plant does are not."""

import pytest

from app.engine.loops import MAX_LOOPS
from app.model.conditions import Aggregate, CompareOp, Condition, Held
from app.model.events import AttemptCall, CallResult, ClockStepped, Outcome
from app.model.plan import BehaviorKey, OverlayPlan, OwnerKey, Plan, Shape
from app.model.time import SECOND
from tests.engine.plant import Plant, alerts, call, compare, pump, pump_shape, rule, sent, write

UP = rule("up", compare("speed", "<", 50.0), write("speed", 60.0))
DOWN = rule("down", compare("speed", ">", 50.0), write("speed", 40.0))


def obey(plant: Plant, outcome: Outcome, after: int = SECOND) -> Outcome:
    """The device does what is written, and reports it."""
    (fact,) = [it for it in outcome.calls if it.send]
    plant.do(AttemptCall(fact.call.call_id), after=0)
    plant.do(CallResult(fact.call.call_id, "accepted"), after=0)
    plant.now += after
    return plant.read(speed=fact.call.arguments["value"])


def rounds(plant: Plant, limit: int, after: int = 0) -> int:
    """How often they wake each other until nothing is sent any more."""
    plant.read(speed=55.0)
    outcome = plant.read(speed=45.0)
    for count in range(limit):
        if not sent(outcome):
            return count
        outcome = obey(plant, outcome, after)
    return limit


def test_two_behaviors_that_wake_each_other_through_the_device_are_cut_with_an_alert() -> None:
    plant = Plant(UP, DOWN)
    count = rounds(plant, 100)
    assert count < 3 * MAX_LOOPS
    (raised,) = [it for it in plant.engine.live.open_alerts() if it.code == "cascade_limit"]
    assert "woke itself 10 times in a row" in raised.message
    rule_ = plant.engine.live.rule(BehaviorKey(OwnerKey("twin", "p1"), raised.behavior))
    assert rule_ is not None
    assert rule_.loops == MAX_LOOPS
    assert rule_.follows == BehaviorKey(OwnerKey("twin", "p1"), "down" if raised.behavior == "up" else "up")


def lasting(condition: Condition) -> Condition:
    return Held(condition, SECOND // 10)


def any_of(condition: Condition) -> Condition:
    return Aggregate("any", condition, over="pumps")


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("held", [False, True])
def test_neither_a_role_of_many_nor_for_hides_a_loop(many: bool, held: bool) -> None:
    owner = "pumps" if many else "main"

    def when(op: CompareOp) -> Condition:
        condition: Condition = compare("speed", op, 50.0, owner)
        condition = lasting(condition) if held and not many else condition
        condition = any_of(condition) if many else condition
        return lasting(condition) if held and many else condition

    rules = (rule("up", when("<"), write("speed", 60.0, "main")), rule("down", when(">"), write("speed", 40.0, "main")))
    station = OverlayPlan("station", "station", "s@1", 1, {"main": "p1", "pumps/p1": "p1"}, members={"pumps": ("p1",)})
    plant = Plant(plan=Plan(1, (pump_shape(), Shape("s@1", rules=rules)), (pump(),), (station,)))
    plant.read(speed=55.0)
    plant.wait(0.1)
    plant.read(speed=45.0)
    plant.wait(0.1)
    count = 0
    while count < 100 and (waiting := [it for it in plant.engine.live.calls.values() if it.finished_at is None]):
        count += 1
        for call_ in waiting:
            plant.do(AttemptCall(call_.call_id), after=0)
            plant.do(CallResult(call_.call_id, "accepted"), after=0)
            plant.read(speed=call_.arguments["value"])
        plant.wait(0.1)
    assert count < 3 * MAX_LOOPS
    assert [it.code for it in plant.engine.live.open_alerts()] == ["cascade_limit"]
    assert plant.restart().engine.state_digest() == plant.engine.state_digest()


def test_a_cut_behavior_still_raises_alerts_and_acts_again_once_something_else_wakes_it() -> None:
    plant = Plant(UP, DOWN)
    rounds(plant, 100)
    plant.now += 60 * SECOND
    plant.read(speed=45.0)
    plant.read(speed=55.0)
    assert sent(plant.read(speed=45.0)) == [("p1", "speed")]


def test_a_clock_that_is_set_meanwhile_hides_no_loop() -> None:
    plant = Plant(UP, DOWN)
    plant.read(speed=55.0)
    outcome = plant.read(speed=45.0)
    count = 0
    while sent(outcome) and count < 100:
        (fact,) = [it for it in outcome.calls if it.send]
        plant.do(AttemptCall(fact.call.call_id), after=0)
        plant.do(CallResult(fact.call.call_id, "accepted"), after=0)
        plant.do(ClockStepped(3600 * SECOND, 0), after=3600 * SECOND)
        outcome = plant.read(speed=fact.call.arguments["value"])
        count += 1
    assert count < 3 * MAX_LOOPS
    assert [it.code for it in plant.engine.live.open_alerts()] == ["cascade_limit"]
    assert plant.restart().engine.state_digest() == plant.engine.state_digest()


def test_a_controller_that_switches_as_its_plant_fills_and_empties_is_not_cut() -> None:
    plant = Plant(UP, DOWN)
    assert rounds(plant, 60, after=3 * SECOND) == 60
    assert not list(plant.engine.live.open_alerts())


def test_a_behavior_that_wakes_itself_is_cut() -> None:
    plant = Plant(rule("hunt", compare("status", "==", "stopped"), call("start")))
    plant.read(status="running")
    count = 0
    while sent(outcome := plant.read(status="stopped")) and count < 50:
        plant.do(AttemptCall(outcome.calls[0].call.call_id), after=0)
        plant.read(status="running")
        count += 1
    assert count == MAX_LOOPS
    assert alerts(outcome) == [("cascade_limit", "raised")]
    assert outcome.behaviors[0].actions[0].result == "skipped"
    assert "woke itself" in outcome.behaviors[0].actions[0].reason


def test_a_sequence_of_different_behaviors_is_no_loop_however_long() -> None:
    steps = [rule(f"s{n}", compare("starts", "==", n), call("stop")) for n in range(30)]
    plant = Plant(*steps)
    plant.read(starts=99)
    for number in range(30):
        outcome = plant.read(starts=number)
        assert sent(outcome) == [("p1", "stop")]
        plant.do(AttemptCall(outcome.calls[0].call.call_id), after=0)


def test_a_restart_goes_on_counting() -> None:
    plant = Plant(UP, DOWN)
    plant.read(speed=55.0)
    outcome = plant.read(speed=45.0)
    for _ in range(8):
        outcome = obey(plant, outcome, 0)
    for again in (plant.restart(), plant.restart(snapshot_after=len(plant.journal))):
        assert again.engine.state_digest() == plant.engine.state_digest()
        rules = again.engine.live.twins["p1"].rules
        assert max(rules["up"].loops, rules["down"].loops) > 1
