"""Lists and objects as live values: what is accepted, why not, and what becomes of them at a definition change."""

import math
from typing import Any

import pytest

from app.engine.values import Spec
from app.model.events import Load, SetManual, SetOverride, Started
from app.model.plan import Plan, PropertyPlan, Shape, TwinPlan
from app.model.values import MAX_SIZE
from tests.engine.plant import Plant, compare, rule

CELL = PropertyPlan("", "float", "volt", 0.0, 5.0)
CELLS = PropertyPlan("cells", "array", items=CELL, max_items=3)
WINDOW = PropertyPlan(
    "window",
    "object",
    access="read-write",
    fields=(
        PropertyPlan("low", "integer", minimum=0.0),
        PropertyPlan("mode", "enum", enum_values=("auto", "hand")),
        PropertyPlan("at", "datetime", required=False),
    ),
)
MATRIX = PropertyPlan("matrix", "array", items=PropertyPlan("", "array", items=PropertyPlan("", "boolean")))
TEXTS = PropertyPlan("texts", "array", items=PropertyPlan("", "string"))


def plan(*properties: PropertyPlan, revision: int = 1, rules: Any = ()) -> Plan:
    shape = Shape(f"battery@{revision}", properties, (), rules)
    mapped = tuple(item.name for item in properties if item.access == "read")
    return Plan(revision, (shape,), (TwinPlan("p1", "battery", shape.shape_id, revision, 1, mapped, connected=True),))


@pytest.mark.parametrize(
    ("spec", "value", "kept"),
    [
        (CELLS, [], []),
        (CELLS, [1, 2.5], [1.0, 2.5]),
        (WINDOW, {"mode": "auto", "low": 1, "new_in_firmware_2": [1]}, {"low": 1, "mode": "auto"}),
        (WINDOW, {"mode": "auto", "low": 1, "at": None}, {"low": 1, "mode": "auto"}),
        (
            WINDOW,
            {"low": 1, "mode": "hand", "at": "2026-01-02T04:04:05+01:00"},
            {"low": 1, "mode": "hand", "at": "2026-01-02T03:04:05.000000Z"},
        ),
        (MATRIX, [[True], [], [False, True]], [[True], [], [False, True]]),
    ],
)
def test_a_value_is_kept_by_its_structure(spec: PropertyPlan, value: Any, kept: Any) -> None:
    assert Spec(spec).accept(value) == (kept, "")


@pytest.mark.parametrize(
    ("spec", "value", "why"),
    [
        (CELLS, 1.0, "TypeMismatch"),
        (CELLS, (1.0,), "TypeMismatch"),
        (CELLS, [1.0, None], "TypeMismatch"),
        (CELLS, [1.0, True], "TypeMismatch"),
        (CELLS, [math.nan], "NotFinite"),
        (CELLS, [1.0] * 4, "TooLong"),
        (WINDOW, [], "TypeMismatch"),
        (WINDOW, {"low": 1}, "MissingField"),
        (WINDOW, {"low": None, "mode": "auto"}, "TypeMismatch"),
        (WINDOW, {"low": 1, "mode": "off"}, "NotInEnum"),
        (MATRIX, [[True], False], "TypeMismatch"),
        (TEXTS, ["a" * 10_001], "TooLong"),
        (TEXTS, ["a" * 9_999] * 7, "TooLarge"),
        (TEXTS, ["a"] * (MAX_SIZE + 1), "TooLarge"),
        (TEXTS, ["\ud800"], "TypeMismatch"),
    ],
)
def test_what_can_not_be_a_value_says_why(spec: PropertyPlan, value: Any, why: str) -> None:
    assert Spec(spec).accept(value) == (None, why)


def test_readings_land_by_structure_and_a_number_out_of_its_range_makes_the_whole_uncertain() -> None:
    found = Plant(plan=plan(CELLS, WINDOW))
    outcome = found.read(cells=[1, 2.0])
    assert [(it.property, it.value, it.quality) for it in outcome.changes] == [("cells", [1.0, 2.0], "good")]
    assert found.read(cells=[1.0, 2.0]).reports != ()
    found.read(cells=[1.0, 9.0])
    state = found.state("cells")
    assert (state.value, state.quality, state.reason) == ([1.0, 9.0], "uncertain", "EngineeringUnitsExceeded")
    outcome = found.read(cells=[1.0, "x"])
    assert [(it.property, it.reason) for it in outcome.rejected] == [("cells", "TypeMismatch")]
    assert found.state("cells").value == [1.0, 9.0]


def test_what_is_sent_keeps_to_the_limits_of_its_parts() -> None:
    found = Plant(plan=plan(CELLS, WINDOW))
    low = {"low": 1, "mode": "auto"}
    assert found.do(SetManual("p1", "window", low, "eva")).changes[0].value == low
    assert found.do(SetManual("p1", "window", {**low, "low": -1}, "eva")).refused.startswith("VALUE_OUT_OF_RANGE ")
    assert found.do(SetManual("p1", "window", {"low": 1}, "eva")).refused.startswith("VALUE_INVALID ")
    assert found.do(SetOverride("p1", "cells", "forced", "eva", "test", [2, 3.0])).refused == ""
    assert found.state("cells").value == [2.0, 3.0]


def test_a_changed_description_keeps_the_value_where_it_still_fits_and_a_replay_gives_the_same() -> None:
    found = Plant(plan=plan(CELLS, WINDOW))
    found.read(cells=[1.0, 2.0])
    found.do(SetManual("p1", "window", {"low": 1, "mode": "auto"}, "eva"))
    halves = PropertyPlan("cells", "array", items=CELL, max_items=2)
    assert found.do(Load(plan(halves, WINDOW, revision=2))).changes == ()
    one = PropertyPlan("cells", "array", items=CELL, max_items=1)
    less = PropertyPlan("window", "object", fields=WINDOW.fields[:1], access="read-write")
    outcome = found.do(Load(plan(one, less, revision=3)))
    assert [(it.property, it.value, it.known) for it in outcome.changes] == [
        ("cells", None, False),
        ("window", {"low": 1}, True),
    ]
    for after in (0, 4, len(found.journal)):
        other = found.restart(after)
        assert other.engine.state_digest() == found.engine.state_digest()
        other.do(Started())
        assert other.state("window").value == {"low": 1}


def test_a_rule_that_compares_one_is_unknown_and_says_why() -> None:
    found = Plant(plan=plan(CELLS, rules=(rule("odd", compare("cells", "==", 1.0)),)))
    found.read(cells=[1.0])
    assert found.behavior("odd") == ("inactive", "unknown")
    (view,) = found.engine.live.behaviors(found.engine.live.twins["p1"].key)
    assert view.error == "a list or an object can't be compared"
