"""Explanation trees: what each node came to, held equal to the compiled conditions, and what would have to change."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.explain import explained
from app.engine.why_not import MAX_ATOMS, ways_to_true
from app.model.conditions import (
    Among,
    And,
    Arithmetic,
    Between,
    Bound,
    Compare,
    Condition,
    Literal,
    Negative,
    Not,
    Or,
    PropertyRef,
    owners,
    references,
)
from app.model.definitions import DataType
from app.model.events import Basis, PropertyChanged, Read
from app.model.explanation import Way
from app.model.values import Value
from tests.engine.plant import T0
from tests.engine.test_compile import compiled, plants, ref, run, trees

DATA_TYPES: Mapping[str, DataType] = {"n": "float", "m": "float", "a": "boolean", "b": "boolean", "c": "boolean",
                                      "s": "string", "t": "string", "at": "datetime", "i": "integer"}  # fmt: skip


def basis(condition: Condition, bound: tuple[str, ...] = (), **values: Any) -> Basis:
    reads = []
    for found in references(condition):
        if found.name in DATA_TYPES:
            value = values.get(found.name)
            fact = PropertyChanged("p1", found.name, value, "good", T0, T0, value is not None, None)
            reads.append(Read(found.owner, fact, DATA_TYPES[found.name], source="opc"))
    return Basis("x@1", condition, tuple(reads), bound)


def comes_to(condition: Condition, bound: tuple[str, ...] = (), **values: Any) -> bool | None:
    root = explained(basis(condition, bound, **values))[0]
    return root.value if root.type == "boolean" else None


@settings(max_examples=500, deadline=None)
@given(trees, plants, st.fixed_dictionaries({"x": st.booleans(), "y": st.booleans()}))
def test_an_explained_condition_comes_to_what_the_compiled_one_does(
    tree: Condition, values: dict[str, Any], bound: dict[str, bool]
) -> None:
    named = {name: bound[name] for name in sorted(owners(tree))}
    there = tuple(name for name, filled in named.items() if filled)
    assert comes_to(tree, there, **values) is run(tree, named, **values)


@settings(max_examples=300, deadline=None)
@given(trees, plants)
def test_every_note_of_the_compiler_that_could_matter_is_told_by_a_node(
    tree: Condition, values: dict[str, Any]
) -> None:
    known = {name: value if value is not None else {"n": 1, "m": 1, "s": "a", "t": "a"}.get(name, True)
             for name, value in values.items()}  # fmt: skip
    seen = explained(basis(tree, tuple(owners(tree)), **known))
    if (seen[0].type != "boolean" or seen[0].value is None) and isinstance(tree, Compare | Arithmetic | Not):
        assert any(item.why for item in seen) or seen[0].type in ("number", "text")


def test_nodes_stand_before_what_is_under_them_with_their_values_and_reasons() -> None:
    condition = And((Compare(">=", ref("n"), Literal(80.0)), Not(ref("a")), Compare("==", ref("s"), Literal("x"))))
    found = explained(basis(condition, n=78.4, a=True))
    assert [(item.parent, item.value, item.why) for item in found] == [
        (None, False, ""),
        (0, False, ""),
        (1, 78.4, ""),
        (1, 80.0, ""),
        (0, False, ""),
        (4, True, ""),
        (0, None, ""),
        (6, None, "PathSilent"),
        (6, "x", ""),
    ]


def test_a_moment_in_time_is_compared_as_the_compiled_condition_does() -> None:
    condition = Compare(">", ref("at"), Literal("2026-01-02T03:00:00+02:00"))
    assert comes_to(condition, at="2026-01-02T02:00:00.000000Z") is True
    assert comes_to(Compare(">", ref("at"), Literal("tomorrow")), at="2026-01-02T02:00:00.000000Z") is None


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (Compare(">", Arithmetic("/", ref("n"), Literal(0)), Literal(1)), "it is divided by zero"),
        (Compare(">", ref("s"), Literal(1)), "a text is compared with a number"),
        (Compare("==", PropertyRef("backup", "nothing"), Literal(1)), "there is no 'backup.nothing' to read"),
        (Compare(">", ref("a"), Literal(True)), "a boolean has no order for '>'"),
        (Compare(">", Arithmetic("+", ref("a"), Literal(1)), Literal(1)), "'+' needs numbers, not a boolean"),
        (And((ref("n"),)), "a number is used where true or false is needed"),
        (Compare("==", ref("n"), Literal(math.inf)), "a number in it is not finite"),
    ],
)
def test_what_makes_it_unknown_is_told_where_it_is(condition: Condition, why: str) -> None:
    found = explained(basis(condition, n=1.0, s="x", a=True))
    assert found[0].value is None
    assert any(why in item.why for item in found)


# ---------------------------------------------------------------- why not


def none_to_choose(_: PropertyRef) -> tuple[Value, ...]:
    return ()


def ways(condition: Condition, bound: tuple[str, ...] = (), **values: Any) -> list[list[tuple[str, Any]]]:
    """Of each way what its parts need, and the nearest value."""
    found, whole = ways_to_true(basis(condition, bound, **values), none_to_choose)
    assert whole
    return [[(part.needs, part.nearest) for part in way.parts] for way in found]


HOT = Compare(">=", ref("n"), Literal(80.0))


def test_the_nearest_value_is_named() -> None:
    assert ways(HOT, n=78.4) == [[(">= 80.0", 80.0)]]
    assert ways(Not(Compare("<", ref("n"), Literal(80.0))), n=78.4) == [[(">= 80.0", 80.0)]]
    assert ways(Compare("<", Literal(80.0), ref("n")), n=78.4) == [[("> 80.0", math.nextafter(80.0, 100))]]
    assert ways(Compare(">", ref("i"), Literal(5)), i=2) == [[("> 5", 6)]]
    assert ways(Compare("==", ref("s"), Literal("fault")), s="ok") == [[("== 'fault'", "fault")]]
    assert ways(Compare("!=", ref("s"), Literal("fault")), s="fault") == [[("!= 'fault'", None)]]
    assert ways(ref("a"), a=False) == [[("", True)]]
    assert ways(Not(ref("a")), a=True) == [[("", False)]]
    assert ways(Between(ref("n"), Literal(1.0), Literal(5.0)), n=9.0) == [[("", 5.0)]]
    assert ways(Among(ref("n"), (Literal(1.0), Literal(7.0))), n=9.0) == [[("", 7.0)]]
    assert ways(Compare(">", Arithmetic("-", ref("n"), ref("m")), Literal(0.5)), n=3.0, m=2.9) == [
        [("> 0.5", math.nextafter(0.5, 1))]
    ]
    assert ways(Bound("backup")) == [[("", None)]]


def test_an_enum_that_must_be_anything_else_names_one_it_can_be() -> None:
    condition = Compare("!=", ref("s"), Literal("fault"))
    found, _ = ways_to_true(basis(condition, s="fault"), lambda _: ("fault", "running"))
    assert found[0].parts[0].nearest == "running"


def test_what_is_unknown_comes_last_and_says_so() -> None:
    condition = And((Compare(">", ref("m"), Literal(1.0)), HOT))
    found, _ = ways_to_true(basis(condition, n=78.4), none_to_choose)
    assert [(part.needs, part.distance is None) for part in found[0].parts] == [(">= 80.0", False), ("> 1.0", True)]
    assert found[0].distance is None


def test_each_alternative_is_a_way_and_the_nearest_comes_first() -> None:
    far, near = Compare(">", ref("m"), Literal(100)), HOT
    assert ways(Or((far, near)), n=79.0, m=1.0)[0] == [(">= 80.0", 80.0)]
    both = And((Or((far, near)), Compare("==", ref("s"), Literal("on"))))
    assert ways(both, n=79.0, m=1.0, s="off") == [
        [(">= 80.0", 80.0), ("== 'on'", "on")],
        [("== 'on'", "on"), ("> 100", math.nextafter(100.0, 200))],
    ]


def test_only_smallest_sets_are_told() -> None:
    a, b = ref("a"), ref("b")
    assert ways(Or((a, And((a, b)))), a=False, b=False) == [[("", True)]]


def test_what_contradicts_itself_has_no_way() -> None:
    assert ways(And((Compare(">", ref("n"), Literal(90)), Compare("<", ref("n"), Literal(80)))), n=85.0) == []
    assert ways(And((Compare(">", ref("n"), Literal(90)), Compare("<", ref("n"), Literal(80)))), n=95.0) == []
    assert ways(And((Compare("==", ref("s"), Literal("x")), Compare("==", ref("s"), Literal("y")))), s="x") == []
    assert ways(And((ref("a"), Not(ref("a")))), a=True) == []
    assert ways(Literal(False)) == []


def test_a_value_that_suits_both_sides_of_a_band_is_found() -> None:
    band = And((Compare(">", ref("n"), Literal(80.0)), Compare("<", ref("n"), Literal(90.0))))
    assert ways(band, n=95.0) == [[("< 90.0", math.nextafter(90.0, 0))]]
    assert ways(band, n=None) == [[("> 80.0", math.nextafter(80.0, 90)), ("< 90.0", math.nextafter(80.0, 90))]]


def test_a_large_condition_tells_its_first_level_only() -> None:
    many = tuple(Compare(">", ref("n"), Literal(float(number))) for number in range(MAX_ATOMS + 80))
    found, whole = ways_to_true(basis(And(many), n=49.5), none_to_choose)
    assert not whole
    assert [part.needs for part in found[0].parts][:2] == ["> 50.0", "> 51.0"]
    assert len(found[0].parts) == 50
    each, whole = ways_to_true(basis(Or(many), n=-1.0), none_to_choose)
    assert not whole
    assert [way.parts[0].needs for way in each][:2] == ["> 0.0", "> 1.0"]


def changed(way: Way, condition: Condition, values: dict[str, Any]) -> dict[str, Any]:
    seen = explained(basis(condition, ("x", "y"), **values))
    new = dict(values)
    for part in way.parts:
        assert part.subject is not None
        node = seen[part.subject].node
        assert isinstance(node, PropertyRef)
        new[node.name] = part.nearest
    return new


simple = st.one_of(
    st.builds(Compare, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.sampled_from([ref("n"), ref("m")]),
              st.integers(-5, 5).map(lambda number: Literal(float(number)))),
    st.builds(Compare, st.just("=="), st.sampled_from([ref("s"), ref("t")]), st.sampled_from("ab").map(Literal)),
    st.sampled_from([ref("a"), ref("b"), ref("c")]),
)  # fmt: skip
plain_trees: st.SearchStrategy[Condition] = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)
floats = st.one_of(st.integers(-6, 6).map(float), st.none())
plain_plants = st.fixed_dictionaries(
    {"n": floats, "m": floats, "a": st.booleans(), "b": st.none() | st.booleans(), "c": st.booleans(),
     "s": st.sampled_from("abc"), "t": st.sampled_from("abc")}
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(plain_trees, plain_plants)
def test_the_values_of_any_way_make_the_compiled_condition_true(tree: Condition, values: dict[str, Any]) -> None:
    found, whole = ways_to_true(basis(tree, **values), none_to_choose)
    assert whole
    assert (run(tree, **values) is True) <= (not found)
    for way in found:
        if all(part.nearest is not None for part in way.parts):
            assert run(tree, **changed(way, tree, values)) is True


@settings(max_examples=200, deadline=None)
@given(trees, plants)
def test_any_condition_at_all_has_an_answer(tree: Condition, values: dict[str, Any]) -> None:
    found, _ = ways_to_true(basis(tree, **values), none_to_choose)
    assert [way.distance for way in found if way.distance is not None] == sorted(
        way.distance for way in found if way.distance is not None
    )


def test_compiled_notes_are_those_of_the_tree() -> None:
    condition = Compare("==", ref("s"), Negative(ref("s")))
    assert compiled(condition).notes == ("'-' needs numbers, not a number and a text",)
    assert any(item.why == compiled(condition).notes[0] for item in explained(basis(condition, s="x")))
