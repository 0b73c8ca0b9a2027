"""Shelving: a person puts an alert aside for a while, raised or not (ISA-18.2).

It is about the identity (owner, behavior, code), not about one occurrence, and always ends: by its time, by a person,
or with the definition. Whatever happens to the alert meanwhile is recorded; it is only not annunciated.
"""

import msgspec

from app.engine import alarms, calls
from app.engine.cells import RuleState
from app.engine.step import Step, led_to
from app.engine.waits import late, subject, timer_key
from app.model.events import (
    AlertKey,
    Cause,
    ShelveAlert,
    Shelving,
    ShelvingChange,
    ShelvingChanged,
    Timer,
    UnshelveAlert,
)
from app.model.plan import BehaviorKey, CallPlan, WritePlan
from app.model.time import SECOND, Micros

TIME_OVER = "TimeOver"
CLOCK_SET = "clock set"


def shelve(step: Step, command: ShelveAlert) -> str:
    """Why it was refused, "" where it was not. What is shelved already gets the new time, reason and name."""
    key, longest = command.key, step.live.settings.max_shelving
    if not _is_known(step, key):
        return f"ALERT_NOT_FOUND {_named(key)} is no alert of a behavior that is there"
    if not 0 < command.duration <= longest:
        return f"SHELVING_TOO_LONG an alert is shelved for more than 0 and at most {longest // SECOND} seconds"
    shelving = Shelving(key, step.now, step.now + command.duration, command.by, command.reason)
    cause = Cause("command", command.by, step.now)
    _change(step, shelving, "shelved", command.by, command.reason, cause)
    timer = Timer(timer_key(_behavior(key), alarms.SHELVED, key.code), shelving.until, step.now, cause=cause)
    step.timer(timer, "started")
    return ""


def unshelve(step: Step, command: UnshelveAlert) -> str:
    """Why it was refused, "" where it was not."""
    shelving = step.live.shelvings.get(command.key)
    if shelving is None:
        return f"ALERT_NOT_SHELVED {_named(command.key)} is not shelved"
    end(step, shelving, command.by, command.reason, Cause("command", command.by, step.now))
    return ""


def met(step: Step, timer: Timer) -> None:
    """Its time is over."""
    shelving = step.live.shelvings.get(AlertKey(timer.key.owner, timer.key.behavior, subject(timer)))
    if shelving is not None:
        cause = led_to("tick", timer.key.slot, step.now, timer.cause)
        _change(step, shelving, "unshelved", None, TIME_OVER, cause, late(step, timer))


def end(step: Step, shelving: Shelving, by: str | None, reason: str, cause: Cause) -> None:
    timer = step.live.timers.get(timer_key(_behavior(shelving.key), alarms.SHELVED, shelving.key.code))
    if timer is not None:
        step.timer(timer, "stopped")
    _change(step, shelving, "unshelved", by, reason, cause)


def show_moved(step: Step) -> None:
    """The clock was set, and what is shelved has moved with it: open alerts show their new ends."""
    cause = Cause("tick", CLOCK_SET, step.now)
    for key, shelving in step.live.shelvings.items():
        alert = step.live.open_alert(key.owner, key.behavior, key.code)
        if alert is not None and alert.shelved != shelving:
            step.alert(msgspec.structs.replace(alert, shelved=shelving), "updated", cause)


def _change(
    step: Step,
    shelving: Shelving,
    change: ShelvingChange,
    by: str | None,
    reason: str,
    cause: Cause,
    behind: Micros = 0,
) -> None:
    step.shelving(ShelvingChanged(shelving, change, step.now, by, reason, cause, behind))
    key = shelving.key
    alert = step.live.open_alert(key.owner, key.behavior, key.code)
    if alert is not None:
        shown = msgspec.structs.replace(alert, shelved=shelving if change == "shelved" else None)
        step.alert(shown, change, cause, by, reason, behind)


def _is_known(step: Step, key: AlertKey) -> bool:
    """Open, or one that its behavior, or the engine about it, may raise."""
    if step.live.open_alert(key.owner, key.behavior, key.code) is not None or key in step.live.shelvings:
        return True
    if not key.behavior:
        return key.code == alarms.ALERT_FLOOD and step.live.owner(key.owner) is not None
    rule = step.live.rule(_behavior(key))
    return rule is not None and (key.code in alarms.LASTING or key.code in _codes(rule))


def _codes(rule: RuleState) -> set[str]:
    found = {plan.code for plan in rule.plan.all_alerts()}
    for plan in rule.plan.all_actions():
        if isinstance(plan, CallPlan | WritePlan):
            found |= calls.codes_of(plan)
    return found


def _behavior(key: AlertKey) -> BehaviorKey:
    return BehaviorKey(key.owner, key.behavior)


def _named(key: AlertKey) -> str:
    of = f"behavior '{key.behavior}' of " if key.behavior else ""
    return f"'{key.code}' of {of}{key.owner.kind} '{key.owner.id}'"
