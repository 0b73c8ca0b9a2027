"""Evaluates a condition node by node, on what was recorded of it, and keeps what each node came to.

It shares nothing with the compiled functions but the arithmetic, so a test can hold the two against each other. It
runs when somebody asks and may be slow; what it says of a moment in the past is what was decided then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from app.engine.aggregates import Bounds, compare
from app.engine.compile import ARITHMETIC, TYPE_OF
from app.engine.values import normal_datetime
from app.model.conditions import (
    MIRRORED,
    Aggregate,
    Among,
    And,
    Arithmetic,
    Between,
    Bound,
    Changed,
    Compare,
    CompareOp,
    Condition,
    Duration,
    EventValue,
    Every,
    Evidence,
    Held,
    Negative,
    Node,
    Not,
    Occurred,
    Or,
    Previous,
    PropertyRef,
    Quantity,
    Rate,
    Within,
    children,
    written,
)
from app.model.conditions import Literal as Constant
from app.model.events import Basis, Kept, Read
from app.model.explanation import Seen, ValueType
from app.model.time import Micros, in_seconds
from app.model.values import Value

DIVIDED_BY_ZERO = "it is divided by zero"
OVERFLOWN = "the result is no finite number"
_ORDERED = ("number", "text", "time", "duration")


@dataclass(frozen=True, slots=True)
class Came:
    """What one node came to; no type where it can only be UNKNOWN."""

    type: ValueType | None
    value: Value = None
    why: str = ""


def explained(basis: Basis, instead: Mapping[PropertyRef, Value] | None = None) -> tuple[Seen, ...]:
    """Its nodes, the whole condition first. `instead` has values to take in place of those that were read."""
    explainer = _Explainer(basis, instead or {})
    explainer.walk(basis.condition, None)
    return tuple(explainer.seen)


class _Explainer:
    def __init__(self, basis: Basis, instead: Mapping[PropertyRef, Value]) -> None:
        self.basis = basis
        self.reads = {PropertyRef(read.owner, read.fact.property): read for read in basis.reads}
        self.together = {item.node: item for item in basis.together}
        self.instead = instead
        self.kept = {kept.node: kept for kept in basis.kept}
        self.seen: list[Seen] = []

    def walk(self, node: Condition, parent: int | None) -> Came:
        place = len(self.seen)
        self.seen.append(Seen(parent, node, None, None))
        # What is under an aggregate is asked of each member; the record has what they came to together.
        under = [self.walk(child, place) for child in children(node)] if not isinstance(node, Aggregate) else []
        came = _BY_KIND.get(type(node), _cannot)(self, node, under)
        self.seen[place] = Seen(parent, node, came.type, came.value, came.why)
        return came


def _unknown(why: str = "") -> Came:
    return Came(None, None, why)


def truth(came: Came) -> bool | None:
    return came.value if came.type == "boolean" else None


def _needs_truth(under: list[Came]) -> str:
    wrong = next((came.type for came in under if came.type not in ("boolean", None)), None)
    return f"a {wrong} is used where true or false is needed" if wrong else ""


def why_not_known(read: Read) -> str:
    """`PathSilent`: a reason's name; English is the reader's."""
    return read.fact.state().reason or "PathSilent"


# ---------------------------------------------------------------- one function a kind


def _constant(_: _Explainer, node: Constant, under: list[Came]) -> Came:
    value = node.value
    if isinstance(value, bool):
        return Came("boolean", value)
    if isinstance(value, str):
        return Came("text", value)
    return Came("number", value) if isfinite(value) else _unknown("a number in it is not finite")


def _quantity(_: _Explainer, node: Quantity, under: list[Came]) -> Came:
    return Came("number", node.value)


def _duration(_: _Explainer, node: Duration, under: list[Came]) -> Came:
    return Came("duration", node.micros)


def _property(explainer: _Explainer, node: PropertyRef, under: list[Came]) -> Came:
    read = explainer.reads.get(node)
    if read is None:
        where = f"{written(node.owner)}.{node.name}" if node.owner else node.name
        return _unknown(f"there is no '{where}' to read")
    if node in explainer.instead:
        return Came(TYPE_OF[read.data_type], explainer.instead[node])
    state = read.fact.state()
    if not state.known:
        return Came(TYPE_OF[read.data_type], None, why_not_known(read))
    return Came(TYPE_OF[read.data_type], state.value)


def _bound(explainer: _Explainer, node: Bound, under: list[Came]) -> Came:
    return Came("boolean", node.owner in explainer.basis.bound)


def _aggregate(explainer: _Explainer, node: Aggregate, under: list[Came]) -> Came:
    together = explainer.together.get(node)
    if together is None:
        return _unknown("what its members came to was not recorded")
    kind: ValueType = "boolean" if node.function in ("any", "all") else "number"
    missing = f"{together.unknown} of {together.members} are unknown: {', '.join(together.missing)}"
    return Came(kind, together.value, missing if together.unknown and together.value is None else "")


def _compare(explainer: _Explainer, node: Compare, under: list[Came]) -> Came:
    for op, item, limit in ((node.op, node.left, node.right), (MIRRORED[node.op], node.right, node.left)):
        if isinstance(item, Evidence) and item.function == "age" and isinstance(limit, Duration):
            return _aged(explainer, op, item, limit)
    found = compared(node.op, node.left, node.right, *under)
    if found.type != "boolean" or found.value is not None:
        return found
    spans = [_span(explainer, part, came) for part, came in zip((node.left, node.right), under, strict=True)]
    return Came("boolean", compare(spans[0], node.op, spans[1]), found.why)


def _span(explainer: _Explainer, node: Condition, came: Came) -> Bounds | None:
    """Where a number lies for certain, that is not known to the last."""
    if came.type == "number" and came.value is not None:
        return Bounds(came.value, came.value)
    together = explainer.together.get(node) if isinstance(node, Aggregate) else None
    return Bounds(*together.bounds) if together is not None and together.bounds is not None else None


def compared(op: str, left_node: Condition, right_node: Condition, left: Came, right: Came) -> Came:
    if left.type is None or right.type is None:
        return _unknown()
    if left.type == "time" and isinstance(right_node, Constant) and right.type == "text":
        right = _moment(right.value)
    elif right.type == "time" and isinstance(left_node, Constant) and left.type == "text":
        left = _moment(left.value)
    if left.type is None or right.type is None:
        return _unknown(left.why or right.why)
    if "composed" in (left.type, right.type):
        return _unknown("a list or an object can't be compared")
    if left.type != right.type:
        return _unknown(f"a {left.type} is compared with a {right.type}")
    if left.type not in _ORDERED and op not in ("==", "!="):
        return _unknown(f"a {left.type} has no order for '{op}'")
    if left.value is None or right.value is None:
        return Came("boolean")
    return Came("boolean", COMPARISONS[op](left.value, right.value))


def _moment(text: str) -> Came:
    moment = normal_datetime(text)
    return _unknown(f"'{text}' is not a date and time") if moment is None else Came("time", moment)


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}


def _among(_: _Explainer, node: Among, under: list[Came]) -> Came:
    item, *values = under
    return _any([compared("==", node.item, one, item, came) for one, came in zip(node.values, values, strict=True)])


def _between(_: _Explainer, node: Between, under: list[Came]) -> Came:
    item, low, high = under
    return _all([compared(">=", node.item, node.low, item, low), compared("<=", node.item, node.high, item, high)])


def _arithmetic(_: _Explainer, node: Arithmetic, under: list[Came]) -> Came:
    return _calculated(node.op, *under)


def _negative(_: _Explainer, node: Negative, under: list[Came]) -> Came:
    return _calculated("-", Came("number", 0), under[0])


def _calculated(op: str, left: Came, right: Came) -> Came:
    if left.type is None or right.type is None:
        return _unknown()
    if left.type != "number" or right.type != "number":
        return _unknown(f"'{op}' needs numbers, not a {left.type} and a {right.type}")
    if left.value is None or right.value is None:
        return Came("number")
    result = ARITHMETIC[op](left.value, right.value)
    if result is not None:
        return Came("number", result)
    return Came("number", None, DIVIDED_BY_ZERO if op in "/%" and right.value == 0 else OVERFLOWN)


def _not(_: _Explainer, node: Not, under: list[Came]) -> Came:
    found = truth(under[0])
    return Came("boolean", None if found is None else not found, _needs_truth(under))


def _and(_: _Explainer, node: And, under: list[Came]) -> Came:
    return _all(under)


def _or(_: _Explainer, node: Or, under: list[Came]) -> Came:
    return _any(under)


def _all(under: list[Came]) -> Came:
    """FALSE wins over UNKNOWN."""
    found = [truth(came) for came in under]
    value = False if False in found else None if None in found else True
    return Came("boolean", value, _needs_truth(under) if value is None else "")


def _any(under: list[Came]) -> Came:
    """TRUE wins over UNKNOWN."""
    found = [truth(came) for came in under]
    value = True if True in found else None if None in found else False
    return Came("boolean", value, _needs_truth(under) if value is None else "")


# ---------------------------------------------------------------- more than the values of now


def _aged(explainer: _Explainer, op: CompareOp, item: Evidence, limit: Duration) -> Came:
    beyond = limit.micros + (1 if op in (">", "<=") else 0)
    kept = explainer.kept.get(Compare(">=", item, Duration(beyond)))
    if kept is None:
        return _unknown(f"age() is never known to be '{op}' a length of time: compare it with > or <")
    older = kept.value
    return Came("boolean", older if older is None or op in (">", ">=") else not older)


def _evidence(explainer: _Explainer, node: Evidence, under: list[Came]) -> Came:
    kept = explainer.kept.get(node)
    type: ValueType = "duration" if node.function == "age" else "text" if node.function == "quality" else "boolean"
    return Came(type, kept.value if kept is not None else None)


def _remembered(explainer: _Explainer, node: Previous | Rate, under: list[Came]) -> Came:
    kept = explainer.kept.get(node)
    if kept is None or under[0].type is None:
        return _unknown(under[0].why)
    if isinstance(node, Rate) and under[0].type != "number":
        return _unknown(f"rate() needs a number, not a {under[0].type}")
    why = "" if kept.value is not None or under[0].value is None else "too little is known of the time before"
    return Came(under[0].type, kept.value, why)


def _pulse(explainer: _Explainer, node: Changed | Occurred | Every, under: list[Came]) -> Came:
    kept = explainer.kept.get(node)
    return Came("boolean", kept.value) if kept is not None else _unknown()


def _event_value(explainer: _Explainer, node: EventValue, under: list[Came]) -> Came:
    kept = explainer.kept.get(node)
    if kept is None:
        return _unknown(f"there is no parameter '{node.parameter}' of event '{node.event}' to read")
    match kept.value:
        case bool():
            return Came("boolean", kept.value)
        case int() | float():
            return Came("number", kept.value)
        case None:
            return _unknown(f"event '{node.event}' is not what happened")
        case _:
            return Came("text", kept.value)


def _held(explainer: _Explainer, node: Held, under: list[Came]) -> Came:
    kept = explainer.kept.get(node)
    if kept is None:
        return _unknown(_needs_truth(under))
    return Came("boolean", kept.value, _so_far(kept, node.duration) if truth(under[0]) is True else "")


def _so_far(kept: Kept, duration: Micros) -> str:
    """`true for 12 s of 30 s`"""
    if kept.value is True or not kept.since:
        return ""
    if kept.due is None:
        return f"true, and its {in_seconds(duration)} stand still while something is not known"
    return f"true, but not for {in_seconds(duration)} yet"


def _within(explainer: _Explainer, node: Within, under: list[Came]) -> Came:
    kept = explainer.kept.get(node)
    return _all([under[0], Came("boolean", kept.value) if kept is not None else _unknown()])


def _cannot(_: _Explainer, node: Condition, under: list[Came]) -> Came:
    return _unknown(f"{type(node).__name__} can't be run")


_BY_KIND: Mapping[type[Node], Callable[[_Explainer, Any, list[Came]], Came]] = {
    Constant: _constant,
    Quantity: _quantity,
    Duration: _duration,
    PropertyRef: _property,
    Bound: _bound,
    Compare: _compare,
    Among: _among,
    Between: _between,
    Arithmetic: _arithmetic,
    Negative: _negative,
    Not: _not,
    And: _and,
    Or: _or,
    Evidence: _evidence,
    Previous: _remembered,
    Rate: _remembered,
    Changed: _pulse,
    Occurred: _pulse,
    Every: _pulse,
    EventValue: _event_value,
    Held: _held,
    Within: _within,
    Aggregate: _aggregate,
}
