"""Lengths of time as text, each way one function: `1h30m`, `500ms`."""

import re
from fractions import Fraction

from app.model.time import SECOND, Micros

_LENGTHS = {
    "d": 86_400 * SECOND,
    "h": 3_600 * SECOND,
    "m": 60 * SECOND,
    "s": SECOND,
    "ms": SECOND // 1000,
    "us": 1,
}
LONGEST: Micros = 366 * _LENGTHS["d"]
"""As the lengths of a behavior that a document gives in seconds."""
LENGTHS_SPELLED = {
    word: unit
    for unit, words in {
        "d": "d day days",
        "h": "h hr hrs hour hours",
        "m": "m min mins minute minutes",
        "s": "s sec secs second seconds",
        "ms": "ms msec millisecond milliseconds",
    }.items()
    for word in words.split()
}
"""Words for units of time, as people write them, and how they are written here."""
_MOST_LETTERS = 100
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)([a-z]+)")


class TooLong(ValueError):
    """A length of time beyond what is taken."""


def read_duration(written: str, longest: Micros = LONGEST) -> Micros:
    """Of `1h30m` or `0.5s`, rounded to microseconds. Raises TooLong beyond `longest`."""
    total = sum(Fraction(number) * _LENGTHS[unit] for number, unit in _PART.findall(written[:_MOST_LETTERS]))
    if total > longest or len(written) > _MOST_LETTERS:
        raise TooLong(written)
    return round(total)


def write_duration(micros: Micros) -> str:
    parts = []
    for unit, length in _LENGTHS.items():
        count, micros = divmod(micros, length)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def exactly(seconds: int | float) -> Micros | None:
    """The length of time that reads back as just so many seconds; None where there is none."""
    micros = round(seconds * SECOND)
    return micros if 0 < micros <= LONGEST and micros / SECOND == seconds else None
