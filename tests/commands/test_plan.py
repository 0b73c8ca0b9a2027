"""Plans: shapes that many share, names resolved, errors shown per rule, and nothing loaded twice."""

from dataclasses import dataclass
from typing import Any

from app.commands.connections import connections
from app.commands.plan import changed_since, plan_for
from app.engine.engine import Engine
from app.model.catalogue import Catalogue
from app.model.change import StoredDefinition
from app.model.conditions import And, Bound
from app.model.definitions import MODELS, Kind, id_of
from app.model.plan import AlertPlan, CallPlan, OverlayPlan, Plan, Shape, WritePlan
from tests.commands.ports import ANN, House
from tests.commands.station import opc_ua, pump_type, station, station_type, twin, valve_type, whole


@dataclass
class Loaded:
    twins: dict[str, tuple[int, str]]
    overlays: dict[str, OverlayPlan]


def _loaded(plan: Plan) -> Loaded:
    return Loaded(
        {item.twin_id: (item.revision, item.shape_id) for item in plan.twins},
        {item.overlay_id: item for item in plan.overlays},
    )


def _catalogue(*documents: tuple[Kind, dict[str, Any]], revision: int = 1) -> Catalogue:
    return Catalogue.of(1, [_stored(kind, document, revision) for kind, document in documents])


def _stored(kind: Kind, document: dict[str, Any], revision: int) -> StoredDefinition:
    definition = MODELS[kind].model_validate(document)
    return StoredDefinition(kind, id_of(definition), definition, revision, 1, 0, "a", 0, "a")


def _shape(plan: Plan, shape_id: str) -> Shape:
    return next(shape for shape in plan.shapes if shape.shape_id == shape_id)


def test_a_thousand_twins_of_a_type_share_one_shape() -> None:
    documents: list[tuple[Kind, dict[str, Any]]] = [("twin", twin(f"p{number}")) for number in range(1000)]
    catalogue = _catalogue(("twin_type", pump_type()), *documents)
    plan = plan_for(catalogue, twins=catalogue.ids("twin"))
    assert len(plan.twins) == 1000
    assert [shape.shape_id for shape in plan.shapes] == ["twin_type/pump/1"]


def test_overlays_of_a_type_share_its_shape_and_those_that_add_do_not() -> None:
    behaviors = [{"name": "own", "conditions": ["main.speed > 1"]}]
    catalogue = _catalogue(
        *whole(),
        ("overlay", station(overlay_id="south")),
        ("overlay", station(overlay_id="west", behaviors=behaviors)),
    )
    plan = plan_for(catalogue, overlays=["north", "south", "west"])
    north, south, west = plan.overlays
    assert north.shape_id == south.shape_id != west.shape_id
    assert [rule.name for rule in _shape(plan, west.shape_id).rules] == ["failure", "own"]


def test_a_twin_that_adds_parts_has_a_shape_named_after_both_revisions() -> None:
    own = [{"name": "power", "data_type": "float", "stale_after": 1.5}]
    documents: list[tuple[Kind, dict[str, Any]]] = [("twin_type", pump_type()), ("twin", twin("p1", properties=own))]
    [first] = plan_for(_catalogue(*documents), twins=["p1"]).shapes
    assert first.shape_id == "twin/p1/1+twin_type/pump/1"
    assert {item.name: item.stale_after for item in first.properties}["power"] == 1_500_000
    assert first.properties[0].name == "status"


def test_conditions_are_one_tree_and_actions_carry_fitted_values() -> None:
    plan = plan_for(_catalogue(*whole()), overlays=["north"])
    [rule] = plan.shapes[0].rules
    assert isinstance(rule.condition, And)
    assert Bound("spare") in rule.condition.items
    assert rule.actions == (
        AlertPlan("0", "warning", "failed", False, False),
        CallPlan("spare", "start", {}),
        WritePlan("outlet", "position", 100.0),
    )
    assert isinstance(rule.actions[2].value, float)
    assert plan.overlays[0].bindings == {"main": "p1", "spare": "p2", "outlet": "v1"}


def test_error_and_critical_alerts_wait_for_a_person_unless_the_behavior_says_otherwise() -> None:
    def alert(severity: str, **more: Any) -> dict[str, Any]:
        return {"type": "alert", "severity": severity, "message": "m", **more}

    actions = [
        alert("info"),
        alert("error", code="leak", latched=True),
        alert("critical"),
        alert("critical", ack_required=False),
        alert("info", ack_required=True),
    ]
    behavior = {"name": "b", "conditions": ["speed > 1"], "actions": actions, "on_load": "act"}
    catalogue = _catalogue(("twin_type", pump_type(behaviors=[behavior])), ("twin", twin("p1")))
    [rule] = plan_for(catalogue, twins=["p1"]).shapes[0].rules
    assert rule.act_on_load
    alerts = [action for action in rule.actions if isinstance(action, AlertPlan)]
    assert [(item.code, item.latched, item.ack_required) for item in alerts] == [
        ("0", False, False),
        ("leak", True, True),
        ("2", False, True),
        ("3", False, False),
        ("4", False, True),
    ]


