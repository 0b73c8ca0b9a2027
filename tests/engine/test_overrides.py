"""Out of service and forced: what a person puts over a property, what goes on underneath, and what ends it."""

from typing import Any

import pytest

from app.model.events import ClearOverride, Load, Outcome, SetManual, SetOverride, Started, Tick
from app.model.plan import Plan, PropertyKey, PropertyPlan
from app.model.time import SECOND
from app.model.values import Override, OverrideKind
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

HOT = rule("hot", hot(), alert("0", "critical"), call("stop"))
KEY = PropertyKey("p1", "temperature")


def take_out(plant: Plant, name: str = "temperature", by: str = "eva", reason: str = "calibration") -> Outcome:
    return plant.do(SetOverride("p1", name, "out_of_service", by, reason))


def force(plant: Plant, value: Any, name: str = "temperature", by: str = "eva", reason: str = "test") -> Outcome:
    return plant.do(SetOverride("p1", name, "forced", by, reason, value))


def end(plant: Plant, kind: OverrideKind | None = None, name: str = "temperature") -> Outcome:
    return plant.do(ClearOverride("p1", name, "eva", "done", kind))


def test_conditions_see_unknown_while_a_property_is_out_of_service_and_the_device_is_still_shown() -> None:
    plant = Plant(HOT)
    plant.read(temperature=20.0)
    assert plant.behavior("hot") == ("inactive", "false")
    out = take_out(plant)
    assert plant.behavior("hot") == ("inactive", "unknown")
    [fact] = out.overrides
    assert (fact.by, fact.reason, fact.was) == ("eva", "calibration", None)
    assert fact.override == Override("out_of_service", "eva", plant.now, "calibration")
    assert turns(plant.read(temperature=95.0)) == []
    state = plant.state("temperature")
    assert (state.value, state.quality, state.reason, state.known) == (95.0, "bad", "OutOfService", False)
    assert state.reported is not None
    assert (state.reported.value, state.reported.quality, state.reported.known) == (95.0, "good", True)
    assert list(plant.engine.live.why_unknown(plant.engine.live.twins["p1"].rules["hot"].key)) == [
        "p1.temperature: OutOfService"
    ]


def test_the_end_of_an_override_shows_what_the_device_says_and_wakes_the_rules() -> None:
    plant = Plant(HOT)
    plant.read(temperature=20.0)
    take_out(plant)
    plant.read(temperature=95.0)
    outcome = end(plant, "out_of_service")
    assert turns(outcome) == [("hot", "active")]
    assert sent(outcome) == [("p1", "stop")]
    assert plant.state("temperature").override is None
    assert plant.state("temperature").known
    assert dict(plant.engine.live.overrides()) == {}


def test_a_rule_that_was_loaded_blind_discovers_the_plant_and_withholds_its_calls() -> None:
    plant = Plant(HOT)
    plant.read(temperature=20.0)
    take_out(plant)
    plant.load(rule("hotter", hot(90.0), alert("0", "critical"), call("stop")), revision=2)
    plant.read(temperature=95.0)
    outcome = end(plant)
    assert turns(outcome) == [("hotter", "active")]
    assert sent(outcome) == []
    assert [it.call.status for it in outcome.calls] == ["withheld"]


def test_a_forced_value_is_what_conditions_and_readers_see_whatever_the_device_or_its_path_say() -> None:
    plant = Plant(HOT)
    plant.read(temperature=95.0)
    assert alerts(force(plant, 20.0)) == [("0", "cleared")]
    plant.silent()
    plant.take(sample("temperature", None, plant.now, "bad", reason="BadSensorFailure"))
    state = plant.state("temperature")
    assert (state.value, state.quality, state.reason, state.known) == (20.0, "good", "Forced", True)
    assert state.reported is not None
    assert (state.reported.value, state.reported.quality, state.reported.known) == (95.0, "bad", False)
    assert plant.engine.live.values("temperature", ["p1"]) == [20.0]
    end(plant, "forced")
    assert not plant.state("temperature").known


