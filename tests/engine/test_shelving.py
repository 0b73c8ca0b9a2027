"""Shelving: of an identity, for a while, and never without an end."""

import pytest

from app.model.events import (
    AcknowledgeAlert,
    AlertKey,
    ClockStepped,
    EngineSettings,
    Load,
    Outcome,
    ShelveAlert,
    Started,
    Tick,
    UnshelveAlert,
)
from app.model.plan import OwnerKey, Plan, Shape
from app.model.time import SECOND
from tests.engine.plant import STATION, Plant, alert, alerts, call, compare, hot, pump, pump_shape, rule, station

P1 = OwnerKey("twin", "p1")
HOT = AlertKey(P1, "hot", "0")


def shelve(plant: Plant, key: AlertKey = HOT, seconds: float = 60) -> Outcome:
    return plant.do(ShelveAlert(key, round(seconds * SECOND), "eva", "sensor is noisy"))


def unshelve(plant: Plant, key: AlertKey = HOT) -> Outcome:
    return plant.do(UnshelveAlert(key, "adam", "repaired"))


def hot_plant() -> Plant:
    return Plant(rule("hot", hot(), alert("0", "critical")))


def test_an_open_alert_is_shelved_and_goes_on_being_recorded() -> None:
    plant = hot_plant()
    plant.read(temperature=90.0)
    outcome = shelve(plant)
    assert alerts(outcome) == [("0", "shelved")]
    (fact,) = outcome.alerts
    assert (fact.by, fact.comment, fact.alert.annunciated) == ("eva", "sensor is noisy", False)
    assert fact.alert.shelved is not None
    assert (fact.alert.shelved.at, fact.alert.shelved.until) == (plant.now, plant.now + 60 * SECOND)
    cleared = plant.read(temperature=70.0)
    assert alerts(cleared) == [("0", "cleared")]
    assert cleared.alerts[0].alert.shelved == fact.alert.shelved


def test_an_alert_that_is_raised_while_it_is_shelved_is_shelved_from_the_first() -> None:
    plant = hot_plant()
    assert shelve(plant).alerts == ()
    outcome = plant.read(temperature=90.0)
    assert alerts(outcome) == [("0", "raised")]
    assert not outcome.alerts[0].alert.annunciated


def test_shelving_outlives_the_alert_that_it_was_made_on() -> None:
    plant = hot_plant()
    plant.read(temperature=90.0)
    shelve(plant)
    plant.read(temperature=70.0)
    (found,) = plant.engine.live.open_alerts()
    plant.do(AcknowledgeAlert(found.alert_id, "eva"))
    assert list(plant.engine.live.open_alerts()) == []
    assert not plant.read(temperature=90.0).alerts[0].alert.annunciated


def test_its_time_ends_it_by_a_tick_at_the_moment_itself() -> None:
    plant = hot_plant()
    plant.read(temperature=90.0)
    shelve(plant, seconds=60)
    until = plant.now + 60 * SECOND
    assert plant.engine.next_due() == until
    assert plant.do(Tick(), until - 1 - plant.now) == Outcome()
    outcome = plant.do(Tick(), 1)
    assert alerts(outcome) == [("0", "unshelved")]
    (ended,) = outcome.shelvings
    assert (ended.by, ended.reason, ended.late, ended.cause.kind) == (None, "TimeOver", 0, "tick")
    assert outcome.alerts[0].alert.annunciated
    assert dict(plant.engine.live.shelvings) == {}


def test_a_person_ends_it_before() -> None:
    plant = hot_plant()
    plant.read(temperature=90.0)
    shelve(plant)
    outcome = unshelve(plant)
    assert alerts(outcome) == [("0", "unshelved")]
    assert (outcome.shelvings[0].by, outcome.shelvings[0].reason) == ("adam", "repaired")
    assert plant.engine.next_due() is None
    assert unshelve(plant).refused.startswith("ALERT_NOT_SHELVED")


def test_shelving_again_gives_the_new_time_and_reason() -> None:
    plant = hot_plant()
    shelve(plant, seconds=60)
    first = plant.now + 60 * SECOND
    shelve(plant, seconds=600)
    assert plant.do(Tick(), first - plant.now) == Outcome()
    assert len(plant.engine.live.shelvings) == 1
    assert plant.engine.next_due() == plant.engine.live.shelvings[HOT].until


