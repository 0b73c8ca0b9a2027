"""Loading rules into a live plant, and what survives an edit."""

import gc
import time

import pytest

from app.engine.cells import OverlayState, TwinState
from app.errors import Invalid
from app.model.conditions import And, Bound, Compare, Condition, Duration, Evidence, PropertyRef
from app.model.events import Load, SetManual
from app.model.plan import OverlayPlan, OwnerKey, Plan, PropertyPlan, Shape
from app.model.time import SECOND
from tests.engine.plant import (
    MAPPED,
    PUMP_PROPERTIES,
    STATION,
    Plant,
    alert,
    alerts,
    call,
    compare,
    failure,
    hot,
    never,
    pump,
    pump_shape,
    rule,
    sample,
    sent,
    station,
    turns,
    write,
)


def running_hot() -> Plant:
    """A live pump at 90 degrees with no rules yet."""
    plant = Plant(plan=Plan(1, (pump_shape(),), (pump(),)))
    plant.read(temperature=90.0)
    return plant


def test_true_at_the_first_evaluation_after_a_load_raises_alerts_and_withholds_calls_and_writes() -> None:
    plant = running_hot()
    outcome = plant.load(rule("hot", hot(), alert(), call(), write("limit", 5.0), write("speed", 1.0)), revision=2)
    assert turns(outcome) == [("hot", "active")]
    assert alerts(outcome) == [("0", "raised")]
    assert sent(outcome) == []
    assert [(it.call.method or it.call.property, it.call.status) for it in outcome.calls] == [
        ("stop", "withheld"),
        ("speed", "withheld"),
    ]
    reason = "withheld, the condition was already true when it was first known after the behavior was loaded"
    assert outcome.behaviors[0].skipped == tuple(
        f"{it}: {reason}" for it in ("call stop", "write limit", "write speed")
    )
    assert plant.state("limit").value is None
    call_id = outcome.calls[0].call.call_id
    found = plant.engine.live.call(call_id)
    assert found is not None
    assert found.status == "withheld"
    assert plant.read(temperature=91.0).calls == ()


def test_true_at_the_first_reading_after_a_load_withholds_as_well() -> None:
    plant = Plant(rule("hot", hot(), alert(), call()))
    outcome = plant.read(temperature=90.0)
    assert turns(outcome) == [("hot", "active")]
    assert alerts(outcome) == [("0", "raised")]
    assert sent(outcome) == []
    assert [it.call.status for it in outcome.calls] == ["withheld"]
    plant.read(temperature=70.0)
    assert sent(plant.read(temperature=90.0)) == [("p1", "stop")]


def test_an_edit_while_a_device_is_silent_does_not_act_when_it_is_heard_again() -> None:
    plant = Plant(rule("hot", hot(), call()))
    plant.read(temperature=20.0)
    plant.silent()
    plant.load(rule("hot", hot(10.0), call()), revision=2)
    plant.alive()
    assert sent(plant.read(temperature=21.0)) == []
    plant.read(temperature=5.0)
    assert sent(plant.read(temperature=21.0)) == [("p1", "stop")]


def test_a_change_of_something_else_while_a_device_is_silent_leaves_a_behavior_as_ready_as_it_was() -> None:
    plant = Plant(rule("hot", hot(), call()))
    plant.read(temperature=20.0)
    plant.silent()
    plant.load(rule("hot", hot(), call()), rule("cold", compare("temperature", "<", 5.0), alert()), revision=2)
    plant.alive()
    assert sent(plant.read(temperature=90.0)) == [("p1", "stop")]


def test_what_a_person_sets_for_the_first_time_acts() -> None:
    plant = Plant(rule("by_hand", compare("mode", "==", "hand"), call()))
    assert sent(plant.do(SetManual("p1", "mode", "hand", "eva"))) == [("p1", "stop")]


def test_a_behavior_that_says_so_acts_on_load() -> None:
    plant = running_hot()
    outcome = plant.load(rule("hot", hot(), call(), write("limit", 5.0), act_on_load=True), revision=2)
    assert sent(outcome) == [("p1", "stop")]
    assert plant.state("limit").value == 5.0
    assert outcome.behaviors[0].skipped == ()


