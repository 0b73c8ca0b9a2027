"""What a behavior does, against what it names: targets, methods, properties, events, values, messages and options.

Lists of actions nest (in what is expected, in escalations), and all of a behavior's alerts share its name: their codes
are told apart over all of its lists.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from app.commands.arguments import listed_arguments
from app.commands.findings import Findings
from app.commands.pointers import shown
from app.commands.targets import target_of
from app.commands.values import fitted
from app.dtsl.messages import faults_in
from app.dtsl.scope import Scope
from app.model.behaviors import (
    AlertAction,
    BehaviorDefinition,
    EmitEventAction,
    ExpectAction,
    MethodCallAction,
    PropertyWriteAction,
    TargetedAction,
    action_lists,
)
from app.model.conditions import Condition, Every, Held, Within, nodes
from app.model.definitions import EventDefinition, MethodDefinition, PropertyDefinition

if TYPE_CHECKING:
    from app.commands.check_behaviors import Place

ConditionOf = Callable[[str, str, Findings], Condition | None]
"""Reads and checks a condition at a pointer."""


def check_actions(
    behavior: BehaviorDefinition, place: "Place", scope: Scope, path: str, findings: Findings, read: ConditionOf
) -> None:
    codes: dict[str, str] = {}
    for where, actions in action_lists(behavior):
        for index, action in enumerate(actions):
            pointer = f"{path}/{where}/{index}"
            match action:
                case AlertAction():
                    _check_code(behavior.name, code_of(action, where, index), codes, pointer, findings)
                    _check_options(action, where, pointer, findings)
                    check_message(action.message, scope, pointer + "/message", findings)
                case ExpectAction():
                    _check_expect(action, pointer, findings, read)
                case _:
                    _check_targeted(action, place, pointer, findings)


def code_of(action: AlertAction, where: str, index: int) -> str:
    """Its own, or its place: `0` of the actions, `escalations.1.actions.0` of others."""
    if action.code:
        return action.code
    return str(index) if where == "actions" else f"{where.replace('/', '.')}.{index}"


def _check_code(behavior: str, code: str, codes: dict[str, str], pointer: str, findings: Findings) -> None:
    if code in codes:  # one open alert per behavior and code: the second would never be raised
        message = f"two alerts of '{behavior}' have the code '{code}'"
        findings.fault("DUPLICATE_NAME", message, pointer + "/code", "give each its own code")
    codes[code] = pointer


_ACTIVITY = ("delay_on", "delay_off", "deadband")


def _check_options(action: AlertAction, where: str, pointer: str, findings: Findings) -> None:
    """Delays and deadband go by the behavior's activity, so they mean nothing where an alert does not."""
    if where == "actions":
        return
    misplaced: Sequence[str] = ("delay_on",) if where.startswith("escalations") else _ACTIVITY
    for option in misplaced:
        if getattr(action, option) is not None:
            what = "an escalation" if where.startswith("escalations") else f"'{where.rpartition('/')[2]}'"
            message = f"an alert in {what} has no {option}: it goes by when the behavior became active or inactive"
            findings.fault(
                "OPTION_NOT_HERE", message, f"{pointer}/{option}", "leave it out, or alert among the actions"
            )


def check_message(message: str, scope: Scope, path: str, findings: Findings) -> None:
    for fault in faults_in(message, scope):
        told = f"{fault.message.text}, at column {fault.start + 1} of the message"
        findings.fault(fault.message.code, told, path, fault.message.hint)


def _check_expect(action: ExpectAction, pointer: str, findings: Findings, read: ConditionOf) -> None:
    condition = read(action.condition, pointer + "/condition", findings)
    if condition is None:
        return
    for node in nodes(condition):
        if isinstance(node, Held | Within | Every):
            message = "what is expected is seen or not: it has no time of its own but 'within'"
            findings.fault("TIMED_EXPECTATION", message, pointer + "/condition", "leave out what waits")
            return


def _check_targeted(action: TargetedAction, place: "Place", path: str, findings: Findings) -> None:
    target = target_of(action, place, path, findings)
    if target is None:
        return
    capabilities, of_whom = target
    match action:
        case MethodCallAction():
            _check_given(action, "method", capabilities.methods, of_whom, path, findings)
        case EmitEventAction():
            _check_given(action, "event", capabilities.events, of_whom, path, findings)
        case PropertyWriteAction():
            _check_write(action, capabilities.properties, of_whom, path, findings)


def _check_given(
    action: MethodCallAction | EmitEventAction,
    what: Literal["method", "event"],
    known: Mapping[str, MethodDefinition] | Mapping[str, EventDefinition],
    of_whom: str,
    path: str,
    findings: Findings,
) -> None:
    name = action.method if isinstance(action, MethodCallAction) else action.event
    found = known.get(name)
    if found is None:
        findings.unknown(what, name, of_whom, f"{path}/{what}", known)
    else:
        findings.problems += listed_arguments(found, action.parameters, path + "/parameters")[1]


def _check_write(
    action: PropertyWriteAction,
    properties: Mapping[str, PropertyDefinition],
    of_whom: str,
    path: str,
    findings: Findings,
) -> None:
    definition = properties.get(action.property)
    if definition is None:
        findings.unknown("property", action.property, of_whom, path + "/property", properties)
    elif definition.computed is not None:
        message = f"'{action.property}' is computed from {shown(definition.computed)} and can't be written"
        findings.fault("PROPERTY_COMPUTED", message, path + "/property", "write what it is computed from")
    elif definition.access == "read":
        writable = [item.name for item in properties.values() if item.access != "read"]
        hint = f"writable are {', '.join(writable)}" if writable else "give the property access read-write"
        findings.fault("PROPERTY_READ_ONLY", f"'{action.property}' can only be read", path + "/property", hint)
    else:
        findings.problems += fitted(definition, action.value, path + "/value")[1]
