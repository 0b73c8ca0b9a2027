"""Relationship types, and the edges that name them.

A word means one relationship type in one direction: no two types share a name or an inverse, built-in ones included.
"""

from app.commands.draft import World
from app.commands.findings import Findings
from app.model.definitions import RelationshipType
from app.model.relationship_types import BUILT_IN, meant


def check_relationship_type(world: World, kind: RelationshipType, findings: Findings) -> None:
    taken: dict[str, str] = {}
    for other in _others(world, kind.relationship_type):
        taken[other.relationship_type] = f"the relationship type '{other.relationship_type}'"
        if other.inverse is not None:
            taken[other.inverse] = f"the inverse of '{other.relationship_type}'"
    for field, name in (("relationship_type", kind.relationship_type), ("inverse", kind.inverse)):
        if name in taken:
            findings.fault("NAME_TAKEN", f"'{name}' is {taken[name]} already", f"/{field}", "give it another name")


def check_type_is_known(world: World, name: str | None, path: str, findings: Findings) -> None:
    if name is not None and world.relationship_type(name) is None:
        code, message = "UNKNOWN_RELATIONSHIP_TYPE", f"there is no relationship type '{name}'"
        findings.fault(code, message, path, meant(world, name))


def _others(world: World, name: str) -> list[RelationshipType]:
    """As they stand, and the built-in ones that stored ones stand for now."""
    found = [world.relationship_type(other) for other in world.ids("relationship_type") if other != name]
    hidden = [item for other, item in BUILT_IN.items() if other != name]
    return [*(item for item in found if item is not None), *hidden]
