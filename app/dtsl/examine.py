"""What is to be said of a condition: every error, and where there is none, what is surely not meant.

One place for scripts, which show a finding at its node, and for documents, which show it at a pointer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.dtsl import diagnostics
from app.dtsl import diagnostics_conditions as messages
from app.dtsl.check_types import TypeChecker, Use
from app.dtsl.contradictions import never_holds
from app.dtsl.guards import unguarded
from app.dtsl.resolve import Resolver
from app.dtsl.scope import Finding, Scope
from app.dtsl.types import Type
from app.errors import Problem
from app.model.conditions import MAX_NESTING, And, Condition, Literal, Not, Or, nests_too_deeply


@dataclass(frozen=True, slots=True)
class Examined:
    type: Type
    errors: Sequence[Finding]
    warnings: Sequence[Finding] = ()
    resolved: Condition | None = None
    """None where there is an error."""

    @property
    def but_never(self) -> Iterator[Finding]:
        """The warnings but that the whole can never be TRUE, which is told of an interlock in its own words."""
        never = self.resolved is not None and never_holds(self.resolved)
        return (finding for finding in self.warnings if not (never and finding.message.code == messages.NEVER))


def examine(
    condition: Condition, scope: Scope, guarded: frozenset[str] = frozenset(), *, use: Use = "condition"
) -> Examined:
    """`guarded` are optional roles that are surely filled where the condition is asked."""
    checker = TypeChecker(scope, use)
    if use == "condition":
        checker.truth(condition)
    else:
        checker.type(condition)
    found = checker.types[id(condition)]
    if checker.found:
        return Examined(found, checker.found, [*unguarded(condition, scope, guarded)])
    resolver = Resolver(checker)
    resolved = resolver.resolved(condition)
    if nests_too_deeply(resolved):
        return Examined(found, [Finding(diagnostics.too_deep(MAX_NESTING), condition)])
    warned = [*checker.warned, *unguarded(condition, scope, guarded), *_decided(resolved, resolver.origins)]
    return Examined(found, (), warned, resolved)


def check_condition(condition: Condition, scope: Scope, path: str) -> list[Problem]:
    """Every error in names, types and units, all at `path`."""
    return [finding.message.problem(path) for finding in errors_in(condition, scope)]


def errors_in(condition: Condition, scope: Scope) -> list[Finding]:
    checker = TypeChecker(scope)
    checker.truth(condition)
    return checker.found


def errors_in_value(expression: Condition, scope: Scope) -> list[Finding]:
    """The same of what may have any type."""
    checker = TypeChecker(scope)
    checker.type(expression)
    return checker.found


# ---------------------------------------------------------------------------------------------------- what is decided


def _decided(resolved: Condition, origins: Mapping[int, Condition]) -> Iterator[Finding]:
    """The smallest parts that come to the same whatever the values are; `true` written out is meant so."""
    if isinstance(resolved, Literal):
        return
    for truth in (True, False):
        if never_holds(resolved if truth else Not(resolved)):
            part = _smallest(resolved, truth)
            if isinstance(part, Literal):
                part = resolved
            yield Finding(messages.never() if truth else messages.always(), origins.get(id(part), part))
            return
    if isinstance(resolved, And | Or):
        for item in resolved.items:
            yield from _decided(item, origins)


def _smallest(node: Condition, truth: bool) -> Condition:
    """The part for which it can't come to `truth`."""
    if isinstance(node, And if truth else Or):
        for item in node.items:
            if never_holds(item if truth else Not(item)):
                return _smallest(item, truth)
    return node
