"""Rules of one cell that are asked together decide as when each is asked, and cost the same in a large plant."""

import sys
from types import FrameType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.at_once import MOST
from app.engine.engine import Engine
from app.engine.live import LiveState
from app.model.conditions import And, Compare, Condition, Literal, Not, Or, PropertyRef
from app.model.events import (
    ClearOverride,
    Entry,
    Input,
    Load,
    Outcome,
    PathStatus,
    Reading,
    Sample,
    Samples,
    SetOverride,
    SourceStatus,
    Started,
)
from app.model.plan import OverlayPlan, Plan, PropertyPlan, Shape, TwinPlan
from app.model.time import SECOND
from tests.engine.plant import T0, alert, pump, pump_shape, rule, station

TWINS = {"a": "p1", "b": "p2"}
HOT = PropertyRef("a", "temperature")
numbers = st.sampled_from([PropertyRef(owner, name) for owner in TWINS for name in ("temperature", "speed")])
atoms: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Compare, st.sampled_from(["<", ">", ">="]), numbers, st.sampled_from([5.0, 10.0, 20.0]).map(Literal)),
    st.builds(Compare, st.just(">"), numbers, numbers),
)
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: And(tuple(items))),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: Or(tuple(items))),
    ),
    max_leaves=4,
)
rules = st.lists(conditions, min_size=1, max_size=5)
twins = st.sampled_from(list(TWINS.values()))
samples = st.lists(
    st.tuples(
        twins,
        st.sampled_from(["temperature", "speed"]),
        st.sampled_from([0.0, 7.0, 12.0, 30.0]),
        st.sampled_from(["good", "good", "good", "bad"]),
    ),
    min_size=1,
    max_size=4,
)
steps = st.one_of(
    st.tuples(st.just("samples"), samples),
    st.tuples(st.just("samples"), samples),
    st.tuples(st.just("samples"), samples),
    st.tuples(st.just("path"), twins, st.booleans()),
    st.tuples(st.just("force"), twins, st.sampled_from([None, 12.0])),
    st.tuples(st.just("load"), rules),
    st.tuples(st.just("start")),
)


def plan(number: int, conditions: list[Condition]) -> Plan:
    made = [rule(f"r{index}", condition, alert(str(index))) for index, condition in enumerate(conditions)]
    shapes = (pump_shape(), Shape(f"station@{number}", rules=tuple(made)))
    pumps = tuple(pump(twin, mapped=("temperature", "speed")) for twin in TWINS.values())
    overlay = station(TWINS)
    return Plan(number, shapes, pumps, (OverlayPlan(overlay.overlay_id, None, f"station@{number}", number, TWINS),))


def inputs(first: list[Condition], script: list[Any]) -> list[Input]:
    made: list[Input] = [Started(), Load(plan(1, first))]
    for number, step in enumerate(script, 2):
        now = T0 + number * SECOND
        match step:
            case ("samples", given):
                made.append(
                    Samples(
                        (
                            Reading(
                                "opc",
                                now,
                                tuple(Sample(twin, name, value, now, quality) for twin, name, value, quality in given),
                            ),
                        )
                    )
                )
            case ("path", twin, alive):
                made.append(SourceStatus("opc", (PathStatus(twin, alive),)))
            case ("force", twin, None):
                made.append(ClearOverride(twin, "temperature", "eva"))
            case ("force", twin, value):
                made.append(SetOverride(twin, "temperature", "forced", "eva", "test", value))
            case ("load", conditions):
                made.append(Load(plan(number, conditions)))
            case _:
                made.append(Started())
    return made


def ask_each(live: LiveState) -> None:
    for twin in live.twins.values():
        for cell in twin.cells.values():
            cell.together = cell.verdicts = None


def right(live: LiveState) -> bool:
    """Whether what cells take for granted is so."""
    cells = [cell for twin in live.twins.values() for cell in twin.cells.values()]
    return all(
        cell.verdicts is None or cell.verdicts == tuple(rule.evidence for rule in cell.readers) for cell in cells
    )


