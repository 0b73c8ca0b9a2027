"""What a property is computed from: values of one moment, and a result that fits the property and its unit.

A sum is converted to the unit of the property. A product or a quotient of two units is not: formulas of engineers have
their conversions in them.
"""

from app.dtsl import diagnostics
from app.dtsl import diagnostics_conditions as messages
from app.dtsl.check_types import TypeChecker
from app.dtsl.diagnostics import Message
from app.dtsl.measures import Apart, Measure, put_together, straight
from app.dtsl.resolve import Resolver
from app.dtsl.scope import Scope
from app.dtsl.types import Type, result_fault
from app.errors import Problem
from app.model.conditions import (
    Aggregate,
    Arithmetic,
    Changed,
    Condition,
    Every,
    Evidence,
    Held,
    Literal,
    Occurred,
    Previous,
    Rate,
    Within,
    children,
    nodes,
    references,
)
from app.model.definitions import PropertyDefinition

_NOT_COMPUTED = (Evidence, Previous, Rate, Changed, Occurred, Every, Aggregate, Held, Within)


def check_computed(expression: Condition, definition: PropertyDefinition, scope: Scope, path: str) -> list[Problem]:
    """Every error of what a property is computed from, whose result must fit the property."""
    waits = next((node for node in nodes(expression) if isinstance(node, _NOT_COMPUTED)), None)
    if waits is not None:
        return [messages.not_computed().problem(path)]
    checker = TypeChecker(scope, "computed")
    result = checker.type(expression)
    found = [finding.message for finding in checker.found]
    if not found and not references(expression):
        found.append(diagnostics.reads_nothing(definition.name))
    if not found:
        fault = result_fault(result, definition) or _unit_fault(expression, result, definition)
        found = [fault] if fault else []
    return [message.problem(path) for message in found]


def computed_as_planned(expression: Condition, definition: PropertyDefinition, scope: Scope) -> Condition:
    """What the engine computes, in the unit of the property. Of an expression that has no error."""
    checker = TypeChecker(scope, "computed")
    result = checker.type(expression)
    resolver = Resolver(checker)
    if result.kind != "number" or put_together(result.measure):
        return resolver.resolved(expression)
    return resolver.in_unit(expression, definition.unit)


def _unit_fault(expression: Condition, result: Type, definition: PropertyDefinition) -> Message | None:
    unit, measure = definition.unit, result.measure
    if result.kind != "number" or unit is None or measure.unit is None or put_together(measure):
        return None
    wanted = Measure(unit, None)
    try:
        conversion = straight(measure, wanted)
    except Apart:
        return messages.computed_unit(definition.name, unit, measure.unit)
    if conversion is not None and any(_is_factor(node) for node in nodes(expression)):
        return messages.computed_by_hand(definition.name, unit, measure.unit)
    return None


def _is_factor(node: Condition) -> bool:
    sides = children(node) if isinstance(node, Arithmetic) and node.op in "*/" else ()
    return any(isinstance(side, Literal) for side in sides)
