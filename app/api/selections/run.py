"""Run: what compiled selections share during one execution.

Resolvers get one Info for all fields: making one for each costs more than most of them. One that asks it about its own
field (its path, its selections) raises FieldUnknown, and its field is handed to graphql-core.
"""

from time import perf_counter
from typing import Any

import msgspec
from graphql.execution import Executor
from strawberry.types.info import Info

TURN_SECONDS = 0.001
_FIRST = 2
"""Turns in one, to begin with: what takes no longer is answered at once, and what goes before the first item, as
finding twins, is not done again for it."""


class OutOfTurn(BaseException):
    """The turn of the loop is over before the answer is whole; what there is of it is found again in the next."""


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
    __slots__ = ("_stopped", "_until", "arguments", "divisible", "done", "executor", "info", "unusual")

    def __init__(self, executor: Executor[Any]) -> None:
        self.executor = executor
        self.info = SharedInfo(executor)
        self.arguments: dict[Any, dict[str, Any]] = {}
        """By the place of the field, made when it is first resolved."""
        self.unusual = 0
        """How often something was left to graphql-core, or failed."""
        self.divisible = False
        """Whether what is answered just now may stop with OutOfTurn, and begin again."""
        self.done: dict[Any, list[Any]] = {}
        """Of lists that are answered a part at a time, by where they stand: the items so far."""
        self._until: float | None = None
        self._stopped = False

    @property
    def in_bytes(self) -> bool:
        """Whether parts of the answer may be bytes: nobody looks at it before it is sent."""
        return bool(getattr(self.executor.context_value, "in_bytes", False))

    def begin(self, *, divisible: bool, done: dict[Any, list[Any]] | None = None) -> None:
        """A turn."""
        self.divisible, self._until = divisible, None
        if done is not None:
            self.done = done

    def over(self) -> bool:
        """Whether to stop for now: the turn's time runs from the first time that this is asked, so that something is
        done in each. Never again once anything was unusual: graphql-core would be told of it twice."""
        if not self.divisible or self.unusual:
            return False
        now = perf_counter()
        if self._until is None:
            self._until = now + TURN_SECONDS * (1 if self._stopped else _FIRST)
            return False
        self._stopped = now > self._until
        return self._stopped

    def so_far(self, chain: Any) -> list[Any]:
        """The items that a list begins with already."""
        return self.done.setdefault(chain, []) if self.divisible else []

    def item(self, answer: dict[str, Any]) -> Any:
        """As it is kept in such a list: written now, in its own turn, and not with all others at the end."""
        return msgspec.Raw(msgspec.json.encode(answer)) if self.divisible else answer
