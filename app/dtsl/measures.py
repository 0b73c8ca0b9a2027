"""Units of numbers that meet: which may, and how one becomes a number in the other's unit.

A number without a unit is taken in the unit of what it meets. Temperatures have a zero of their own, so it matters
whether a number is a reading (80 °C is 176 °F) or the difference of two (5 °C more are 9 °F more): that is `weight`.
"""

from dataclasses import dataclass
from math import isnan, nan

from app.model.units import Conversion, NotConvertible, conversion, is_unit

_LONGEST = 60
"""Of a unit put together; what is longer is not looked at."""


@dataclass(frozen=True, slots=True)
class Measure:
    unit: str | None = None
    """None where it is not told."""
    weight: float | None = 1.0
    """How often the unit's zero is in it: 1 of a reading, 0 of a difference. None for what is written out, which takes
    that of what it meets; NaN where nobody can tell."""


UNTOLD = Measure(None, nan)
PURE = Measure(None, None)
NUMBER_OF = Measure("1", 0.0)
"""Of what counts members: a mere number, which no unit but one like `count` may meet."""


class Apart(ValueError):
    """Two measures that can't meet; says why."""


def straight(given: Measure, wanted: Measure) -> Conversion | None:
    """From numbers in the one to numbers in the other; None where they stay as they are. Raises Apart."""
    if given.unit is None or wanted.unit is None or given.unit == wanted.unit:
        return None
    if NUMBER_OF.unit in (given.unit, wanted.unit):
        _must_be_mere(wanted.unit if given.unit == NUMBER_OF.unit else given.unit)
        return None
    try:
        found = conversion(given.unit, wanted.unit)
    except NotConvertible as error:
        if not (is_unit(given.unit) and is_unit(wanted.unit)):
            return None  # told where it is written; of one put together the library may know nothing
        raise Apart(f"{shown(given)} and {shown(wanted)} measure different things") from error
    if found is None or found.shift == 0:
        return found
    weight = given.weight if given.weight is not None else wanted.weight
    if weight is None:
        weight = 1.0
    if isnan(weight) or (None not in (given.weight, wanted.weight) and given.weight != wanted.weight):
        raise Apart(f"{shown(given)} becomes {shown(wanted)} only for a reading, or for a difference of two")
    return Conversion(found.factor, found.shift * weight, found.divisor)


@dataclass(frozen=True, slots=True)
class Meeting:
    """How two numbers come to one unit: that of the right one where it leads, else that of the left one."""

    right_leads: bool
    conversion: Conversion | None
    """Of the one that does not lead."""


def meeting(left: Measure, right: Measure, *, summing: bool = False) -> Meeting:
    """What is written out is put into the unit of what is not. Raises Apart."""
    if left.unit is None or right.unit is None:
        return Meeting(left.unit is None, None)
    right_leads = left.weight is None and right.weight is not None
    given, wanted = (left, right) if right_leads else (right, left)
    if summing and given.weight is None:  # 20 °C less than what is it: a temperature, or twenty degrees?
        given = Measure(given.unit, nan)
    return Meeting(right_leads, straight(given, wanted))


def summed(left: Measure, right: Measure, sign: int, met: Meeting) -> Measure:
    """Of `left + right` or `left - right`."""
    unit = (right if met.right_leads else left).unit
    if left.weight is None and right.weight is None:
        return Measure(unit, None)
    if left.weight is None or right.weight is None:
        return Measure(unit, nan)
    return Measure(unit, left.weight + sign * right.weight)


def product(left: Measure, right: Measure, factor: float | None) -> Measure:
    """`factor` where one side is a mere number that is written out."""
    if left.unit is None or right.unit is None:
        return _scaled(left if right.unit is None else right, left, right, factor)
    if NUMBER_OF.unit in (left.unit, right.unit):
        return Measure(right.unit if left.unit == NUMBER_OF.unit else left.unit, nan)
    return _made(f"({left.unit})*({right.unit})")


def quotient(left: Measure, right: Measure, divisor: float | None) -> Measure:
    """`divisor` where the right side is a mere number that is written out."""
    if right.unit is None:
        return _scaled(left, left, right, 1 / divisor if divisor else None)
    if right.unit == NUMBER_OF.unit:
        return NUMBER_OF if left.unit == NUMBER_OF.unit else Measure(left.unit, nan)
    if left.unit == right.unit:
        return PURE if left.weight is None and right.weight is None else UNTOLD
    if left.unit is None:
        return _made(f"1/({right.unit})") if left == PURE else UNTOLD
    return _made(f"({left.unit})/({right.unit})")


def per_second(measure: Measure) -> Measure:
    return UNTOLD if measure.unit is None else _made(f"({measure.unit})/s")


def put_together(measure: Measure) -> bool:
    """Whether its unit is a product or a quotient that was made here."""
    return measure.unit is not None and "(" in measure.unit


def _must_be_mere(unit: str) -> None:
    """Raises Apart."""
    try:
        mere = conversion("1", unit) is None
    except NotConvertible:
        mere = False
    if not mere:
        raise Apart(f"the one is a mere number, the other in '{unit}'")


def shown(measure: Measure) -> str:
    return f"'{measure.unit}'"


def told(measure: Measure) -> str:
    """What stands behind a number that people read; "" for a mere number, and for a unit that was made here."""
    return "" if measure.unit is None or measure == NUMBER_OF or put_together(measure) else measure.unit


def _scaled(united: Measure, left: Measure, right: Measure, factor: float | None) -> Measure:
    if PURE not in (left, right):  # a number that nobody gave a unit may be of any
        return UNTOLD
    if united.unit is None:
        return PURE if left == right else UNTOLD
    return Measure(united.unit, None if united.weight is None else united.weight * factor if factor else nan)


def _made(unit: str) -> Measure:
    return Measure(unit, 0.0) if len(unit) <= _LONGEST else UNTOLD
