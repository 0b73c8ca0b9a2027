"""Which alerts a person may shelve, and for how long: asked as it is decided, and by whoever only wants to know."""

from typing import TYPE_CHECKING

from app.engine import codes
from app.engine.raises import ALERT_FLOOD
from app.model.events import AlertKey
from app.model.plan import BehaviorKey
from app.model.time import SECOND, Micros

if TYPE_CHECKING:
    from app.engine.live import LiveState


def against(live: "LiveState", key: AlertKey, duration: Micros) -> str:
    """Why it would be refused, "" where it would not: `CODE message`."""
    longest = live.settings.max_shelving
    if not _is_known(live, key):
        return f"ALERT_NOT_FOUND {named(key)} is no alert of a behavior that is there"
    if not 0 < duration <= longest:
        return f"SHELVING_TOO_LONG an alert is shelved for more than 0 and at most {longest // SECOND} seconds"
    return ""


def _is_known(live: "LiveState", key: AlertKey) -> bool:
    """Open, or one that its behavior, or the engine about it, may raise."""
    if live.open_alert(key.owner, key.behavior, key.code) is not None or key in live.shelvings:
        return True
    if not key.behavior:
        return key.code == ALERT_FLOOD and live.owner(key.owner) is not None
    rule = live.rule(BehaviorKey(key.owner, key.behavior))
    return rule is not None and key.code in codes.of_rule(rule.plan)


def not_shelved(key: AlertKey) -> str:
    return f"ALERT_NOT_SHELVED {named(key)} is not shelved"


def named(key: AlertKey) -> str:
    of = f"behavior '{key.behavior}' of " if key.behavior else ""
    return f"'{key.code}' of {of}{key.owner.kind} '{key.owner.id}'"
