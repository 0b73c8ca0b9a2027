"""Acceptance of samples: what becomes the live value, with which quality, and what is rejected for which reason."""

import math
from typing import Any

import pytest

from app.model.events import DeviceEvent, Load, Reading, Samples
from app.model.plan import Plan, PropertyPlan
from app.model.time import SECOND
from app.model.values import RETAINED
from tests.engine.plant import Plant, hot, pump, pump_shape, rule, sample, turns


def known(value: Any) -> tuple[Any, str, bool]:
    return value, "good", True


def shown(plant: Plant, name: str) -> tuple[Any, str, bool]:
    state = plant.state(name)
    return state.value, state.quality, state.known


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("temperature", 20.5, 20.5),
        ("temperature", 20, 20.0),
        ("starts", 2**63 - 1, 2**63 - 1),
        ("starts", -(2**63), -(2**63)),
        ("remote", True, True),
        ("status", "fault", "fault"),
        ("note", "", ""),
        ("note", "x" * 10_000, "x" * 10_000),
        ("serviced", "2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000000Z"),
    ],
)
def test_a_value_of_the_type_is_kept(name: str, value: Any, kept: Any) -> None:
    plant = Plant(rule("hot", hot()))
    assert plant.read(**{name: value}).rejected == ()
    assert shown(plant, name) == known(kept)
    assert type(plant.state(name).value) is type(kept)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("temperature", True, "TypeMismatch"),
        ("temperature", "20", "TypeMismatch"),
        ("temperature", None, "TypeMismatch"),
        ("temperature", [20.0], "TypeMismatch"),
        ("temperature", math.nan, "NotFinite"),
        ("temperature", math.inf, "NotFinite"),
        ("temperature", 2**64, "TypeMismatch"),
        ("starts", 2**63, "TypeMismatch"),
        ("starts", 1.0, "TypeMismatch"),
        ("starts", False, "TypeMismatch"),
        ("starts", -math.inf, "NotFinite"),
        ("remote", 1, "TypeMismatch"),
        ("status", "melted", "NotInEnum"),
        ("status", 1, "TypeMismatch"),
        ("note", 1, "TypeMismatch"),
        ("note", "x" * 10_001, "TooLong"),
        ("note", "\ud800", "TypeMismatch"),
        ("serviced", "yesterday", "TypeMismatch"),
        ("serviced", 5, "TypeMismatch"),
        ("serviced", "0001-01-01T00:00:00+14:00", "TypeMismatch"),
    ],
)
def test_what_cannot_be_a_value_of_the_type_is_rejected_with_its_reason(name: str, value: Any, reason: str) -> None:
    plant = Plant(rule("hot", hot()))
    before = plant.state(name)
    outcome = plant.read(**{name: value})
    (rejected,) = outcome.rejected
    assert (rejected.source, rejected.twin_id, rejected.property, rejected.reason) == ("opc", "p1", name, reason)
    assert outcome.changes == ()
    assert plant.state(name) == before


def test_a_bad_sample_stops_nothing_else_of_its_reading() -> None:
    plant = Plant(rule("hot", hot()))
    outcome = plant.read(starts="many", temperature=90.0)
    assert [it.reason for it in outcome.rejected] == ["TypeMismatch"]
    assert turns(outcome) == [("hot", "active")]


def test_unknown_twins_and_properties_and_manual_properties_are_rejected() -> None:
    plant = Plant(rule("hot", hot()))
    now = plant.now
    outcome = plant.take(
        sample("temperature", 1.0, now, twin="nobody"), sample("colour", 1.0, now), sample("limit", 1.0, now)
    )
    assert [it.reason for it in outcome.rejected] == ["UnknownTwin", "UnknownProperty", "NotMapped"]


@pytest.mark.parametrize("value", [130.0, -5.0, 130, 1e308])
def test_a_number_outside_its_limits_is_live_uncertain_and_evaluated(value: float) -> None:
    plant = Plant(rule("hot", hot()), rule("cold", hot(-1000.0)))
    outcome = plant.read(temperature=value)
    state = plant.state("temperature")
    assert (state.value, state.quality, state.reason, state.known) == (
        float(value),
        "uncertain",
        "EngineeringUnitsExceeded",
        True,
    )
    assert ("cold", "active") in turns(outcome)
    assert (("hot", "active") in turns(outcome)) == (value > 80)


def test_the_limits_themselves_are_good() -> None:
    plant = Plant(rule("hot", hot()))
    for value in (0.0, 120.0, 120):
        plant.read(temperature=value)
        assert plant.state("temperature").quality == "good"


def test_uncertain_evaluates_and_bad_is_unknown_with_the_last_value_still_shown() -> None:
    plant = Plant(rule("hot", hot()))
    plant.take(sample("temperature", 90.0, plant.now, "uncertain", reason="UncertainSensorNotAccurate"))
    assert plant.behavior("hot") == ("active", "true")
    measured = plant.state("temperature").timestamp
    outcome = plant.take(sample("temperature", None, plant.now + SECOND, "bad", reason="BadSensorFailure"))
    state = plant.state("temperature")
    assert (state.value, state.quality, state.reason, state.known) == (90.0, "bad", "BadSensorFailure", False)
    assert state.timestamp == measured
    assert state.reported_at > measured
    assert turns(outcome) == []
    assert plant.behavior("hot") == ("active", "unknown")