def test_a_rule_that_can_not_run_has_its_error_and_its_neighbours_go_on() -> None:
    behaviors = [
        {"name": "broken", "conditions": ["speed >"]},
        {"name": "lost", "conditions": ["sped > 1"]},
        {"name": "right", "conditions": ["speed > 1"]},
    ]
    catalogue = _catalogue(("twin_type", pump_type(behaviors=behaviors)), ("twin", twin("p1")))
    broken, lost, right = plan_for(catalogue, twins=["p1"]).shapes[0].rules
    assert broken.condition is None
    assert broken.error
    assert lost.error
    assert lost.error.startswith("DTSL")
    assert "did you mean" not in lost.error
    assert right.error is None


def test_an_overlay_whose_twin_breaks_a_rule_of_its_type_has_a_shape_of_its_own() -> None:
    documents = dict(enumerate(whole()))
    odd: tuple[Kind, dict[str, Any]] = (
        "twin",
        twin("p2", properties=[{"name": "status", "data_type": "float"}], behaviors=[]),
    )
    documents[3] = odd
    catalogue = _catalogue(*documents.values())
    plan = plan_for(catalogue, overlays=["north"])
    assert plan.overlays[0].shape_id.startswith("overlay/north/1+overlay_type/station/1~")
    assert plan.shapes[0].rules[0].error


def test_nothing_changed_is_no_plan() -> None:
    catalogue = _catalogue(*whole())
    everything = changed_since(catalogue, Loaded({}, {}))
    assert everything is not None
    assert len(everything.twins) == 3
    assert changed_since(catalogue, _loaded(everything)) is None
    assert changed_since(Catalogue(), Loaded({}, {})) is None


def test_only_what_changed_and_what_went_is_in_the_plan() -> None:
    before = changed_since(_catalogue(*whole()), Loaded({}, {}))
    assert before is not None
    catalogue = _catalogue(
        *(item for item in whole() if item[1].get("twin_id") != "v1" and item[0] != "overlay"),
        ("twin", twin("p9")),
    )
    plan = changed_since(catalogue, _loaded(before))
    assert plan is not None
    assert [item.twin_id for item in plan.twins] == ["p9"]
    assert (plan.removed_twins, plan.removed_overlays) == (("v1",), ("north",))


def test_a_new_revision_of_a_type_loads_its_twins_again_and_their_mapping_stays() -> None:
    documents: list[tuple[Kind, dict[str, Any]]] = [
        ("twin", twin("p1", connectivity=opc_ua(status="ns=2;s=S", speed="ns=2;s=V"))),
        ("twin", twin("v1", "valve")),
        ("twin_type", valve_type()),
    ]
    stored = [_stored(kind, document, 1) for kind, document in documents]
    first = changed_since(Catalogue.of(1, [*stored, _stored("twin_type", pump_type(), 1)]), Loaded({}, {}))
    assert first is not None
    plan = changed_since(Catalogue.of(2, [*stored, _stored("twin_type", pump_type(), 2)]), _loaded(first))
    assert plan is not None
    [only] = plan.twins
    assert (only.twin_id, only.mapped, only.connected, only.life) == ("p1", ("status", "speed"), True, 1)


async def test_the_plan_of_every_save_leaves_nothing_to_load_at_start() -> None:
    house, engine = House(), Engine()
    house.inbox.answer = lambda input: engine.decide(input, house.clock.now())
    own = [{"name": "own", "conditions": ["main.speed > 1"]}]
    changes: list[list[tuple[Kind, dict[str, Any]]]] = [
        whole(),
        [("twin_type", pump_type(description="x"))],
        [("overlay_type", station_type(description="x"))],
        [("twin", twin("p2", properties=[{"name": "power", "data_type": "float"}]))],
        [("overlay", station(behaviors=own))],
        [("twin_type", valve_type() | {"version": "2.0.0"})],
    ]
    for documents in changes:
        await house.save(*documents)
        assert changed_since(house.catalogue, engine.loaded()) is None
    await house.definitions.delete("overlay", "north", ANN)
    await house.definitions.delete("twin", "p2", ANN)
    assert changed_since(house.catalogue, engine.loaded()) is None


def test_connections_are_of_twins_with_connectivity_and_equal_when_nothing_changed() -> None:
    [found] = connections(_catalogue(*whole()))
    assert found.twin_id == "p1"
    assert list(found.properties) == ["status", "speed"]
    assert found.properties["speed"].access == "read-write"
    assert [item.name for item in found.methods["set_speed"].parameters] == ["speed", "ramp"]
    assert found.events == ("fault_occurred",)
    assert [found] == connections(_catalogue(*whole()))
