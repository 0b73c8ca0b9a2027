"""What a script of an overlay is checked for by the language: types of roles, ends of relationships, guards."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.dtsl import diagnostics
from app.dtsl.ast import Expression
from app.dtsl.declared import Checking
from app.dtsl.format_conditions import conjuncts
from app.dtsl.lower import Lowered
from app.dtsl.places import place_of
from app.dtsl.scope import Scope
from app.dtsl.source import Span
from app.dtsl.spelling import dtsl_member, dtsl_type
from app.model.conditions import Bound


def check_role_types(item: Lowered, checking: Checking) -> set[str]:
    """The roles whose type is not known: nothing is said about what is in them."""
    unknown: set[str] = set()
    for index, role in enumerate(_objects(item.document.get("twin_roles"))):
        for field in ("twin_type", "overlay_type"):
            type_id = role.get(field)
            if not isinstance(type_id, str) or _is_known(type_id, field, checking):
                continue
            unknown.add(str(role.get("role")))
            if type_id in checking.lost:
                continue
            span = place_of(item.places, f"/twin_roles/{index}/{field}")
            if field == "overlay_type":
                known = map(dtsl_type, checking.catalogue.ids("overlay_type"))
                checking.report(diagnostics.unknown_overlay_type(dtsl_type(type_id), known), span)
            else:
                known = map(dtsl_type, checking.catalogue.ids("twin_type"))
                checking.report(diagnostics.unknown_twin_type(dtsl_type(type_id), known), span)
    return unknown


def _is_known(type_id: str, field: str, checking: Checking) -> bool:
    if type_id in checking.lost:
        return False
    catalogue = checking.catalogue
    return (catalogue.twin_type(type_id) if field == "twin_type" else catalogue.overlay_type(type_id)) is not None


def check_role_relationships(
    written: Sequence[Mapping[str, Any]], item: Lowered, scope: Scope, checking: Checking
) -> None:
    """`written` are the relationships as the script has them, with their guards."""
    for index, relationship in enumerate(written):
        ends = {field: relationship.get(field) for field in ("source_role", "target_role")}
        for field, end in ends.items():
            if isinstance(end, str):
                span = place_of(item.places, f"/relationship_types/{index}/{field}")
                _check_end(end, relationship, span, scope, checking)
        guard = relationship.get("guard")
        if isinstance(guard, Expression):
            _check_guard(guard, [end for end in ends.values() if isinstance(end, str)], scope, checking)


def _check_end(end: str, relationship: Mapping[str, Any], span: Span, scope: Scope, checking: Checking) -> None:
    path = path_of(end, scope)
    if path is None:
        name, _, rest = end.partition(".")
        outer = scope.owners.get(name)
        if name in scope.lost or (outer is not None and not outer.known):
            return
        if outer is None or not rest or outer.inside is None:
            known = map(dtsl_member, scope.owners)
            checking.report(diagnostics.unknown_role(_shown(end), scope.where, known), span)
        else:
            known = map(dtsl_member, outer.inside)
            where = f"'{dtsl_member(name)}'"
            checking.report(diagnostics.unknown_role(_shown(rest), where, known), span)
        return
    owner = scope.owners[path]
    required = "guard" not in relationship and relationship.get("required", True) is not False
    if required and owner.optional and not owner.many:
        checking.report(diagnostics.unguarded_relationship(scope.shown(owner.guard or path)), span)


def _shown(end: str) -> str:
    return ".".join(map(dtsl_member, end.split(".")))


def path_of(written: str, scope: Scope) -> str | None:
    """A role or a path of roles as a scope knows it: `pumping.primary_pump` -> `pumping/primary_pump`."""
    for path in (written, written.replace(".", "/")):
        if path in scope.owners:
            return path
    return None


def _check_guard(guard: Expression, ends: Sequence[str], scope: Scope, checking: Checking) -> None:
    paths = {path_of(end, scope) or end for end in ends}
    within = {path[:at] for path in paths for at in range(len(path)) if path[at] == "/"}
    for test in conjuncts(guard.condition):
        if not isinstance(test, Bound) or test.owner not in paths | within:
            names = [_shown(end) for end in ends] or ["role"]
            checking.report(diagnostics.bad_guard(names[0], names[-1]), guard.span)
            return
        owner = scope.owners.get(test.owner)
        if owner is not None and not owner.optional:
            checking.report(diagnostics.needless_test(scope.shown(test.owner)), guard.places[id(test)].owner)


def _objects(items: Any) -> Sequence[Mapping[str, Any]]:
    return [item if isinstance(item, Mapping) else {} for item in items] if isinstance(items, list) else []
