"""Computed properties: the expression reads, names what the twin has, gives what the property holds, and ends.

What a property is computed from is looked at wherever it is inherited to, because a subtype or a twin may replace what
it names: there a number may have become a text, or two properties may have come to need each other.
"""

from collections.abc import Callable, Iterator, Mapping

from app.commands.findings import Findings
from app.dtsl.computed import check_computed
from app.dtsl.parse import parse_condition
from app.dtsl.scope import Scope
from app.errors import Invalid, Problem
from app.model.computed import in_order, needs_of
from app.model.conditions import Condition
from app.model.definitions import PropertyDefinition

MAX_COMPUTED = 200
"""Computed properties of one twin."""

Properties = Mapping[str, PropertyDefinition]


def check_computed_properties(properties: Properties, own: Mapping[str, str], findings: Findings) -> None:
    """`properties` are all that a twin has; `own` has the pointers of those that the document itself declares."""
    for _, problem in faults(properties, lambda name: f"{own[name]}/computed" if name in own else ""):
        findings.problems.append(problem)


def faults(properties: Properties, where: Callable[[str], str] = lambda _: "") -> Iterator[tuple[str, Problem]]:
    """Each with the property that can't be computed for it; `where` gives the pointer of a property."""
    computed = {name: item for name, item in properties.items() if item.computed is not None}
    if not computed:
        return
    scope = Scope(properties, {}, where="this twin")
    expressions: dict[str, Condition] = {}
    for number, (name, item) in enumerate(computed.items()):
        path = where(name)
        if number >= MAX_COMPUTED:
            message = f"'{name}' is one more than the {MAX_COMPUTED} computed properties that a twin may have"
            yield name, Problem("TOO_MANY_COMPUTED", message, path, "compute fewer, or in another twin")
            continue
        try:
            expressions[name] = parse_condition(item.computed or "")
        except Invalid as error:
            for problem in error.problems:
                column = problem.path.rpartition(":")[2]
                message = f"computed '{name}': {problem.message}, at column {column}"
                yield name, Problem(problem.code, message, path, problem.hint)
        else:
            for problem in check_computed(expressions[name], item, scope, path):
                yield name, Problem(problem.code, f"computed '{name}': {problem.message}", path, problem.hint)
    for circle in in_order({name: needs_of(item) for name, item in expressions.items()})[1]:
        told = next((name for name in circle if where(name)), circle[0])
        chain = " -> ".join(circle)
        message = (
            f"these are computed from each other: {chain}" if len(circle) > 2 else f"'{told}' needs itself: {chain}"
        )
        yield told, Problem("COMPUTED_CYCLE", message, where(told), "let one of them be measured or set")
