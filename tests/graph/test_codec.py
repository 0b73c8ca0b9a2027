"""Values and documents on their way to the graph and back."""

import json
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from app.graph import codec
from app.model.events import Cause, TwinEventOccurred

CAUSE = Cause("reading", "plant", 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_any_value_becomes_something_that_bolt_can_carry(value: Any) -> None:
    kept, kind = codec.native(value)
    kept = cast(object, kept)
    assert kept is None or isinstance(kept, bool | int | float | str)
    if isinstance(kept, str):
        kept.encode()
    if kind == "integer":
        assert isinstance(kept, int)
        assert -(2**63) <= kept < 2**63


@given(st.text(st.characters(codec="utf-8")))
def test_valid_text_is_not_touched(text: str) -> None:
    assert codec.clean(text) == text


@given(st.text(st.characters()))
def test_any_text_becomes_valid(text: str) -> None:
    codec.clean(text).encode()
    json.loads(codec.encoded({"text": text}))


def test_surrogate_pairs_of_json_become_the_character_they_mean() -> None:
    assert codec.clean("\ud83c\udfed") == "🏭"
    assert codec.clean("a\ud800") == "a\ufffd"


def test_last_events_are_merged_newest_first_each_once() -> None:
    def event(name: str, at: int, value: Any = None) -> TwinEventOccurred:
        return TwinEventOccurred("t", name, at, {"v": value}, CAUSE)

    stored = codec.merged_events(None, [event("a", 1, (1, 2)), event("b", 2)])
    again = codec.merged_events(stored, [event("a", 1, (1, 2)), event("late", 0), event("c", 2)])
    assert [item["name"] for item in json.loads(again)] == ["c", "b", "a", "late"]
