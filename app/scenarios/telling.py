"""Facts, values and moments as a person reads them in a timeline or in a failure: in the spelling of the scripts."""

import json
from collections.abc import Iterable, Mapping
from math import isfinite

from app.dtsl.spelling import dtsl_member, dtsl_type, quote
from app.model.events import (
    Alert,
    AlertChanged,
    BehaviorChanged,
    Call,
    CallChanged,
    ConnectivityChanged,
    Outcome,
    OverrideChanged,
    PropertyChanged,
    SampleRejected,
    ShelvingChanged,
    TimerChanged,
    TwinEventOccurred,
)
from app.model.plan import BehaviorKey
from app.model.time import Micros
from app.model.values import PropertyState, Value

_UNITS = (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000))
_LONGEST = 200


def length(micros: Micros) -> str:
    """`90_000_000` -> `1m30s`."""
    if micros < 0:
        return "-" + length(-micros)
    parts = []
    for unit, size in _UNITS:
        count, micros = divmod(micros, size)
        if count:
            parts.append(f"{count}{unit}")
    if micros:
        parts.append(f"{micros / 1000:g}ms")
    return "".join(parts) or "0s"


def value(found: Value) -> str:
    if isinstance(found, str):
        told = quote(found, '"')
    elif isinstance(found, float) and not isfinite(found):
        told = str(found)
    else:
        told = json.dumps(found, ensure_ascii=False)
    return told if len(told) <= _LONGEST else told[: _LONGEST - 3] + "..."


def member(owner: str, name: str) -> str:
    return f"{dtsl_type(owner)}.{dtsl_member(name)}"


def behavior(key: BehaviorKey) -> str:
    return member(key.owner.id, key.name) if key.name else dtsl_type(key.owner.id)


def arguments(given: Mapping[str, Value] | Iterable[Value]) -> str:
    if isinstance(given, Mapping):
        return ", ".join(f"{dtsl_member(name)} = {value(item)}" for name, item in given.items())
    return ", ".join(map(value, given))


def call(item: Call) -> str:
    if item.method is not None:
        return f"{member(item.twin_id, item.method)}({arguments(item.arguments)})"
    return f"{member(item.twin_id, item.property or '')} = {value(item.arguments.get('value'))}"


def kind_of_call(item: Call) -> str:
    return "call" if item.method is not None else "write"


def alert(item: Alert) -> str:
    states = ["active" if item.active else "cleared", "acknowledged" if item.acknowledged else "unacknowledged"]
    states += ["latched"] if item.latched else []
    states += ["shelved"] if item.shelved is not None else []
    states += ["suppressed"] if item.suppressed_by else []
    name = behavior(BehaviorKey(item.owner, item.behavior))
    return f"{name} {item.severity} {quote(item.message, chr(34))} code {item.code} {' '.join(states)}"


def state(found: PropertyState, now: Micros) -> str:
    """`= 80.4 good, 10s old`."""
    told = f"= {value(found.value)} {found.quality}" if found.known else "unknown"
    told += f" ({found.reason})" if found.reason else ""
    if not found.known and found.value is not None:
        told += f", was {value(found.value)}"
    return told + (f", reported {length(now - found.reported_at)} ago" if found.reported_at else "")


# ---------------------------------------------------------------------------------------------------- facts


def behavior_fact(fact: BehaviorChanged) -> str:
    turned = f"{fact.was} -> {fact.state}" if fact.was != fact.state else f"still {fact.state}"
    if fact.fired and fact.state == fact.was:
        turned = "fired"
    skipped = "".join(f"; skipped: {item}" for item in fact.skipped)
    return f"{behavior(fact.key)} {turned}, evidence {fact.evidence}{skipped}"


def alert_fact(fact: AlertChanged) -> str:
    why = f" ({fact.alert.clear_reason})" if fact.transition == "cleared" and fact.alert.clear_reason else ""
    return f"alert {fact.transition}{why}: {alert(fact.alert)}"


def call_fact(fact: CallChanged) -> str:
    status: str = fact.call.status
    if fact.call.refusal is not None:
        status += f" {fact.call.refusal.code}"
    why = f": {fact.call.error}" if fact.call.error else ""
    return f"{kind_of_call(fact.call)} {status}: {call(fact.call)}{why}"


def event_fact(fact: TwinEventOccurred) -> str:
    return f"event {member(fact.twin_id, fact.name)}({arguments(fact.parameters)})"


def rejection(fact: SampleRejected) -> str:
    return f"rejected {member(fact.twin_id, fact.property)} {fact.reason}"


def timer_fact(fact: TimerChanged) -> str:
    timer = fact.timer
    when = ""
    if fact.change in ("started", "resumed", "moved") and timer.due is not None:
        when = f", due in {length(timer.due - fact.at)}"
    elif fact.change == "paused":
        when = f", {length(timer.remaining)} remain"
    return f"timer {fact.change}: {member(timer.key.owner.id, timer.key.behavior)} {timer.key.slot}{when}"


def facts(outcome: Outcome) -> list[str]:
    """A line each, in the order of their kinds."""
    found = [_change(fact) for fact in outcome.changes]
    found += [rejection(fact) for fact in outcome.rejected]
    found += [_connectivity(fact) for fact in outcome.connectivity]
    found += [_override(fact) for fact in outcome.overrides]
    found += [event_fact(fact) for fact in outcome.events]
    found += [behavior_fact(fact) for fact in outcome.behaviors]
    found += [alert_fact(fact) for fact in outcome.alerts]
    found += [call_fact(fact) for fact in outcome.calls]
    found += [_shelving(fact) for fact in outcome.shelvings]
    found += [timer_fact(fact) for fact in outcome.timers]
    return found + ([f"refused: {outcome.refused}"] if outcome.refused else [])


def _change(fact: PropertyChanged) -> str:
    found = fact.state()
    told = f"= {value(found.value)} {found.quality}" if found.known else "unknown"
    return f"{member(fact.twin_id, fact.property)} {told}" + (f" ({found.reason})" if found.reason else "")


def _connectivity(fact: ConnectivityChanged) -> str:
    return f"{dtsl_type(fact.twin_id)} {fact.status}" + (f" ({fact.reason})" if fact.reason else "")


def _shelving(fact: ShelvingChanged) -> str:
    key = fact.shelving.key
    why = f": {fact.reason}" if fact.reason else ""
    return f"{fact.change} {member(key.owner.id, key.behavior)} code {key.code}{why}"


def _override(fact: OverrideChanged) -> str:
    now = fact.override.kind.replace("_", " ") if fact.override is not None else "not overridden any more"
    return f"{member(fact.twin_id, fact.property)} {now} by {fact.by}" + (f": {fact.reason}" if fact.reason else "")
