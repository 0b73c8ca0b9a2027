"""Conditions: exhaustive truth tables, every kind of operand, and a naive evaluator that compiled ones must equal."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.compile import Compiled, TooDeep, ValueType, compile_condition
from app.model.conditions import (
    MAX_NESTING,
    And,
    Arithmetic,
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

TYPES: Mapping[str, ValueType] = {"n": "number", "m": "number", "a": "boolean", "b": "boolean", "c": "boolean",
                                  "s": "text", "t": "text", "at": "time", "then": "time"}  # fmt: skip


class Held:
    """All that a compiled condition needs of a cell."""

    def __init__(self, live: Any) -> None:
        self.live = live


def compiled(condition: Condition, bound: Mapping[str, bool] | None = None) -> Compiled:
    types = {ref: TYPES.get(ref.name) for ref in references(condition)}
    return compile_condition(condition, types, bound or dict.fromkeys(owners(condition), True))


def run(condition: Condition, bound: Mapping[str, bool] | None = None, **values: Any) -> bool | None:
    built = compiled(condition, bound)
    return built.test(*(Held(values.get(ref.name)) for ref in built.reads))


def ref(name: str) -> PropertyRef:
    return PropertyRef(None, name)


TRUTHS = (True, False, None)
TRIPLES = list(itertools.product(TRUTHS, repeat=3))
A, B, C = ref("a"), ref("b"), ref("c")


def naive_and(*items: bool | None) -> bool | None:
    return False if False in items else None if None in items else True


def naive_or(*items: bool | None) -> bool | None:
    return True if True in items else None if None in items else False


@pytest.mark.parametrize("values", TRIPLES)
def test_and_is_false_where_one_is_false_and_unknown_only_where_nothing_decides(
    values: tuple[bool | None, ...],
) -> None:
    held: dict[str, Any] = dict(zip("abc", values, strict=True))
    assert run(And((A, B, C)), **held) is naive_and(*values)
    assert run(Not(And((A, B, C))), **held) is (None if naive_and(*values) is None else not naive_and(*values))


@pytest.mark.parametrize("values", TRIPLES)
def test_or_is_true_where_one_is_true_and_unknown_only_where_nothing_decides(values: tuple[bool | None, ...]) -> None:
    held: dict[str, Any] = dict(zip("abc", values, strict=True))
    assert run(Or((A, B, C)), **held) is naive_or(*values)
    assert run(And((Or((A, B)), Not(C))), **held) is naive_and(
        naive_or(values[0], values[1]), None if values[2] is None else not values[2]
    )


@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize(("left", "right"), [(1, 2), (2, 1), (2, 2.0), (2.5, 2), (None, 1), (1, None), (None, None)])
def test_integers_and_floats_compare_as_numbers_and_unknown_operands_give_unknown(
    op: Any, left: float | None, right: float | None
) -> None:
    expected = None if left is None or right is None else COMPARISONS[op](left, right)
    assert run(Compare(op, ref("n"), ref("m")), n=left, m=right) is expected


@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
def test_booleans_have_no_order_and_are_no_numbers(op: Any) -> None:
    assert run(Compare(op, A, B), a=True, b=False) is None
    assert run(Compare("==", A, Literal(1)), a=True) is None
    assert run(Compare("==", Arithmetic("+", A, Literal(1)), Literal(2)), a=True) is None
    assert run(Compare("==", A, Literal(True)), a=True) is True


def test_text_compares_with_text_only() -> None:
    assert run(Compare("==", ref("s"), Literal("fault")), s="fault") is True
    assert run(Compare("!=", ref("s"), ref("t")), s="x", t="x") is False
    assert run(Compare("<", ref("s"), Literal("b")), s="a") is True
    assert run(Compare("==", ref("s"), Literal(1)), s="1") is None
    assert compiled(Compare("==", ref("s"), Literal(1))).notes == ("a text is compared with a number",)


def test_moments_compare_by_time_whatever_zone_the_constant_is_written_in() -> None:
    earlier = Literal("2026-01-02T03:00:00+02:00")
    assert run(Compare(">", ref("at"), earlier), at="2026-01-02T02:00:00.000000Z") is True
    assert run(Compare("==", earlier, ref("at")), at="2026-01-02T01:00:00.000000Z") is True
    assert run(Compare("<", ref("at"), ref("then")), at="2026-01-02T01:00:00.000000Z", then=None) is None
    note = compiled(Compare(">", ref("at"), Literal("tomorrow"))).notes
    assert note == ("'tomorrow' is not a date and time",)


@pytest.mark.parametrize(
    ("op", "left", "right"),
    [
        ("/", 1.0, 0.0),
        ("/", 1, 0),
        ("%", 1.0, 0.0),
        ("%", 1, 0),
        ("*", 1e308, 10.0),
        ("-", -1e308, 1e308),
        ("+", 1e308, 1e308),
    ],
)
def test_division_by_zero_and_overflow_are_unknown_and_do_not_hide_what_decides(
    op: Any, left: float, right: float
) -> None:
    broken = Compare(">", Arithmetic(op, ref("n"), ref("m")), Literal(0))
    assert run(broken, n=left, m=right) is None
    assert run(And((broken, A)), n=left, m=right, a=False) is False
    assert run(Or((broken, A)), n=left, m=right, a=True) is True


def test_a_remainder_has_the_sign_of_its_dividend() -> None:
    condition = Compare("==", Arithmetic("%", ref("n"), Literal(3)), Literal(-1))
    assert run(condition, n=-7) is True
    assert run(condition, n=-7.0) is True


def test_a_large_integer_is_compared_exactly() -> None:
    assert run(Compare("==", ref("n"), Literal(2**63 - 1)), n=2**63 - 1) is True
    assert run(Compare("==", ref("n"), Literal(2**63 - 1)), n=2**63 - 2) is False


def test_a_null_test_is_never_unknown() -> None:
    role = Bound("backup")
    reads = PropertyRef("backup", "missing")
    assert run(role, {"backup": True}) is True
    assert run(role, {"backup": False}) is False
    assert run(And((role, Compare("==", reads, Literal(1)))), {"backup": False}) is False
    assert run(And((role, Compare("==", reads, Literal(1)))), {"backup": True}) is None
    assert run(Or((Not(role), Compare("==", reads, Literal(1)))), {"backup": False}) is True


def test_a_property_that_is_not_there_is_unknown_and_noted() -> None:
    built = compiled(Compare("==", PropertyRef("backup", "speed"), Literal(1)))
    assert built.reads == ()
    assert built.test() is None
    assert built.notes == ("there is no 'backup.speed' to read",)


@pytest.mark.parametrize("node", [Literal(5), Literal("yes"), ref("n"), ref("s"), Literal(math.inf)])
def test_what_is_no_truth_is_unknown_where_one_is_needed(node: Condition) -> None:
    assert run(node, n=1, s="x") is None
    assert run(And((node, Literal(False))), n=1, s="x") is False
    assert compiled(node).notes


def test_constants_never_become_code() -> None:
    nasty = "' or __import__('os').system('false') or '"
    assert run(Compare("==", ref("s"), Literal(nasty)), s=nasty) is True
    assert run(Compare("==", ref("s"), Literal(nasty)), s="") is False


def test_a_condition_that_nests_too_deeply_is_refused_and_one_at_the_limit_runs() -> None:
    node: Condition = A
    for _ in range(MAX_NESTING - 1):
        node = Not(node)
    assert run(node, a=True) is (MAX_NESTING % 2 == 1)
    with pytest.raises(TooDeep):
        compile_condition(Not(node), {A: "boolean"}, {})


def test_a_very_wide_condition_runs() -> None:
    wide = Or(tuple(Compare("==", ref("n"), Literal(number)) for number in range(2000)))
    assert run(wide, n=1999) is True
    assert run(Not(wide), n=2000) is True


# ---------------------------------------------------------------- against a naive evaluator

COMPARISONS: Mapping[str, Any] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


ARITHMETIC: Mapping[str, Any] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": math.fmod,
}


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def naive(node: Condition, values: Mapping[str, Any], bound: Mapping[str, bool]) -> Any:
    """Looks at values where the compiler looks at types; a value of a wrong type counts as unknown."""

    def truth(item: Condition) -> bool | None:
        found = naive(item, values, bound)
        return found if isinstance(found, bool) else None

    match node:
        case Literal(value=value):
            return value
        case PropertyRef(name=name):
            return values[name]
        case Bound(owner=owner):
            return bound[owner]
        case Not(item=item):
            found = truth(item)
            return None if found is None else not found
        case And(items=items):
            return naive_and(*map(truth, items))
        case Or(items=items):
            return naive_or(*map(truth, items))
        case Negative(item=item):
            return naive(Arithmetic("-", Literal(0), item), values, bound)
        case Compare(op=op, left=left, right=right):
            one, two = naive(left, values, bound), naive(right, values, bound)
            if (is_number(one) and is_number(two)) or (isinstance(one, str) and isinstance(two, str)):
                return COMPARISONS[op](one, two)
            if isinstance(one, bool) and isinstance(two, bool) and op in ("==", "!="):
                return COMPARISONS[op](one, two)
            return None
        case Arithmetic(op=op, left=left, right=right):
            one, two = naive(left, values, bound), naive(right, values, bound)
            if not is_number(one) or not is_number(two) or (op in "/%" and two == 0):
                return None
            try:
                result = ARITHMETIC[op](one, two)
            except OverflowError:
                return None
            return result if math.isfinite(result) else None


numbers = st.one_of(st.integers(-5, 5), st.sampled_from([0.0, 0.5, -2.5, 1e300, 1e308]))
texts = st.sampled_from(["", "a", "b", "fault"])
leaves = st.one_of(
    st.builds(Literal, st.one_of(numbers, texts, st.booleans())),
    st.sampled_from("nmabcst").map(ref),
    st.builds(Bound, st.sampled_from(["x", "y"])),
)
trees: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Compare, st.sampled_from(list(COMPARISONS)), inner, inner),
        st.builds(Arithmetic, st.sampled_from("+-*/%"), inner, inner),
        st.builds(Not, inner),
        st.builds(Negative, inner),
        st.builds(And, st.lists(inner, min_size=1, max_size=4).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=4).map(tuple)),
    ),
    max_leaves=12,
)
plants = st.fixed_dictionaries(
    {name: st.none() | {"number": numbers, "boolean": st.booleans(), "text": texts}[TYPES[name]] for name in "nmabcst"}
)


@settings(max_examples=1000, deadline=None)
@given(trees, plants, st.fixed_dictionaries({"x": st.booleans(), "y": st.booleans()}))
def test_a_compiled_condition_equals_the_naive_evaluation_of_its_tree(
    tree: Condition, values: dict[str, Any], bound: dict[str, bool]
) -> None:
    expected = naive(tree, values, bound)
    named = {name: bound[name] for name in sorted(owners(tree))}
    assert run(tree, named, **values) is (expected if isinstance(expected, bool) else None)


@settings(max_examples=300, deadline=None)
@given(trees, plants, plants)
def test_knowing_less_never_turns_true_into_false_or_false_into_true(
    tree: Condition, values: dict[str, Any], mask: dict[str, Any]
) -> None:
    less = {name: value if mask[name] is not None else None for name, value in values.items()}
    bound = dict.fromkeys(owners(tree), True)
    before, after = run(tree, bound, **values), run(tree, bound, **less)
    assert after is None or after is before
