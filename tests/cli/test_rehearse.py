"""What `what-if` takes, and what `why` shows of a tree."""

from typing import Any

import pytest

from app.errors import Invalid
from app.rehearse import steps_of
from app.why import shown


@pytest.mark.parametrize(
    ("word", "step"),
    [
        ("pump_1.temperature=95", {"set": [{"twinId": "pump_1", "property": "temperature", "value": 95}]}),
        ("P-101.A.status=fault", {"set": [{"twinId": "P-101.A", "property": "status", "value": "fault"}]}),
        (
            'pump_1.note="a, b",pump_2.remote=true',
            {
                "set": [
                    {"twinId": "pump_1", "property": "note", "value": "a, b"},
                    {"twinId": "pump_2", "property": "remote", "value": True},
                ]
            },
        ),
        ("disconnect:pump_1,pump_2", {"disconnect": ["pump_1", "pump_2"]}),
        ("connect:pump_1", {"connect": ["pump_1"]}),
        ("wait:1h30m", {"wait": 5400.0}),
        ("wait:500ms", {"wait": 0.5}),
    ],
)
def test_a_word_is_a_step(word: str, step: dict[str, Any]) -> None:
    assert steps_of([word]) == [step]


def test_every_word_that_is_no_step_is_told() -> None:
    with pytest.raises(Invalid) as error:
        steps_of(["wait:soon", "a.b=1", "nonsense", "disconnect:", "wait:"])
    assert [problem.path for problem in error.value.problems] == ["/steps/0", "/steps/2", "/steps/3", "/steps/4"]


def test_the_tree_shows_conditions_and_leaves_out_what_they_compare() -> None:
    def node(index: int, parent: int | None, kind: str, text: str, evidence: str | None) -> dict[str, Any]:
        return {"index": index, "parent": parent, "kind": kind, "text": text, "evidence": evidence, "why": None}

    nodes = [
        node(0, None, "AND", "a > 1 && b && c == true", "FALSE"),
        node(1, 0, "COMPARE", "a > 1", "TRUE"),
        node(2, 1, "PROPERTY", "a", None),
        node(3, 1, "LITERAL", "1", None),
        node(4, 0, "PROPERTY", "b", "FALSE"),
        node(5, 0, "COMPARE", "c == true", "UNKNOWN"),
        node(6, 5, "PROPERTY", "c", "UNKNOWN"),
    ]
    assert shown({"text": "So it is.", "nodes": nodes}, as_json=False) == (
        "So it is.\n  false   a > 1 && b && c == true\n    true    a > 1\n    false   b\n    unknown c == true"
    )
