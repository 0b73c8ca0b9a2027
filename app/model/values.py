"""Values as devices report and people set them, and what we know of a property at a moment.

A value is plain JSON data. `None` is "no value yet" and never a reading.
"""

from typing import Any, Literal

import msgspec

from app.model.time import Micros

Value = Any
"""bool, int, float, str, list, dict or None; msgspec and the type checker both take Any, so the rule is this line."""

MAX_SIZE = 65_536
"""Of one value: one for each number, list, object and so on in it, and one for each character of text."""

Quality = Literal["good", "uncertain", "bad"]

OverrideKind = Literal["out_of_service", "forced"]
OUT_OF_SERVICE = "OutOfService"
FORCED = "Forced"
RETAINED = "Retained"
SAMPLES_LOST = "SamplesLost"


class Override(msgspec.Struct, frozen=True, array_like=True):
    """What a person has put over a property: out of service (nobody may use it) or forced (this value, for everybody).

    One at a time. What the device reports goes on being taken underneath and is back when the override ends.
    """

    kind: OverrideKind
    by: str
    at: Micros
    reason: str
    value: Value = None
    """The forced value; None for out of service."""


class PropertyState(msgspec.Struct, frozen=True):
    """The live state of one property. `value` stays the last one known while `quality` or the path goes bad."""

    value: Value = None
    quality: Quality = "bad"
    timestamp: Micros = 0
    """Source time of the value; 0 where there never was one."""
    reported_at: Micros = 0
    """When it was last reported, the same value included."""
    reason: str | None = None
    """Why it is not good: EngineeringUnitsExceeded, a status code's name, NoReading, PathSilent, Stale, Unmapped,
    OutOfService; of a computed one `INPUT: REASON`, DivisionByZero, Overflow, NotWhole, NotInEnum; on a good one Forced
    (OPC UA's Good_LocalOverride), `INPUT: Forced`, ClockAhead, where the source's time was replaced by that of receipt,
    Retained, where an MQTT broker had kept it for nobody knows how long, or SamplesLost, where others before it were
    lost on their way."""
    known: bool = False
    """Whether conditions may use it: a value, not bad, and its path alive."""
    override: Override | None = None
    """What a person has put over it; the fields above are then what everybody sees because of it."""
    reported: "PropertyState | None" = None
    """What it would be without its override; None where it has none."""
    path: str | None = None
    """The connector that it comes by; None while it is not known, and where no device feeds it."""


def in_effect(reported: PropertyState, override: Override | None) -> PropertyState:
    """What everybody sees: what is reported, or what a person has put over it.

    A property out of service goes on showing what is reported; it is bad, so nothing may use it.
    """
    if override is None:
        return reported
    if override.kind == "forced":
        return PropertyState(override.value, "good", override.at, override.at, FORCED, True, override, reported)
    return PropertyState(
        reported.value, "bad", reported.timestamp, reported.reported_at, OUT_OF_SERVICE, False, override, reported
    )


def size(value: Value) -> int:
    """Stops counting once it is beyond MAX_SIZE."""
    count = 0
    waiting = [value]
    while waiting and count <= MAX_SIZE:
        item = waiting.pop()
        count += 1
        if isinstance(item, str):
            count += len(item)
        elif isinstance(item, list):
            waiting += item[: MAX_SIZE + 1]
        elif isinstance(item, dict):
            count += sum(map(len, item))
            waiting += item.values()
    return count
