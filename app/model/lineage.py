"""Which twin types a type extends, and which extend it.

Whether an `extends` may stand is checked before it is saved (commands/check_extends.py); these walks end in any case,
because what the graph holds may have been written by hand: a type that comes again, or is missing, ends its line.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from app.model.definitions import TwinKind, TwinType


class Types(Protocol):
    """The part of a catalogue, or of a draft of one, that the walks need."""

    def twin_type(self, type_id: str) -> TwinType | None: ...

    def subtypes_of(self, type_id: str) -> Iterable[str]:
        """Those that name it in `extends`."""


def lineage(types: Types, type_id: str) -> list[str]:
    """The type itself, the one it extends, and so on to the root."""
    found: dict[str, None] = {}
    at: str | None = type_id
    while at is not None and at not in found:
        found[at] = None
        twin_type = types.twin_type(at)
        at = twin_type.extends if twin_type else None
    return list(found)


def family(types: Types, type_id: str) -> list[str]:
    """The type itself and every type below it."""
    found: dict[str, None] = {type_id: None}
    waiting = [type_id]
    while waiting:
        for subtype in types.subtypes_of(waiting.pop()):
            if subtype not in found:
                found[subtype] = None
                waiting.append(subtype)
    return list(found)


def is_a(types: Types, type_id: str, wanted: str) -> bool:
    """Whether a twin of `type_id` may stand where one of `wanted` is asked for."""
    return type_id == wanted or wanted in lineage(types, type_id)


def types_in_line(types: Types, type_id: str) -> Iterator[TwinType]:
    """The definitions of `lineage`: what the first of them writes goes before what is written above it."""
    for at in lineage(types, type_id):
        twin_type = types.twin_type(at)
        if twin_type is not None:
            yield twin_type


def kind_in_effect(types: Types, type_id: str) -> TwinKind:
    """The nearest kind that is written in its line; equipment where none is."""
    written = (item.kind for item in types_in_line(types, type_id) if "kind" in item.model_fields_set)
    return next(written, "equipment")
