"""What a behavior does: its actions in order, each with what became of it, and those that wait for a required call.

Behind a required call or write the rest waits until the device has accepted it, over restarts too, and is left out
where it was refused, failed or expired, or where the behavior ended or was edited meanwhile. What is not required
stops nothing: a call that fails raises an alert of its own (calls.py).
"""

from app.engine import alarms, calls, codes, delays, expectations, interlocks
from app.engine.cells import EVIDENCE, RuleState
from app.engine.step import Step, led_to
from app.model.conditions import written
from app.model.events import (
    ActionResult,
    BehaviorChanged,
    BehaviorState,
    Call,
    Cause,
    PartOutcome,
    TwinEventOccurred,
    WaitingActions,
)
from app.model.plan import ActionPlan, AlertPlan, BehaviorKey, CallPlan, EmitPlan, ExpectPlan, PlainPlan, WritePlan
from app.model.time import Micros
from app.model.values import Value

WITHHELD = "withheld, the condition was already true when it was first known after the behavior was loaded"

Done = tuple[tuple[ActionResult, ...], WaitingActions | None]
"""The result of each, and what of them waits."""


def run(
    step: Step,
    rule: RuleState,
    actions: tuple[ActionPlan, ...],
    cause: Cause,
    *,
    withhold: bool = False,
    cut: str = "",
    before: ActionResult | None = None,
) -> Done:
    """`withhold`: calls and writes are only recorded. `cut`: why nothing is to reach a device. `before`: the last call
    or write that was done before these."""
    if step.cut and any(not isinstance(action, AlertPlan) for action in actions):
        _tell_cut(step, rule, cause)
    results: list[ActionResult] = []
    stopped = ""
    for index, action in enumerate(actions):
        if stopped:
            results.append(ActionResult(_told(action), "skipped", stopped))
            continue
        if isinstance(action, ExpectPlan):
            results.append(_expect(step, rule, action, cause, withhold, before))
            continue
        result = _run(step, rule, action, cause, withhold, cut)
        results.append(result)
        if not isinstance(action, CallPlan | WritePlan):
            continue
        before = result
        if not action.required:
            continue
        rest = actions[index + 1 :]
        if result.result == "skipped":
            stopped = f"the required '{result.action}' before it was not done"
        elif result.result == "decided" and result.call_id is not None and rest:
            results += [ActionResult(_told(item), "waiting", call_id=result.call_id) for item in rest]
            return tuple(results), WaitingActions(rule.key, result.call_id, rest, cause)
    return tuple(results), None


def _tell_cut(step: Step, rule: RuleState, cause: Cause) -> None:
    message = f"{step.cut} at '{rule.key.name}'"
    alarms.raise_own(step, rule.key.owner, rule.key.name, codes.CASCADE_LIMIT, message, rule.twins(), cause)


def by(step: Step, rule: RuleState, cause: Cause) -> Cause:
    """The behavior as the cause of what it does."""
    return led_to("behavior", f"{rule.key.owner.id}/{rule.key.name}", step.now, cause)


def go_on(step: Step) -> None:
    """Works off the calls of this step that actions waited for."""
    while step.answered:
        call = step.answered.pop(0)
        waiting = step.live.held_actions.get(call.call_id)
        rule = step.live.rule(waiting.key) if waiting is not None else None
        if waiting is None or rule is None:
            continue
        cause = led_to("call", call.call_id, step.now, waiting.cause)
        if call.status == "accepted":
            required = ActionResult(calls.what(call), "decided", call_id=call.call_id)
            results, waits = run(step, rule, waiting.actions, by(step, rule, cause), before=required)
        else:
            results, waits = _left_out(waiting, _why(call)), None
        tell(step, rule, cause, (results, waits), ended=(call.call_id,))


def tell(
    step: Step,
    rule: RuleState,
    cause: Cause,
    done: Done,
    *,
    ended: tuple[str, ...] = (),
    part: str = "",
    came_to: PartOutcome | None = None,
    late: Micros = 0,
) -> None:
    """What was done between its turns, with its state and evidence as they were."""
    state: BehaviorState = "active" if rule.active else "inactive"
    results, waits = done
    step.behavior(
        BehaviorChanged(
            rule.key,
            state,
            EVIDENCE[rule.evidence],
            step.now,
            cause,
            state,
            rule.since,
            results,
            step.basis(rule),
            waits,
            ended,
            part=part,
            came_to=came_to,
            late=late,
        )
    )


def give_up(step: Step, key: BehaviorKey, why: str) -> tuple[tuple[ActionResult, ...], tuple[str, ...]]:
    """The results of all its actions that wait, and the calls they wait for: for the fact that ends them."""
    if not step.live.held_actions:
        return (), ()
    waiting = [item for item in step.live.held_actions.values() if item.key == key]
    results = tuple(result for item in waiting for result in _left_out(item, why))
    return results, tuple(item.call_id for item in waiting)


def _left_out(waiting: WaitingActions, why: str) -> tuple[ActionResult, ...]:
    return tuple(ActionResult(_told(action), "skipped", why, waiting.call_id) for action in waiting.actions)


def _why(call: Call) -> str:
    said = {"indeterminate": "may or may not have happened", "expired": "was not sent"}.get(call.status, call.status)
    return f"{calls.what(call)}, which is required, {_was(said)}" + (f": {call.error}" if call.error else "")


