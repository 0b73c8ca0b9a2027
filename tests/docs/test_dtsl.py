"""docs/dtsl.md as a promise: its scripts check clean against its own types and are told as it says."""

import json
import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from app.api.schema import sdl
from app.bulk.kinds import kind_of_document
from app.commands.check_scripts import Checked
from app.commands.check_together import check_together
from app.commands.documents import definition_of
from app.dtsl.explain import is_fragment, whole
from app.dtsl.format_script import format_text
from app.dtsl.parse import MAX_SOURCE, MAX_SYNTAX_ERRORS, MAX_WORDS, parse_scripts
from app.model.catalogue import Catalogue
from app.model.definitions import Definition

PAGE = Path(__file__).parents[2] / "docs" / "dtsl.md"
TEXT = PAGE.read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def _definitions() -> list[Definition]:
    (block,) = _blocks("json")
    found = []
    for document in json.loads(block):
        kind = kind_of_document(document)
        assert kind is not None
        found.append(definition_of(kind, document))
    return found


def _checked(script: str, name: str = "script.dtsl") -> Checked:
    together = check_together(parse_scripts([(name, script)]), _definitions(), Catalogue())
    assert [item.problems + item.warnings for item in together.definitions if item.problems or item.warnings] == []
    return together.scripts[0]


def test_the_page_has_examples() -> None:
    assert len(_blocks("dtsl")) >= 7


@pytest.mark.parametrize("script", _blocks("dtsl"))
def test_an_example_is_right(script: str) -> None:
    checked = _checked(whole(script))

    assert [item.render(whole(script)) for item in checked.diagnostics] == []
    assert checked.definitions


@pytest.mark.parametrize("script", [block for block in _blocks("dtsl") if not is_fragment(block)])
def test_a_whole_example_reads_back_from_its_formatted_form(script: str) -> None:
    formatted = format_text(script).text
    assert formatted is not None
    assert format_text(formatted).text == formatted


def test_the_first_example_and_the_one_with_comments_are_formatted_already() -> None:
    first, *_, last = [block for block in _blocks("dtsl") if not is_fragment(block)]
    assert format_text(first).text == first
    assert format_text(last).text == last
    assert "// by hand" in last


def test_a_wrong_script_is_told_as_the_page_says() -> None:
    (script,), (told,), (as_json,) = _blocks("dtsl-wrong"), _blocks("told"), _blocks("json-told")

    checked = _checked(script, "pumps.dtsl")

    assert "\n\n".join(item.render(script) for item in checked.diagnostics) + "\n" == told
    assert checked.diagnostics[0].to_json() == json.loads(as_json)


def test_the_limits_are_those_of_the_program() -> None:
    for limit in (MAX_SOURCE, MAX_WORDS):
        assert f"{limit:,}" in TEXT
    assert f"{MAX_SYNTAX_ERRORS} of the form" in TEXT


def test_the_query_is_valid() -> None:
    (query,) = _blocks("graphql")
    assert validate(build_schema(sdl()), parse(query)) == []
