"""Alerts: raised by behaviors and failed calls, cleared by what raised them, acknowledged by people, then closed.

Cleared is not closed: an alert that needs a person stays open until one has acknowledged it, and while it is open a
second raise of the same identity (owner, behavior, code) makes the same alert active again, never another one.
"""

from typing import Any

import msgspec

from app.engine import codes, raises
from app.engine.step import Step
from app.engine.suppression import suppressors
from app.engine.waits import timer_key
from app.model.behaviors import Severity
from app.model.events import (
    AcknowledgeAlert,
    AcknowledgeAlerts,
    Alert,
    AlertComment,
    AlertKey,
    Basis,
    Cause,
    CommentAlert,
    ResetAlert,
    Timer,
)
from app.model.plan import AlertPlan, BehaviorKey, OwnerKey
from app.model.time import Micros

ALERT_FLOOD = raises.ALERT_FLOOD
LISTED = 100
"""Ids that the summary of a flood names; it counts the rest."""
RE_ALARM, FLOOD, SHELVED = "re_alarm", "flood", "shelved"
TIMERS = frozenset({RE_ALARM, FLOOD, SHELVED})
"""Of alerts, which end with those and not with a behavior."""

KEPT_COMMENTS = 20
"""Comments that an alert carries."""
CONDITION_FALSE = "ConditionFalse"
"""Why an alert was cleared whose behavior is no longer active."""
_MAX_MESSAGE = 2000


def raise_planned(
    step: Step,
    key: BehaviorKey,
    plan: AlertPlan,
    twins: tuple[str, ...],
    cause: Cause,
    basis: Basis | None = None,
    lists: tuple[str, ...] = (),
) -> None:
    found = step.live.open_alert(key.owner, key.name, plan.code)
    if found is not None and found.active:
        return
    marks = _marks(step, key, plan)
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
            lists=lists[:LISTED],
            listed=len(lists),
            **marks,
        )
        step.alert(alert, "raised", cause)
    else:
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
            lists=lists[:LISTED],
            listed=len(lists),
            **marks,
        )
        step.alert(again, "raised", cause)


def _marks(step: Step, key: BehaviorKey, plan: AlertPlan) -> dict[str, Any]:
    """What it is raised with beside what its author wrote: shelved, suppressed, first of its group."""
    live = step.live
    suppressed_by = suppressors(step, live.rule(key))
    first = (
        bool(plan.group)
        and not suppressed_by
        and not any(
            alert.active and alert.group == plan.group and not alert.suppressed_by
            for alert in live.alerts_owned(key.owner)
        )
    )
    return {
        "shelved": live.shelvings.get(AlertKey(key.owner, key.name, plan.code)),
        "suppressed_by": suppressed_by,
        "group": plan.group,
        "first_in_group": first,
        "re_alarm": plan.re_alarm,
    }


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
        step.alert(msgspec.structs.replace(found, message=f"{found.message}; {message}", twins=both), "updated", cause)
        return
    plan = AlertPlan(code, severity, message, latched=False, ack_required=True)
    raise_planned(step, BehaviorKey(owner, behavior), plan, twins, cause)


def clear(step: Step, alert: Alert, reason: str, cause: Cause, *, late: Micros = 0) -> None:
    """Ends its activity, latched or not; closes it where nothing is left to wait for."""
    if not alert.active:
        return
    alert = msgspec.structs.replace(alert, active=False, cleared_at=step.now, clear_reason=reason)
    step.alert(alert, "cleared", cause, late=late)
    _stop(step, alert, RE_ALARM, alert.code)
    if alert.code == ALERT_FLOOD:
        _stop(step, alert, FLOOD, "")
    _close_if_done(step, alert, cause)


def that_end(step: Step, key: BehaviorKey) -> list[Alert]:
    """The active alerts that end with a behavior's activity, at once or after a while (delays.py)."""
    return [
        alert
        for alert in step.live.alerts_owned(key.owner)
        if alert.behavior == key.name and alert.active and not alert.latched and alert.code not in codes.LASTING
    ]


def clear_fired(step: Step, key: BehaviorKey, cause: Cause) -> None:
    """The behavior is one of pulses and has fired: what needs no person is over as soon as it is told."""
    for alert in step.live.alerts_owned(key.owner):
        lasting = alert.latched or alert.ack_required or alert.code in codes.LASTING
        if alert.behavior == key.name and not lasting:
            clear(step, alert, "Fired", cause)