@pytest.mark.parametrize("seconds", [0, -1, 7 * 86_400 + 1, 1e12])
def test_nothing_is_shelved_for_ever_nor_for_no_time(seconds: float) -> None:
    plant = hot_plant()
    outcome = shelve(plant, seconds=seconds)
    assert outcome.refused.startswith("SHELVING_TOO_LONG")
    assert (outcome.shelvings, plant.engine.next_due()) == ((), None)
    assert shelve(plant, seconds=7 * 86_400).refused == ""


def test_the_longest_time_is_a_setting_of_the_run() -> None:
    plant = hot_plant()
    plant.do(Started(EngineSettings(max_shelving=5 * SECOND)))
    assert shelve(plant, seconds=5.1).refused.startswith("SHELVING_TOO_LONG")
    assert shelve(plant, seconds=5).refused == ""


@pytest.mark.parametrize(
    "key",
    [
        AlertKey(P1, "hot", "1"),
        AlertKey(P1, "cold", "0"),
        AlertKey(OwnerKey("twin", "p2"), "hot", "0"),
        AlertKey(OwnerKey("overlay", "p1"), "hot", "0"),
        AlertKey(P1, "", "0"),
    ],
)
def test_what_no_behavior_raises_can_not_be_shelved(key: AlertKey) -> None:
    plant = hot_plant()
    assert shelve(plant, key).refused.startswith("ALERT_NOT_FOUND")


@pytest.mark.parametrize("code", ["stop_call_failed", "stop_call_interlocked", "call_expired", "cascade_limit"])
def test_what_the_engine_raises_about_a_behavior_can_be_shelved_before_it_happens(code: str) -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    assert shelve(plant, AlertKey(P1, "hot", code)).refused == ""
    assert shelve(plant, AlertKey(P1, "", "alert_flood")).refused == ""


def test_it_ends_with_the_alert_or_behavior_that_is_defined_no_more() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical"), alert("1")), rule("cold", hot(10.0), alert("0")))
    for key in (HOT, AlertKey(P1, "hot", "1"), AlertKey(P1, "cold", "0")):
        shelve(plant, key)
    outcome = plant.load(rule("hot", hot(), alert("0", "critical")), revision=2)
    assert {(it.shelving.key.behavior, it.shelving.key.code, it.reason, it.by) for it in outcome.shelvings} == {
        ("hot", "1", "AlertRemoved", None),
        ("cold", "0", "BehaviorRemoved", None),
    }
    assert list(plant.engine.live.shelvings) == [HOT]
    outcome = plant.do(Load(Plan(3, removed_twins=("p1",))))
    assert [(it.change, it.reason) for it in outcome.shelvings] == [("unshelved", "BehaviorRemoved")]
    assert plant.engine.next_due() is None


def test_it_survives_an_edit_and_a_behavior_that_fails_to_load() -> None:
    plant = hot_plant()
    plant.read(temperature=90.0)
    shelve(plant)
    assert plant.load(rule("hot", hot(85.0), alert("0", "critical")), revision=2).shelvings == ()
    assert plant.load(rule("hot", None, error="BROKEN"), revision=3).shelvings == ()
    assert plant.load(rule("hot", hot(85.0), alert("0", "critical")), revision=4).shelvings == ()
    outcome = plant.do(Tick(), 60 * SECOND)
    assert [it.change for it in outcome.shelvings] == ["unshelved"]


def test_it_survives_the_suspension_of_its_overlay() -> None:
    watch = rule("watch", compare("temperature", ">", 80.0, "primary"), alert("0", "critical"))

    def plan(revision: int, lifecycle: str) -> Plan:
        overlay = station({"primary": "p1"}, "station@1", revision, lifecycle=lifecycle)
        return Plan(revision, (pump_shape(), Shape("station@1", rules=(watch,))), (pump(),), (overlay,))

    plant = Plant(plan=plan(1, "active"))
    key = AlertKey(STATION, "watch", "0")
    plant.read(temperature=90.0)
    shelve(plant, key)
    assert plant.do(Load(plan(2, "suspended"))).shelvings == ()
    outcome = plant.do(Load(plan(3, "active")))
    assert outcome.shelvings == ()
    assert [it.alert.annunciated for it in outcome.alerts if it.transition == "raised"] == [False]
    assert [it.change for it in plant.do(Tick(), 60 * SECOND).shelvings] == ["unshelved"]


