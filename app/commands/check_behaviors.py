"""Behaviors against what they name: conditions in their scope, and actions with their targets, methods and values.

A behavior of a twin acts on the twin itself; one of an overlay says on whom (role, or the id of a bound twin); one of
an overlay type knows roles only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.commands.check_actions import check_actions
from app.commands.check_activity import check_activity
from app.commands.findings import Findings
from app.commands.overlay_names import Names, nobody
from app.dtsl.parse import parse_condition
from app.dtsl.scope import Owner, Scope, check_condition, check_guards
from app.errors import Invalid, Problem
from app.model.behaviors import BehaviorDefinition
from app.model.catalogue import Capabilities
from app.model.conditions import And, Condition


@dataclass(frozen=True, slots=True)
class Place:
    """Where behaviors stand: `own` for a twin or twin type, `named` (roles, twin ids) for overlays and their types."""

    kind: Literal["twin", "overlay_type", "overlay"]
    what: str
    """`twin 'pump_123'`, for messages."""
    own: Capabilities | None = None
    named: Names = field(default_factory=nobody)

    def scope(self) -> Scope:
        owners = Seen(self.named)
        if self.own is not None:
            return Scope(self.own.properties, owners, self.what)
        return Scope(None, owners, where=self.what)


class Seen(Mapping[str, Owner]):
    """Names as conditions see them."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def __getitem__(self, path: str) -> Owner:
        item = self._names[path]
        inside = tuple(self._names.inside(path)) if item.is_overlay else None
        methods = item.capabilities.methods
        return Owner(
            item.capabilities.properties,
            methods,
            item.optional,
            guard=item.guard,
            inside=inside,
            many=item.many,
            by_id=item.by_id,
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def check_behaviors(behaviors: Sequence[tuple[str, BehaviorDefinition]], place: Place, findings: Findings) -> None:
    """`behaviors` with the pointer of each; where it is "" (inherited ones), messages name the behavior instead."""
    scope = place.scope()
    for path, behavior in behaviors:
        found = check_behavior(behavior, place, scope, path)
        if path:
            findings.problems += found.problems
            findings.warnings += found.warnings
        else:
            findings.problems += [
                Problem(item.code, f"behavior '{behavior.name}': {item.message}", "", item.hint)
                for item in found.problems
            ]


def check_behavior(behavior: BehaviorDefinition, place: Place, scope: Scope, path: str) -> Findings:
    """`scope` is `place.scope()`, made once for all behaviors of the place."""
    findings = Findings()

    def read(text: str, where: str, into: Findings) -> Condition | None:
        return _read(text, scope, where, into)

    conditions = [read(text, f"{path}/conditions/{index}", findings) for index, text in enumerate(behavior.conditions)]
    parsed = [condition for condition in conditions if condition is not None]
    check_actions(behavior, place, scope, path, findings, read)
    if len(parsed) == len(conditions):
        findings.warnings += check_guards(parsed, scope, f"{path}/conditions")
        check_activity(behavior, And(tuple(parsed)), path, findings)
    return findings


def _read(text: str, scope: Scope, where: str, findings: Findings) -> Condition | None:
    """None where it can't be read; names and types that are wrong are found besides."""
    try:
        condition = parse_condition(text)
    except Invalid as error:
        for problem in error.problems:
            column = problem.path.rpartition(":")[2]
            findings.fault(problem.code, f"{problem.message}, at column {column}", where, problem.hint)
        return None
    findings.problems += check_condition(condition, scope, where)
    return condition
