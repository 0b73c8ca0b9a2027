"""The lines that do something, done: each becomes what the server would have been given by a device or a person.

A person's command is checked as app/commands checks it before the engine sees it; what refuses it is kept for the
expectation that names it, and fails the scenario where none does.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from app.commands.asked import checked_arguments, checked_value, is_mapped
from app.commands.refusals import property_of as checked_property
from app.commands.refusals import raise_refused, refuse
from app.commands.values import fitted
from app.errors import Refused
from app.model.events import (
    AcknowledgeAlert,
    AlertKey,
    CallResult,
    ClearOverride,
    CommentAlert,
    DeviceEvent,
    Input,
    Reading,
    ReportSamples,
    RequestCall,
    ResetAlert,
    Sample,
    Samples,
    SetManual,
    SetOverride,
    ShelveAlert,
    UnshelveAlert,
)
from app.model.plan import AlertPlan, BehaviorKey, Plan
from app.model.values import Quality, Value
from app.scenarios import messages, naming
from app.scenarios.actions import OPERATOR
from app.scenarios.script import (
    Action,
    Answer,
    At,
    AtAlert,
    Call,
    Edit,
    Event,
    Link,
    Override,
    Qualify,
    Remove,
    Restart,
    Sending,
    Set,
    SetLifecycle,
    Shelve,
    StepClock,
    Write,
)
from app.scenarios.sources import Sources
from app.scenarios.stage import DEVICE, Stage, Undoable
from app.scenarios.telling import call as told_call
from app.scenarios.telling import member as told_member
from app.scenarios.words import Fault

Texts = Callable[[Edit], Sources]
"""What an `edit` brings."""


def perform(stage: Stage, does: Action, texts: Texts) -> list[str]:
    """What turned out wrong that should not (after a restart), nothing as a rule. Raises Fault for names that are not
    there, Undoable, and TwinOverlayError where the server refuses."""
    match does:
        case At():
            origin = {"beginning": stage.begins, "now": stage.now, "epoch": 0}[does.origin]
            stage.advance(origin + does.micros)
        case Set():
            _set(stage, does)
        case Qualify():
            _qualify(stage, does)
        case Link():
            _link(stage, does)
        case Event():
            twin_id, name = naming.event_of(stage, does.target)
            event = DeviceEvent(twin_id, name, stage.now + does.shift, dict(does.parameters))
            stage.decide(Samples((Reading(DEVICE, stage.now, (), (event,)),)))
        case Write():
            _write(stage, does)
        case Call():
            _call(stage, does)
        case AtAlert():
            _at_alert(stage, does)
        case Shelve():
            _shelve(stage, does)
        case Override():
            _override(stage, does)
        case Answer():
            _answer(stage, does)
        case Sending():
            stage.hold() if does.does == "hold" else stage.send()
        case Edit():
            _load(stage, stage.plant.save(texts(does), stage.now))
        case Remove():
            _remove(stage, does)
        case SetLifecycle():
            overlay_id = naming.overlay(stage, does.overlay)
            _load(stage, stage.plant.set_lifecycle(overlay_id, does.lifecycle, stage.now))
        case Restart():
            return stage.restart(does.down)
        case StepClock():
            stage.step_clock(does.by)
    return []


# ---------------------------------------------------------------------------------------------------- devices


def _set(stage: Stage, does: Set) -> None:
    samples = []
    for item in does.items:
        twin_id, name = naming.property_of(stage, item.target)
        quality: Quality = item.quality or "good"
        samples.append(Sample(twin_id, name, item.value, stage.now + does.shift, quality, item.reason))
    _report(stage, samples)


def _qualify(stage: Stage, does: Qualify) -> None:
    """The value that stands, with another quality."""
    twin_id, name = naming.property_of(stage, does.target)
    state = stage.engine.live.property_state(twin_id, name)
    reported = state.reported or state if state is not None else None
    value = reported.value if reported is not None and does.quality != "bad" else None
    _report(stage, [Sample(twin_id, name, value, stage.now, does.quality, does.reason)])


def _report(stage: Stage, samples: list[Sample]) -> None:
    """One reading: of devices, or of what no device feeds."""
    catalogue = stage.plant.catalogue
    fed = [item for item in samples if is_mapped(catalogue, item.twin_id, item.property)]
    if fed and len(fed) < len(samples):
        other = next(item for item in samples if item not in fed)
        first = fed[0]
        raise Undoable(
            messages.two_sources(told_member(first.twin_id, first.property), told_member(other.twin_id, other.property))
        )
    reading = Reading(DEVICE if fed else "api", stage.now, tuple(samples))
    if not fed:
        stage.decide(ReportSamples((reading,), OPERATOR))
        return
    for item in fed:
        stage.read.setdefault(item.twin_id, {})[item.property] = item
    stage.decide(Samples((reading,)))


def _link(stage: Stage, does: Link) -> None:
    twins = [naming.twin(stage, name) for name in does.twins]
    connected = stage.connected_twins()
    for twin_id in twins:
        if twin_id not in connected:
            raise Undoable(messages.no_connectivity(twin_id))
    if does.does != "reread":
        stage.heard_of(twins or connected, alive=does.does == "reconnect", reason=does.reason)
        return
    for twin_id in twins:
        if twin_id not in stage.read:
            raise Undoable(messages.nothing_to_reread(twin_id))
    for twin_id in twins or [twin_id for twin_id in connected if twin_id in stage.read]:
        # As a connector reads everything back: what a device has now was measured now.
        again = [msgspec.structs.replace(item, timestamp=stage.now) for item in stage.read[twin_id].values()]
        stage.decide(Samples((Reading(DEVICE, stage.now, tuple(again)),)))


# ---------------------------------------------------------------------------------------------------- people


def _command(stage: Stage, command: Input) -> None:
    refused = stage.decide(command).refused
    if refused:
        raise_refused(refused)


def _ask(stage: Stage, request: RequestCall) -> None:
    """A call that is refused at the send (an interlock, a limit) is refused to whoever asked for it."""
    _command(stage, request)
    call = stage.engine.live.call(request.call_id)
    if call is not None and call.refusal is not None:
        raise Refused(call.error, code=call.refusal.code)


def _write(stage: Stage, does: Write) -> None:
    twin_id, name = naming.property_of(stage, does.target)
    _, plain = checked_value(stage.plant.catalogue, twin_id, name, does.value)
    if is_mapped(stage.plant.catalogue, twin_id, name):
        request = RequestCall(stage.new_call_id(), twin_id, does.by, property=name, arguments={"value": plain})
        _ask(stage, msgspec.structs.replace(request, override_reason=does.overriding))
    else:
        _command(stage, SetManual(twin_id, name, plain, does.by, override_reason=does.overriding))


def _call(stage: Stage, does: Call) -> None:
    twin_id, method = naming.method_of(stage, does.target)
    values: Mapping[str, Value] = checked_arguments(stage.plant.catalogue, twin_id, method, does.arguments)
    request = RequestCall(stage.new_call_id(), twin_id, does.by, method=method, arguments=dict(values))
    _ask(stage, msgspec.structs.replace(request, override_reason=does.overriding))


def _at_alert(stage: Stage, does: AtAlert) -> None:
    key = naming.behavior_of(stage, does.target)
    name = told_member(key.owner.id, key.name)
    alerts = list(stage.engine.live.open_alerts())
    found = [
        item
        for item in alerts
        if (item.owner, item.behavior) == (key.owner, key.name) and does.code in (None, item.code)
    ]
    if not found:
        raise Undoable(messages.no_alert(name, [told_member(item.owner.id, item.behavior) for item in alerts]))
    if len(found) > 1:
        raise Undoable(messages.which_alert(name, [item.code for item in found]))
    command = {"acknowledge": AcknowledgeAlert, "reset": ResetAlert, "comment": CommentAlert}[does.does]
    _command(stage, command(found[0].alert_id, does.by, does.comment))


def _shelve(stage: Stage, does: Shelve) -> None:
    key = naming.behavior_of(stage, does.target)
    alert = AlertKey(key.owner, key.name, does.code if does.code is not None else _only_alert(stage, key))
    if does.duration is None:
        _command(stage, UnshelveAlert(alert, does.by, does.reason))
    else:
        _command(stage, ShelveAlert(alert, does.duration, does.by, does.reason))


def _only_alert(stage: Stage, key: BehaviorKey) -> str:
    """The code of the one alert that a behavior raises, where it has one."""
    live, name = stage.engine.live, told_member(key.owner.id, key.name)
    rule = live.rule(key)
    codes = {item.code for item in live.open_alerts() if (item.owner, item.behavior) == (key.owner, key.name)}
    codes |= (
        {action.code for action in rule.plan.actions if isinstance(action, AlertPlan)} if rule is not None else set()
    )
    if not codes:
        raise Undoable(messages.no_alert(name, []))
    if len(codes) > 1:
        raise Undoable(messages.which_alert(name, sorted(codes)))
    return codes.pop()


def _override(stage: Stage, does: Override) -> None:
    twin_id, name = naming.property_of(stage, does.target)
    if does.does == "clear override":
        _command(stage, ClearOverride(twin_id, name, does.by, does.reason))
        return
    plain: Any = None
    if does.does == "force":
        definition = checked_property(stage.plant.catalogue, twin_id, name)
        plain, problems = fitted(definition, does.value, "/value")
        refuse(problems, f"the value for '{name}' of twin '{twin_id}'")
    kind = SetOverride(
        twin_id, name, "forced" if does.does == "force" else "out_of_service", does.by, does.reason, plain
    )
    _command(stage, kind)


# ---------------------------------------------------------------------------------------------------- the rest


def _answer(stage: Stage, does: Answer) -> None:
    calls = [call for call_id in stage.answerable if (call := stage.engine.live.call(call_id)) is not None]
    if does.target is None:
        chosen = calls
        name = "any method"
    else:
        twin_id, called = naming.callable_of(stage, does.target)
        name = told_member(twin_id, called)
        chosen = [call for call in calls if call.twin_id == twin_id and called in (call.method, call.property)][:1]
    if not chosen:
        raise Undoable(messages.no_call(name, [told_call(call) for call in calls]))
    for call in chosen:
        stage.answer(CallResult(call.call_id, does.status, does.value, does.error))


def _remove(stage: Stage, does: Remove) -> None:
    catalogue = stage.plant.catalogue
    if catalogue.get(does.kind, does.name.id) is None:
        kind = does.kind.replace("_", " ")
        raise Fault(messages.unknown_definition(kind, does.name.id, catalogue.ids(does.kind)), does.name.span)
    _load(stage, stage.plant.remove(does.kind, does.name.id, stage.now))


def _load(stage: Stage, plan: Plan | None) -> None:
    """New devices are connected at once, as the first ones are."""
    before = set(stage.connected_twins())
    if plan is not None:
        stage.load(plan)
        stage.heard_of([twin_id for twin_id in stage.connected_twins() if twin_id not in before], alive=True)
