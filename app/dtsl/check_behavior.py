"""Behaviors of a script: conditions and actions in their scope, and the document's form of them.

What a document says in the same way is checked there (commands/check_behaviors.py) and told at its place here.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from app.dtsl import diagnostics_behaviors as messages
from app.dtsl.ast import (
    Action,
    Behavior,
    Call,
    Escalate,
    Expect,
    Expression,
    Let,
    OnLoad,
    Otherwise,
    SuppressedBy,
    Text,
)
from app.dtsl.declared import Checking
from app.dtsl.examine import examine
from app.dtsl.format_conditions import conjuncts, format_condition
from app.dtsl.guards import guarded_by
from app.dtsl.lower_actions import Lowering, Places
from app.dtsl.names_given import names_given, names_in
from app.dtsl.places import below
from app.dtsl.references import names_in_message
from app.dtsl.scope import Scope
from app.dtsl.spelling import dtsl_member
from app.model.behaviors import BehaviorDefinition

_ON_LOAD = ("withhold", "act")


def check_behavior(
    item: Behavior, scope: Scope, checking: Checking, places: Places, pointer: str
) -> BehaviorDefinition | None:
    """`places` gets where each part of the document stands, which is to be at `pointer`."""
    when = item.when
    lets = [part for part in item.head if isinstance(part, Let)]
    used = set(names_used(item))
    names = names_given([(let.name.id, let.value.condition) for let in lets], [when.condition], scope, used)
    lowering = Lowering(names.scope, checking.report, places, guarded_by(when.condition))
    fields: dict[str, Any] = {"name": item.name.id}
    places[pointer] = places[below(pointer, "name")] = item.name.span
    if item.description is not None:
        fields["description"] = item.description
    for index, message in names.of_lets:
        checking.report(message, lets[index].name.span)
    for index, found in names.lets:
        for finding in (*found.errors, *found.warnings):
            lowering.say(finding, lets[index].value.places)
    _lower_head(item, lowering, fields, pointer)
    examined = examine(when.condition, names.scope)
    for finding in (*names.of_events, *examined.errors, *examined.warnings):
        lowering.say(finding, when.places)
    fields["conditions"] = _conditions(when, places, below(pointer, "conditions"))
    actions = lowering.actions(item.actions, below(pointer, "actions"))
    if item.then or actions:
        fields["actions"] = actions
    _lower_tail(item, lowering, fields, pointer)

    def build() -> BehaviorDefinition:
        return BehaviorDefinition(**fields)

    return checking.make(f"behavior '{dtsl_member(item.name.id)}'", item.name.span, build)


def names_used(item: Behavior) -> Iterator[str]:
    """Without an owner: in conditions, in what is expected, and in messages."""
    yield from names_in(item.when.condition)
    lists: list[Sequence[Action]] = [item.actions, *(part.actions for part in item.tail)]
    while lists:
        for action in lists.pop():
            match action:
                case Expect(condition=condition, otherwise=otherwise):
                    yield from names_in(condition.condition)
                    lists.append(otherwise or ())
                case Call(arguments=arguments):
                    for argument in arguments:
                        if isinstance(argument, Text):
                            yield from names_in_message(argument.value)


def _conditions(when: Expression, places: Places, pointer: str) -> list[str]:
    places[pointer] = when.span
    parts = conjuncts(when.condition)
    for index, part in enumerate(parts):
        found = when.places.get(id(part))
        if found is not None:
            places[below(pointer, index)] = found.whole
    return [format_condition(part) for part in parts]


def _lower_head(item: Behavior, lowering: Lowering, fields: dict[str, Any], pointer: str) -> None:
    for part in item.head:
        match part:
            case OnLoad(word=word):
                lowering.places[below(pointer, "on_load")] = word.span
                if word.text not in _ON_LOAD:
                    lowering.report(messages.unknown_on_load(word.text, _ON_LOAD), word.span)
                fields["on_load"] = word.text
            case SuppressedBy(names=names, span=span):
                where = below(pointer, "suppressed_by")
                lowering.places[where] = span
                for index, name in enumerate(names):
                    lowering.places[below(where, index)] = name.span
                fields["suppressed_by"] = [name.id for name in names]
            case Let(name=name, value=value):
                named: list[dict[str, str]] = fields.setdefault("let", [])
                where = f"{pointer}/let/{len(named)}"
                lowering.places[where] = lowering.places[below(where, "name")] = name.span
                lowering.places[below(where, "value")] = value.span
                named.append({"name": name.id, "value": format_condition(value.condition)})


def _lower_tail(item: Behavior, lowering: Lowering, fields: dict[str, Any], pointer: str) -> None:
    for part in item.tail:
        match part:
            case Otherwise(actions=actions, span=span):
                where = below(pointer, "otherwise")
                lowering.places[where] = span
                guarded, lowering.guarded = lowering.guarded, _everybody(lowering.scope)
                fields["otherwise"] = lowering.actions(actions, where)
                lowering.guarded = guarded
            case Escalate(after=after, actions=actions, unless_acknowledged=unless, span=span):
                escalations: list[dict[str, Any]] = fields.setdefault("escalations", [])
                where = f"{pointer}/escalations/{len(escalations)}"
                lowering.places[where] = span
                lowering.places[below(where, "after")] = after.span
                done = lowering.actions(actions, below(where, "actions"))
                found: dict[str, Any] = {"after": after.seconds, "actions": done}
                escalations.append({**found, "unless_acknowledged": True} if unless else found)


def _everybody(scope: Scope) -> frozenset[str]:
    """A condition that has become FALSE makes sure of nobody: what is done then is left out for who is not there."""
    return frozenset(_names(list(scope.owners), scope))


def _names(roles: Sequence[str], scope: Scope) -> Sequence[str]:
    return [owner.guard or role for role in roles if (owner := scope.owners.get(role)) is not None]
