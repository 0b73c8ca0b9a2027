"""A person shelves an alert, raised or not, and ends that again.

What is named is an identity: the owner of a behavior, the behavior, and the alert's code. An open alert may be named by
its id instead.
"""

import math
from dataclasses import dataclass

from app.commands.actor import Actor
from app.commands.noting import Noting
from app.commands.refusals import given_reason, raise_refused, refuse_text, unknown
from app.commands.rehearsal import Rehearsal, of_shelving, of_unshelving
from app.engine.shelvable import not_shelved
from app.errors import Invalid
from app.model.events import Alert, AlertKey, ShelveAlert, Shelving, UnshelveAlert
from app.model.plan import OwnerKey, OwnerKind
from app.model.time import SECOND, Micros
from app.ports import Clock, Inbox, LiveView


@dataclass(frozen=True, slots=True)
class Named:
    """As it was named: by an alert's id, or by the other four."""

    alert_id: str | None = None
    owner_kind: OwnerKind | None = None
    owner_id: str | None = None
    behavior: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Shelved:
    """`shelving` is as it is now, or was as it ended; `alert` the open one, if there is one."""

    shelving: Shelving
    alert: Alert | None


class ShelvingCommands:
    def __init__(self, live: LiveView, inbox: Inbox, clock: Clock) -> None:
        self._live = live
        self._inbox = inbox
        self._clock = clock
        self._noting = Noting(inbox)

    async def shelve(self, named: Named, seconds: float, reason: str, actor: Actor) -> Shelved:
        """What is shelved already gets the new time and reason. Raises Invalid (ALERT_UNNAMED, DURATION_INVALID,
        REASON_MISSING, TOO_LONG, BAD_TEXT), NotFound (ALERT_NOT_FOUND), Refused (SHELVING_TOO_LONG)."""
        async with self._noting.refusals("shelving", actor, _about(named), what=_what(named), reason=reason):
            key, duration, why = self._wanted(named, seconds, reason)
            _, outcome = await self._inbox.submit(ShelveAlert(key, duration, actor.name, why, actor.origin))
            if outcome.refused:
                raise_refused(outcome.refused)
            return Shelved(outcome.shelvings[-1].shelving, self._open(key))

    async def unshelve(self, named: Named, reason: str, actor: Actor) -> Shelved:
        """Raises Invalid (ALERT_UNNAMED, TOO_LONG, BAD_TEXT), NotFound (ALERT_NOT_FOUND), Refused
        (ALERT_NOT_SHELVED)."""
        async with self._noting.refusals("unshelving", actor, _about(named), what=_what(named), reason=reason):
            key = self._key(named)
            refuse_text(reason, "reason", "/reason")
            _, outcome = await self._inbox.submit(UnshelveAlert(key, actor.name, reason.strip(), actor.origin))
            if outcome.refused:
                raise_refused(outcome.refused)
            return Shelved(outcome.shelvings[-1].shelving, self._open(key))

    # ------------------------------------------------------------ without doing it

    def rehearse_shelving(self, named: Named, seconds: float, reason: str, actor: Actor) -> tuple[Shelved, Rehearsal]:
        """The shelving as it would be, the alert as it is now. Raises as `shelve`."""
        key, duration, why = self._wanted(named, seconds, reason)
        if refused := self._live.against_shelving(key, duration):
            raise_refused(refused)
        now = self._clock.now()
        shelving, alert = Shelving(key, now, now + duration, actor.name, why), self._open(key)
        return Shelved(shelving, alert), of_shelving(shelving, self._live.shelved().get(key), alert)

    def rehearse_unshelving(self, named: Named, reason: str) -> tuple[Shelved, Rehearsal]:
        """Both as they are now. Raises as `unshelve`."""
        key = self._key(named)
        refuse_text(reason, "reason", "/reason")
        shelving, alert = self._live.shelved().get(key), self._open(key)
        if shelving is None:
            raise_refused(not_shelved(key))
        return Shelved(shelving, alert), of_unshelving(shelving, alert)

    # ------------------------------------------------------------ below

    def _wanted(self, named: Named, seconds: float, reason: str) -> tuple[AlertKey, Micros, str]:
        key = self._key(named)
        if not (math.isfinite(seconds) and seconds > 0):
            hint = "an alert is shelved for more than 0 seconds"
            raise Invalid(f"{seconds:g} is no length of time", code="DURATION_INVALID", hint=hint, path="/seconds")
        return key, round(min(seconds, 1e9) * SECOND), given_reason(reason, "/reason", "shelving")

    def _open(self, key: AlertKey) -> Alert | None:
        return next(
            (
                alert
                for alert in self._live.open_alerts()
                if (alert.owner, alert.behavior, alert.code) == (key.owner, key.behavior, key.code)
            ),
            None,
        )

    def _key(self, named: Named) -> AlertKey:
        parts = (named.owner_kind, named.owner_id, named.behavior, named.code)
        if named.alert_id is not None and parts == (None, None, None, None):
            alert = self._live.alert(named.alert_id)
            if alert is None:
                ids = [item.alert_id for item in self._live.open_alerts()]
                raise unknown("alert", named.alert_id, " that is open", ids)
            return AlertKey(alert.owner, alert.behavior, alert.code)
        if (
            named.alert_id is None
            and named.owner_kind is not None
            and named.owner_id is not None
            and named.behavior is not None
            and named.code is not None
        ):
            return AlertKey(OwnerKey(named.owner_kind, named.owner_id), named.behavior, named.code)
        raise Invalid(
            "it is not said which alert",
            code="ALERT_UNNAMED",
            hint="give the id of an open alert, or the kind and id of the owner, the behavior and the code; not both",
        )


def _about(named: Named) -> tuple[str, ...]:
    """As it was named."""
    if named.alert_id is not None:
        return (f"alert/{named.alert_id}",)
    return (f"{named.owner_kind}/{named.owner_id}",) if named.owner_id is not None else ()


def _what(named: Named) -> str:
    return f"{named.behavior}/{named.code}" if named.behavior is not None else ""