def test_a_withheld_behavior_acts_the_next_time_its_condition_becomes_true() -> None:
    plant = running_hot()
    plant.load(rule("hot", hot(), call()), revision=2)
    plant.read(temperature=70.0)
    assert sent(plant.read(temperature=90.0)) == [("p1", "stop")]


def test_true_before_and_after_an_edit_stays_active_and_runs_nothing() -> None:
    plant = Plant(rule("hot", hot(), alert(), call()))
    plant.read(temperature=90.0)
    since = plant.now
    outcome = plant.load(rule("hot", hot(85.0), alert(), call("start"), act_on_load=True), revision=2)
    assert (outcome.behaviors, outcome.alerts, outcome.calls, outcome.changes) == ((), (), (), ())
    (view,) = plant.engine.live.behaviors(OwnerKey("twin", "p1"))
    assert (view.state, view.evidence, view.since) == ("active", "true", since)


def test_an_edit_that_makes_the_condition_false_ends_the_behavior() -> None:
    plant = Plant(rule("hot", hot(), alert()))
    plant.read(temperature=90.0)
    outcome = plant.load(rule("hot", hot(95.0), alert()), revision=2)
    assert turns(outcome) == [("hot", "inactive")]
    assert alerts(outcome) == [("0", "cleared"), ("0", "closed")]


def test_a_removed_behavior_s_alert_is_cleared_with_that_reason_and_nothing_else_runs() -> None:
    plant = Plant(rule("hot", hot(), alert("trip", "critical", latched=True), call()))
    plant.read(temperature=90.0)
    outcome = plant.load(revision=2)
    assert turns(outcome) == [("hot", "inactive")]
    assert [(it.transition, it.alert.clear_reason) for it in outcome.alerts] == [("cleared", "BehaviorRemoved")]
    assert outcome.calls == ()
    assert plant.engine.live.behaviors(OwnerKey("twin", "p1")) == []
    assert len(list(plant.engine.live.open_alerts())) == 1  # a person has still to see it


def test_a_behavior_that_no_longer_loads_takes_its_alerts_with_it() -> None:
    plant = Plant(rule("hot", hot(), alert()), rule("warm", hot(50.0), alert()))
    plant.read(temperature=90.0)
    outcome = plant.load(rule("hot", None, error="BROKEN"), rule("warm", hot(50.0), alert()), revision=2)
    assert [(it.transition, it.alert.behavior, it.alert.clear_reason) for it in outcome.alerts] == [
        ("cleared", "hot", "BehaviorFailedToLoad"),
        ("closed", "hot", "BehaviorFailedToLoad"),
    ]
    assert plant.behavior("hot") == ("inactive", "unknown")
    assert plant.behavior("warm") == ("active", "true")


def test_an_alert_taken_out_of_a_behavior_is_cleared() -> None:
    plant = Plant(rule("hot", hot(), alert("a"), alert("b")))
    plant.read(temperature=90.0)
    outcome = plant.load(rule("hot", hot(), alert("b")), revision=2)
    assert [(it.alert.code, it.transition, it.alert.clear_reason) for it in outcome.alerts] == [
        ("a", "cleared", "AlertRemoved"),
        ("a", "closed", "AlertRemoved"),
    ]
    assert plant.behavior("hot") == ("active", "true")


def test_a_removed_twin_takes_its_behaviors_and_alerts_with_it() -> None:
    plant = Plant(rule("hot", hot(), alert()))
    plant.read(temperature=90.0)
    outcome = plant.do(Load(Plan(2, removed_twins=("p1",))))
    assert turns(outcome) == [("hot", "inactive")]
    assert alerts(outcome) == [("0", "cleared"), ("0", "closed")]
    assert plant.engine.live.property_state("p1", "temperature") is None
    assert plant.engine.live.shapes == {}
    assert plant.engine.loaded().twins == {}


def test_an_unchanged_owner_keeps_everything() -> None:
    plant = Plant(rule("hot", hot(), alert()))
    plant.read(temperature=90.0)
    twin = plant.engine.live.twins["p1"]
    outcome = plant.do(Load(Plan(5, (pump_shape(rule("hot", hot(), alert())),), (pump(),))))
    assert outcome.behaviors == ()
    assert plant.engine.live.twins["p1"] is twin
    assert plant.engine.loaded().catalogue_revision == 5


