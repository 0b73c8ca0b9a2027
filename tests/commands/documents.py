"""Hypothesis strategies for the JSON of documents: free-form values, and objects with named lists."""

from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "c", "d", "e/f", "g~h", ""])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, -2.5]) | st.text(max_size=3)
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)


@st.composite
def named_lists(draw: st.DrawFn, field: str = "name") -> list[dict[str, Any]]:
    names = draw(st.lists(NAMES, unique=True, max_size=5))
    return [{**draw(st.dictionaries(st.sampled_from(["x", "y"]), ANY_JSON, max_size=2)), field: name} for name in names]


DOCUMENTS = st.dictionaries(NAMES, ANY_JSON | named_lists() | named_lists("role"), max_size=5)
