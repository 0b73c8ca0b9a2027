"""`parse(format(x)) == x`, for every condition and every script."""

import msgspec
import pytest
from hypothesis import given, settings

from app.dtsl.ast import Script
from app.dtsl.format import format_condition, format_script
from app.dtsl.parse import parse_condition, parse_script
from app.model.conditions import Condition, Literal
from tests.dtsl.trees import conditions, scripts


@settings(max_examples=400, deadline=None)
@given(conditions)
def test_a_condition_reads_back_as_it_was_written(condition: Condition) -> None:
    text = format_condition(condition)

    again = parse_condition(text)

    assert again == condition
    assert msgspec.json.encode(again) == msgspec.json.encode(condition)  # 1, 1.0 and true are not the same
    assert format_condition(again) == text


@settings(max_examples=150, deadline=None)
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
    return [entry.value.value for declaration in script.declarations for entry in declaration.metadata]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_has_no_notation_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="has no notation"):
        format_condition(Literal(number))


def test_an_empty_script_is_an_empty_text() -> None:
    assert format_script(Script()) == ""
    assert parse_script("") == (Script(), [])
