"""The parts of a behavior that come to their end between its turns: escalations, and what it expects.

Each end is a fact of the behavior with its state as it was; the actions that follow are among its results.
"""

from app.engine import actions, delays, expectations, waits
from app.engine.cells import RuleState
from app.engine.step import Step
from app.engine.waits import ESCALATE
from app.model.events import Cause, PartOutcome, Timer
from app.model.plan import ActionPlan

WITHHELD = "withheld"


def begin_escalations(step: Step, rule: RuleState, cause: Cause, withhold: bool) -> None:
    for index, plan in enumerate(rule.plan.escalations):
        waits.start(step, rule, ESCALATE, index, plan.after, cause, ref=WITHHELD if withhold else "")


def escalate(step: Step, timer: Timer) -> None:
    rule = step.live.rule(waits.behavior_of(timer))
    index = int(waits.subject(timer))
    if rule is None or not rule.active or index >= len(rule.plan.escalations):
        return
    plan, cause = rule.plan.escalations[index], delays.met(step, timer)
    if plan.unless_acknowledged and _acknowledged(step, rule):
        _end(step, rule, f"escalations/{index}", "acknowledged", cause, timer)
        return
    withhold = timer.ref == WITHHELD
    _end(step, rule, f"escalations/{index}", "escalated", cause, timer, plan.actions, withhold=withhold)


def expect_met(step: Step, timer: Timer) -> None:
    """Its time is over."""
    rule = step.live.rule(waits.behavior_of(timer))
    plan = expectations.plan_of(rule, timer) if rule is not None else None
    if rule is None or plan is None:
        return
    cause = delays.met(step, timer)
    came_to: PartOutcome = "unknown" if expectations.answer(rule, plan) is None else "missed"
    _end(step, rule, f"actions/{plan.index}", came_to, cause, timer, plan.otherwise)


def look(step: Step, rule: RuleState, cause: Cause) -> None:
    """Whenever something that the rule reads has changed, and it has not turned."""
    waits.follow(step, rule)
    delays.look(step, rule, cause)
    for timer in expectations.look(step, rule, cause):
        step.timer(timer, "stopped")
        expectations.seen(step, timer, cause)
        _end(step, rule, f"actions/{waits.subject(timer)}", "observed", cause, timer)


def _acknowledged(step: Step, rule: RuleState) -> bool:
    """All alerts of it that are open, and there is one."""
    found = [alert for alert in step.live.alerts_owned(rule.key.owner) if alert.behavior == rule.key.name]
    return bool(found) and all(alert.acknowledged for alert in found)


def _end(
    step: Step,
    rule: RuleState,
    part: str,
    came_to: PartOutcome,
    cause: Cause,
    timer: Timer,
    todo: tuple[ActionPlan, ...] = (),
    *,
    withhold: bool = False,
) -> None:
    done = actions.run(step, rule, todo, actions.by(step, rule, cause), withhold=withhold)
    actions.tell(step, rule, cause, done, part=part, came_to=came_to, late=waits.late(step, timer))
