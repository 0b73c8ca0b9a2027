"""Patches between two answers: whatever the two are, the one applied to the first is the second."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.api.live.patch import patch
from tests.api.json_patch import patched

NAMES = st.sampled_from(["a", "b", "/", "~", "~1", ""])
LEAVES = st.none() | st.booleans() | st.sampled_from([0, 1, 2, 0.0, 1.0, -0.0, "", "a", "b"])
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def pages(draw: st.DrawFn) -> dict[str, Any]:
    """Nodes that are told apart by a field, in any order; edges that are by one inside."""
    ids = draw(st.lists(st.sampled_from("pqrstuvw"), unique=True, max_size=8))
    nodes = [{"kind": "pump", "twinId": id, "value": draw(st.integers(0, 1)), "more": draw(ANYTHING)} for id in ids]
    return {"nodes": nodes, "edges": [{"cursor": draw(st.sampled_from("xy")), "node": {"id": id}} for id in ids]}


def encoded(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@given(before=ANYTHING | pages(), after=ANYTHING | pages())
def test_a_patch_makes_the_one_answer_of_the_other(before: Any, after: Any) -> None:
    found = json.loads(json.dumps(patch(before, after)))
    assert encoded(patched(before, found)) == encoded(after)


@given(before=ANYTHING | pages(), after=ANYTHING | pages())
def test_a_patch_is_no_longer_than_the_whole_would_be(before: Any, after: Any) -> None:
    whole = [{"op": "replace", "path": "", "value": after}]
    assert len(json.dumps(patch(before, after))) <= max(len(json.dumps(whole)), 2) + 2


@given(answer=ANYTHING | pages())
def test_nothing_is_said_of_what_is_the_same(answer: Any) -> None:
    assert patch(answer, json.loads(json.dumps(answer))) == []


def row(name: str, value: int = 1) -> dict[str, Any]:
    return {"twinId": name, "value": {"number": value, "unit": "celsius", "quality": "GOOD"}}


def test_what_joins_leaves_or_moves_is_one_operation() -> None:
    rows = [row(name) for name in "abcdefgh"]
    assert patch(rows, [row("x"), *rows]) == [{"op": "add", "path": "/0", "value": row("x")}]
    assert patch(rows, rows[1:]) == [{"op": "remove", "path": "/0"}]
    assert patch(rows, [*rows[1:], rows[0]]) == [{"op": "move", "from": "/0", "path": "/7"}]
    assert patch(rows, [rows[7], *rows[:7]]) == [{"op": "move", "from": "/7", "path": "/0"}]


def test_one_value_is_one_operation_however_long_the_page() -> None:
    rows = [row(name) for name in "abcdefgh"]
    changed = [row("a", 2) if item["twinId"] == "a" else item for item in rows]
    assert patch({"nodes": rows}, {"nodes": changed}) == [
        {"op": "replace", "path": "/nodes/0/value/number", "value": 2}
    ]


def test_true_and_one_are_two_things() -> None:
    assert patch({"json": 1}, {"json": True}) == [{"op": "replace", "path": "/json", "value": True}]
