"""A subscription that was read, checked and opened: what it hears, how a push is executed, and who may share it."""

from collections.abc import Awaitable, Hashable, Mapping
from contextlib import aclosing
from typing import Any, cast

import msgspec
from graphql import DocumentNode, FieldNode, GraphQLError, Node, VariableNode, get_named_type
from graphql.execution import ExecutionResult, Executor, create_source_event_stream, execute_subscription_event
from graphql.execution.collect_fields import collect_fields, collect_subfields
from strawberry.exceptions import MissingQueryError
from strawberry.types.graphql import OperationType

from app.api.context import Context
from app.api.documents import Document
from app.api.errors import presented
from app.api.executor import SelectionExecutor
from app.api.frame import Frame, encoded
from app.api.limits.deadline import within
from app.api.schema import TwinOverlaySchema
from app.api.source import Item, Source
from app.errors import TwinOverlayError

_RESUMING = ("after", "afterPlace")
"""Arguments of the root field that make no difference to what is pushed from then on."""
_MISSED = "skipped"
"""The field of a push that says how many older states its client missed."""


class Prepared:
    """Implements sharing.Operation."""

    def __init__(self, executor: Executor[Any], source: Source, key: Hashable) -> None:
        self._executor = executor
        self.source = source
        self.key = key
        self._missed = _missed(executor)
        self._last: SelectionExecutor | None = None
        """Of the last event, where nothing about it was unusual: the next is most probably like it."""

    def frame(self, item: Item) -> Frame | Awaitable[Frame]:
        try:
            last, self._last = self._last, None
            if last is not None and (data := last.pushed(item.push)) is not None:
                self._last = last
                return self._framed(item, ExecutionResult(data, None))
            executor = self._executor.build_per_event_executor(item.push)
            result = execute_subscription_event(executor)
            if executor.is_awaitable(result):
                return self._later(item, cast("Awaitable[ExecutionResult]", result))
            found = cast(ExecutionResult, result)
            if isinstance(executor, SelectionExecutor) and executor.repeats:
                self._last = executor
            return self._framed(item, found)
        except Exception as error:
            return self.failure(error)

    async def _later(self, item: Item, result: Awaitable[ExecutionResult]) -> Frame:
        try:
            return self._framed(item, await result)
        except Exception as error:
            return self.failure(error)

    def _framed(self, item: Item, result: ExecutionResult) -> Frame:
        errors = [presented(error).formatted for error in result.errors or ()]
        return Frame(
            encoded(result.data, errors, self._missed if not errors else ()),
            item.sequence,
            subject=item.subject,
            twin=item.twin,
            skipped=item.skipped,
            initial=item.initial,
            look=item.look,
        )

    def failure(self, error: Exception) -> Frame:
        found = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
        if found.path is None:
            found = GraphQLError(found.message, path=[self.source.name], original_error=found.original_error)
        return Frame(encoded(None, [presented(found).formatted]), initial=True)


async def prepared(
    schema: TwinOverlaySchema,
    query: str,
    variables: dict[str, Any] | None,
    operation_name: str | None,
    context: Context,
) -> Prepared | list[GraphQLError] | None:
    """Errors where it is refused; None for an operation that is no subscription, or one that nobody can share."""
    operation = schema._create_execution_context(
        query, tuple(OperationType), variables, context, operation_name=operation_name
    )
    extensions = schema.get_extensions()
    for extension in extensions:
        extension.execution_context = operation
    runner = schema.create_extensions_runner(operation, extensions)
    async with runner.operation():
        try:
            refused = await schema._prepare_operation_async(operation, runner)
        except MissingQueryError:
            return None
        if refused is not None:
            return _presented(refused.errors or [])
        if operation.operation_type is not OperationType.SUBSCRIPTION:
            return None
        async with runner.executing():
            document = operation.graphql_document
            assert isinstance(document, Document)
            executor = schema.execution_context_class.build(
                schema._schema,
                document,
                context_value=context,
                raw_variable_values=variables,
                operation_name=operation_name,
                middleware=schema._get_middleware_manager(extensions),
                operation_extensions=None,
            )
            if isinstance(executor, list):
                return _presented(executor)
            compiling = schema.compiled(executor, document, operation_name)
            try:
                await within(context.admission.settings.timeout_seconds, compiling)
            except TwinOverlayError as error:
                return _presented([GraphQLError(error.message, original_error=error)])
            told = _telling(executor, document, variables or {})
            asked = (query, operation_name, msgspec.json.encode(told, order="deterministic"))
            return await _opened(executor, asked, context)


async def _opened(
    executor: Executor[Any], asked: tuple[Hashable, ...], context: Context
) -> Prepared | list[GraphQLError] | None:
    try:
        viewer = context.viewer
    except TwinOverlayError as error:
        return _presented([GraphQLError(error.message, original_error=error)])
    opened = create_source_event_stream(executor)
    if executor.is_awaitable(opened):
        opened = await opened
    if isinstance(opened, ExecutionResult):
        return _presented(opened.errors or [])
    if not hasattr(opened, "listen"):
        async with aclosing(cast(Any, opened)):
            return None
    return Prepared(executor, cast(Source, opened), (*asked, viewer))


def _telling(executor: Executor[Any], document: DocumentNode, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """The variables without those that say only from where on a client resumes."""
    resuming = [
        argument.value.name.value
        for field in executor.operation.selection_set.selections
        if isinstance(field, FieldNode)
        for argument in field.arguments or ()
        if argument.name.value in _RESUMING and isinstance(argument.value, VariableNode)
    ]
    if not any(name in variables for name in resuming):
        return variables
    used = list(_variables(document))
    alone = {name for name in resuming if used.count(name) == 1 + resuming.count(name)}  # it is declared as well
    return {name: value for name, value in variables.items() if name not in alone}


def _variables(node: Node) -> Any:
    if isinstance(node, VariableNode):
        yield node.name.value
    for key in node.keys:
        found = getattr(node, key)
        for item in found if isinstance(found, list | tuple) else (found,):
            if isinstance(item, Node):
                yield from _variables(item)


def _missed(executor: Executor[Any]) -> tuple[str, ...]:
    """Under which keys of the push the number of missed states is asked for."""
    schema, root = executor.schema, executor.schema.subscription_type
    assert root is not None
    fields = collect_fields(
        schema, executor.fragments, executor.variable_values, root, executor.operation
    ).grouped_field_set
    [details] = fields.values()
    push = cast(Any, get_named_type(root.fields[details[0].node.name.value].type))
    inside = collect_subfields(
        schema, executor.fragments, executor.variable_values, executor.operation, push, details
    ).grouped_field_set
    return tuple(key for key, found in inside.items() if found[0].node.name.value == _MISSED)


def _presented(errors: list[GraphQLError]) -> list[GraphQLError]:
    return [presented(error) for error in errors]
