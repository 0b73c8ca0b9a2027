"""Places of a selection: where a value goes, and what becomes of it when it is not of the ordinary.

A path is a chain of plain tuples (path before, key, type name) while all goes well: they cost a tenth of a `Path`, and
one is made for every item of every list.
"""

from collections.abc import Awaitable
from inspect import iscoroutine
from typing import Any, TypeAlias, cast

from graphql import GraphQLField, GraphQLObjectType, GraphQLOutputType
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from strawberry.resolvers import is_default_resolver

from app.api.selections.run import FieldUnknown, Run

Chain: TypeAlias = "Path | tuple[Chain, str | int, str | None] | None"


class NotForeseen(BaseException):
    """A value that is only there later came where nothing is waited for; graphql-core is to execute the selection."""


class Place:
    """Of a field (its type, or an item's of it) in a selection of `parent`."""

    __slots__ = ("definition", "details", "parent", "type")

    def __init__(
        self,
        parent: GraphQLObjectType,
        definition: GraphQLField,
        details: FieldDetailsList,
        type: GraphQLOutputType | None = None,
    ) -> None:
        self.parent = parent
        self.definition = definition
        self.details = details
        self.type = type or definition.type

    def complete(self, run: Run, value: Any, chain: Chain) -> Any:
        """As graphql-core completes it. Raises what goes up to the nearest place that may be null."""
        executor, path = run.executor, whole(chain)
        run.unusual += 1
        try:
            if executor.is_awaitable(value):
                resolve = self.definition.resolve
                if resolve is not None and not is_default_resolver(resolve):
                    _close(value)  # its resolver makes another; else Python complains that nobody awaited this one
                raise NotForeseen
            info = executor.build_resolve_info(
                self.definition, [item.node for item in self.details], self.parent, _of_field(path)
            )
            return at_once(run, executor.complete_value(self.type, self.details, info, path, value, None))
        except Exception as error:  # whatever a resolver raises is an error of its field
            executor.handle_field_error(error, self.type, self.details, path)
            return None

    def failed(self, run: Run, source: Any, chain: Chain, error: Exception) -> Any:
        """What stands there instead. Raises what goes up to the nearest place that may be null."""
        executor, path = run.executor, whole(chain)
        run.unusual += 1
        if isinstance(error, FieldUnknown):
            return at_once(run, self.execute(run, source, path))
        executor.handle_field_error(error, self.type, self.details, path)
        return None

    def execute(self, run: Run, source: Any, path: Path) -> Awaitable[Any] | Any:
        """By graphql-core, from its resolver on."""
        return run.executor.execute_field(self.parent, source, self.details, path, None)


def at_once(run: Run, value: Any) -> Any:
    if run.executor.is_awaitable(value):
        _close(value)
        raise NotForeseen
    return value


def _close(value: Any) -> None:
    if iscoroutine(value):
        value.close()


def whole(chain: Chain) -> Path:
    """The chain as graphql-core's Path."""
    if chain is None or isinstance(chain, Path):
        return cast(Path, chain)
    before, key, name = chain
    return Path(whole(before), key, name)


def _of_field(path: Path) -> Path:
    """Without the indices behind it: the Path that a resolver sees."""
    while isinstance(path.key, int) and path.prev is not None:
        path = path.prev
    return path