@settings(max_examples=150, deadline=None)
@given(rules, st.lists(steps, max_size=15))
def test_asked_together_or_each_the_outcomes_are_the_same(first: list[Condition], script: list[Any]) -> None:
    together, each, folded = Engine(), Engine(), Engine()
    for number, input in enumerate(inputs(first, script), 1):
        now = T0 + number * SECOND
        ask_each(each.live)
        outcome = together.decide(input, now)
        assert outcome == each.decide(input, now)
        folded.fold(Entry(number, now, input, outcome))
        assert right(together.live)
        assert right(folded.live)
    folded.live.sequence = together.live.sequence
    assert folded.state_digest() == together.state_digest()


def test_what_was_answered_together_is_known_to_the_cell() -> None:
    engine = Engine()
    plain: list[Condition] = [Compare(">", HOT, Literal(5.0)), Compare(">", HOT, PropertyRef("b", "temperature"))]
    for number, input in enumerate(inputs(plain, [("path", "p1", True), ("path", "p2", True)]), 1):
        engine.decide(input, T0 + number * SECOND)
    cell = engine.live.twins["p1"].cells["temperature"]
    assert cell.together is not None
    for value, answers in ((4.0, (False, None)), (9.0, (True, None)), (9.5, (True, None))):
        engine.decide(Samples((Reading("opc", T0, (Sample("p1", "temperature", value, T0),)),)), T0 + 9 * SECOND)
        assert cell.verdicts == answers


def test_more_rules_than_are_asked_together_are_asked_each() -> None:
    engine = Engine()
    many: list[Condition] = [Compare(">", HOT, Literal(float(limit))) for limit in range(MOST + 1)]
    for number, input in enumerate(
        inputs(many, [("path", "p1", True), ("samples", [("p1", "temperature", 7.5, "good")])])
    ):
        engine.decide(input, T0 + number * SECOND)
    cell = engine.live.twins["p1"].cells["temperature"]
    assert cell.together is None
    assert [rule.evidence for rule in cell.readers].count(True) == 8


def large(size: int) -> Engine:
    """Overlays of one type, each of one twin, with a value."""
    own = PropertyRef("pump", "temperature")
    shapes = (
        Shape("pump@1", (PropertyPlan("temperature", "float"),)),
        Shape(
            "one@1",
            rules=(rule("warm", Compare(">", own, Literal(50.0))), rule("hot", Compare(">", own, Literal(80.0)))),
        ),
    )
    pumps = tuple(
        TwinPlan(str(number), "pump", "pump@1", 1, 1, ("temperature",), connected=True) for number in range(size)
    )
    overlays = tuple(OverlayPlan(f"o{number}", "one", "one@1", 1, {"pump": str(number)}) for number in range(size))
    engine = Engine()
    engine.decide(Started(), T0)
    engine.decide(Load(Plan(1, shapes, pumps, overlays)), T0)
    engine.decide(SourceStatus("opc", tuple(PathStatus(twin.twin_id, True) for twin in pumps)), T0)
    first = tuple(Sample(twin.twin_id, "temperature", 10.0, T0) for twin in pumps)
    engine.decide(Samples((Reading("opc", T0, first),)), T0)
    return engine


def executed(engine: Engine, value: float) -> tuple[int, Outcome]:
    """Python's instructions for one update: what it does, apart from how far its memory is."""
    count = 0

    def tracer(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            count += 1
        return tracer

    now = engine.live.time + SECOND
    input = Samples((Reading("opc", now, (Sample("7", "temperature", value, now),)),))
    former = sys.gettrace()
    sys.settrace(tracer)
    try:
        outcome = engine.decide(input, now)
    finally:
        sys.settrace(former)
    return count, outcome


def test_an_update_does_the_same_however_many_overlays_there_are() -> None:
    small, big = large(10), large(5_000)
    for value in (11.0, 12.0, 90.0, 91.0):
        (few, outcome), (many, _) = executed(small, value), executed(big, value)
        assert outcome.changes
        assert few == many
