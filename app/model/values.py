"""Values as devices report and people set them, and what we know of a property at a moment.

A value is plain JSON data. `None` is "no value yet" and never a reading.
"""

from typing import Any, Literal

import msgspec

from app.model.time import Micros

Value = Any
"""bool, int, float, str, list, dict or None; msgspec and the type checker both take Any, so the rule is this line."""

Quality = Literal["good", "uncertain", "bad"]


class PropertyState(msgspec.Struct, frozen=True):
    """The live state of one property. `value` stays the last one known while `quality` or the path goes bad."""

    value: Value = None
    quality: Quality = "bad"
    timestamp: Micros = 0
    """Source time of the value; 0 where there never was one."""
    reported_at: Micros = 0
    """When it was last reported, the same value included."""
    reason: str | None = None
    """Why it is not good: EngineeringUnitsExceeded, a status code's name, NoReading, PathSilent, Stale, Unmapped; on a
    good one ClockAhead, where the source's time was replaced by that of receipt."""
    known: bool = False
    """Whether conditions may use it: a value, not bad, and its path alive."""
