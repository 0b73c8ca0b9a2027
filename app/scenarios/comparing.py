"""Values that a scenario expects, compared with those that there are."""

from typing import Any

from app.engine.values import normal_datetime
from app.model.values import Value


def compared(left: Value, op: str, right: Value) -> bool:
    if op in ("==", "!="):
        return same(left, right) == (op == "==")
    if isinstance(left, bool) or isinstance(right, bool) or _kind(left) is not _kind(right):
        return False
    if _kind(left) not in (float, str):
        return False
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op])


def same(left: Value, right: Value) -> bool:
    """As JSON has it: 1 and 1.0 are one number, true is none. A date may be written in any of its forms."""
    match left, right:
        case dict(), dict():
            return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
        case list(), list():
            return len(left) == len(right) and all(same(*both) for both in zip(left, right, strict=True))
        case str(), str():
            return left == right or (left[:1].isdigit() and left == normal_datetime(right))
    return _kind(left) is _kind(right) and bool(left == right)


def _kind(value: Value) -> type[Any]:
    return float if type(value) is int else type(value)
