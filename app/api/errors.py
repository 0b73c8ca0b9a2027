"""How an error leaves the API: every one carries `extensions.code` and a hint, and nothing internal goes with it.

Whatever is not in the tree of app/errors.py is a bug here: the client gets INTERNAL and a reference, the log the rest
under the same reference.
"""

import re
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError, ValueNode
from strawberry.schema.exceptions import InvalidOperationTypeError

from app.api.masking import internal
from app.commands.scripts import ScriptInvalid
from app.errors import TwinOverlayError

_SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)


def presented(error: GraphQLError, suggests: bool = True) -> GraphQLError:
    """The error as a client may see it. Presenting one twice changes nothing. Without `suggests` it keeps back names of
    the schema that the client did not give."""
    if "code" in (error.extensions or {}):
        return error
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, ScriptInvalid):
        told = [item.to_json() for item in cause.diagnostics]
        return _with(error, cause.message, {**cause.extensions(), "diagnostics": told})
    if isinstance(cause, TwinOverlayError):
        return _with(error, cause.message, cause.extensions())
    if isinstance(error, GraphQLSyntaxError):
        if "tokens. Parsing aborted" in error.message:
            found = {"code": "TOKENS_EXCEEDED", "hint": "ask for less at a time; give lists as variables"}
            return _with(error, error.message.removeprefix("Syntax Error: "), found)
        return _with(error, error.message, {"code": "GRAPHQL_PARSE_FAILED", "hint": "check the GraphQL document"})
    if error.message == "Validation aborted.":  # the bound in documents.py, which graphql-core tells in no other words
        found = {"code": "FIELDS_EXCEEDED", "hint": "ask for less at a time; write each field of an object once"}
        return _with(error, "fields of the same names are too many to be compared with each other", found)
    if isinstance(cause, RecursionError) and error.path is None:
        found = {"code": "GRAPHQL_PARSE_FAILED", "hint": "ask for less depth"}
        return _with(error, "the document is nested too deeply", found)
    if isinstance(cause, InvalidOperationTypeError) or (
        isinstance(cause, GraphQLError) and (error.path is None or _of_an_argument(error))
    ):
        found = {"code": "GRAPHQL_VALIDATION_FAILED", "hint": "compare the request with the schema (schema.graphql)"}
        return _with(error, error.message if suggests else _SUGGESTION.sub("", error.message), found)
    return _masked(error, cause)


def _of_an_argument(error: GraphQLError) -> bool:
    """Whether the client's variables do not fit where they stand, as null for an argument that must not be. What is
    wrong with an answer stands at its field."""
    return bool(error.nodes) and all(isinstance(node, ValueNode) for node in error.nodes or ())


def _masked(error: GraphQLError, cause: BaseException) -> GraphQLError:
    where = ".".join(str(part) for part in error.path or ()) or "the request"
    return _with(error, "internal error", internal(cause, where))


def _with(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
