"""Method calls and property writes: asked for by people, decided by behaviors, and settled after a crash.

A call is sent because one CallChanged says `send`, and for no other reason. After a restart a behavior's call that
was not sent waits until its behavior is TRUE on values read in this run and its device has been heard of, or until it
is too old; one that was sent without an answer may have happened, so it waits likewise only where its method is
idempotent.
"""

from math import isclose

import msgspec

from app.engine import alarms, codes, interlocks, limits
from app.engine.cells import Cell, RuleState
from app.engine.live import LiveState
from app.engine.step import Step, led_to
from app.engine.values import is_plain, is_text
from app.model.events import (
    AttemptCall,
    Call,
    CallResult,
    Cause,
    Input,
    PropertyChanged,
    PropertyReported,
    Refusal,
    RequestCall,
    SetManual,
    Tick,
)
from app.model.plan import BehaviorKey, OwnerKey, PropertyKey
from app.model.time import SECOND, Micros, iso
from app.model.values import Value

OBSERVE_WITHIN = 30 * SECOND
"""How long after it was sent a write may be read back."""
_MAX_ERROR = 1000
_FLOAT32 = 1e-6
"""A device may keep a number in 32 bits, which has about seven digits."""


def decide(
    step: Step,
    rule: RuleState,
    twin_id: str,
    cause: Cause,
    *,
    arguments: dict[str, Value],
    method: str | None = None,
    property: str | None = None,
    withhold: bool,
) -> str:
    """A behavior's call, sent now or (withheld) only recorded; its id."""
    call = Call(
        step.new_id("call"),
        twin_id,
        "withheld" if withhold else "decided",
        step.now,
        cause,
        method,
        property,
        arguments,
        rule.key,
        finished_at=step.now if withhold else None,
    )
    step.call(call, send=not withhold)
    return call.call_id


def request(step: Step, command: RequestCall) -> str:
    """A person's call. Why it was refused, "" where it was not."""
    live = step.live
    twin = live.twins.get(command.twin_id)
    if twin is None:
        return f"TWIN_NOT_FOUND there is no twin '{command.twin_id}'"
    if live.call(command.call_id) is not None:
        return f"CALL_EXISTS there is a call '{command.call_id}' already"
    if (command.method is None) == (command.property is None):
        return "CALL_INVALID a call names either a method or a property"
    if command.method is not None and command.method not in twin.shape.methods:
        return f"METHOD_NOT_FOUND twin '{command.twin_id}' has no method '{command.method}'"
    if command.property is not None:
        cell = twin.cells.get(command.property)
        if cell is None:
            return f"PROPERTY_NOT_FOUND twin '{command.twin_id}' has no property '{command.property}'"
        if not cell.mapped:
            return f"PROPERTY_NOT_MAPPED property '{command.property}' of '{command.twin_id}' is not the device's"
        if cell.spec.plan.access == "read":
            return f"PROPERTY_READ_ONLY property '{command.property}' of '{command.twin_id}' is read-only"
    if not twin.plan.connected:
        return f"TWIN_NOT_CONNECTED twin '{command.twin_id}' has no connectivity"
    cause = Cause("command", command.by, step.now)
    call = Call(
        command.call_id,
        command.twin_id,
        "decided",
        step.now,
        cause,
        command.method,
        command.property,
        command.arguments,
        override_reason=command.override_reason,
    )
    step.call(call, send=True)
    return ""


