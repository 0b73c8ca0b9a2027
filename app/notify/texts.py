"""What a message says: one transition in plain English with the explanation, or several of them together.

An explanation that fails is left out, not the message: people are to hear of the alert whatever else is wrong.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from app.model.behaviors import Severity
from app.model.events import Alert
from app.model.notifications import Notification, Told
from app.model.templates import Hole, Template, template
from app.model.time import SECOND, Micros, to_datetime

log = logging.getLogger("twin_overlay.notify")
Explain = Callable[[Alert], str]
Fields = dict[str, str]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error", "critical")
MAX_SUBJECT = 200
_SUBJECT = "[{severity}] {transition}: {message} ({owner})"
_WORDS: dict[Told, str] = {
    "re_alarmed": "still active",
    "unshelved": "no longer shelved",
    "unsuppressed": "no longer suppressed",
}


class Texts:
    """Of one target."""

    def __init__(self, subject: str, text: str, link: str, zone: ZoneInfo, explain: Explain) -> None:
        self._subject = template(subject or _SUBJECT)
        self._text = template(text) if text else None
        self._link = template(link)
        self._zone = zone
        self._explain = explain

    def fields(self, told: Notification) -> Fields:
        change, alert = told.change, told.change.alert
        fields = {
            "severity": alert.severity.upper(),
            "transition": _WORDS.get(told.transition, told.transition),
            "message": alert.message,
            "owner": alert.owner.id,
            "owner_kind": alert.owner.kind,
            "behavior": alert.behavior,
            "code": alert.code,
            "twins": ", ".join(alert.twins),
            "alert_id": alert.alert_id,
            "time": self._time(change.at),
            "raised_at": self._time(alert.raised_at),
            "by": change.by or "",
            "comment": change.comment,
            "explanation": self._explained(alert),
            "key": told.key,
        }
        fields["link"] = filled(self._link, fields)
        return fields

    def subject(self, fields: Fields) -> str:
        return one_line(filled(self._subject, fields))

    def text(self, told: Notification, fields: Fields) -> str:
        if self._text is not None:
            return filled(self._text, fields)
        return "\n".join(line for line in _lines(told, fields) if line)

    def _time(self, at: Micros) -> str:
        return to_datetime(at).astimezone(self._zone).isoformat(" ", "seconds")

    def _explained(self, alert: Alert) -> str:
        try:
            return self._explain(alert)
        except Exception:
            log.exception("alert %s could not be explained", alert.alert_id)
            return ""


def _lines(told: Notification, fields: Fields) -> Sequence[str]:
    change, alert = told.change, told.change.alert
    by = f" by {change.by}" if change.by else ""
    late = f" ({change.late / SECOND:g} s late)" if change.late else ""
    behavior = f", behavior '{alert.behavior}'" if alert.behavior else ""
    cleared = f"It was cleared: {alert.clear_reason}." if alert.clear_reason and told.transition == "cleared" else ""
    return (
        f"{fields['severity']} alert {fields['transition']}{by} at {fields['time']}{late}: {alert.message}",
        f"Comment: {change.comment}" if change.comment else "",
        f"Of {alert.owner.kind} '{alert.owner.id}'{behavior}, code '{alert.code}', raised at {fields['raised_at']}.",
        f"It concerns {fields['twins']}." if alert.twins else "",
        f"It sums up {alert.listed} others." if alert.listed else "",
        cleared,
        fields["explanation"],
        "It waits to be acknowledged." if alert.ack_required and not alert.acknowledged else "",
        fields["link"],
    )


def of_several(told: Sequence[Notification], subjects: Sequence[str], texts: Sequence[str]) -> tuple[str, str]:
    """Subject and text of a message about all of these."""
    counts = {word: sum(item.change.alert.severity == word for item in told) for word in reversed(SEVERITIES)}
    kinds = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    subject = f"{len(told)} alert transitions: {kinds}"
    listed = "\n".join(f"- {line}" for line in subjects)
    return subject, f"{subject}\n{listed}\n\n" + "\n\n".join(texts)


def worst(told: Sequence[Notification]) -> Severity:
    return max((item.change.alert.severity for item in told), key=SEVERITIES.index)


def filled(found: Template, fields: Fields) -> str:
    return "".join(fields[part.reference] if isinstance(part, Hole) else part for part in found.parts)


def filled_in(body: Any, fields: Fields) -> Any:
    """A JSON document with its texts as templates."""
    if isinstance(body, str):
        return filled(template(body), fields)
    if isinstance(body, dict):
        return {key: filled_in(item, fields) for key, item in body.items()}
    return [filled_in(item, fields) for item in body] if isinstance(body, list) else body


def one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_SUBJECT else line[: MAX_SUBJECT - 1] + "…"