@pytest.mark.parametrize("snapshot_after", [0, 4, 6])
def test_after_a_restart_it_ends_late_and_says_so(snapshot_after: int) -> None:
    plant = hot_plant()
    plant.read(temperature=90.0)
    shelve(plant, seconds=60)
    plant.do(Tick())
    other = plant.restart(snapshot_after)
    assert other.engine.state_digest() == plant.engine.state_digest()
    other.now += 600 * SECOND
    other.do(Started())
    outcome = other.do(Tick())
    (ended,) = outcome.shelvings
    assert ended.reason == "TimeOver"
    assert ended.late == 543 * SECOND
    assert [(it.transition, it.late) for it in outcome.alerts] == [("unshelved", 543 * SECOND)]


def test_one_that_ends_in_this_run_is_not_late_however_slow_the_tick() -> None:
    plant = hot_plant()
    shelve(plant, seconds=60)
    (ended,) = plant.do(Tick(), 90 * SECOND).shelvings
    assert ended.late == 0


def test_ten_thousand_shelvings_end_each_in_its_time_and_cost_nothing_meanwhile() -> None:
    twins = tuple(pump(f"p{number}") for number in range(10_000))
    plant = Plant(plan=Plan(1, (pump_shape(rule("hot", hot(), alert("0", "critical"))),), twins))
    for number, twin in enumerate(twins):
        key = AlertKey(OwnerKey("twin", twin.twin_id), "hot", "0")
        plant.do(ShelveAlert(key, (number + 1) * SECOND, "eva", "test"), 0)
    assert len(plant.engine.live.shelvings) == 10_000
    assert len(plant.do(Tick(), 5000 * SECOND).shelvings) == 5000
    assert plant.engine.next_due() == plant.now + SECOND
    other = plant.restart(len(plant.journal) - 3)
    assert other.engine.state_digest() == plant.engine.state_digest()
    assert len(other.do(Tick(), 5000 * SECOND).shelvings) == 5000
    assert other.engine.next_due() is None


def test_a_behavior_that_is_named_like_another_owners_is_not_shelved_with_it() -> None:
    plant = Plant(plan=Plan(1, (pump_shape(rule("hot", hot(), alert("0"))),), (pump(), pump("p2"))))
    shelve(plant)
    plant.read(temperature=90.0)
    assert plant.read("p2", temperature=90.0).alerts[0].alert.annunciated


def test_a_clock_that_is_set_forward_moves_its_end_where_it_is_shown_too() -> None:
    plant = hot_plant()
    plant.read(temperature=90.0)
    shelve(plant)
    until = plant.now + 60 * SECOND
    outcome = plant.do(ClockStepped(3600 * SECOND, 0), 3600 * SECOND)
    assert alerts(outcome) == [("0", "updated")]
    assert (outcome.alerts[0].by, outcome.alerts[0].cause.ref) == (None, "clock set")
    until += 3600 * SECOND
    (found,) = plant.engine.live.open_alerts()
    assert found.shelved is not None
    assert {found.shelved.until, plant.engine.live.shelvings[HOT].until, plant.engine.next_due()} == {until}
    assert found.shelved.at == until - 3660 * SECOND
    assert plant.restart().engine.state_digest() == plant.engine.state_digest()
    assert alerts(plant.do(Tick(), until - plant.now - 1)) == []
    assert alerts(plant.do(Tick(), 1)) == [("0", "unshelved")]


def test_a_clock_that_is_set_back_moves_nothing() -> None:
    plant = hot_plant()
    plant.read(temperature=90.0)
    shelve(plant)
    before = plant.engine.live.shelvings[HOT]
    assert plant.do(ClockStepped(0, 3600 * SECOND), 0) == Outcome()
    assert plant.engine.live.shelvings[HOT] == before
