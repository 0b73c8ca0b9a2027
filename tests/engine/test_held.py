"""`for`: a condition that must last. Its timer starts by a reading, is met by time alone, and outlives the server."""

import pytest

from app.model.conditions import And, Condition, Held, Not, Or
from app.model.events import Outcome, Reading, Samples, SetManual, SetOverride, Started, Tick
from app.model.plan import BehaviorKey, OwnerKey, Plan, PropertyPlan
from app.model.time import SECOND
from tests.engine.plant import (
    PUMP_PROPERTIES,
    Plant,
    alert,
    alerts,
    call,
    compare,
    hot,
    pump,
    pump_shape,
    rule,
    sample,
    sent,
    turns,
)

LASTING = Held(hot(), 30 * SECOND)
P1 = OwnerKey("twin", "p1")


def lasting(condition: Condition = LASTING, **more: object) -> Plant:
    plant = Plant(rule("hot", condition, alert(), call(), **more))
    plant.read(temperature=20.0)
    return plant


def test_it_is_true_once_its_condition_has_been_true_for_so_long_and_by_time_alone() -> None:
    plant = lasting()
    outcome = plant.read(temperature=90.0)
    assert (turns(outcome), [item.change for item in outcome.timers]) == ([], ["started"])
    assert plant.behavior("hot") == ("inactive", "false")
    assert turns(plant.wait(29.999999)) == []
    assert plant.engine.next_due() == plant.now + 1
    outcome = plant.do(Tick(), 1)
    assert turns(outcome) == [("hot", "active")]
    assert sent(outcome) == [("p1", "stop")]
    assert plant.engine.next_due() is None


def test_the_reading_that_started_it_is_in_the_cause_of_what_it_leads_to() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    started = plant.now
    [fact] = plant.wait(30).behaviors
    assert (fact.cause.kind, fact.cause.ref) == ("tick", "held/0")
    assert fact.cause.parent is not None
    assert (fact.cause.parent.kind, fact.cause.parent.at) == ("reading", started)


def test_a_reading_does_not_drive_it_but_what_is_due_comes_before_the_reading() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    plant.wait(28)
    assert turns(plant.read(temperature=95.0)) == []
    plant.now += SECOND
    outcome = plant.read(temperature=20.0)
    assert turns(outcome) == [("hot", "active"), ("hot", "inactive")]


def test_false_resets_it() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    plant.wait(20)
    assert [item.change for item in plant.read(temperature=20.0).timers] == ["stopped"]
    plant.read(temperature=90.0)
    assert turns(plant.wait(29)) == []
    assert turns(plant.wait(1)) == [("hot", "active")]


def test_it_counts_from_the_sources_time_of_the_reading_but_no_farther_back_than_the_skew() -> None:
    plant = lasting()
    plant.take(sample("temperature", 90.0, plant.now - 2 * SECOND))  # three seconds old on arrival
    assert turns(plant.wait(26.9)) == []
    assert turns(plant.wait(0.1)) == [("hot", "active")]
    plant.read(temperature=20.0)
    plant.wait(100)
    plant.take(sample("temperature", 90.0, plant.now - 60 * SECOND))
    assert turns(plant.wait(24.9)) == []
    assert turns(plant.wait(0.1)) == [("hot", "active")]


def test_unknown_pauses_it_and_what_remained_remains() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    plant.wait(20)
    assert [item.change for item in plant.silent().timers] == ["paused"]
    assert plant.behavior("hot") == ("inactive", "unknown")
    plant.wait(15)
    plant.alive()
    assert [item.change for item in plant.read(temperature=91.0).timers] == ["resumed"]
    assert turns(plant.wait(8)) == []
    assert turns(plant.wait(1)) == [("hot", "active")]


QUIET = (PropertyPlan("temperature", "float", stale_after=5 * SECOND), *PUMP_PROPERTIES[1:])


def quiet() -> Plant:
    """Its temperature was reported once, high."""
    shape = pump_shape(rule("hot", LASTING, alert(), call()), properties=QUIET)
    plant = Plant(plan=Plan(1, (shape,), (pump(),)))
    plant.read(temperature=90.0)
    return plant


