"""Hypothesis strategies for conditions and scripts: every tree that a text can mean, names and texts of every kind."""

from typing import Any

from hypothesis import strategies as st

from app.dtsl.ast import (
    Behavior,
    Binding,
    Call,
    Constant,
    Declaration,
    Emit,
    Escalate,
    Expect,
    Expression,
    Filler,
    Import,
    Length,
    Let,
    Name,
    Named,
    OnLoad,
    Option,
    Otherwise,
    Script,
    SuppressedBy,
    Text,
    Word,
    Write,
)
from app.dtsl.format_conditions import format_condition
from app.dtsl.lengths import LONGEST, exactly
from app.dtsl.when import WEEK, week_order
from app.model.conditions import (
    Aggregate,
    Among,
    And,
    Arithmetic,
    Between,
    Bound,
    Changed,
    Compare,
    Condition,
    Duration,
    Every,
    Evidence,
    Held,
    Literal,
    Negative,
    Not,
    Occurred,
    Or,
    Previous,
    PropertyRef,
    Quantity,
    Rate,
    Within,
)
from app.model.definitions import Kind

KEYWORDS = [
    *("overlay", "instance", "of", "twins", "relationships", "behaviors", "behavior", "metadata", "as", "if", "when"),
    *("then", "true", "false", "null", "this", "alert", "and", "or", "not", "twin", "type", "relationship", "extends"),
    *(
        *("safe", "interval", "limit", "per", "timeout", "interlocks", "never", "call", "write", "while"),
        "in",
        "from",
        "to",
        "with",
        "readonly",
        "writable",
        "stale",
        "after",
        "deadband",
        "idempotent",
        "name",
        "kind",
    ),
    *("version", "location", "properties", "import", "model", "for", "within", "in", "between", "every"),
    *("on", "at", "known", "quality", "age", "count", "any", "previous", "weekday", "bar", "s", "m"),
]
ids = st.one_of(
    st.from_regex(r"[a-z]{1,20}(_([a-z]{1,20}|[0-9]{1,9})){0,3}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_.:\-]{1,12}", fullmatch=True),
    st.sampled_from(KEYWORDS),
)
owners = st.lists(ids, min_size=1, max_size=3).map("/".join)
"""A role, or a path into an overlay that fills one."""
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
integers = st.integers(-(2**63) + 1, 2**63 - 1)
numbers = st.one_of(integers, st.floats(allow_nan=False, allow_infinity=False))

units = st.sampled_from(["bar", "°C", "%", "m3/h", "in", "null", "", "it's"]) | ids | texts
quantities = st.builds(Quantity, numbers, units)
lengths = st.integers(0, LONGEST)
references = st.builds(PropertyRef, st.none() | owners, ids)
literals = st.builds(Literal, st.one_of(st.booleans(), numbers, texts))
event_names = st.lists(ids, max_size=3, unique=True).map(tuple)
pulses = st.one_of(
    st.builds(Changed, references),
    st.builds(Occurred, st.none() | owners, ids, event_names),
    st.builds(Every, interval=st.integers(1_000_000, LONGEST)),
    st.builds(
        Every,
        st.sets(st.sampled_from(WEEK), min_size=1).map(week_order),
        st.integers(0, 24 * 60 - 1),
        st.just("UTC") | texts,
    ),
)
_leaves: st.SearchStrategy[Condition] = st.one_of(
    literals,
    quantities,
    st.builds(Duration, lengths),
    references,
    st.builds(Bound, owners),
    st.builds(Evidence, st.sampled_from(["quality", "age", "isStale", "isSilent", "known"]), references),
    st.builds(Previous, references),
    st.builds(Rate, references, lengths),
    pulses,
    st.builds(Aggregate, st.just("count"), st.none(), over=ids),
)


def _aggregates(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    functions = st.sampled_from(["any", "all", "count", "min", "max", "avg", "sum"])
    # quoted alone, a text would be a role: 'P-101'
    items = inner.filter(lambda item: not isinstance(item, Literal))
    return st.builds(Aggregate, functions, items, st.booleans())


def _grown(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        st.builds(Compare, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), inner, inner),
        st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/", "%"]), inner, inner),
        st.builds(Among, inner, st.lists(literals | quantities, min_size=1, max_size=3).map(tuple)),
        st.builds(Between, inner, inner, inner),
        st.builds(Negative, inner),
        st.builds(Not, inner),
        st.builds(Held, inner, lengths),
        st.builds(Within, inner, lengths, inner),
        _aggregates(inner),
        st.builds(And, several),
        st.builds(Or, several),
    )


conditions: st.SearchStrategy[Condition] = st.recursive(_leaves, _grown, max_leaves=12)

