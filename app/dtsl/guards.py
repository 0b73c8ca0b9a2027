"""Whether an optional role is surely filled where a condition names it.

`&&` is not ordered for guards: `a.x > 1 && a != null` is as good as the other way round, because one FALSE makes the
whole FALSE, unknown or not.
"""

from collections.abc import Iterator, Sequence

from app.dtsl import diagnostics
from app.dtsl.scope import Finding, Scope
from app.errors import Problem
from app.model.conditions import (
    Aggregate,
    And,
    Bound,
    Condition,
    Evidence,
    Held,
    Not,
    Occurred,
    Or,
    PropertyRef,
    Within,
    children,
    owners,
)


def check_guards(conditions: Sequence[Condition], scope: Scope, path: str) -> list[Problem]:
    """Warnings for a list of conditions that must all hold: optional roles used without `!= null`. At `path/INDEX`."""
    guarded = guarded_by(And(tuple(conditions)))
    found: list[Problem] = []
    for index, condition in enumerate(conditions):
        found += [warning.message.problem(f"{path}/{index}") for warning in unguarded(condition, scope, guarded)]
    return found


def guarded_by(condition: Condition) -> frozenset[str]:
    """The roles that are surely filled where the condition is TRUE."""
    return _facts(condition, True)


def unguarded(node: Condition, scope: Scope, guarded: frozenset[str] = frozenset()) -> Iterator[Finding]:
    match node:
        case PropertyRef(owner=str() as owner) | Occurred(owner=str() as owner) if owner not in guarded:
            offered = scope.owners.get(owner)
            if offered is None or offered.many:  # of a role of many another thing is wrong here
                return
            if offered.optional and (offered.guard or owner) not in guarded:
                yield Finding(diagnostics.unguarded(scope.shown(offered.guard or owner)), node, "owner")
        case And(items=items):
            inside = guarded | _facts(node, True)
            for item in items:
                yield from unguarded(item, scope, inside)
        case Or(items=items):  # `a == null || a.x > 1`: where the first is FALSE, a is filled
            inside = guarded | _facts(node, False)
            for item in items:
                yield from unguarded(item, scope, inside)
        case Aggregate():  # over a role that nobody fills it comes to something, too
            inside = guarded | {role for role in owners(node) if (many := scope.owners.get(role)) and many.many}
            for item in children(node):
                yield from unguarded(item, scope, inside)
        case Evidence(function="known"):
            pass
        case _:
            for item in children(node):
                yield from unguarded(item, scope, guarded)


def _facts(node: Condition, truth: bool) -> frozenset[str]:
    """The roles that are surely filled where `node` has come out as `truth`."""
    match node:
        case Bound(owner=owner):
            return frozenset(_path_to(owner)) if truth else frozenset()
        case Not(item=item):
            return _facts(item, not truth)
        case Held(item=item) if truth:
            return _facts(item, True)
        case Within(item=item) if truth:  # of the other one was so at another moment
            return _facts(item, True)
        case And(items=items) | Or(items=items):
            each = [_facts(item, truth) for item in items]
            if isinstance(node, And) == truth:
                return frozenset().union(*each)
            return each[0].intersection(*each[1:]) if each else frozenset()
        case _:
            return frozenset()


def _path_to(owner: str) -> Iterator[str]:
    """Itself and what it is inside of: where `pumping.backup` is filled, `pumping` is."""
    while owner:
        yield owner
        owner = owner.rpartition("/")[0]
