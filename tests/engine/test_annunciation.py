"""What becomes of an alert beside its two flags: suppression by design, re-alarm, first of a group, floods."""

from typing import Any

import msgspec
import pytest

from app.model.events import (
    AcknowledgeAlert,
    Alert,
    ClockStepped,
    EngineSettings,
    Load,
    Outcome,
    SetManual,
    Started,
    Tick,
)
from app.model.plan import AlertPlan, OwnerKey, Plan, Rule, Shape
from app.model.time import SECOND
from tests.engine.plant import (
    STATION,
    Plant,
    alert,
    alerts,
    compare,
    hot,
    pump,
    pump_shape,
    rule,
    station,
)

HOUR = 3600 * SECOND
STOPPED = rule("stopped", compare("mode", "==", "hand"))
HOT = rule("hot", hot(), alert("0", "critical"), suppressed_by=("stopped",))


def with_options(code: str = "0", **options: Any) -> AlertPlan:
    return msgspec.structs.replace(alert(code, "critical"), **options)


def mode(plant: Plant, value: str) -> Outcome:
    return plant.do(SetManual("p1", "mode", value, "eva"))


def only(plant: Plant) -> Alert:
    (found,) = plant.engine.live.open_alerts()
    return found


# ---------------------------------------------------------------- suppressed by design


@pytest.mark.parametrize("rules", [(STOPPED, HOT), (HOT, STOPPED)])
def test_an_alert_is_suppressed_while_another_behavior_is_active(rules: tuple[Rule, ...]) -> None:
    plant = Plant(*rules)
    mode(plant, "auto")
    plant.read(temperature=90.0)
    assert only(plant).annunciated
    assert alerts(mode(plant, "hand")) == [("0", "suppressed")]
    assert (only(plant).suppressed_by, only(plant).annunciated) == (("stopped",), False)
    assert alerts(plant.read(temperature=70.0)) == [("0", "cleared")]
    outcome = mode(plant, "auto")
    assert alerts(outcome) == [("0", "unsuppressed")]
    assert outcome.alerts[0].cause.ref == "p1/stopped"
    assert only(plant).annunciated


@pytest.mark.parametrize("rules", [(STOPPED, HOT), (HOT, STOPPED)])
def test_one_that_is_raised_while_it_is_suppressed_is_so_from_the_first(rules: tuple[Rule, ...]) -> None:
    plant = Plant(*rules)
    mode(plant, "hand")
    outcome = plant.read(temperature=90.0)
    assert alerts(outcome) == [("0", "raised")]
    assert not outcome.alerts[0].alert.annunciated


@pytest.mark.parametrize("order", [1, -1])
def test_what_suppresses_in_the_same_step_does_so_whatever_was_declared_first(order: int) -> None:
    faulty = rule("faulty", compare("status", "==", "fault"))
    hotter = rule("hot", hot(), alert("0", "critical"), suppressed_by=("faulty",))
    plant = Plant(*(faulty, hotter)[::order])
    plant.read(temperature=20.0, status="running")
    outcome = plant.read(temperature=90.0, status="fault")
    assert [(it.transition, it.alert.suppressed_by) for it in outcome.alerts] == [("raised", ("faulty",))]
    outcome = plant.read(temperature=91.0, status="running")
    assert alerts(outcome) == [("0", "unsuppressed")]


def test_two_that_suppress_both_have_to_end() -> None:
    faulty = rule("faulty", compare("status", "==", "fault"))
    plant = Plant(faulty, STOPPED, rule("hot", hot(), alert("0", "critical"), suppressed_by=("stopped", "faulty")))
    mode(plant, "hand")
    plant.read(temperature=90.0, status="fault")
    assert only(plant).suppressed_by == ("stopped", "faulty")
    assert alerts(mode(plant, "auto")) == [("0", "updated")]
    assert only(plant).suppressed_by == ("faulty",)
    assert alerts(plant.read(status="running")) == [("0", "unsuppressed")]


