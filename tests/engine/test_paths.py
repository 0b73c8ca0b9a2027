"""Paths and quiet: silent, alive, connecting and stale, and what conditions make of each."""

from app.model.events import Load, PathStatus, SetManual, SourceStatus, Tick
from app.model.plan import Plan, PropertyPlan
from app.model.time import SECOND
from tests.engine.plant import Plant, alert, alerts, call, compare, hot, pump, pump_shape, rule, sample, sent, turns


def test_a_twin_is_connecting_until_its_path_is_heard_of() -> None:
    plant = Plant(rule("hot", hot()), alive=False)
    connectivity = plant.engine.live.connectivity("p1")
    assert connectivity is not None
    assert connectivity.status == "connecting"
    assert plant.engine.live.connectivity("nobody") is None
    (fact,) = plant.alive().connectivity
    assert (fact.twin_id, fact.status, fact.last_contact) == ("p1", "connected", plant.now)


def test_a_twin_without_connectivity_is_unconfigured_and_its_samples_count() -> None:
    plant = Plant(plan=Plan(1, (pump_shape(rule("hot", hot())),), (pump(connected=False),)), alive=False)
    connectivity = plant.engine.live.connectivity("p1")
    assert connectivity is not None
    assert connectivity.status == "unconfigured"
    assert turns(plant.read(temperature=90.0)) == [("hot", "active")]
    assert plant.silent().connectivity == ()


def test_a_silent_path_makes_properties_unknown_keeps_their_values_and_holds_states() -> None:
    plant = Plant(rule("hot", hot(), alert()), rule("hand", compare("mode", "==", "hand")))
    plant.read(temperature=90.0, status="running")
    contact = plant.now
    outcome = plant.silent(reason="cable cut")
    (fact,) = outcome.connectivity
    assert (fact.status, fact.reason, fact.last_contact) == ("disconnected", "cable cut", contact)
    assert [(it.property, it.value, it.known, it.reason) for it in outcome.changes] == [
        ("temperature", 90.0, False, "PathSilent"),
        ("status", "running", False, "PathSilent"),
    ]
    assert plant.state("temperature").quality == "bad"
    assert plant.behavior("hot") == ("active", "unknown")
    assert turns(outcome) == []
    assert outcome.alerts == ()
    connectivity = plant.engine.live.connectivity("p1")
    assert connectivity is not None
    assert (connectivity.status, connectivity.reason) == ("disconnected", "cable cut")


def test_after_an_outage_a_property_is_known_only_once_it_was_reported_again() -> None:
    plant = Plant(rule("hot", hot(), alert(), call()))
    plant.read(temperature=90.0)
    plant.silent()
    assert plant.alive().changes == ()
    assert not plant.state("temperature").known
    outcome = plant.read(temperature=90.0)
    assert [it.known for it in outcome.changes] == [True]
    assert turns(outcome) == []
    assert sent(outcome) == []
    assert plant.behavior("hot") == ("active", "true")


def test_a_value_read_back_just_before_the_source_says_alive_is_known_from_then_on() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=90.0)
    plant.silent()
    plant.read(temperature=70.0)
    assert not plant.state("temperature").known
    assert plant.behavior("hot") == ("active", "unknown")
    outcome = plant.alive()
    assert [(it.property, it.value, it.known) for it in outcome.changes] == [("temperature", 70.0, True)]
    assert turns(outcome) == [("hot", "inactive")]


def test_manual_properties_stay_known_while_the_path_is_silent() -> None:
    plant = Plant(rule("hand", compare("mode", "==", "hand")))
    plant.do(SetManual("p1", "mode", "hand", "eva"))
    plant.silent()
    assert plant.state("mode").known
    assert plant.behavior("hand") == ("active", "true")


def test_a_status_that_is_no_news_changes_nothing() -> None:
    plant = Plant(rule("hot", hot()))
    assert plant.alive().connectivity == ()
    assert len(plant.silent(reason="a").connectivity) == 1
    assert plant.silent(reason="a").connectivity == ()
    assert [it.reason for it in plant.silent(reason="b").connectivity] == ["b"]


def test_a_status_of_an_unknown_twin_changes_nothing() -> None:
    plant = Plant(rule("hot", hot()))
    outcome = plant.do(SourceStatus("opc", (PathStatus("nobody", False),)))
    assert outcome.connectivity == ()


def test_a_silent_path_of_one_twin_leaves_the_others_alone() -> None:
    plant = Plant(plan=Plan(1, (pump_shape(rule("hot", hot())),), (pump("p1"), pump("p2"))))
    for twin in ("p1", "p2"):
        plant.read(twin, temperature=90.0)
    plant.silent("p1")
    assert not plant.state("temperature", "p1").known
    assert plant.state("temperature", "p2").known


# ---------------------------------------------------------------- stale_after

QUIET = (PropertyPlan("level", "float", stale_after=10 * SECOND), PropertyPlan("steady", "float"))


def quiet_plant() -> Plant:
    shape = pump_shape(rule("high", compare("level", ">", 5.0), alert()), properties=QUIET)
    return Plant(plan=Plan(1, (shape,), (pump(mapped=("level", "steady")),)))


def test_a_steady_value_without_stale_after_is_never_stale() -> None:
    plant = quiet_plant()
    plant.read(steady=1.0)
    assert plant.engine.next_due() is None
    plant.do(Tick(), 3600 * SECOND)
    assert plant.state("steady").known


def test_quiet_beyond_stale_after_makes_a_property_unknown_by_tick() -> None:
    plant = quiet_plant()
    plant.read(level=9.0)
    due = plant.engine.next_due()
    assert due == plant.now + 10 * SECOND
    assert plant.do(Tick(), 10 * SECOND - 1).changes == ()
    outcome = plant.do(Tick(), 1)
    assert [(it.property, it.value, it.known, it.reason) for it in outcome.changes] == [("level", 9.0, False, "Stale")]
    assert plant.behavior("high") == ("active", "unknown")
    assert alerts(outcome) == []
    assert plant.engine.next_due() is None


def test_a_report_of_the_same_value_puts_staleness_off() -> None:
    plant = quiet_plant()
    plant.read(level=9.0)
    plant.do(Tick(), 5 * SECOND)
    plant.read(level=9.0)
    assert plant.engine.next_due() == plant.now + 10 * SECOND
    assert plant.do(Tick(), 6 * SECOND).changes == ()
    assert plant.state("level").known


def test_a_stale_property_is_known_again_with_its_next_report() -> None:
    plant = quiet_plant()
    plant.read(level=9.0)
    plant.do(Tick(), 10 * SECOND)
    outcome = plant.read(level=9.0)
    assert [it.known for it in outcome.changes] == [True]
    assert turns(outcome) == []
    assert plant.engine.next_due() == plant.now + 10 * SECOND


def test_a_silent_path_leaves_nothing_to_fall_stale() -> None:
    plant = quiet_plant()
    plant.read(level=9.0)
    plant.silent()
    assert plant.engine.next_due() is None


def test_a_removed_twin_leaves_nothing_to_fall_stale() -> None:
    plant = quiet_plant()
    plant.read(level=9.0)
    plant.do(Load(Plan(2, removed_twins=("p1",))))
    assert plant.engine.next_due() is None
    assert plant.take(sample("level", 1.0, plant.now)).rejected[0].reason == "UnknownTwin"
