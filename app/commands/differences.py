"""What differs between two documents: JSON Patch operations (RFC 6902) with the old value beside the new one.

Applied in order they turn the first document into the second. List items that have a name (`name`, `role`) are
compared by it, so an item put in front is one addition, not a change of everything behind it. Where several have one
name, what they lead to tells them apart.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.commands.pointers import pointer

Parts = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    op: Literal["add", "remove", "replace"]
    path: str
    """RFC 6901 pointer; positions are those at the moment when the operations before this one were applied."""
    where: str
    """The same place for people: items of named lists by their name (`/properties/speed/unit`)."""
    before: Any = None
    after: Any = None


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """None is a definition that does not exist: it comes or goes as a whole (path "")."""
    if before is None or after is None:
        if before is None and after is None:
            return []
        op: Literal["add", "remove"] = "add" if before is None else "remove"
        return [Difference(op, "", "", before, after)]
    found: list[Difference] = []
    _objects(before, after, (), (), found)
    return found


def same(one: Any, other: Any) -> bool:
    """As JSON has it: Python holds 1, 1.0 and True equal, a document does not."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _values(before: Any, after: Any, path: Parts, where: Parts, found: list[Difference]) -> None:
    if same(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        _objects(before, after, path, where, found)
        return
    if isinstance(before, list) and isinstance(after, list):
        for name in _NAMINGS:
            old, new = _named(before, name), _named(after, name)
            if old is not None and new is not None and _kept(old, new) == _kept(new, old):
                _lists(old, new, path, where, found)
                return
    found.append(Difference("replace", pointer(path), pointer(where), before, after))


def _objects(
    before: Mapping[str, Any], after: Mapping[str, Any], path: Parts, where: Parts, found: list[Difference]
) -> None:
    for key in sorted({*before, *after}):
        at, shown = (*path, key), (*where, key)
        if key not in after:
            found.append(Difference("remove", pointer(at), pointer(shown), before[key]))
        elif key not in before:
            found.append(Difference("add", pointer(at), pointer(shown), None, after[key]))
        else:
            _values(before[key], after[key], at, shown, found)


def _lists(old: dict[str, Any], new: dict[str, Any], path: Parts, where: Parts, found: list[Difference]) -> None:
    """Removals from the end, additions from the start: so each position is right when its turn comes."""
    for index, (name, item) in reversed(list(enumerate(old.items()))):
        if name not in new:
            found.append(Difference("remove", pointer((*path, index)), pointer((*where, name)), item))
    for index, (name, item) in enumerate(new.items()):
        if name not in old:
            found.append(Difference("add", pointer((*path, index)), pointer((*where, name)), None, item))
    for index, (name, item) in enumerate(new.items()):
        if name in old:
            _values(old[name], item, (*path, index), (*where, name), found)


def _kept(items: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return [name for name in items if name in other]


def _named(items: Sequence[Any], name_of: Callable[[Mapping[str, Any]], object]) -> dict[str, Any] | None:
    """By name, in their order; None where not every item has one, or two have the same."""
    names = [name_of(item) if isinstance(item, Mapping) else None for item in items]
    if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return dict(zip(names, items, strict=True))  # type: ignore[arg-type]
    return None


def _name_and_target(item: Mapping[str, Any]) -> str | None:
    """What tells relationships apart where several have one name."""
    name, target = item.get("name"), item.get("target_twin_id")
    return f"{name}={target}" if isinstance(name, str) and isinstance(target, str) else None


def _role_and_filler(item: Mapping[str, Any]) -> str | None:
    """What tells bindings apart where a role has several."""
    role, filler = item.get("role"), item.get("twin_id") or item.get("overlay_id")
    return f"{role}={filler}" if isinstance(role, str) and isinstance(filler, str) else None


_NAMINGS: tuple[Callable[[Mapping[str, Any]], object], ...] = (
    lambda item: item.get("name"),
    lambda item: item.get("role"),
    _name_and_target,
    _role_and_filler,
)
