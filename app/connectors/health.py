"""How one connection stands, as a machine of five states that only what happened to the connection moves:

    connecting ──────────────► connected ◄──── all there ────► degraded
        │          connects        │          something is        │
        │                          │ lost     refused, missing    │ lost
        ▼                          ▼          or silent           ▼
    disconnected ◄─────────────────┴──────────────────────────────┘
        │    ▲ │
        │    └─┘ a try fails            failed: from any of them, where the configuration is wrong; it is left only by
        └──► connected or degraded              another configuration, which is another connection

Degraded is a connection that stands while nodes, topics or events were refused, or are not there, or some of its twins
are silent (their device says so, or their heartbeat is missing). Between two tries it is disconnected, also while one
is under way: `connecting` is only what has never been known to fail. What happens out of turn (a word of a connection
that is over) changes nothing.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from app.model.time import Micros

Status = Literal["connecting", "connected", "degraded", "disconnected", "failed"]
MISSING = frozenset(
    {
        "UnknownNode",
        "UnknownNamespace",
        "NotMonitored",
        "NotSubscribed",
        "NoNodeId",
        "BadNodeId",
        "NoTopic",
        "BadTopic",
        "BadPointer",
    }
)
"""Reasons of a rejection that say of a connection what can't be had by it, each time that it connects."""
_KEPT = 5


@dataclass(slots=True)
class Health:
    since: Micros
    """When it came into this state."""
    status: Status = "connecting"
    last_error: str = ""
    last_error_code: str = ""
    """Both of the last failure, and empty while it stands."""
    tries: int = 0
    """Since it last stood, the one under way included."""
    outages: int = 0
    """Times it was lost, or not had, until it stood again."""
    next_try: Micros | None = None
    """None while one is under way, while it stands, and where there is none any more."""
    missing: Counter[str] = field(default_factory=Counter)
    """What can't be had by this connection, by reason."""
    details: list[str] = field(default_factory=list)
    """The first few of them, in words."""
    silent: int = 0
    """Its twins that are silent, though it stands."""
    down_since: Micros | None = None
    """When the outage began; None where there is none."""

    @property
    def stands(self) -> bool:
        return self.status in ("connected", "degraded")

    def tries_now(self) -> None:
        if self.stands or self.status == "failed":
            return
        self.tries += 1
        self.next_try = None
        self._forget()

    def connected(self, now: Micros) -> None:
        if self.status == "failed":
            return
        if self.stands:
            self._forget()
        self.status, self.since = "connected", now
        self.last_error = self.last_error_code = ""
        self.tries, self.next_try, self.down_since = 0, None, None
        self._settle(now)

    def lacks(self, reason: str, detail: str, now: Micros, count: int = 1) -> None:
        """Before it stands, too: some is known only while it connects."""
        if reason not in MISSING or self.status == "failed":
            return
        self.missing[reason] += count
        if len(self.details) < _KEPT:
            self.details.append(detail)
        self._settle(now)

    def silent_twins(self, count: int, now: Micros) -> None:
        if self.stands:
            self.silent = count
            self._settle(now)

    def lost(self, reason: str, code: str, now: Micros, *, final: bool = False) -> bool:
        """Whether an outage begins by it. `final`: no other try can help."""
        if self.status == "failed":
            return False
        begins = self.down_since is None
        if begins:
            self.down_since = now
            self.outages += 1
        self._forget()
        status: Status = "failed" if final else "disconnected"
        if status != self.status:
            self.status, self.since = status, now
        self.last_error, self.last_error_code, self.next_try = reason, code, None
        return begins

    def again_at(self, moment: Micros) -> None:
        if self.status == "disconnected":
            self.next_try = moment

    def _forget(self) -> None:
        self.missing.clear()
        self.details.clear()
        self.silent = 0

    def _settle(self, now: Micros) -> None:
        if not self.stands:
            return
        status: Status = "degraded" if self.missing or self.silent else "connected"
        if status != self.status:
            self.status, self.since = status, now