def test_values_survive_an_edit_where_the_property_and_its_type_do() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=90.0, starts=3, status="fault", speed=10.0)
    edited = (
        PropertyPlan("temperature", "float", minimum=0.0, maximum=50.0),
        PropertyPlan("starts", "float"),
        PropertyPlan("status", "enum", enum_values=("on", "off")),
        PropertyPlan("flow", "float"),
    )
    twins = [pump(shape_id="pump@2", revision=2, mapped=("temperature", "starts", "status", "flow"))]
    outcome = plant.load(rule("hot", hot()), revision=2, twins=twins, properties=edited)
    assert plant.state("temperature").value == 90.0
    assert plant.state("temperature").known
    assert plant.behavior("hot") == ("active", "true")
    for name in ("starts", "status", "flow"):
        assert (plant.state(name).value, plant.state(name).known) == (None, False)
    assert {(it.property, it.value, it.known) for it in outcome.changes} == {
        ("starts", None, False),
        ("status", None, False),
    }
    assert plant.engine.live.property_state("p1", "speed") is None


def test_the_path_s_state_survives_an_edit() -> None:
    plant = Plant(rule("hot", hot()))
    plant.load(rule("hot", hot(85.0)), revision=2)
    assert turns(plant.read(temperature=90.0)) == [("hot", "active")]


def test_a_property_that_becomes_manual_keeps_its_value_and_is_unknown_until_it_is_set() -> None:
    plant = Plant(rule("fast", compare("speed", ">", 5.0)))
    plant.read(speed=10.0)
    mapped = tuple(name for name in MAPPED if name != "speed")
    plant.load(
        rule("fast", compare("speed", ">", 5.0)),
        revision=2,
        twins=[pump(shape_id="pump@2", revision=2, mapped=mapped)],
    )
    state = plant.state("speed")
    assert (state.value, state.known, state.reason) == (10.0, False, "Unmapped")
    assert plant.behavior("fast") == ("active", "unknown")
    plant.do(SetManual("p1", "speed", 1.0, "eva"))
    assert plant.behavior("fast") == ("inactive", "false")


def test_a_manual_property_that_becomes_mapped_is_unknown_until_it_is_reported() -> None:
    plant = Plant(rule("hand", compare("mode", "==", "hand")))
    plant.do(SetManual("p1", "mode", "hand", "eva"))
    plant.load(
        rule("hand", compare("mode", "==", "hand")),
        revision=2,
        twins=[pump(shape_id="pump@2", revision=2, mapped=(*MAPPED, "mode"))],
    )
    assert not plant.state("mode").known
    plant.read(mode="hand")
    assert plant.behavior("hand") == ("active", "true")


def test_a_twin_with_a_new_life_starts_empty() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical"), call()))
    plant.read(temperature=90.0)
    shape = pump_shape(rule("hot", hot(), alert("0", "critical"), call()), shape_id="pump@9")
    outcome = plant.do(Load(Plan(9, (shape,), (pump(shape_id="pump@9", revision=9, life=9),))))
    assert turns(outcome) == [("hot", "inactive")]
    assert [(it.transition, it.alert.clear_reason) for it in outcome.alerts] == [("cleared", "BehaviorRemoved")]
    assert plant.state("temperature").value is None
    connectivity = plant.engine.live.connectivity("p1")
    assert connectivity is not None
    assert (connectivity.status, connectivity.last_contact) == ("connecting", None)
    assert plant.behavior("hot") == ("inactive", "unknown")


# ---------------------------------------------------------------- overlays


def station_plan(*actions: object, bindings: dict[str, str], condition: Condition | None = None) -> Plan:
    one = failure(*actions) if condition is None else rule("failure", condition, *actions)  # type: ignore[arg-type]
    return Plan(1, (pump_shape(), Shape("station@1", rules=(one,))), (pump("p1"), pump("p2")), (station(bindings),))


