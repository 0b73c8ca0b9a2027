"""Spans of time and pages in an address; what is wrong with them is 400, because it stands in the question."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Query

from app.errors import Invalid
from app.model.time import Micros, parse_iso

Since = Annotated[
    str | None, Query(description="Not older than this, ISO 8601.", json_schema_extra={"format": "date-time"})
]
Until = Annotated[
    str | None, Query(description="Older than this, ISO 8601.", json_schema_extra={"format": "date-time"})
]


class BadAddress(Invalid):
    """Answered with 400."""


def moment(given: str | None, name: str) -> Micros | None:
    """Raises BadAddress (TIME_INVALID)."""
    if given is None:
        return None
    try:
        return parse_iso(given)
    except (ValueError, OverflowError) as error:
        raise BadAddress(
            f"`{name}` is not a moment: '{given[:100]}'",
            code="TIME_INVALID",
            hint="ISO 8601 with a zone, like 2026-01-02T03:04:05Z; a + is written %2B in an address",
            path=f"/{name}",
        ) from error


@contextmanager
def bad_address() -> Iterator[None]:
    """What is wrong with a page stands in the address too."""
    try:
        yield
    except Invalid as error:
        raise BadAddress(error.message, code=error.code, hint=error.hint, path=error.path) from error
