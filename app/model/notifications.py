"""What is told to people of alerts, and how the targets that it is told to stand."""

from typing import Literal, get_args

import msgspec

from app.model.events import AlertChanged
from app.model.time import Micros

Told = Literal[
    "raised",
    "escalated",
    "re_alarmed",
    "unshelved",
    "unsuppressed",
    "updated",
    "acknowledged",
    "commented",
    "cleared",
    "reset",
    "closed",
]
"""A transition as rules name it: those of alerts, of which being put aside is told to nobody; `escalated` is `raised`
by an escalation."""
TOLD: tuple[Told, ...] = ("raised", "escalated", "re_alarmed", "unshelved", "unsuppressed", "cleared", "reset")
"""Where a rule names none."""
ANY_TOLD: tuple[Told, ...] = get_args(Told)

FIELDS = (
    "severity",
    "transition",
    "message",
    "owner",
    "owner_kind",
    "behavior",
    "code",
    "twins",
    "alert_id",
    "time",
    "raised_at",
    "by",
    "comment",
    "explanation",
    "link",
    "key",
)
"""Of one transition, for texts."""
MESSAGE_FIELDS = ("subject", "text", "severity", "count", "key", "link")
"""Of a message, which may tell of several: the worst severity, the first link."""


class Notification(msgspec.Struct, frozen=True):
    """One transition of an alert that a target is to be told."""

    key: str
    """Unique for ever, and the same whenever it is sent again."""
    sequence: int
    transition: Told
    change: AlertChanged


TargetState = Literal["ok", "retrying", "failed"]


class TargetHealth(msgspec.Struct, frozen=True):
    """Counts are of notifications since the server started."""

    name: str
    kind: Literal["webhook", "mqtt", "smtp"]
    address: str
    """Without whatever may be a secret."""
    state: TargetState
    since: Micros
    last_error: str = ""
    last_error_at: Micros | None = None
    last_sent_at: Micros | None = None
    sent: int = 0
    failed: int = 0
    """Given up: not delivered, and not tried again."""
    tries_failed: int = 0
    pending: int = 0
    """That wait in memory."""
    pending_more: bool = False
    """Whether more may wait behind them, in the journal."""
    oldest_pending_at: Micros | None = None
