"""Notification targets as the REST face shows them, with their OpenAPI."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.model.notifications import TargetHealth
from app.model.time import Micros, iso


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NotificationTargetShape(_Shape):
    """Whom alerts are told to. Counts are of transitions, since the server started."""

    name: str
    kind: Literal["webhook", "mqtt", "smtp"]
    address: str = Field(description="As far as it is no secret.")
    state: Literal["ok", "retrying", "failed"]
    since: str
    last_error: str | None
    last_error_at: str | None
    last_sent_at: str | None
    sent: int
    failed: int = Field(description="Given up; the audit has which.")
    tries_failed: int
    pending: int = Field(description="That wait in memory.")
    pending_more: bool = Field(description="Whether more may wait behind them, in the journal.")
    oldest_pending_at: str | None


class NotificationTargetsShape(_Shape):
    items: list[NotificationTargetShape] = Field(description="In the order of the settings.")


class NotificationTestedShape(_Shape):
    target: NotificationTargetShape
    warning: str | None = Field(description="What was not right although the message was taken.")


NOTIFICATION_SHAPES: tuple[type[BaseModel], ...] = (
    NotificationTargetShape,
    NotificationTargetsShape,
    NotificationTestedShape,
)


def target_document(health: TargetHealth) -> dict[str, Any]:
    return {
        "name": health.name,
        "kind": health.kind,
        "address": health.address,
        "state": health.state,
        "since": iso(health.since),
        "last_error": health.last_error or None,
        "last_error_at": _moment(health.last_error_at),
        "last_sent_at": _moment(health.last_sent_at),
        "sent": health.sent,
        "failed": health.failed,
        "tries_failed": health.tries_failed,
        "pending": health.pending,
        "pending_more": health.pending_more,
        "oldest_pending_at": _moment(health.oldest_pending_at),
    }


def _moment(at: Micros | None) -> str | None:
    return iso(at) if at is not None else None
