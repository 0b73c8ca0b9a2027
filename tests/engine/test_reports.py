"""Samples reported of properties that no connector feeds: the rules of readings, on a clock of their own."""

from typing import Any

from app.model.events import ClearOverride, Outcome, Reading, ReportSamples, Sample, SetOverride, Tick
from app.model.plan import Plan, PropertyPlan, TwinPlan
from app.model.time import SECOND, Micros
from tests.engine.plant import PUMP_PROPERTIES, Plant, alert, call, compare, pump_shape, rule, sent, turns

HOT = rule("hot", compare("shown", ">", 80.0), alert("0", "critical"), call("stop"))


def report(plant: Plant, *steps: list[tuple[str, Any, Micros]], twin: str = "p1", received: Micros = 0) -> Outcome:
    """(property, value, seconds from now) by reading."""
    now = plant.now + SECOND
    readings = tuple(
        Reading("api", now + received, tuple(Sample(twin, name, value, now + at * SECOND) for name, value, at in step))
        for step in steps
    )
    return plant.do(ReportSamples(readings, "eva"))


def reasons(outcome: Outcome) -> list[tuple[int | None, str]]:
    return [(item.index, item.reason) for item in outcome.rejected]


def test_a_read_only_property_that_no_connector_feeds_gets_its_value_and_wakes_its_rules() -> None:
    plant = Plant(HOT)
    report(plant, [("shown", 20.0, 0)])
    outcome = report(plant, [("shown", 95.0, 0), ("limit", 10.0, 0)])
    assert turns(outcome) == [("hot", "active")]
    assert sent(outcome) == [("p1", "stop")]
    cause = outcome.behaviors[0].cause
    assert (cause.kind, cause.ref) == ("reading", "api")
    assert cause.parent is not None
    assert (cause.parent.kind, cause.parent.ref) == ("command", "eva")
    assert (plant.state("shown").value, plant.state("limit").value) == (95.0, 10.0)


def test_each_reading_is_one_step_so_a_spike_between_two_samples_is_seen() -> None:
    plant = Plant(HOT)
    report(plant, [("shown", 20.0, -3)])
    outcome = report(plant, [("shown", 95.0, -2)], [("shown", 30.0, -1)])
    assert turns(outcome) == [("hot", "active"), ("hot", "inactive")]


def test_the_first_report_after_a_load_is_a_discovery_and_withholds_calls() -> None:
    plant = Plant(HOT)
    outcome = report(plant, [("shown", 95.0, 0)])
    assert [it.call.status for it in outcome.calls] == ["withheld"]


def test_what_could_not_be_taken_is_told_by_its_index_and_the_rest_stands() -> None:
    plant = Plant(HOT)
    outcome = report(
        plant,
        [("shown", "hot", 0), ("limit", 5.0, 0), ("temperature", 5.0, 0)],
        [("nothing", 1.0, 0), ("mode", "fast", 0), ("mode", "auto", 0)],
    )
    assert reasons(outcome) == [(0, "TypeMismatch"), (2, "Mapped"), (3, "UnknownProperty"), (4, "NotInEnum")]
    assert plant.state("limit").value == 5.0
    assert plant.state("mode").value == "auto"
    assert reasons(report(plant, [("shown", 1.0, 0)], twin="p9")) == [(0, "UnknownTwin")]


def test_the_same_sample_again_is_a_report_and_no_change() -> None:
    plant = Plant(HOT)
    given = [("shown", 20.0, -1)]
    report(plant, given)
    outcome = report(plant, given)
    assert (len(outcome.changes), len(outcome.reports), outcome.rejected) == (0, 1, ())


def test_a_late_one_is_rejected_one_from_the_future_gets_the_time_of_receipt() -> None:
    plant = Plant(HOT)
    report(plant, [("shown", 20.0, 0)])
    assert reasons(report(plant, [("shown", 21.0, -60)])) == [(0, "Late")]
    outcome = report(plant, [("shown", 22.0, 3600)])
    assert (outcome.changes[0].reason, outcome.changes[0].timestamp) == ("ClockAhead", plant.now)


def test_reporters_never_move_the_clock_of_the_device_beside_them() -> None:
    plant = Plant(HOT)
    report(plant, [("shown", 20.0, 0)])
    for number in range(5):
        assert reasons(report(plant, [("shown", 21.0 + number, -60)])) == [(0, "Late")]
    plant.read(temperature=30.0)
    assert plant.state("temperature").timestamp == plant.now
    clock = plant.engine.live.clock("p1")
    assert clock is not None
    assert (clock.offset, clock.late, clock.rebased) == (0, 0, 0)


def test_a_twin_without_a_device_has_its_reporters_clock_which_is_rebased() -> None:
    alone = TwinPlan("p1", "pump", "pump@1", 1, 1)
    plant = Plant(plan=Plan(1, (pump_shape(HOT),), (alone,)), alive=False)
    report(plant, [("temperature", 20.0, 0)])
    late = [reasons(report(plant, [("temperature", 21.0 + number, -3600)])) for number in range(4)]
    assert late == [[(0, "Late")], [(0, "Late")], [], []]
    assert plant.state("temperature").value == 24.0


def test_a_report_is_no_contact_with_the_device() -> None:
    plant = Plant(HOT, alive=False)
    report(plant, [("shown", 20.0, 0)])
    path = plant.engine.live.connectivity("p1")
    assert path is not None
    assert (path.status, path.last_contact) == ("connecting", None)
    assert plant.state("shown").known


def test_a_reported_sensor_falls_stale_where_it_says_so_and_a_manual_property_never_does() -> None:
    properties = (
        *PUMP_PROPERTIES[:-1],
        PropertyPlan("shown", "float", stale_after=5 * SECOND),
        PropertyPlan("hand", "float", access="read-write", stale_after=5 * SECOND),
    )
    plant = Plant(plan=Plan(1, (pump_shape(HOT, properties=properties),), (TwinPlan("p1", "pump", "pump@1", 1, 1),)))
    report(plant, [("shown", 20.0, 0), ("hand", 1.0, 0)])
    plant.do(Tick(), after=60 * SECOND)
    assert (plant.state("shown").reason, plant.state("shown").known) == ("Stale", False)
    assert plant.state("hand").known
    report(plant, [("shown", 20.0, 0)])
    assert plant.state("shown").known


def test_what_is_reported_of_an_overridden_property_lands_underneath() -> None:
    plant = Plant(HOT)
    plant.do(SetOverride("p1", "shown", "forced", "eva", "test", 20.0))
    assert turns(report(plant, [("shown", 95.0, 0)])) == []
    assert plant.state("shown").value == 20.0
    assert turns(plant.do(ClearOverride("p1", "shown", "eva"))) == [("hot", "active")]


def test_a_bad_sample_keeps_the_value_and_is_not_known() -> None:
    plant = Plant(HOT)
    report(plant, [("shown", 20.0, 0)])
    plant.do(ReportSamples((Reading("api", plant.now, (Sample("p1", "shown", None, plant.now, "bad"),)),), "eva"))
    state = plant.state("shown")
    assert (state.value, state.quality, state.known) == (20.0, "bad", False)
