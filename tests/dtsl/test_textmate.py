"""docs/editor/dtsl.tmLanguage.json: its patterns color the specification's script and ours as an editor would.

The engine here is the small part of TextMate's that the grammar uses: the first match wins, blocks go on over lines.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dtsl.corpus import CORPUS, specified_scripts

GRAMMAR = json.loads((Path(__file__).parents[2] / "docs" / "editor" / "dtsl.tmLanguage.json").read_text("utf-8"))
Rule = dict[str, Any]


def _rules(rules: list[Rule]) -> Iterator[Rule]:
    for rule in rules:
        if "include" in rule:
            yield from _rules([GRAMMAR["repository"][rule["include"].removeprefix("#")]])
        elif "match" in rule or "begin" in rule:
            yield rule
        else:
            yield from _rules(rule["patterns"])


def _scopes(text: str) -> list[tuple[str, str]]:
    """(scope, text) of everything that gets one."""
    found: list[tuple[str, str]] = []
    top = list(_rules(GRAMMAR["patterns"]))
    open_: Rule | None = None
    for line in text.split("\n"):
        at = 0
        while at <= len(line):
            if open_ is not None:
                end = re.compile(open_["end"]).search(line, at)
                stop = end.end() if end else len(line)
                found.append((open_["name"], line[at:stop]))
                if end is None:
                    break
                open_, at = None, stop
                if stop == len(line):
                    break
                continue
            first: tuple[re.Match[str], Rule] | None = None
            for rule in top:
                match = re.compile(rule.get("match") or rule["begin"]).search(line, at)
                if match and (first is None or match.start() < first[0].start()):
                    first = match, rule
            if first is None:
                break
            match, rule = first
            if "begin" in rule:
                open_, at = rule, match.end()
                found.append((rule["name"], match[0]))
                continue
            if "name" in rule:
                found.append((rule["name"], match[0]))
            for number, capture in rule.get("captures", {}).items():
                if match[int(number)]:
                    found.append((capture["name"], match[int(number)]))
            assert match.end() > at, rule
            at = match.end()
    return found


def test_every_pattern_is_one_and_every_include_is_there() -> None:
    rules = list(_rules(GRAMMAR["patterns"]))
    assert len(rules) > 15
    for rule in rules:
        for key in ("match", "begin", "end"):
            if key in rule:
                groups = re.compile(rule[key]).groups
                assert all(int(number) <= groups for number in rule.get("captures", {}))
    assert GRAMMAR["scopeName"] == "source.dtsl"


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        ("comment.line.double-slash.dtsl", "// Define a pumping system overlay"),
        ("keyword.declaration.overlay.dtsl", "overlay"),
        ("entity.name.type.overlay.dtsl", "PumpingSystem"),
        ("keyword.control.block.dtsl", "twins"),
        ("support.type.twin.dtsl", "CentrifugalPump"),
        ("keyword.operator.optional.dtsl", "?"),
        ("variable.other.role.dtsl", "backupPump"),
        ("keyword.operator.arrow.dtsl", "->"),
        ("entity.name.tag.relationship.dtsl", "inletConnection"),
        ("keyword.control.if.dtsl", "if"),
        ("constant.language.dtsl", "null"),
        ("entity.name.function.behavior.dtsl", "primaryPumpFailure"),
        ("variable.other.property.dtsl", "status"),
        ("keyword.operator.comparison.dtsl", "=="),
        ("keyword.operator.logical.dtsl", "&&"),
        ("constant.numeric.dtsl", "20.0"),
        ("support.function.alert.dtsl", "alert"),
        ("support.constant.severity.dtsl", "critical"),
        ("entity.name.function.method.dtsl", "start"),
        ("entity.name.type.instance.dtsl", "BuildingAPumpingSystem"),
        ("entity.other.inherited-class.dtsl", "PumpingSystem"),
        ("variable.other.assigned.dtsl", "primaryPump"),
    ],
)
def test_the_specifications_script_is_colored(scope: str, text: str) -> None:
    assert (scope, text) in _scopes(specified_scripts()[0])


def test_comments_and_texts_hide_what_is_in_them() -> None:
    found = _scopes((CORPUS / "cooling_loop" / "script.dtsl").read_text(encoding="utf-8"))

    comment = "".join(text for scope, text in found if scope == "comment.block.dtsl")
    assert comment.startswith("/* A cooling loop")
    assert comment.endswith("*/")
    assert ("keyword.declaration.overlay.dtsl", "overlay") in found
    assert sum(scope == "keyword.declaration.overlay.dtsl" for scope, _ in found) == 1
    assert ("support.type.twin.dtsl", "Valve") in found


def test_every_keyword_of_the_language_has_a_color() -> None:
    grammar = (Path(__file__).parents[2] / "app" / "dtsl" / "dtsl.lark").read_text(encoding="utf-8")
    keywords = set(re.findall(r'"([a-z]+)"', re.sub(r"//.*", "", grammar)))
    patterns = " ".join(rule.get("match", "") for rule in _rules(GRAMMAR["patterns"]))
    assert len(keywords) >= 14
    assert {word for word in keywords if not re.search(rf"\b{word}\b", patterns.replace("\\b", " "))} == set()


def test_days_are_colored_where_they_are_days() -> None:
    found = _scopes('when { every friday, weekend at 06:00 && pump.day == 1 && monday.status == "on" }')

    assert [text for scope, text in found if scope == "constant.language.day.dtsl"] == ["friday", "weekend"]
