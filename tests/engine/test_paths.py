"""Paths and quiet: silent, alive, connecting and stale, and what conditions make of each."""

from app.model.events import Load, PathStatus, Reading, Samples, SetManual, SourceStatus, Started, Tick
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


# ---------------------------------------------------------------- several paths


def _by(source: str, alive: bool = True, fallback: int = 0, unfed: tuple[str, ...] = ()) -> SourceStatus:
    return SourceStatus(source, (PathStatus("p1", alive, "" if alive else "cut", fallback, unfed),))


def test_another_path_that_takes_over_is_a_fact_that_names_both() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=70.0)
    assert plant.state("temperature").path == "opc"
    plant.do(_by("opc", alive=False))
    assert plant.state("temperature").path is None
    (fact,) = plant.do(_by("mqtt", fallback=1)).connectivity
    assert (fact.status, fact.path, fact.was, fact.fallback) == ("connected", "mqtt", "opc", 1)
    assert plant.do(_by("mqtt", fallback=1)).connectivity == ()
    connectivity = plant.engine.live.connectivity("p1")
    assert connectivity is not None
    assert (connectivity.path, connectivity.fallback) == ("mqtt", 1)


def test_what_has_not_come_by_the_path_that_takes_over_is_lost_and_nothing_else_is_touched() -> None:
    plant = Plant(rule("hot", hot(), alert()), rule("fault", compare("status", "==", "fault")))
    plant.read(temperature=90.0, status="fault", speed=5.0)
    outcome = plant.do(_by("mqtt", fallback=1, unfed=("status", "nothing")))
    assert [(it.property, it.known, it.reason) for it in outcome.changes] == [("status", False, "PathSilent")]
    assert plant.behavior("hot") == ("active", "true")
    assert plant.behavior("fault") == ("active", "unknown")
    assert turns(outcome) == []
    assert plant.state("temperature").path == "mqtt"
    outcome = plant.do(Samples((Reading("mqtt", plant.now, (sample("status", "fault", plant.now),)),)))
    assert [it.known for it in outcome.changes] == [True]


def test_a_path_that_says_again_that_it_is_alive_may_have_lost_something() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=90.0, speed=1.0)
    plant.do(_by("mqtt", fallback=1))
    outcome = plant.do(_by("mqtt", fallback=1, unfed=("temperature",)))
    assert ([(it.property, it.known) for it in outcome.changes], outcome.connectivity) == ([("temperature", False)], ())
    assert plant.behavior("hot") == ("active", "unknown")
    assert plant.state("speed").known


def test_after_a_silence_too_what_the_old_path_had_last_is_not_the_new_ones() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=90.0)
    plant.silent()
    plant.read(temperature=70.0, speed=1.0)
    outcome = plant.do(_by("mqtt", fallback=1, unfed=("temperature",)))
    assert [(it.property, it.known) for it in outcome.changes] == [("temperature", False), ("speed", True)]
    assert plant.behavior("hot") == ("active", "unknown")


def test_what_the_path_that_takes_over_says_first_is_taken_however_old_it_is() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=90.0)
    old = plant.now - 3600 * SECOND
    reading = (Reading("mqtt", plant.now, (sample("temperature", 60.0, old),)),)
    outcome = plant.do(Samples(reading))
    assert (outcome.rejected, turns(outcome)) == ((), [("hot", "inactive")])
    plant.do(_by("mqtt", fallback=1))
    again = sample("temperature", 61.0, old - SECOND)
    (rejected,) = plant.do(Samples((Reading("mqtt", plant.now, (again,)),))).rejected
    assert rejected.reason == "Late"


def test_a_clock_that_was_learned_by_one_path_is_not_the_others() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=20.0)
    for number in range(1, 5):
        at = plant.now + SECOND
        plant.take(sample("temperature", 20.0 + number, at - 3600 * SECOND), received=at)
    clock = plant.engine.live.clock("p1")
    assert clock is not None
    assert clock.offset == 3600 * SECOND
    plant.do(_by("mqtt", fallback=1))
    clock = plant.engine.live.clock("p1")
    assert clock is not None
    assert (clock.offset, clock.rebased) == (0, 1)


def test_a_restart_knows_the_path_that_was_and_is_heard_of_by_none() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=90.0)
    plant.do(_by("mqtt", fallback=1))
    again = plant.restart()
    assert again.engine.state_digest() == plant.engine.state_digest()
    again.do(Started())
    connectivity = again.engine.live.connectivity("p1")
    assert connectivity is not None
    assert connectivity.status == "connecting"
    (fact,) = again.do(_by("opc")).connectivity
    assert (fact.path, fact.was, fact.fallback) == ("opc", "mqtt", 0)


def test_a_status_of_no_path_is_of_the_one_in_use() -> None:
    plant = Plant(rule("hot", hot()))
    plant.do(_by("mqtt", fallback=1))
    (fact,) = plant.do(SourceStatus("", (PathStatus("p1", False, "what if"),))).connectivity
    assert (fact.path, fact.was, fact.fallback) == (None, "", 1)


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