def test_a_bad_sample_before_any_value_tells_its_reason() -> None:
    plant = Plant(rule("hot", hot()))
    plant.take(sample("temperature", None, plant.now, "bad", reason="BadWaitingForInitialData"))
    state = plant.state("temperature")
    assert (state.value, state.known, state.reason) == (None, False, "BadWaitingForInitialData")


def test_the_same_value_again_moves_its_times_and_wakes_no_rule() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=90.0)
    before = plant.state("temperature")
    outcome = plant.read(temperature=90.0)
    assert outcome.changes == ()
    assert outcome.behaviors == ()
    (report,) = outcome.reports
    after = plant.state("temperature")
    assert (report.timestamp, report.reported_at) == (after.timestamp, after.reported_at)
    assert after.reported_at == before.reported_at + SECOND
    assert after.timestamp == before.timestamp + SECOND


def test_a_quality_change_without_a_value_change_is_told_and_wakes_no_rule() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=90.0)
    outcome = plant.take(sample("temperature", 90.0, plant.now + SECOND, "uncertain", reason="UncertainLastUsable"))
    assert [(it.quality, it.reason) for it in outcome.changes] == [("uncertain", "UncertainLastUsable")]
    assert outcome.behaviors == ()


def test_one_reading_is_one_step_its_samples_land_together() -> None:
    both = rule("both", hot(), *())
    plant = Plant(both, rule("fast", hot(85.0)))
    at = plant.now + SECOND
    outcome = plant.take(sample("temperature", 90.0, at), sample("temperature", 70.0, at))
    assert len(outcome.changes) == 2
    assert turns(outcome) == []
    assert plant.behavior("both") == ("inactive", "false")


def test_two_readings_of_one_input_are_two_steps() -> None:
    plant = Plant(rule("hot", hot()))
    at = plant.now + SECOND
    readings = tuple(Reading("opc", at, (sample("temperature", value, at),)) for value in (90.0, 70.0))
    assert turns(plant.do(Samples(readings))) == [("hot", "active"), ("hot", "inactive")]


def test_a_quality_that_is_none_is_rejected() -> None:
    plant = Plant(rule("hot", hot()))
    odd: Any = "splendid"
    assert [it.reason for it in plant.take(sample("temperature", 1.0, plant.now, odd)).rejected] == ["TypeMismatch"]


def test_device_events_are_kept_newest_first_and_at_most_twenty() -> None:
    plant = Plant(rule("hot", hot()))
    for number in range(25):
        plant.take(events=[DeviceEvent("p1", "fault_occurred", plant.now, {"code": number})])
    kept = plant.engine.live.last_events("p1")
    assert [event.parameters["code"] for event in kept] == list(range(24, 4, -1))
    assert kept[0].cause.kind == "reading"


def test_events_of_unknown_twins_and_with_unusable_parameters_are_rejected() -> None:
    plant = Plant(rule("hot", hot()))
    outcome = plant.take(
        events=[
            DeviceEvent("nobody", "fault", plant.now, {}),
            DeviceEvent("p1", "fault", plant.now, {"code": 2**70}),
            DeviceEvent("p1", "fault", plant.now, {"code": math.nan}),
            DeviceEvent("p1", "fault", plant.now, {"code": object()}),
        ]
    )
    assert [it.reason for it in outcome.rejected] == ["UnknownTwin", "TypeMismatch", "TypeMismatch", "TypeMismatch"]
    assert outcome.events == ()


def test_a_sample_wakes_the_rules_of_its_property_only_however_many_owners_there_are() -> None:
    asked: list[str] = []
    twins = tuple(pump(f"p{number}") for number in range(50))
    plant = Plant(plan=Plan(1, (pump_shape(rule("hot", hot()), rule("fast", hot(3.0))),), twins))
    for twin in plant.engine.live.twins.values():
        for each in twin.rules.values():

            def counted(cell: Any, name: str = twin.key.id, test: Any = each.test) -> Any:
                asked.append(name)
                return test(cell)

            each.test = counted
    plant.read("p7", temperature=50.0)
    plant.read("p7", speed=50.0)
    assert asked == ["p7", "p7"]


def test_a_property_of_an_empty_plan_has_no_value_and_says_so() -> None:
    plant = Plant()
    plant.do(Load(Plan(1, (pump_shape(properties=[PropertyPlan("level", "float")]),), (pump(mapped=("level",)),))))
    state = plant.state("level")
    assert (state.value, state.quality, state.known, state.reason) == (None, "bad", False, "NoReading")


def test_what_a_broker_had_kept_is_marked_unless_it_is_what_came_anyway() -> None:
    plant = Plant(rule("hot", hot()))
    plant.take(sample("temperature", 20.0, plant.now, reason=RETAINED))
    assert (plant.state("temperature").quality, plant.state("temperature").reason) == ("good", "Retained")
    assert plant.state("temperature").known
    plant.read(temperature=20.0)
    assert plant.state("temperature").reason is None
    again = plant.take(sample("temperature", 20.0, plant.now, reason=RETAINED))  # after a connection that was lost
    assert again.changes == ()
    assert [tally.unchanged for tally in again.tallies] == [1]
    other = plant.take(sample("temperature", 21.0, plant.now, reason=RETAINED))
    assert [(change.value, change.reason) for change in other.changes] == [(21.0, "Retained")]
