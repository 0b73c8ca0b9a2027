"""Behaviors change state on the edges of their conditions, and their actions run once per activation.

UNKNOWN is no edge: it moves `evidence` and holds `state`. A write to a manual property lands inside the step and may
wake other behaviors; they follow in rounds, at most MAX_ROUNDS of them, and a loop that is cut raises an alert. All
rules of a round are evaluated before any of them acts, so the order in which they are declared decides nothing.
"""

from collections.abc import Iterable

from app.engine import alarms, calls
from app.engine.cells import EVIDENCE, RuleState
from app.engine.step import Step, led_to
from app.model.conditions import written
from app.model.events import BehaviorChanged, Cause
from app.model.plan import AlertPlan, CallPlan, WritePlan
from app.model.values import Value

MAX_ROUNDS = 16


def settle(step: Step) -> None:
    """Evaluates what was woken, then what that woke, until nothing is left. What is computed comes first each time."""
    for _ in range(MAX_ROUNDS):
        step.derive()
        if not step.woken:
            return
        woken, step.woken = step.woken, {}
        turned = [(rule, step.evaluate(rule), cause) for rule, cause in woken.items()]
        for rule, evidence, cause in turned:
            if evidence is not rule.evidence:
                transition(step, rule, evidence, cause)
        step.bases.clear()
    step.derive()
    cut, step.woken = step.woken, {}
    for rule, cause in cut.items():
        alarms.raise_own(
            step,
            rule.key.owner,
            rule.key.name,
            alarms.CASCADE_LIMIT,
            f"behaviors woke each other {MAX_ROUNDS} times in one step and were stopped at '{rule.key.name}'",
            rule.twins(),
            cause,
        )


def settle_loaded(step: Step, rules: Iterable[RuleState], cause: Cause) -> None:
    """The evaluation after a definition change: what is TRUE already raises alerts and withholds the rest."""
    for rule, evidence in [(rule, step.evaluate(rule)) for rule in rules]:
        if evidence is not rule.evidence:
            transition(step, rule, evidence, cause, loading=True)
        rule.settled = rule.settled or evidence is not None
    step.bases.clear()
    settle(step)


def transition(step: Step, rule: RuleState, evidence: bool | None, cause: Cause, *, loading: bool = False) -> None:
    was = rule.active
    active = was if evidence is None else evidence
    skipped: tuple[str, ...] = ()
    if active != was:
        by = led_to("behavior", f"{rule.key.owner.id}/{rule.key.name}", step.now, cause)
        rule.active = active  # before the actions: what they wake sees the behavior as it is now
        if active:
            # A device that was silent while its rule was loaded must not be acted on because it is heard again; what a
            # person or a behavior sets for the first time is no such discovery.
            found_so = not rule.settled and cause.kind in ("reading", "source")
            withhold = (loading or found_so) and not rule.plan.act_on_load
            skipped = _act(step, rule, by, withhold)
        else:
            alarms.clear_deactivated(step, rule.key, by)
    step.behavior(
        BehaviorChanged(
            rule.key,
            "active" if active else "inactive",
            EVIDENCE[evidence],
            step.now,
            cause,
            "active" if was else "inactive",
            step.now if active != was else rule.since,
            skipped,
            step.basis(rule),
        )
    )


def _act(step: Step, rule: RuleState, cause: Cause, withhold: bool) -> tuple[str, ...]:
    skipped = []
    for action in rule.plan.actions:
        why = ""
        match action:
            case AlertPlan():
                alarms.raise_planned(step, rule.key, action, rule.twins(), cause, step.basis(rule))
            case CallPlan(owner=owner, method=method):
                why = _call(step, rule, action, cause, withhold)
                why = why and f"call {_named(owner, method)}: {why}"
            case WritePlan(owner=owner, property=name):
                why = _write(step, rule, action, cause, withhold)
                why = why and f"write {_named(owner, name)}: {why}"
        if why:
            skipped.append(why)
    return tuple(skipped)


def _named(owner: str | None, name: str) -> str:
    return f"{written(owner)}.{name}" if owner else name


_WITHHELD = "withheld, the condition was already true when it was first known after the behavior was loaded"


def _unbound(owner: str | None) -> str:
    return f"'{written(owner)}' is not bound" if owner else "it names no twin"


def _call(step: Step, rule: RuleState, action: CallPlan, cause: Cause, withhold: bool) -> str:
    """Why it was not decided, "" where it was."""
    twin = step.live.twins.get(rule.owner.twin_of(action.owner) or "")
    if twin is None:
        return _unbound(action.owner)
    if action.method not in twin.shape.methods:
        return f"twin '{twin.key.id}' has no such method"
    if not twin.plan.connected:
        return f"twin '{twin.key.id}' has no connectivity"
    calls.decide(step, rule, twin.key.id, cause, method=action.method, arguments=action.arguments, withhold=withhold)
    return _WITHHELD if withhold else ""


def _write(step: Step, rule: RuleState, action: WritePlan, cause: Cause, withhold: bool) -> str:
    twin = step.live.twins.get(rule.owner.twin_of(action.owner) or "")
    if twin is None:
        return _unbound(action.owner)
    cell = twin.cells.get(action.property)
    if cell is None:
        return f"twin '{twin.key.id}' has no such property"
    if cell.spec.plan.access == "read":
        return "the property is read-only"
    value, why = cell.spec.sendable(action.value)
    if why:
        return why
    if cell.mapped:
        arguments: dict[str, Value] = {"value": value}
        if not twin.plan.connected:
            return f"twin '{twin.key.id}' has no connectivity"
        calls.decide(step, rule, twin.key.id, cause, property=action.property, arguments=arguments, withhold=withhold)
        return _WITHHELD if withhold else ""
    if withhold:
        return _WITHHELD
    calls.set_manual(step, cell, value, cause)
    return ""
