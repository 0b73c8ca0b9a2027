"""Pulses: behaviors that fire each time something happens while their condition is TRUE, and are never active."""

import pytest

from app.model.conditions import And, Changed, Compare, EventValue, Held, Literal, Not, Occurred, Or, Previous
from app.model.events import AcknowledgeAlert, DeviceEvent, Load, Outcome, SetManual, Started
from app.model.plan import BehaviorKey, EmitPlan, OwnerKey, Plan, Shape
from app.model.time import SECOND
from tests.engine.plant import (
    STATION,
    Plant,
    alert,
    alerts,
    call,
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

STATUS = Changed(ref("status"))
FAULT = Occurred(None, "fault_occurred", ("code",))
CODE = EventValue(None, "fault_occurred", "code")


def fired(outcome: Outcome) -> list[str]:
    return [item.key.name for item in outcome.behaviors if item.fired]


def fault(plant: Plant, code: object, twin: str = "p1", **more: object) -> Outcome:
    return plant.take(events=[DeviceEvent(twin, "fault_occurred", plant.now, {"code": code, **more})])


def test_it_fires_each_time_and_is_never_active() -> None:
    plant = Plant(rule("it", STATUS, call()))
    plant.read(status="running")
    for status in ("stopped", "fault", "running"):
        outcome = plant.read(status=status)
        assert (fired(outcome), turns(outcome), sent(outcome)) == (["it"], [], [("p1", "stop")])
        assert plant.behavior("it") == ("inactive", "false")
    [fact] = plant.read(status="stopped").behaviors
    assert (fact.state, fact.was, fact.evidence, fact.since) == ("inactive", "inactive", "true", plant.now)


def test_the_first_reading_and_the_same_again_are_no_change() -> None:
    plant = Plant(rule("it", STATUS))
    assert fired(plant.read(status="running")) == []
    assert fired(plant.read(status="running")) == []
    plant.silent()
    plant.alive()
    assert fired(plant.read(status="running")) == [], "it is what it was before the outage"
    plant.silent()
    plant.alive()
    assert fired(plant.read(status="fault")) == ["it"]


def test_what_a_restart_reads_back_changed_is_a_change() -> None:
    plant = Plant(rule("it", STATUS))
    plant.read(status="running")
    for after in (0, len(plant.journal)):
        for status, expected in (("running", []), ("fault", ["it"])):
            other = plant.restart(after)
            other.do(Started())
            other.alive()
            assert fired(other.read(status=status)) == expected


def test_the_rest_of_the_condition_decides_in_the_step_of_the_pulse_only() -> None:
    plant = Plant(rule("it", And((STATUS, hot())), alert("0", "error")))
    plant.read(status="running", temperature=20.0)
    assert fired(plant.read(status="stopped")) == []
    assert fired(plant.read(temperature=90.0)) == []
    assert fired(plant.read(status="running")) == ["it"]
    assert fired(plant.read(status="stopped", temperature=20.0)) == [], "of one reading everything lands first"


def test_where_the_rest_is_unknown_it_does_not_fire_and_says_so() -> None:
    plant = Plant(rule("it", And((STATUS, hot()))))
    plant.read(status="running")
    assert fired(plant.read(status="stopped")) == []
    assert plant.behavior("it") == ("inactive", "unknown")
    plant.read(temperature=20.0)
    assert plant.behavior("it") == ("inactive", "false")


def test_without_a_pulse_nothing_fires_whatever_else_is_true() -> None:
    plant = Plant(rule("it", Or((STATUS, hot()))))
    plant.read(status="running", temperature=20.0)
    assert fired(plant.read(temperature=90.0)) == []
    assert plant.behavior("it") == ("inactive", "false")
    assert fired(plant.read(status="stopped")) == ["it"]


def test_an_event_gives_its_parameters_to_the_condition() -> None:
    plant = Plant(rule("it", And((FAULT, Compare(">", CODE, Literal(5)))), alert("0", "error")))
    assert fired(fault(plant, 3)) == []
    assert fired(fault(plant, 7)) == ["it"]
    assert fired(fault(plant, "seven")) == []
    assert plant.behavior("it") == ("inactive", "unknown")


def test_two_events_in_one_message_fire_it_twice() -> None:
    plant = Plant(rule("it", And((FAULT, Compare(">", CODE, Literal(5)))), call()))
    events = [DeviceEvent("p1", "fault_occurred", plant.now, {"code": code}) for code in (7, 3, 8)]
    assert fired(plant.take(events=events)) == ["it", "it"]


def test_an_event_sees_the_values_of_its_own_message() -> None:
    plant = Plant(rule("it", And((FAULT, hot()))))
    plant.read(temperature=20.0)
    at = plant.now
    outcome = plant.take(
        sample("temperature", 90.0, at), events=[DeviceEvent("p1", "fault_occurred", at, {"code": 1})], received=at
    )
    assert fired(outcome) == ["it"]


def test_an_overlay_hears_the_events_of_who_fills_its_role() -> None:
    rules = (rule("it", Occurred("primary", "fault_occurred"), call("start", "backup")),)
    shapes = (pump_shape(), Shape("station@1", rules=rules))

    def plan(revision: int, primary: str) -> Plan:
        bound = station({"primary": primary, "backup": "p2"}, revision=revision)
        return Plan(revision, shapes, (pump("p1"), pump("p2"), pump("p3")), (bound,))

    plant = Plant(plan=plan(1, "p1"))
    assert sent(fault(plant, 1)) == [("p2", "start")]
    assert fired(fault(plant, 1, "p3")) == []
    plant.do(Load(plan(2, "p3")))
    assert fired(fault(plant, 1)) == []
    assert sent(fault(plant, 1, "p3")) == [("p2", "start")]
    assert plant.behavior("it", STATION) == ("inactive", "false")


def test_an_event_that_another_behavior_emits_wakes_it_in_the_same_step() -> None:
    plant = Plant(
        rule("hot", hot(), EmitPlan(None, "fault_occurred", {"code": 9})),
        rule("it", And((FAULT, Compare("==", CODE, Literal(9)))), write("limit", 5.0)),
    )
    plant.read(temperature=20.0)
    assert fired(plant.read(temperature=90.0)) == ["hot", "it"]
    assert plant.state("limit").value == 5.0


def test_previous_is_the_value_before_the_last_change() -> None:
    plant = Plant(rule("it", Compare(">", Previous(ref("temperature")), Literal(50))))
    plant.read(temperature=60.0)
    assert plant.behavior("it")[1] == "unknown"
    assert plant.engine.live.why_unknown(BehaviorKey(OwnerKey("twin", "p1"), "it")) == [
        "p1.temperature had no other value yet"
    ]
    plant.read(temperature=20.0)
    assert plant.behavior("it")[1] == "true"
    plant.read(temperature=20.0)
    assert plant.behavior("it")[1] == "true"
    plant.read(temperature=21.0)
    assert plant.behavior("it")[1] == "false"


def test_loading_is_no_pulse() -> None:
    plant = Plant(rule("other", hot()))
    plant.read(status="running", temperature=90.0)
    plant.read(status="stopped")
    assert fired(plant.load(rule("it", Or((STATUS, hot())), call()), revision=2)) == []


def test_a_write_of_another_behavior_is_a_change() -> None:
    plant = Plant(rule("hot", hot(), write("limit", 7.0)), rule("it", Changed(ref("limit")), alert("0", "error")))
    plant.do(SetManual("p1", "limit", 5.0, "eva"))
    plant.read(temperature=20.0)
    assert fired(plant.read(temperature=90.0)) == ["hot", "it"]


# ---------------------------------------------------------------- alerts


@pytest.mark.parametrize("severity", ["info", "warning"])
def test_what_needs_no_person_is_over_as_soon_as_it_is_told(severity: str) -> None:
    plant = Plant(rule("it", STATUS, alert("0", severity)))  # type: ignore[arg-type]
    plant.read(status="running")
    for status in ("stopped", "running"):
        assert alerts(plant.read(status=status)) == [("0", "raised"), ("0", "cleared"), ("0", "closed")]
    assert list(plant.engine.live.open_alerts()) == []


def test_what_needs_a_person_stays_until_one_has_acknowledged_it() -> None:
    plant = Plant(rule("it", STATUS, alert("0", "error")))
    plant.read(status="running")
    assert alerts(plant.read(status="stopped")) == [("0", "raised")]
    assert alerts(plant.read(status="running")) == []
    [open_alert] = plant.engine.live.open_alerts()
    outcome = plant.do(AcknowledgeAlert(open_alert.alert_id, "eva"))
    assert alerts(outcome) == [("0", "acknowledged"), ("0", "cleared"), ("0", "closed")]
    assert alerts(plant.read(status="stopped")) == [("0", "raised")]


def test_a_pulse_and_a_time_go_together() -> None:
    plant = Plant(rule("it", And((STATUS, Held(hot(), 10 * SECOND)))), rule("not", And((STATUS, Not(hot())))))
    plant.read(status="running", temperature=90.0)
    assert fired(plant.read(status="stopped")) == []
    plant.wait(10)
    assert fired(plant.read(status="running")) == ["it"]
    assert plant.behavior("it") == ("inactive", "false")
