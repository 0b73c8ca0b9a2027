"""The easier condition under which an alert that is active stays so: each ordered comparison with a constant is moved.

`temperature > 80` with a deadband of 2 stays TRUE down to 78; inside a `!` it is moved the other way, since the whole
must become easier to hold. How long something has been so (`for`, `within`) was settled when the alert was raised and
is asked no more; a length of time or a count has no deadband.
"""

import msgspec

from app.model.conditions import (
    Aggregate,
    Among,
    Between,
    Compare,
    Condition,
    Held,
    Literal,
    Negative,
    Not,
    Quantity,
    Within,
    rebuilt,
)

_ORDERED = {"<": 1, "<=": 1, ">": -1, ">=": -1}
"""Which way the right side goes, for the comparison to hold more easily."""


def eased(condition: Condition, by: float) -> Condition:
    """The same condition where `by` has nothing to move in it."""

    def walk(node: Condition, easier: int) -> Condition:
        match node:
            case Not(item=item):
                return Not(walk(item, -easier))
            case Held(item=item) | Within(item=item):
                return walk(item, easier)
            case Compare(op=op, left=left, right=right) if op in _ORDERED and not (_counts(left) or _counts(right)):
                way = _ORDERED[op] * easier * by
                if is_constant(right) and not is_constant(left):
                    return Compare(op, walk(left, easier), _moved(right, way))
                if is_constant(left) and not is_constant(right):
                    return Compare(op, _moved(left, -way), walk(right, easier))
                return rebuilt(node, lambda child: walk(child, easier))
            case Between(item=item, low=low, high=high) if is_constant(low) and is_constant(high):
                return Between(walk(item, easier), _moved(low, -easier * by), _moved(high, easier * by))
            case Compare() | Among():
                return node
            case _:
                return rebuilt(node, lambda child: walk(child, easier))

    return walk(condition, 1)


def is_constant(node: Condition) -> bool:
    """A number that is written out, with or without a sign."""
    if isinstance(node, Negative):
        return is_constant(node.item)
    if isinstance(node, Quantity):
        return True
    return isinstance(node, Literal) and isinstance(node.value, int | float) and not isinstance(node.value, bool)


def _counts(node: Condition) -> bool:
    return isinstance(node, Aggregate) and node.function == "count"


def _moved(node: Condition, way: float) -> Condition:
    if isinstance(node, Negative):
        return Negative(_moved(node.item, -way))
    assert isinstance(node, Literal | Quantity)
    assert not isinstance(node.value, str)
    return msgspec.structs.replace(node, value=node.value + way)
