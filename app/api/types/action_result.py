"""ActionResult: what became of one action of a behavior, as far as the behavior goes."""

import strawberry

from app.api.types.enums import ActionOutcome
from app.model import events


@strawberry.type(description="What became of one action of a behavior.")
class ActionResult:
    action: str = strawberry.field(description="Such as `alert hot`, `call backup.start`, `write outlet.position`.")
    result: ActionOutcome = strawberry.field(description="What became of it.")
    reason: str | None = strawberry.field(description="Why it was withheld or skipped; null where it was not.")
    call_id: strawberry.ID | None = strawberry.field(
        description="The call that it made, or that it waits or waited for; null where there is none."
    )

    @classmethod
    def of(cls, item: events.ActionResult) -> "ActionResult":
        return cls(
            action=item.action,
            result=ActionOutcome(item.result),
            reason=item.reason or None,
            call_id=strawberry.ID(item.call_id) if item.call_id is not None else None,
        )
