"""Moments are whole microseconds since 1970 UTC, as `int`; text is ISO 8601 of fixed width.

Fixed width ("2026-01-02T03:04:05.000000Z") makes text order equal time order, which the graph's indexes rely on.
Nothing here reads a clock: moments come in from the Clock port.
"""

from datetime import UTC, datetime, timedelta

Micros = int
SECOND: Micros = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(moment: Micros) -> str:
    """`1767323045000000` -> `"2026-01-02T03:04:05.000000Z"`."""
    return (_EPOCH + timedelta(microseconds=moment)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_datetime(value: datetime) -> Micros:
    """Microseconds of a datetime; one without a zone is UTC (asyncua and many devices send such)."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def to_datetime(moment: Micros) -> datetime:
    return _EPOCH + timedelta(microseconds=moment)


def parse_iso(text: str) -> Micros:
    """ISO 8601 text to microseconds. Raises ValueError where it is not a date and time."""
    return from_datetime(datetime.fromisoformat(text))