def acknowledge(step: Step, command: AcknowledgeAlert) -> str:
    """Why it was refused, "" where it was not."""
    return _acknowledge(step, command.alert_id, command.by, command.comment)


def acknowledge_all(step: Step, command: AcknowledgeAlerts) -> str:
    """Those that can be are; refused, with the first reason, where that is none of them."""
    refusals = [_acknowledge(step, alert_id, command.by, command.comment) for alert_id in command.alert_ids]
    return next(iter(refusals), "") if all(refusals) else ""


def reset(step: Step, command: ResetAlert) -> str:
    """Why it was refused, "" where it was not: what ends a latched alert is a person, once its behavior has."""
    alert = step.live.alert(command.alert_id)
    if alert is None:
        return _not_found(command.alert_id)
    if not alert.latched:
        return f"ALERT_NOT_LATCHED alert '{command.alert_id}' clears by itself, when its condition does"
    if not alert.active:
        return f"ALERT_ALREADY_CLEARED alert '{command.alert_id}' has been reset already"
    rule = step.live.rule(_behavior(alert))
    if rule is not None and rule.active:
        unknown = " (its evidence is unknown)" if rule.evidence is None else ""
        return f"ALERT_STILL_ACTIVE behavior '{alert.behavior}' of '{alert.owner.id}' is still active{unknown}"
    cause = Cause("command", command.by, step.now)
    alert = msgspec.structs.replace(alert, active=False, cleared_at=step.now, clear_reason="Reset")
    step.alert(alert, "reset", cause, command.by, command.comment)
    _stop(step, alert, RE_ALARM, alert.code)
    _close_if_done(step, alert, cause)
    return ""


def comment(step: Step, command: CommentAlert) -> str:
    """Why it was refused, "" where it was not."""
    alert = step.live.alert(command.alert_id)
    if alert is None:
        return _not_found(command.alert_id)
    noted = (*alert.comments, AlertComment(step.now, command.by, command.comment))
    alert = msgspec.structs.replace(alert, comments=noted[-KEPT_COMMENTS:])
    step.alert(alert, "commented", Cause("command", command.by, step.now), command.by, command.comment)
    return ""


def _acknowledge(step: Step, alert_id: str, by: str, comment: str) -> str:
    alert = step.live.alert(alert_id)
    if alert is None:
        return _not_found(alert_id)
    if alert.acknowledged:
        return f"ALERT_ALREADY_ACKNOWLEDGED alert '{alert_id}' was acknowledged by {alert.acknowledged_by}"
    cause = Cause("command", by, step.now)
    alert = msgspec.structs.replace(
        alert, acknowledged=True, acknowledged_at=step.now, acknowledged_by=by, comment=comment or None
    )
    step.alert(alert, "acknowledged", cause, by, comment)
    if alert.active and alert.re_alarm:
        key = timer_key(_behavior(alert), RE_ALARM, alert.code)
        step.timer(Timer(key, step.now + alert.re_alarm, step.now, cause=cause), "started")
    if alert.active and not alert.latched and _nothing_else_ends(step, alert):
        clear(step, alert, "Acknowledged", cause)
    else:
        _close_if_done(step, alert, cause)
    return ""


def _stop(step: Step, alert: Alert, kind: str, subject: str) -> None:
    timer = step.live.timers.get(timer_key(_behavior(alert), kind, subject))
    if timer is not None:
        step.timer(timer, "stopped")


def _behavior(alert: Alert) -> BehaviorKey:
    return BehaviorKey(alert.owner, alert.behavior)


def _not_found(alert_id: str) -> str:
    return f"ALERT_NOT_FOUND there is no open alert '{alert_id}'"


def _nothing_else_ends(step: Step, alert: Alert) -> bool:
    if alert.code in codes.LASTING:
        return True
    rule = step.live.rule(_behavior(alert))
    if rule is None:
        return True
    lingers = rule.waits and any(plan.code == alert.code for plan in rule.plan.while_active())
    return not rule.active and not lingers


def _close_if_done(step: Step, alert: Alert, cause: Cause) -> None:
    if not alert.active and (alert.acknowledged or not alert.ack_required):
        step.alert(msgspec.structs.replace(alert, closed_at=step.now), "closed", cause)