@pytest.mark.parametrize("late", ["tick", "reading", "second reading"])
def test_a_server_that_was_held_up_meets_none_on_a_value_that_had_fallen_silent(late: str) -> None:
    timely, held_up = quiet(), quiet()
    for _ in range(31):
        assert alerts(timely.wait(1)) == []
    if late == "tick":
        outcome = held_up.wait(31)
    else:
        readings = [Reading("opc", held_up.now + 31 * SECOND, (sample("level", 1.0, held_up.now + 31 * SECOND),))]
        if late == "second reading":
            first = held_up.now + SECOND
            readings.insert(0, Reading("opc", first, (sample("level", 1.5, first),)))
        outcome = held_up.do(Samples(tuple(readings)), 31 * SECOND)
    assert (turns(outcome), alerts(outcome), sent(outcome)) == ([], [], [])
    assert held_up.behavior("hot") == timely.behavior("hot") == ("inactive", "unknown")
    assert [*held_up.engine.live.timers.all()] == [*timely.engine.live.timers.all()]
    for plant in (timely, held_up):
        assert plant.restart().engine.state_digest() == plant.engine.state_digest()
        plant.read(temperature=90.0)
        assert plant.engine.next_due() == plant.now + 5 * SECOND
        for second in range(1, 24):
            assert alerts(plant.read(temperature=90.0 + second % 2)) == []
        plant.read(temperature=90.0)
        assert alerts(plant.wait(1)) == [("0", "raised")], "5 of the 30 seconds were seen before"


def test_unknown_for_longer_than_it_lasts_resets_it() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    plant.wait(20)
    plant.silent()
    plant.wait(31)
    plant.alive()
    assert [item.change for item in plant.read(temperature=91.0).timers] == ["started"]
    assert turns(plant.wait(29)) == []
    assert turns(plant.wait(1)) == [("hot", "active")]


def test_what_stands_does_not_end_because_nothing_was_known_for_a_while() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    plant.wait(30)
    plant.silent()
    plant.wait(300)
    plant.alive()
    plant.read(temperature=91.0)
    assert plant.behavior("hot") == ("active", "unknown")
    [why] = plant.engine.live.why_unknown(BehaviorKey(P1, "hot"))
    assert why == "nothing was known for a while, and 30 s have not passed since"
    outcome = plant.wait(30)
    assert (turns(outcome), alerts(outcome)) == ([], [])
    assert plant.behavior("hot") == ("active", "true")
    assert turns(plant.read(temperature=20.0)) == [("hot", "inactive")]


def test_a_short_gap_in_what_stands_leaves_it_true() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    plant.wait(30)
    plant.silent()
    assert plant.behavior("hot") == ("active", "unknown")
    plant.alive()
    plant.read(temperature=91.0)
    assert plant.behavior("hot") == ("active", "true")


@pytest.mark.parametrize(
    ("condition", "before", "after"),
    [
        (Not(LASTING), "true", "false"),
        (Or((compare("status", "==", "fault"), LASTING)), "false", "true"),
        (And((compare("status", "==", "running"), LASTING)), "false", "true"),
        (Held(LASTING, 10 * SECOND), "false", "false"),
        (And((LASTING, Held(compare("status", "==", "running"), 5 * SECOND))), "false", "true"),
    ],
)
def test_it_stands_anywhere_in_a_condition(condition: Condition, before: str, after: str) -> None:
    plant = Plant(rule("hot", condition))
    plant.read(temperature=90.0, status="running")
    assert plant.behavior("hot")[1] == before
    plant.wait(30)
    assert plant.behavior("hot")[1] == after
    plant.wait(10)
    assert plant.behavior("hot")[1] == ("true" if isinstance(condition, Held) else after)


def test_twice_the_same_in_one_condition_is_one_timer() -> None:
    plant = Plant(rule("hot", Or((LASTING, And((LASTING, compare("status", "==", "fault")))))))
    assert len(plant.read(temperature=90.0).timers) == 1


def test_two_with_another_length_each_have_their_own() -> None:
    plant = Plant(rule("hot", Or((And((Held(hot(), 5 * SECOND), compare("status", "==", "fault"))), LASTING))))
    plant.read(temperature=90.0, status="running")
    assert plant.behavior("hot")[1] == "false"
    plant.wait(5)
    assert turns(plant.read(status="fault")) == [("hot", "active")]
    assert turns(plant.read(status="running")) == [("hot", "inactive")]
    assert turns(plant.wait(25)) == [("hot", "active")]


# ---------------------------------------------------------------- over a restart


