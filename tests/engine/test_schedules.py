"""Schedules: by the clocks of a zone, over daylight saving, restarts and clocks that are set."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.schedule import known_zone, next_after
from app.model.conditions import And, Every, Not
from app.model.events import ClockStepped, Outcome, Started, Tick
from app.model.plan import OwnerKey
from app.model.time import SECOND, Micros, from_datetime, to_datetime
from tests.engine.plant import Plant, alert, compare, hot, rule

BERLIN = "Europe/Berlin"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
HOUR = 3600 * SECOND


def utc(*parts: int) -> Micros:
    return from_datetime(datetime(*parts, tzinfo=UTC))  # type: ignore[misc, arg-type]


def occurrences(schedule: Every, after: Micros, count: int) -> list[str]:
    """As the zone's clocks show them, with their offsets."""
    found = []
    for _ in range(count):
        after = next_after(schedule, after)
        found.append(to_datetime(after).astimezone(ZoneInfo(schedule.zone)).strftime("%a %d.%m. %H:%M:%S %z"))
    return found


def test_weekdays_leave_out_the_weekend() -> None:
    schedule = Every(WEEKDAYS, 6 * 60, BERLIN)  # type: ignore[arg-type]
    assert occurrences(schedule, utc(2026, 1, 2, 6), 3) == [
        "Mon 05.01. 06:00:00 +0100",
        "Tue 06.01. 06:00:00 +0100",
        "Wed 07.01. 06:00:00 +0100",
    ]


def test_it_is_the_clocks_of_the_zone_that_count_on_both_sides_of_daylight_saving() -> None:
    assert occurrences(Every((), 6 * 60, BERLIN), utc(2026, 3, 27, 12), 3) == [
        "Sat 28.03. 06:00:00 +0100",
        "Sun 29.03. 06:00:00 +0200",
        "Mon 30.03. 06:00:00 +0200",
    ]


def test_a_time_that_the_clocks_skip_comes_at_the_first_moment_after_the_gap() -> None:
    assert occurrences(Every((), 2 * 60 + 30, BERLIN), utc(2026, 3, 28, 0), 3) == [
        "Sat 28.03. 02:30:00 +0100",
        "Sun 29.03. 03:00:00 +0200",
        "Mon 30.03. 02:30:00 +0200",
    ]


def test_a_time_that_the_clocks_show_twice_comes_the_first_time_only() -> None:
    assert occurrences(Every((), 2 * 60 + 30, BERLIN), utc(2026, 10, 24, 0), 3) == [
        "Sat 24.10. 02:30:00 +0200",
        "Sun 25.10. 02:30:00 +0200",
        "Mon 26.10. 02:30:00 +0100",
    ]


def test_a_day_that_a_zone_skips_comes_when_it_is_over() -> None:
    found = occurrences(Every((), 12 * 60, "Pacific/Apia"), utc(2011, 12, 29, 0), 3)
    assert found == ["Thu 29.12. 12:00:00 -1000", "Sat 31.12. 00:00:00 +1400", "Sat 31.12. 12:00:00 +1400"]


@given(
    st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu"]),
    st.integers(0, 24 * 60 - 1),
    st.integers(utc(2000, 1, 1), utc(2037, 1, 1)),
)
def test_the_next_one_is_always_later_and_at_most_a_little_over_a_day_off(
    zone: str, minute: int, after: Micros
) -> None:
    moment = next_after(Every((), minute, zone), after)
    assert 0 < moment - after <= 26 * HOUR
    assert next_after(Every((), minute, zone), moment - 1) == moment


def test_zones_are_known_by_name() -> None:
    assert [known_zone(name) for name in (BERLIN, "Europe/Berlln", "", "../etc/passwd", "Europe", "a\0b")] == [
        True, False, False, False, False, False
    ]  # fmt: skip


# ---------------------------------------------------------------- as rules


