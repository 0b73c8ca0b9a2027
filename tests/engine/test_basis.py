"""What a transition and an alert stand on is recorded with them, as it was when the condition was evaluated."""

from app.model.conditions import And, Bound
from app.model.events import Basis, Load, SetManual, SetOverride
from app.model.plan import BehaviorKey, OwnerKey, Plan, Shape
from tests.engine.plant import STATION, Plant, alert, call, compare, hot, pump, pump_shape, rule, station, write


def shown(basis: Basis | None) -> list[tuple[str | None, str, object, str]]:
    assert basis is not None
    return [(read.owner, read.fact.property, read.fact.state().value, read.source) for read in basis.reads]


def test_a_transition_records_what_its_condition_read() -> None:
    plant = Plant(rule("hot", And((hot(), compare("status", "==", "running"))), alert("0", "error")))
    plant.read(status="running")
    outcome = plant.read(temperature=91.5)
    basis = outcome.behaviors[0].basis
    assert basis is not None
    assert shown(basis) == [(None, "temperature", 91.5, "opc"), (None, "status", "running", "opc")]
    assert (basis.revision, basis.condition) == ("pump@1", And((hot(), compare("status", "==", "running"))))
    assert (basis.reads[0].unit, basis.reads[0].data_type) == ("celsius", "float")
    assert outcome.alerts[0].alert.basis == basis


def test_an_alert_keeps_what_it_was_raised_on_while_values_move_on_and_over_a_restart() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "error")))
    raised = plant.read(temperature=91.5).alerts[0].alert
    plant.read(temperature=99.0)
    cleared = plant.read(temperature=20.0).alerts[0].alert
    assert cleared.basis == raised.basis
    assert shown(raised.basis) == [(None, "temperature", 91.5, "opc")]
    again = plant.read(temperature=85.0).alerts[0].alert
    assert shown(again.basis) == [(None, "temperature", 85.0, "opc")]
    assert plant.restart().engine.live.alert(again.alert_id) == again


def test_what_a_neighbour_does_in_the_same_round_does_not_show() -> None:
    plant = Plant(
        rule("first", compare("temperature", ">", 80.0), write("limit", 5.0)),
        rule("second", And((compare("temperature", ">", 80.0), compare("limit", ">", 10.0))), alert()),
    )
    plant.read(temperature=20.0)
    plant.do(SetManual("p1", "limit", 50.0, "eva"))
    turned = {(it.key.name, it.evidence): it.basis for it in plant.read(temperature=90.0).behaviors}
    assert shown(turned["second", "true"])[1] == (None, "limit", 50.0, "eva")
    assert shown(turned["second", "false"])[1] == (None, "limit", 5.0, "p1/first")


def test_roles_are_recorded_as_they_are_named_and_open_ones_are_left_out() -> None:
    condition = And((Bound("backup"), compare("temperature", ">", 80.0, "primary"), compare("limit", "<", 1, "backup")))
    shapes = (pump_shape(), Shape("station@1", rules=(rule("odd", condition),)))
    plant = Plant(plan=Plan(1, shapes, (pump(), pump("p2")), (station({"primary": "p1"}),)))
    basis = plant.engine.live.basis(plant.engine.live.overlays["station"].rules["odd"].key)
    assert basis is not None
    assert [(read.owner, read.fact.twin_id) for read in basis.reads] == [("primary", "p1")]
    assert basis.bound == ("primary",)
    outcome = plant.do(Load(Plan(2, (), (), (station({"primary": "p1", "backup": "p2"}, revision=2),))))
    turned = outcome.behaviors[0].basis
    assert turned is not None
    assert turned.bound == ("backup", "primary")
    assert turned.reads[1].source == ""
    assert outcome.behaviors[0].key.owner == STATION


def test_an_override_is_told_as_the_persons() -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    plant.read(temperature=20.0)
    outcome = plant.do(SetOverride("p1", "temperature", "forced", "eva", "test", 95.0))
    assert shown(outcome.behaviors[0].basis) == [(None, "temperature", 95.0, "eva")]


def test_a_removed_behavior_turns_on_no_condition() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=95.0)
    assert plant.load(revision=2).behaviors[0].basis is None
    assert plant.engine.live.basis(BehaviorKey(OwnerKey("twin", "p1"), "hot")) is None