def test_an_overlay_follows_a_twin_that_is_loaded_again() -> None:
    plant = Plant(plan=station_plan(alert(), bindings={"primary": "p1"}))
    plant.read("p1", status="running", temperature=20.0)
    plant.do(Load(Plan(2, (pump_shape(shape_id="pump@2"),), (pump("p1", "pump@2", 2),))))
    assert turns(plant.read("p1", status="fault")) == [("failure", "active")]


def test_rebinding_a_role_reads_the_other_twin_and_runs_nothing_for_it() -> None:
    plant = Plant(plan=station_plan(alert(), call("start", "primary"), bindings={"primary": "p1"}))
    plant.read("p1", status="running", temperature=20.0)
    plant.read("p2", status="fault", temperature=20.0)
    outcome = plant.do(Load(Plan(2, overlays=(station({"primary": "p2"}, revision=2),))))
    assert turns(outcome) == [("failure", "active")]
    assert alerts(outcome) == [("0", "raised")]
    assert sent(outcome) == []
    assert plant.read("p1", status="stopped").behaviors == ()
    assert turns(plant.read("p2", status="running")) == [("failure", "inactive")]


def test_an_overlay_whose_twin_goes_reads_unknown_and_whose_twin_comes_reads_it() -> None:
    plant = Plant(plan=station_plan(alert(), bindings={"primary": "p1"}))
    plant.read("p1", status="fault", temperature=20.0)
    outcome = plant.do(Load(Plan(2, removed_twins=("p1",))))
    assert plant.behavior("failure", STATION) == ("active", "unknown")
    assert outcome.alerts == ()
    plant.do(Load(Plan(3, (pump_shape(shape_id="pump@3"),), (pump("p1", "pump@3", 3, life=3),))))
    plant.alive("p1")
    assert turns(plant.read("p1", status="running", temperature=20.0)) == [("failure", "inactive")]


def test_a_null_test_follows_the_binding() -> None:
    plan = station_plan(alert(), bindings={"primary": "p1"}, condition=And((Bound("backup"), Bound("primary"))))
    plant = Plant(plan=plan)
    assert plant.behavior("failure", STATION) == ("inactive", "false")
    plant.do(Load(Plan(2, overlays=(station({"primary": "p1", "backup": "p2"}, revision=2),))))
    assert plant.behavior("failure", STATION) == ("active", "true")
    plant.do(Load(Plan(3, removed_twins=("p2",))))
    assert plant.behavior("failure", STATION) == ("inactive", "false")


def test_a_removed_overlay_wakes_no_more() -> None:
    plant = Plant(plan=station_plan(alert(), bindings={"primary": "p1"}))
    plant.do(Load(Plan(2, removed_overlays=("station",))))
    assert plant.read("p1", status="fault", temperature=20.0).behaviors == ()
    assert plant.engine.live.behaviors(STATION) == ()
    assert plant.engine.live.overlays_of == {}


def test_a_plan_without_its_shapes_is_refused_and_changes_nothing() -> None:
    plant = Plant(rule("hot", hot()))
    before = plant.engine.state_digest()
    with pytest.raises(Invalid) as error:
        plant.engine.decide(Load(Plan(2, (), (pump("p2", "nowhere"), pump("p3", "nothing")), removed_twins=("p1",))), 0)
    assert error.value.code == "PLAN_INVALID"
    assert [problem.code for problem in error.value.problems] == ["PLAN_SHAPE_MISSING"] * 2
    assert plant.engine.state_digest() == before


def test_loading_at_start_raises_nothing_merely_because_it_loads() -> None:
    plant = Plant(rule("hot", hot(), alert(), call()))
    plant.read(temperature=90.0)
    outcome = plant.do(Load(Plan(2, (pump_shape(rule("hot", hot(), alert(), call())),), (pump(),)), starting=True))
    assert (outcome.behaviors, outcome.alerts, outcome.calls) == ((), (), ())


