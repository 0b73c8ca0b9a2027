"""Source time: clocks ahead, late samples, and a device whose clock was set back."""

from app.model.events import Outcome
from app.model.time import SECOND, Micros
from tests.engine.plant import Plant, hot, rule, sample

MINUTE = 60 * SECOND


def measure(plant: Plant, value: float, offset: Micros) -> Outcome:
    """A sample received now whose source clock reads `offset` from ours."""
    return plant.take(sample("temperature", value, plant.now + SECOND + offset))


def test_a_time_too_far_ahead_is_replaced_by_that_of_receipt_counted_and_shown() -> None:
    plant = Plant(rule("hot", hot()))
    measure(plant, 90.0, MINUTE)
    state = plant.state("temperature")
    assert (state.value, state.quality, state.timestamp, state.reason) == (90.0, "good", plant.now, "ClockAhead")
    clock = plant.engine.live.clock("p1")
    assert clock is not None
    assert clock.ahead == 1
    assert plant.behavior("hot") == ("active", "true")


def test_a_time_ahead_within_the_allowed_skew_is_kept() -> None:
    plant = Plant(rule("hot", hot()))
    measure(plant, 90.0, 5 * SECOND)
    assert plant.state("temperature").timestamp == plant.now + 5 * SECOND
    assert plant.state("temperature").reason is None


def test_a_late_sample_never_moves_live_state() -> None:
    plant = Plant(rule("hot", hot()))
    measure(plant, 50.0, 0)
    before = plant.state("temperature")
    outcome = measure(plant, 90.0, -MINUTE)
    assert [it.reason for it in outcome.rejected] == ["Late"]
    assert plant.state("temperature") == before
    assert plant.behavior("hot") == ("inactive", "false")


def test_an_old_time_alone_is_not_late() -> None:
    plant = Plant(rule("hot", hot()))
    assert measure(plant, 90.0, -MINUTE).rejected == ()  # a steady value read at connect: nothing newer is stored
    assert plant.behavior("hot") == ("active", "true")


def test_an_older_time_within_the_allowed_skew_is_not_late() -> None:
    plant = Plant(rule("hot", hot()))
    measure(plant, 50.0, 0)
    assert measure(plant, 90.0, -4 * SECOND).rejected == ()
    assert plant.state("temperature").value == 90.0


def test_equal_source_times_are_taken_in_order_of_arrival() -> None:
    plant = Plant(rule("hot", hot()))
    at = plant.now - MINUTE
    plant.take(sample("temperature", 50.0, at))
    assert plant.take(sample("temperature", 90.0, at)).rejected == ()
    assert plant.state("temperature").value == 90.0


def test_three_late_readings_with_a_constant_offset_rebase_the_clock() -> None:
    plant = Plant(rule("hot", hot()))
    measure(plant, 50.0, 0)
    outcomes = [measure(plant, 90.0 + number, -MINUTE) for number in range(5)]
    assert [len(it.rejected) for it in outcomes] == [1, 1, 0, 0, 0]
    assert plant.state("temperature").value == 94.0
    assert plant.state("temperature").timestamp == plant.now
    clock = plant.engine.live.clock("p1")
    assert clock is not None
    assert (clock.offset, clock.rebased, clock.late) == (MINUTE, 1, 2)


def test_a_rebased_clock_that_is_right_again_needs_no_offset() -> None:
    plant = Plant(rule("hot", hot()))
    measure(plant, 50.0, 0)
    for number in range(4):
        measure(plant, 60.0 + number, -MINUTE)
    assert measure(plant, 91.0, 0).rejected == ()
    assert plant.state("temperature").timestamp == plant.now
    clock = plant.engine.live.clock("p1")
    assert clock is not None
    assert clock.offset == 0


def test_a_backlog_sent_in_a_burst_does_not_rebase_the_clock() -> None:
    plant = Plant(rule("hot", hot()))
    measure(plant, 50.0, 0)
    start = plant.now - MINUTE
    for number in range(10):
        plant.now += 10_000
        outcome = plant.take(sample("temperature", 90.0, start + number * SECOND), received=plant.now + SECOND)
        plant.now -= SECOND
        assert [it.reason for it in outcome.rejected] == ["Late"]
    assert plant.state("temperature").value == 50.0


def test_the_samples_of_one_late_reading_count_as_one() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=50.0, speed=1.0, starts=1, remote=True)
    at = plant.now + SECOND - MINUTE
    outcome = plant.take(
        *(
            sample(name, value, at)
            for name, value in (("temperature", 90.0), ("speed", 2.0), ("starts", 2), ("remote", False))
        )
    )
    assert [it.reason for it in outcome.rejected] == ["Late"] * 4


def test_a_sample_on_time_ends_a_row_of_late_ones() -> None:
    plant = Plant(rule("hot", hot()))
    measure(plant, 50.0, 0)
    for offset in (-MINUTE, -MINUTE, 0, -MINUTE, -MINUTE):
        measure(plant, 60.0, offset)
    clock = plant.engine.live.clock("p1")
    assert clock is not None
    assert clock.rebased == 0


def test_a_device_without_a_clock_gets_the_time_of_receipt() -> None:
    plant = Plant(rule("hot", hot()))
    for at in (0, -11_644_473_600 * SECOND):
        plant.take(sample("temperature", 50.0 + at % 7, at))
        assert plant.state("temperature").timestamp == plant.now


def test_engine_time_never_goes_back() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=50.0)
    latest = plant.now
    plant.now -= 3600 * SECOND
    outcome = plant.take(sample("temperature", 90.0, latest + 1))
    assert [it.at for it in outcome.behaviors] == [latest]


def test_what_is_read_back_after_an_outage_is_believed_also_where_the_clock_was_set_back() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=20.0)
    plant.silent()
    hour = 3600 * SECOND
    outcome = plant.take(sample("temperature", 20.0, plant.now - hour))
    assert outcome.rejected == ()
    plant.alive()
    assert plant.state("temperature").known
    assert [it.reason for it in plant.take(sample("temperature", 21.0, plant.now - 2 * hour)).rejected] == ["Late"]
