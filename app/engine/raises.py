"""How many alerts were raised lately under one overlay, or by one twin outside overlays.

Only as many are remembered as a flood needs, so that a plant in trouble costs no memory by it.
"""

from collections import deque
from collections.abc import Iterable

from app.model.events import Alert
from app.model.plan import OwnerKey
from app.model.time import SECOND, Micros

ALERT_FLOOD = "alert_flood"
MINUTE = 60 * SECOND
Raise = tuple[Micros, str]
"""When, and the id of the alert."""


def counts(alert: Alert) -> bool:
    """Whether its raising is one more for a person to take in."""
    return alert.annunciated and alert.code != ALERT_FLOOD


class Raises:
    def __init__(self) -> None:
        self._last: dict[OwnerKey, deque[Raise]] = {}
        self.floods: dict[OwnerKey, int] = {}
        """Raised so far in each flood that goes on."""

    def note(self, scopes: Iterable[OwnerKey], at: Micros, alert_id: str, limit: int) -> None:
        for scope in scopes:
            last = self._last.setdefault(scope, deque())
            last.append((at, alert_id))
            while len(last) > limit + 1 or last[0][0] <= at - MINUTE:
                last.popleft()
            if scope in self.floods:
                self.floods[scope] += 1

    def flood(self, alert: Alert) -> None:
        """Where the summary of one stands."""
        if not alert.active:
            self.floods.pop(alert.owner, None)
        elif alert.owner not in self.floods:
            self.floods[alert.owner] = alert.listed

    def within_a_minute(self, scope: OwnerKey, now: Micros) -> list[Raise]:
        """Oldest first; at most one more than the limit."""
        return [item for item in self._last.get(scope, ()) if item[0] > now - MINUTE]

    def step(self, by: Micros) -> None:
        """The clock was set: a minute is as long as before."""
        for scope, last in self._last.items():
            self._last[scope] = deque((at + by, alert_id) for at, alert_id in last)

    def forget(self, scope: OwnerKey) -> None:
        self._last.pop(scope, None)
        self.floods.pop(scope, None)

    def rows(self, now: Micros) -> tuple[tuple[OwnerKey, int | None, tuple[Raise, ...]], ...]:
        """For a snapshot: only what still counts."""
        found = []
        for scope in self._last.keys() | self.floods.keys():
            last = tuple(self.within_a_minute(scope, now))
            if last or scope in self.floods:
                found.append((scope, self.floods.get(scope), last))
        return tuple(sorted(found, key=_order))

    def restore(self, rows: Iterable[tuple[OwnerKey, int | None, tuple[Raise, ...]]]) -> None:
        for scope, flood, last in rows:
            if last:
                self._last[scope] = deque(last)
            if flood is not None:
                self.floods[scope] = flood


def _order(row: tuple[OwnerKey, int | None, tuple[Raise, ...]]) -> tuple[str, str]:
    return row[0].kind, row[0].id
