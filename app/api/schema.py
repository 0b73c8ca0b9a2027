"""The schema: what a client can ask, and how much of it before anything is executed.

schema.graphql at the repository root is `sdl()`; a test holds the two equal, so a change of the API is a change one
sees in a diff.
"""

from typing import Any

import strawberry
from graphql import ASTValidationRule, GraphQLError, specified_rules
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import MaxAliasesLimiter, QueryDepthLimiter
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext
from strawberry.types.execution import PreExecutionError

from app.api.documents import Documents
from app.api.errors import presented
from app.api.executor import SelectionExecutor
from app.api.mutations import Mutation
from app.api.queries import Query
from app.api.scalars import SCALARS
from app.api.subscriptions import Subscription
from app.api.types.node import Definition

MAX_DEPTH = 15
MAX_TOKENS = 20_000
MAX_ALIASES = 200
_RULES: tuple[type[ASTValidationRule], ...] = (
    *specified_rules,
    *QueryDepthLimiter(max_depth=MAX_DEPTH).validation_rules,
    *MaxAliasesLimiter(max_alias_count=MAX_ALIASES).validation_rules,
)


class TwinOverlaySchema(strawberry.Schema):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.documents = Documents(self._schema, _RULES)

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        """Instead of Strawberry's, which parses and validates every time or asks its extensions, at a cost, not to."""
        if not context.query:
            raise MissingQueryError
        try:
            document = self.documents.read(context.query, MAX_TOKENS)
        except GraphQLError as error:
            return _refused(context, error)
        except RecursionError as error:
            return _refused(context, GraphQLError(str(error), original_error=error))
        context.graphql_document = document
        try:
            operation_type = context.operation_type
        except RuntimeError as error:
            raise CannotGetOperationTypeError(context.operation_name) from error
        if operation_type not in context.allowed_operations:
            raise InvalidOperationTypeError(operation_type)
        return _refused(context, *document.errors) if document.errors else None

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


def _refused(context: ExecutionContext, *errors: GraphQLError) -> PreExecutionError:
    context.pre_execution_errors = list(errors)
    return PreExecutionError(data=None, errors=context.pre_execution_errors)


def sdl() -> str:
    """The schema as text, as schema.graphql holds it."""
    return schema.as_str() + "\n"
