"""Relationship types, the rules of twin types for relationships, and the relationships of twins.

A word means one relationship type in one direction: no two types share a name or an inverse, built-in ones included. A
twin whose type has no rule may have any relationships; one whose type has some may have those alone.
"""

from collections import Counter
from collections.abc import Mapping

from app.commands.draft import World
from app.commands.findings import Findings
from app.model.definitions import RelationshipDefinition, RelationshipRule, RelationshipType, Twin, TwinType, bounds
from app.model.lineage import is_a
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


def check_rules(world: World, twin_type: TwinType, findings: Findings) -> None:
    for index, rule in enumerate(twin_type.relationships):
        path = f"/relationships/{index}"
        check_type_is_known(world, rule.relationship_type, f"{path}/relationship_type", findings)
        if rule.target_type is not None and world.twin_type(rule.target_type) is None:
            findings.unknown("twin type", rule.target_type, "", f"{path}/target_type", world.ids("twin_type"))


def check_relationships(world: World, twin: Twin, findings: Findings) -> None:
    rules = world.type_capabilities(twin.twin_type).relationships
    counts = Counter(item.name for item in twin.relationships)
    met: set[str] = set()
    for index, item in enumerate(twin.relationships):
        path = f"/relationships/{index}"
        check_type_is_known(world, item.relationship_type, f"{path}/relationship_type", findings)
        if world.twin(item.target_twin_id) is None:
            findings.unresolved(item.target_twin_id, item.name, f"{path}/target_twin_id")
        rule = rules.get(item.name)
        if rule is not None:
            _check_rule(world, item, rule, path, findings)
        elif rules:
            findings.unknown("relationship", item.name, _of_type(twin), f"{path}/name", rules)
        elif item.name in met:
            message = f"relationships has '{item.name}' twice, which no rule of its twin type allows"
            findings.fault("DUPLICATE_NAME", message, f"{path}/name", "give each its own name")
        met.add(item.name)
    _check_counts(rules, counts, twin, findings)


def _check_rule(
    world: World, item: RelationshipDefinition, rule: RelationshipRule, path: str, findings: Findings
) -> None:
    target = world.twin(item.target_twin_id)
    if target is not None and rule.target_type is not None and not is_a(world, target.twin_type, rule.target_type):
        findings.fault(
            "RELATIONSHIP_TARGET_MISMATCH",
            f"relationship '{item.name}' takes a {rule.target_type}; '{target.twin_id}' is a {target.twin_type}",
            f"{path}/target_twin_id",
            f"name a twin of type '{rule.target_type}' or of one that extends it",
        )
    if item.relationship_type is not None and rule.relationship_type not in (None, item.relationship_type):
        findings.fault(
            "RELATIONSHIP_TYPE_MISMATCH",
            f"relationship '{item.name}' is a {rule.relationship_type}, not a {item.relationship_type}",
            f"{path}/relationship_type",
            f"write {rule.relationship_type}, or leave it out",
        )
    if item.direction is not None and item.direction != rule.direction:
        findings.fault(
            "RELATIONSHIP_DIRECTION_MISMATCH",
            f"relationship '{item.name}' is {rule.direction}, not {item.direction}",
            f"{path}/direction",
            f"write {rule.direction}, or leave it out",
        )


def _check_counts(
    rules: Mapping[str, RelationshipRule], counts: Mapping[str, int], twin: Twin, findings: Findings
) -> None:
    for name, rule in rules.items():
        least, most = bounds(rule.multiplicity)
        count = counts.get(name, 0)
        asked = f"relationship '{name}' {_of_type(twin)} is there {rule.multiplicity} times, not {count}"
        if count < least:
            findings.fault("RELATIONSHIP_MISSING", asked, "/relationships", f"add '{name}'")
        if most is not None and count > most:
            findings.fault("TOO_MANY_RELATIONSHIPS", asked, "/relationships", f"leave {count - most} of them out")


def _of_type(twin: Twin) -> str:
    return f"of twin type '{twin.twin_type}'"
