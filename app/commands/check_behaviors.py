"""Behaviors against what they name: conditions in their scope, and actions with their targets, methods and values.

A behavior of a twin acts on the twin itself; one of an overlay says on whom (role, or the id of a bound twin); one of
an overlay type knows roles only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.commands.arguments import listed_arguments
from app.commands.findings import Findings
from app.commands.overlay_names import Names, nobody
from app.commands.pointers import shown
from app.commands.values import fitted
from app.dtsl.parse import parse_condition
from app.dtsl.scope import Owner, Scope, check_condition, check_guards
from app.errors import Invalid, Problem
from app.model.behaviors import AlertAction, BehaviorDefinition, MethodCallAction, PropertyWriteAction
from app.model.catalogue import Capabilities
from app.model.conditions import Condition
from app.model.interlocks import InterlockDefinition


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
            item.capabilities.properties, methods, item.optional, guard=item.guard, inside=inside, many=item.many
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
    _check_conditions(behavior.conditions, scope, f"{path}/conditions", findings)
    codes: set[str] = set()
    for index, action in enumerate(behavior.actions):
        if isinstance(action, AlertAction):
            code = action.code or str(index)
            if code in codes:  # one open alert per behavior and code: the second would never be raised
                message = f"two alerts of '{behavior.name}' have the code '{code}'"
                where = f"{path}/actions/{index}/code"
                findings.fault("DUPLICATE_NAME", message, where, "give each its own code")
            codes.add(code)
        elif isinstance(action, MethodCallAction | PropertyWriteAction):
            _check_action(action, place, f"{path}/actions/{index}", findings)
        else:
            message = f"actions of the type '{action.type}' can't be run"
            findings.fault("ACTION_NOT_RUN", message, f"{path}/actions/{index}/type")
    return findings


def _check_conditions(texts: Sequence[str], scope: Scope, path: str, findings: Findings) -> None:
    parsed: list[Condition] = []
    for index, text in enumerate(texts):
        try:
            condition = parse_condition(text)
        except Invalid as error:
            for problem in error.problems:
                column = problem.path.rpartition(":")[2]
                message = f"{problem.message}, at column {column}"
                findings.fault(problem.code, message, f"{path}/{index}", problem.hint)
        else:
            parsed.append(condition)
            findings.problems += check_condition(condition, scope, f"{path}/{index}")
    if len(parsed) == len(texts):
        findings.warnings += check_guards(parsed, scope, path)


def _check_action(action: MethodCallAction | PropertyWriteAction, place: Place, path: str, findings: Findings) -> None:
    target = target_of(action, place, path, findings)
    if target is None:
        return
    capabilities, of_whom = target
    if isinstance(action, MethodCallAction):
        method = capabilities.methods.get(action.method)
        if method is None:
            findings.unknown("method", action.method, of_whom, path + "/method", capabilities.methods)
        else:
            findings.problems += listed_arguments(method, action.parameters, path + "/parameters")[1]
        return
    definition = capabilities.properties.get(action.property)
    if definition is None:
        findings.unknown("property", action.property, of_whom, path + "/property", capabilities.properties)
    elif definition.computed is not None:
        message = f"'{action.property}' is computed from {shown(definition.computed)} and can't be written"
        findings.fault("PROPERTY_COMPUTED", message, path + "/property", "write what it is computed from")
    elif definition.access == "read":
        writable = [item.name for item in capabilities.properties.values() if item.access != "read"]
        hint = f"writable are {', '.join(writable)}" if writable else "give the property access read-write"
        findings.fault("PROPERTY_READ_ONLY", f"'{action.property}' can only be read", path + "/property", hint)
    else:
        findings.problems += fitted(definition, action.value, path + "/value")[1]


def target_of(
    action: MethodCallAction | PropertyWriteAction | InterlockDefinition, place: Place, path: str, findings: Findings
) -> tuple[Capabilities, str] | None:
    """Whom it acts on, or stands before; None where it is reported as wrong."""
    interlock = isinstance(action, InterlockDefinition)
    name = action.role or action.twin_id
    where = path + ("/role" if action.role else "/twin_id")
    if place.kind == "twin":
        if name is not None:
            message = f"a behavior of a twin acts on the twin itself, not on '{name}'"
            if interlock:
                message = f"an interlock of a twin stands before the twin itself, not before '{name}'"
            findings.fault("TARGET_NOT_ALLOWED", message, where, "leave it out, or put it into an overlay")
            return None
        return (place.own, "in " + place.what) if place.own else None
    if name is None:
        what = "an interlock of an overlay says before whom"
        if not isinstance(action, InterlockDefinition):
            what = f"a {action.type} of an overlay says on whom"
        findings.fault("MISSING_TARGET", what, path, "add 'role'")
        return None
    if action.twin_id and place.kind == "overlay_type":
        message = f"an overlay type names roles, not twins such as '{name}'"
        findings.fault("TARGET_NOT_ALLOWED", message, where, "give the role that the twin fills")
        return None
    target = place.named.target(action)
    named = place.named[target] if target is not None else None
    if named is None:
        findings.unknown("role" if action.role else "twin", name, "in " + place.what, where, place.named.beside(name))
        return None
    if named.many and not interlock:
        message = f"the role '{name}' may be filled by several twins: an action can't name one of them"
        findings.fault("ROLE_IS_MANY", message, where, "name a role that one twin fills")
        return None
    if named.is_overlay:
        inside = next(iter(place.named.inside(target or "")), None)
        hint = f"name a role inside it, such as '{name}.{inside}'" if inside else "name a role that a twin fills"
        what = "an interlock stands before a twin" if interlock else "an action is on a twin"
        findings.fault("ROLE_IS_OVERLAY", f"role '{name}' is filled by an overlay; {what}", where, hint)
        return None
    return named.capabilities, f"of '{name}'"
