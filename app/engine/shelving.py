"""Shelving: a person puts an alert aside for a while, raised or not (ISA-18.2).

It is about the identity (owner, behavior, code), not about one occurrence, and always ends: by its time, by a person,
or with the definition. Whatever happens to the alert meanwhile is recorded; it is only not annunciated.
"""

import msgspec

from app.engine import alarms, shelvable
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
from app.model.plan import BehaviorKey
from app.model.time import Micros

TIME_OVER = "TimeOver"
CLOCK_SET = "clock set"


def shelve(step: Step, command: ShelveAlert) -> str:
    """Why it was refused, "" where it was not. What is shelved already gets the new time, reason and name."""
    key = command.key
    if refused := shelvable.against(step.live, key, command.duration):
        return refused
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
        return shelvable.not_shelved(command.key)
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


def _behavior(key: AlertKey) -> BehaviorKey:
    return BehaviorKey(key.owner, key.behavior)
