"""The codes of alerts that no author wrote: of calls, and of behaviors that were stopped."""

from app.model.plan import CallPlan, Rule, WritePlan

CALL_EXPIRED = "call_expired"
CALL_INDETERMINATE = "call_indeterminate"
CASCADE_LIMIT = "cascade_limit"
LASTING = frozenset({CALL_EXPIRED, CALL_INDETERMINATE, CASCADE_LIMIT})
"""About something that happened once: no condition ends them, acknowledging does."""


def of_plan(plan: CallPlan | WritePlan) -> set[str]:
    """Of the alerts that may come of it."""
    name = f"{plan.method}_call" if isinstance(plan, CallPlan) else f"{plan.property}_write"
    return {f"{name}_{what}" for what in ("failed", "interlocked", "limited")}


def of_rule(rule: Rule) -> set[str]:
    """Of all alerts that a behavior may have, its author's too."""
    found = {plan.code for plan in rule.all_alerts()} | LASTING
    for plan in rule.all_actions():
        if isinstance(plan, CallPlan | WritePlan):
            found |= of_plan(plan)
    return found
