"""What an edge is where its document leaves that open: its type and its direction.

A rule of the twin's type says so, else the kind of thing that the edge starts from: a sensor watches, a controller
controls, anything else is connected. Documents keep what their authors wrote; edges, answers and the graph have all.
"""

from typing import TYPE_CHECKING, Protocol

from app.model.definitions import Direction, OverlayRelationship, RelationshipDefinition, RelationshipRule, Twin
from app.model.lineage import Types, kind_in_effect
from app.model.relationship_types import TYPE_BY_KIND

if TYPE_CHECKING:
    from app.model.catalogue import Capabilities


class Twins(Types, Protocol):
    def twin(self, twin_id: str) -> Twin | None: ...

    def type_capabilities(self, type_id: str) -> "Capabilities": ...


def rule_of(twins: Twins, twin: Twin, name: str) -> RelationshipRule | None:
    return twins.type_capabilities(twin.twin_type).relationships.get(name)


def direction_of(twins: Twins, twin: Twin, item: RelationshipDefinition) -> Direction:
    if item.direction is not None:
        return item.direction
    rule = rule_of(twins, twin, item.name)
    return rule.direction if rule is not None else "outgoing"


def type_of(twins: Twins, twin: Twin, item: RelationshipDefinition) -> str:
    if item.relationship_type is not None:
        return item.relationship_type
    rule = rule_of(twins, twin, item.name)
    if rule is not None and rule.relationship_type is not None:
        return rule.relationship_type
    return type_from(twins, twin if direction_of(twins, twin, item) == "outgoing" else twins.twin(item.target_twin_id))


def group_of(twins: Twins, twin: Twin, item: RelationshipDefinition) -> str | None:
    """Where one is declared, by the relationship or by the rule of the twin's type."""
    if item.group is not None:
        return item.group
    rule = rule_of(twins, twin, item.name)
    return rule.group if rule is not None else None


def type_from(twins: Twins, source: Twin | None) -> str:
    """A twin that does not exist yet is taken for equipment until it does."""
    return type_by_kind(twins, source.twin_type if source is not None else None)


def type_in_overlay(twins: Twins, item: OverlayRelationship) -> str:
    """Of an overlay's own."""
    return item.relationship_type or type_from(twins, twins.twin(item.source_twin_id))


def type_by_kind(types: Types, twin_type: str | None) -> str:
    """Of an edge from such a twin; what fills a role and is no twin is taken for equipment."""
    return TYPE_BY_KIND[kind_in_effect(types, twin_type) if twin_type is not None else "equipment"]
