"""On- and off-delay and deadband of alerts: what a short peak, a flickering value, a restart and an edit do to them."""

from typing import Any

import msgspec

from app.engine.deadband import eased
from app.explain.english import paragraph
from app.model.conditions import And, Arithmetic, Between, Compare, Held, Literal, Negative, Not, Or
from app.model.events import AcknowledgeAlert, Load, Outcome, SetManual, Started, Tick
from app.model.plan import AlertPlan, OwnerKey, Plan
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
    ref,
    rule,
    sample,
    sent,
    turns,
)

PUMP = OwnerKey("twin", "p1")


def delayed(**options: Any) -> AlertPlan:
    return msgspec.structs.replace(alert("hot"), **options)


def tick(plant: Plant, seconds: float) -> Outcome:
    return plant.do(Tick(), after=round(seconds * SECOND))


def timers(plant: Plant) -> list[str]:
    return [timer.key.slot for timer in plant.engine.live.timers.all()]


def changes(outcome: Outcome) -> list[tuple[str, str]]:
    return [(fact.timer.key.slot, fact.change) for fact in outcome.timers]


def test_an_alert_with_an_on_delay_is_raised_once_its_behavior_has_been_active_for_so_long() -> None:
    plant = Plant(rule("hot", hot(), delayed(delay_on=5 * SECOND), call()))
    plant.read(temperature=70.0)
    first = plant.read(temperature=90.0)
    assert (turns(first), alerts(first), sent(first)) == ([("hot", "active")], [], [("p1", "stop")])
    assert [it.result for it in first.behaviors[0].actions] == ["waiting", "decided"]
    assert plant.engine.next_due() == plant.now + 5 * SECOND
    assert alerts(tick(plant, 4.9)) == []
    raised = tick(plant, 0.1)
    assert alerts(raised) == [("hot", "raised")]
    cause = raised.alerts[0].cause
    assert (cause.kind, cause.ref, cause.at) == ("tick", "delay_on/hot", plant.now)
    assert cause.parent is not None
    assert (cause.parent.kind, cause.parent.ref) == ("behavior", "p1/hot")
    assert timers(plant) == []
    told = paragraph(plant.engine.live.explain_alert(raised.alerts[0].alert))
    assert "then the end of the on-delay of alert 'hot' at" in told


def test_a_delay_begins_when_the_value_was_measured() -> None:
    plant = Plant(rule("hot", hot(), delayed(delay_on=5 * SECOND)))
    measured = plant.now - SECOND
    plant.take(sample("temperature", 90.0, measured))
    assert plant.engine.next_due() == measured + 5 * SECOND


def test_a_peak_shorter_than_the_on_delay_raises_nothing() -> None:
    plant = Plant(rule("hot", hot(), delayed(delay_on=5 * SECOND)))
    plant.read(temperature=90.0)
    assert changes(plant.read(temperature=70.0)) == [("delay_on/hot", "stopped")]
    assert tick(plant, 60) == Outcome()


def test_an_alert_with_an_off_delay_is_cleared_once_its_behavior_has_been_inactive_for_so_long() -> None:
    plant = Plant(rule("hot", hot(), delayed(delay_off=30 * SECOND)))
    plant.read(temperature=90.0)
    assert alerts(plant.read(temperature=70.0)) == []
    assert alerts(tick(plant, 29)) == []
    ended = tick(plant, 1)
    assert alerts(ended) == [("hot", "cleared"), ("hot", "closed")]
    assert ended.alerts[0].alert.clear_reason == "ConditionFalse"


def test_an_alert_that_flickers_within_its_off_delay_is_one_alert_that_is_never_cleared() -> None:
    plant = Plant(rule("hot", hot(), delayed(delay_off=30 * SECOND)))
    plant.read(temperature=90.0)
    for _ in range(3):
        plant.read(temperature=70.0)
        assert alerts(plant.read(temperature=90.0)) == []
    assert timers(plant) == []
    assert len(list(plant.engine.live.open_alerts())) == 1


