"""Expectations of the step: what happened since the first line that did something after the last expectation.

A fact that an expectation has named is marked, so that `expect nothing else` sees what no line has spoken of.
"""

from collections.abc import Iterator, Mapping

from app.model.events import AlertChanged, Call, CallChanged, Outcome, TwinEventOccurred
from app.model.values import Value
from app.scenarios import naming, telling
from app.scenarios.comparing import same
from app.scenarios.mismatch import Fact, Mismatch, Said, facts_of, text, told
from app.scenarios.script import (
    ExpectAlertFact,
    ExpectCall,
    ExpectEvent,
    ExpectNoCall,
    ExpectNothing,
    ExpectRefused,
    ExpectRejected,
)
from app.scenarios.stage import Stage

_ENDED_UNASKED = ("withheld", "expired", "indeterminate")


def alert_turned(stage: Stage, said: Said, expects: ExpectAlertFact) -> Mismatch | None:
    key = naming.behavior_of(stage, expects.target)
    facts: list[AlertChanged] = [
        fact
        for fact in facts_of(stage, "alerts")
        if (fact.alert.owner, fact.alert.behavior) == (key.owner, key.name) and expects.code in (None, fact.alert.code)
    ]
    named = [fact for fact in facts if fact.transition == expects.transition]
    if named:
        said.named += named
        return None
    wanted = f"alert {expects.transition}: {telling.behavior(key)}" + (f" code {expects.code}" if expects.code else "")
    return Mismatch(wanted, told(map(telling.alert_fact, facts), "nothing of its alerts in this step"), (key,))


def call_made(stage: Stage, said: Said, expects: ExpectCall) -> Mismatch | None:
    twin_id, name = (naming.property_of if expects.write else naming.method_of)(stage, expects.target)
    facts: list[CallChanged] = list(facts_of(stage, "calls"))
    for fact in facts:
        call = fact.call
        if (
            call.twin_id == twin_id
            and (call.property if expects.write else call.method) == name
            and (fact.send if expects.status is None else call.status == expects.status)
            and _arguments_fit(expects.arguments, call)
            and (expects.code is None or (call.refusal is not None and call.refusal.code == expects.code))
            and (expects.error is None or expects.error.fits(call.error))
        ):
            if call.behavior is None and call.refusal is not None:
                said.refusal = None  # whoever asked for it was told so
            said.named += [other for other in facts if other.call.call_id == call.call_id]
            return None
    wanted = f"{'write' if expects.write else 'call'} {expects.status or 'decided'}: {_called(twin_id, name, expects)}"
    wanted += f" {expects.code}" if expects.code is not None else ""
    wanted += f": {text(expects.error)}" if expects.error is not None else ""
    return Mismatch(wanted, told(map(telling.call_fact, facts), "no call in this step"))


def _called(twin_id: str, name: str, expects: ExpectCall | ExpectNoCall) -> str:
    named = telling.member(twin_id, name)
    if expects.arguments is None:
        return named
    if expects.write and isinstance(expects.arguments, Mapping):
        return f"{named} = {telling.value(expects.arguments['value'])}"
    return f"{named}({telling.arguments(expects.arguments)})"


def _arguments_fit(expected: Mapping[str, Value] | tuple[Value, ...] | None, call: Call) -> bool:
    if expected is None:
        return True
    if isinstance(expected, Mapping):
        return same(dict(expected), call.arguments)
    return same(list(expected), list(call.arguments.values()))


def no_call(stage: Stage, expects: ExpectNoCall) -> Mismatch | None:
    facts = [
        fact
        for fact in facts_of(stage, "calls")
        if fact.send and (fact.call.method is None) == expects.write and _arguments_fit(expects.arguments, fact.call)
    ]
    wanted = "no write" if expects.write else "no call"
    if expects.target is not None:
        twin_id, name = (naming.property_of if expects.write else naming.method_of)(stage, expects.target)
        facts = [
            fact for fact in facts if (fact.call.twin_id, fact.call.method or fact.call.property) == (twin_id, name)
        ]
        wanted += f" {_called(twin_id, name, expects)}"
    return Mismatch(wanted, told(map(telling.call_fact, facts), "")) if facts else None


def event_occurred(stage: Stage, said: Said, expects: ExpectEvent) -> Mismatch | None:
    twin_id, name = naming.event_of(stage, expects.target)
    facts: list[TwinEventOccurred] = list(facts_of(stage, "events"))
    for fact in facts:
        fits = expects.parameters is None or same(dict(expects.parameters), fact.parameters)
        if (fact.twin_id, fact.name) == (twin_id, name) and fits:
            said.named.append(fact)
            return None
    wanted = f"event {telling.member(twin_id, name)}"
    wanted += f"({telling.arguments(expects.parameters)})" if expects.parameters is not None else ""
    return Mismatch(wanted, told(map(telling.event_fact, facts), "no event in this step"))


def nothing(stage: Stage, said: Said, expects: ExpectNothing) -> Mismatch | None:
    named = said.named if expects.other else []
    lines: list[str] = []
    for outcome in stage.since:
        lines += [line for fact, line in _happenings(outcome) if not any(fact is other for other in named)]
    return Mismatch("nothing else" if expects.other else "nothing", tuple(lines)) if lines else None


def _happenings(outcome: Outcome) -> Iterator[tuple[Fact, str]]:
    """Transitions, alerts, calls and what behaviors emit; not what the scenario itself has done or answered."""
    for behavior in outcome.behaviors:
        if behavior.state != behavior.was or behavior.fired or behavior.skipped:
            yield behavior, telling.behavior_fact(behavior)
    for alert in outcome.alerts:
        yield alert, telling.alert_fact(alert)
    for call in outcome.calls:
        if call.send or call.call.status in _ENDED_UNASKED:
            yield call, telling.call_fact(call)
    for event in outcome.events:
        if event.cause.kind != "reading":
            yield event, telling.event_fact(event)


def refused(said: Said, expects: ExpectRefused) -> Mismatch | None:
    wanted = f"refused {expects.code}" + (f" {text(expects.message)}" if expects.message is not None else "")
    if said.refusal is None:
        return Mismatch(wanted, ("nothing was refused",))
    code, message = said.refusal
    if code == expects.code and (expects.message is None or expects.message.fits(message)):
        said.refusal = None
        return None
    said.refusal = None
    return Mismatch(wanted, (f"refused {code} {message}",))


def rejected(stage: Stage, said: Said, expects: ExpectRejected) -> Mismatch | None:
    twin_id, name = naming.property_of(stage, expects.target)
    for item in said.rejections:
        if (item.twin_id, item.property, item.reason) == (twin_id, name, expects.reason):
            said.rejections.remove(item)
            return None
    found = told(map(telling.rejection, said.rejections), "nothing was rejected")
    said.rejections.clear()
    return Mismatch(f"rejected {telling.member(twin_id, name)} {expects.reason}", found)
