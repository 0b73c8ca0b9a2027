"""What a changed definition does to what waits: it goes on where it is still asked for, with its new length, else ends.

Nothing is begun here but an alert whose on-delay was taken away. A behavior that is bound to others now keeps its
delays and escalations, which follow its evidence, and forgets what it expected of who is no longer there.
"""

import msgspec

from app.engine import alarms, delays, expectations, waits
from app.engine.asides import expecting
from app.engine.cells import RuleState
from app.engine.loading import Replaced
from app.engine.step import Step
from app.engine.waits import DELAY_ON, ESCALATE, EXPECT
from app.model.conditions import Condition
from app.model.events import Cause, Timer


def carry(step: Step, owner: Replaced, cause: Cause) -> None:
    for name, old in owner.before.items():
        new = (owner.after or {}).get(name)
        if owner.reborn or new is None or new.error is not None:
            for timer in step.live.timers.of(old.key):
                if waits.kind_of(timer) not in alarms.TIMERS:
                    step.timer(timer, "stopped")
        elif old.waits and not (new.plan == old.plan and new.watched() == old.watched()):
            for timer in step.live.timers.of(old.key):
                if waits.kind_of(timer) in waits.KINDS:
                    _carry(step, old, new, timer, cause)
            if not old.active:
                _clear_lingering(step, new, cause)


def _carry(step: Step, old: RuleState, new: RuleState, timer: Timer, cause: Cause) -> None:
    kind, length = waits.kind_of(timer), waits.length_of(new, timer)
    if length is None or (kind == EXPECT and not _expects_the_same(old, new, timer)):
        step.timer(timer, "stopped")
        plan = waits.alert_of(new, waits.subject(timer))
        if kind == DELAY_ON and plan is not None and old.active:
            delays.ask_for(step, new, plan, cause)
        return
    hangs = kind != ESCALATE or not new.plan.escalations[int(waits.subject(timer))].unless_acknowledged
    if length == waits.length_of(old, timer) and hangs == timer.evidence:
        return
    if timer.due is None:
        moved = msgspec.structs.replace(timer, remaining=min(timer.remaining, length), evidence=hangs)
    else:
        moved = msgspec.structs.replace(timer, due=max(step.now, timer.since + length), evidence=hangs)
    step.timer(moved, "moved")


def _clear_lingering(step: Step, rule: RuleState, cause: Cause) -> None:
    for plan in rule.plan.while_active():
        alert = step.live.open_alert(rule.key.owner, rule.key.name, plan.code)
        if alert is not None and alert.active and not alert.latched and not (plan.delay_off or plan.deadband):
            alarms.clear(step, alert, alarms.CONDITION_FALSE, cause)


def _expects_the_same(old: RuleState, new: RuleState, timer: Timer) -> bool:
    """Of the same, however long that may take now and whatever is done where it is not seen."""
    return _expected(old, timer) == _expected(new, timer) is not None


def _expected(rule: RuleState, timer: Timer) -> tuple[Condition, list[tuple[str, int, str]]] | None:
    plan, aside = expectations.plan_of(rule, timer), rule.asides.get(expecting(int(waits.subject(timer))))
    if plan is None or aside is None:
        return None
    twins = [(cell.twin.plan, cell.spec.plan.name) for cell in aside.everything()]
    return plan.condition, [(twin.twin_id, twin.life, name) for twin, name in twins]
