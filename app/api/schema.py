"""The schema: what a client can ask, and how much of it before anything is executed.

schema.graphql at the repository root is `sdl()`; a test holds the two equal, so a change of the API is a change one
sees in a diff.
"""

import textwrap
from collections.abc import Sequence
from functools import partial
from typing import Any

import strawberry
from graphql import GraphQLError, OperationDefinitionNode, specified_rules
from strawberry.exceptions import MissingQueryError
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionContext
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from app.api.context import Context
from app.api.documents import Document, Documents
from app.api.errors import presented
from app.api.executor import SelectionExecutor, plan_ahead
from app.api.limits.admission import Admission
from app.api.limits.deadline import to_its_end, within
from app.api.limits.sizes import told
from app.api.mutations import Mutation
from app.api.queries import Query
from app.api.scalars import SCALARS
from app.api.subscriptions import Subscription
from app.api.types.definition import Definition
from app.errors import TwinOverlayError
from app.model.near import near
from app.settings import GraphQLSettings

_NOBODYS = Admission()
_FIELDS_AT_ONCE = 100
"""Of an operation: compiling as many takes 25 ms of the loop; more are compiled in a thread."""
DESCRIPTION = (
    f"A digital twin overlay: twins, how they stand, and every way to change them.\n\n{textwrap.fill(told(), 118)}"
)


class TwinOverlaySchema(strawberry.Schema):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.documents = Documents(self._schema, specified_rules)

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        """Instead of Strawberry's, which parses and validates every time or asks its extensions, at a cost, not to; and
        with the limits of whoever is asked."""
        if not context.query:
            raise MissingQueryError
        admission = _admission_of(context)
        if (untrusted := admission.untrusted(context.query)) is not None:  # nobody's text is so much as read
            return _refused(context, admission, [untrusted])
        try:
            reading = self.documents.soon(context.query, admission.settings.max_tokens)
            document = await within(admission.settings.timeout_seconds, reading)
        except TwinOverlayError as error:
            return _refused(context, admission, [GraphQLError(error.message, extensions=error.extensions())])
        except GraphQLError as error:
            return _refused(context, admission, [error])
        except RecursionError as error:
            return _refused(context, admission, [GraphQLError(str(error), original_error=error)])
        context.graphql_document = document
        if (unknown := _unknown(document, context._provided_operation_name)) is not None:
            return _refused(context, admission, [unknown])
        operation_type = context.operation_type
        if operation_type not in context.allowed_operations:
            raise InvalidOperationTypeError(operation_type)
        if document.asks is None:
            return _refused(context, admission, document.errors)
        cost = admission.admit(document.asks, context.operation_name, context.variables or {})
        if isinstance(cost, list):
            return _refused(context, admission, cost)
        if operation_type is OperationType.SUBSCRIPTION:
            admission.traffic.subscribed()
        else:
            context.extensions_results["cost"] = {"requested": cost, "limit": admission.settings.max_cost}
        return None

    async def _execute_operation(self, execution_context: ExecutionContext, *rest: Any) -> Any:
        admission = _admission_of(execution_context)
        limits, document = admission.settings, execution_context.graphql_document
        work = self._ready(execution_context, *rest)
        if execution_context.operation_type is OperationType.MUTATION:
            return await admission.traffic.timed("mutation", to_its_end(limits.mutation_timeout_seconds, work))
        assert isinstance(document, Document)
        assert document.asks is not None
        operation = document.asks.operation(execution_context.operation_name)
        seconds = max(limits.timeout_seconds, operation.patience if operation is not None else 0.0)
        return await admission.traffic.timed("query", within(seconds, work))

    async def _ready(self, context: ExecutionContext, *rest: Any) -> Any:
        document = context.graphql_document
        assert isinstance(document, Document)
        if _is_large(document, context.operation_name):
            executor = SelectionExecutor.build(
                self._schema,
                document,
                context_value=context.context,
                raw_variable_values=context.variables,
                operation_name=context.operation_name,
                operation_extensions=None,
            )
            await self.compiled(executor, document, context.operation_name)
        return await super()._execute_operation(context, *rest)

    async def compiled(self, executor: Any, document: Document, operation_name: str | None) -> None:
        """What is large is compiled before it is executed, beside the loop: that has alarms to deal with."""
        plans = document.plans
        if plans is None or not isinstance(executor, SelectionExecutor) or not _is_large(document, operation_name):
            return
        if plans.missing(executor):
            await self.documents.aside(partial(plan_ahead, executor, plans))

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Every result's errors pass here, over HTTP and WebSocket, before anything is sent; they change in place."""
        errors[:] = [presented(error) for error in errors]


schema = TwinOverlaySchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Definition],
    execution_context_class=SelectionExecutor,
    config=StrawberryConfig(scalar_map=SCALARS),
)
schema._schema.description = DESCRIPTION


def _admission_of(operation: ExecutionContext) -> Admission:
    return operation.context.admission if isinstance(operation.context, Context) else _NOBODYS


def _is_large(document: Document, operation_name: str | None) -> bool:
    operation = document.asks.operation(operation_name) if document.asks is not None else None
    return document.plans is not None and operation is not None and operation.size > _FIELDS_AT_ONCE


def _unknown(document: Document, name: str | None) -> GraphQLError | None:
    """Where a request does not say which operation it means. Strawberry would take the first of several."""
    names = [
        item.name.value if item.name else None
        for item in document.definitions
        if isinstance(item, OperationDefinitionNode)
    ]
    if name in names if name is not None else len(names) == 1:
        return None
    if not names:
        message = "there is no operation in the document"
    elif name is not None:
        message = f"there is no operation '{name[:100]}' in the document"
    else:
        message = f"there are {len(names)} operations in the document, and none is named"
    known = [item for item in names if item is not None]
    hint = (near(name, known) if name else "") or "give the `operationName` of one that is in the document"
    told = {"code": "OPERATION_UNKNOWN", "hint": hint, "path": "/operationName"}
    return GraphQLError(message, extensions=told)


def _refused(context: ExecutionContext, admission: Admission, errors: Sequence[GraphQLError]) -> PreExecutionError:
    found = [presented(error, admission.settings.introspection) for error in errors]
    admission.traffic.refused_for(found)
    context.pre_execution_errors = found
    return PreExecutionError(data=None, errors=found)


def faults(text: str, settings: GraphQLSettings) -> list[GraphQLError]:
    """Everything that is wrong with a document, its limits included: what would be refused whatever its variables."""
    try:
        document = schema.documents.read(text, settings.max_tokens)
    except (GraphQLError, RecursionError) as error:
        return [presented(error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error))]
    if document.asks is None:
        return [presented(error) for error in document.errors]
    operations = [item for item in document.definitions if isinstance(item, OperationDefinitionNode)]
    if not operations:
        return [presented(GraphQLError("there is no operation in the document"))]
    admission = Admission(settings)
    names = [item.name.value if item.name else None for item in operations]
    found = [admission.admit(document.asks, name, {}) for name in names]
    return [error for item in found if isinstance(item, list) for error in item]


def sdl() -> str:
    """The schema as text, as schema.graphql holds it."""
    roots = "schema {\n  query: Query\n  mutation: Mutation\n  subscription: Subscription\n}"
    return f'"""\n{DESCRIPTION}\n"""\n{roots}\n\n{schema.as_str()}\n'