def test_a_manual_property_true_at_start_is_withheld_like_any_other() -> None:
    plant = Plant(plan=Plan(1, (pump_shape(),), (pump(),)))
    plant.do(SetManual("p1", "mode", "hand", "eva"))
    shape = pump_shape(rule("hand", compare("mode", "==", "hand"), alert(), call()), shape_id="pump@2")
    outcome = plant.do(Load(Plan(2, (shape,), (pump(shape_id="pump@2", revision=2),)), starting=True))
    assert alerts(outcome) == [("0", "raised")]
    assert sent(outcome) == []


def test_loading_many_owners_of_one_shape_needs_one_shape() -> None:
    twins = tuple(pump(f"p{number}") for number in range(20))
    plant = Plant(plan=Plan(1, (pump_shape(rule("hot", hot())),), twins))
    plant.do(Load(Plan(2, (pump_shape(rule("hot", hot(50.0)), shape_id="pump@2"),), (pump("p3", "pump@2", 2),))))
    assert set(plant.engine.live.shapes) == {"pump@1", "pump@2"}
    assert turns(plant.read("p3", temperature=60.0)) == [("hot", "active")]
    assert turns(plant.read("p4", temperature=60.0)) == []
    assert plant.take(sample("temperature", 1.0, plant.now, twin="p19")).rejected == ()
    assert len(PUMP_PROPERTIES) == len(plant.engine.live.twins["p3"].cells)


def test_what_is_replaced_or_removed_is_free_at_once_without_a_collector() -> None:
    """A server never looks for cycles in what was there at its start."""

    def owners() -> int:
        return sum(isinstance(found, (TwinState, OverlayState)) for found in gc.get_objects())

    plant = running_hot()
    quiet = never(Compare(">", Evidence("age", PropertyRef(None, "temperature")), Duration(60 * SECOND)), call="start")
    plant.load(rule("hot", hot(), alert()), revision=2, interlocks=[quiet])
    gc.collect()
    before = owners()
    gc.disable()
    try:
        plant.load(rule("hot", hot(85.0), alert()), revision=3, interlocks=[quiet])
        assert owners() == before
        plant.do(Load(Plan(4, removed_twins=("p1",))))
        assert owners() == before - 1
    finally:
        gc.enable()


def test_what_was_made_anew_is_counted_and_what_stays_as_it_is_is_not() -> None:
    shape = pump_shape(rule("hot", hot()))
    plant = Plant(plan=Plan(1, (shape,), tuple(pump(f"p{number}") for number in range(20))))
    before = plant.engine.live.built
    plant.do(Load(Plan(2, (shape,), (pump("p3"), pump("p4", revision=2)), removed_twins=("p5",))))
    assert plant.engine.live.built == before + 1


def test_a_cell_that_thousands_of_overlays_read_gets_its_readers_once() -> None:
    """Quadratic in the overlays it took 8 s for 8,000, in which no reading was taken: 256 times as long for 16 times as
    many. The collector's looks at all that the other tests keep are not counted."""
    warm = compare("temperature", ">", 80.0, "weather")
    shapes = [Shape(f"site@{revision}", rules=(rule("r", warm),)) for revision in (1, 2)]

    def seconds(count: int) -> float:
        plant = Plant(plan=Plan(1, (pump_shape(),), (pump("weather"),)))
        began = time.process_time()
        for revision, shape in enumerate(shapes, 2):
            bound = {"weather": "weather"}
            overlays = (OverlayPlan(f"o{n:05}", None, shape.shape_id, revision, bound) for n in range(count))
            plant.do(Load(Plan(revision, (shape,), (), tuple(overlays))))
        assert len(plant.engine.live.twins["weather"].cells["temperature"].readers) == count
        return time.process_time() - began

    gc.disable()
    try:
        assert seconds(8000) < 80 * max(seconds(500), 0.005)
    finally:
        gc.enable()


def test_a_plan_that_is_refused_does_not_move_time() -> None:
    plant = Plant(rule("hot", hot()))
    before, digest = plant.engine.live.time, plant.engine.state_digest()
    with pytest.raises(Invalid):
        plant.engine.decide(Load(Plan(2, (), (pump("p9", "nowhere@1"),))), before + 3600 * SECOND)
    assert (plant.engine.live.time, plant.engine.state_digest()) == (before, digest)
    assert plant.read(temperature=90.0).behaviors[0].at == plant.now
