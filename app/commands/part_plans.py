"""Parts of a definition as the engine and the connectors take them: properties and methods, seconds as microseconds.

Behaviors are behavior_plans.py's.
"""

import msgspec

from app.commands.check_behaviors import Place
from app.commands.check_computed import faults
from app.commands.check_interlocks import check_interlock
from app.dtsl.computed import computed_as_planned
from app.dtsl.parse import parse_condition
from app.dtsl.resolve import resolved
from app.dtsl.scope import Scope
from app.model.catalogue import Capabilities
from app.model.definitions import Described, EventDefinition, MethodDefinition, PropertyDefinition
from app.model.interlocks import InterlockDefinition
from app.model.plan import EventPlan, Interlock, MethodPlan, PropertyPlan
from app.model.time import SECOND, Micros


def property_plans(capabilities: Capabilities) -> tuple[PropertyPlan, ...]:
    """Of a shape. What can't be computed carries its error; checked again for the same reason as rules are."""
    unusable: dict[str, str] = {}
    for name, problem in faults(capabilities.properties):
        unusable.setdefault(name, f"{problem.code} {problem.message}")
    scope = Scope(capabilities.properties, {}, where="this twin")
    plans = []
    for name, item in capabilities.properties.items():
        plan = property_plan(item)
        if name in unusable:
            plan = msgspec.structs.replace(plan, error=unusable[name])
        elif item.computed is not None:
            expression = computed_as_planned(parse_condition(item.computed), item, scope)
            plan = msgspec.structs.replace(plan, computed=expression)
        plans.append(plan)
    return tuple(plans)


def property_plan(definition: PropertyDefinition) -> PropertyPlan:
    """As a connector needs it: nothing is computed there."""
    return msgspec.structs.replace(
        _value_plan(definition.name, definition),
        access=definition.access,
        stale_after=None if definition.stale_after is None else micros(definition.stale_after),
        deadband=definition.deadband,
    )


def _value_plan(name: str, described: Described, required: bool = True) -> PropertyPlan:
    return PropertyPlan(
        name,
        described.data_type,
        described.unit,
        described.min_value,
        described.max_value,
        tuple(described.enum_values or ()),
        items=None if described.items is None else _value_plan("", described.items),
        max_items=described.max_items,
        fields=tuple(_value_plan(item.name, item, item.required) for item in described.fields or ()),
        required=required,
    )


def method_plan(definition: MethodDefinition) -> MethodPlan:
    return MethodPlan(
        definition.name,
        tuple(_value_plan(parameter.name, parameter) for parameter in definition.parameters),
        definition.return_type,
        definition.idempotent,
        None if definition.min_interval is None else micros(definition.min_interval),
        None if definition.rate_limit is None else definition.rate_limit.calls,
        0 if definition.rate_limit is None else micros(definition.rate_limit.per),
        None if definition.timeout is None else micros(definition.timeout),
    )


def event_plan(definition: EventDefinition) -> EventPlan:
    return EventPlan(
        definition.name, tuple(_value_plan(parameter.name, parameter) for parameter in definition.parameters)
    )


def micros(seconds: float) -> Micros:
    """Never 0."""
    return max(1, round(seconds * SECOND))


def interlock(definition: InterlockDefinition, place: Place) -> Interlock:
    """Checked again as rules are; one with an error refuses all it can be found to cover."""
    owner = place.named.target(definition)
    problems = check_interlock(definition, place, place.scope(), "").problems
    error = f"{problems[0].code} {problems[0].message}" if problems else None
    condition = None if problems else resolved(parse_condition(definition.condition), place.scope())
    return Interlock(
        definition.name, owner, definition.method, definition.property, condition, definition.condition, error
    )