def attempt(step: Step, input: AttemptCall, deadline: Micros) -> str:
    """Why it must not be sent, "" where it may. One that had to wait too long (behind a device that does not answer)
    ends here: the plant it was decided for is not the plant of now."""
    call = step.live.calls.get(input.call_id)
    if call is None:
        return f"CALL_NOT_OPEN there is no open call '{input.call_id}'"
    if call.status != "decided" or call.call_id in step.live.waiting:
        return f"CALL_NOT_SENDABLE call '{input.call_id}' is {call.status} and is not to be sent now"
    if step.now - step.live.elapsed.from_then(call.decided_at) >= deadline:
        error = "it had to wait too long for the device's line"
        if call.behavior is None:
            step.call(msgspec.structs.replace(call, status="expired", finished_at=step.now, error=error))
        else:
            _end(step, call, error)
        return f"CALL_EXPIRED call '{input.call_id}' is not sent: {error}"
    if call.behavior is not None and _is_silent(step, call.behavior):
        error = "its behavior was removed or silenced before it was sent"  # by a person, who needs no alert of it
        step.call(msgspec.structs.replace(call, status="expired", finished_at=step.now, error=error))
        return f"CALL_EXPIRED call '{input.call_id}' is not sent: {error}"
    twin = step.live.twins.get(call.twin_id)
    verdicts = interlocks.against(step, twin, method=call.method, property=call.property) if twin is not None else ()
    overridden = call.behavior is None and call.override_reason != ""
    if verdicts and not overridden:
        return _refuse(step, call, Refusal("CALL_INTERLOCKED", verdicts), interlocks.told(verdicts))
    limit = None
    if twin is not None and call.method is not None:
        limit = limits.against(twin, call.method, step.now, step.live.elapsed)
    if limit is not None:
        return _refuse(step, call, limit, _limited(limit))
    step.call(msgspec.structs.replace(call, status="attempted", attempted_at=step.now, overrode=verdicts))
    return ""


def _limited(limit: Refusal) -> str:
    why = "too many were sent lately" if limit.code == "CALL_RATE_LIMITED" else "the last one was sent just now"
    return f"{why}; it may be sent again at {iso(limit.retry_at or 0)}"


def _refuse(step: Step, call: Call, refusal: Refusal, why: str) -> str:
    """By an interlock or a limit: the device never hears of it."""
    step.call(msgspec.structs.replace(call, status="refused", finished_at=step.now, error=why, refusal=refusal))
    if call.behavior is not None:
        cause = led_to("call", call.call_id, step.now, call.cause)
        if refusal.interlocks:
            _alert(step, call, interlocked_code(call), f"{what(call)} was refused: {why}", cause)
        else:
            # Without the moment: it would make each refusal another text, and the alert grow with every one.
            _alert(step, call, limited_code(call), f"{what(call)} was refused: its limit was reached", cause)
    return f"{refusal.code} call '{call.call_id}' is not sent: {why}"


def _is_silent(step: Step, key: BehaviorKey) -> bool:
    """Gone, not loadable any more, or of an overlay that is not active."""
    rule = step.live.rule(key)
    return rule is None or rule.error is not None


def finish(step: Step, input: CallResult) -> str:
    """Why the result was not taken, "" where it was."""
    call = step.live.calls.get(input.call_id)
    if call is None:
        return f"CALL_NOT_OPEN there is no open call '{input.call_id}'"
    error = input.error[:_MAX_ERROR] if is_text(input.error) else "the device's error text is not valid Unicode"
    value = input.value if is_plain(input.value) else None
    call = msgspec.structs.replace(call, status=input.status, finished_at=step.now, value=value, error=error)
    step.call(call)
    if input.status == "accepted" and call.property is not None:
        _read_back(step, call, call.property, led_to("call", call.call_id, step.now, call.cause))
    if call.behavior is None:
        return ""
    cause = led_to("call", call.call_id, step.now, call.cause)
    if input.status == "accepted":
        over = (interlocked_code(call), limited_code(call), codes.CALL_EXPIRED, codes.CALL_INDETERMINATE)
        _clear(step, call.behavior, (failure_code(call), *over), "CallAccepted", cause)
    else:
        said = "was refused by the device" if input.status == "refused" else "failed"
        message = f"{what(call)} {said}: {error}" if error else f"{what(call)} {said}"
        _alert(step, call, failure_code(call), message, cause)
    return ""


