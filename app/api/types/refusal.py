"""Why a call was refused here: interlocks with what they stood on, or a limit with its end."""

import strawberry

from app.api.scalars import DateTime, moment
from app.api.types.enums import Evidence, OwnerKind, RefusalCode
from app.model import events


@strawberry.type(description="An input of an interlock that was not known.")
class UnknownInput:
    what: str = strawberry.field(description="`pump_123.level`, or what is wrong with the interlock itself.")
    reason: str = strawberry.field(description="Why it is not known, such as `NoReading` or `PathSilent`.")


@strawberry.type(description="An interlock that stood against a call as it would have been sent.")
class InterlockVerdict:
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin or an overlay owns it.")
    owner_id: strawberry.ID = strawberry.field(description="The twinId or overlayId of its owner.")
    interlock: str = strawberry.field(description="Its name.")
    truth: Evidence = strawberry.field(description="What its condition came to: TRUE or UNKNOWN.")
    condition: str = strawberry.field(name="while", description="The condition, in the JSON notation.")
    unknown: list[UnknownInput] = strawberry.field(description="What kept it UNKNOWN; empty where it was TRUE.")

    @classmethod
    def of(cls, item: events.InterlockVerdict) -> "InterlockVerdict":
        return cls(
            owner_kind=OwnerKind(item.owner.kind),
            owner_id=strawberry.ID(item.owner.id),
            interlock=item.name,
            truth=Evidence(item.truth),
            condition=item.condition,
            unknown=[UnknownInput(what=found.what, reason=found.reason) for found in item.unknown],
        )


@strawberry.type(description="Why a call was refused before it was sent: the device never heard of it.")
class Refusal:
    code: RefusalCode = strawberry.field(description="What refused it.")
    interlocks: list[InterlockVerdict] = strawberry.field(description="Those that stood against it.")
    retry_at: DateTime | None = strawberry.field(description="When it may be sent again; null where no limit refused.")

    @classmethod
    def of(cls, item: events.Refusal) -> "Refusal":
        return cls(
            code=RefusalCode(item.code),
            interlocks=[InterlockVerdict.of(verdict) for verdict in item.interlocks],
            retry_at=moment(item.retry_at),
        )
