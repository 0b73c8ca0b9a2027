"""Faults: behaviors that no reading would turn are found, each with its reason; not knowing is none."""

import msgspec
import pytest

from app.model.conditions import (
    MAX_NESTING,
    Aggregate,
    And,
    Arithmetic,
    Compare,
    Condition,
    Literal,
    Negative,
    Not,
    Or,
)
from app.model.events import Load
from app.model.live import Fault
from app.model.plan import BehaviorKey, ExpectPlan, OverlayPlan, OwnerKey, Plan, PropertyPlan, Shape
from app.model.time import SECOND
from tests.engine.plant import (
    PUMP_PROPERTIES,
    STATION,
    Plant,
    alert,
    compare,
    hot,
    pump,
    pump_shape,
    ref,
    rule,
    station,
)

P1 = OwnerKey("twin", "p1")
RATIO = Compare(">", Arithmetic("/", ref("temperature"), ref("speed")), Literal(2))


def found(plant: Plant) -> list[tuple[str, str]]:
    """(behavior, reason); each told of one by one as it is in the list."""
    faults = plant.engine.live.faults()
    for fault in faults:
        assert plant.engine.live.fault(fault.key) == fault
        assert fault.text
    return [(fault.key.name, fault.reason) for fault in faults]


def test_a_division_by_zero_is_one_while_it_lasts() -> None:
    plant = Plant(rule("ratio", RATIO, alert()))
    assert found(plant) == []  # nothing is known: that is nobody's mistake
    plant.read(temperature=20.0, speed=0.0)
    key = BehaviorKey(P1, "ratio")
    assert plant.engine.live.fault(key) == Fault(key, "division_by_zero", "it is divided by zero")
    assert plant.engine.live.why_unknown(key) == ["it is divided by zero"]
    plant.read(speed=10.0)
    assert found(plant) == []
    plant.read(speed=0.0)
    plant.silent()
    assert found(plant) == []


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        (Compare(">", Arithmetic("%", ref("speed"), Literal(0)), Literal(2)), "division_by_zero"),
        (Compare(">", Arithmetic("*", Literal(1e308), ref("speed")), Literal(2)), "overflow"),
        (Compare(">", Negative(Arithmetic("/", ref("speed"), Literal(0.0))), Literal(2)), "division_by_zero"),
        (compare("status", ">", 5), "type_mismatch"),
        (And((hot(), compare("remote", "==", "x"))), "type_mismatch"),
        (Compare(">", Arithmetic("+", ref("status"), Literal(1)), Literal(2)), "type_mismatch"),
    ],
)
def test_each_kind_of_mistake_has_its_reason(condition: Condition, reason: str) -> None:
    plant = Plant(rule("it", condition))
    plant.read(temperature=90.0, speed=100.0, status="running", remote=True)
    assert found(plant) == [("it", reason)]


def test_a_part_that_decides_nothing_is_none_of_arithmetic() -> None:
    plant = Plant(rule("either", Or((RATIO, hot()))))
    plant.read(temperature=90.0, speed=0.0)
    assert found(plant) == []
    plant.read(temperature=20.0)
    assert found(plant) == [("either", "division_by_zero")]


def test_where_a_value_is_missing_too_that_comes_first() -> None:
    plant = Plant(rule("either", Or((RATIO, compare("status", "==", "fault")))))
    plant.read(temperature=20.0, speed=0.0)
    assert found(plant) == []
    plant.read(status="running")
    assert found(plant) == [("either", "division_by_zero")]


def test_one_that_cannot_run_is_one_and_one_that_is_only_still_is_not() -> None:
    broken = rule("broken", None, alert(), error="DTSL204 unknown role 'backupPmp'")
    plant = Plant(broken, rule("empty", None), rule("hot", hot()))
    assert found(plant) == [("broken", "cannot_run"), ("empty", "cannot_run")]
    shape = Shape("station@1", rules=(rule("sum", compare("temperature", ">", 1.0, "primary")), broken))
    still = station({"primary": "p1"}, lifecycle="suspended")
    other = Plant(plan=Plan(1, (pump_shape(), shape), (pump(),), (still,)))
    assert found(other) == [("broken", "cannot_run")]


