"""One condition at a time: what it parses to, what it is written as, what is refused."""

from timeit import repeat

import pytest

from app.dtsl.format import conjuncts, format_condition
from app.dtsl.parse import parse_condition, parse_conditions
from app.errors import Invalid
from app.model.conditions import (
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
)
from tests.dtsl.corpus import CORPUS

LINES = [
    line
    for line in (CORPUS / "conditions.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
STATUS, X = PropertyRef(None, "status"), PropertyRef(None, "x")


@pytest.mark.parametrize("line", LINES)
def test_a_condition_has_one_canonical_spelling(line: str) -> None:
    written, _, canonical = line.partition("  =>  ")

    assert format_condition(parse_condition(written)) == (canonical or written)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("status == 'running'", Compare("==", STATUS, Literal("running"))),
        ('pump_123.status != "fault"', Compare("!=", PropertyRef("pump_123", "status"), Literal("fault"))),
        ("primaryPump.flowRate > 2", Compare(">", PropertyRef("primary_pump", "flow_rate"), Literal(2))),
        ("'P-101A'.x < 2.5", Compare("<", PropertyRef("P-101A", "x"), Literal(2.5))),
        ("this.'a.b'", PropertyRef(None, "a.b")),
        ("backupPump != null", Bound("backup_pump")),
        ("backupPump == null", Not(Bound("backup_pump"))),
        ("x && !x || x", Or((And((X, Not(X))), X))),
        ("x - 1 - -1", Arithmetic("-", Arithmetic("-", X, Literal(1)), Literal(-1))),
        ("-x * 2", Arithmetic("*", Negative(X), Literal(2))),
        ("-(1)", Negative(Literal(1))),
        ("true", Literal(True)),
    ],
)
def test_a_condition_parses_to_its_tree(text: str, tree: Condition) -> None:
    assert parse_condition(text) == tree


@pytest.mark.parametrize(
    ("text", "code", "path", "says"),
    [
        ("", "DTSL104", "1:1", "expected a value"),
        ("status ==", "DTSL104", "1:10", "unexpected end"),
        ("status = 'on'", "DTSL111", "1:8", "does not compare"),
        ("a == 1 and b == 2", "DTSL112", "1:8", "'and' is no operator"),
        ("a == 1 or b == 2", "DTSL112", "1:8", "'or' is no operator"),
        ("not a", "DTSL112", "1:1", "'not' is no operator"),
        ("a & b", "DTSL101", "1:3", "unexpected character '&'"),
        ("1 < x < 3", "DTSL110", "1:7", "can't be chained"),
        ("(a", "DTSL106", "1:1", "never closed"),
        ("a)", "DTSL107", "1:2", "closes nothing"),
        ("a == 'x", "DTSL102", "1:6", "never closed"),
        ("a /* b", "DTSL103", "1:3", "never closed"),
        ("this.b.c == 1", "DTSL114", "1:1", "too many parts"),
        ("this.b != null", "DTSL113", "1:1", "null only tests"),
        ("a > null", "DTSL113", "1:1", "null only tests"),
        ("null", "DTSL113", "1:1", "null only tests"),
        ("a == '\\q'", "DTSL108", "1:7", "'\\q' means nothing"),
        ("a == '\\ud800'", "DTSL108", "1:7", "means nothing"),
        ("a == '\ud800'", "DTSL117", "1:7", "half a character"),
        ("a == 9223372036854775808", "DTSL109", "1:6", "too large"),
        ("a == " + "9" * 5000, "DTSL109", "1:6", "too large"),
        ("a == 1e400", "DTSL109", "1:6", "too large"),
        ("'a b'.c == 1", "DTSL115", "1:1", "not an identifier"),
        ("a b", "DTSL104", "1:3", "expected an operator"),
        ("a ==\n  == b", "DTSL104", "2:3", "expected a value"),
        ("temp == 5 bar", "DTSL104", "1:11", "unexpected 'bar'"),
        ("ä == 1", "DTSL101", "1:1", "U+00E4"),
        ("a == 1;", "DTSL104", "1:7", "unexpected ';'"),
        ("a" * 10_001, "DTSL121", "1:1", "the limit is 10000"),
        ("(" * 65 + "a" + ")" * 65, "DTSL122", "1:65", "deeper than 64"),
        ("!" * 65 + "a", "DTSL122", "1:65", "deeper than 64"),
        ("1" + " + 1" * 70 + " > 0", "DTSL122", "1:1", "deeper than 64"),
    ],
)
def test_a_wrong_condition_says_what_and_where(text: str, code: str, path: str, says: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_condition(text)

    (problem, *_) = caught.value.problems
    assert (problem.code, problem.path) == (code, path)
    assert says in problem.message
    assert caught.value.code == "CONDITION_INVALID"


def test_several_faults_of_a_condition_come_together() -> None:
    with pytest.raises(Invalid) as caught:
        parse_condition("a = 1 and b = 2 & this.d.e")

    assert [item.code for item in caught.value.problems] == ["DTSL111", "DTSL112", "DTSL111", "DTSL101", "DTSL114"]


def test_nesting_up_to_the_cap_is_fine() -> None:
    text = "(" * 64 + "a" + ")" * 64
    assert format_condition(parse_condition(text)) == "a"
    deepest = "!" * 63 + "a"
    assert format_condition(parse_condition(deepest)) == deepest


def test_a_conditions_list_is_a_conjunction_and_back() -> None:
    texts = ["a == 1 || b == 2", "c != null", "c.d > 3"]

    together = parse_conditions(texts)

    assert isinstance(together, And)
    assert [format_condition(part) for part in conjuncts(together)] == texts
    assert format_condition(together) == "(a == 1 || b == 2) && c != null && c.d > 3"


def test_a_byte_order_mark_and_foreign_line_ends_do_not_matter() -> None:
    assert parse_condition("\ufeffa == 1\r\n\t&& b\f") == parse_condition("a == 1 && b")


def test_the_same_text_is_parsed_once() -> None:
    assert parse_condition("pump_1.speed > 12.25") is parse_condition("pump_1.speed > 12.25")


def test_a_hundred_characters_parse_in_under_five_milliseconds() -> None:
    # Measured 0.2 ms; the bound is what a busy machine may take, for the best of many.
    texts = iter(f"pump_{index}.status == 'running' && sensor_{index}.flow_rate > 20.0" for index in range(10_000))
    assert min(repeat(lambda: parse_condition(next(texts)), number=1, repeat=50)) < 0.005
