"""Whether an action of a script can be done: the role, its method or property, and the values.

A script gives arguments by place and a document by name; `lower` turns the first into the second, so everything behind
it knows names only. Those of documents are checked in commands/check_behaviors.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.dtsl import diagnostics
from app.dtsl.ast import Call, Constant, Name, Named, Word, Write, joined
from app.dtsl.diagnostics import Message
from app.dtsl.format_conditions import format_condition
from app.dtsl.messages import faults_in, respelled
from app.dtsl.scope import Owner, Scope
from app.dtsl.source import Span
from app.dtsl.spelling import SELF, dtsl_member
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
        if len(action.path) == 1 and (scope.own is None or action.path[0].id == "alert"):
            return _lower_alert(action, scope, report)
        return _lower_call(action, scope, report)
    except ValidationError as error:  # a limit of the document's form
        for fault in error.errors():
            report(diagnostics.unusable("this action", fault["msg"]), action.span)
        return None


def _lower_call(action: Call, scope: Scope, report: Report) -> Action | None:
    target, name = _target(action.path, scope, report), action.path[-1]
    if target is None:
        return None
    method = target.owner.methods.get(name.id)
    if method is None:
        known = map(dtsl_member, target.owner.methods)
        report(diagnostics.unknown_method(dtsl_member(name.id), target.shown, known), name.span)
        return None
    values = _arguments(method, action, report)
    if values is None:
        return None
    return MethodCallAction(type="method_call", method=name.id, parameters=values, **target.fields)


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
    if len(write.path) == 1 and scope.own is None:
        roles = [dtsl_member(role) for role, owner in scope.owners.items() if write.path[0].id in owner.properties]
        report(diagnostics.role_needed(dtsl_member(write.path[0].id), roles), write.path[0].span)
        return None
    target, name = _target(write.path, scope, report), write.path[-1]
    if target is None:
        return None
    definition = _writable(target.owner, target.shown, name.id)
    if isinstance(definition, Message):
        report(definition, name.span)
        return None
    fault = value_fault(write.value.value, definition, dtsl_member(name.id))
    if fault:
        report(fault, write.value.span)
        return None
    value = _as_declared(write.value.value, definition)
    return PropertyWriteAction(type="property_write", property=name.id, value=value, **target.fields)


@dataclass(frozen=True, slots=True)
class _Target:
    owner: Owner
    shown: str
    role: str | None = None
    twin_id: str | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """The action's; of a twin's own behavior none."""
        given = {"role": self.role, "twin_id": self.twin_id}
        return {field: value for field, value in given.items() if value is not None}


def _target(path: Sequence[Name], scope: Scope, report: Report) -> _Target | None:
    """Who is acted on; None where that is reported, or nothing is known of it."""
    if scope.own is not None and (len(path) == 1 or (len(path) == 2 and path[0].id == SELF)):
        return _Target(Owner(scope.own, scope.own_methods), scope.where)
    role = joined(path[:-1])
    owner = _role(role, scope, report)
    if owner is None:
        return None
    shown, name = f"'{scope.shown(role.id)}'", written(role.id)
    return _Target(owner, shown, twin_id=name) if owner.by_id else _Target(owner, shown, role=name)


def _arguments(method: MethodDefinition, call: Call, report: Report) -> list[Argument] | None:
    named = [item for item in call.arguments if isinstance(item, Named)]
    by_place = [item for item in call.arguments if not isinstance(item, Named)]
    if not named:
        return _arguments_by_place(method, by_place, call.span, report)
    if len(named) != len(call.arguments):
        report(diagnostics.mixed_arguments(), call.span)
        return None
    parameters = {parameter.name: parameter for parameter in method.parameters}
    values: dict[str, Argument] = {}
    for item in named:
        parameter = parameters.get(item.name.id)
        if parameter is None:
            known = map(dtsl_member, parameters)
            names = dtsl_member(item.name.id), dtsl_member(method.name)
            report(diagnostics.unknown_parameter(*names, known), item.name.span)
        elif item.name.id in values:
            report(diagnostics.said_twice(dtsl_member(item.name.id)), item.name.span)
        elif fault := value_fault(item.value.value, parameter, dtsl_member(item.name.id)):
            report(fault, item.value.span)
        else:
            values[item.name.id] = Argument(name=item.name.id, value=_as_declared(item.value.value, parameter))
    given = {item.name.id for item in named}
    if given < parameters.keys():
        all_of_them = [dtsl_member(name) for name in parameters]
        report(diagnostics.argument_count(dtsl_member(method.name), all_of_them, len(named)), call.span)
    return list(values.values()) if len(values) == len(parameters) else None


def _arguments_by_place(
    method: MethodDefinition, given: Sequence[Constant | Word], span: Span, report: Report
) -> list[Argument] | None:
    parameters = method.parameters
    if len(given) != len(parameters):
        names = [dtsl_member(parameter.name) for parameter in parameters]
        report(diagnostics.argument_count(dtsl_member(method.name), names, len(given)), span)
        return None
    values: list[Argument] = []
    for parameter, argument in zip(parameters, given, strict=True):
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
        if scope.own is not None:
            report(diagnostics.foreign_property(scope.shown(role.id)), role.span)
            return None
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