def failure_code(call: Call) -> str:
    return _code(call, "failed")


def interlocked_code(call: Call) -> str:
    return _code(call, "interlocked")


def limited_code(call: Call) -> str:
    return _code(call, "limited")


def _code(call: Call, what: str) -> str:
    return f"{call.method}_call_{what}" if call.method is not None else f"{call.property}_write_{what}"


def _clear(step: Step, key: BehaviorKey, codes: tuple[str, ...], reason: str, cause: Cause) -> None:
    for code in codes:
        alert = step.live.open_alert(key.owner, key.name, code)
        if alert is not None:
            alarms.clear(step, alert, reason, cause)


def alert_interlocked_write(step: Step, key: BehaviorKey, twin_id: str, name: str, why: str, cause: Cause) -> None:
    """Of a property without a device, which no call is made for."""
    message = f"the write to '{name}' of twin '{twin_id}' was refused: {why}"
    alarms.raise_own(step, key.owner, key.name, f"{name}_write_interlocked", message, (twin_id,), cause)


def clear_interlocked_write(step: Step, key: BehaviorKey, name: str, cause: Cause) -> None:
    _clear(step, key, (f"{name}_write_interlocked",), "Written", cause)


# ---------------------------------------------------------------- seen on the plant


def observed(step: Step, call_id: str, cause: Cause) -> None:
    """Its effect was seen, whatever the device had answered or not yet; nothing where it was seen before, or nobody
    knows the call any more."""
    call = step.live.call(call_id)
    if call is None or call.attempted_at is None or call.observed_at is not None:
        return
    step.call(msgspec.structs.replace(call, observed_at=step.now))
    if call.status == "indeterminate" and call.behavior is not None:
        _clear(step, call.behavior, (codes.CALL_INDETERMINATE,), "CallObserved", cause)


def forget_unread(live: LiveState, input: Input) -> None:
    """Before deciding and before folding: ticks may not be in the journal, so they are no reason to."""
    if live.unread and not isinstance(input, Tick):
        live.forget_unread(live.time - OBSERVE_WITHIN)


def read_back(step: Step) -> None:
    """Writes whose value came back in this step."""
    unread = step.live.unread
    items: tuple[PropertyChanged | PropertyReported, ...] = (*step.changes, *step.reports.values())
    for item in items:
        found = unread.get(PropertyKey(item.twin_id, item.property))
        if found is not None and (call := step.live.call(found[0])) is not None:
            _read_back(step, call, item.property, Cause("reading", call.twin_id, step.now, call.cause))


def _read_back(step: Step, call: Call, name: str, cause: Cause) -> None:
    cell = step.live.cell(call.twin_id, name)
    if cell is not None and cell.reporting() and _same(cell.value, call.arguments.get("value")):
        observed(step, call.call_id, cause)


def _same(value: Value, sent: Value) -> bool:
    if isinstance(value, float) and isinstance(sent, int | float) and not isinstance(sent, bool):
        return isclose(value, sent, rel_tol=_FLOAT32, abs_tol=_FLOAT32)
    return bool(value == sent)


# ---------------------------------------------------------------- without a device


def set_manual(step: Step, cell: Cell, value: Value, cause: Cause) -> None:
    """An unmapped property gets the value that a person or a behavior gives it."""
    if value == cell.value and cell.quality == "good" and cell.reason is None:
        cell.timestamp = cell.reported_at = step.now
        step.reported(cell)
        step.feed(cell, cause)
        return
    before = cell.live
    cell.value, cell.quality, cell.reason, cell.source = value, "good", None, cause.ref
    cell.timestamp = cell.reported_at = step.now
    cell.refresh()
    step.cell_changed(cell, cause, wake=cell.live != before)