def fired(outcome: Outcome) -> list[int]:
    """Of every firing by how many seconds it was late."""
    return [item.late // SECOND for item in outcome.behaviors if item.fired]


def at(plant: Plant, moment: Micros) -> Outcome:
    plant.now = moment
    return plant.do(Tick(), 0)


def daily(*more: object) -> Plant:
    plant = Plant()
    plant.now = utc(2026, 1, 5, 12)
    plant.load(rule("it", Every((), 6 * 60, BERLIN), alert()), revision=1)
    return plant


def test_it_fires_at_its_moment_and_is_set_for_the_next() -> None:
    plant = daily()
    assert plant.engine.next_due() == utc(2026, 1, 6, 5)
    assert fired(at(plant, utc(2026, 1, 6, 5) - 1)) == []
    assert fired(at(plant, utc(2026, 1, 6, 5))) == [0]
    assert plant.engine.next_due() == utc(2026, 1, 7, 5)


def test_what_was_missed_fires_once_and_says_how_late() -> None:
    plant = daily()
    other = plant.restart()
    other.now = utc(2026, 1, 9, 5, 30)
    other.do(Started(), 0)
    assert fired(other.do(Tick(), 0)) == [3 * 24 * 3600 + 1800]
    assert other.engine.next_due() == utc(2026, 1, 10, 5)


def test_an_interval_counts_from_when_it_was_loaded_and_does_not_drift() -> None:
    plant = Plant(rule("it", Every(interval=300 * SECOND), alert()))
    first = plant.engine.next_due()
    assert first is not None
    assert fired(at(plant, first + 7 * SECOND)) == [7]
    assert plant.engine.next_due() == first + 300 * SECOND
    assert fired(at(plant, first + 1000 * SECOND)) == [700]
    assert plant.engine.next_due() == first + 1200 * SECOND


def test_the_rest_of_the_condition_decides_at_that_moment() -> None:
    plant = Plant(rule("it", And((Every(interval=60 * SECOND), hot())), alert("0", "error")))
    plant.read(temperature=20.0)
    assert fired(plant.wait(60)) == []
    plant.read(temperature=90.0)
    assert fired(plant.wait(60)) == [0], "a second is what a tick may take"


def test_an_edit_of_its_actions_leaves_it_as_it_is_set() -> None:
    plant = Plant(rule("it", Every(interval=300 * SECOND), alert()))
    due = plant.engine.next_due()
    plant.load(rule("it", Every(interval=300 * SECOND), alert("1")), revision=2)
    assert plant.engine.next_due() == due
    plant.load(rule("it", Every(interval=200 * SECOND), alert("1")), revision=3)
    assert plant.engine.next_due() == plant.now + 200 * SECOND


def test_a_clock_that_is_set_forward_over_the_moment_makes_it_late_and_never_early() -> None:
    plant = daily()
    plant.now = utc(2026, 1, 6, 6)
    assert plant.do(ClockStepped(18 * HOUR, 0), 0) == Outcome()
    assert fired(plant.do(Tick(), 0)) == [3600]


def test_a_clock_that_is_set_back_makes_it_wait_for_the_clock_and_not_come_twice() -> None:
    plant = daily()
    plant.do(ClockStepped(0, HOUR), 0)  # engine time goes on, an hour before the wall clock now
    assert plant.engine.next_due() == utc(2026, 1, 6, 6)
    assert fired(at(plant, utc(2026, 1, 6, 6))) == [0]
    plant.do(ClockStepped(0, 2 * HOUR), 0)  # it is 05:00 there once more, as it was when this fired
    assert plant.engine.next_due() == utc(2026, 1, 7, 7)
    plant.do(ClockStepped(0, 0), 0)
    assert plant.engine.next_due() == utc(2026, 1, 7, 5)


def test_a_zone_that_is_not_there_is_told() -> None:
    plant = Plant(rule("it", And((Every((), 0, "Europe/Berlln"), Not(compare("limit", "==", 1))))))
    [view] = plant.engine.live.behaviors(OwnerKey("twin", "p1"))
    assert view.error == "there is no time zone 'Europe/Berlln'"


@pytest.mark.parametrize("minute", [0, 24 * 60 - 1])
def test_every_minute_of_the_day_has_its_moment(minute: int) -> None:
    assert (
        next_after(Every((), minute, "UTC"), utc(2026, 1, 1, 12))
        == utc(2026, 1, 1 if minute else 2) + minute * 60 * SECOND
    )
