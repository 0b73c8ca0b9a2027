"""How a twin is connected: the template of its type, its own connectivity laid over it, its id in the `{twin_id}`s.

Only a type's text has placeholders; what a twin writes itself is taken as it stands. Parts without a placeholder are
the template's own objects, so 500 pumps with one mapping share it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from app.model.definitions import Connectivity, ConnectivityPart, Twin
from app.model.definitions import Mapping as DeviceMapping
from app.model.lineage import Types, types_in_line

PLACEHOLDER = "{twin_id}"
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
"""Doubled braces are one that stays."""
_Part = TypeVar("_Part")


def template_of(types: Types, type_id: str) -> ConnectivityPart | None:
    """What the type and those above it say together, the nearest word first; None where none says anything."""
    found: ConnectivityPart | None = None
    for twin_type in reversed(list(types_in_line(types, type_id))):
        if twin_type.connectivity is not None:
            found = merged(found, twin_type.connectivity) if found is not None else twin_type.connectivity
        elif "connectivity" in twin_type.model_fields_set:
            found = None  # written as null: it and those below have none
    return found


def part_of_twin(template: ConnectivityPart | None, twin: Twin) -> ConnectivityPart | None:
    """`protocol` and `endpoint` may be missing still. A twin that writes null has none, whatever its type says."""
    own = twin.connectivity
    if own is None and "connectivity" in twin.model_fields_set:
        return None
    if template is None:
        return own
    shared = filled(template, twin.twin_id)
    return shared if own is None else merged(shared, own)


def whole(part: ConnectivityPart | None) -> Connectivity | None:
    """None where it says too little to connect."""
    if part is None or part.protocol is None or part.endpoint is None:
        return None
    return Connectivity.model_construct(part.model_fields_set, **{name: getattr(part, name) for name in _FIELDS})


_FIELDS = tuple(ConnectivityPart.model_fields)


def merged(below: ConnectivityPart, own: ConnectivityPart) -> ConnectivityPart:
    """`own` goes first: its fields replace, its mapping entry by entry."""
    changes: dict[str, Any] = {name: getattr(own, name) for name in own.model_fields_set if name != "mapping"}
    if "mapping" in own.model_fields_set:
        parts = ("properties", "methods", "events")
        both: dict[str, Any] = {part: {**getattr(below.mapping, part), **getattr(own.mapping, part)} for part in parts}
        changes["mapping"] = DeviceMapping.model_construct(**both)
    return below.model_copy(update=changes)


def unknown_placeholders(part: ConnectivityPart) -> Iterator[tuple[tuple[str, ...], str]]:
    """(where below the connectivity, the placeholder as written) of each that is not `{twin_id}`."""
    for where, text in _texts(part, ()):
        for found in _BRACES.finditer(text):
            if found[1] is not None and found[0] != PLACEHOLDER:
                yield where, found[0]


def _texts(item: object, where: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(item, str):
        yield where, item
    elif isinstance(item, BaseModel):
        for name in type(item).model_fields:
            if name != "authentication":  # the user's own, never filled
                yield from _texts(getattr(item, name), (*where, name))
    elif isinstance(item, dict):
        for name, below in item.items():
            yield from _texts(below, (*where, name))


def filled(item: _Part, twin_id: str) -> _Part:
    """The same object where it has no placeholder."""
    found: Any = item
    if isinstance(item, str):
        found = _BRACES.sub(lambda brace: twin_id if brace[1] is not None else brace[0][0], item)
        return item if found == item else found
    if isinstance(item, BaseModel):
        names = [name for name in type(item).model_fields if name != "authentication"]
        changes = _changed({name: getattr(item, name) for name in names}, twin_id)
        return item.model_copy(update=changes) if changes else item
    if isinstance(item, dict):
        changes = _changed(item, twin_id)
        return cast(_Part, {**item, **changes}) if changes else item
    return item


def _changed(items: Mapping[str, Any], twin_id: str) -> dict[str, Any]:
    found = {name: filled(item, twin_id) for name, item in items.items()}
    return {name: item for name, item in found.items() if item is not items[name]}