names = st.builds(Name, ids)
expressions = st.builds(Expression, conditions)
keys = texts | ids
plain_values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)
values = st.builds(Constant, plain_values)
words = st.builds(Word, st.from_regex(r"[a-z]{1,8}", fullmatch=True).filter(lambda word: word not in KEYWORDS))
paths = st.lists(names, min_size=1, max_size=3).map(tuple)
seconds = st.integers(0, 10**8) | st.floats(0, 10**7) | st.integers(0, 10**12).map(lambda micros: micros / 10**6)
stretches = seconds.map(Length)
option_words = st.from_regex(r"[a-z]{1,8}(_[a-z]{1,6}){0,2}", fullmatch=True).filter(lambda word: word not in KEYWORDS)
"""As ids: an option can't be quoted."""
plain_options = st.booleans() | st.integers(0, 10**6) | st.floats(0, 10**6)
options = st.builds(
    Option,
    st.builds(Name, option_words),
    stretches.filter(lambda found: exactly(found.seconds) is not None) | names | st.builds(Constant, plain_options),
)
arguments = values | words | st.builds(Named, names, values) | options
listed = st.lists(arguments, max_size=3).map(tuple)
calls = st.builds(Call, paths.filter(lambda path: [name.id for name in path] != ["alert"]), listed, st.booleans())
messages = st.builds(Text, texts | st.sampled_from(["{pump.speed} {'P-1'.x:.1f}", "{{", "{a", "{a_b.c_d}"]))
alerts = st.builds(
    lambda severity, message, more: Call((Name("alert"),), (severity, message, *more)), words, messages, listed
)
plains = st.one_of(calls, alerts, st.builds(Write, paths, values, st.booleans()), st.builds(Emit, paths, listed))
plain_lists = st.lists(plains, max_size=2).map(tuple)
actions = plains | st.builds(Expect, stretches, expressions, st.none() | plain_lists)
heads = st.one_of(
    st.builds(OnLoad, words),
    st.builds(SuppressedBy, st.lists(names, min_size=1, max_size=3).map(tuple)),
    st.builds(Let, names, expressions),
)
tails = st.builds(Otherwise, plain_lists) | st.builds(Escalate, stretches, plain_lists, st.booleans())
descriptions = st.none() | st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).filter(lambda line: line == line.rstrip()),
    min_size=1,
    max_size=3,
).map("\n".join)


def _once(parts: list[Any]) -> tuple[Any, ...]:
    """Of what a behavior says once, the first."""
    kinds: set[type] = set()
    kept = []
    for part in parts:
        if isinstance(part, Let | Escalate) or type(part) not in kinds:
            kept.append(part)
        kinds.add(type(part))
    return tuple(kept)


behaviors = st.builds(
    Behavior,
    names,
    expressions,
    st.lists(actions, max_size=2).map(tuple),
    description=descriptions,
    head=st.lists(heads, max_size=2).map(_once),
    tail=st.lists(tails, max_size=2).map(_once),
)

# ---------------------------------------------------------------------------------------------------- declarations

free_form = st.dictionaries(keys, plain_values, max_size=3)
_described = st.fixed_dictionaries({}, optional={"description": descriptions.filter(lambda text: text is not None)})


