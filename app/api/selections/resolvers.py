"""How a field of one of our types gets its value, as the Python expression that Strawberry's own wrappers come to.

Only plain ones: an attribute, or a function that takes the object (as self or as its Parent) and Info, and arguments. A
field with an extension or a permission has no such expression, and is left to graphql-core with all that belongs to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import FunctionType
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLSchema, VariableNode
from graphql.execution.values import get_argument_values
from strawberry import Schema
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from app.api.selections.place import Place
from app.api.selections.run import Run

_UNCHANGING = (str, int, float, bool, Enum, type(None))


@dataclass(frozen=True, slots=True)
class Resolver:
    field: StrawberryField
    function: Callable[..., Any] | None
    """None where an attribute is read, or where the value is the source itself."""
    first: tuple[str, ...] = ()
    """Of the object, called self here, and info, those that come first."""
    info: str | None = None
    """Its name where it comes later."""
    awaited: bool = False


def resolver_of(definition: GraphQLField, schema: GraphQLSchema) -> Resolver | None:
    field = (definition.extensions or {}).get("strawberry-definition")
    strawberry_schema = getattr(schema, "_strawberry_schema", None)
    if not isinstance(field, StrawberryField) or field.extensions or not isinstance(strawberry_schema, Schema):
        return None
    if strawberry_schema.exception_handlers:
        return None
    if field.is_subscription:
        return Resolver(field, None)  # the value is the event, which is the source
    resolver = field.base_resolver
    if resolver is None:
        return Resolver(field, None) if strawberry_schema.config.default_resolver is getattr else None
    function = resolver.wrapped_func
    if not isinstance(function, FunctionType) or resolver.root_parameter:
        return None
    info = resolver.info_parameter.name if resolver.info_parameter else None
    names = tuple(resolver.signature.parameters)
    parent = resolver.parent_parameter
    if parent is not None and (resolver.self_parameter or names[0] != parent.name):
        return None
    first: tuple[str, ...] = ("self",) if resolver.self_parameter or parent else ()
    if info is not None and names.index(info) == len(first):
        first, info = (*first, info), None
    return Resolver(field, function, first, info, resolver.is_async)


def unchanging(resolver: Resolver, place: Place, run: Run) -> dict[str, Any] | None:
    """The arguments where they are the same for every execution: no variables, and nothing that could be changed."""
    if _has_variables(place.details[0].node):
        return None
    try:
        found = arguments(resolver, place, run)
    except Exception:  # what is wrong with them is told each time the field is resolved
        return None
    return found if all(isinstance(value, _UNCHANGING) for value in found.values()) else None


def arguments(resolver: Resolver, place: Place, run: Run) -> dict[str, Any]:
    """By the names of the function. Raises as graphql-core does."""
    executor = run.executor
    first = place.details[0]
    variables, of_fragment = executor.variable_values, first.fragment_variable_values
    given = get_argument_values(place.definition, first.node, variables, of_fragment, executor.hide_suggestions)
    schema: Any = executor.schema._strawberry_schema  # type: ignore[attr-defined]
    scalars = schema.schema_converter.scalar_registry
    return convert_arguments(given, resolver.field.arguments, scalars, schema.config, run.info)


def _has_variables(node: FieldNode) -> bool:
    waiting: list[Any] = [item.value for item in node.arguments or ()]
    while waiting:
        value = waiting.pop()
        if isinstance(value, VariableNode):
            return True
        waiting += getattr(value, "values", None) or [item.value for item in getattr(value, "fields", None) or ()]
    return False
