"""Timer: something of a behavior that waits for its moment."""

import strawberry

from app.api.scalars import DateTime, moment
from app.api.types.kinds import TimerKind
from app.model import events
from app.model.time import SECOND


@strawberry.type(description="Something of a behavior that waits for its moment.")
class Timer:
    kind: TimerKind = strawberry.field(description="What waits.")
    about: str = strawberry.field(
        description="Which: the code of an alert, the index of an escalation, or of an expectation among the actions."
    )
    since: DateTime = strawberry.field(description="When it started.")
    due: DateTime | None = strawberry.field(description="When its moment comes; null while it is paused.")
    paused_since: DateTime | None = strawberry.field(
        description="Since when what it hangs on has not been known; null while it runs."
    )
    remaining: float | None = strawberry.field(description="Seconds that a paused one has left; null while it runs.")

    @classmethod
    def of(cls, item: events.Timer) -> "Timer":
        kind, _, about = item.key.slot.partition("/")
        runs = item.due is not None
        return cls(
            kind=TimerKind(kind),
            about=about,
            since=DateTime(item.since),
            due=moment(item.due),
            paused_since=None if runs else moment(item.paused_at),
            remaining=None if runs else item.remaining / SECOND,
        )
