"""A message to one target: of one transition, of several, or to try the target out; and its document in JSON.

Its key is that of its one transition. One of several has a key of its own, which may differ when it is tried again,
since more or fewer may be in it then: those in it have theirs.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.model.notifications import Notification
from app.model.time import Micros, iso
from app.notify.texts import Fields, Texts, of_several, worst


@dataclass(frozen=True, slots=True)
class Message:
    key: str
    subject: str
    text: str
    fields: Fields
    """MESSAGE_FIELDS."""
    document: dict[str, Any]
    thread: str = ""
    """The alert, where it is about one."""


def message_of(told: Sequence[Notification], target: str, installation: str, texts: Texts) -> Message:
    """At least one."""
    fields = [texts.fields(item) for item in told]
    subjects = [texts.subject(item) for item in fields]
    bodies = [texts.text(item, found) for item, found in zip(told, fields, strict=True)]
    if len(told) == 1:
        key, subject, text = told[0].key, subjects[0], bodies[0]
    else:
        key = _together(installation, told)
        subject, text = of_several(told, subjects, bodies)
    return Message(
        key,
        subject,
        text,
        _fields(key, subject, text, worst(told).upper(), len(told), fields[0]["link"]),
        {
            **_head(key, target, installation, subject, text),
            "notifications": [_document(item, found) for item, found in zip(told, fields, strict=True)],
        },
        told[0].change.alert.alert_id if len(told) == 1 else "",
    )


def test_message(target: str, installation: str, by: str, at: Micros) -> Message:
    key = f"{installation}/test/{target}/{at}"
    subject = f"Test of the notification target {target}"
    text = f"{by} asked Twin Overlay for this message at {iso(at)}. Nothing is wrong, and this is not about an alert."
    document = {**_head(key, target, installation, subject, text), "test": True, "notifications": []}
    return Message(key, subject, text, _fields(key, subject, text, "INFO", 0, ""), document)


def _together(installation: str, told: Sequence[Notification]) -> str:
    keys = "\n".join(item.key for item in told).encode()
    return f"{installation}/together/{hashlib.blake2b(keys, digest_size=12).hexdigest()}"


def _fields(key: str, subject: str, text: str, severity: str, count: int, link: str) -> Fields:
    return {"key": key, "subject": subject, "text": text, "severity": severity, "count": str(count), "link": link}


def _head(key: str, target: str, installation: str, subject: str, text: str) -> dict[str, Any]:
    return {
        "idempotency_key": key,
        "installation": installation,
        "target": target,
        "subject": subject,
        "text": text,
    }


def _document(told: Notification, fields: Fields) -> dict[str, Any]:
    change, alert = told.change, told.change.alert
    return {
        "idempotency_key": told.key,
        "sequence": told.sequence,
        "transition": told.transition,
        "at": iso(change.at),
        "by": change.by,
        "comment": change.comment or None,
        "explanation": fields["explanation"] or None,
        "link": fields["link"] or None,
        "alert": {
            "alert_id": alert.alert_id,
            "severity": alert.severity,
            "message": alert.message,
            "code": alert.code,
            "behavior": alert.behavior,
            "owner_kind": alert.owner.kind,
            "owner_id": alert.owner.id,
            "twin_ids": list(alert.twins),
            "active": alert.active,
            "acknowledged": alert.acknowledged,
            "raised_at": iso(alert.raised_at),
            "cleared_at": _moment(alert.cleared_at),
            "clear_reason": alert.clear_reason,
            "acknowledged_at": _moment(alert.acknowledged_at),
            "acknowledged_by": alert.acknowledged_by,
            "closed_at": _moment(alert.closed_at),
            "lists": list(alert.lists),
            "listed": alert.listed,
        },
    }


def _moment(at: Micros | None) -> str | None:
    return iso(at) if at is not None else None
