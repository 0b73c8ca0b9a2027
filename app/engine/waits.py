"""Timers of what a behavior does: started by its turns, paused while its evidence is unknown, gone on with it.

An UNKNOWN that lasted longer than a timer is long lets it start anew: what was not seen for so long counts for nothing.
A start of the server pauses them too (timers.py); they go on once all that they hang on had contact in this run,
however long that takes. An expectation knows no other pause: a device that falls silent has not done in time what was
expected of it.
"""

from collections.abc import Iterable

import msgspec

from app.engine.asides import expecting
from app.engine.cells import Cell, RuleState
from app.engine.step import Step
from app.engine.timers import paused, resumed
from app.model.events import Cause, Timer, TimerKey
from app.model.plan import AlertPlan, BehaviorKey
from app.model.time import Micros

DELAY_ON, DELAY_OFF, ESCALATE, EXPECT = "delay_on", "delay_off", "escalate", "expect"
KINDS = frozenset({DELAY_ON, DELAY_OFF, ESCALATE, EXPECT})


def late(step: Step, timer: Timer) -> Micros:
    """How late a timer is met whose moment fell into the time between two runs; 0 for every other."""
    return step.now - timer.due if timer.due is not None and timer.due <= step.live.began else 0


def behavior_of(timer: Timer) -> BehaviorKey:
    return BehaviorKey(timer.key.owner, timer.key.behavior)


def kind_of(timer: Timer) -> str:
    return timer.key.slot.partition("/")[0]


def subject(timer: Timer) -> str:
    """The code of an alert, the index of an escalation or expectation."""
    return timer.key.slot.partition("/")[2]


def timer_key(key: BehaviorKey, kind: str, subject: object) -> TimerKey:
    return TimerKey(key.owner, key.name, f"{kind}/{subject}")


def start(
    step: Step, rule: RuleState, kind: str, subject: object, length: Micros, cause: Cause, *, ref: str = ""
) -> None:
    """What goes by the behavior's turn has begun when that did; what is expected, with the command."""
    key = timer_key(rule.key, kind, subject)
    hangs = kind != ESCALATE or not rule.plan.escalations[int(str(subject))].unless_acknowledged
    turned = cause.parent if cause.kind == "behavior" and cause.parent is not None else cause
    since = step.now if kind == EXPECT else step.when(rule, turned)
    step.timer(Timer(key, since + length, since, evidence=hangs, ref=ref, cause=cause), "started")


def stop(step: Step, rule: RuleState, kind: str, subject: object) -> None:
    timer = step.live.timers.get(timer_key(rule.key, kind, subject))
    if timer is not None:
        step.timer(timer, "stopped")


def stop_all(step: Step, key: BehaviorKey, kinds: Iterable[str] = KINDS) -> None:
    for timer in step.live.timers.of(key):
        if kind_of(timer) in kinds:
            step.timer(timer, "stopped")


def follow(step: Step, rule: RuleState) -> None:
    """Whatever has changed of its evidence, or of what was heard."""
    for timer in step.live.timers.of(rule.key):
        kind = kind_of(timer)
        if kind not in KINDS or not timer.evidence:
            continue
        if kind != EXPECT and rule.evidence is None:
            if timer.due is not None or (timer.waits and rule.heard()):  # from here on nothing is known in this run
                now = step.moment()
                step.timer(msgspec.structs.replace(paused(timer, now), paused_at=now, waits=False), "paused")
        elif timer.due is None and (not timer.waits or rule.heard(_hangs_on(rule, timer))):
            step.timer(_on(rule, timer, step.now), "resumed")


def follow_all(step: Step) -> None:
    """After a start: what hangs on properties that need no contact goes on at once."""
    for key in dict.fromkeys(behavior_of(timer) for timer in step.live.timers.all()):
        rule = step.live.rule(key)
        if rule is not None:
            follow(step, rule)


def length_of(rule: RuleState, timer: Timer) -> Micros | None:
    """As the rule has it now; None where it has no such thing."""
    name, plan = subject(timer), rule.plan
    match kind_of(timer):
        case "escalate":
            return plan.escalations[int(name)].after if int(name) < len(plan.escalations) else None
        case "expect":
            return next((expect.within for expect in plan.expects() if expect.index == int(name)), None)
        case kind:
            alert = alert_of(rule, name)
            length = 0 if alert is None else alert.delay_on if kind == DELAY_ON else alert.delay_off
            return length or None


def alert_of(rule: RuleState, code: str) -> AlertPlan | None:
    return next((alert for alert in rule.plan.while_active() if alert.code == code), None)


def _hangs_on(rule: RuleState, timer: Timer) -> Iterable[Cell]:
    if kind_of(timer) != EXPECT:
        return rule.everything()
    aside = rule.asides.get(expecting(int(subject(timer))))
    return aside.everything() if aside is not None else ()


def _on(rule: RuleState, timer: Timer, now: Micros) -> Timer:
    length = length_of(rule, timer)
    if length is not None and not timer.waits and now - timer.paused_at > length:
        timer = msgspec.structs.replace(timer, since=now, remaining=length)
    return resumed(timer, now)
