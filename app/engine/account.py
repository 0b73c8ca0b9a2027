"""Accounts of the live plant's behaviors and alerts: built when somebody asks, from what stands in memory.

An alert is explained by what was recorded with it, never by the values of now: those may have moved on, and its
behavior may be another one or gone.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from app.engine.basis import basis_of
from app.engine.cells import EVIDENCE, RuleState
from app.engine.explain import explained
from app.engine.why_not import ways_to_true
from app.model.conditions import PropertyRef, written
from app.model.events import Alert, BehaviorChanged, Call
from app.model.explanation import Explanation, WhyNot
from app.model.plan import ActionPlan, BehaviorKey, CallPlan, WritePlan
from app.model.time import Micros
from app.model.values import Value

if TYPE_CHECKING:
    from app.engine.live import LiveState


def explain_rule(live: "LiveState", rule: RuleState) -> Explanation:
    basis = basis_of(rule, live.twins)
    return Explanation(
        rule.key,
        live.time,
        "active" if rule.active else "inactive",
        EVIDENCE[rule.evidence],
        rule.since,
        rule.error,
        basis,
        explained(basis) if basis is not None else (),
        rule.cause,
        calls=_calls(live, rule.key, rule.since) if rule.since else (),
    )


def explain_alert(live: "LiveState", alert: Alert) -> Explanation:
    key = BehaviorKey(alert.owner, alert.behavior)
    at = alert.cause.at
    return Explanation(
        key,
        at,
        "active",
        "true",
        basis=alert.basis,
        nodes=explained(alert.basis) if alert.basis is not None else (),
        cause=alert.cause,
        alert=alert,
        calls=tuple(call for call in _calls(live, key, at) if call.decided_at == at),
    )


def explain_turn(turn: BehaviorChanged, calls: tuple[Call, ...]) -> Explanation:
    """`calls`: what was decided with it."""
    return Explanation(
        turn.key,
        turn.at,
        turn.state,
        turn.evidence,
        turn.since,
        basis=turn.basis,
        nodes=explained(turn.basis) if turn.basis is not None else (),
        cause=turn.cause,
        turn=turn,
        calls=calls,
    )


def why_not_rule(live: "LiveState", rule: RuleState) -> WhyNot:
    explanation = explain_rule(live, rule)
    if explanation.basis is None or rule.active:
        return WhyNot(explanation)

    def choices(ref: PropertyRef) -> Sequence[Value]:
        cell = rule.cell(ref, live.twins)
        return cell.spec.plan.enum_values if cell is not None else ()

    ways, whole = ways_to_true(explanation.basis, choices)
    return WhyNot(explanation, ways, whole, tuple(_blocked(live, rule)))


def _calls(live: "LiveState", key: BehaviorKey, since: Micros) -> tuple[Call, ...]:
    """In the order in which they were decided; of finished ones those that memory still has."""
    found = [
        call
        for calls in (live.finished, live.calls)
        for call in calls.values()
        if call.behavior == key and call.decided_at >= since
    ]
    return tuple(sorted(found, key=lambda call: (call.decided_at, call.call_id)))


def _blocked(live: "LiveState", rule: RuleState) -> Iterator[str]:
    for action in rule.plan.actions:
        if isinstance(action, CallPlan | WritePlan):
            why = _in_the_way(live, rule, action)
            if why:
                yield f"{_named(action)}: {why}"


def _in_the_way(live: "LiveState", rule: RuleState, action: ActionPlan) -> str:
    """Of a call or write; "" where nothing is known to be."""
    assert isinstance(action, CallPlan | WritePlan)
    twin = live.twins.get(rule.owner.twin_of(action.owner) or "")
    if twin is None:
        return f"'{written(action.owner)}' is not bound" if action.owner else "it names no twin"
    if isinstance(action, CallPlan):
        if action.method not in twin.shape.methods:
            return f"twin '{twin.key.id}' has no such method"
    else:
        cell = twin.cells.get(action.property)
        if cell is None:
            return f"twin '{twin.key.id}' has no such property"
        if cell.spec.plan.access == "read":
            return "the property is read-only"
        if not cell.mapped:
            return ""
    if not twin.plan.connected:
        return f"twin '{twin.key.id}' has no connectivity"
    if not twin.alive:
        return f"the device of twin '{twin.key.id}' is not connected" + (f" ({twin.reason})" if twin.reason else "")
    return ""


def _named(action: CallPlan | WritePlan) -> str:
    what, name = ("call", action.method) if isinstance(action, CallPlan) else ("write", action.property)
    return f"{what} {written(action.owner)}.{name}" if action.owner else f"{what} {name}"
