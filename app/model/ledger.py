"""What became of every sample: the words of the loss ledger, each defined here once, and the equations between them.

Counted are samples, per source (a connector, or `api` for what people and programs report). What was lost before it
could be decoded counts as one sample a message, since nobody knows how many it held; events of devices are no samples.

    received  = rejected + duplicate + journaled + in_flight
    journaled = applied + late + unchanged
    applied   = written + superseded + pending

Every number is counted where it happens and none is the rest of the others: that is what makes an equation that holds
worth something. All but `in_flight` are as durable as the records they were counted in.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from app.model.time import Micros

LATE = "Late"
"""The reason of late samples: they are refused by the live state and journaled, so they are no rejected ones here."""
STANDBY = "Standby"
"""The reason of samples that came by a path that is not in use. The last of each property is kept aside in memory;
where its path takes over it comes again, as another sample."""
WORDS: Mapping[str, str] = {
    "received": "samples that a connector handed over, and what it could make no sample of",
    "rejected": "what could not become a sample of a property: undecodable, of the wrong type, of an unknown twin, "
    "dropped where a source could not be slowed, or come by a path that is not in use (Standby); by reason",
    "duplicate": "samples of messages that the broker repeated although they were in the journal; not taken twice",
    "journaled": "samples that are durable; their source is acknowledged from then on, and not before",
    "in_flight": "samples that wait to be durable; their source was not told that we have them",
    "applied": "samples that changed a property's value, quality or reason",
    "late": "samples older than what the property has; they move no live state",
    "unchanged": "samples that said again what the property was already; only its times moved",
    "written": "applied samples that are in the graph",
    "superseded": "applied samples that the graph never gets, because a newer one of the same property came before it "
    "was written, its deadband thinned it, its twin is gone, or the graph refuses it",
    "pending": "applied samples that the graph does not have yet",
}


WAITING = ("in_flight", "pending")
"""What goes down again; all others only grow."""
COUNTED = tuple(word for word in WORDS if word not in WAITING)


class Tally(msgspec.Struct, array_like=True):
    """What became of samples of one source: in one record, which nobody changes, or (`add`) in all up to one."""

    source: str
    received: int = 0
    journaled: int = 0
    applied: int = 0
    unchanged: int = 0
    late: int = 0
    duplicate: int = 0
    rejected: dict[str, int] = {}
    """By reason."""

    def add(self, other: "Tally") -> None:
        self.received += other.received
        self.journaled += other.journaled
        self.applied += other.applied
        self.unchanged += other.unchanged
        self.late += other.late
        self.duplicate += other.duplicate
        for reason, count in other.rejected.items():
            self.rejected[reason] = self.rejected.get(reason, 0) + count


class GraphTally(msgspec.Struct, frozen=True, array_like=True):
    """What became in the graph of one source's applied samples, up to the graph's cursor."""

    source: str
    applied: int = 0
    written: int = 0
    superseded: int = 0

    def plus(self, applied: int, written: int, superseded: int) -> "GraphTally":
        return GraphTally(self.source, self.applied + applied, self.written + written, self.superseded + superseded)


class Books(msgspec.Struct, frozen=True):
    """What the graph keeps of the ledger, beside its cursor and moved with it."""

    since: Micros = 0
    """When the journal began to count that this belongs to: another one's numbers mean nothing here."""
    tallies: tuple[GraphTally, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """One line of the ledger: a source, or all of them together ("")."""

    source: str
    received: int = 0
    rejected: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    duplicate: int = 0
    journaled: int = 0
    in_flight: int = 0
    applied: int = 0
    late: int = 0
    unchanged: int = 0
    written: int | None = None
    """This and the next two: None as long as this run has not reached the graph."""
    superseded: int | None = None
    pending: int | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    since: Micros
    """When counting began: with the journal."""
    accounts: tuple[Account, ...]
    """By source, sorted."""

    @property
    def total(self) -> Account:
        return total(self.accounts)

    @property
    def imbalances(self) -> tuple["Imbalance", ...]:
        return tuple(imbalance for item in self.accounts for imbalance in imbalances(item))


@dataclass(frozen=True, slots=True)
class Pushes:
    """To one subscriber: what was published for it is delivered, skipped or waits."""

    number: int
    """In the order in which they came, from 1; 0 for all of a topic, also those that have gone."""
    topic: str
    delivered: int = 0
    skipped: int = 0
    """Older states that newer ones of the same thing overtook before it had read them; of facts, at most the one with
    which it was cut off."""
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Imbalance:
    """An equation that does not hold."""

    source: str
    equation: str
    by: int
    """Its left side less its right side: above 0, samples of which nobody knows what became."""


def imbalances(account: Account) -> tuple[Imbalance, ...]:
    """Empty where all is in balance."""
    item = account
    found = [
        (
            "received = rejected + duplicate + journaled + in_flight",
            item.received - item.rejected - item.duplicate - item.journaled - item.in_flight,
        ),
        ("journaled = applied + late + unchanged", item.journaled - item.applied - item.late - item.unchanged),
    ]
    if item.written is not None and item.superseded is not None and item.pending is not None:
        found.append(
            ("applied = written + superseded + pending", item.applied - item.written - item.superseded - item.pending)
        )
    return tuple(Imbalance(item.source, equation, by) for equation, by in found if by)


def total(accounts: Iterable[Account]) -> Account:
    """All together, under no name. What the graph has of some and not of others is not known of all."""
    items = tuple(accounts)
    reasons: Counter[str] = Counter()
    for item in items:
        reasons.update(item.reasons)
    return Account(
        "",
        sum(item.received for item in items),
        sum(item.rejected for item in items),
        reasons,
        sum(item.duplicate for item in items),
        sum(item.journaled for item in items),
        sum(item.in_flight for item in items),
        sum(item.applied for item in items),
        sum(item.late for item in items),
        sum(item.unchanged for item in items),
        _sum(item.written for item in items),
        _sum(item.superseded for item in items),
        _sum(item.pending for item in items),
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    found = tuple(numbers)
    known = [number for number in found if number is not None]
    return sum(known) if len(known) == len(found) else None
