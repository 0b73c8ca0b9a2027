"""What a field counts in an operation's cost, before anybody knows how many items there are.

Only what differs from the rule is listed: an object counts 1, a leaf nothing, a plain list ASSUMED times its item, a
connection as many items as are asked for. `told` is the rule in words, which the schema's description publishes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.api.pages import DEFAULT_PAGE

ASSUMED = 10
"""Items that a list is taken for where nothing says how many it has."""
STEP = 10
"""Of each step of a traversal, whatever it answers with."""
UNBOUNDED_DEPTH = 20
"""Steps that a traversal is taken for where it is asked for without a depth."""
MOST_DEPTH = 1000
WRITE = 10
"""Of each field of a mutation: it is committed to the journal or to the graph."""
INTROSPECTION_PART = 50
"""So many objects of the schema itself count 1: they are in memory and never change."""


@dataclass(frozen=True, slots=True)
class Declared:
    """How a list's size is found: by the first of `arguments` that is given (a number, or a list's length), else it is
    `assumed`."""

    assumed: int = ASSUMED
    arguments: tuple[str, ...] = ()


PAGED = ("first", "last")
DEPTHS = ("maxDepth", "depth")
REACHES = ("downstreamOf", "upstreamOf")
"""Arguments that are traversals themselves, by the `maxDepth` in them."""
REACH_DEPTH = "maxDepth"
PAGE = Declared(DEFAULT_PAGE, (*PAGED, "maxNodes"))
"""Of what holds lists of so many: a connection, paths, a part of the graph to draw."""
INPUT = "input"
"""The argument that may hold PAGED instead: what is below then is that page."""
PAGE_FIELDS = ("nodes", "edges", "paths", "causes")
MOST = 10_000
"""No argument counts more: what is beyond it is refused by its field."""
_LISTS: dict[str, Declared] = {
    "Query.nodes": Declared(DEFAULT_PAGE, ("ids",)),
    "Query.connectors": Declared(20),
    "Twin.properties": Declared(ASSUMED, ("names",)),
    "Alert.twins": Declared(3),
    "Explanation.nodes": Declared(30),
    "IngestLedger.sources": Declared(20),
    "IngestLedger.subscribers": Declared(DEFAULT_PAGE),
}
_WEIGHTS: dict[str, int] = {
    # Each asks the graph, and waits until that has what the journal has.
    "Query.alertHistory": 10,
    "Query.auditLog": 10,
    "Query.calls": 10,
    "Query.definition": 10,
    # It looks at everything that a twin depends on, once for each twin in trouble.
    "Query.causes": 100,
    # Each runs an engine of its own over a plant's rules, the last one over hours of the journal.
    "Query.impact": 500,
    "Subscription.liveImpact": 500,
    "Query.planDefinitions": 500,
    "Query.rehearse": 500,
    "Query.rehearseDefinitions": 5000,
}
PATIENCE: dict[str, float] = {"Query.rehearseDefinitions": 150.0}
"""Seconds that a field may take by a limit of its own, where that is longer than the time-out of operations."""
_INTROSPECTION: dict[str, int] = {
    "__Schema.types": 400,
    "__Schema.directives": 8,
    "__Type.fields": 12,
    "__Type.inputFields": 4,
    "__Type.enumValues": 4,
    "__Type.possibleTypes": 3,
    "__Type.interfaces": 1,
    "__Field.args": 2,
    "__Directive.args": 2,
}


def declared(field: str, arguments: Iterable[str]) -> Declared:
    """Of the list `field` (as `Twin.behaviors`), which takes these arguments."""
    if field.startswith("__"):
        return Declared(_INTROSPECTION.get(field, ASSUMED))
    if field in _LISTS:
        return _LISTS[field]
    takes = set(arguments)
    sized = tuple(name for name in PAGED if name in takes)
    return Declared(DEFAULT_PAGE if sized else ASSUMED, sized)


def weight(field: str, *, writes: bool) -> int:
    return _WEIGHTS.get(field, WRITE if writes else 1)


def named() -> set[str]:
    """Every field of ours that is known here by its name."""
    return {*_LISTS, *_WEIGHTS, *PATIENCE}


def told() -> str:
    """The rule and its exceptions, for people who write operations."""
    lists = ", ".join(f"`{field}` {size.assumed}" for field, size in _LISTS.items())
    weights = ", ".join(f"`{field}` {number:,}" for field, number in _WEIGHTS.items())
    return (
        "Before an operation is executed its cost is computed; every answer to a query or a mutation has it as "
        "`extensions.cost {requested, limit}`, and one beyond the limit is refused with COST_EXCEEDED, which names the "
        f"field to narrow. A leaf costs nothing, an object 1, a field of a mutation {WRITE}. A connection multiplies "
        f"what is below it by `first` or `last` ({DEFAULT_PAGE} if neither is given), which "
        "may stand in an `input`, a list by "
        f"`first`, `names` or `ids` where it takes them, else by what it is taken for: {ASSUMED}, but {lists}. A "
        f"traversal (`downstreamOf` and `upstreamOf` too) costs {STEP} for each step of its `maxDepth` "
        f"({UNBOUNDED_DEPTH} where none is given). More than 1 "
        f"cost {weights}. Of types that exclude each other the dearest counts, and {INTROSPECTION_PART} objects of "
        "introspection count 1."
    )
