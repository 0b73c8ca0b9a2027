"""Run: what compiled selections share during one execution.

Resolvers get one Info for all fields: making one for each costs more than most of them. One that asks it about its own
field (its path, its selections) raises FieldUnknown, and its field is handed to graphql-core.
"""

from typing import Any

from graphql.execution import Executor
from strawberry.types.info import Info


class FieldUnknown(Exception):
    """A resolver asked the shared Info about its own field."""


class _Operation:
    """What a GraphQLResolveInfo says about the operation; about a field it says FieldUnknown."""

    def __init__(self, executor: Executor[Any]) -> None:
        self.schema = executor.schema
        self.fragments = executor.fragment_definitions
        self.root_value = executor.root_value
        self.operation = executor.operation
        self.variable_values = executor.variable_values.coerced
        self.context = executor.context_value
        self.operation_extensions = getattr(executor, "operation_extensions", None)

    def __getattr__(self, name: str) -> Any:
        raise FieldUnknown(name)


class SharedInfo(Info[Any, Any]):
    context: Any = None
    _field: Any = property(lambda self: self._raw_info.field)

    def __init__(self, executor: Executor[Any]) -> None:
        self._raw_info: Any = _Operation(executor)
        self.context = executor.context_value


class Run:
    __slots__ = ("arguments", "executor", "info", "unusual")

    def __init__(self, executor: Executor[Any]) -> None:
        self.executor = executor
        self.info = SharedInfo(executor)
        self.arguments: dict[Any, dict[str, Any]] = {}
        """By the place of the field, made when it is first resolved."""
        self.unusual = 0
        """How often something was left to graphql-core, or failed."""
