"""Alerts: raised by behaviors and failed calls, cleared by what raised them, acknowledged by people, then closed.

Cleared is not closed: an alert that needs a person stays open until one has acknowledged it, and while it is open a
second raise of the same identity (owner, behavior, code) makes the same alert active again, never another one.
"""

import msgspec

from app.engine.step import Step, led_to
from app.model.behaviors import Severity
from app.model.events import AcknowledgeAlert, Alert, Basis, Cause
from app.model.plan import AlertPlan, BehaviorKey, OwnerKey

CALL_EXPIRED = "call_expired"
CALL_INDETERMINATE = "call_indeterminate"
CASCADE_LIMIT = "cascade_limit"
LASTING = frozenset({CALL_EXPIRED, CALL_INDETERMINATE, CASCADE_LIMIT})
"""About something that happened once: no condition ends them, acknowledging does."""

_MAX_MESSAGE = 2000


def raise_planned(
    step: Step, key: BehaviorKey, plan: AlertPlan, twins: tuple[str, ...], cause: Cause, basis: Basis | None = None
) -> None:
    found = step.live.open_alert(key.owner, key.name, plan.code)
    if found is None:
        alert = Alert(
            step.new_id("alert"),
            key.owner,
            key.name,
            plan.code,
            plan.severity,
            plan.message,
            twins,
            step.now,
            plan.ack_required,
            plan.latched,
            cause,
            basis=basis,
        )
        step.alert(alert, "raised", cause)
    elif not found.active:
        again = msgspec.structs.replace(
            found,
            severity=plan.severity,
            message=plan.message,
            twins=twins,
            ack_required=plan.ack_required,
            latched=plan.latched,
            cause=cause,
            active=True,
            cleared_at=None,
            clear_reason=None,
            basis=basis,
        )
        step.alert(again, "raised", cause)


def raise_own(
    step: Step,
    owner: OwnerKey,
    behavior: str,
    code: str,
    message: str,
    twins: tuple[str, ...],
    cause: Cause,
    severity: Severity = "error",
) -> None:
    """An alert of the engine's own (failed calls, cut loops). One that is open gets what is new added to its text."""
    found = step.live.open_alert(owner, behavior, code)
    if found is not None and found.active:
        if message in found.message or len(found.message) > _MAX_MESSAGE:
            return
        both = tuple(dict.fromkeys(found.twins + twins))
        step.alert(msgspec.structs.replace(found, message=f"{found.message}; {message}", twins=both), "raised", cause)
        return
    plan = AlertPlan(code, severity, message, latched=False, ack_required=True)
    raise_planned(step, BehaviorKey(owner, behavior), plan, twins, cause)


def clear(step: Step, alert: Alert, reason: str, cause: Cause) -> None:
    """Ends its activity, latched or not; closes it where nothing is left to wait for."""
    if not alert.active:
        return
    alert = msgspec.structs.replace(alert, active=False, cleared_at=step.now, clear_reason=reason)
    step.alert(alert, "cleared", cause)
    _close_if_done(step, alert, cause)


def clear_deactivated(step: Step, key: BehaviorKey, cause: Cause) -> None:
    """The behavior's condition became FALSE."""
    for alert in step.live.alerts_owned(key.owner):
        if alert.behavior == key.name and not alert.latched and alert.code not in LASTING:
            clear(step, alert, "ConditionFalse", cause)


def acknowledge(step: Step, command: AcknowledgeAlert) -> str:
    """Why it was refused, "" where it was not."""
    alert = step.live.alert(command.alert_id)
    if alert is None:
        return f"ALERT_NOT_FOUND there is no open alert '{command.alert_id}'"
    if alert.acknowledged:
        return f"ALERT_ALREADY_ACKNOWLEDGED alert '{command.alert_id}' was acknowledged by {alert.acknowledged_by}"
    cause = led_to("command", command.by, step.now, None)
    alert = msgspec.structs.replace(
        alert,
        acknowledged=True,
        acknowledged_at=step.now,
        acknowledged_by=command.by,
        comment=command.comment or None,
    )
    step.alert(alert, "acknowledged", cause)
    if alert.active and not alert.latched and _nothing_else_ends(step, alert):
        clear(step, alert, "Acknowledged", cause)
    else:
        _close_if_done(step, alert, cause)
    return ""


def _nothing_else_ends(step: Step, alert: Alert) -> bool:
    if alert.code in LASTING:
        return True
    rule = step.live.rule(BehaviorKey(alert.owner, alert.behavior))
    return rule is None or not rule.active


def _close_if_done(step: Step, alert: Alert, cause: Cause) -> None:
    if not alert.active and (alert.acknowledged or not alert.ack_required):
        step.alert(msgspec.structs.replace(alert, closed_at=step.now), "closed", cause)
