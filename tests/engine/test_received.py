"""A batch that is decided late: each reading comes at its receipt, and timers neither overtake it nor wait for it."""

import msgspec

from app.model.conditions import Held
from app.model.events import AcknowledgeAlert, Outcome, Reading, ReportSamples, Samples
from app.model.plan import AlertPlan
from app.model.time import SECOND, Micros
from tests.engine.plant import Plant, alert, alerts, compare, hot, rule, sample, turns, write


def waiting(code: str, **options: Micros) -> AlertPlan:
    return msgspec.structs.replace(alert(code), **options)


LASTING = rule("lasting", Held(hot(), 10 * SECOND), alert("hot"))


def late(plant: Plant, by: float, *readings: tuple[float, float]) -> Outcome:
    """Temperatures, each with how many seconds from now it was received, decided together `by` seconds from now."""
    batch = tuple(
        Reading("opc", plant.now + after(received), (sample("temperature", value, plant.now + after(received)),))
        for received, value in readings
    )
    return plant.do(Samples(batch), after(by))


def after(seconds: float) -> Micros:
    return round(seconds * SECOND)


def test_what_fell_before_the_moment_raises_nothing_however_late_it_is_decided() -> None:
    plant = Plant(LASTING)
    plant.read(temperature=90.0)
    outcome = late(plant, 12, (9, 70.0))
    assert (alerts(outcome), [it.change for it in outcome.timers]) == ([], ["stopped"])
    assert plant.behavior("lasting") == ("inactive", "false")


def test_what_fell_after_the_moment_was_so_for_long_enough() -> None:
    plant = Plant(LASTING)
    start = plant.now
    plant.read(temperature=90.0)
    outcome = late(plant, 15, (11, 70.0))
    assert alerts(outcome) == [("hot", "raised"), ("hot", "cleared"), ("hot", "closed")]
    assert [it.at - start for it in outcome.alerts] == [12 * SECOND] * 3


def test_a_reading_at_the_very_moment_comes_behind_it() -> None:
    plant = Plant(LASTING)
    plant.read(temperature=90.0)
    assert alerts(late(plant, 15, (10, 70.0)))[0] == ("hot", "raised")


def test_a_timer_that_one_reading_of_a_batch_starts_is_met_before_a_later_one_of_it() -> None:
    plant = Plant(LASTING)
    outcome = late(plant, 40, (1, 90.0), (20, 70.0))
    assert turns(outcome) == [("lasting", "active"), ("lasting", "inactive")]
    other = Plant(LASTING)
    assert turns(late(other, 40, (1, 90.0), (9, 70.0))) == []


def test_what_is_still_due_is_met_behind_the_last_reading() -> None:
    plant = Plant(LASTING)
    start = plant.now
    outcome = late(plant, 15, (1, 90.0))
    assert alerts(outcome) == [("hot", "raised")]
    assert outcome.alerts[0].at - start == 15 * SECOND
    assert plant.engine.next_due() is None


def test_a_reading_that_was_received_before_the_last_decision_comes_at_that_and_not_earlier() -> None:
    plant = Plant(LASTING)
    plant.read(temperature=90.0)
    plant.wait(10)
    outcome = late(plant, 5, (-3, 70.0))
    assert alerts(outcome) == [("hot", "cleared"), ("hot", "closed")]
    assert outcome.alerts[0].at == plant.now - 5 * SECOND


def test_a_reading_from_the_future_is_decided_now() -> None:
    plant = Plant(LASTING)
    outcome = late(plant, 1, (100, 90.0))
    assert outcome.timers[0].timer.due == plant.now + 10 * SECOND
    assert plant.engine.live.time == plant.now


def test_delays_go_by_the_receipt_too() -> None:
    plant = Plant(rule("hot", hot(), waiting("hot", delay_on=5 * SECOND)))
    plant.read(temperature=90.0)
    assert alerts(late(plant, 9, (4, 70.0))) == []
    assert alerts(late(plant, 9, (1, 90.0), (7, 70.0))) == [("hot", "raised"), ("hot", "cleared"), ("hot", "closed")]


def test_reports_of_people_come_at_their_receipt_as_well() -> None:
    plant = Plant(rule("low", Held(compare("limit", "<", 10.0), 10 * SECOND), write("mode", "hand")))
    low = Reading("tool", plant.now + SECOND, (sample("limit", 5.0, plant.now + SECOND),))
    high = Reading("tool", plant.now + 9 * SECOND, (sample("limit", 50.0, plant.now + 9 * SECOND),))
    assert turns(plant.do(ReportSamples((low, high), "eva"), 30 * SECOND)) == []


def test_commands_are_met_by_all_that_is_due() -> None:
    plant = Plant(LASTING)
    plant.read(temperature=90.0)
    assert alerts(plant.do(AcknowledgeAlert("nothing", "eva"), 12 * SECOND)) == [("hot", "raised")]


def test_a_late_batch_folds_to_what_was_decided() -> None:
    plant = Plant(LASTING, rule("hot", hot(), waiting("late", delay_on=3 * SECOND, delay_off=4 * SECOND)))
    late(plant, 40, (1, 90.0), (5, 70.0), (20, 90.0), (35, 70.0))
    late(plant, 3, (-10, 90.0), (2, 70.0))
    assert plant.restart().engine.state_digest() == plant.engine.state_digest()
    assert plant.restart(4).engine.state_digest() == plant.engine.state_digest()
