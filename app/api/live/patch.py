"""What turns one answer into the next: JSON Patch (RFC 6902), no longer than the part that it replaces.

Items of a list are told apart by whatever field tells them apart in both answers (an id, a name, a cursor), so one that
joins is one addition and one that moves is one move, not a change of everything behind it.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

Operation = dict[str, Any]
_Field = tuple[str, ...]
"""A field of an item, or a field of an object that it holds: ("node", "twinId")."""

encode = msgspec.json.encode


def patch(before: Any, after: Any) -> list[Operation]:
    """Applied in order; empty where nothing differs as JSON has it, which holds 1 and `true` apart."""
    return _values(before, after, "")


def _values(before: Any, after: Any, path: str) -> list[Operation]:
    if before is after or (before == after and encode(before) == encode(after)):
        return []
    found: list[Operation]
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        found = list(_objects(before, after, path))
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        found = list(_lists(list(before), list(after), path))
    else:
        return [_replace(path, after)]
    if len(found) > 1:
        whole = _replace(path, after)
        if len(encode(whole)) <= len(encode(found)) - 2:  # without the brackets of the list
            return [whole]
    return found


def _replace(path: str, value: Any) -> Operation:
    return {"op": "replace", "path": path, "value": value}


def _at(path: str, part: str | int) -> str:
    return f"{path}/{str(part).replace('~', '~0').replace('/', '~1')}"


def _objects(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[Operation]:
    for key in before:
        if key not in after:
            yield {"op": "remove", "path": _at(path, key)}
    for key, value in after.items():
        if key in before:
            yield from _values(before[key], value, _at(path, key))
        else:
            yield {"op": "add", "path": _at(path, key), "value": value}


def _lists(before: list[Any], after: list[Any], path: str) -> Iterator[Operation]:
    field = _telling(before, after)
    if field is None:
        yield from _by_place(before, after, path)
    else:
        yield from _by_name(before, after, path, field)


def _by_place(before: list[Any], after: list[Any], path: str) -> Iterator[Operation]:
    """What is the same at both ends stays; between, item by item."""
    shared = min(len(before), len(after))
    start = next((at for at in range(shared) if _values(before[at], after[at], "")), shared)
    behind = next((at for at in range(shared - start) if _values(before[-1 - at], after[-1 - at], "")), shared - start)
    old, new = before[start : len(before) - behind], after[start : len(after) - behind]
    for at in range(len(old) - 1, len(new) - 1, -1):
        yield {"op": "remove", "path": _at(path, start + at)}
    for at, value in enumerate(new):
        if at < len(old):
            yield from _values(old[at], value, _at(path, start + at))
        else:
            yield {"op": "add", "path": _at(path, start + at), "value": value}


def _by_name(before: list[Any], after: list[Any], path: str, field: _Field) -> Iterator[Operation]:
    """Who leaves, from the end; then from the end who joins or moves, each to before the one that follows it."""
    old = {_get(item, field): item for item in before}
    names = [_get(item, field) for item in after]
    new = set(names)
    line = list(old)
    for at in range(len(line) - 1, -1, -1):
        if line[at] not in new:
            yield {"op": "remove", "path": _at(path, at)}
            del line[at]
    staying = _longest_run(names, {name: at for at, name in enumerate(line)})
    for at in range(len(names) - 1, -1, -1):
        name = names[at]
        if name in staying:
            continue
        follows = names[at + 1] if at + 1 < len(names) else None
        if name in old:
            start = line.index(name)
            del line[start]
            to = len(line) if follows is None else line.index(follows)
            line.insert(to, name)
            if to != start:
                yield {"op": "move", "from": _at(path, start), "path": _at(path, to)}
        else:
            to = len(line) if follows is None else line.index(follows)
            line.insert(to, name)
            yield {"op": "add", "path": _at(path, to), "value": after[at]}
    for at, name in enumerate(names):
        if name in old:
            yield from _values(old[name], after[at], _at(path, at))


def _longest_run(names: Sequence[str], place: Mapping[str, int]) -> set[str]:
    """The most of `names` that stand in this order already, by their places."""
    ends: list[int] = []
    """The lowest place at which a run of each length ends."""
    last: list[str] = []
    before: dict[str, str | None] = {}
    for name in names:
        at = place.get(name)
        if at is None:
            continue
        length = bisect_left(ends, at)
        before[name] = last[length - 1] if length else None
        if length == len(ends):
            ends.append(at)
            last.append(name)
        else:
            ends[length], last[length] = at, name
    found: set[str] = set()
    here = last[-1] if last else None
    while here is not None:
        found.add(here)
        here = before[here]
    return found


def _telling(before: list[Any], after: list[Any]) -> _Field | None:
    """The field that tells the items of each list apart and that most of them have kept; None where there is none."""
    if not before or not after or not all(isinstance(item, Mapping) for item in (*before, *after)):
        return None
    best, kept = None, 0
    for field in _fields(before[0]):
        old, new = _names(before, field), _names(after, field)
        if old is not None and new is not None and len(old & new) > kept:
            best, kept = field, len(old & new)
    return best


def _fields(item: Mapping[str, Any]) -> Iterator[_Field]:
    for key, value in item.items():
        if isinstance(value, str):
            yield (key,)
        elif isinstance(value, Mapping):
            yield from ((key, inner) for inner, found in value.items() if isinstance(found, str))


def _names(items: list[Any], field: _Field) -> set[str] | None:
    found = [_get(item, field) for item in items]
    if not all(isinstance(name, str) for name in found):
        return None
    return set(found) if len(set(found)) == len(found) else None


def _get(item: Any, field: _Field) -> Any:
    for key in field:
        item = item.get(key) if isinstance(item, Mapping) else None
    return item