def test_acknowledging_an_alert_within_its_off_delay_does_not_end_it() -> None:
    plant = Plant(rule("hot", hot(), delayed(delay_off=30 * SECOND, ack_required=True)))
    plant.read(temperature=90.0)
    plant.read(temperature=70.0)
    (found,) = plant.engine.live.open_alerts()
    assert alerts(plant.do(AcknowledgeAlert(found.alert_id, "eva"))) == [("hot", "acknowledged")]
    assert alerts(tick(plant, 30)) == [("hot", "cleared"), ("hot", "closed")]


def test_unknown_pauses_a_delay_and_one_that_lasts_longer_than_it_lets_it_start_anew() -> None:
    plant = Plant(rule("hot", hot(), delayed(delay_on=5 * SECOND)))
    plant.read(temperature=90.0)
    tick(plant, 1)
    plant.take(sample("temperature", None, plant.now, "bad"))
    assert plant.engine.next_due() is None
    assert changes(plant.read(temperature=91.0)) == [("delay_on/hot", "resumed")]
    assert plant.engine.next_due() == plant.now + 3 * SECOND
    plant.take(sample("temperature", None, plant.now, "bad"))
    tick(plant, 5)
    plant.read(temperature=91.0)
    assert plant.engine.next_due() == plant.now + 5 * SECOND


def test_a_restart_pauses_a_delay_until_what_its_behavior_reads_had_contact_again() -> None:
    plant = Plant(rule("hot", Or((hot(), compare("speed", ">", 2000.0))), delayed(delay_on=5 * SECOND)))
    plant.read(temperature=90.0, speed=2500.0)
    other = plant.restart()
    other.do(Started())
    assert other.engine.next_due() is None
    other.alive()
    other.read(temperature=90.0)
    assert other.engine.next_due() is None, "speed has not been read back yet"
    assert changes(other.read(speed=2500.0)) == [("delay_on/hot", "resumed")]
    assert alerts(tick(other, 4.9)) == []
    assert alerts(tick(other, 0.1)) == [("hot", "raised")]


def test_a_delay_on_values_that_no_device_gives_goes_on_with_the_start() -> None:
    plant = Plant(rule("low", compare("limit", "<", 10.0), delayed(delay_on=5 * SECOND)))
    plant.do(SetManual("p1", "limit", 5.0, "eva"))
    other = plant.restart()
    assert changes(other.do(Started())) == [("delay_on/hot", "resumed")]
    assert alerts(tick(other, 5)) == [("hot", "raised")]


def test_an_alert_with_a_deadband_stays_active_until_its_easier_condition_is_false() -> None:
    plant = Plant(rule("hot", hot(80.0), delayed(deadband=2.0), call()))
    plant.read(temperature=81.0)
    outcome = plant.read(temperature=79.0)
    assert (turns(outcome), alerts(outcome)) == ([("hot", "inactive")], [])
    again = plant.read(temperature=81.0)
    assert (turns(again), alerts(again), sent(again)) == ([("hot", "active")], [], [("p1", "stop")])
    plant.read(temperature=78.5)
    assert alerts(plant.read(temperature=78.0)) == [("hot", "cleared"), ("hot", "closed")]
    assert alerts(plant.read(temperature=79.0)) == [], "the deadband is there only while the alert is active"


def test_the_off_delay_begins_where_the_deadband_ends() -> None:
    plant = Plant(rule("hot", hot(80.0), delayed(deadband=2.0, delay_off=10 * SECOND)))
    plant.read(temperature=81.0)
    plant.read(temperature=79.0)
    assert plant.engine.next_due() is None
    plant.read(temperature=77.0)
    assert plant.engine.next_due() == plant.now + 10 * SECOND
    assert changes(plant.read(temperature=79.0)) == [("delay_off/hot", "stopped")]
    plant.read(temperature=77.0)
    assert alerts(tick(plant, 10)) == [("hot", "cleared"), ("hot", "closed")]


def test_a_deadband_holds_over_a_restart() -> None:
    plant = Plant(rule("hot", hot(80.0), delayed(deadband=2.0)))
    plant.read(temperature=81.0)
    plant.read(temperature=79.0)
    other = plant.restart()
    other.do(Started())
    other.alive()
    assert alerts(other.read(temperature=79.5)) == []
    assert alerts(other.read(temperature=70.0)) == [("hot", "cleared"), ("hot", "closed")]


