"""Suppression by design: while another behavior of the same owner is active, alerts are not annunciated (ISA-18.2).

Who is stopped for maintenance need not be told that the flow is low. Everything is recorded as ever; the marker says
which behaviors suppress, and goes with them.
"""

import msgspec

from app.engine.cells import Owner, RuleState
from app.engine.step import Step
from app.model.events import Cause
from app.model.plan import OwnerKey


def suppressors(step: Step, rule: RuleState | None) -> tuple[str, ...]:
    """Those that are active, or become so in this very round: the order in which they are declared decides nothing."""
    if rule is None or not rule.plan.suppressed_by:
        return ()
    return tuple(name for name in rule.plan.suppressed_by if _is_active(step, rule.owner, name))


def follow(step: Step, owner: OwnerKey, cause: Cause) -> None:
    """A behavior of this owner has turned, or its rules are others now."""
    for alert in step.live.alerts_owned(owner):
        if not alert.behavior:
            continue
        found = step.live.owner(owner)
        now = suppressors(step, found.rules.get(alert.behavior)) if found is not None else ()
        if now != alert.suppressed_by:
            shown = msgspec.structs.replace(alert, suppressed_by=now)
            if bool(now) is bool(alert.suppressed_by):
                step.alert(shown, "updated", cause)
            else:
                step.alert(shown, "suppressed" if now else "unsuppressed", cause)


def _is_active(step: Step, owner: Owner, name: str) -> bool:
    rule = owner.rules.get(name)
    if rule is None or rule.plan.pulse:
        return False
    coming = step.turning.get(rule)
    return rule.active if coming is None else coming
