"""What came from each source and what of it was not accepted, for connector health and /metrics.

A sample is accepted once its record is durable; one that the engine rejected is in the journal too, and counts under
its reason only.
"""

import logging
from collections import Counter
from dataclasses import dataclass, field

from app.model.events import Outcome, ReportSamples, Samples
from app.runtime.metrics import Metrics

log = logging.getLogger("twin_overlay.ingest")


@dataclass(slots=True)
class _Source:
    samples: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


class Counting:
    """Per source, since the start of this run."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._sources: dict[str, _Source] = {}

    def of(self, source: str) -> tuple[int, dict[str, int]]:
        """(samples accepted, rejected by reason)."""
        found = self._sources.get(source)
        return (found.samples, dict(found.rejected)) if found else (0, {})

    def committed(self, input: Samples | ReportSamples, outcome: Outcome) -> None:
        received: Counter[str] = Counter()
        for reading in input.readings:
            received[reading.source] += len(reading.samples)
        self._metrics.batch_samples.observe(received.total())
        for rejection in outcome.rejected:
            received[rejection.source] -= 1
            where = f"{rejection.twin_id}.{rejection.property}"
            self.rejected(rejection.source, rejection.reason, where, 1)
        for source, count in received.items():
            if count > 0:
                self._source(source).samples += count
                self._metrics.samples.labels(source).inc(count)

    def rejected(self, source: str, reason: str, detail: str, count: int) -> None:
        of_source = self._source(source)
        if reason not in of_source.rejected:  # the first of its kind says what it is, the rest are numbers
            log.warning("%s: rejected (%s): %s; more of these are only counted", source, reason, detail)
        of_source.rejected[reason] += count
        self._metrics.rejected.labels(source, reason).inc(count)

    def connected(self, source: str) -> None:
        self._metrics.connections.labels(source).inc()

    def _source(self, source: str) -> _Source:
        return self._sources.setdefault(source, _Source())
