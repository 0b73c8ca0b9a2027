"""The relationship types that are there from the start, and what edges are when nobody says their type.

A stored document of the same name goes before a built-in one, and deleting it brings the built-in one back. Names and
inverses of built-in types stay taken all the while, so that this can never make two meanings of one word.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from app.model.change import StoredDefinition
from app.model.definitions import Impact, Kind, RelationshipType, TwinKind
from app.model.near import near

_LISTED = 20


def _built_in(name: str, inverse: str, impact: Impact, description: str) -> RelationshipType:
    return RelationshipType(relationship_type=name, inverse=inverse, impact=impact, description=description)


BUILT_IN: Mapping[str, RelationshipType] = {
    item.relationship_type: item
    for item in (
        _built_in("physical_connection", "connected_from", "forward", "What flows, flows from source to target"),
        _built_in("control", "controlled_by", "forward", "The source controls the target"),
        _built_in(
            "control_relationship", "under_control_of", "forward", "Control, as the specification's twins say it"
        ),
        _built_in("composition", "composed_of", "forward", "The source is a part of the target"),
        _built_in("monitoring", "monitored_by", "none", "The source watches the target, which runs on without it"),
    )
}
TYPE_BY_KIND: Mapping[TwinKind, str] = {
    "equipment": "physical_connection",
    "sensor": "monitoring",
    "controller": "control",
}
"""Of an edge whose type nobody wrote, by the kind of its source."""


class RelationshipTypes(Protocol):
    def relationship_type(self, name: str) -> RelationshipType | None: ...

    def ids(self, kind: Kind) -> Iterable[str]: ...


def stored_built_in(name: str) -> StoredDefinition | None:
    """As if it had been saved before everything else: revision 0, at the epoch."""
    found = BUILT_IN.get(name)
    return StoredDefinition("relationship_type", name, found, 0, 0, 0, "built-in", 0, "built-in") if found else None


def meant(types: RelationshipTypes, name: str) -> str:
    """What somebody meant who wrote the name of no type: an inverse, something near, or one of those there are."""
    names = list(types.ids("relationship_type"))
    for other in names:
        found = types.relationship_type(other)
        if found is not None and found.inverse == name:
            return f"it is the inverse of '{other}': write that, and turn the direction"
    hint = near(name, names)
    return hint or (f"known are {', '.join(sorted(names))}" if len(names) <= _LISTED else "")
