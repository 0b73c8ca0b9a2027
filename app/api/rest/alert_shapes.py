"""Alerts, what happened to them and the audit as the REST face shows them, with their OpenAPI beside them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.model.audit import AlertRecord, AuditEntry
from app.model.events import Alert, Cause, Shelving
from app.model.time import SECOND, Micros, iso
from app.ports import LiveView

Severity = Literal["info", "warning", "error", "critical"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ShelvingShape(_Shape):
    """An alert that a person has put aside for a while."""

    owner_kind: Literal["twin", "overlay"]
    owner_id: str
    behavior: str = Field(description="Empty for the summary of a flood.")
    code: str
    at: str
    until: str
    by: str
    reason: str


class AlertCommentShape(_Shape):
    at: str
    by: str
    text: str


class AlertShape(_Shape):
    """An alert. It is open while `closed_at` is null."""

    alert_id: str
    severity: Severity
    message: str
    code: str = Field(description="Names it among its behavior's alerts.")
    behavior: str
    owner_kind: Literal["twin", "overlay"] = Field(description="Whether a twin or an overlay owns the behavior.")
    owner_id: str
    twin_ids: list[str] = Field(description="The twins it concerns.")
    active: bool
    acknowledged: bool
    ack_required: bool
    latched: bool
    raised_at: str
    cleared_at: str | None
    clear_reason: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None
    comment: str | None
    comments: list[AlertCommentShape] = Field(description="The last 20, oldest first.")
    closed_at: str | None
    annunciated: bool = Field(description="Whether it is to be told to people: not shelved, not suppressed.")
    shelved: ShelvingShape | None = Field(description="Who put it aside; null where nobody has.")
    suppressed_by: list[str] = Field(description="Active behaviors that by design keep it from being annunciated.")
    group: str | None
    first_in_group: bool
    re_alarm: float | None = Field(description="Seconds; null for never.")
    evidence: Literal["true", "false", "unknown"] | None = Field(
        description="What its behavior's condition comes to now; null where it is closed, or its behavior is gone."
    )
    evidence_unknown_since: str | None = Field(
        description="Since when that is unknown; null where it is known, never was, or is null itself."
    )
    lists: list[str] = Field(description="Of the summary of a flood: alerts that it sums up, the first hundred.")


class _PageInfo(_Shape):
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class AlertPage(_Shape):
    items: list[AlertShape]
    page_info: _PageInfo
    total_count: int | None = Field(description="Of open ones; null for closed ones.")


class CauseShape(_Shape):
    kind: str
    ref: str
    at: str


class AlertEventShape(_Shape):
    """Something that happened to an alert."""

    transition: str
    at: str
    by: str | None = Field(description="The person who did it; null where the plant or a timer did.")
    comment: str | None
    late: float = Field(description="Seconds, where its moment fell into the time between two runs; else 0.")
    cause: list[CauseShape] = Field(description="What led to it, nearest first.")
    alert: AlertShape = Field(description="As it became.")
    sequence: int


class AlertHistoryPage(_Shape):
    items: list[AlertEventShape]
    page_info: _PageInfo
    sequence: int = Field(description="The journal entry up to which it is whole.")


class CommentGiven(_Shape):
    comment: str = Field(default="", max_length=10_000, description="What to remember of it.")


class NoteGiven(_Shape):
    comment: str = Field(min_length=1, max_length=10_000, description="What to note.")


class AcknowledgementsGiven(_Shape):
    alert_ids: list[str] = Field(min_length=1, max_length=1000)
    comment: str = Field(default="", max_length=10_000, description="What to remember of each of them.")


class AlertNotAcknowledged(_Shape):
    alert_id: str
    code: Literal["ALERT_NOT_FOUND", "ALERT_ALREADY_ACKNOWLEDGED"]
    message: str


class AlertsAcknowledged(_Shape):
    alerts: list[AlertShape] = Field(description="Those that were, as they are now.")
    left_out: list[AlertNotAcknowledged] = Field(description="Those that were not.")


class ShelvingPage(_Shape):
    items: list[ShelvingShape]
    page_info: _PageInfo
    total_count: int


class ShelvingGiven(_Shape):
    """Which alert, by its id if it is open, or by the other four; how long and why."""

    alert_id: str | None = Field(default=None, description="An open one.")
    owner_kind: Literal["twin", "overlay"] | None = None
    owner_id: str | None = None
    behavior: str | None = None
    code: str | None = Field(default=None, description="The action's index where none is declared.")
    seconds: float = Field(gt=0, description="How long; at most the server's longest, a week by default.")
    reason: str = Field(min_length=1, max_length=10_000, description="Why, for whoever is on shift next.")


class ShelvedShape(_Shape):
    shelving: ShelvingShape
    alert: AlertShape | None = Field(description="The open alert; null where none is.")


class AuditEntryShape(_Shape):
    """Something that somebody did, or was refused."""

    entry_id: str
    at: str
    kind: str
    outcome: str
    actor: str = Field(description="Who: a person (a claim, as X-Actor is), or `owner/behavior`.")
    actor_kind: Literal["person", "behavior", "engine"]
    via: str = Field(description="Which way it came in; empty for the server itself.")
    address: str = Field(description="The host that sent it; empty where it came over no network.")
    subjects: list[str]
    what: str
    reason: str
    code: str | None
    message: str | None
    details: dict[str, Any]
    sequence: int | None


class AuditPage(_Shape):
    items: list[AuditEntryShape]
    page_info: _PageInfo
    sequence: int = Field(description="The journal entry up to which it is whole.")


ALERT_SHAPES: tuple[type[BaseModel], ...] = (
    *(AlertShape, AlertPage, AlertEventShape, AlertHistoryPage),
    *(CommentGiven, NoteGiven, AcknowledgementsGiven, AlertsAcknowledged),
    *(ShelvingShape, ShelvingPage, ShelvingGiven, ShelvedShape),
    *(AuditEntryShape, AuditPage),
)


def alert_document(alert: Alert, live: LiveView) -> dict[str, Any]:
    found = live.alert_evidence(alert.alert_id)
    return {
        "alert_id": alert.alert_id,
        "severity": alert.severity,
        "message": alert.message,
        "code": alert.code,
        "behavior": alert.behavior,
        "owner_kind": alert.owner.kind,
        "owner_id": alert.owner.id,
        "twin_ids": alert.twins,
        "active": alert.active,
        "acknowledged": alert.acknowledged,
        "ack_required": alert.ack_required,
        "latched": alert.latched,
        "raised_at": iso(alert.raised_at),
        "cleared_at": _iso(alert.cleared_at),
        "clear_reason": alert.clear_reason,
        "acknowledged_at": _iso(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by,
        "comment": alert.comment,
        "comments": [{"at": iso(it.at), "by": it.by, "text": it.text} for it in alert.comments],
        "closed_at": _iso(alert.closed_at),
        "annunciated": alert.annunciated,
        "shelved": shelving_document(alert.shelved) if alert.shelved is not None else None,
        "suppressed_by": alert.suppressed_by,
        "group": alert.group or None,
        "first_in_group": alert.first_in_group,
        "re_alarm": alert.re_alarm / SECOND if alert.re_alarm else None,
        "evidence": found.evidence if found is not None else None,
        "evidence_unknown_since": _iso(found.unknown_since) if found is not None else None,
        "lists": alert.lists,
    }


def shelving_document(shelving: Shelving) -> dict[str, Any]:
    key = shelving.key
    return {
        "owner_kind": key.owner.kind,
        "owner_id": key.owner.id,
        "behavior": key.behavior,
        "code": key.code,
        "at": iso(shelving.at),
        "until": iso(shelving.until),
        "by": shelving.by,
        "reason": shelving.reason,
    }


def record_document(record: AlertRecord, live: LiveView) -> dict[str, Any]:
    change = record.change
    return {
        "transition": change.transition,
        "at": iso(change.at),
        "by": change.by,
        "comment": change.comment or None,
        "late": change.late / SECOND,
        "cause": chain(change.cause),
        "alert": alert_document(change.alert, live),
        "sequence": record.sequence,
    }


def entry_document(entry: AuditEntry) -> dict[str, Any]:
    return {
        "entry_id": entry.entry_id,
        "at": iso(entry.at),
        "kind": entry.kind,
        "outcome": entry.outcome,
        "actor": entry.actor,
        "actor_kind": entry.actor_kind,
        "via": entry.origin.via,
        "address": entry.origin.address,
        "subjects": entry.subjects,
        "what": entry.what,
        "reason": entry.reason,
        "code": entry.code or None,
        "message": entry.message or None,
        "details": entry.details,
        "sequence": entry.sequence,
    }


def chain(cause: Cause | None) -> list[dict[str, Any]]:
    found = []
    while cause is not None:
        found.append({"kind": cause.kind, "ref": cause.ref, "at": iso(cause.at)})
        cause = cause.parent
    return found


def _iso(at: Micros | None) -> str | None:
    return iso(at) if at is not None else None
