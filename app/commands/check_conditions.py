"""The conditions of a behavior as a document has them, each fault at its pointer: what they name, types and units, and
the names that `let` and `on` give.

The list is one condition, so that a guard in one of its texts counts in the others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from app.commands.findings import Findings
from app.dtsl.examine import examine
from app.dtsl.names_given import Names, names_given, names_in
from app.dtsl.parse import parse_condition
from app.dtsl.references import names_in_message
from app.dtsl.resolve import resolved
from app.dtsl.scope import Finding, Scope
from app.errors import Invalid
from app.model.behaviors import AlertAction, BehaviorDefinition, action_lists, expressions
from app.model.conditions import And, Condition, nodes


@dataclass(frozen=True, slots=True)
class Meant:
    """What a behavior without a fault means."""

    scope: Scope
    """With the names that it gives."""
    condition: Condition
    """As the engine takes it."""


def meant(behavior: BehaviorDefinition, scope: Scope) -> Meant:
    """Of a behavior that has no error."""
    conditions = [parse_condition(text) for text in behavior.conditions]
    names = _names(behavior, conditions, scope)
    return Meant(names.scope, resolved(_all(conditions), names.scope))


def check_conditions(
    behavior: BehaviorDefinition, scope: Scope, path: str, findings: Findings
) -> tuple[Scope, Condition | None]:
    """The scope with the names that it gives, and the condition as the engine takes it, None where there is a fault."""
    read = [read_condition(text, f"{path}/conditions/{at}", findings) for at, text in enumerate(behavior.conditions)]
    conditions = [condition for condition in read if condition is not None]
    for index, item in enumerate(behavior.let):
        read_condition(item.value, f"{path}/let/{index}/value", findings)
    names = _names(behavior, conditions, scope)
    for index, message in names.of_lets:
        where = f"{path}/let/{index}/name"
        (findings.warnings if message.severity == "warning" else findings.problems).append(message.problem(where))
    for index, examined in names.lets:
        _tell(examined.errors, examined.warnings, partial(_at, f"{path}/let/{index}/value"), findings)
    places = {id(node): at for at, condition in enumerate(read) if condition for node in nodes(condition)}

    def place(finding: Finding) -> str:
        at = places.get(id(finding.node))
        return f"{path}/conditions" if at is None else f"{path}/conditions/{at}"

    wrong = [finding for finding in names.of_events if finding.message.severity == "error"]
    _tell(wrong, [finding for finding in names.of_events if finding not in wrong], place, findings)
    if len(conditions) < len(read):
        for condition in conditions:
            _tell(examine(condition, names.scope).errors, (), place, findings)
        return names.scope, None
    examined = examine(_all(conditions), names.scope)
    _tell(examined.errors, examined.warnings, place, findings)
    return names.scope, examined.resolved


def read_condition(text: str, where: str, findings: Findings) -> Condition | None:
    """None where it can't be read."""
    try:
        return parse_condition(text)
    except Invalid as error:
        for problem in error.problems:
            column = problem.path.rpartition(":")[2]
            findings.fault(problem.code, f"{problem.message}, at column {column}", where, problem.hint)
        return None


def _tell(
    errors: Sequence[Finding], warnings: Sequence[Finding], place: Callable[[Finding], str], findings: Findings
) -> None:
    findings.problems += [finding.message.problem(place(finding)) for finding in errors]
    findings.warnings += [finding.message.problem(place(finding)) for finding in warnings]


def _at(path: str, _: Finding) -> str:
    return path


def _all(conditions: Sequence[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else And(tuple(conditions))


def _names(behavior: BehaviorDefinition, conditions: Sequence[Condition], scope: Scope) -> Names:
    lets = [(item.name, _parsed(item.value)) for item in behavior.let]
    return names_given(lets, conditions, scope, set(_used(behavior)))


def _used(behavior: BehaviorDefinition) -> Iterator[str]:
    for where, text in expressions(behavior):
        condition = _parsed(text)
        if condition is not None and not where.startswith("let/"):
            yield from names_in(condition)
    for _, actions in action_lists(behavior):
        for action in actions:
            if isinstance(action, AlertAction):
                yield from names_in_message(action.message)


def _parsed(text: str) -> Condition | None:
    try:
        return parse_condition(text)
    except Invalid:
        return None
