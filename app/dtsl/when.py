"""Days and times of `every weekday at 06:00`, each way one function."""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import get_args
from zoneinfo import available_timezones

from app.model.conditions import Day

WEEK: tuple[Day, ...] = get_args(Day)
DAYS: Mapping[str, frozenset[Day]] = {
    "day": frozenset(WEEK),
    "weekday": frozenset(WEEK[:5]),
    "weekend": frozenset(WEEK[5:]),
    **{day: frozenset((day,)) for day in WEEK},
}
"""What a word after `every` stands for; the first that is exactly right is written."""


def week_order(days: Collection[str]) -> tuple[Day, ...]:
    return tuple(day for day in WEEK if day in days)


def write_days(days: Iterable[Day]) -> str:
    """`weekday`, `monday, friday`."""
    found = frozenset(days)
    return next((word for word, stands_for in DAYS.items() if stands_for == found), ", ".join(week_order(found)))


def read_minute(written: str) -> int | None:
    """Of the day; None where no clock shows it."""
    hour, _, minute = written.partition(":")
    if ":" in minute or int(hour) > 23 or int(minute) > 59:
        return None
    return int(hour) * 60 + int(minute)


def write_minute(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The time zones that there are: `Europe/Berlin`."""
    return frozenset({"UTC", *available_timezones()})
