"""Behaviors of a script: conditions and actions in their scope, and the document's form of them."""

from collections.abc import Mapping
from typing import Any

from app.dtsl import diagnostics
from app.dtsl.actions import lower
from app.dtsl.ast import Behavior, Name, Place, joined
from app.dtsl.declared import Checking
from app.dtsl.examine import examine
from app.dtsl.format_conditions import conjuncts, format_condition
from app.dtsl.guards import guarded_by
from app.dtsl.names_given import names_given
from app.dtsl.scope import Finding, Scope
from app.dtsl.source import Span
from app.dtsl.spelling import dtsl_member
from app.model.behaviors import BehaviorDefinition


def check_behavior(item: Behavior, scope: Scope, checking: Checking) -> BehaviorDefinition | None:
    when = item.when
    names = names_given((), [when.condition], scope, ())
    scope = names.scope
    examined = examine(when.condition, scope)
    for finding in (*names.of_events, *examined.errors, *examined.warnings):
        checking.report(finding.message, span_of_finding(finding, when.places))
    guarded = guarded_by(when.condition)
    actions = []
    for action in item.actions:
        lowered = lower(action, scope, checking.report)
        if lowered is not None:
            actions.append(lowered)
            if len(action.path) > 1:
                _warn_if_unfilled(joined(action.path[:-1]), guarded, scope, checking)

    def build() -> BehaviorDefinition:
        conditions = [format_condition(part) for part in conjuncts(when.condition)]
        written: dict[str, Any] = {"actions": actions} if item.then or actions else {}
        if item.description is not None:
            written["description"] = item.description
        return BehaviorDefinition(name=item.name.id, conditions=conditions, **written)

    return checking.make(f"behavior '{dtsl_member(item.name.id)}'", item.name.span, build)


def span_of_finding(finding: Finding, places: Mapping[int, Place]) -> Span:
    place = places[id(finding.node)]
    return {"whole": place.whole, "owner": place.owner, "name": place.name}[finding.part]


def _warn_if_unfilled(role: Name, guarded: frozenset[str], scope: Scope, checking: Checking) -> None:
    owner = scope.owners.get(role.id)
    if owner is not None and owner.optional and (owner.guard or role.id) not in guarded:
        checking.report(diagnostics.unguarded_action(scope.shown(owner.guard or role.id)), role.span)