def test_unknown_holds_suppression_and_removal_of_what_suppresses_ends_it() -> None:
    faulty = rule("faulty", compare("status", "==", "fault"))
    hotter = rule("hot", compare("limit", ">", 80.0), alert("0", "critical"), suppressed_by=("faulty",))
    plant = Plant(faulty, hotter)
    plant.do(SetManual("p1", "limit", 90.0, "eva"))
    plant.read(status="fault")
    assert only(plant).suppressed_by == ("faulty",)
    plant.silent()
    assert only(plant).suppressed_by == ("faulty",)
    outcome = plant.load(hotter, revision=2)
    assert ("0", "unsuppressed") in alerts(outcome)


def test_an_edit_that_names_what_suppresses_takes_effect_at_once() -> None:
    plant = Plant(STOPPED, rule("hot", hot(), alert("0", "critical")))
    mode(plant, "hand")
    plant.read(temperature=90.0)
    assert ("0", "suppressed") in alerts(plant.load(STOPPED, HOT, revision=2))


def test_a_name_that_no_behavior_has_suppresses_nothing() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical"), suppressed_by=("nobody", "hot")))
    plant.read(temperature=90.0)
    assert only(plant).suppressed_by in ((), ("hot",))


# ---------------------------------------------------------------- re-alarm


def test_an_alert_that_is_active_so_long_after_its_acknowledgement_is_unacknowledged_again() -> None:
    plant = Plant(rule("hot", hot(), with_options(re_alarm=60 * SECOND)))
    plant.read(temperature=90.0)
    assert plant.engine.next_due() is None
    plant.do(AcknowledgeAlert(only(plant).alert_id, "eva", "seen"))
    due = plant.now + 60 * SECOND
    assert plant.engine.next_due() == due
    outcome = plant.do(Tick(), due - plant.now)
    assert alerts(outcome) == [("0", "re_alarmed")]
    assert (only(plant).acknowledged, only(plant).acknowledged_by, only(plant).active) == (False, None, True)
    assert outcome.alerts[0].late == 0
    assert plant.engine.next_due() is None
    plant.do(AcknowledgeAlert(only(plant).alert_id, "adam"))
    assert plant.engine.next_due() == plant.now + 60 * SECOND


def test_one_that_clears_before_is_not_alarmed_again() -> None:
    plant = Plant(rule("hot", hot(), with_options(re_alarm=60 * SECOND)))
    plant.read(temperature=90.0)
    plant.do(AcknowledgeAlert(only(plant).alert_id, "eva"))
    plant.read(temperature=70.0)
    assert plant.engine.next_due() is None
    plant.read(temperature=90.0)
    assert plant.do(Tick(), 600 * SECOND) == Outcome()


def test_re_alarm_is_met_late_after_a_restart_and_says_so() -> None:
    plant = Plant(rule("hot", hot(), with_options(re_alarm=60 * SECOND)))
    plant.read(temperature=90.0)
    plant.do(AcknowledgeAlert(only(plant).alert_id, "eva"))
    other = plant.restart()
    other.now += 600 * SECOND
    other.do(Started())
    (fact,) = other.do(Tick()).alerts
    assert (fact.transition, fact.late) == ("re_alarmed", 542 * SECOND)


def test_a_latched_one_is_alarmed_again_until_it_is_reset() -> None:
    plant = Plant(rule("hot", hot(), with_options(re_alarm=60 * SECOND, latched=True)))
    plant.read(temperature=90.0)
    plant.do(AcknowledgeAlert(only(plant).alert_id, "eva"))
    plant.read(temperature=70.0)
    assert alerts(plant.do(Tick(), 60 * SECOND)) == [("0", "re_alarmed")]


# ---------------------------------------------------------------- first of a group


def trips(*names: str) -> tuple[Rule, ...]:
    limits = {"hot": ("temperature", 80.0), "fast": ("speed", 2000.0), "many": ("starts", 5)}
    return tuple(
        rule(name, compare(limits[name][0], ">", limits[name][1]), with_options(group="trip")) for name in names
    )


