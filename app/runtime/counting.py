"""What came from each source and what became of it: the ledger's side of ingest, connector health and /metrics.

Totals are of what is durable, since the journal began; they come back with the engine's state and grow by the tallies
of each record once it is committed. What is received counts on arrival, here and nowhere else, so that it can be held
against all the rest.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.model.events import Input, Outcome, Reading, Unaccepted
from app.model.ledger import STANDBY, Tally
from app.runtime.metrics import Metrics

log = logging.getLogger("twin_overlay.ingest")


@dataclass(slots=True)
class _Source:
    """In this run."""

    samples: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


class Counting:
    def __init__(self, metrics: Metrics, tallies: Iterable[Tally]) -> None:
        """`tallies` are the totals of the journal as this run found it."""
        self._metrics = metrics
        self._sources: dict[str, _Source] = {}
        self.totals: dict[str, Tally] = {}
        """By source, of what is durable."""
        self.received: dict[str, int] = {}
        """By source, what came: what is durable of former runs, and all of this one."""
        self._unaccepted: dict[tuple[str, str], int] = {}
        """By source and reason, what is not in the journal yet."""
        for tally in tallies:
            self._add(tally)
            self.received[tally.source] = tally.received

    def of(self, source: str) -> tuple[int, dict[str, int]]:
        """(samples accepted, rejected by reason) in this run."""
        found = self._sources.get(source)
        return (found.samples, dict(found.rejected)) if found else (0, {})

    def arrived(self, reading: Reading) -> None:
        self.received[reading.source] = self.received.get(reading.source, 0) + len(reading.samples)

    def rejected(self, source: str, reason: str, detail: str, count: int) -> None:
        """What no sample could be made of; the journal is told with the next record."""
        self.received[source] = self.received.get(source, 0) + count
        self._unaccepted[source, reason] = self._unaccepted.get((source, reason), 0) + count
        self._refused(source, reason, detail, count)

    def take_unaccepted(self) -> Unaccepted | None:
        """All of it, to be journaled."""
        if not self._unaccepted:
            return None
        rows = tuple((source, reason, count) for (source, reason), count in self._unaccepted.items())
        self._unaccepted = {}
        return Unaccepted(rows)

    def waiting(self) -> Mapping[tuple[str, str], int]:
        return self._unaccepted

    def committed(self, input: Input, outcome: Outcome) -> None:
        arrived = 0
        for tally in outcome.tallies:
            self._add(tally)
            arrived += tally.received
            if taken := tally.applied + tally.unchanged:
                self._source(tally.source).samples += taken
                self._metrics.samples.labels(tally.source).inc(taken)
        if arrived and not isinstance(input, Unaccepted):
            self._metrics.batch_samples.observe(arrived)
        for rejection in outcome.rejected:
            where = f"{rejection.twin_id}.{rejection.property}"
            self._refused(rejection.source, rejection.reason, where, 1)

    def connected(self, source: str) -> None:
        self._metrics.connections.labels(source).inc()

    def _add(self, tally: Tally) -> None:
        self.totals.setdefault(tally.source, Tally(tally.source)).add(tally)

    def _refused(self, source: str, reason: str, detail: str, count: int) -> None:
        of_source = self._source(source)
        if reason not in of_source.rejected:  # the first of its kind says what it is, the rest are numbers
            level = logging.INFO if reason == STANDBY else logging.WARNING  # nothing is wrong with those
            log.log(level, "%s: rejected (%s): %s; more of these are only counted", source, reason, detail)
        of_source.rejected[reason] += count
        self._metrics.rejected.labels(source, reason).inc(count)

    def _source(self, source: str) -> _Source:
        return self._sources.setdefault(source, _Source())
