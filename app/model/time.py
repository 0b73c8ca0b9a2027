"""Moments are whole microseconds since 1970 UTC, as `int`; text is ISO 8601 of fixed width.

Fixed width ("2026-01-02T03:04:05.000000Z") makes text order equal time order, which the graph's indexes rely on.
Nothing here reads a clock: moments come in from the Clock port.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Micros = int
SECOND: Micros = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST: Micros = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
LAST: Micros = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
"""The moments that have a text, year 1 to 9999."""
_LEAP = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:)60")


@lru_cache(maxsize=8192)
def iso(moment: Micros) -> str:
    """`1767323045000000` -> `"2026-01-02T03:04:05.000000Z"`."""
    # Remembered, and by the second as well: the times of a page of twins were a third of what answering it cost.
    seconds, micros = divmod(moment, SECOND)
    return f"{_to_the_second(seconds)}.{micros:06}Z"


@lru_cache(maxsize=1024)
def _to_the_second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:-6]


def in_seconds(micros: Micros) -> str:
    """`1_500_000` -> `1.5 s`, for people."""
    return f"{micros / SECOND:g} s"


def from_datetime(value: datetime) -> Micros:
    """Microseconds of a datetime; one without a zone is UTC (asyncua and many devices send such)."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def to_datetime(moment: Micros) -> datetime:
    return _EPOCH + timedelta(microseconds=moment)


def parse_iso(text: str) -> Micros:
    """ISO 8601 text to microseconds, all of RFC 3339 included: a leap second is the second after it, and what its year
    0 or its zone puts outside the years 1 to 9999 is the nearest moment in them. Raises ValueError where it is not a
    date and time."""
    if (
        len(text) == 27
        and text[26] == "Z"
        and text[19] == "."
        and text[16] == ":"  # without signs between, what stands before that point would have a fraction already
        and text[20:26].isdecimal()
        and text.isascii()
    ):
        moment = _of_the_second(text[:19])  # our own form, and that of most devices, most of which mean this second
        if moment > FIRST:
            return min(moment + int(text[20:26]), LAST)
    return _parsed(text)


@lru_cache(maxsize=1024)
def _of_the_second(text: str) -> Micros:
    return _parsed(f"{text}Z")


def _parsed(text: str) -> Micros:
    text = text.upper()
    plain, leaps = _LEAP.subn(r"\g<1>59", text)
    year_0 = plain.startswith("0000-")
    if year_0:
        plain = f"0004{plain[4:]}"  # a leap year as well
    moment = from_datetime(datetime.fromisoformat(plain)) + (SECOND if leaps else 0)
    return FIRST if year_0 else min(max(moment, FIRST), LAST)
