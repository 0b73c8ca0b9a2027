"""An overlay declaration to an overlay type: roles, relationships, behaviors."""

from app.dtsl import diagnostics
from app.dtsl.ast import Expression, OverlayDeclaration, Relationship, Role
from app.dtsl.check_overlay import check_behavior
from app.dtsl.declared import Checking
from app.dtsl.format import conjuncts
from app.dtsl.scope import Owner, Scope
from app.dtsl.spelling import dtsl_member, dtsl_type, title
from app.model.conditions import Bound
from app.model.definitions import OverlayType, RoleDefinition, RoleRelationship, TwinKind
from app.model.lineage import kind_in_effect
from app.model.relationship_types import TYPE_BY_KIND


def check_overlay_type(declared: OverlayDeclaration, checking: Checking) -> OverlayType | None:
    """None after any error in the script."""
    checking.once("role", [role.name for role in declared.roles])
    checking.once("relationship", [relationship.name for relationship in declared.relationships])
    checking.once("behavior", [behavior.name for behavior in declared.behaviors])
    scope = Scope(
        None,
        {role.name.id: _owner(role, checking) for role in reversed(declared.roles)},
        where=f"overlay {dtsl_type(declared.name.id)}",
        spell=dtsl_member,
        lost=checking.lost,
    )
    kinds = {role.name.id: _kind(role, checking) for role in declared.roles}
    relationships = [_relationship(item, scope, kinds, checking) for item in declared.relationships]
    behaviors = [check_behavior(item, scope, checking) for item in declared.behaviors]
    metadata = checking.metadata(declared.metadata)

    def build() -> OverlayType:
        return OverlayType(
            type_id=declared.name.id,
            name=title(declared.name.id),
            twin_roles=[
                RoleDefinition(role=role.name.id, required=not role.optional, twin_type=role.twin_type.id)
                for role in declared.roles
            ],
            relationship_types=[item for item in relationships if item],
            behaviors=[item for item in behaviors if item],
            **metadata,
        )

    return checking.make(f"overlay {dtsl_type(declared.name.id)}", declared.name.span, build)


def _owner(role: Role, checking: Checking) -> Owner:
    type_id = role.twin_type.id
    if checking.catalogue.twin_type(type_id) is None:
        known = map(dtsl_type, checking.catalogue.ids("twin_type"))
        checking.report(diagnostics.unknown_twin_type(dtsl_type(type_id), known), role.twin_type.span)
        return Owner({}, {}, role.optional, known=False)
    offered = checking.catalogue.type_capabilities(type_id)
    return Owner(offered.properties, offered.methods, role.optional)


def _kind(role: Role, checking: Checking) -> TwinKind:
    return kind_in_effect(checking.catalogue, role.twin_type.id)


# ---------------------------------------------------------------------------------------------------- relationships


def _relationship(
    item: Relationship, scope: Scope, kinds: dict[str, TwinKind], checking: Checking
) -> RoleRelationship | None:
    ends = (item.source, item.target)
    for end in ends:
        if end.id not in scope.owners and end.id not in scope.lost:
            known = map(dtsl_member, scope.owners)
            checking.report(diagnostics.unknown_role(dtsl_member(end.id), scope.where, known), end.span)
    if item.guard:
        _check_guard(item.guard, item, scope, checking)
    else:
        for end in ends:
            if end.id in scope.owners and scope.owners[end.id].optional:
                checking.report(diagnostics.unguarded_relationship(dtsl_member(end.id)), end.span)

    def build() -> RoleRelationship:
        return RoleRelationship(
            name=item.name.id,
            source_role=item.source.id,
            target_role=item.target.id,
            relationship_type=TYPE_BY_KIND[kinds[item.source.id]],
            required=item.guard is None,
        )

    return checking.make(f"relationship '{dtsl_member(item.name.id)}'", item.name.span, build)


def _check_guard(guard: Expression, item: Relationship, scope: Scope, checking: Checking) -> None:
    ends = {item.source.id, item.target.id}
    for test in conjuncts(guard.condition):
        if not isinstance(test, Bound) or test.owner not in ends:
            names = (dtsl_member(item.source.id), dtsl_member(item.target.id))
            checking.report(diagnostics.bad_guard(*names), guard.span)
            return
        if test.owner in scope.owners and not scope.owners[test.owner].optional:
            checking.report(diagnostics.needless_test(dtsl_member(test.owner)), guard.places[id(test)].owner)
