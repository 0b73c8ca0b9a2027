"""Which transitions a target's rules ask for: by what the alert is, where it is, and what the clock shows there.

The moment is the transition's, not that of sending: what happened at night is not for the day shift because the mail
server was down. What an overlay holds is looked up as it is now.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from app.model.catalogue import Catalogue
from app.model.composition import overlays_around
from app.model.events import AlertChanged
from app.model.notifications import ANY_TOLD, Told
from app.model.time import Micros, to_datetime
from app.notification_settings import NotificationRule, minute_of

ESCALATION = "escalate/"
"""With which the moment is named that led a behavior to what its escalation does."""
FLOOD = "alert_flood"


def told(change: AlertChanged) -> Told | None:
    """The transition in the words of rules; None where nobody is told: it is not annunciated, or says nothing new."""
    if not change.alert.annunciated:
        return None
    if change.transition == "raised":
        led_to = change.cause.parent  # of the behavior that raised it
        escalated = led_to is not None and led_to.kind == "tick" and led_to.ref.startswith(ESCALATION)
        return "escalated" if escalated else "raised"
    if change.transition == "updated" and change.alert.code == FLOOD:
        return None  # a flood is told once, however it grows
    return next((word for word in ANY_TOLD if word == change.transition), None)


class Asked:
    def __init__(self, rules: Sequence[NotificationRule], time_zone: str, catalogue: Catalogue) -> None:
        self._rules = [_Rule(rule, ZoneInfo(rule.time_zone or time_zone)) for rule in rules]
        self._catalogue = catalogue

    def wants(self, transition: Told, change: AlertChanged) -> bool:
        return any(rule.wants(transition, change, self._catalogue) for rule in self._rules)


class _Rule:
    def __init__(self, rule: NotificationRule, zone: ZoneInfo) -> None:
        self._rule = rule
        self._zone = zone
        self._days = rule.on_days
        self._span = (minute_of(rule.begin), minute_of(rule.end)) if rule.begin else None

    def wants(self, transition: Told, change: AlertChanged, catalogue: Catalogue) -> bool:
        rule, alert = self._rule, change.alert
        return (
            transition in rule.transitions
            and (not rule.severities or alert.severity in rule.severities)
            and (not rule.behaviors or alert.behavior in rule.behaviors)
            and (not rule.codes or alert.code in rule.codes)
            and (not rule.twins or not _twins(change).isdisjoint(rule.twins))
            and self._now(change.at)
            and (not rule.overlays or not _overlays(change, catalogue).isdisjoint(rule.overlays))
        )

    def _now(self, at: Micros) -> bool:
        local = to_datetime(at).astimezone(self._zone)
        day, minute = local.date(), local.hour * 60 + local.minute
        if self._span is None:
            return self._on(day)
        begin, end = self._span
        if begin < end:
            return begin <= minute < end and self._on(day)
        return (minute >= begin and self._on(day)) or (minute < end and self._on(day - timedelta(days=1)))

    def _on(self, day: date) -> bool:
        return not self._days or DAYS[day.weekday()] in self._days


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _twins(change: AlertChanged) -> set[str]:
    owner = change.alert.owner
    return {*change.alert.twins, *((owner.id,) if owner.kind == "twin" else ())}


def _overlays(change: AlertChanged, catalogue: Catalogue) -> set[str]:
    owner = change.alert.owner
    found = {owner.id} if owner.kind == "overlay" else set()
    for twin_id in _twins(change):
        found.update(catalogue.overlays_of_twin(twin_id))
    return set(overlays_around(catalogue, found))
