"""Value: a live value with everything a screen needs beside it.

`number` is a float and loses digits beyond 2^53; `text` never does.
"""

from typing import Any

import msgspec
import strawberry

from app.api.scalars import JSON, DateTime, moment
from app.api.types.enums import OverrideKind, Quality
from app.model import values
from app.model.values import PropertyState

NEVER = PropertyState(reason="NoReading")


@strawberry.type(description="What a person has put over a property: one at a time, until somebody ends it.")
class Override:
    kind: OverrideKind = strawberry.field(description="Out of service, or forced.")
    by: str = strawberry.field(description="Who.")
    at: DateTime = strawberry.field(description="Since when.")
    reason: str = strawberry.field(description="Why, in their words.")
    value: JSON | None = strawberry.field(description="The forced value; null for out of service.")

    @classmethod
    def of(cls, item: values.Override) -> "Override":
        return cls(kind=OverrideKind(item.kind), by=item.by, at=DateTime(item.at), reason=item.reason, value=item.value)


@strawberry.type(
    description="A value with its quality and times. Before the first reading `json` is null and `known` false."
)
class Value:
    state: strawberry.Private[PropertyState]
    measured_in: strawberry.Private[str | None]

    @strawberry.field(description="As it was reported, as plain JSON.")
    def json(self) -> JSON | None:
        found: JSON | None = self.state.value
        return found

    @strawberry.field(description="The value where it is numeric; null otherwise. Beyond 2^53 take `text`.")
    def number(self) -> float | None:
        return as_number(self.state.value)

    @strawberry.field(description="As text, exact for integers of any size; null where there is none.")
    def text(self) -> str | None:
        return as_text(self.state.value)

    @strawberry.field(description="The value where it is a boolean; null otherwise.")
    def boolean(self) -> bool | None:
        return self.state.value if isinstance(self.state.value, bool) else None

    @strawberry.field(description="The unit that the definition gives; null where it gives none.")
    def unit(self) -> str | None:
        return self.measured_in

    @strawberry.field(description="How far it can be trusted.")
    def quality(self) -> Quality:
        return Quality(self.state.quality)

    @strawberry.field(description="Source time: when the device says the value held.")
    def timestamp(self) -> DateTime | None:
        return moment(self.state.timestamp)

    @strawberry.field(description="When it was last reported, the same value included.")
    def reported_at(self) -> DateTime | None:
        return moment(self.state.reported_at)

    @strawberry.field(description="Whether conditions may use it: a value, not bad, its path alive.")
    def known(self) -> bool:
        return self.state.known

    @strawberry.field(
        description=(
            "Why it is not good: EngineeringUnitsExceeded, NoReading, PathSilent, Stale, Unmapped, OutOfService, or "
            "the device's status code; of a computed value `INPUT: REASON`, DivisionByZero, Overflow, NotWhole or "
            "NotInEnum; on a good one Forced, ClockAhead, where the source's time was replaced by that of receipt, "
            "Retained, where an MQTT broker had kept it for nobody knows how long, or SamplesLost, where others before "
            "it were lost on their way."
        )
    )
    def reason(self) -> str | None:
        return self.state.reason

    @strawberry.field(
        description="The connector that it comes by; null while it is not known, and where no device feeds it."
    )
    def path(self) -> str | None:
        return self.state.path

    @strawberry.field(
        description="What a person has put over it, which decides the fields above; null where nobody has."
    )
    def override(self) -> Override | None:
        found = self.state.override
        return Override.of(found) if found is not None else None

    @strawberry.field(
        description="What it would be without the override: what the device reports; null where there is none."
    )
    def reported(self) -> "Value | None":
        found = self.state.reported
        return Value(state=found, measured_in=self.measured_in) if found is not None else None

    @classmethod
    def of(cls, state: PropertyState | None, unit: str | None) -> "Value":
        return cls(state=state or NEVER, measured_in=unit)


def as_number(value: Any) -> float | None:
    if value.__class__ is float:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # an integer above 1.8e308
        return None


def as_text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return msgspec.json.encode(value).decode()
