"""Whether an action of a script can be done: the role, its method or property, and the values.

A script gives arguments by place and a document by name; `lower` turns the first into the second, so everything behind
it knows names only. Those of documents are checked in commands/check_behaviors.py.
"""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from app.dtsl import diagnostics
from app.dtsl.ast import Call, Constant, Name, Word, Write, joined
from app.dtsl.diagnostics import Message
from app.dtsl.format import format_condition
from app.dtsl.messages import faults_in, respelled
from app.dtsl.scope import Owner, Scope
from app.dtsl.source import Span
from app.dtsl.spelling import dtsl_member
from app.dtsl.types import value_fault
from app.model.behaviors import Action, AlertAction, Argument, MethodCallAction, PropertyWriteAction
from app.model.conditions import written
from app.model.definitions import MethodDefinition, ParameterDefinition, PropertyDefinition

Report = Callable[[Message, Span], None]


def lower(action: Call | Write, scope: Scope, report: Report) -> Action | None:
    """The document's form of a script's action; None where it is reported as wrong."""
    try:
        if isinstance(action, Write):
            return _lower_write(action, scope, report)
        if len(action.path) == 1:
            return _lower_alert(action, scope, report)
        return _lower_call(action, scope, report)
    except ValidationError as error:  # a limit of the document's form
        for fault in error.errors():
            report(diagnostics.unusable("this action", fault["msg"]), action.span)
        return None


def _lower_call(action: Call, scope: Scope, report: Report) -> Action | None:
    role, name = joined(action.path[:-1]), action.path[-1]
    owner = _role(role, scope, report)
    if owner is None:
        return None
    method = owner.methods.get(name.id)
    if method is None:
        known = map(dtsl_member, owner.methods)
        report(diagnostics.unknown_method(dtsl_member(name.id), f"'{scope.shown(role.id)}'", known), name.span)
        return None
    values = _arguments_by_place(method, action, report)
    if values is None:
        return None
    return MethodCallAction(type="method_call", role=written(role.id), method=name.id, parameters=values)


def _lower_alert(call: Call, scope: Scope, report: Report) -> Action | None:
    name = call.path[0]
    if name.id != "alert":
        report(diagnostics.unknown_action(dtsl_member(name.id)), name.span)
        return None
    match call.arguments:
        case (Word(text=severity, span=span), Constant(value=str() as message) as constant):
            faults = list(faults_in(message, scope))
            for fault in faults:
                report(fault.message, _inside(constant, fault.start, fault.end))
            message = respelled(message, format_condition)
            if severity in diagnostics.SEVERITIES:
                return None if faults else AlertAction(type="alert", severity=severity, message=message)  # type: ignore[arg-type]
            report(diagnostics.unknown_severity(severity), span)
        case (Constant(value=str(), span=span), Constant(value=str())):
            report(diagnostics.quoted_severity(), span)
        case _:
            report(diagnostics.alert_arguments(), call.span)
    return None


def _inside(text: Constant, start: int, end: int) -> Span:
    """Of letters of a text; the whole of one with escapes in it, whose letters stand elsewhere."""
    begins = text.span.start + 1
    plain = text.span.end - text.span.start == len(text.value) + 2
    return Span(begins + start, begins + end) if plain else text.span


def _lower_write(write: Write, scope: Scope, report: Report) -> Action | None:
    if len(write.path) == 1:
        roles = [dtsl_member(role) for role, owner in scope.owners.items() if write.path[0].id in owner.properties]
        report(diagnostics.role_needed(dtsl_member(write.path[0].id), roles), write.path[0].span)
        return None
    role, name = joined(write.path[:-1]), write.path[-1]
    owner = _role(role, scope, report)
    if owner is None:
        return None
    definition = _writable(owner, f"'{scope.shown(role.id)}'", name.id)
    if isinstance(definition, Message):
        report(definition, name.span)
        return None
    fault = value_fault(write.value.value, definition, dtsl_member(name.id))
    if fault:
        report(fault, write.value.span)
        return None
    value = _as_declared(write.value.value, definition)
    return PropertyWriteAction(type="property_write", role=written(role.id), property=name.id, value=value)


def _arguments_by_place(method: MethodDefinition, call: Call, report: Report) -> list[Argument] | None:
    parameters = method.parameters
    if len(call.arguments) != len(parameters):
        names = [dtsl_member(parameter.name) for parameter in parameters]
        report(diagnostics.argument_count(dtsl_member(method.name), names, len(call.arguments)), call.span)
        return None
    values: list[Argument] = []
    for parameter, argument in zip(parameters, call.arguments, strict=True):
        if isinstance(argument, Word):
            report(diagnostics.bare_word(argument.text), argument.span)
            continue
        fault = value_fault(argument.value, parameter, dtsl_member(parameter.name))
        if fault:
            report(fault, argument.span)
        else:
            values.append(Argument(name=parameter.name, value=_as_declared(argument.value, parameter)))
    return values if len(values) == len(parameters) else None


def _role(role: Name, scope: Scope, report: Report) -> Owner | None:
    """Who is acted on; None where that is reported, or nothing is known of it."""
    owner = scope.owners.get(role.id)
    if owner is None:
        if role.id.partition("/")[0] not in scope.lost:
            report(
                diagnostics.unknown_role(scope.shown(role.id), scope.where, map(scope.spell, scope.owners)), role.span
            )
        return None
    if owner.many:
        report(diagnostics.one_of_many(scope.shown(role.id)), role.span)
        return None
    return owner if owner.known else None


def _writable(owner: Owner, shown: str, name: str) -> PropertyDefinition | Message:
    definition = owner.properties.get(name)
    if definition is None:
        return diagnostics.unknown_property(dtsl_member(name), shown, map(dtsl_member, owner.properties))
    if definition.access == "read":
        writable = [dtsl_member(item.name) for item in owner.properties.values() if item.access != "read"]
        return diagnostics.read_only(dtsl_member(name), writable)
    return definition


def _as_declared(value: Any, definition: PropertyDefinition | ParameterDefinition) -> Any:
    """`open(100)` gives a float parameter 100.0."""
    return float(value) if definition.data_type == "float" else value
