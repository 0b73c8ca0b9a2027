"""A behavior as the engine runs it: names resolved, conditions parsed, arguments fitted, seconds as microseconds.

One that can't be run becomes a Rule with its error, so that its neighbours go on.
"""

from collections.abc import Sequence

from app.commands.arguments import listed_arguments
from app.commands.check_actions import code_of
from app.commands.check_behaviors import Place, check_behavior
from app.commands.check_conditions import meant
from app.commands.part_plans import micros
from app.commands.values import fitted
from app.dtsl.measures import told
from app.dtsl.parse import parse_condition
from app.dtsl.references import reference_in
from app.dtsl.resolve import resolved
from app.dtsl.scope import Scope
from app.model.behaviors import (
    Action,
    AlertAction,
    BehaviorDefinition,
    EmitEventAction,
    ExpectAction,
    MethodCallAction,
    PlainAction,
    PropertyWriteAction,
    TargetedAction,
)
from app.model.catalogue import Capabilities
from app.model.conditions import is_pulse
from app.model.plan import (
    ActionPlan,
    AlertPlan,
    CallPlan,
    EmitPlan,
    EscalationPlan,
    ExpectPlan,
    MessageValue,
    PlainPlan,
    Rule,
    WritePlan,
)
from app.model.templates import template
from app.model.time import Micros


def rule(behavior: BehaviorDefinition, place: Place) -> Rule:
    """Checked again: what the graph holds may have been saved by an older version or by another program."""
    problems = check_behavior(behavior, place, place.scope(), "").problems
    if problems:
        first = problems[0]
        return Rule(behavior.name, None, error=f"{first.code} {first.message}")
    meaning = meant(behavior, place.scope())
    condition, scope = meaning.condition, meaning.scope
    return Rule(
        behavior.name,
        condition,
        tuple(_action(index, action, place, scope) for index, action in enumerate(behavior.actions)),
        behavior.on_load == "act",
        otherwise=_listed("otherwise", behavior.otherwise, place, scope),
        escalations=tuple(
            EscalationPlan(
                micros(item.after),
                item.unless_acknowledged,
                _listed(f"escalations/{index}/actions", item.actions, place, scope),
            )
            for index, item in enumerate(behavior.escalations)
        ),
        suppressed_by=tuple(behavior.suppressed_by),
        pulse=is_pulse(condition),
    )


def _length(seconds: float | None) -> Micros:
    """0 for none."""
    return 0 if seconds is None else micros(seconds)


def _action(index: int, action: Action, place: Place, scope: Scope) -> ActionPlan:
    if isinstance(action, ExpectAction):
        otherwise = _listed(f"actions/{index}/otherwise", action.otherwise, place, scope)
        condition = resolved(parse_condition(action.condition), scope)
        return ExpectPlan(micros(action.within), condition, otherwise, index)
    return _plain("actions", index, action, place, scope)


def _listed(where: str, actions: Sequence[PlainAction], place: Place, scope: Scope) -> tuple[PlainPlan, ...]:
    return tuple(_plain(where, index, action, place, scope) for index, action in enumerate(actions))


def _plain(where: str, index: int, action: PlainAction, place: Place, scope: Scope) -> PlainPlan:
    match action:
        case AlertAction():
            return _alert(where, index, action, scope)
        case MethodCallAction():
            owner, capabilities = _target(action, place)
            arguments, _ = listed_arguments(capabilities.methods[action.method], action.parameters, "")
            return CallPlan(owner, action.method, arguments, action.required)
        case EmitEventAction():
            owner, capabilities = _target(action, place)
            parameters, _ = listed_arguments(capabilities.events[action.event], action.parameters, "")
            return EmitPlan(owner, action.event, parameters)
        case PropertyWriteAction():
            owner, capabilities = _target(action, place)
            value, _ = fitted(capabilities.properties[action.property], action.value, "")
            return WritePlan(owner, action.property, value, action.required)


def _alert(where: str, index: int, action: AlertAction, scope: Scope) -> AlertPlan:
    required = action.ack_required
    return AlertPlan(
        code_of(action, where, index),
        action.severity,
        action.message,
        action.latched,
        action.severity in ("error", "critical") if required is None else required,
        _length(action.delay_on),
        _length(action.delay_off),
        action.deadband or 0.0,
        _length(action.re_alarm),
        action.group or "",
        _parts(action.message, scope),
    )


def _parts(message: str, scope: Scope) -> tuple[str | MessageValue, ...]:
    """Empty where the message is shown as it is written."""
    parts: list[str | MessageValue] = []
    for part in template(message).parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        value = reference_in(part)
        assert value is not None, "checked: every hole is a reference"
        given = scope.given.get(value.name) if value.owner is None else None
        unit = told(given.type.measure) if given is not None else ""
        parts.append(MessageValue(resolved(value, scope), part.decimals, unit))
    return () if parts == [message] else tuple(parts)


def _target(action: TargetedAction, place: Place) -> tuple[str | None, Capabilities]:
    owner = place.named.target(action)
    if owner is not None:
        return owner, place.named[owner].capabilities
    assert place.own is not None, "checked: only a twin's behavior names nobody"
    return None, place.own
