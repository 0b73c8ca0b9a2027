"""How a twin is connected: the template of its type, its own connectivity laid over it, its id in the `{twin_id}`s.

Only a type's text has placeholders; what a twin writes itself is taken as it stands. Parts without a placeholder are
the template's own objects; those with one are filled in when somebody asks, for kept for 100,000 twins they would be
most of the server's memory.

A fallback is a connectivity of its own once it is laid over the preferred one, of a type as of a twin; everybody who
connects or calls takes paths one by one from `paths_of`, or from a template's `fallbacks`.
"""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from app.model.definitions import Connectivity, ConnectivityPart, FallbackPath, Twin
from app.model.definitions import Mapping as DeviceMapping
from app.model.lineage import Types, types_in_line

PLACEHOLDER = "{twin_id}"
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
"""Doubled braces are one that stays."""
_FIELDS = tuple(ConnectivityPart.model_fields)
_ADDRESS = ("endpoint", "client_id", "namespace")
_OF_ALL_PATHS = ("heartbeat", "fallbacks", "fallback_after", "return_after")
"""What is said once for all ways to a device, beside the preferred one."""
_LONGEST_FILLED = 1000
"""Of a template's text: with the longest id in every placeholder it is still shorter than any limit that it meets."""


class Template:
    """What a type gives its twins, looked through once for all of them. Equal where it says the same."""

    __slots__ = ("_places", "address", "fallbacks", "mapped", "part", "takes_any_id", "unfilled")

    def __init__(self, part: ConnectivityPart) -> None:
        self.part = part
        self._places: dict[str, Any] = _places(part) or {}
        self.unfilled = whole(part)
        """With its placeholders; None where it says too little to connect."""
        self.fallbacks = tuple(Template(item) for item in fallback_parts(part)) if self.unfilled is not None else ()
        self.mapped = mapped_by(part, *(item.part for item in self.fallbacks)) if self.unfilled is not None else None
        """The properties that it maps on any path; None where it says too little to connect."""
        self.address = self.unfilled if self._places.keys().isdisjoint(_ADDRESS) else None
        """Something whose endpoint, client id and namespace are every twin's; None where an id is in one of them."""
        places = {name: below for name, below in self._places.items() if name != "fallbacks"}
        self.takes_any_id: bool = (
            places.keys().isdisjoint(_ADDRESS)
            and all(map(_takes_any_id, _leaves(places)))
            and all(item.takes_any_id for item in self.fallbacks)
        )
        """Whether it is right with every id, where it is with one."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and (self.part is other.part or self.part == other.part)

    __hash__ = None  # type: ignore[assignment]

    def filled(self, twin_id: str) -> ConnectivityPart:
        found: ConnectivityPart = _filled(self.part, self._places, twin_id)
        return found

    def connectivity(self, twin_id: str) -> Connectivity | None:
        """None where it says too little to connect."""
        found: Connectivity | None = (
            _filled(self.unfilled, self._places, twin_id) if self.unfilled is not None else None
        )
        return found


def template_of(types: Types, type_id: str) -> Template | None:
    """What the type and those above it say together, the nearest word first; None where none says anything."""
    found: ConnectivityPart | None = None
    for twin_type in reversed(list(types_in_line(types, type_id))):
        if twin_type.connectivity is not None:
            found = merged(found, twin_type.connectivity) if found is not None else twin_type.connectivity
        elif "connectivity" in twin_type.model_fields_set:
            found = None  # written as null: it and those below have none
    return Template(found) if found is not None else None


def takes_template(twin: Twin) -> bool:
    """Whether the twin is connected just as its type says."""
    return "connectivity" not in twin.model_fields_set


def part_of_twin(template: Template | None, twin: Twin) -> ConnectivityPart | None:
    """`protocol` and `endpoint` may be missing still. A twin that writes null has none, whatever its type says."""
    own = twin.connectivity
    if own is None and not takes_template(twin):
        return None
    if template is None:
        return own
    shared = template.filled(twin.twin_id)
    return shared if own is None else merged(shared, own)


def whole(part: ConnectivityPart | None) -> Connectivity | None:
    """None where it says too little to connect."""
    if part is None or part.protocol is None or part.endpoint is None:
        return None
    return Connectivity.model_construct(part.model_fields_set, **{name: getattr(part, name) for name in _FIELDS})


def merged(below: ConnectivityPart, own: ConnectivityPart | FallbackPath) -> ConnectivityPart:
    """`own` goes first: its fields replace, its mapping entry by entry."""
    changes: dict[str, Any] = {name: getattr(own, name) for name in own.model_fields_set if name != "mapping"}
    if "mapping" in own.model_fields_set:
        parts = ("properties", "methods", "events")
        both: dict[str, Any] = {part: {**getattr(below.mapping, part), **getattr(own.mapping, part)} for part in parts}
        changes["mapping"] = DeviceMapping.model_construct(**both)
    return below.model_copy(update=changes)


def fallback_parts(part: ConnectivityPart) -> list[ConnectivityPart]:
    """Each fallback with what it takes from the preferred path; none has fallbacks of its own."""
    alone: dict[str, Any] = dict.fromkeys(_OF_ALL_PATHS) | {"fallbacks": []}
    return [
        merged(part.model_copy(update=alone), item) if same_protocol(part, item) else merged(ConnectivityPart(), item)
        for item in part.fallbacks
    ]


def same_protocol(part: ConnectivityPart, fallback: FallbackPath) -> bool:
    return fallback.protocol is None or fallback.protocol == part.protocol


def paths_of(connectivity: Connectivity) -> list[Connectivity]:
    """The preferred path, then its fallbacks in their order."""
    fallbacks = (whole(part) for part in fallback_parts(connectivity))
    return [connectivity, *(item for item in fallbacks if item is not None)]


def mapped_by(*paths: ConnectivityPart) -> tuple[str, ...]:
    """The properties that any of them maps, each once."""
    return tuple(dict.fromkeys(name for path in paths for name in path.mapping.properties))


def unknown_placeholders(part: ConnectivityPart) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """(where below the connectivity, the placeholder as written) of each that is not `{twin_id}`."""
    for where, text in _texts(part, ()):
        for found in _BRACES.finditer(text):
            if found[1] is not None and found[0] != PLACEHOLDER:
                yield where, found[0]


def _texts(item: object, where: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(item, str):
        yield where, item
    else:
        for name, below in _below(item).items():
            yield from _texts(below, (*where, name))


def _below(item: object) -> dict[Any, Any]:
    if isinstance(item, BaseModel):  # `authentication` is the user's own, never filled
        return {name: getattr(item, name) for name in type(item).model_fields if name != "authentication"}
    if isinstance(item, list):
        return dict(enumerate(item))
    return item if isinstance(item, dict) else {}


def _places(item: object) -> Any:
    """The texts in it that have braces, nested as they lie in it; None where there are none."""
    if isinstance(item, str):
        return item if _BRACES.search(item) else None
    found = {name: place for name, below in _below(item).items() if (place := _places(below)) is not None}
    return found or None


def _filled(item: Any, places: Any, twin_id: str) -> Any:
    if isinstance(places, str):
        return twin_id.join(around_placeholders(places))
    if not places:
        return item
    if isinstance(item, BaseModel):
        return item.model_copy(
            update={name: _filled(getattr(item, name), below, twin_id) for name, below in places.items()}
        )
    if isinstance(item, list):
        return [_filled(below, places.get(index), twin_id) for index, below in enumerate(item)]
    return {**item, **{name: _filled(item[name], below, twin_id) for name, below in places.items()}}


def around_placeholders(text: str) -> tuple[str, ...]:
    """What stands around the placeholders of a template's text: an id joins it to what is filled in."""
    found, end = [""], 0
    for brace in _BRACES.finditer(text):
        found[-1] += text[end : brace.start()]
        end = brace.end()
        if brace[1] is not None:
            found.append("")
        else:
            found[-1] += brace[0][0]
    found[-1] += text[end:]
    return tuple(found)


def _leaves(places: dict[str, Any]) -> Iterator[str]:
    for below in places.values():
        if isinstance(below, str):
            yield below
        else:
            yield from _leaves(below)


def _takes_any_id(text: str) -> bool:
    """An id fits into a topic, a JSON pointer and a node's name; not into a node's bytes or number, whatever is said
    of one id."""
    return len(text) <= _LONGEST_FILLED and ("=" not in text or ";s=" in text or text.startswith("s="))
