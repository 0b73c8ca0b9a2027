"""The names that a behavior gives: those of `let`, and what `on` calls the parameters of an event.

They hold in the whole behavior: conditions, what is expected, the values in messages. Each `let` may use what is given
before it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from app.dtsl import diagnostics_conditions as messages
from app.dtsl.check_names import NameChecker
from app.dtsl.diagnostics import Message
from app.dtsl.examine import Examined, examine
from app.dtsl.scope import Finding, Given, Scope
from app.dtsl.types import UNKNOWN, type_of_property
from app.model.conditions import Condition, EventValue, Literal, Occurred, PropertyRef, nodes

NOTHING = Given(Literal(True), UNKNOWN)
"""Of a name that is wrong, which is reported already: nothing more is said."""


@dataclass(frozen=True, slots=True)
class Names:
    scope: Scope
    """In which the names are known."""
    lets: Sequence[tuple[int, Examined]]
    """What is to be said of the values of `let`, by their numbers."""
    of_lets: Sequence[tuple[int, Message]]
    """About the names of `let`, by its number."""
    of_events: Sequence[Finding]
    """About names behind `on`, at its node."""


def names_given(
    lets: Sequence[tuple[str, Condition | None]], conditions: Sequence[Condition], scope: Scope, used: Collection[str]
) -> Names:
    """A `let` of None could not be read. `used` are the names that the rest of the behavior names."""
    given: dict[str, Given] = {}
    of_events: list[Finding] = []
    for node in (node for condition in conditions for node in nodes(condition) if isinstance(node, Occurred)):
        for name, meant in _of_event(node, scope):
            if name in given and given[name].stands_for != meant.stands_for:
                of_events.append(Finding(messages.named_twice(scope.spell(name)), node, "name"))
            elif name not in given:
                of_events += (Finding(message, node, "name") for message in _hidden(name, scope))
            given.setdefault(name, meant)
    examined: list[tuple[int, Examined]] = []
    of_lets: list[tuple[int, Message]] = []
    later = [set(names_in(value)) if value is not None else set() for _, value in lets]
    for index, (name, value) in enumerate(lets):
        if name in given:
            of_lets.append((index, messages.named_twice(scope.spell(name))))
        of_lets += ((index, message) for message in _hidden(name, scope))
        if name not in used and not any(name in names for names in later[index + 1 :]):
            of_lets.append((index, messages.unused_name(scope.spell(name))))
        if value is None:
            given[name] = NOTHING
            continue
        found = examine(value, replace(scope, given=dict(given)), use="let")
        examined.append((index, found))
        given[name] = NOTHING if found.resolved is None else Given(found.resolved, found.type)
    return Names(replace(scope, given=given), examined, of_lets, of_events)


def names_in(condition: Condition) -> Iterator[str]:
    """What it names without an owner."""
    return (node.name for node in nodes(condition) if isinstance(node, PropertyRef) and node.owner is None)


def _of_event(node: Occurred, scope: Scope) -> Iterator[tuple[str, Given]]:
    event = NameChecker(scope).event(node)
    parameters = event.parameters if event is not None else []
    for index, name in enumerate(node.names):
        if name in node.names[:index]:
            continue
        if index >= len(parameters):
            yield name, NOTHING
            continue
        parameter = parameters[index]
        type = type_of_property(parameter, scope.spell(name))
        yield name, Given(EventValue(node.owner, node.event, parameter.name), type)


def _hidden(name: str, scope: Scope) -> Iterator[Message]:
    if scope.own is not None and name in scope.own:
        yield messages.shadows(scope.spell(name), "the property")