def _was(said: str) -> str:
    return f"was {said}" if said in ("refused", "withheld") else said


def _told(action: ActionPlan) -> str:
    match action:
        case AlertPlan(code=code):
            return f"alert {code}"
        case CallPlan(owner=owner, method=method):
            return f"call {_named(owner, method)}"
        case WritePlan(owner=owner, property=name):
            return f"write {_named(owner, name)}"
        case EmitPlan(owner=owner, event=name):
            return f"emit {_named(owner, name)}"
        case ExpectPlan():
            return "expect"


def _named(owner: str | None, name: str) -> str:
    return f"{written(owner)}.{name}" if owner else name


def _unbound(owner: str | None) -> str:
    return f"'{written(owner)}' is not bound" if owner else "it names no twin"


def _run(step: Step, rule: RuleState, action: PlainPlan, cause: Cause, withhold: bool, cut: str) -> ActionResult:
    told = _told(action)
    match action:
        case AlertPlan():
            return ActionResult(told, "done" if delays.ask_for(step, rule, action, cause) else "waiting")
        case CallPlan():
            why = _why_not_called(step, rule, action) or step.cut or cut
            return ActionResult(told, "skipped", why) if why else _call(step, rule, action, cause, withhold, told)
        case WritePlan():
            return _write(step, rule, action, cause, withhold, cut, told)
        case EmitPlan():
            return _emit(step, rule, action, cause, withhold, told)


def _expect(
    step: Step, rule: RuleState, plan: ExpectPlan, cause: Cause, withhold: bool, before: ActionResult | None
) -> ActionResult:
    told = _told(plan)
    if withhold:
        return ActionResult(told, "withheld", WITHHELD)
    if step.cut:
        return ActionResult(told, "skipped", step.cut)
    if before is not None and before.result == "skipped":
        return ActionResult(told, "skipped", f"'{before.action}' before it was not done")
    call_id = before.call_id if before is not None else None
    waits = expectations.begin(step, rule, plan, cause, call_id)
    return ActionResult(told, "waiting" if waits else "done", call_id=call_id)


def _emit(step: Step, rule: RuleState, action: EmitPlan, cause: Cause, withhold: bool, told: str) -> ActionResult:
    twin = step.live.twins.get(rule.owner.twin_of(action.owner) or "")
    if twin is None:
        return ActionResult(told, "skipped", _unbound(action.owner))
    if withhold:
        return ActionResult(told, "withheld", WITHHELD)
    if step.cut:
        return ActionResult(told, "skipped", step.cut)
    step.event(TwinEventOccurred(twin.key.id, action.event, step.now, action.parameters, cause))
    return ActionResult(told, "done")


def _why_not_called(step: Step, rule: RuleState, action: CallPlan) -> str:
    twin = step.live.twins.get(rule.owner.twin_of(action.owner) or "")
    if twin is None:
        return _unbound(action.owner)
    if action.method not in twin.shape.methods:
        return f"twin '{twin.key.id}' has no such method"
    return "" if twin.plan.connected else f"twin '{twin.key.id}' has no connectivity"


def _call(step: Step, rule: RuleState, action: CallPlan, cause: Cause, withhold: bool, told: str) -> ActionResult:
    twin_id = rule.owner.twin_of(action.owner) or ""
    call_id = calls.decide(
        step, rule, twin_id, cause, method=action.method, arguments=action.arguments, withhold=withhold
    )
    return _decided(told, call_id, withhold)


def _decided(told: str, call_id: str, withhold: bool) -> ActionResult:
    return ActionResult(told, "withheld", WITHHELD, call_id) if withhold else ActionResult(told, "decided", "", call_id)


def _write(
    step: Step, rule: RuleState, action: WritePlan, cause: Cause, withhold: bool, cut: str, told: str
) -> ActionResult:
    def skipped(why: str) -> ActionResult:
        return ActionResult(told, "skipped", why)

    twin = step.live.twins.get(rule.owner.twin_of(action.owner) or "")
    if twin is None:
        return skipped(_unbound(action.owner))
    cell = twin.cells.get(action.property)
    if cell is None:
        return skipped(f"twin '{twin.key.id}' has no such property")
    if cell.spec.plan.access == "read":
        return skipped("the property is read-only")
    value, why = cell.spec.sendable(action.value)
    why = why or step.cut
    if why:
        return skipped(why)
    if cell.mapped:
        arguments: dict[str, Value] = {"value": value}
        if not twin.plan.connected:
            return skipped(f"twin '{twin.key.id}' has no connectivity")
        if cut:
            return skipped(cut)
        call_id = calls.decide(
            step, rule, twin.key.id, cause, property=action.property, arguments=arguments, withhold=withhold
        )
        return _decided(told, call_id, withhold)
    if withhold:
        return ActionResult(told, "withheld", WITHHELD)
    verdicts = interlocks.against(step, twin, property=action.property)
    if verdicts:
        why = interlocks.told(verdicts)
        calls.alert_interlocked_write(step, rule.key, twin.key.id, action.property, why, cause)
        return skipped(why)
    calls.set_manual(step, cell, value, cause)
    calls.clear_interlocked_write(step, rule.key, action.property, cause)
    return ActionResult(told, "done")