def test_the_first_of_a_group_is_marked_and_those_that_follow_are_not() -> None:
    plant = Plant(*trips("hot", "fast", "many"))
    plant.read(speed=2500.0)
    plant.read(temperature=90.0, starts=9)
    marks = {it.behavior: it.first_in_group for it in plant.engine.live.open_alerts()}
    assert marks == {"hot": False, "fast": True, "many": False}
    plant.read(speed=10.0, temperature=20.0, starts=0)
    plant.read(temperature=90.0)
    marks = {it.behavior: it.first_in_group for it in plant.engine.live.open_alerts() if it.active}
    assert marks == {"hot": True}


def test_another_group_and_a_suppressed_one_are_no_rivals() -> None:
    other = rule("other", compare("limit", ">", 1.0), with_options(group="else"))
    quiet = rule("quiet", compare("starts", ">", 5), with_options(group="trip"), suppressed_by=("stopped",))
    plant = Plant(STOPPED, quiet, other, *trips("hot"))
    plant.do(SetManual("p1", "limit", 5.0, "eva"))
    mode(plant, "hand")
    plant.read(starts=9)
    plant.read(temperature=90.0)
    marks = {it.behavior: it.first_in_group for it in plant.engine.live.open_alerts()}
    assert marks == {"other": True, "quiet": False, "hot": True}


def test_an_alert_without_a_group_is_never_the_first_of_one() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical")))
    plant.read(temperature=90.0)
    assert not only(plant).first_in_group


# ---------------------------------------------------------------- floods


def crowd(count: int, limit: int = 3, *, overlay: bool = True) -> Plant:
    """Pumps whose alerts are raised one by one as each gets hot; in one station, or in none."""
    twins = tuple(pump(f"p{number}") for number in range(count))
    bindings = {f"pumps/p{number}": f"p{number}" for number in range(count)}
    overlays = (station(bindings),) if overlay else ()
    shapes = (pump_shape(rule("hot", hot(), alert("0", "critical"))), Shape("station@1"))
    plant = Plant(plan=Plan(1, shapes, twins, overlays), alive=False)
    plant.do(Started(EngineSettings(flood_limit=limit)))
    plant.alive(*(twin.twin_id for twin in twins))
    return plant


def flood(plant: Plant, owner: OwnerKey = STATION) -> Alert | None:
    return plant.engine.live.open_alert(owner, "", "alert_flood")


def test_more_alerts_than_the_limit_within_a_minute_have_one_more_that_lists_them() -> None:
    plant = crowd(6)
    for number in range(3):
        plant.read(f"p{number}", temperature=90.0)
    assert flood(plant) is None
    outcome = plant.read("p3", temperature=90.0)
    assert alerts(outcome) == [("0", "raised"), ("alert_flood", "raised")]
    found = flood(plant)
    assert found is not None
    ids = [it.alert_id for it in plant.engine.live.open_alerts() if it.code == "0"]
    assert list(found.lists) == ids
    assert (found.severity, found.ack_required, found.message) == (
        "warning",
        False,
        "4 alerts were raised in a flood",
    )
    assert alerts(plant.read("p4", temperature=90.0)) == [("0", "raised"), ("alert_flood", "updated")]
    found = flood(plant)
    assert found is not None
    assert len(found.lists) == 5
    assert len(list(plant.engine.live.open_alerts())) == 6  # it replaces none


def test_a_flood_ends_when_the_rate_is_below_the_limit_again() -> None:
    plant = crowd(4)
    first = plant.now + SECOND
    for number in range(4):
        plant.read(f"p{number}", temperature=90.0)
    assert plant.engine.next_due() == first + 60 * SECOND
    outcome = plant.do(Tick(), first + 60 * SECOND - plant.now)
    assert alerts(outcome) == [("alert_flood", "cleared"), ("alert_flood", "closed")]
    assert outcome.alerts[0].alert.clear_reason == "RateBelow"
    assert outcome.alerts[0].alert.message == "4 alerts were raised in a flood, which is over"
    assert plant.engine.next_due() is None


