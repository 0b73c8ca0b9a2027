"""The scalars of the schema: DateTime (a moment), Long (a counter) and JSON (anything).

In Python a DateTime is the model's whole microseconds, never a `datetime`; it becomes text only as it leaves.
"""

from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from app.model.time import Micros, iso, parse_iso

DateTime = NewType("DateTime", int)
"""Microseconds since 1970 UTC."""
Long = NewType("Long", int)

__all__ = ["JSON", "SCALARS", "DateTime", "Long", "moment"]


def moment(at: Micros | None) -> DateTime | None:
    """The model writes "never" as 0 or None; the schema as null."""
    return at or None  # type: ignore[return-value]


def _parse_moment(value: Any) -> int:
    if not isinstance(value, str):
        raise GraphQLError(f"a DateTime is ISO 8601 text such as 2026-01-02T03:04:05Z, not {value!r}")
    try:
        return parse_iso(value)
    except ValueError:
        raise GraphQLError(f"'{value[:64]}' is not an ISO 8601 date and time such as 2026-01-02T03:04:05Z") from None


def _parse_long(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphQLError(f"a Long is a whole number, not {value!r}")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description=(
            "A moment as ISO 8601 text in UTC with microseconds, always of the same width: "
            "`2026-01-02T03:04:05.000000Z`. Text order is time order."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=iso,
        parse_value=_parse_moment,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A whole number up to 2^53, beyond the 32 bits of Int; a JSON number.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259#section-6",
        serialize=int,
        parse_value=_parse_long,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value: an object, a list, text, a number, a boolean or null.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
