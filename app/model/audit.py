"""Audit: who did or was refused what, from where and why; one entry each, whichever way it came in.

Entries are made from what is recorded anyway (a change of definitions, an entry of the journal), never beside it: what
is not recorded has not happened, and what has happened is in the audit.
"""

from typing import Literal

import msgspec

from app.model.audit_kind import AuditKind
from app.model.events import HERE, AlertChanged, Origin
from app.model.time import Micros
from app.model.values import Value

AuditOutcome = Literal[
    "done",
    "refused",
    "decided",
    "accepted",
    "failed",
    "withheld",
    "expired",
    "indeterminate",
]
"""`done` of what ends with the server; of calls and writes to devices there is one entry as they are decided, and one
for what became of them."""
ActorKind = Literal["person", "behavior", "engine"]


class AuditEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    entry_id: str
    at: Micros
    kind: AuditKind
    outcome: AuditOutcome
    actor: str
    """A person's name, or `owner/behavior`."""
    actor_kind: ActorKind = "person"
    origin: Origin = HERE
    subjects: tuple[str, ...] = ()
    """What it is about: `twin/pump_1`, `overlay/north`, `alert/alert-17-1`, `call/...`."""
    what: str = ""
    """Of the first subject: the method, the property, the alert's `behavior/code`, what was done to the file."""
    reason: str = ""
    """In the words of who did it; where a definition change did, its own."""
    code: str = ""
    """Of a refusal."""
    message: str = ""
    """Why it was refused or failed."""
    details: dict[str, Value] = {}
    """Arguments, values, counts."""
    sequence: int | None = None
    """The journal's; None for a change of definitions."""

    @property
    def place(self) -> "AuditPlace":
        return self.at, self.entry_id


AuditPlace = tuple[Micros, str]
"""Where an entry stands in the order, newest first: (at, entry_id)."""


class AuditQuery(msgspec.Struct, frozen=True):
    """Which entries; several filters hold together."""

    since: Micros | None = None
    until: Micros | None = None
    """Before this moment."""
    kinds: tuple[AuditKind, ...] = ()
    outcomes: tuple[AuditOutcome, ...] = ()
    actor: str | None = None
    subject: str | None = None


class AlertRecord(msgspec.Struct, frozen=True):
    """One transition of an alert, as it is kept."""

    sequence: int
    """The journal entry that it is of."""
    index: int
    """Among those of that entry."""
    change: AlertChanged
    """Without the comments that the alert carries: they have records of their own."""

    @property
    def place(self) -> "RecordPlace":
        return self.sequence, self.index


RecordPlace = tuple[int, int]
"""Where a record stands in the order: (sequence, index)."""


class AlertQuery(msgspec.Struct, frozen=True):
    """Which records; several filters hold together."""

    alert_id: str | None = None
    owner: str | None = None
    """`twin/pump_1` or `overlay/north`."""
    twin_id: str | None = None
    """One of the twins that the alert concerns."""
    transitions: tuple[str, ...] = ()
    since: Micros | None = None
    until: Micros | None = None
