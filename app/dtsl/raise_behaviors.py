"""From the document's form of a behavior to a script's: the way back from check_overlay.py and actions.py."""

from collections.abc import Collection

from app.dtsl.ast import Behavior, Call, Constant, Expression, Name, Named, Word, Write
from app.dtsl.format import fits_a_comment
from app.dtsl.parse import parse_conditions
from app.dtsl.spelling import SELF
from app.model.behaviors import (
    Action,
    AlertAction,
    BehaviorDefinition,
    MethodCallAction,
    PropertyWriteAction,
)


class NoNotation(Exception):
    """Something in it can't be said in a script; the text says what."""


def raised_behavior(item: BehaviorDefinition, roles: Collection[str]) -> Behavior:
    """`roles` are those that the definition has itself: they may have a dot in them, which else parts a path."""
    known = {"name", "description", "conditions", "actions"}
    _refuse_more(item.model_fields_set, known, f"behavior '{item.name}'")
    description = item.description if "description" in item.model_fields_set else None
    if description is not None and not fits_a_comment(description):
        raise NoNotation(f"the description of behavior '{item.name}'")
    when = Expression(parse_conditions(item.conditions))
    actions = tuple(_action(action, roles) for action in item.actions)
    return Behavior(Name(item.name), when, actions, "actions" in item.model_fields_set, description)


def _refuse_more(written: Collection[str], known: Collection[str], what: str) -> None:
    for field in sorted(set(written) - set(known)):
        raise NoNotation(f"{field} of {what}")


def _action(action: Action, roles: Collection[str]) -> Call | Write:
    match action:
        case AlertAction():
            _refuse_more(action.model_fields_set, {"type", "severity", "message"}, "an alert")
            return Call((Name("alert"),), (Word(action.severity), Constant(action.message)))
        case MethodCallAction():
            known = {"type", "method", "parameters", "role", "twin_id"}
            _refuse_more(action.model_fields_set, known, "a method call")
            arguments = tuple(Named(Name(item.name), Constant(item.value)) for item in action.parameters)
            return Call(_path(action, action.method, roles), arguments)
        case PropertyWriteAction():
            _refuse_more(action.model_fields_set, {"type", "property", "value", "role", "twin_id"}, "a write")
            return Write(_path(action, action.property, roles), Constant(action.value))
        case _:
            raise NoNotation(f"an action of type {action.type}")


def _path(action: MethodCallAction | PropertyWriteAction, name: str, roles: Collection[str]) -> tuple[Name, ...]:
    if action.twin_id is not None:
        return Name(action.twin_id), Name(name)
    if action.role is None:
        return (Name(SELF), Name(name)) if name == "alert" else (Name(name),)
    parts = action.role.split(".")
    owner = [action.role] if action.role in roles or not all(parts) else parts
    return (*map(Name, owner), Name(name))
