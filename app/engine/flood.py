"""Alarm floods: more alerts within a minute than a person can take in have one more that lists them (ISA-18.2).

It replaces none of them, and is looked for once an input is decided with all that followed from it. It clears by
itself when fewer are raised; one that is not annunciated does not count, and the summary itself never does.
"""

import msgspec

from app.engine import alarms
from app.engine.raises import MINUTE, counts
from app.engine.step import Step, led_to
from app.engine.waits import late, timer_key
from app.model.events import Alert, Cause, Timer
from app.model.plan import AlertPlan, BehaviorKey, OwnerKey


def look(step: Step) -> None:
    """At the end of an input."""
    if not step.live.settings.flood_limit:
        return
    raised = [change for change in step.alerts if change.transition == "raised" and counts(change.alert)]
    touched = {scope: change.cause for change in raised for scope in step.live.scopes_of(change.alert.owner)}
    for scope, cause in touched.items():
        ids = [change.alert.alert_id for change in raised if scope in step.live.scopes_of(change.alert.owner)]
        _count(step, scope, ids, cause)


def met(step: Step, timer: Timer) -> None:
    """The oldest that counted does so no more."""
    scope = timer.key.owner
    alert = step.live.open_alert(scope, "", alarms.ALERT_FLOOD)
    if alert is None or not alert.active:
        return
    cause = led_to("tick", timer.key.slot, step.now, timer.cause)
    if not _await_end(step, scope, cause):
        total = step.live.raises.floods.get(scope, 0)
        told = msgspec.structs.replace(alert, message=_message(total, over=True))
        alarms.clear(step, told, "RateBelow", cause, late=late(step, timer))


def _count(step: Step, scope: OwnerKey, ids: list[str], cause: Cause) -> None:
    alert = step.live.open_alert(scope, "", alarms.ALERT_FLOOD)
    if alert is not None and alert.active:
        _grow(step, scope, alert, ids, cause)
        return
    within = step.live.raises.within_a_minute(scope, step.now)
    if len(within) <= step.live.settings.flood_limit:
        return
    listed = list(dict.fromkeys([*(alert_id for _, alert_id in within), *ids]))
    plan = AlertPlan(alarms.ALERT_FLOOD, "warning", _message(len(listed)), latched=False, ack_required=False)
    alarms.raise_planned(step, BehaviorKey(scope, ""), plan, (), cause, lists=tuple(listed))
    _await_end(step, scope, cause)


def _grow(step: Step, scope: OwnerKey, alert: Alert, ids: list[str], cause: Cause) -> None:
    """Every id while there is room in the list; then only each doubling is told, and the end."""
    total = step.live.raises.floods.get(scope, 0)
    listed = tuple(dict.fromkeys([*alert.lists, *ids]))[: alarms.LISTED]
    before = max(1, total - len(ids))
    if listed != alert.lists or total.bit_length() != before.bit_length():
        told = msgspec.structs.replace(alert, lists=listed, message=_message(total))
        step.alert(told, "updated", cause)


def _await_end(step: Step, scope: OwnerKey, cause: Cause) -> bool:
    """False where it is over."""
    within = step.live.raises.within_a_minute(scope, step.now)
    limit = step.live.settings.flood_limit
    if len(within) <= limit:
        return False
    due = within[-limit - 1][0] + MINUTE
    step.timer(Timer(timer_key(BehaviorKey(scope, ""), alarms.FLOOD, ""), due, step.now, cause=cause), "started")
    return True


def _message(total: int, *, over: bool = False) -> str:
    return f"{total} alerts were raised in a flood" + (", which is over" if over else "")
