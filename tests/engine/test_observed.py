"""The fifth fact of a call: its effect was seen on the plant."""

import pytest

from app.engine import calls
from app.engine.step import Step
from app.model.events import AttemptCall, CallResult, Cause, RequestCall, Started
from app.model.time import SECOND
from tests.engine.plant import Plant, alerts, call, hot, rule, sample, write


def written(value: float = 1450.0) -> Plant:
    plant = Plant(rule("hot", hot()))
    plant.read(speed=0.0)
    plant.do(RequestCall("c1", "p1", "eva", property="speed", arguments={"value": value}))
    plant.do(AttemptCall("c1"))
    return plant


def observed_at(plant: Plant, call_id: str = "c1") -> int | None:
    found = plant.engine.live.call(call_id)
    assert found is not None
    return found.observed_at


@pytest.mark.parametrize("value", [1450.0, 1450.0001])
def test_a_write_is_observed_when_its_value_comes_back(value: float) -> None:
    plant = written()
    plant.do(CallResult("c1", "accepted"))
    assert observed_at(plant) is None
    plant.read(speed=700.0)
    assert observed_at(plant) is None
    outcome = plant.read(speed=value)
    assert [(it.call.status, it.call.observed_at) for it in outcome.calls] == [("accepted", plant.now)]
    assert plant.engine.live.unread == {}


def test_a_write_may_be_observed_before_the_device_has_answered_and_where_it_never_does() -> None:
    plant = written()
    plant.read(speed=1450.0)
    seen = observed_at(plant)
    plant.do(CallResult("c1", "failed", error="no answer within 10 s"))
    found = plant.engine.live.call("c1")
    assert found is not None
    assert (found.status, found.observed_at) == ("failed", seen)


def test_a_write_of_what_is_there_already_is_observed_with_its_acceptance() -> None:
    plant = written(0.0)
    plant.do(CallResult("c1", "accepted"))
    assert observed_at(plant) == plant.now


def test_a_report_of_the_same_value_observes_it_too() -> None:
    plant = written(0.0)
    assert observed_at(plant) is None
    plant.read(speed=0.0)
    assert observed_at(plant) == plant.now


def test_a_value_that_comes_back_with_bad_quality_or_too_late_is_no_observation() -> None:
    plant = written()
    plant.take(sample("speed", 1450.0, plant.now, "bad"))
    assert observed_at(plant) is None
    plant.now += 31 * SECOND
    plant.read(speed=1450.0)
    assert observed_at(plant) is None


def test_what_a_device_refused_is_not_observed_by_a_later_reading() -> None:
    plant = written()
    plant.do(CallResult("c1", "refused"))
    plant.read(speed=1450.0)
    assert observed_at(plant) is None


def test_the_last_write_to_a_property_is_the_one_that_is_read_back() -> None:
    plant = written()
    plant.do(RequestCall("c2", "p1", "eva", property="speed", arguments={"value": 1450.0}))
    plant.do(AttemptCall("c2"))
    plant.read(speed=1450.0)
    assert (observed_at(plant), observed_at(plant, "c2")) == (None, plant.now)


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_write_that_a_crash_left_open_is_settled_by_what_is_read_back(snapshot: bool) -> None:
    plant = Plant(rule("hot", hot(), write("speed", 0.0)))
    plant.read(temperature=20.0, speed=1450.0)
    call_id = plant.read(temperature=90.0).calls[0].call.call_id
    plant.do(AttemptCall(call_id))
    again = plant.restart(snapshot_after=len(plant.journal) if snapshot else 0)
    assert alerts(again.do(Started())) == [("call_indeterminate", "raised")]
    again.alive("p1")
    assert ("call_indeterminate", "cleared") in alerts(again.read(speed=0.0))
    assert observed_at(again, call_id) == again.now


def test_whoever_sees_the_effect_of_a_call_says_so_once() -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    plant.read(temperature=20.0)
    call_id = plant.read(temperature=90.0).calls[0].call.call_id
    live = plant.engine.live
    step = Step(live, plant.now)
    calls.observed(step, call_id, Cause("tick", "", plant.now))
    assert step.calls == []  # not sent yet: what was seen is not its doing
    plant.do(AttemptCall(call_id))
    for _ in range(2):
        calls.observed(step, call_id, Cause("tick", "", plant.now))
    calls.observed(step, "nobody's", Cause("tick", "", plant.now))
    assert [it.call.call_id for it in step.calls] == [call_id]
