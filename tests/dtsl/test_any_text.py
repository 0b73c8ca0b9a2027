"""Any text at all gives definitions or diagnostics, soon, and never a traceback."""

import random
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dtsl.check import MAX_PROBLEMS, Checked, check_script
from app.dtsl.format import format_condition
from app.dtsl.parse import MAX_SOURCE, MAX_SYNTAX_ERRORS, parse_condition
from app.errors import Invalid
from tests.dtsl.corpus import CORPUS
from tests.dtsl.plant import catalogue

PLANT = catalogue()
SCRIPTS = [path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*/script.dtsl"))]
PIECES = [
    *("{", "}", "(", ")", "[", "]", ";", ",", ".", "=", "==", "!", "-", "->", "&&", "||", "&", "?", "/*", "*/", "//"),
    *('"', "'", "\\", "\n", "\r\n", "\t", "\ufeff", "\x00", "ä", "\ud800", "\u2028", "1e999", "9" * 40, "3.5", "null"),
    *("overlay", "instance", "of", "twins", "behaviors", "behavior", "when", "then", "if", "as", "true", "alert"),
]


def _answers(source: str) -> Checked:
    checked = check_script(source, PLANT)
    failed = any(found.severity == "error" for found in checked.diagnostics)
    assert not (failed and checked.definitions)
    for found in checked.diagnostics:
        rendered = found.render(source)
        assert rendered.startswith(f"script.dtsl:{found.line}:{found.column}: {found.code} ")
        assert len(rendered) < 2000
        for jargon in ("Token", "LBRACE", "RBRACE", "SEMICOLON", "ANON", "$END", "lark", "NAME", "STRAY"):
            assert jargon not in found.message
            assert jargon not in found.hint
    return checked


def test_mutated_scripts_give_an_answer() -> None:
    chance = random.Random(20250101)
    deadline = time.monotonic() + 6
    tried = 0
    while tried < 400 and time.monotonic() < deadline:
        text = chance.choice(SCRIPTS)
        for _ in range(chance.randint(1, 6)):
            at, width = chance.randrange(len(text)), chance.choice([0, 0, 1, 1, 2, 10, 80])
            text = text[:at] + chance.choice([*PIECES, ""]) + text[at + width :]
        _answers(text)
        tried += 1
    assert tried >= 50


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
        ("overlay X {" + "{" * 100, "DTSL122", "64"),
        ("instance X of Y { metadata { a = " + "[" * 100_000 + "]" * 100_000 + "; } }", "DTSL122", "64"),
        ("overlay X { behaviors { behavior y { when { " + "!" * 50_000 + "a } } } }", "DTSL122", "64"),
        ("overlay X { behaviors { behavior y { when { " + "- " * 50_000 + "a } } } }", "DTSL122", "64"),
        ("overlay X { behaviors { behavior y { when { 1" + " + 1" * 20_000 + " > a.b } } } }", "DTSL122", "64"),
        ("@ " * 100_000, "DTSL123", str(MAX_SYNTAX_ERRORS)),
        ("overlay X { twins { " + "A b c; " * 2_000 + "} }", "DTSL123", str(MAX_SYNTAX_ERRORS)),
        ("overlay X { twins { " + "A b c; " * 50_000 + "} }", "DTSL123", "a script of this size"),
        ("overlay X { twins { " + "Vlave b; " * 20_000 + "} }", "DTSL123", str(MAX_PROBLEMS)),
    ],
    ids=lambda item: str(item)[:24],
)
def test_a_cap_is_named_when_it_is_reached(source: str, code: str, cap: str) -> None:
    started = time.monotonic()

    checked = check_script(source, PLANT)

    assert code in {found.code for found in checked.diagnostics}
    assert any(cap in found.message for found in checked.diagnostics if found.code == code)
    assert checked.definitions == ()
    assert time.monotonic() - started < 20


_LARGE = MAX_SOURCE // 8  # the whole of it takes up to 4 s each: done once, below


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
        "overlay X {} " * (MAX_SOURCE // 13),
    ],
    ids=lambda source: repr(source[:12]),
)
def test_large_texts_are_answered_in_time(source: str) -> None:
    started = time.monotonic()

    _answers(source)

    assert time.monotonic() - started < 30
