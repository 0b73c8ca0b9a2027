"""The schema: what a client can ask, and how much of it before anything is executed.

schema.graphql at the repository root is `sdl()`; a test holds the two equal, so a change of the API is a change one
sees in a diff.
"""

import contextlib
from collections.abc import Iterator

import strawberry
from graphql import GraphQLError
from strawberry.extensions import (
    AddValidationRules,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    QueryDepthLimiter,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from app.api.errors import presented
from app.api.executor import EventExecutor
from app.api.mutations import Mutation
from app.api.queries import Query
from app.api.scalars import SCALARS
from app.api.subscriptions import Subscription
from app.api.types.node import Definition

MAX_DEPTH = 15
MAX_TOKENS = 20_000
MAX_ALIASES = 200
CACHED_DOCUMENTS = 500
MAX_CACHED_LENGTH = 32_768
"""Characters: a longer document is read anew each time, so that no client can fill the memory with them."""

# The rules are made once: the validation cache is keyed by them, and the limiters make new ones each time.
_LIMITS = [
    *QueryDepthLimiter(max_depth=MAX_DEPTH).validation_rules,
    *MaxAliasesLimiter(max_alias_count=MAX_ALIASES).validation_rules,
]


class _ParseOnce(ParserCache):
    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        if len(context.query or "") <= MAX_CACHED_LENGTH:
            # A document that can't be parsed is parsed again after this hook: only there its error becomes an answer.
            with contextlib.suppress(GraphQLError, RecursionError):
                context.graphql_document = self.cached_parse_document(context.query, **context.parse_options)
        yield


class _ValidateOnce(ValidationCache):
    def on_validate(self) -> Iterator[None]:
        if len(self.execution_context.query or "") <= MAX_CACHED_LENGTH:
            yield from super().on_validate()
        else:
            yield


class TwinOverlaySchema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Every result's errors pass here, over HTTP and WebSocket, before anything is sent; they change in place."""
        errors[:] = [presented(error) for error in errors]


schema = TwinOverlaySchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Definition],
    execution_context_class=EventExecutor,
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
        lambda: AddValidationRules(_LIMITS),
        lambda: _ParseOnce(maxsize=CACHED_DOCUMENTS),
        lambda: _ValidateOnce(maxsize=CACHED_DOCUMENTS),
    ],
)


def sdl() -> str:
    """The schema as text, as schema.graphql holds it."""
    return schema.as_str() + "\n"
