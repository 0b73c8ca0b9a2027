"""Whom an action is on, and before whom an interlock stands.

A behavior of a twin acts on the twin itself; one of an overlay says on whom (role, or the id of a bound twin); one of
an overlay type knows roles only.
"""

from typing import TYPE_CHECKING

from app.commands.findings import Findings
from app.model.behaviors import TargetedAction
from app.model.catalogue import Capabilities
from app.model.interlocks import InterlockDefinition

if TYPE_CHECKING:
    from app.commands.check_behaviors import Place


def target_of(
    action: TargetedAction | InterlockDefinition, place: "Place", path: str, findings: Findings
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
