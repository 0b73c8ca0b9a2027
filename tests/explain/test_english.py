"""Every kind of sentence of an explanation, as golden text: what a person on shift reads, word for word.

UPDATE_GOLDEN=1 python -m pytest tests/explain/test_english.py      writes what it says now
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.engine.account import explain_turn
from app.explain.english import paragraph, why_not_paragraph
from app.model.conditions import (
    Aggregate,
    And,
    Arithmetic,
    Bound,
    Changed,
    Compare,
    Literal,
    Not,
    Or,
    PropertyRef,
)
from app.model.events import AttemptCall, CallResult, Load, SetManual, SetOverride
from app.model.plan import BehaviorKey, OwnerKey, Plan, PropertyPlan, Shape
from app.model.time import SECOND
from tests.engine.plant import (
    PUMP_PROPERTIES,
    STATION,
    Plant,
    alert,
    call,
    compare,
    hot,
    pump,
    pump_shape,
    ref,
    rule,
    sample,
    station,
    write,
)

GOLDEN = Path(__file__).parent / "english.txt"
BEHAVIOR = BehaviorKey(OwnerKey("twin", "p1"), "hot")


def why(plant: Plant, key: BehaviorKey = BEHAVIOR) -> str:
    found = plant.engine.live.explain(key)
    assert found is not None
    return paragraph(found)


def why_not(plant: Plant, key: BehaviorKey = BEHAVIOR) -> str:
    found = plant.engine.live.why_not(key)
    assert found is not None
    return why_not_paragraph(found)


def why_raised(plant: Plant) -> str:
    return " / ".join(paragraph(plant.engine.live.explain_alert(item)) for item in plant.engine.live.open_alerts())


def running_hot() -> Plant:
    plant = Plant(rule("hot", And((hot(), compare("status", "==", "running"))), alert("hot", "error"), call("stop")))
    plant.read(temperature=20.0, status="running")
    plant.read(temperature=91.5)
    return plant


def an_active_behavior() -> str:
    return why(running_hot())


def an_active_behavior_whose_call_was_answered() -> str:
    plant = running_hot()
    call_id = next(iter(plant.engine.live.calls))
    plant.do(AttemptCall(call_id))
    plant.do(CallResult(call_id, "failed", error="no route to host."))
    return why(plant)


def an_alert_whose_values_have_moved_on() -> str:
    plant = running_hot()
    plant.read(temperature=30.0)
    return why_raised(plant)


def an_alert_whose_behavior_is_gone() -> str:
    plant = running_hot()
    plant.load(revision=2)
    return why_raised(plant)


def an_alert_of_the_engines_own() -> str:
    plant = running_hot()
    call_id = next(iter(plant.engine.live.calls))
    plant.do(CallResult(call_id, "failed", error="no route to host."))
    return why_raised(plant)


def an_inactive_behavior() -> str:
    plant = Plant(rule("hot", And((hot(), compare("status", "==", "running"))), call("stop")))
    plant.read(temperature=78.4, status="running")
    return f"{why(plant)}\n{why_not(plant)}"


def alternatives() -> str:
    plant = Plant(rule("hot", Or((hot(), And((compare("status", "!=", "running"), ref("remote")))))))
    plant.read(temperature=78.4, status="running", remote=False)
    return f"{why(plant)}\n{why_not(plant)}"


def something_that_was_never_reported() -> str:
    plant = Plant(rule("hot", And((hot(), compare("status", "==", "running")))))
    plant.read(status="running")
    return f"{why(plant)}\n{why_not(plant)}"


def a_silent_path_while_it_was_active() -> str:
    plant = running_hot()
    plant.silent()
    return f"{why(plant)}\n{why_not(plant)}"


def out_of_service() -> str:
    plant = running_hot()
    plant.do(SetOverride("p1", "temperature", "out_of_service", "eva", "sensor is being changed"))
    return why(plant)


def forced() -> str:
    plant = Plant(rule("hot", hot(), alert("hot")))
    plant.read(temperature=20.0)
    plant.do(SetOverride("p1", "temperature", "forced", "eva", "test of the alarm", 95.0))
    return why(plant)


def out_of_range() -> str:
    plant = Plant(rule("hot", hot(), alert("hot")))
    plant.take(sample("temperature", 150.0, plant.now, "good"))
    return why(plant)


def set_by_another_behavior() -> str:
    plant = Plant(rule("first", hot(), write("limit", 5.0)), rule("hot", compare("limit", "<", 10.0), alert("low")))
    plant.read(temperature=20.0)
    plant.do(SetManual("p1", "limit", 50.0, "eva"))
    plant.read(temperature=90.0)
    return why(plant)


def a_sum_of_two() -> str:
    gap = Compare(">", Arithmetic("-", ref("temperature"), ref("limit")), Literal(0.5))
    plant = Plant(rule("hot", gap))
    plant.do(SetManual("p1", "limit", 20.0, "eva"))
    plant.read(temperature=20.2)
    first = f"{why(plant)}\n{why_not(plant)}"
    plant.read(temperature=21.0)
    return f"{first}\n{why(plant)}"


def a_division_by_zero() -> str:
    plant = Plant(rule("hot", Compare(">", Arithmetic("/", ref("temperature"), ref("limit")), Literal(0.5))))
    plant.do(SetManual("p1", "limit", 0.0, "eva"))
    plant.read(temperature=21.0)
    return why(plant)


def a_comparison_across_types() -> str:
    plant = Plant(rule("hot", compare("status", ">", 5)))
    plant.read(status="running")
    return why(plant)


def a_computed_property() -> str:
    slip = PropertyPlan("slip", "float", computed=Arithmetic("*", ref("temperature"), Literal(2)))
    shape = pump_shape(rule("hot", compare("slip", ">", 100.0)), properties=(*PUMP_PROPERTIES, slip))
    plant = Plant(plan=Plan(1, (shape,), (pump(),)))
    plant.read(temperature=60.0)
    first = why(plant)
    plant.silent()
    return f"{first}\n{why(plant)}"


def an_open_role() -> str:
    condition = And((Bound("backup"), compare("temperature", ">", 80.0, "primary")))
    shapes = (pump_shape(), Shape("station@1", rules=(rule("odd", condition, call("start", "backup")),)))
    plant = Plant(plan=Plan(1, shapes, (pump(),), (station({"primary": "p1"}),)))
    plant.read(temperature=90.0)
    key = BehaviorKey(STATION, "odd")
    first = f"{why(plant, key)}\n{why_not(plant, key)}"
    plant.do(Load(Plan(2, (), (pump("p2"),), (station({"primary": "p1", "backup": "p2"}, revision=2),))))
    return f"{first}\n{why(plant, key)}"


def a_property_that_is_not_there() -> str:
    condition = Or((Compare(">", PropertyRef("backup", "speed"), Literal(1)), Not(Bound("primary"))))
    shapes = (pump_shape(), Shape("station@1", rules=(rule("odd", condition),)))
    plant = Plant(plan=Plan(1, shapes, (pump(),), (station({"primary": "p1"}),)))
    return f"{why(plant, BehaviorKey(STATION, 'odd'))}\n{why_not(plant, BehaviorKey(STATION, 'odd'))}"


def a_behavior_that_cannot_run() -> str:
    plant = Plant(rule("hot", None, error="UNKNOWN_PROPERTY there is no 'tmperature'"))
    return f"{why(plant)}\n{why_not(plant)}"


def a_suspended_overlay() -> str:
    shapes = (pump_shape(), Shape("station@1", rules=(rule("odd", compare("temperature", ">", 80, "primary")),)))
    plant = Plant(plan=Plan(1, shapes, (pump(),), (station({"primary": "p1"}, lifecycle="suspended"),)))
    return why(plant, BehaviorKey(STATION, "odd"))


def a_hundred_parts() -> str:
    parts = tuple(Compare(">", ref("temperature"), Literal(float(number))) for number in range(100))
    plant = Plant(rule("hot", And(parts)))
    plant.read(temperature=49.5)
    return f"{why(plant)}\n{why_not(plant)}"


def a_contradiction() -> str:
    plant = Plant(rule("hot", And((hot(90.0), compare("temperature", "<", 80.0)))))
    plant.read(temperature=85.0)
    return why_not(plant)


def a_value_of_yesterday() -> str:
    plant = Plant(rule("hot", compare("limit", "<", 10.0)))
    plant.do(SetManual("p1", "limit", 50.0, "eva"))
    plant.now += 86_400 * SECOND
    plant.read(temperature=20.0)
    return why(plant)


def a_role_of_many() -> str:
    any_fault = Aggregate("any", Compare("==", PropertyRef("pumps", "status"), Literal("fault")), over="pumps")
    hottest = Compare(">", Aggregate("max", PropertyRef("pumps", "temperature"), over="pumps"), Literal(80.0))
    shapes = (pump_shape(), Shape("station@1", rules=(rule("odd", Or((any_fault, hottest))),)))
    twins = (pump(), pump("p2"), pump("p3"))
    ids = tuple(twin.twin_id for twin in twins)
    around = station({f"pumps/{id}": id for id in ids}, members={"pumps": ids})
    plant = Plant(plan=Plan(1, shapes, twins, (around,)))
    key = BehaviorKey(STATION, "odd")
    told = [why(plant, key)]
    for twin in ("p1", "p2", "p3"):
        plant.read(twin, status="running", temperature=20.0)
    told += [why(plant, key), why_not(plant, key)]
    plant.read("p2", status="fault")
    return "\n".join([*told, why(plant, key)])


def turns_of_the_past() -> str:
    plant = Plant(rule("hot", hot(), alert()), rule("moved", Changed(ref("temperature")), alert("moved")))
    plant.read(temperature=20.0)
    plant.read(temperature=90.0)
    plant.silent()
    plant.alive()
    plant.read(temperature=20.0)
    plant.load(rule("hot", hot()), revision=2)
    turns = [fact for entry in plant.journal for fact in entry.outcome.behaviors]
    return "\n".join(paragraph(explain_turn(fact, ())) for fact in turns)


CASES: tuple[Callable[[], str], ...] = (
    an_active_behavior,
    an_active_behavior_whose_call_was_answered,
    an_alert_whose_values_have_moved_on,
    an_alert_whose_behavior_is_gone,
    an_alert_of_the_engines_own,
    an_inactive_behavior,
    alternatives,
    something_that_was_never_reported,
    a_silent_path_while_it_was_active,
    out_of_service,
    forced,
    out_of_range,
    set_by_another_behavior,
    a_sum_of_two,
    a_division_by_zero,
    a_comparison_across_types,
    a_computed_property,
    an_open_role,
    a_property_that_is_not_there,
    a_behavior_that_cannot_run,
    a_suspended_overlay,
    a_hundred_parts,
    a_contradiction,
    a_value_of_yesterday,
    a_role_of_many,
    turns_of_the_past,
)


def golden() -> dict[str, str]:
    blocks = GOLDEN.read_text(encoding="utf-8").strip().split("\n\n")
    return dict(block.removeprefix("# ").split("\n", 1) for block in blocks)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_an_explanation_reads_as_its_golden_text(case: Callable[[], str]) -> None:
    assert case() == golden()[case.__name__.replace("_", " ")]


def test_the_golden_file_has_no_other_cases() -> None:
    assert list(golden()) == [case.__name__.replace("_", " ") for case in CASES]


if __name__ == "__main__":
    told = "\n\n".join(f"# {case.__name__.replace('_', ' ')}\n{case()}" for case in CASES)
    GOLDEN.write_text(told + "\n", encoding="utf-8")