def test_a_clock_that_is_set_forward_ends_no_flood_and_hides_none() -> None:
    plant = crowd(5)
    first = plant.now + SECOND
    for number in range(3):
        plant.read(f"p{number}", temperature=90.0)
    plant.do(ClockStepped(HOUR, 0), HOUR)
    assert ("alert_flood", "raised") in alerts(plant.read("p3", temperature=90.0))
    plant.do(ClockStepped(HOUR, 0), HOUR)
    outcome = plant.read("p4", temperature=90.0)
    assert alerts(outcome) == [("0", "raised"), ("alert_flood", "updated")]
    assert plant.engine.next_due() == first + 60 * SECOND + 2 * HOUR
    plant.do(Tick(), 62 * SECOND)
    assert flood(plant) is None
    for snapshot_after in (0, len(plant.journal) - 4, len(plant.journal) - 2):
        assert plant.restart(snapshot_after).engine.state_digest() == plant.engine.state_digest()


def test_a_flood_that_goes_on_is_one_flood() -> None:
    plant = crowd(4)
    seen = set()
    for _ in range(40):
        for number in range(4):
            plant.read(f"p{number}", temperature=90.0)
            plant.read(f"p{number}", temperature=70.0)
        found = flood(plant)
        seen.add(found.alert_id if found else None)
    assert len(seen) == 1
    assert plant.engine.live.raises.floods[STATION] == 160


def test_slow_alerts_are_no_flood() -> None:
    plant = crowd(20)
    for number in range(20):
        plant.now += 21 * SECOND
        plant.read(f"p{number}", temperature=90.0)
    assert flood(plant) is None


def test_twins_outside_overlays_count_each_for_itself() -> None:
    plant = crowd(6, overlay=False)
    for number in range(6):
        plant.read(f"p{number}", temperature=90.0)
    assert {it.code for it in plant.engine.live.open_alerts()} == {"0"}
    for _ in range(4):
        plant.read("p0", temperature=70.0)
        plant.read("p0", temperature=90.0)
    assert flood(plant, OwnerKey("twin", "p0")) is not None


def test_a_thousand_at_once_are_listed_up_to_a_hundred_and_counted_all() -> None:
    plant = crowd(1000, limit=10)
    plant.do(Started(EngineSettings(flood_limit=10)))
    plant.alive(*(f"p{number}" for number in range(1000)))
    for number in range(1000):
        plant.read(f"p{number}", temperature=90.0)
        plant.now -= SECOND
    found = flood(plant)
    assert found is not None
    assert len(found.lists) == 100
    plant.now += SECOND
    over = [it for it in plant.do(Tick(), 61 * SECOND).alerts if it.alert.code == "alert_flood"]
    assert over[0].alert.message.startswith("1000 alerts")
    told = [it for entry in plant.journal for it in entry.outcome.alerts if it.alert.code == "alert_flood"]
    assert len(told) < 110


def test_the_limit_none_turns_it_off() -> None:
    plant = crowd(30, limit=0)
    for number in range(30):
        plant.read(f"p{number}", temperature=90.0)
    assert flood(plant) is None


def test_a_flood_ends_late_after_a_restart_and_says_so_and_goes_with_its_overlay() -> None:
    plant = crowd(4)
    for number in range(4):
        plant.read(f"p{number}", temperature=90.0)
    other = plant.restart(len(plant.journal) - 2)
    assert other.engine.state_digest() == plant.engine.state_digest()
    other.now += 600 * SECOND
    other.do(Started())
    (cleared, _) = other.do(Tick()).alerts
    assert (cleared.transition, cleared.alert.code) == ("cleared", "alert_flood")
    assert cleared.late > 500 * SECOND
    outcome = plant.do(Load(Plan(2, removed_overlays=("station",))))
    assert ("alert_flood", "closed") in alerts(outcome)
    assert plant.engine.next_due() is None