def test_a_deadband_moves_each_ordered_comparison_with_a_constant_in_the_clearing_direction() -> None:
    def moved(*conditions: Any) -> list[Any]:
        return [eased(condition, 2.0) for condition in conditions]

    high, low = compare("temperature", ">", 80.0), compare("speed", "<=", 100)
    assert moved(high, low) == [compare("temperature", ">", 78.0), compare("speed", "<=", 102.0)]
    assert moved(Not(high)) == [Not(compare("temperature", ">", 82.0))]
    assert moved(Compare("<", Literal(80.0), ref("temperature"))) == [Compare("<", Literal(78.0), ref("temperature"))]
    assert moved(Compare("<", ref("temperature"), Negative(Literal(5.0)))) == [
        Compare("<", ref("temperature"), Negative(Literal(3.0)))
    ]
    between = Between(ref("temperature"), Literal(10.0), Literal(20.0))
    assert moved(between) == [Between(ref("temperature"), Literal(8.0), Literal(22.0))]
    assert moved(Not(between)) == [Not(Between(ref("temperature"), Literal(12.0), Literal(18.0)))]
    assert moved(Held(high, 30 * SECOND)) == [compare("temperature", ">", 78.0)]
    slip = Compare(">", Arithmetic("-", ref("speed"), ref("limit")), Literal(5.0))
    assert moved(slip) == [Compare(">", Arithmetic("-", ref("speed"), ref("limit")), Literal(3.0))]
    for left_alone in (
        compare("status", "==", "fault"),
        compare("starts", "==", 5),
        Compare(">", ref("speed"), ref("limit")),
        Compare("<", Literal(1), Literal(2)),
    ):
        assert moved(left_alone) == [left_alone]
    assert moved(And((high, compare("status", "==", "fault")))) == [
        And((compare("temperature", ">", 78.0), compare("status", "==", "fault")))
    ]


def edited(plant: Plant, *plans: AlertPlan) -> Outcome:
    return plant.load(rule("hot", hot(), *plans), revision=2)


def test_an_edit_gives_a_delay_its_new_length_from_when_it_started() -> None:
    plant = Plant(rule("hot", hot(), delayed(delay_on=60 * SECOND)))
    plant.read(temperature=90.0)
    started = plant.now
    assert changes(edited(plant, delayed(delay_on=10 * SECOND))) == [("delay_on/hot", "moved")]
    assert plant.engine.next_due() == started + 10 * SECOND


def test_an_edit_that_takes_the_on_delay_away_raises_the_alert() -> None:
    plant = Plant(rule("hot", hot(), delayed(delay_on=60 * SECOND)))
    plant.read(temperature=90.0)
    outcome = edited(plant, delayed())
    assert (changes(outcome), alerts(outcome)) == ([("delay_on/hot", "stopped")], [("hot", "raised")])


def test_an_edit_that_takes_the_off_delay_away_clears_the_alert() -> None:
    plant = Plant(rule("hot", hot(), delayed(delay_off=60 * SECOND)))
    plant.read(temperature=90.0)
    plant.read(temperature=70.0)
    outcome = edited(plant, delayed())
    assert alerts(outcome) == [("hot", "cleared"), ("hot", "closed")]
    assert timers(plant) == []


def test_what_is_removed_takes_its_timers_with_it() -> None:
    plant = Plant(rule("hot", hot(), delayed(delay_on=60 * SECOND)))
    plant.read(temperature=90.0)
    assert changes(plant.load(revision=2)) == [("delay_on/hot", "stopped")]
    plant = Plant(rule("hot", hot(), delayed(delay_on=60 * SECOND)))
    plant.read(temperature=90.0)
    gone = plant.do(Load(Plan(2, removed_twins=("p1",))))
    assert changes(gone) == [("delay_on/hot", "stopped")]
    assert timers(plant) == []


def test_an_edit_of_something_else_leaves_delays_alone() -> None:
    plant = Plant(rule("hot", hot(), delayed(delay_on=60 * SECOND)))
    plant.read(temperature=90.0)
    shape = pump_shape(rule("hot", hot(), delayed(delay_on=60 * SECOND)), shape_id="pump@2")
    outcome = plant.do(Load(Plan(2, (shape,), (pump(shape_id="pump@2", revision=2),))))
    assert outcome.timers == ()
    assert timers(plant) == ["delay_on/hot"]