def test_a_restart_continues_it_once_everything_it_reads_had_contact() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    plant.wait(20)
    other = plant.restart()
    other.now += 3600 * SECOND
    other.do(Started())
    assert turns(other.wait(100)) == []  # nobody has said anything yet
    other.alive()
    assert [item.change for item in other.read(temperature=90.0).timers] == ["resumed"]
    assert turns(other.wait(9)) == []
    assert turns(other.wait(1)) == [("hot", "active")]


def test_what_it_had_waited_counts_as_far_as_the_journal_knows_of_the_time() -> None:
    plant = lasting()
    assert not plant.engine.counts_time()
    plant.read(temperature=90.0)
    assert plant.engine.counts_time()
    assert plant.wait(20) == Outcome()  # what ingest has the journal keep while it counts
    other = plant.restart()
    assert other.engine.counts_time()
    other.do(Started(), 3600 * SECOND)
    assert not other.engine.counts_time()
    other.alive()
    other.read(temperature=90.0)
    assert other.engine.counts_time()
    assert turns(other.wait(10)) == [("hot", "active")]
    assert not other.engine.counts_time()


def test_waiting_for_contact_does_not_count_as_a_time_in_which_nothing_was_known() -> None:
    plant = Plant(rule("hot", Held(hot(), SECOND), alert()))
    plant.read(temperature=90.0)
    assert alerts(plant.wait(1)) == [("0", "raised")]
    other = plant.restart()
    other.do(Started())
    other.wait(40)
    other.alive()
    outcome = other.read(temperature=90.0)
    assert (alerts(outcome), other.behavior("hot")) == ([], ("active", "true"))


def test_a_restart_forgets_none_that_stands_and_ends_it_by_a_false() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    plant.wait(30)
    for after in (0, len(plant.journal)):
        other = plant.restart(after)
        other.do(Started())
        other.alive()
        assert turns(other.read(temperature=90.0)) == []
        assert other.behavior("hot") == ("active", "true")
        assert turns(other.read(temperature=20.0)) == [("hot", "inactive")]


def test_one_that_hangs_on_no_device_is_met_late() -> None:
    plant = Plant(rule("low", Held(compare("limit", "<", 10), 30 * SECOND), alert()))
    plant.do(SetManual("p1", "limit", 5.0, "eva"))
    other = plant.restart()
    other.now += 3600 * SECOND
    other.do(Started())
    outcome = other.do(Tick())
    assert turns(outcome) == [("low", "active")]
    [met] = outcome.timers
    assert met.at - (plant.now + 30 * SECOND) == 3602 * SECOND - 30 * SECOND


# ---------------------------------------------------------------- over a definition change


def test_an_edit_of_the_actions_leaves_it_running_and_one_of_the_condition_stops_it() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    plant.wait(20)
    assert plant.load(rule("hot", LASTING, alert("1")), revision=2).timers == ()
    outcome = plant.load(rule("hot", Held(hot(), 40 * SECOND), alert("1")), revision=3)
    assert [(item.change, item.timer.key.slot) for item in outcome.timers] == [
        ("stopped", "held/0"),
        ("started", "held/0"),
    ]
    assert turns(plant.wait(39)) == []
    assert turns(plant.wait(1)) == [("hot", "active")]


def test_a_longer_time_does_not_end_what_stands() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    plant.wait(30)
    outcome = plant.load(rule("hot", Held(hot(), 60 * SECOND), alert(), call()), revision=2)
    assert (turns(outcome), plant.behavior("hot")) == ([], ("active", "unknown"))
    outcome = plant.wait(60)
    assert (turns(outcome), sent(outcome), plant.behavior("hot")) == ([], [], ("active", "true"))


def test_removal_stops_it_with_a_fact() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    assert [item.change for item in plant.load(revision=2).timers] == ["stopped"]
    assert len(plant.engine.live.timers) == 0
    assert plant.engine.next_due() is None


def test_a_twin_that_is_another_begins_anew() -> None:
    plant = lasting()
    plant.read(temperature=90.0)
    outcome = plant.load(rule("hot", LASTING), revision=2, twins=[pump(shape_id="pump@2", revision=2, life=2)])
    assert [item.change for item in outcome.timers] == ["stopped"]


def test_a_forced_value_starts_it_from_now() -> None:
    plant = lasting()
    plant.do(SetOverride("p1", "temperature", "forced", "eva", "test", 90.0))
    assert turns(plant.wait(29)) == []
    assert turns(plant.wait(1)) == [("hot", "active")]
