"""`parse(format(x)) == x`, for every condition and every script; comments stay, wherever they stand."""

import os
import re
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dtsl.ast import Script
from app.dtsl.format_conditions import format_condition
from app.dtsl.format_script import format_script, format_text
from app.dtsl.parse import cut, parse_condition, parse_script
from app.model.conditions import Condition, Literal
from tests.dtsl.corpus import CORPUS, specified_scripts
from tests.dtsl.trees import conditions, scripts


@settings(max_examples=400, deadline=None)
@given(conditions)
def test_a_condition_reads_back_as_it_was_written(condition: Condition) -> None:
    text = format_condition(condition)

    again = parse_condition(text)

    assert again == condition
    assert msgspec.json.encode(again) == msgspec.json.encode(condition)  # 1, 1.0 and true are not the same
    assert format_condition(again) == text


@settings(max_examples=60, deadline=None)
@given(scripts)
def test_a_script_reads_back_as_it_was_written(script: Script) -> None:
    text = format_script(script)

    again, diagnostics = parse_script(text)

    assert diagnostics == []
    assert again == script
    assert repr(_constants(again)) == repr(_constants(script))
    assert format_script(again) == text


def _constants(script: Script) -> list[object]:
    """Their repr tells 1 from 1.0 and true, where == does not."""
    return [
        declaration.document.get(field) for declaration in script.declarations for field in ("metadata", "connectivity")
    ]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_has_no_notation_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="has no notation"):
        format_condition(Literal(number))


def test_an_empty_script_is_an_empty_text() -> None:
    assert format_script(Script()) == ""
    assert parse_script("") == (Script(), [])


# ---------------------------------------------------------------------------------------------------- comments

GAPS = ["", " ", "\n", "\n\n\n", "\t", "\r\n", "\r\n  \r\n", "\f"]
COMMENTS = [
    *("// #\n", "//#{\r\n", "// # \t\n", '////# "\n', "/*#*/", "/* # */", "/* # { */", "/* #\n   more\n\n     }\n*/"),
    *("/*\n#\r\n\t  x */", "/** #\r\n * starred\r\n */", "/* # // */"),
]


@st.composite
def commented(draw: st.DrawFn) -> tuple[Script, str, int]:
    """A script, a text that means it, and how many comments are in that."""
    script = draw(scripts)
    gaps = st.lists(st.sampled_from([*GAPS, *COMMENTS]), max_size=3)
    parts = draw(gaps)
    for token in cut(format_script(script)):
        parts += [f"\n{token}\n" if token.type == "COMMENT" else f"{token} ", *draw(gaps)]
    count = sum("#" in part for part in parts if part in COMMENTS)
    numbers = iter(range(count))
    return script, "".join(_numbered(part, numbers) if part in COMMENTS else part for part in parts), count


def _numbered(comment: str, numbers: Iterator[int]) -> str:
    return comment.replace("#", f"#{next(numbers)}#")


@settings(max_examples=40, deadline=None)
@given(commented())
def test_every_comment_stays_and_changes_nothing(case: tuple[Script, str, int]) -> None:
    script, text, count = case

    formatted = format_text(text).text

    assert formatted is not None
    assert [formatted.count(f"#{number}#") for number in range(count)] == [1] * count
    assert parse_script(formatted) == (script, [])
    assert format_text(formatted).text == formatted
    assert "\n\n\n" not in _without_comments(formatted)
    assert not any(line.endswith((" ", "\t", "\r")) for line in formatted.split("\n"))


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "x", text, flags=re.S)


@settings(max_examples=40, deadline=None)
@given(scripts)
def test_what_is_written_by_hand_is_formatted_as_what_is_exported(script: Script) -> None:
    """Both are one canonical form: nothing is left of how the text was laid out."""
    canonical = format_script(script)

    assert format_text(canonical).text == canonical
    words = [f"\n{token}\n" if token.type == "COMMENT" else str(token) for token in cut(canonical)]
    assert format_text(" ".join(words)).text == canonical


@pytest.mark.parametrize("case", sorted(path.name for path in (CORPUS / "comments").iterdir()))
def test_comments_stay_where_a_reader_looks_for_them(case: str) -> None:
    folder = CORPUS / "comments" / case
    source = (folder / "script.dtsl").read_bytes().decode()
    expected = folder / "formatted.dtsl"

    said = format_text(source).text

    if os.environ.get("REWRITE_EXPECTED"):
        expected.write_text(said or "", encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
    assert format_text(said).text == said


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
@pytest.mark.parametrize("indent", ["\t", "   ", ""])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_line_ends_tabs_and_byte_order_mark_make_no_difference(ends: str, indent: str, mark: str) -> None:
    source = (CORPUS / "cooling_loop" / "formatted.dtsl").read_text(encoding="utf-8")
    lines = source.split("\n")
    foreign = mark + ends.join(indent * ((len(line) - len(line.lstrip())) // 2) + line.lstrip() for line in lines)

    assert format_text(foreign).text == source


def test_the_specifications_scripts_keep_their_comments_and_come_to_rest() -> None:
    for script in specified_scripts():
        formatted = format_text(script)

        assert formatted.diagnostics == ()
        assert formatted.text is not None
        for line in script.split("\n"):
            _, mark, comment = line.partition("//")
            if mark:
                assert f"//{comment.rstrip()}\n" in formatted.text
        assert format_text(formatted.text).text == formatted.text


def test_the_specifications_first_script_is_formatted_already_but_for_spaces_at_line_ends() -> None:
    script = specified_scripts()[0]

    assert format_text(script).text == "\n".join(line.rstrip() for line in script.split("\n"))


@pytest.mark.parametrize("text", ["overlay X {", "overlay X { twins { A a }", 'overlay "no identifier!" {}', "/* x"])
def test_what_cannot_be_read_is_not_formatted(text: str) -> None:
    formatted = format_text(text)

    assert formatted.text is None
    assert formatted.diagnostics


def test_a_text_of_comments_alone_is_kept() -> None:
    assert format_text("\n\n  // a\n\n\n\n /* b */ // c\n\n").text == "// a\n\n/* b */\n// c\n"
    assert format_text(" \n\t").text == ""


def test_what_describes_nothing_does_not_begin_to_when_it_is_moved() -> None:
    source = "overlay X {\n  twins {\n    Valve\n    /// inside\n    valve;\n  }\n}\n"

    text = format_text(source).text

    assert text is not None
    assert "    // inside\n    Valve valve;" in text
    assert parse_script(text)[0] == parse_script(source)[0]
    assert format_text(text).text == text
