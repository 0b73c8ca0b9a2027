"""Explanations of what asks for more than the values of now: held equal to what the rules themselves come to."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.explain import explained
from app.explain.english import paragraph, why_not_paragraph
from app.model.conditions import (
    Among,
    And,
    Between,
    Changed,
    Compare,
    Condition,
    Duration,
    EventValue,
    Evidence,
    Held,
    Literal,
    Not,
    Occurred,
    Or,
    Previous,
    Rate,
    Within,
)
from app.model.events import DeviceEvent, Started, Tick
from app.model.explanation import Explanation
from app.model.plan import BehaviorKey, EventPlan, OwnerKey, Plan, PropertyPlan
from app.model.time import SECOND
from tests.engine.plant import Plant, alert, hot, pump, pump_shape, ref, rule

TEMPERATURE = ref("temperature")
OLD = Evidence("age", TEMPERATURE)
CONDITIONS: dict[str, Condition] = {
    "held": Held(hot(), 5 * SECOND),
    "within": Within(hot(), 5 * SECOND, Compare("==", ref("status"), Literal("fault"))),
    "older": Compare(">", OLD, Duration(3 * SECOND)),
    "younger": Compare(">=", Duration(3 * SECOND), OLD),
    "stale": Evidence("isStale", TEMPERATURE),
    "silent": Evidence("isSilent", TEMPERATURE),
    "known": Evidence("known", TEMPERATURE),
    "good": Compare("==", Evidence("quality", TEMPERATURE), Literal("good")),
    "rising": Compare(">", Rate(TEMPERATURE, 4 * SECOND), Literal(5)),
    "grown": Compare(">", TEMPERATURE, Previous(TEMPERATURE)),
    "both": And((Held(Or((hot(), Not(Evidence("known", ref("status"))))), 2 * SECOND),
                 Between(TEMPERATURE, Literal(1), Literal(95)))),
    "among": Or((Among(ref("status"), (Literal("fault"), Literal("stopped"))), Held(Not(hot()), SECOND))),
}  # fmt: skip
STEPS = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.one_of(
            st.sampled_from([20.0, 79.0, 85.0, 90.0, 99.0]).map(lambda value: ("temperature", value)),
            st.sampled_from(["running", "fault"]).map(lambda value: ("status", value)),
            st.sampled_from(["tick", "tick", "silent", "alive", "started"]).map(lambda word: (word, None)),
        ),
    ),
    max_size=14,
)


def root(plant: Plant, name: str) -> bool | None:
    basis = plant.engine.live.basis(BehaviorKey(OwnerKey("twin", "p1"), name))
    assert basis is not None
    seen = explained(basis)[0]
    return seen.value if seen.type == "boolean" else None


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_an_explanation_comes_to_what_the_rule_does(steps: list[tuple[int, tuple[str, Any]]]) -> None:
    plant = Plant(*(rule(name, condition) for name, condition in CONDITIONS.items()))
    for passed, (what, value) in steps:
        plant.now += passed * SECOND
        match what:
            case "tick":
                plant.do(Tick())
            case "started":
                plant.do(Started())
            case "silent":
                plant.silent()
            case "alive":
                plant.alive()
            case _:
                plant.read(**{what: value})
        for name in CONDITIONS:
            rule_state = plant.engine.live.rule(BehaviorKey(OwnerKey("twin", "p1"), name))
            assert rule_state is not None
            assert root(plant, name) is rule_state.evaluate(), name
    for entry in plant.journal:
        for fact in entry.outcome.behaviors:
            if fact.basis is not None:
                seen = explained(fact.basis)[0]
                evidence = {True: "true", False: "false", None: "unknown"}[seen.value]
                assert evidence == fact.evidence, fact.key.name


def explanation(plant: Plant, name: str) -> Explanation:
    found = plant.engine.live.explain(BehaviorKey(OwnerKey("twin", "p1"), name))
    assert found is not None
    return found


def test_a_condition_that_does_not_hold_for_long_enough_says_so() -> None:
    plant = Plant(rule("held", CONDITIONS["held"]))
    plant.read(temperature=90.0)
    assert [(item.value, item.why) for item in explanation(plant, "held").nodes][:2] == [
        (False, "true, but not for 5 s yet"),
        (True, ""),
    ]
    plant.now += 10 * SECOND
    plant.do(Tick())
    assert explanation(plant, "held").nodes[0].value is True


def test_what_would_have_to_change_is_looked_for_inside_what_must_be_held() -> None:
    plant = Plant(rule("held", CONDITIONS["held"]))
    plant.read(temperature=70.0)
    found = plant.engine.live.why_not(BehaviorKey(OwnerKey("twin", "p1"), "held"))
    assert found is not None
    assert [part.needs for part in found.ways[0].parts] == ["> 80.0"]
    plant.read(temperature=90.0)
    later = plant.engine.live.why_not(BehaviorKey(OwnerKey("twin", "p1"), "held"))
    assert later is not None
    assert [part.place for part in later.ways[0].parts] == [0]


def test_a_pulse_is_true_in_what_is_recorded_of_its_step_alone() -> None:
    plant = Plant(rule("fires", And((Changed(TEMPERATURE), hot())), alert("hot")))
    plant.read(temperature=20.0)
    fired = [fact for fact in plant.read(temperature=90.0).behaviors if fact.fired]
    assert fired[0].basis is not None
    assert explained(fired[0].basis)[0].value is True
    assert root(plant, "fires") is False


def test_an_event_shows_its_parameters() -> None:
    condition = And((Occurred(None, "fault", ("code",)), Compare(">", EventValue(None, "fault", "code"), Literal(3))))
    shape = msgspec.structs.replace(
        pump_shape(rule("fires", condition, alert("hot"))),
        events=(EventPlan("fault", (PropertyPlan("code", "integer"),)),),
    )
    plant = Plant(plan=Plan(1, (shape,), (pump(),)))
    outcome = plant.take(events=[DeviceEvent("p1", "fault", plant.now, {"code": 7})])
    [fired] = [fact for fact in outcome.behaviors if fact.fired]
    assert fired.basis is not None
    assert [item.value for item in explained(fired.basis)] == [True, True, True, 7, 3]
    assert outcome.alerts[0].alert.basis == fired.basis


@pytest.mark.parametrize("name", list(CONDITIONS))
def test_any_of_them_reads_as_english(name: str) -> None:
    plant = Plant(rule(name, CONDITIONS[name]))
    for value in (20.0, 90.0):
        plant.read(temperature=value)
        why_not = plant.engine.live.why_not(BehaviorKey(OwnerKey("twin", "p1"), name))
        assert why_not is not None
        assert paragraph(explanation(plant, name)).endswith(".")
        assert why_not_paragraph(why_not).endswith(".")