def set_by_person(step: Step, command: SetManual) -> str:
    """Why it was refused, "" where it was not."""
    twin = step.live.twins.get(command.twin_id)
    if twin is None:
        return f"TWIN_NOT_FOUND there is no twin '{command.twin_id}'"
    cell = twin.cells.get(command.property)
    if cell is None:
        return f"PROPERTY_NOT_FOUND twin '{command.twin_id}' has no property '{command.property}'"
    if cell.spec.plan.computed is not None:
        return f"PROPERTY_COMPUTED property '{command.property}' of '{command.twin_id}' is computed from others"
    if cell.mapped:
        return f"PROPERTY_MAPPED property '{command.property}' of '{command.twin_id}' is the device's"
    if cell.spec.plan.access == "read":
        return f"PROPERTY_READ_ONLY property '{command.property}' of '{command.twin_id}' is read-only"
    value, why = cell.spec.sendable(command.value)
    if why:
        return why
    verdicts = interlocks.against(step, twin, property=command.property)
    if verdicts and not command.override_reason:
        return f"CALL_INTERLOCKED {interlocks.told(verdicts)}"
    set_manual(step, cell, value, Cause("command", command.by, step.now))
    return ""


# ---------------------------------------------------------------- after a crash


def settle_last_run(step: Step) -> None:
    """Design, "Calls after a crash": what the last run left open either waits for its behavior or ends here."""
    for call in list(step.live.calls.values()):
        if call.status == "attempted":
            if call.behavior is not None and _idempotent(step, call):
                step.call(msgspec.structs.replace(call, status="decided"))
            else:
                _end(step, call)
        elif call.behavior is None:
            error = "the server restarted before it was sent"
            step.call(msgspec.structs.replace(call, status="expired", finished_at=step.now, error=error))
    step.live.await_release()


def settle_waiting(step: Step, deadline: Micros) -> None:
    """Releases or ends the calls that wait. Costs nothing where none does."""
    for call_id in list(step.live.waiting):
        call = step.live.calls[call_id]
        rule = step.live.rule(call.behavior) if call.behavior is not None else None
        if rule is None or not rule.active or step.now - step.live.elapsed.from_then(call.decided_at) >= deadline:
            _end(step, call)
        elif rule.evidence is True and all(cell.live is not None for cell in rule.cells) and _reachable(step, call):
            step.call(call, send=True)


def _end(
    step: Step,
    call: Call,
    error: str = "it was not sent in time after a restart, or its behavior was no longer active",
) -> None:
    """Expired where it was surely not sent, indeterminate where it may have been; both with an alert."""
    cause = led_to("call", call.call_id, step.now, call.cause)
    if call.attempted_at is None:
        step.call(msgspec.structs.replace(call, status="expired", finished_at=step.now, error=error))
        _alert(step, call, codes.CALL_EXPIRED, f"{what(call)} was decided and not sent: {error}", cause)
    else:
        error = "the server stopped between the send and the answer"
        step.call(msgspec.structs.replace(call, status="indeterminate", finished_at=step.now, error=error))
        _alert(step, call, codes.CALL_INDETERMINATE, f"{what(call)} may or may not have happened: {error}", cause)


def _reachable(step: Step, call: Call) -> bool:
    """Whether its device has had contact in this run: sent before that, the call would be spent on a failure."""
    twin = step.live.twins.get(call.twin_id)
    return twin is not None and twin.alive


def _idempotent(step: Step, call: Call) -> bool:
    twin = step.live.twins.get(call.twin_id)
    method = twin.shape.methods.get(call.method or "") if twin else None
    return method is not None and method.idempotent


def what(call: Call) -> str:
    if call.method is not None:
        return f"the call '{call.method}' of twin '{call.twin_id}'"
    return f"the write to '{call.property}' of twin '{call.twin_id}'"


def _alert(step: Step, call: Call, code: str, message: str, cause: Cause) -> None:
    key = call.behavior or BehaviorKey(OwnerKey("twin", call.twin_id), "")
    alarms.raise_own(step, key.owner, key.name, code, message, (call.twin_id,), cause)
