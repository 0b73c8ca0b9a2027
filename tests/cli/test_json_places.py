"""A pointer's place in a JSON text is the value it means, whatever the text looks like."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.commands.pointers import pointer
from app.json_places import place_of

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [(path, value), *(found for key, item in inner for found in _paths(item, (*path, key)))]


@given(values, st.sampled_from([None, 1, 4]), st.booleans(), st.sampled_from(["", " \n\t"]))
def test_every_value_is_found(value: Any, indent: int | None, ascii_only: bool, before: str) -> None:
    text = before + json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    for path, item in _paths(value):
        start, end = place_of(text, pointer(path))
        if isinstance(item, dict | list):
            assert text[start:end] == ("{" if isinstance(item, dict) else "[")
        else:
            assert json.loads(text[start:end]) == item


def test_where_the_pointer_leads_nowhere_the_innermost_part_is_shown() -> None:
    assert place_of('{"a": {"b": 1}}', "/a/c/d") == (6, 7)
    assert place_of('{"a": 1}', "/a/b") == (6, 7)
    assert place_of("[1, 2]", "/7") == (0, 1)


def test_of_a_key_that_stands_twice_the_last_is_meant() -> None:
    assert place_of('{"a": 1, "a": 2}', "/a") == (14, 15)


def test_any_text_has_places() -> None:
    for text in ("", "{", '{"a', '{"a": ', "[1", "nope", "1" * 5000, "[" * 100_000):
        assert place_of(text, "")[0] == 0
