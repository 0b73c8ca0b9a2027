"""Behaviors against what they name: conditions in their scope, and actions with their targets, methods and values.

A behavior of a twin acts on the twin itself; one of an overlay says on whom (role, or the id of a bound twin); one of
an overlay type knows roles only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.commands.check_actions import check_actions
from app.commands.check_activity import check_activity
from app.commands.check_conditions import check_conditions, read_condition
from app.commands.check_one_another import Acting, acting, check_one_another
from app.commands.findings import Findings
from app.commands.overlay_names import Names, nobody
from app.dtsl.examine import examine
from app.dtsl.guards import guarded_by
from app.dtsl.scope import Owner, Scope
from app.model.behaviors import BehaviorDefinition
from app.model.catalogue import Capabilities
from app.model.conditions import Condition


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
            return Scope(self.own.properties, owners, self.what, own_events=self.own.events)
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
            events=item.capabilities.events,
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def check_behaviors(behaviors: Sequence[tuple[str, BehaviorDefinition]], place: Place, findings: Findings) -> None:
    """`behaviors` with the pointer of each; where it is "" (inherited ones), messages name the behavior instead."""
    scope = place.scope()
    able: list[Acting] = []
    for path, behavior in behaviors:
        found, condition = _looked_at(behavior, place, scope, path)
        findings.take(found, path, f"behavior '{behavior.name}'")
        if condition is not None and not found.problems:
            able.append(acting(path, behavior, condition, place.named))
    check_one_another(able, findings)


def check_behavior(behavior: BehaviorDefinition, place: Place, scope: Scope, path: str) -> Findings:
    """`scope` is `place.scope()`, made once for all behaviors of the place."""
    return _looked_at(behavior, place, scope, path)[0]


def _looked_at(
    behavior: BehaviorDefinition, place: Place, scope: Scope, path: str
) -> tuple[Findings, Condition | None]:
    """With its condition as the engine takes it, None where that has a fault."""
    findings = Findings()
    named, condition = check_conditions(behavior, scope, path, findings)

    def read(text: str, where: str, into: Findings) -> Condition | None:
        found = read_condition(text, where, into)
        if found is not None:
            examined = examine(found, named, guarded_by(condition) if condition is not None else frozenset())
            into.problems += [finding.message.problem(where) for finding in examined.errors]
            into.warnings += [finding.message.problem(where) for finding in examined.warnings]
        return found

    check_actions(behavior, place, named, path, findings, read)
    if condition is not None:
        check_activity(behavior, condition, path, findings)
    return findings, condition
