"""When a schedule comes next, by the clocks of its zone.

A time of day that a zone's clocks skip comes at the first moment after the gap; one that they show twice comes the
first time. Zones are data: nothing here knows what time it is.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.model.conditions import Day, Every
from app.model.time import SECOND, Micros, from_datetime, to_datetime

DAYS: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def known_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # no such file, no file name, a folder
        return False
    return True


def next_after(schedule: Every, after: Micros) -> Micros:
    """By wall time. The first moment later than `after`."""
    zone = ZoneInfo(schedule.zone)
    day = to_datetime(after).astimezone(zone).date() - timedelta(days=1)
    while True:
        if not schedule.days or DAYS[day.weekday()] in schedule.days:
            moment = _moment(day, schedule.minute, zone)
            if moment > after:
                return moment
        day += timedelta(days=1)


def _moment(day: date, minute: int, zone: ZoneInfo) -> Micros:
    local = datetime.combine(day, time(minute // 60, minute % 60))
    first = from_datetime(local.replace(tzinfo=zone, fold=0).astimezone(UTC))
    if to_datetime(first).astimezone(zone).replace(tzinfo=None) == local:
        return first
    # In a gap: reckoned with the offset of either side it falls on the other one. The clocks jump in between.
    before, after = from_datetime(local.replace(tzinfo=zone, fold=1).astimezone(UTC)) // SECOND, first // SECOND
    offset = _offset(before, zone)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after * SECOND


def _offset(second: int, zone: ZoneInfo) -> timedelta | None:
    return to_datetime(second * SECOND).astimezone(zone).utcoffset()
