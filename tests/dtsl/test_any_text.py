"""Any text at all gives definitions or diagnostics, soon, and never a traceback."""

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.commands.check_scripts import MAX_PROBLEMS, check_script
from app.dtsl.format_conditions import format_condition
from app.dtsl.parse import MAX_SOURCE, MAX_SYNTAX_ERRORS, MAX_WORDS, parse_condition
from app.errors import Invalid
from tests.dtsl.corpus import CORPUS
from tests.dtsl.mutants import PIECES, answer, mutants
from tests.dtsl.plant import catalogue

PLANT = catalogue()
SCRIPT = (CORPUS / "cooling_loop" / "script.dtsl").read_text(encoding="utf-8")


def _answers(source: str) -> None:
    answer(source, PLANT)


def test_mutated_scripts_give_an_answer() -> None:
    """tests/bench/dtsl_fuzz.py is the long run, and the one with a clock."""
    deadline = time.monotonic() + 6
    tried = 0
    for text in mutants(seed=20250101):
        answer(text, PLANT)
        tried += 1
        if tried == 400 or time.monotonic() > deadline:
            break
    assert tried >= 30


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map(" ".join))
def test_soup_gives_an_answer(text: str) -> None:
    _answers(text)
    with suppress(Invalid):
        format_condition(parse_condition(text))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_unicode_gives_an_answer(text: str) -> None:
    _answers(text)


@pytest.mark.parametrize(
    ("source", "code", "cap"),
    [
        ("x" * (MAX_SOURCE + 1), "DTSL120", str(MAX_SOURCE)),
        ("x " * (MAX_WORDS + 1), "DTSL120", str(MAX_WORDS)),
        ("/**/" * (MAX_WORDS + 1), "DTSL120", str(MAX_WORDS)),
        ('instance X of Y { metadata { a = "' + "a" * 10_001 + '"; } }', "DTSL125", "10000"),
        ("instance X of Y { metadata { a = [" + "1, " * 10_000 + "1]; } }", "DTSL126", "10000"),
        ("overlay X {" + "{" * 100, "DTSL122", "64"),
        ("instance X of Y { metadata { a = " + "[" * 50_000 + "]" * 50_000 + "; } }", "DTSL122", "64"),
        ("overlay X { behaviors { behavior y { when { " + "!" * 50_000 + "a } } } }", "DTSL122", "64"),
        ("overlay X { behaviors { behavior y { when { " + "- " * 50_000 + "a } } } }", "DTSL122", "64"),
        ("overlay X { behaviors { behavior y { when { 1" + " + 1" * 20_000 + " > a.b } } } }", "DTSL122", "64"),
        ("@ " * 100_000, "DTSL123", str(MAX_SYNTAX_ERRORS)),
        ("overlay X { twins { " + "A b c; " * 500 + "} }", "DTSL123", str(MAX_SYNTAX_ERRORS)),
        ("overlay X { twins { " + "A b c; " * 25_000 + "} }", "DTSL123", "a script of this size"),
        ("overlay X { twins { " + "Vlave b; " * 20_000 + "} }", "DTSL123", str(MAX_PROBLEMS)),
    ],
    ids=lambda item: str(item)[:24],
)
def test_a_cap_is_named_when_it_is_reached(source: str, code: str, cap: str) -> None:
    started = time.process_time()

    checked = check_script(source, PLANT)

    assert code in {found.code for found in checked.diagnostics}
    assert any(cap in found.message for found in checked.diagnostics if found.code == code)
    assert checked.definitions == ()
    assert time.process_time() - started < 20  # measured 3 s at most, on a quiet machine


_LARGE = MAX_SOURCE // 20


@pytest.mark.parametrize(
    "source",
    [
        '"' * _LARGE,
        "'" + ";" * _LARGE,
        "/*" * _LARGE,
        "/" * _LARGE,
        "\\" * _LARGE,
        "1" * _LARGE,
        "{" * _LARGE,
        "}" * _LARGE,
        ";" * _LARGE,
        "overlay " * (_LARGE // 8),
        "overlay X {} " * (_LARGE // 13),
        "overlay X { " * (_LARGE // 12),
        "overlay X { twins {" + " when when;" * (_LARGE // 11),
        "\n" * _LARGE,
        "\ud800" * _LARGE,
        "overlay X {} " * (MAX_WORDS // 20),
        "overlay X { twins { " + "".join(f"Valve v{number}; " for number in range(MAX_WORDS // 20)) + "} }",
    ],
    ids=lambda source: repr(source[:12]),
)
def test_large_texts_are_answered_in_time(source: str) -> None:
    started = time.process_time()

    _answers(source)

    assert time.process_time() - started < 30


def test_many_misspellings_beside_many_names_are_answered_in_time() -> None:
    roles = "".join(f"Valve v{number}; " for number in range(5_000))
    wrong = "".join(f"behavior b{number} {{ when {{ vx{number}.position > 1 }} }} " for number in range(250))
    started = time.process_time()

    _answers(f"overlay X {{ twins {{ {roles} }} behaviors {{ {wrong} }} }}")

    assert time.process_time() - started < 30


def test_a_limit_of_an_actions_document_is_told_where_the_action_stands() -> None:
    source = SCRIPT.replace("The duty pump is gone", "\x06")

    (found,) = check_script(source, PLANT).diagnostics

    assert found.code == "DTSL124"
    assert found.message == "this action can't be saved: control character U+0006 is not allowed"
    assert source.split("\n")[found.line - 1].strip().startswith("alert(critical")