def test_what_ends_is_known_only_once_the_path_is_alive_and_the_device_was_heard() -> None:
    plant = Plant(HOT)
    plant.read(temperature=20.0)
    force(plant, 30.0)
    plant.silent()
    plant.alive()
    end(plant)
    assert plant.state("temperature").reason == "PathSilent"
    plant.read(temperature=21.0)
    assert plant.state("temperature").known


def test_a_source_falls_stale_underneath() -> None:
    properties = (PropertyPlan("temperature", "float", stale_after=5 * SECOND), *PUMP_PROPERTIES[1:])
    plant = Plant(plan=Plan(1, (pump_shape(HOT, properties=properties),), (pump(),)))
    plant.read(temperature=20.0)
    take_out(plant)
    assert plant.engine.next_due() is not None
    plant.do(Tick(), after=10 * SECOND)
    end(plant)
    state = plant.state("temperature")
    assert (state.reason, state.known) == ("Stale", False)


def test_one_override_replaces_the_other_and_both_are_on_record() -> None:
    plant = Plant(HOT)
    take_out(plant)
    [fact] = force(plant, 20, by="adam", reason="bypass").overrides
    assert fact.was is not None
    assert (fact.was.kind, fact.was.by) == ("out_of_service", "eva")
    assert fact.override is not None
    assert (fact.override.kind, fact.override.value, fact.override.by) == ("forced", 20.0, "adam")
    assert dict(plant.engine.live.overrides()) == {KEY: fact.override}


def test_the_same_again_is_a_retry_and_changes_nothing() -> None:
    plant = Plant(HOT)
    assert end(plant) == Outcome()
    force(plant, 20.0)
    assert force(plant, 20.0) == Outcome()
    assert force(plant, 20.0, reason="another").overrides
    end(plant)
    assert end(plant) == Outcome()


def test_nobody_ends_another_override_than_the_one_they_mean() -> None:
    plant = Plant(HOT)
    force(plant, 20.0, by="adam")
    refused = end(plant, "out_of_service").refused
    assert refused == "PROPERTY_FORCED property 'temperature' of 'p1' is forced by adam, not out of service"
    assert plant.state("temperature").override is not None


@pytest.mark.parametrize(
    ("twin", "name", "value", "code"),
    [
        ("p9", "temperature", 1.0, "TWIN_NOT_FOUND"),
        ("p1", "tempo", 1.0, "PROPERTY_NOT_FOUND"),
        ("p1", "temperature", 500.0, "VALUE_OUT_OF_RANGE"),
        ("p1", "temperature", "hot", "VALUE_INVALID"),
        ("p1", "temperature", None, "VALUE_INVALID"),
        ("p1", "status", "exploded", "VALUE_NOT_IN_ENUM"),
    ],
)
def test_what_can_not_be_forced_is_refused(twin: str, name: str, value: Any, code: str) -> None:
    outcome = Plant(HOT).do(SetOverride(twin, name, "forced", "eva", "test", value))
    assert outcome.refused.startswith(code + " ")
    assert outcome.overrides == ()


def test_a_manual_property_can_be_forced_and_what_is_set_meanwhile_is_there_afterwards() -> None:
    plant = Plant(rule("low", compare("limit", "<", 10.0), alert()))
    plant.do(SetManual("p1", "limit", 50.0, "eva"))
    assert turns(force(plant, 5.0, "limit")) == [("low", "active")]
    assert turns(plant.do(SetManual("p1", "limit", 60.0, "adam"))) == []
    state = plant.state("limit")
    assert state.reported is not None
    assert (state.value, state.reported.value) == (5.0, 60.0)
    assert turns(end(plant, name="limit")) == [("low", "inactive")]
    assert plant.state("limit").value == 60.0


