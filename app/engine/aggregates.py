"""What the members of a role of many come to together, kept as they change: one member costs the depth of a tree.

Sums are added up in the shape of one fixed tree over the members' places, so what was kept equals what is computed anew
to the last bit, whatever the order of changes. A member without a value is UNKNOWN: counts, least and greatest values
are then known within bounds, and a comparison with them is UNKNOWN only where the bounds leave it open.
"""

from collections.abc import Callable, Sequence
from math import inf, isfinite
from typing import Any, Literal, NamedTuple

from app.model.conditions import AggregateFunction, CompareOp
from app.model.values import Value

Number = int | float


class Bounds(NamedTuple):
    """Where a number lies for certain, ends included; None where nothing can be said at all."""

    low: Number
    high: Number


class Truths:
    """Of any, all and count: how many members are TRUE, FALSE and UNKNOWN."""

    __slots__ = ("_function", "_known", "_values", "falses", "trues", "unknowns")

    def __init__(self, function: Literal["any", "all", "count"], size: int, known: bool = False) -> None:
        self._function = function
        self._known = known
        self._values: list[bool | None] = [None] * size
        self.trues = self.falses = 0
        self.unknowns = size

    def put(self, place: int, value: Value) -> None:
        self._count(self._values[place], -1)
        self._values[place] = value
        self._count(value, 1)

    def _count(self, value: Value, by: int) -> None:
        if value is True:
            self.trues += by
        elif value is False:
            self.falses += by
        else:
            self.unknowns += by

    def member(self, place: int) -> Value:
        return self._values[place]

    def value(self) -> Value:
        unknowns = 0 if self._known else self.unknowns
        if self._function == "any":
            return True if self.trues else (None if unknowns else False)
        if self._function == "all":
            return False if self.falses else (None if unknowns else True)
        return None if unknowns else self.trues

    def bounds(self) -> Bounds | None:
        """Of a count."""
        return Bounds(self.trues, self.trues + (0 if self._known else self.unknowns))


class Numbers:
    """Of min, max, sum and avg: a complete binary tree over the members' places, root first."""

    __slots__ = ("_first", "_function", "_join", "_known", "_size", "_tree", "unknowns")

    def __init__(self, function: Literal["min", "max", "avg", "sum"], size: int, known: bool = False) -> None:
        self._function = function
        self._known = known
        self._size = size
        self._first = 1
        while self._first < size:
            self._first *= 2
        self._join = _JOINS[function]
        self._tree: list[Number | None] = [None] * (2 * self._first)
        self.unknowns = size

    def put(self, place: int, value: Value) -> None:
        tree, join = self._tree, self._join
        at = self._first + place
        self.unknowns += (value is None) - (tree[at] is None)
        tree[at] = value
        at >>= 1
        try:
            while join is _added and at:  # the same without a call for each level
                left, right = tree[2 * at], tree[2 * at + 1]
                tree[at] = right if left is None else left if right is None else left + right
                at >>= 1
        except OverflowError:
            pass  # from here on up the slow way
        while at:
            left, right = tree[2 * at], tree[2 * at + 1]
            found = right if left is None else left if right is None else join(left, right)
            if found is tree[at] and join is not _added:
                return  # the least of these is still the one that it was, and so is that of all above
            tree[at] = found
            at >>= 1

    def member(self, place: int) -> Value:
        return self._tree[self._first + place]

    def value(self) -> Value:
        if self.unknowns and not self._known:
            return None
        found = self._tree[1]
        if found is None:
            return 0 if self._function == "sum" else None
        if self._function == "avg":
            try:
                found = found / (self._size - self.unknowns)
            except ArithmeticError:
                return None
        return found if isfinite(found) else None

    def bounds(self) -> Bounds | None:
        """Of the least and the greatest: a member without a value may be beyond what is known, never short of it."""
        found = self._tree[1]
        if not self.unknowns or self._known:
            return None if found is None else Bounds(found, found)
        if self._function == "min":
            return Bounds(-inf, inf if found is None else found)
        if self._function == "max":
            return Bounds(-inf if found is None else found, inf)
        return None


def exactly(number: Number) -> Bounds:
    return Bounds(number, number)


def _added(left: Number, right: Number) -> Number:
    try:
        return left + right
    except OverflowError:  # of a whole number too large for a float
        return inf


_JOINS: dict[str, Callable[[Any, Any], Any]] = {"min": min, "max": max, "sum": _added, "avg": _added}

Kept = Truths | Numbers


def kept(function: AggregateFunction, size: int, known: bool = False) -> Kept:
    """For `size` members, all UNKNOWN at first."""
    if function == "any" or function == "all" or function == "count":
        return Truths(function, size, known)
    return Numbers(function, size, known)


def computed(function: AggregateFunction, members: Sequence[Value], known: bool = False) -> Kept:
    found = kept(function, len(members), known)
    for place, value in enumerate(members):
        found.put(place, value)
    return found


def compare(left: Bounds | None, op: CompareOp, right: Bounds | None) -> bool | None:
    """Of two numbers that are known within bounds: None where some of what they may be says one thing and some the
    other. The two are taken to be independent of each other."""
    if left is None or right is None:
        return None
    if op == "<" or op == ">=":
        less = True if left.high < right.low else False if left.low >= right.high else None
        return less if op == "<" or less is None else not less
    if op == ">" or op == "<=":
        more = True if left.low > right.high else False if left.high <= right.low else None
        return more if op == ">" or more is None else not more
    apart = left.high < right.low or right.high < left.low
    one = left.low == left.high == right.low == right.high
    same = False if apart else True if one else None
    return same if op == "==" or same is None else not same
