"""Interlocks against what they name: whom they stand before, what of it, and what their condition reads.

The scope is a behavior's. What needs a past (`for`, `within`, `rate`, `previous`) or happens (`changed`, `on`, `every`)
is refused: an interlock is looked at in the moment of a send, and nothing has watched its condition before that.
"""

from collections.abc import Sequence

from app.commands.check_behaviors import Place
from app.commands.findings import Findings
from app.commands.pointers import shown
from app.commands.targets import target_of
from app.dtsl.contradictions import never_holds
from app.dtsl.examine import examine
from app.dtsl.parse import parse_condition
from app.dtsl.scope import Scope
from app.errors import Invalid
from app.model.catalogue import Capabilities
from app.model.conditions import PULSES, Condition, Held, Previous, Rate, Within, nodes, owners, references
from app.model.definitions import MethodDefinition
from app.model.interlocks import InterlockDefinition

_PAST = (Held, Within, Rate, Previous)


def check_interlocks(interlocks: Sequence[tuple[str, InterlockDefinition]], place: Place, findings: Findings) -> None:
    """`interlocks` with the pointer of each; where it is "" (inherited ones), messages name the interlock instead."""
    scope = place.scope()
    for path, interlock in interlocks:
        found = check_interlock(interlock, place, scope, path)
        findings.take(found, path, f"interlock '{interlock.name}'")


def check_interlock(interlock: InterlockDefinition, place: Place, scope: Scope, path: str) -> Findings:
    """`scope` is `place.scope()`, made once for all of the place."""
    findings = Findings()
    _check_condition(interlock, scope, f"{path}/while", findings)
    target = target_of(interlock, place, path, findings)
    if target is not None:
        _check_covered(interlock, *target, path, findings)
    return findings


def check_limits(methods: Sequence[MethodDefinition], findings: Findings) -> None:
    """A limit on a method that nothing should stand against."""
    for index, method in enumerate(methods):
        if method.safe and (method.min_interval is not None or method.rate_limit is not None):
            what = "min_interval" if method.min_interval is not None else "rate_limit"
            message = f"'{method.name}' is safe, yet it is refused where it comes too often"
            findings.warn("LIMIT_ON_SAFE_METHOD", message, f"/methods/{index}/{what}", "leave the limit out")


def _check_condition(interlock: InterlockDefinition, scope: Scope, path: str, findings: Findings) -> None:
    try:
        condition = parse_condition(interlock.condition)
    except Invalid as error:
        for problem in error.problems:
            column = problem.path.rpartition(":")[2]
            findings.fault(problem.code, f"{problem.message}, at column {column}", path, problem.hint)
        return
    if _needs_more_than_now(interlock, condition, path, findings):
        return
    examined = examine(condition, scope)
    findings.problems += [finding.message.problem(path) for finding in examined.errors]
    if examined.resolved is None:
        return
    findings.warnings += [finding.message.problem(path) for finding in examined.but_never]
    if never_holds(examined.resolved):
        message = f"interlock '{interlock.name}' never holds: {shown(interlock.condition)} can't be true"
        findings.warn("INTERLOCK_NEVER_HOLDS", message, path, "see which of its comparisons exclude each other")
    elif not references(condition) and not owners(condition):
        message = f"interlock '{interlock.name}' reads nothing: it always comes to the same"
        findings.warn("INTERLOCK_READS_NOTHING", message, path, "name what must be so on the plant")


def _needs_more_than_now(interlock: InterlockDefinition, condition: Condition, path: str, findings: Findings) -> bool:
    for node in nodes(condition):
        if isinstance(node, PULSES):
            message = f"interlock '{interlock.name}' waits for something that happens; it must say how things stand"
            findings.fault("INTERLOCK_ON_PULSE", message, path, "let a behavior set a property, and read that")
            return True
        if isinstance(node, _PAST):
            message = f"interlock '{interlock.name}' asks what was before; it is looked at in the moment of a send only"
            findings.fault("INTERLOCK_NEEDS_PAST", message, path, "let a behavior set a property, and read that")
            return True
    return False


def _check_covered(
    interlock: InterlockDefinition, capabilities: Capabilities, of_whom: str, path: str, findings: Findings
) -> None:
    if interlock.method is not None:
        method = capabilities.methods.get(interlock.method)
        if method is None:
            findings.unknown("method", interlock.method, of_whom, path + "/method", capabilities.methods)
        elif method.safe:
            message = f"interlock '{interlock.name}' covers '{method.name}', which is safe: it may refuse a stop"
            findings.warn("INTERLOCK_ON_SAFE_METHOD", message, path + "/method", "leave it out, or the method's 'safe'")
        return
    name = interlock.property or ""
    definition = capabilities.properties.get(name)
    if definition is None:
        findings.unknown("property", name, of_whom, path + "/property", capabilities.properties)
    elif definition.computed is not None:
        message = f"'{name}' is computed from {shown(definition.computed)} and can't be written"
        findings.fault("PROPERTY_COMPUTED", message, path + "/property", "name what it is computed from")
    elif definition.access == "read":
        message = f"'{name}' can only be read: there is nothing to stand against"
        findings.fault("PROPERTY_READ_ONLY", message, path + "/property", "name a property that is written")
