"""Hypothesis strategies for conditions and scripts: every tree that a text can mean, names and texts of every kind."""

from hypothesis import strategies as st

from app.dtsl.ast import (
    Behavior,
    Binding,
    Call,
    Constant,
    Entry,
    Expression,
    InstanceDeclaration,
    Name,
    OverlayDeclaration,
    Relationship,
    Role,
    Script,
    Word,
    Write,
)
from app.model.conditions import (
    And,
    Arithmetic,
    Bound,
    Compare,
    Condition,
    Literal,
    Negative,
    Not,
    Or,
    PropertyRef,
)

KEYWORDS = [
    *("overlay", "instance", "of", "twins", "relationships", "behaviors", "behavior", "metadata", "as", "if", "when"),
    *("then", "true", "false", "null", "this", "alert", "and", "or", "not"),
]
ids = st.one_of(
    st.from_regex(r"[a-z]+(_([a-z]+|[0-9]+)){0,3}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_.:\-]{1,12}", fullmatch=True),
    st.sampled_from(KEYWORDS),
)
owners = st.lists(ids, min_size=1, max_size=3).map("/".join)
"""A role, or a path into an overlay that fills one."""
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
integers = st.integers(-(2**63) + 1, 2**63 - 1)
numbers = st.one_of(integers, st.floats(allow_nan=False, allow_infinity=False))

_leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Literal, st.one_of(st.booleans(), numbers, texts)),
    st.builds(PropertyRef, st.none() | owners, ids),
    st.builds(Bound, owners),
)


def _grown(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        st.builds(Compare, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), inner, inner),
        st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/", "%"]), inner, inner),
        st.builds(Negative, inner),
        st.builds(Not, inner),
        st.builds(And, several),
        st.builds(Or, several),
    )


conditions: st.SearchStrategy[Condition] = st.recursive(_leaves, _grown, max_leaves=12)

names = st.builds(Name, ids)
expressions = st.builds(Expression, conditions)
values = st.builds(
    Constant,
    st.recursive(
        st.one_of(st.none(), st.booleans(), numbers, texts), lambda inner: st.lists(inner, max_size=3), max_leaves=5
    ),
)
words = st.builds(Word, st.from_regex(r"[a-z]{1,8}", fullmatch=True).filter(lambda word: word not in KEYWORDS))
paths = st.lists(names, min_size=1, max_size=3).map(tuple)
actions = st.one_of(
    st.builds(Call, paths, st.lists(values | words, max_size=3).map(tuple)), st.builds(Write, paths, values)
)
behaviors = st.builds(Behavior, names, expressions, st.lists(actions, max_size=2).map(tuple))
entries = st.lists(st.builds(Entry, texts | ids, values), max_size=2).map(tuple)
overlays = st.builds(
    OverlayDeclaration,
    names,
    st.lists(st.builds(Role, names, names, st.booleans()), max_size=3).map(tuple),
    st.lists(st.builds(Relationship, names, names, names, st.none() | expressions), max_size=2).map(tuple),
    st.lists(behaviors, max_size=2).map(tuple),
    entries,
)
instances = st.builds(
    InstanceDeclaration, names, names, st.lists(st.builds(Binding, names, names), max_size=3).map(tuple), entries
)
scripts = st.builds(Script, st.lists(overlays | instances, max_size=2).map(tuple))
