"""Applies JSON Patch (RFC 6902) as a client of a live query would: nothing of ours in it."""

from copy import deepcopy
from typing import Any


def patched(document: Any, operations: list[dict[str, Any]]) -> Any:
    """A new document; raises where an operation does not fit."""
    held = {"": deepcopy(document)}
    for operation in operations:
        _apply(held, operation)
    return held[""]


def _apply(held: dict[str, Any], operation: dict[str, Any]) -> None:
    value = deepcopy(operation.get("value"))
    match operation["op"]:
        case "add":
            _put(held, operation["path"], value)
        case "remove":
            _take(held, operation["path"])
        case "replace":
            _take(held, operation["path"])
            _put(held, operation["path"], value)
        case "move":
            _put(held, operation["path"], _take(held, operation["from"]))
        case other:
            raise AssertionError(f"there is no operation {other} in what we send")


def _place(held: dict[str, Any], pointer: str) -> tuple[Any, Any]:
    """What holds the last part, and that part: a key, or a position."""
    parent: Any = held
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")]
    for part in parts[:-1]:
        parent = parent[int(part)] if isinstance(parent, list) else parent[part]
    return parent, int(parts[-1]) if isinstance(parent, list) else parts[-1]


def _put(held: dict[str, Any], pointer: str, value: Any) -> None:
    parent, key = _place(held, pointer)
    if isinstance(parent, list):
        assert 0 <= key <= len(parent)
        parent.insert(key, value)
    else:
        parent[key] = value


def _take(held: dict[str, Any], pointer: str) -> Any:
    parent, key = _place(held, pointer)
    return parent.pop(key)
