"""Actions of a script to the document's form, each checked: whom it is on, what it calls, and the values.

A script gives arguments by place or by name and a document by name; everything behind this knows names only. Those of
documents are checked in commands/check_actions.py, which finds whatever is the same in both: `places` has where each
part of the document stands in the script.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.dtsl import diagnostics
from app.dtsl import diagnostics_behaviors as messages
from app.dtsl.ast import Action, Argument, Call, Constant, Emit, Expect, Name, Named, Place, Plain, Word, Write, joined
from app.dtsl.diagnostics import Message
from app.dtsl.examine import examine
from app.dtsl.format_conditions import format_condition
from app.dtsl.lower_alerts import lower_alert
from app.dtsl.places import below, span_of_finding
from app.dtsl.scope import Finding, Owner, Scope
from app.dtsl.source import Span
from app.dtsl.spelling import SELF, dtsl_member
from app.dtsl.types import value_fault
from app.model import behaviors as model
from app.model.conditions import written
from app.model.definitions import EventDefinition, MethodDefinition, ParameterDefinition, PropertyDefinition

Places = MutableMapping[str, Span]


@dataclass(slots=True)
class Lowering:
    scope: Scope
    report: Callable[[Message, Span], None]
    places: Places
    guarded: frozenset[str] = frozenset()
    """The roles that are surely filled where the condition is TRUE."""

    def actions(self, actions: Sequence[Action], pointer: str) -> list[model.Action]:
        found = []
        for index, action in enumerate(actions):
            where = below(pointer, index)
            self.places[where] = action.span
            lowered = self._lower(action, where)
            if lowered is not None:
                found.append(lowered)
        return found

    def say(self, finding: Finding, places: Mapping[int, Place]) -> None:
        self.report(finding.message, span_of_finding(finding, places))

    def _lower(self, action: Action, pointer: str) -> model.Action | None:
        """None where it is reported as wrong."""
        try:
            match action:
                case Expect():
                    return self._expect(action, pointer)
                case Write():
                    return self._write(action, pointer)
                case Emit():
                    return self._emit(action, pointer)
                case Call(path=(Name(id="alert"),)):
                    return lower_alert(action, self.scope, self.report, self.places, pointer)
                case Call(path=(name,)) if self.scope.own is None:
                    self.report(diagnostics.unknown_action(dtsl_member(name.id)), name.span)
                    return None
                case Call():
                    return self._call(action, pointer)
        except ValidationError as error:  # a limit of the document's form
            for fault in error.errors():
                self.report(diagnostics.unusable("this action", fault["msg"]), action.span)
            return None

    def _expect(self, action: Expect, pointer: str) -> model.Action | None:
        self.places[below(pointer, "within")] = action.within.span
        self.places[below(pointer, "condition")] = action.condition.span
        examined = examine(action.condition.condition, self.scope, self.guarded)
        for finding in (*examined.errors, *examined.warnings):
            self.say(finding, action.condition.places)
        fields: dict[str, Any] = {}
        if action.otherwise is not None:
            fields["otherwise"] = self.actions(action.otherwise, below(pointer, "otherwise"))
        condition = format_condition(action.condition.condition)
        return model.ExpectAction(type="expect", within=action.within.seconds, condition=condition, **fields)

    # ------------------------------------------------------------ calls and events

    def _call(self, action: Call, pointer: str) -> model.Action | None:
        target, name = self._target(action), action.path[-1]
        if target is None:
            return None
        method = target.owner.methods.get(name.id)
        if method is None:
            known = map(dtsl_member, target.owner.methods)
            self.report(diagnostics.unknown_method(dtsl_member(name.id), target.shown, known), name.span)
            return None
        values = self._arguments(method, action.arguments, action.span, pointer)
        if values is None:
            return None
        self.places[below(pointer, "method")] = name.span
        fields = {**target.fields, **({"required": True} if action.required else {})}
        return model.MethodCallAction(type="method_call", method=name.id, parameters=values, **fields)

    def _emit(self, action: Emit, pointer: str) -> model.Action | None:
        if len(action.path) == 1 and self.scope.own is None:
            name = action.path[0]
            roles = [dtsl_member(role) for role, owner in self.scope.owners.items() if name.id in owner.events]
            self.report(diagnostics.role_needed(dtsl_member(name.id), roles), name.span)
            return None
        target, name = self._target(action), action.path[-1]
        if target is None:
            return None
        event = target.owner.events.get(name.id)
        if event is None:
            known = map(dtsl_member, target.owner.events)
            self.report(messages.unknown_event(dtsl_member(name.id), target.shown, known), name.span)
            return None
        values = self._arguments(event, action.arguments, action.span, pointer)
        if values is None:
            return None
        self.places[below(pointer, "event")] = name.span
        return model.EmitEventAction(type="emit_event", event=name.id, parameters=values, **target.fields)

    def _arguments(
        self, called: MethodDefinition | EventDefinition, given: Sequence[Argument], span: Span, pointer: str
    ) -> list[model.Argument] | None:
        """As in Python: those by place first, then those by name, each parameter once."""
        parameters = {parameter.name: parameter for parameter in called.parameters}
        by_place = [item for item in given if not isinstance(item, Named)]
        named = [item for item in given if isinstance(item, Named)]
        all_of_them = [dtsl_member(name) for name in parameters]
        if any(isinstance(item, Named) for item in given[: len(by_place)]):
            self.report(diagnostics.mixed_arguments(), span)
            return None
        if len(by_place) > len(parameters):
            self.report(diagnostics.argument_count(dtsl_member(called.name), all_of_them, len(given)), span)
            return None
        values: dict[str, model.Argument] = {}
        taken: set[str] = set()
        wrong = False
        for parameter, item in zip(called.parameters, by_place, strict=False):
            taken.add(parameter.name)
            if isinstance(item, Constant):
                wrong |= not self._take(parameter, item, values, pointer)
            else:
                wrong = True
                shown, where = (item.text, item.span) if isinstance(item, Word) else (item.name.id, item.name.span)
                self.report(diagnostics.bare_word(shown), where)
        for given_by_name in named:
            name = given_by_name.name
            found = parameters.get(name.id)
            if found is None:
                known = map(dtsl_member, parameters)
                names = dtsl_member(name.id), dtsl_member(called.name)
                self.report(diagnostics.unknown_parameter(*names, known), name.span)
            elif name.id in taken:
                self.report(diagnostics.said_twice(dtsl_member(name.id)), name.span)
            else:
                wrong |= not self._take(found, given_by_name.value, values, pointer)
            wrong |= found is None or name.id in taken
            taken.add(name.id)
        if parameters.keys() - taken:
            if taken < parameters.keys() and len(taken) == len(given):  # else what is wrong with a name is told
                self.report(diagnostics.argument_count(dtsl_member(called.name), all_of_them, len(given)), span)
            return None
        return None if wrong else list(values.values())

    def _take(
        self, parameter: ParameterDefinition, given: Constant, values: dict[str, model.Argument], pointer: str
    ) -> bool:
        fault = value_fault(given.value, parameter, dtsl_member(parameter.name))
        if fault:
            self.report(fault, given.span)
            return False
        self.places[f"{pointer}/parameters/{len(values)}"] = given.span
        values[parameter.name] = model.Argument(name=parameter.name, value=_as_declared(given.value, parameter))
        return True

    # ------------------------------------------------------------ writes

    def _write(self, action: Write, pointer: str) -> model.Action | None:
        if len(action.path) == 1 and self.scope.own is None:
            name = action.path[0]
            roles = [dtsl_member(role) for role, owner in self.scope.owners.items() if name.id in owner.properties]
            self.report(diagnostics.role_needed(dtsl_member(name.id), roles), name.span)
            return None
        target, name = self._target(action), action.path[-1]
        if target is None:
            return None
        definition = _writable(target.owner, target.shown, name.id)
        if isinstance(definition, Message):
            self.report(definition, name.span)
            return None
        fault = value_fault(action.value.value, definition, dtsl_member(name.id))
        if fault:
            self.report(fault, action.value.span)
            return None
        self.places[below(pointer, "property")] = name.span
        self.places[below(pointer, "value")] = action.value.span
        value = _as_declared(action.value.value, definition)
        fields = {**target.fields, **({"required": True} if action.required else {})}
        return model.PropertyWriteAction(type="property_write", property=name.id, value=value, **fields)

    # ------------------------------------------------------------ whom it is on

    def _target(self, action: Plain) -> "_Target | None":
        """None where that is reported, or nothing is known of it."""
        scope, path = self.scope, action.path
        if scope.own is not None and (len(path) == 1 or (len(path) == 2 and path[0].id == SELF)):
            own = Owner(scope.own, scope.own_methods, events=scope.own_events)
            return _Target(own, scope.where)
        role = joined(path[:-1])
        owner = self._role(role)
        if owner is None:
            return None
        if owner.optional and (owner.guard or role.id) not in self.guarded:
            self.report(diagnostics.unguarded_action(scope.shown(owner.guard or role.id)), role.span)
        shown, name = f"'{scope.shown(role.id)}'", written(role.id)
        return _Target(owner, shown, twin_id=name) if owner.by_id else _Target(owner, shown, role=name)

    def _role(self, role: Name) -> Owner | None:
        scope = self.scope
        owner = scope.owners.get(role.id)
        if owner is None:
            if scope.own is not None:
                self.report(diagnostics.foreign_property(scope.shown(role.id)), role.span)
            elif role.id.partition("/")[0] not in scope.lost:
                known = map(scope.spell, scope.owners)
                self.report(diagnostics.unknown_role(scope.shown(role.id), scope.where, known), role.span)
            return None
        if owner.many:
            self.report(diagnostics.one_of_many(scope.shown(role.id)), role.span)
            return None
        return owner if owner.known else None


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