def _all(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


def _listed(item: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(item, max_size=3)


_scalars = st.fixed_dictionaries(
    {"data_type": st.sampled_from(["float", "integer", "boolean", "string", "enum", "datetime", "flaot"])},
    optional={
        "unit": st.none() | texts | st.sampled_from(["bar", "m3", "in", "from"]),
        "enum_values": st.none() | st.lists(texts, max_size=3),
        "min_value": st.none() | numbers,
        "max_value": st.none() | numbers,
    },
)


def _composed(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    named = _all(st.fixed_dictionaries({"name": ids}, optional={"required": st.booleans()}), _described, inner)
    return st.one_of(
        st.fixed_dictionaries(
            {"data_type": st.just("array"), "items": _all(_described, inner)},
            optional={"max_items": st.none() | st.integers(0, 2**40)},
        ),
        st.fixed_dictionaries({"data_type": st.just("object"), "fields": st.lists(named, max_size=3)}),
    )


_types = st.recursive(_scalars, _composed, max_leaves=4)
_own_name = st.fixed_dictionaries({"name": ids})
_canonical = conditions.map(format_condition)
properties = _all(
    _own_name,
    _described,
    _types,
    st.fixed_dictionaries(
        {},
        optional={
            "access": st.sampled_from(["read", "read-write", "write"]),
            "stale_after": st.none() | numbers,
            "deadband": st.none() | numbers,
            "computed": st.none() | _canonical,
        },
    ),
)
parameters = _all(_own_name, _described, _types)
_parameters = st.fixed_dictionaries({}, optional={"parameters": _listed(parameters)})
methods = _all(
    _own_name,
    _described,
    _parameters,
    st.fixed_dictionaries(
        {},
        optional={
            "return_type": st.none() | st.sampled_from(["float", "boolean"]),
            "idempotent": st.booleans(),
            "safe": st.booleans(),
            "min_interval": st.none() | numbers,
            "timeout": st.none() | numbers,
            "rate_limit": st.none() | st.fixed_dictionaries({"calls": st.integers(1, 9), "per": numbers}),
        },
    ),
)
events = _all(_own_name, _described, _parameters)
interlocks = _all(
    st.one_of(*(st.fixed_dictionaries({field: ids}) for field in ("method", "property"))),
    st.fixed_dictionaries({"name": ids, "while": expressions}, optional={"role": ids, "twin_id": ids}),
    _described,
)
_type_of_edge = st.fixed_dictionaries({}, optional={"relationship_type": st.none() | ids})
_directions = st.sampled_from(["incoming", "outgoing"])
rules = _all(
    _own_name,
    _described,
    _type_of_edge,
    st.fixed_dictionaries(
        {},
        optional={
            "direction": _directions,
            "target_type": ids,
            "multiplicity": st.sampled_from(["1", "0..1", "0..*", "007..12"]),
        },
    ),
)
edges = _all(
    st.fixed_dictionaries({"name": ids, "target_twin_id": ids}, optional={"direction": _directions}), _type_of_edge
)
role_edges = _all(
    st.fixed_dictionaries({"name": ids, "source_role": ids, "target_role": ids}),
    _described,
    _type_of_edge,
    st.one_of(
        st.fixed_dictionaries({}, optional={"required": st.booleans()}), st.fixed_dictionaries({"guard": expressions})
    ),
)
twin_edges = _all(st.fixed_dictionaries({"name": ids, "source_twin_id": ids, "target_twin_id": ids}), _type_of_edge)
roles = _all(
    st.one_of(*(st.fixed_dictionaries({field: ids}) for field in ("type", "overlay_type"))),
    st.fixed_dictionaries({"role": ids}, optional={"many": st.booleans(), "required": st.booleans()}),
    _described,
)
fillers = st.builds(Filler, names, st.sampled_from([None, "twin", "overlay"]))
bindings = st.one_of(
    st.builds(Binding, names, st.tuples(fillers)),
    st.builds(Binding, names, st.lists(fillers, min_size=1, max_size=3).map(tuple), st.just(True)),
)
_texts_of = {
    "name": st.none() | texts,
    "version": texts,
    "metadata": free_form | st.none(),
    "visualization": free_form | st.none(),
    "behaviors": _listed(behaviors),
    "interlocks": _listed(interlocks),
}
_capabilities = {
    **_texts_of,
    "properties": _listed(properties),
    "methods": _listed(methods),
    "events": _listed(events),
    "connectivity": free_form | st.none(),
    "simulation": free_form | st.none(),
}
_words_of = st.sampled_from(["sensor", "draft", "forward", "anything"])


def _declared(
    kind: Kind, optional: dict[str, st.SearchStrategy[Any]], needed: dict[str, st.SearchStrategy[Any]] | None = None
) -> st.SearchStrategy[Declaration]:
    fields = _all(_described, st.fixed_dictionaries(needed or {}, optional=optional))
    return st.builds(Declaration, st.just(kind), names, fields)


declarations = st.one_of(
    _declared(
        "relationship_type",
        {"version": texts, "metadata": free_form, "inverse": st.none() | ids, "impact": _words_of},
    ),
    _declared(
        "twin_type",
        {**_capabilities, "extends": ids, "kind": _words_of, "relationships": _listed(rules)},
    ),
    _declared(
        "twin",
        {
            **{field: kind for field, kind in _capabilities.items() if field != "name"},
            **dict.fromkeys(("manufacturer", "model", "serial_number", "installation_date"), st.none() | texts),
            "location": st.none() | free_form,
            "relationships": _listed(edges),
        },
        {"twin_type": ids},
    ),
    _declared("overlay_type", {**_texts_of, "twin_roles": _listed(roles), "relationship_types": _listed(role_edges)}),
    _declared(
        "overlay",
        {
            **_texts_of,
            "overlay_type": ids,
            "lifecycle": _words_of,
            "twins": _listed(bindings),
            "relationships": _listed(twin_edges),
        },
    ),
)
imports = st.builds(Import, texts)
scripts = st.builds(Script, st.lists(declarations, max_size=2).map(tuple), st.lists(imports, max_size=2).map(tuple))
