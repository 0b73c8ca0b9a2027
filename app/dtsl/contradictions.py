"""Conditions that can come to nothing but FALSE, whatever the plant shows: `x > 5 && x < 3`, `1 > 2 && ...`.

Only what follows from the text alone is found: comparisons of one thing with constants that leave no value, of the
parts that must hold together. A condition that is not found here may still be one; none is found that can be TRUE.
"""

from collections.abc import Iterable
from math import inf

from app.model.conditions import (
    MIRRORED,
    Among,
    And,
    Between,
    Compare,
    CompareOp,
    Condition,
    Duration,
    Literal,
    Negative,
    Not,
    Or,
)

_OPPOSITE: dict[CompareOp, CompareOp] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
Constant = bool | int | float | str


def never_holds(condition: Condition) -> bool:
    return _never(condition, True)


def things_limited(condition: Condition) -> set[Condition]:
    """What the parts that must hold together compare with constants."""
    found: set[Condition] = set()
    for item in _flat((condition,), True):
        found |= {thing for thing, _, _ in _limits(item, True)}
        if isinstance(item, Among):
            found.add(item.item)
    return found


def _never(node: Condition, wanted: bool) -> bool:
    """Whether it can't come to `wanted`."""
    match node:
        case Literal(value=bool() as value):
            return value is not wanted
        case Not(item=item):
            return _never(item, not wanted)
        case And(items=items) | Or(items=items):
            if isinstance(node, And) is wanted:  # all of them must come to it together
                return any(_never(item, wanted) for item in items) or _contradict(items, wanted)
            return all(_never(item, wanted) for item in items)
        case Compare():
            left, right = _constant(node.left), _constant(node.right)
            if left is not None and right is not None:
                return _compared(node.op, left, right) is (not wanted)
            return False
        case Between() | Among() if wanted:
            return _contradict((node,), wanted)
        case _:
            return False


class _Values:
    """What of one thing the conditions leave: bounds, the only values, values that it must not have."""

    def __init__(self) -> None:
        self.low, self.high = -inf, inf
        self.low_open = self.high_open = False
        self.only: set[Constant] | None = None
        self.never: set[Constant] = set()

    def narrow(self, op: CompareOp, value: Constant) -> None:
        match op:
            case "==":
                self.keep({value})
            case "!=":
                self.never.add(value)
            case _ if isinstance(value, bool | str):
                pass
            case ">" | ">=":
                if (value, op == ">") > (self.low, self.low_open):
                    self.low, self.low_open = value, op == ">"
            case "<" | "<=":
                if (value, op != "<") < (self.high, not self.high_open):
                    self.high, self.high_open = value, op == "<"

    def keep(self, values: set[Constant]) -> None:
        self.only = values if self.only is None else self.only & values

    @property
    def none_left(self) -> bool:
        if self.low > self.high or (self.low == self.high and (self.low_open or self.high_open)):
            return True
        return self.only is not None and not any(value not in self.never and self._within(value) for value in self.only)

    def _within(self, value: Constant) -> bool:
        if isinstance(value, bool | str):
            return True
        above = value > self.low or (value == self.low and not self.low_open)
        return above and (value < self.high or (value == self.high and not self.high_open))


def _contradict(items: Iterable[Condition], wanted: bool) -> bool:
    left: dict[Condition, _Values] = {}
    for item in _flat(items, wanted):
        for thing, op, value in _limits(item, wanted):
            left.setdefault(thing, _Values()).narrow(op, value)
        if wanted and isinstance(item, Among):
            values = [_constant(value) for value in item.values]
            if all(value is not None for value in values):
                left.setdefault(item.item, _Values()).keep({value for value in values if value is not None})
    return any(values.none_left for values in left.values())


def _flat(items: Iterable[Condition], wanted: bool) -> Iterable[Condition]:
    for item in items:
        if isinstance(item, And if wanted else Or):
            yield from _flat(item.items, wanted)
        else:
            yield item


def _limits(node: Condition, wanted: bool) -> Iterable[tuple[Condition, CompareOp, Constant]]:
    match node:
        case Not(item=item):
            yield from _limits(item, not wanted)
        case Compare(op=op, left=left, right=right):
            low, high = _constant(left), _constant(right)
            op = op if wanted else _OPPOSITE[op]
            if high is not None and low is None:
                yield left, op, high
            elif low is not None and high is None:
                yield right, MIRRORED[op], low
        case Between(item=item, low=low_end, high=high_end) if wanted:
            if (least := _constant(low_end)) is not None:
                yield item, ">=", least
            if (most := _constant(high_end)) is not None:
                yield item, "<=", most
        case _:
            return


def _constant(node: Condition) -> Constant | None:
    match node:
        case Literal(value=value):
            return value
        case Duration(micros=micros):
            return micros
        case Negative(item=item):
            inner = _constant(item)
            return -inner if isinstance(inner, int | float) and not isinstance(inner, bool) else None
        case _:
            return None


def _compared(op: CompareOp, left: Constant, right: Constant) -> bool | None:
    if isinstance(left, str) != isinstance(right, str) or isinstance(left, bool) != isinstance(right, bool):
        return None
    match op:
        case "==":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right  # type: ignore[operator]
        case "<=":
            return left <= right  # type: ignore[operator]
        case ">":
            return left > right  # type: ignore[operator]
        case ">=":
            return left >= right  # type: ignore[operator]
