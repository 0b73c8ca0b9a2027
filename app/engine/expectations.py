"""What was commanded is to be seen in time: `within 10s expect backup.status == "running" else { ... }`.

It begins where the calls before it in the list were decided, and goes on when the behavior ends meanwhile: the command
was given. Only a behavior with an `otherwise` takes it back. What was TRUE already counts as seen, and is no answer to
the call; what is UNKNOWN is not seen, and an `else` that runs for that says so.
"""

from app.engine import alarms, calls, waits
from app.engine.asides import expecting
from app.engine.cells import RuleState
from app.engine.step import Step
from app.engine.waits import EXPECT
from app.model.events import Cause, Timer
from app.model.plan import AlertPlan, ExpectPlan


def begin(step: Step, rule: RuleState, plan: ExpectPlan, cause: Cause, call_id: str | None) -> bool:
    """False where it is so already. `call_id`: of the last call before it."""
    _lift(step, rule, plan, cause)
    if answer(rule, plan) is True:
        waits.stop(step, rule, EXPECT, plan.index)
        return False
    waits.start(step, rule, EXPECT, plan.index, plan.within, cause, ref=call_id or "")
    return True


def answer(rule: RuleState, plan: ExpectPlan) -> bool | None:
    aside = rule.asides.get(expecting(plan.index))
    return aside.answer() if aside is not None else None


def plan_of(rule: RuleState, timer: Timer) -> ExpectPlan | None:
    index = int(waits.subject(timer))
    return next((plan for plan in rule.plan.expects() if plan.index == index), None)


def seen(step: Step, timer: Timer, cause: Cause) -> None:
    if timer.ref:
        calls.observed(step, timer.ref, cause)


def look(step: Step, rule: RuleState, cause: Cause) -> list[Timer]:
    """Those that are met now. Alerts that told of one missed before end, too."""
    found = []
    for plan in rule.plan.expects():
        if answer(rule, plan) is True:
            _lift(step, rule, plan, cause)
            timer = step.live.timers.get(waits.timer_key(rule.key, EXPECT, plan.index))
            if timer is not None:
                found.append(timer)
    return found


def _lift(step: Step, rule: RuleState, plan: ExpectPlan, cause: Cause) -> None:
    if answer(rule, plan) is not True:
        return
    for action in plan.otherwise:
        if isinstance(action, AlertPlan):
            alert = step.live.open_alert(rule.key.owner, rule.key.name, action.code)
            if alert is not None and not alert.latched:
                alarms.clear(step, alert, "ExpectationMet", cause)
