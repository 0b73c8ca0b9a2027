"""Merging a patch into a document, as `update` does it; `save` replaces instead (design, "Save and update").

null takes a field away, here and in every part that is merged. Items of named lists are found by their name and merged
field by field; what is inside a field of theirs (conditions, parameters) is replaced as it is given.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from app.commands.form import told_apart_by, unique_parts
from app.commands.pointers import pointer, shown
from app.errors import Problem
from app.model.definitions import Kind
from app.model.near import near

_BY_KEY = ("metadata", "visualization")
"""Free-form: each key is replaced as a whole."""
_SECTIONS = ("properties", "methods", "events")
"""Of a mapping: by key, and each entry field by field."""
_BOUND = ("twin_id", "overlay_id")


@dataclass(frozen=True, slots=True)
class _Gap:
    """Where an item stood, or a role was filled, before the patch took it away: what comes back takes that place, so
    that the patch does the same when it is sent again."""

    name: str
    beside: Any = None


@dataclass(frozen=True, slots=True)
class Merged:
    document: dict[str, Any]
    warnings: tuple[Problem, ...]
    """A removal of what is not there: nothing to do, but perhaps a misspelling. Pointers are into the patch."""


def merge(kind: Kind, document: Mapping[str, Any], patch: Mapping[str, Any], many: Collection[str] = ()) -> Merged:
    """`many`: the roles of an overlay that several may fill, the names that several relationships of a twin may have.
    What the patch gets wrong in form is left as it is, for
    the check of the merged document to say."""
    found = dict(document)
    warnings: list[Problem] = []
    lists = unique_parts(kind)
    for key, value in patch.items():
        now = document.get(key)
        if value is None:
            found.pop(key, None)
        elif isinstance(value, list) and (key in lists or (kind == "overlay" and key == "twins")):
            if key in lists:
                beside = told_apart_by(kind, key)
                shared = _shared(lists[key], now, value, many) if beside else ()
                items = _items(now, value, lists[key], key, warnings, beside, shared)
            else:
                items = _bindings(now, value, many, warnings)
            if items or key in document:
                found[key] = items
        elif key in _BY_KEY:
            found[key] = _fields(now, value)
        elif key == "connectivity":
            found[key] = _fields(now, value, {"mapping": _mapping, "heartbeat": _fields})
        elif key == "simulation":
            found[key] = _fields(now, value, {"parameters": _fields})
        else:
            found[key] = value
    return Merged(found, tuple(warnings))


def _fields(now: Any, patch: Any, inner: Mapping[str, Any] | None = None) -> Any:
    """Key by key; those in `inner` by a merge of their own."""
    if not isinstance(patch, Mapping):
        return patch
    found = dict(now) if isinstance(now, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        elif inner and key in inner:
            found[key] = inner[key](found.get(key), value)
        else:
            found[key] = value
    return found


def _mapping(now: Any, patch: Any) -> Any:
    return _fields(now, patch, dict.fromkeys(_SECTIONS, _section))


def _section(now: Any, patch: Any) -> Any:
    return _fields(now, patch, dict.fromkeys(patch, _fields) if isinstance(patch, Mapping) else None)


def _items(
    now: Any,
    patch: list[Any],
    field: str,
    part: str,
    warnings: list[Problem],
    beside: str | None = None,
    shared: Collection[str] = (),
) -> list[Any]:
    """By name; those with a name that is `shared` by name and what stands `beside` it. A removal takes all of its name,
    or the one that it tells apart."""
    found: list[Any] = list(now) if isinstance(now, list) else []
    for index, item in enumerate(patch):
        name = _name(item, field)
        removed = name is not None and item.get("remove") is True
        apart = beside is not None and (item.get(beside) is not None if removed else name in shared)
        places = [
            at
            for at, other in enumerate(found)
            if name is not None and _name(other, field) == name and (not apart or other.get(beside) == item.get(beside))
        ]
        gap = _Gap(name, item.get(beside) if beside else None) if name is not None else None
        if removed and name is not None:
            if not places:
                known = {other for other in (_name(other, field) for other in found) if other is not None}
                what = f"{shown(name)} to {shown(str(item[beside]))}" if apart else shown(name)
                hint = near(name, known) if name not in known else ""
                warnings.append(_nothing(f"{part} has no {what}", (part, index), hint))
            for at in places:
                found[at] = _Gap(name, found[at].get(beside) if beside else None)
        elif places:
            found[places[0]] = _fields(found[places[0]], item)
        elif gap is not None and gap in found:
            found[found.index(gap)] = _fields({}, item)
        else:
            found.append(_fields({}, item))
    return [item for item in found if not isinstance(item, _Gap)]


def _shared(field: str, now: Any, patch: list[Any], many: Collection[str]) -> set[str]:
    """Names that several items may have, have, or are given by the patch: sent again, it must mean the same."""
    found = set(many)
    for items in (now if isinstance(now, list) else [], patch):
        names = Counter(name for name in (_name(item, field) for item in items) if name is not None)
        found.update(name for name, count in names.items() if count > 1)
    return found


def _name(item: Any, field: str) -> str | None:
    name = item.get(field) if isinstance(item, Mapping) else None
    return name if isinstance(name, str) else None


def _bindings(now: Any, patch: list[Any], many: Collection[str], warnings: list[Problem]) -> list[Any]:
    """By role; a role that several may fill by role and whoever fills it."""
    found: list[Any] = list(now) if isinstance(now, list) else []
    for index, item in enumerate(patch):
        role = item.get("role") if isinstance(item, Mapping) else None
        if not isinstance(role, str):
            found.append(item)
            continue
        filler = next(((field, item[field]) for field in _BOUND if item.get(field) is not None), None)
        emptied = filler is None and any(field in item for field in _BOUND)
        of_role = [at for at, other in enumerate(found) if isinstance(other, Mapping) and other.get("role") == role]
        if filler is not None and role in many:
            of_role = [at for at in of_role if found[at].get(filler[0]) == filler[1]]
        gap = next((at for at, other in enumerate(found) if other == _Gap(role)), None)
        if emptied or item.get("remove") is True:
            if not of_role:
                known = [str(other.get("role")) for other in found if isinstance(other, Mapping)]
                hint = near(role, known) if role not in known else ""
                warnings.append(_nothing(f"role {shown(role)} is not bound so", ("twins", index), hint))
            elif gap is None:
                found[of_role[0]] = _Gap(role)
            found = [other for at, other in enumerate(found) if at not in of_role or other == _Gap(role)]
        elif len(of_role) == 1:
            at = of_role[0]
            swapped = {} if filler is None else dict.fromkeys(_BOUND)
            found[at] = _fields(_fields(found[at], swapped), item)
        elif gap is not None:
            found.insert(gap, _fields({}, item))
        else:
            found.append(_fields({}, item))
    return [item for item in found if not isinstance(item, _Gap)]


def _nothing(message: str, path: tuple[str | int, ...], hint: str) -> Problem:
    return Problem("NOTHING_TO_REMOVE", message, pointer(path), hint)
