"""IngestLedger: what became of every sample, by source, and whether that adds up; and of every push."""

from collections.abc import Iterable

import strawberry

from app.api.scalars import DateTime, Long, moment
from app.api.types.connector import RejectedCount
from app.model.ledger import WORDS, Account, Imbalance, Ledger, Pushes, imbalances

_GRAPH = "; null as long as this run has not reached the graph"


def _word(name: str) -> str:
    return WORDS[name][0].upper() + WORDS[name][1:]


@strawberry.type(
    description="What became of the samples of one source, or of all. Each number is counted where it happens, and "
    "none is the rest of the others: received = rejected + duplicate + journaled + inFlight; journaled = applied + "
    "late + unchanged; applied = written + superseded + pending."
)
class LedgerAccount:
    source: str = strawberry.field(description="A connector's name, or `api` for what was reported; empty in a total.")
    received: Long = strawberry.field(description=f"{_word('received')}.")
    rejected: Long = strawberry.field(description=f"{_word('rejected')}.")
    reasons: list[RejectedCount] = strawberry.field(description="The rejected ones by reason.")
    duplicate: Long = strawberry.field(description=f"{_word('duplicate')}.")
    journaled: Long = strawberry.field(description=f"{_word('journaled')}.")
    in_flight: Long = strawberry.field(description=f"{_word('in_flight')}.")
    applied: Long = strawberry.field(description=f"{_word('applied')}.")
    late: Long = strawberry.field(description=f"{_word('late')}.")
    unchanged: Long = strawberry.field(description=f"{_word('unchanged')}.")
    written: Long | None = strawberry.field(description=f"{_word('written')}{_GRAPH}.")
    superseded: Long | None = strawberry.field(description=f"{_word('superseded')}{_GRAPH}.")
    pending: Long | None = strawberry.field(description=f"{_word('pending')}{_GRAPH}.")
    balanced: bool = strawberry.field(description="Whether the equations hold.")

    @classmethod
    def of(cls, account: Account) -> "LedgerAccount":
        return cls(
            source=account.source,
            received=Long(account.received),
            rejected=Long(account.rejected),
            reasons=[RejectedCount(reason=key, count=Long(count)) for key, count in sorted(account.reasons.items())],
            duplicate=Long(account.duplicate),
            journaled=Long(account.journaled),
            in_flight=Long(account.in_flight),
            applied=Long(account.applied),
            late=Long(account.late),
            unchanged=Long(account.unchanged),
            written=_long(account.written),
            superseded=_long(account.superseded),
            pending=_long(account.pending),
            balanced=not imbalances(account),
        )


@strawberry.type(description="An equation of the ledger that does not hold.")
class LedgerImbalance:
    source: str = strawberry.field(description="Whose samples.")
    equation: str = strawberry.field(description="Which one.")
    by: Long = strawberry.field(
        description="Its left side less its right side: above 0, samples of which nobody knows what became."
    )

    @classmethod
    def of(cls, found: Imbalance) -> "LedgerImbalance":
        return cls(source=found.source, equation=found.equation, by=Long(found.by))


@strawberry.type(description="What was published for subscribers: each push was delivered, skipped, or waits.")
class PushAccount:
    number: Long | None = strawberry.field(
        description="Of one subscriber, in the order in which they came; null for a topic's sum."
    )
    topic: str = strawberry.field(description="The subscription field: propertyChanged, alertChanged, ...")
    delivered: Long = strawberry.field(description="Handed to the subscriber's connection.")
    skipped: Long = strawberry.field(
        description="Overtaken by a newer state of the same thing before it was read (each push says how many it "
        "stands for); of facts, the one with which a slow subscriber was cut off."
    )
    waiting: Long = strawberry.field(description="Not read by it yet.")

    @classmethod
    def all(cls, found: Iterable[Pushes]) -> list["PushAccount"]:
        return [
            cls(
                number=_long(item.number or None),
                topic=item.topic,
                delivered=Long(item.delivered),
                skipped=Long(item.skipped),
                waiting=Long(item.waiting),
            )
            for item in found
        ]


@strawberry.type(
    description="What became of every sample since the journal began, over crashes too: it is stored in the "
    "records that it counts."
)
class IngestLedger:
    since: DateTime | None = strawberry.field(description="When counting began; null before the first record.")
    balanced: bool = strawberry.field(description="Whether every equation of every source holds.")
    imbalances: list[LedgerImbalance] = strawberry.field(description="Those that do not; empty is right.")
    total: LedgerAccount = strawberry.field(description="All sources together.")
    sources: list[LedgerAccount] = strawberry.field(description="By source.")
    subscribers: list[PushAccount] = strawberry.field(
        description="What was pushed to each that is connected now, apart from the samples: one may go to many."
    )
    topics: list[PushAccount] = strawberry.field(description="What was pushed in this run, by topic.")

    @classmethod
    def of(cls, ledger: Ledger, subscribers: Iterable[Pushes], topics: Iterable[Pushes]) -> "IngestLedger":
        found = ledger.imbalances
        return cls(
            since=moment(ledger.since),
            balanced=not found,
            imbalances=[LedgerImbalance.of(item) for item in found],
            total=LedgerAccount.of(ledger.total),
            sources=[LedgerAccount.of(item) for item in ledger.accounts],
            subscribers=PushAccount.all(subscribers),
            topics=PushAccount.all(topics),
        )


def _long(number: int | None) -> Long | None:
    return None if number is None else Long(number)
