"""NotificationTarget: whom alerts are told to, and whether it takes what it is told."""

import strawberry

from app.api.ids import global_id
from app.api.scalars import DateTime, Long, moment
from app.api.types.enums import NotificationKind, NotificationTargetState
from app.api.types.node import Node
from app.model.notifications import TargetHealth


@strawberry.type(
    description="Whom alerts are told to: a web address, a broker's topic, mail addresses. The settings declare it."
)
class NotificationTarget(Node):
    name: str = strawberry.field(description="Unique among the targets.")
    kind: NotificationKind = strawberry.field(description="How it is told.")
    address: str = strawberry.field(description="Where, as far as that is no secret.")
    state: NotificationTargetState = strawberry.field(description="Whether it takes what it is told.")
    since: DateTime = strawberry.field(description="Since when it has this state.")
    last_error: str | None = strawberry.field(description="What went wrong last; null where nothing did.")
    last_error_at: DateTime | None = strawberry.field(description="When that was.")
    last_sent_at: DateTime | None = strawberry.field(description="When it last took something.")
    sent: Long = strawberry.field(description="Transitions that it was told since the server started.")
    failed: Long = strawberry.field(
        description="Given up since the server started: not delivered, and not tried again; the audit has which."
    )
    tries_failed: Long = strawberry.field(description="Tries that came to nothing since the server started.")
    pending: int = strawberry.field(description="Transitions that wait for it in memory.")
    pending_more: bool = strawberry.field(description="Whether more may wait behind them, in the journal.")
    oldest_pending_at: DateTime | None = strawberry.field(description="When the first of them happened.")

    @classmethod
    def of(cls, health: TargetHealth) -> "NotificationTarget":
        return cls(
            id=global_id("NotificationTarget", health.name),
            name=health.name,
            kind=NotificationKind(health.kind),
            address=health.address,
            state=NotificationTargetState(health.state),
            since=DateTime(health.since),
            last_error=health.last_error or None,
            last_error_at=moment(health.last_error_at),
            last_sent_at=moment(health.last_sent_at),
            sent=Long(health.sent),
            failed=Long(health.failed),
            tries_failed=Long(health.tries_failed),
            pending=health.pending,
            pending_more=health.pending_more,
            oldest_pending_at=moment(health.oldest_pending_at),
        )
