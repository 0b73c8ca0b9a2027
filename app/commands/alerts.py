"""A person deals with alerts: acknowledges, resets and comments them.

Whatever is refused is refused by the engine, which alone knows how an alert stands at that moment; here only names and
texts are checked. What a person does to one alert is done under its id; it never opens a closed one again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.commands.actor import Actor
from app.commands.noting import Noting
from app.commands.refusals import raise_refused, refuse_text, unknown
from app.commands.rehearsal import Rehearsal, of_acknowledgement, of_acknowledgements, of_comment, of_reset
from app.errors import Conflict, Invalid, Refused
from app.model.events import AcknowledgeAlert, AcknowledgeAlerts, Alert, CommentAlert, Outcome, ResetAlert
from app.ports import Inbox, LiveView

MAX_ALERTS = 1000
"""Acknowledged in one request."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    alert_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Of several: those that were, as they are now, and those that were not."""

    alerts: tuple[Alert, ...]
    left_out: tuple[LeftOut, ...]


class AlertCommands:
    def __init__(self, live: LiveView, inbox: Inbox) -> None:
        self._live = live
        self._inbox = inbox
        self._noting = Noting(inbox)

    async def acknowledge(self, alert_id: str, comment: str, actor: Actor) -> Alert:
        """The alert as it is then, closed where it had cleared. Raises NotFound (ALERT_NOT_FOUND) for one that is not
        open, Conflict (ALERT_ALREADY_ACKNOWLEDGED), Invalid (TOO_LONG, BAD_TEXT)."""
        async with self._noting.refusals("acknowledgement", actor, (f"alert/{alert_id}",), reason=comment):
            self._checked(alert_id, comment)
            return _last(await self._submit(AcknowledgeAlert(alert_id, actor.name, comment, actor.origin)), alert_id)

    async def acknowledge_all(self, alert_ids: Sequence[str], comment: str, actor: Actor) -> Acknowledged:
        """What closed or was acknowledged meanwhile is left out and told. Raises Invalid (NO_ALERTS, TOO_MANY_ALERTS,
        TOO_LONG, BAD_TEXT)."""
        about = (f"alert/{alert_id}" for alert_id in alert_ids)
        async with self._noting.refusals("acknowledgement", actor, about, reason=comment):
            ids = _several(alert_ids, comment)
        before = {alert_id: self._live.alert(alert_id) for alert_id in ids}
        _, outcome = await self._inbox.submit(AcknowledgeAlerts(ids, actor.name, comment, actor.origin))
        after = {item.alert.alert_id: item.alert for item in outcome.alerts}
        left_out = tuple(_left_out(alert_id, before[alert_id]) for alert_id in ids if alert_id not in after)
        return Acknowledged(tuple(after.values()), left_out)

    async def reset(self, alert_id: str, comment: str, actor: Actor) -> Alert:
        """A latched alert whose behavior is over is cleared, and closed where it was acknowledged. Raises NotFound
        (ALERT_NOT_FOUND), Refused (ALERT_NOT_LATCHED, ALERT_STILL_ACTIVE), Conflict (ALERT_ALREADY_CLEARED), Invalid
        (TOO_LONG, BAD_TEXT)."""
        async with self._noting.refusals("reset", actor, (f"alert/{alert_id}",), reason=comment):
            self._checked(alert_id, comment)
            return _last(await self._submit(ResetAlert(alert_id, actor.name, comment, actor.origin)), alert_id)

    async def comment(self, alert_id: str, comment: str, actor: Actor) -> Alert:
        """Raises NotFound (ALERT_NOT_FOUND) for one that is not open, Invalid (COMMENT_MISSING, TOO_LONG, BAD_TEXT)."""
        async with self._noting.refusals("comment", actor, (f"alert/{alert_id}",), reason=comment):
            self._checked_comment(alert_id, comment)
            command = CommentAlert(alert_id, actor.name, comment.strip(), actor.origin)
            return _last(await self._submit(command), alert_id)

    # ------------------------------------------------------------ without doing it

    def rehearse_acknowledgement(self, alert_id: str, comment: str) -> tuple[Alert, Rehearsal]:
        """The alert as it is now. Raises as `acknowledge`."""
        alert = self._checked(alert_id, comment)
        if alert.acknowledged:
            raise Conflict(
                f"alert '{alert_id}' was acknowledged by {alert.acknowledged_by}", code="ALERT_ALREADY_ACKNOWLEDGED"
            )
        return alert, of_acknowledgement(alert)

    def rehearse_acknowledgements(self, alert_ids: Sequence[str], comment: str) -> tuple[Acknowledged, Rehearsal]:
        """Those that would be, as they are now. Raises as `acknowledge_all`."""
        ids = _several(alert_ids, comment)
        found = {alert_id: self._live.alert(alert_id) for alert_id in ids}
        alerts = tuple(alert for alert in found.values() if alert is not None and not alert.acknowledged)
        there = {alert.alert_id for alert in alerts}
        left_out = tuple(_left_out(alert_id, alert) for alert_id, alert in found.items() if alert_id not in there)
        return Acknowledged(alerts, left_out), of_acknowledgements(alerts)

    def rehearse_comment(self, alert_id: str, comment: str) -> tuple[Alert, Rehearsal]:
        """The alert as it is now. Raises as `comment`."""
        alert = self._checked_comment(alert_id, comment)
        return alert, of_comment(alert)

    def rehearse_reset(self, alert_id: str, comment: str) -> tuple[Alert, Rehearsal]:
        """The alert as it is now. Raises as `reset`."""
        alert = self._checked(alert_id, comment)
        if not alert.latched:
            raise Refused(f"alert '{alert_id}' clears by itself", code="ALERT_NOT_LATCHED")
        if not alert.active:
            raise Conflict(f"alert '{alert_id}' has been reset already", code="ALERT_ALREADY_CLEARED")
        for view in self._live.behaviors(alert.owner):
            if view.key.name == alert.behavior and view.state == "active":
                raise Refused(
                    f"behavior '{alert.behavior}' of '{alert.owner.id}' is still active", code="ALERT_STILL_ACTIVE"
                )
        return alert, of_reset(alert)

    # ------------------------------------------------------------ below

    def _checked(self, alert_id: str, comment: str) -> Alert:
        refuse_text(comment, "comment", "/comment")
        alert = self._live.alert(alert_id)
        if alert is None:
            open_ids = [alert.alert_id for alert in self._live.open_alerts()]
            raise unknown("alert", alert_id, " that is open", open_ids)
        return alert

    def _checked_comment(self, alert_id: str, comment: str) -> Alert:
        alert = self._checked(alert_id, comment)
        if not comment.strip():
            raise Invalid("the comment is empty", code="COMMENT_MISSING", hint="say something", path="/comment")
        return alert

    async def _submit(self, command: AcknowledgeAlert | ResetAlert | CommentAlert) -> Outcome:
        _, outcome = await self._inbox.submit(command)
        if outcome.refused:
            raise_refused(outcome.refused)
        return outcome


def _several(alert_ids: Sequence[str], comment: str) -> tuple[str, ...]:
    """Each once."""
    refuse_text(comment, "comment", "/comment")
    if not alert_ids:
        raise Invalid("no alert is named", code="NO_ALERTS", hint="name at least one")
    if len(alert_ids) > MAX_ALERTS:
        raise Invalid(
            f"{len(alert_ids)} alerts were named; the most is {MAX_ALERTS}",
            code="TOO_MANY_ALERTS",
            hint="acknowledge them in parts",
        )
    return tuple(dict.fromkeys(alert_ids))


def _last(outcome: Outcome, alert_id: str) -> Alert:
    return [item.alert for item in outcome.alerts if item.alert.alert_id == alert_id][-1]


def _left_out(alert_id: str, before: Alert | None) -> LeftOut:
    if before is None:
        return LeftOut(alert_id, "ALERT_NOT_FOUND", f"there is no open alert '{alert_id[:200]}'")
    by = f" by {before.acknowledged_by}" if before.acknowledged_by else ""
    return LeftOut(alert_id, "ALERT_ALREADY_ACKNOWLEDGED", f"alert '{alert_id}' was acknowledged{by}")
