"""Results as the bytes that clients are sent: a response over HTTP, the payload of a push.

Numbers that JSON has no form for (NaN, infinity) become null; whole numbers keep every digit, however many.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from strawberry.types import ExecutionResult

_encode = msgspec.json.Encoder().encode


def encode(result: ExecutionResult) -> bytes:
    """Errors as `presented` (errors.py) left them: the schema sees to that before anybody gets a result."""
    return _encode(answer_of(result))


def answer_of(result: ExecutionResult) -> Mapping[str, Any]:
    """What the GraphQL specification calls a response; without `data`, not even null, where nothing was executed."""
    if not result.errors and not result.extensions:
        return {"data": result.data}
    found: dict[str, Any] = {"data": result.data} if executed(result) else {}
    if result.errors:
        found["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        found["extensions"] = result.extensions
    return found


def executed(result: ExecutionResult) -> bool:
    """False where the request was refused as a whole, before any field of it was resolved."""
    return result.data is not None or not result.errors or any(error.path is not None for error in result.errors)
