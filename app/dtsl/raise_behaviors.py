"""From the document's form of a behavior to a script's: the way back from check_behavior.py and lower_actions.py."""

from collections.abc import Collection, Iterator, Sequence

from app.dtsl.ast import (
    Action,
    Argument,
    Behavior,
    Call,
    Constant,
    Emit,
    Escalate,
    Expect,
    Expression,
    Length,
    Let,
    Name,
    Named,
    OnLoad,
    Option,
    Otherwise,
    Plain,
    SuppressedBy,
    Text,
    Word,
    Write,
)
from app.dtsl.format import fits_a_comment
from app.dtsl.lengths import exactly
from app.dtsl.lower_alerts import OPTIONS
from app.dtsl.parse import parse_condition, parse_conditions
from app.dtsl.references import json_reference, respelled
from app.dtsl.spelling import SELF
from app.model import behaviors as model
from app.model.names import to_camel


class NoNotation(Exception):
    """Something in it can't be said in a script; the text says what."""


def raised_behavior(item: model.BehaviorDefinition, roles: Collection[str]) -> Behavior:
    """`roles` are those that the definition has itself: they may have a dot in them, which else parts a path."""
    written = item.model_fields_set
    description = item.description if "description" in written else None
    if description is not None and not fits_a_comment(description):
        raise NoNotation(f"the description of behavior '{item.name}'")
    raising = _Raising(item.name, roles)
    return Behavior(
        Name(item.name),
        Expression(parse_conditions(item.conditions)),
        raising.actions(item.actions),
        "actions" in written,
        description,
        tuple(_head(item, raising)),
        tuple(_tail(item, raising)),
    )


def _head(item: model.BehaviorDefinition, raising: "_Raising") -> Iterator[OnLoad | SuppressedBy | Let]:
    if "on_load" in item.model_fields_set:
        yield OnLoad(Word(item.on_load))
    if item.suppressed_by:
        yield SuppressedBy(tuple(map(Name, item.suppressed_by)))
    raising.refuse_empty("suppressed_by", item.suppressed_by, item.model_fields_set)
    for given in item.let:
        raising.refuse(given.model_fields_set - {"name", "value"}, f"the name '{given.name}'")
        yield Let(Name(given.name), Expression(parse_condition(given.value)))
    raising.refuse_empty("let", item.let, item.model_fields_set)


def _tail(item: model.BehaviorDefinition, raising: "_Raising") -> Iterator[Otherwise | Escalate]:
    if "otherwise" in item.model_fields_set:
        yield Otherwise(raising.plains(item.otherwise))
    for escalation in item.escalations:
        actions = raising.plains(escalation.actions)
        yield Escalate(Length(escalation.after), actions, escalation.unless_acknowledged)
    raising.refuse_empty("escalations", item.escalations, item.model_fields_set)


class _Raising:
    def __init__(self, behavior: str, roles: Collection[str]) -> None:
        self._behavior = behavior
        self._roles = roles

    def refuse(self, fields: Collection[str], what: str) -> None:
        for field in sorted(fields):
            raise NoNotation(f"{field} of {what} in behavior '{self._behavior}'")

    def refuse_empty(self, field: str, found: Sequence[object], written: Collection[str]) -> None:
        """A list that is written and has nothing in it: a script would say nothing."""
        if field in written and not found:
            raise NoNotation(f"the empty {field} of behavior '{self._behavior}'")

    def actions(self, actions: Sequence[model.Action]) -> tuple[Action, ...]:
        return tuple(
            self._expect(action) if isinstance(action, model.ExpectAction) else self._plain(action)
            for action in actions
        )

    def plains(self, actions: Sequence[model.PlainAction]) -> tuple[Plain, ...]:
        return tuple(self._plain(action) for action in actions)

    def _expect(self, action: model.ExpectAction) -> Expect:
        otherwise = self.plains(action.otherwise) if "otherwise" in action.model_fields_set else None
        return Expect(Length(action.within), Expression(parse_condition(action.condition)), otherwise)

    def _plain(self, action: model.PlainAction) -> Plain:
        match action:
            case model.AlertAction():
                return Call((Name("alert"),), tuple(_alert(action)))
            case model.MethodCallAction():
                return Call(self._path(action, action.method), _given(action.parameters), action.required)
            case model.EmitEventAction():
                return Emit(self._path(action, action.event), _given(action.parameters))
            case model.PropertyWriteAction():
                return Write(self._path(action, action.property), Constant(action.value), action.required)

    def _path(self, action: model.TargetedAction, name: str) -> tuple[Name, ...]:
        if action.twin_id is not None:
            return Name(action.twin_id), Name(name)
        if action.role is None:
            own = name == "alert" and isinstance(action, model.MethodCallAction)
            return (Name(SELF), Name(name)) if own else (Name(name),)
        parts = action.role.split(".")
        owner = [action.role] if action.role in self._roles or not all(parts) else parts
        return (*map(Name, owner), Name(name))


def _given(parameters: Sequence[model.Argument]) -> tuple[Argument, ...]:
    return tuple(Named(Name(item.name), Constant(item.value)) for item in parameters)


def _alert(action: model.AlertAction) -> Iterator[Argument]:
    yield Word(action.severity)
    yield Text(respelled(action.message, json_reference))
    for field, (kind, _) in OPTIONS.items():
        if field not in action.model_fields_set:
            continue
        value = getattr(action, field)
        if kind == "flag" and value is True:
            yield Word(to_camel(field))
        elif value is None:
            continue
        elif kind == "length" and exactly(value) is not None:
            yield Option(Name(field), Length(value))
        elif kind == "name":
            yield Option(Name(field), Name(value))
        else:
            yield Option(Name(field), Constant(value))