def test_a_repeated_reading_underneath_is_a_report_and_a_late_one_is_rejected() -> None:
    plant = Plant(HOT)
    plant.read(temperature=20.0)
    force(plant, 50.0)
    outcome = plant.read(temperature=20.0)
    assert (len(outcome.changes), len(outcome.reports)) == (0, 1)
    late = plant.take(sample("temperature", 30.0, plant.now - 60 * SECOND))
    assert [it.reason for it in late.rejected] == ["Late"]
    ahead = plant.take(sample("temperature", 31.0, plant.now + 3600 * SECOND))
    assert [it.reason for it in ahead.changes] == ["ClockAhead"]
    odd = plant.take(sample("temperature", "hot", plant.now))
    assert [it.reason for it in odd.rejected] == ["TypeMismatch"]
    plant.read(temperature=500.0)
    reported = plant.state("temperature").reported
    assert reported is not None
    assert (reported.value, reported.quality, reported.reason) == (500.0, "uncertain", "EngineeringUnitsExceeded")
    end(plant)
    assert (plant.state("temperature").value, plant.state("temperature").quality) == (500.0, "uncertain")


def test_an_override_outlives_edits_that_keep_the_property_and_its_type() -> None:
    plant = Plant(HOT)
    plant.read(temperature=20.0)
    force(plant, 95.0)
    narrower = (PropertyPlan("temperature", "float", maximum=50.0), *PUMP_PROPERTIES[1:])
    outcome = plant.load(HOT, revision=2, properties=narrower)
    assert outcome.overrides == ()
    state = plant.state("temperature")
    assert (state.value, state.known) == (95.0, True)
    assert plant.behavior("hot") == ("active", "true")


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        (PUMP_PROPERTIES[:2], "PropertyRemoved"),
        ((*PUMP_PROPERTIES[:2], PropertyPlan("status", "string")), "DataTypeChanged"),
        ((*PUMP_PROPERTIES[:2], PropertyPlan("status", "enum", enum_values=("stopped",))), "ValueNotAllowed"),
    ],
)
def test_an_override_ends_with_what_it_stood_over(properties: tuple[PropertyPlan, ...], why: str) -> None:
    plant = Plant(HOT)
    force(plant, "running", "status")
    force(plant, 95.0)
    outcome = plant.load(HOT, revision=2, properties=properties)
    [fact] = outcome.overrides
    assert (fact.property, fact.override, fact.reason, fact.by, fact.cause.kind) == (
        "status",
        None,
        why,
        "system",
        "load",
    )
    assert fact.was is not None
    assert list(plant.engine.live.overrides()) == [KEY]


def test_an_override_ends_with_its_twin_and_does_not_come_back_with_its_name() -> None:
    plant = Plant(HOT)
    force(plant, 95.0)
    [fact] = plant.load(HOT, revision=2, twins=(pump(shape_id="pump@2", revision=2, life=2),)).overrides
    assert fact.reason == "TwinReplaced"
    assert plant.state("temperature").override is None
    force(plant, 95.0)

    [fact] = plant.do(Load(Plan(3, removed_twins=("p1",)))).overrides
    assert fact.reason == "TwinRemoved"
    assert dict(plant.engine.live.overrides()) == {}


@pytest.mark.parametrize("snapshot_after", [0, 5])
def test_an_override_is_there_after_a_restart(snapshot_after: int) -> None:
    plant = Plant(HOT)
    plant.read(temperature=20.0)
    force(plant, 95.0)
    take_out(plant, "status")
    plant.read(temperature=30.0)
    other = plant.restart(snapshot_after)
    assert other.engine.state_digest() == plant.engine.state_digest()

    other.do(Started())
    assert other.state("temperature").value == 95.0
    assert other.behavior("hot") == ("active", "true")
    other.alive()
    other.read(temperature=31.0)
    end(other)
    assert (other.state("temperature").value, other.state("temperature").known) == (31.0, True)
