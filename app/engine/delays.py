"""When an alert is raised and cleared, beside its behavior's turns: on- and off-delay, and deadband (ISA-18.2).

An alert with an on-delay is raised once its behavior has been active for so long. One with a deadband stays active
while the easier condition (deadband.py) holds, one with an off-delay for so long after that. The behavior itself
follows its plain condition: what it calls, it calls at that.
"""

import msgspec

from app.engine import alarms, messages, waits
from app.engine.asides import holding
from app.engine.cells import RuleState
from app.engine.step import Step, led_to
from app.engine.waits import DELAY_OFF, DELAY_ON
from app.model.events import Alert, Cause, Timer
from app.model.plan import AlertPlan


def ask_for(step: Step, rule: RuleState, plan: AlertPlan, cause: Cause) -> bool:
    """False where its raising has to wait."""
    waits.stop(step, rule, DELAY_OFF, plan.code)
    open_one = step.live.open_alert(rule.key.owner, rule.key.name, plan.code)
    if plan.delay_on and not (open_one is not None and open_one.active):
        waits.start(step, rule, DELAY_ON, plan.code, plan.delay_on, cause)
        return False
    _raise(step, rule, plan, cause)
    return True


def delay_on_met(step: Step, timer: Timer) -> None:
    rule, plan = _planned(step, timer)
    if rule is not None and plan is not None and rule.active:
        _raise(step, rule, plan, met(step, timer))


def delay_off_met(step: Step, timer: Timer) -> None:
    rule, plan = _planned(step, timer)
    if rule is not None and plan is not None and not rule.active:
        alert = step.live.open_alert(rule.key.owner, rule.key.name, plan.code)
        if alert is not None and not alert.latched:
            alarms.clear(step, alert, alarms.CONDITION_FALSE, met(step, timer))


def begun(step: Step, rule: RuleState, cause: Cause) -> None:
    """It became active: what told that it was not ends."""
    for plan in rule.plan.otherwise:
        if isinstance(plan, AlertPlan):
            alert = step.live.open_alert(rule.key.owner, rule.key.name, plan.code)
            if alert is not None and not alert.latched:
                alarms.clear(step, alert, "ConditionTrue", cause)


def ended(step: Step, rule: RuleState, cause: Cause) -> None:
    """It became inactive."""
    waits.stop_all(step, rule.key, (DELAY_ON,))
    for alert in alarms.that_end(step, rule.key):
        _let_go(step, rule, alert, cause)


def look(step: Step, rule: RuleState, cause: Cause) -> None:
    """Alerts that have outlived its activity, whenever something that it reads has changed."""
    if rule.active or rule.evidence is None or rule.plan.pulse:
        return
    for plan in rule.plan.while_active():
        alert = step.live.open_alert(rule.key.owner, rule.key.name, plan.code)
        if alert is not None and alert.active and not alert.latched:
            _let_go(step, rule, alert, cause)


def _let_go(step: Step, rule: RuleState, alert: Alert, cause: Cause) -> None:
    plan = waits.alert_of(rule, alert.code)
    if plan is not None and plan.deadband and rule.asides[holding(plan)].answer() is not False:
        waits.stop(step, rule, DELAY_OFF, plan.code)
    elif plan is None or not plan.delay_off:
        alarms.clear(step, alert, alarms.CONDITION_FALSE, cause)
    elif step.live.timers.get(waits.timer_key(rule.key, DELAY_OFF, plan.code)) is None:
        waits.start(step, rule, DELAY_OFF, plan.code, plan.delay_off, cause)


def _raise(step: Step, rule: RuleState, plan: AlertPlan, cause: Cause) -> None:
    plan = msgspec.structs.replace(plan, message=messages.filled(step, rule, plan))
    alarms.raise_planned(step, rule.key, plan, rule.twins(), cause, step.basis(rule))


def _planned(step: Step, timer: Timer) -> tuple[RuleState | None, AlertPlan | None]:
    rule = step.live.rule(waits.behavior_of(timer))
    return rule, waits.alert_of(rule, waits.subject(timer)) if rule is not None else None


def met(step: Step, timer: Timer) -> Cause:
    """The moment as a cause."""
    return led_to("tick", timer.key.slot, step.now, timer.cause)