def test_one_that_expects_what_nests_too_deeply_does_nothing_at_all() -> None:
    deep: Condition = compare("status", "==", "stopped")
    for _ in range(MAX_NESTING - 1):
        deep = Not(deep)
    eased = msgspec.structs.replace(alert(), deadband=2.0)
    plant = Plant(rule("hot", hot(80.0), eased, ExpectPlan(5 * SECOND, deep)))
    assert found(plant) == [("hot", "cannot_run")]
    plant.read(temperature=90.0)
    assert plant.behavior("hot") == ("inactive", "unknown")
    plant.read(temperature=70.0)
    assert not list(plant.engine.live.open_alerts())


def test_an_expectation_that_compares_what_cannot_be_compared_is_one() -> None:
    plant = Plant(rule("hot", hot(80.0), ExpectPlan(5 * SECOND, compare("status", ">", 5))))
    assert found(plant) == [("hot", "type_mismatch")]


def test_an_open_role_is_none() -> None:
    shape = Shape("station@1", rules=(rule("it", compare("temperature", ">", 1.0, "backup")),))
    plant = Plant(plan=Plan(1, (pump_shape(), shape), (pump(),), (station({"primary": "p1"}),)))
    assert plant.behavior("it", STATION) == ("inactive", "unknown")
    assert found(plant) == []


def test_what_is_computed_by_a_division_by_zero_is_a_fault_of_who_reads_it() -> None:
    slip = PropertyPlan("slip", "float", computed=Arithmetic("/", ref("speed"), ref("temperature")))
    twice = PropertyPlan("twice", "float", computed=Arithmetic("*", ref("slip"), Literal(2)))
    plant = Plant(rule("slips", compare("twice", ">", 1.0)), rule("hot", hot()))
    plant.load(*(), rule("slips", compare("twice", ">", 1.0)), revision=2, properties=(*PUMP_PROPERTIES, slip, twice))
    plant.read(temperature=0.0, speed=5.0)
    assert found(plant) == [("slips", "division_by_zero")]
    plant.read(temperature=2.0)
    assert found(plant) == []


def test_members_whose_arithmetic_comes_to_nothing_are_named() -> None:
    item = Compare(">", Arithmetic("/", ref("temperature", "pumps"), ref("speed", "pumps")), Literal(1))
    mixed = Compare(">", ref("status", "pumps"), Literal(1))
    rules = (
        rule("any", Aggregate("any", item, over="pumps")),
        rule("mixed", Aggregate("any", mixed, over="pumps")),
    )
    members = OverlayPlan(
        "station", None, "station@1", 1, {"pumps/p1": "p1", "pumps/p2": "p2"}, members={"pumps": ("p1", "p2")}
    )
    plan = Plan(1, (pump_shape(), Shape("station@1", rules=rules)), (pump("p1"), pump("p2")), (members,))
    plant = Plant(plan=plan)
    assert found(plant) == [("mixed", "type_mismatch")]
    plant.read("p1", temperature=20.0, speed=0.0, status="running")
    plant.read("p2", temperature=20.0, speed=40.0, status="running")
    assert found(plant) == [("any", "no_result"), ("mixed", "type_mismatch")]
    fault = plant.engine.live.fault(BehaviorKey(STATION, "any"))
    assert fault is not None
    assert fault.text.startswith("pumps/p1: ")


def test_faults_go_with_an_edit_and_with_their_owner() -> None:
    plant = Plant(rule("ratio", RATIO))
    plant.read(temperature=20.0, speed=0.0)
    restarted = plant.restart()
    assert found(restarted) == found(plant) == [("ratio", "division_by_zero")]
    plant.load(rule("ratio", hot()), revision=2)
    assert found(plant) == []
    plant.load(rule("ratio", RATIO), revision=3)
    assert found(plant) == [("ratio", "division_by_zero")]
    plant.do(Load(Plan(4, removed_twins=("p1",))))
    assert found(plant) == []
    assert plant.engine.live.fault(BehaviorKey(P1, "ratio")) is None
