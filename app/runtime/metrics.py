"""Every Prometheus series of the runtime, in one place, all named twin_overlay_*.

Labels hold only what is few by nature (connectors, reasons, call statuses): never a twin or a property, of which a
plant has hundreds of thousands.
"""

from collections import Counter as Counted
from collections.abc import Callable, Iterable
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.model.ledger import COUNTED, WAITING, Ledger, Pushes
from app.model.live import FaultReason
from app.model.space import Space
from app.model.values import OverrideKind

_COMMIT_BUCKETS = (0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
_BATCH_BUCKETS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000)
_CALL_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Register once per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self.samples = Counter("twin_overlay_samples", "Samples accepted and durable", ["source"], registry=registry)
        self.rejected = Counter(
            "twin_overlay_rejected", "What could not become or stay a sample", ["source", "reason"], registry=registry
        )
        self.connections = Counter(
            "twin_overlay_source_connections", "Connections that came to stand", ["source"], registry=registry
        )
        self.commits = Counter("twin_overlay_journal_commits", "Journal appends of the ingest loop", registry=registry)
        self.commit_seconds = Histogram(
            "twin_overlay_journal_commit_seconds",
            "Append to durable",
            buckets=_COMMIT_BUCKETS,
            registry=registry,
        )
        self.batch_samples = Histogram(
            "twin_overlay_batch_samples", "Samples decided together", buckets=_BATCH_BUCKETS, registry=registry
        )
        self.waiting = Gauge("twin_overlay_waiting_readings", "Readings not decided yet", registry=registry)
        self.writer_lag = Gauge(
            "twin_overlay_graph_writer_lag_entries", "Journal entries that the graph does not have", registry=registry
        )
        self.writer_lag_seconds = Gauge(
            "twin_overlay_graph_writer_lag_seconds", "Age of the oldest that the graph does not have", registry=registry
        )
        self.set_aside = Counter(
            "twin_overlay_graph_writer_set_aside", "Rows that the graph refused", ["kind"], registry=registry
        )
        self.calls = Counter("twin_overlay_calls", "Calls that came into a status", ["status"], registry=registry)
        self.call_seconds = Histogram(
            "twin_overlay_call_seconds", "Send to answer", ["status"], buckets=_CALL_BUCKETS, registry=registry
        )

        self.late_answers = Counter(
            "twin_overlay_late_answers",
            "Answers of devices that came after their call or write had failed for want of one",
            ["status"],
            registry=registry,
        )

    def show_space(self, read: Callable[[], Space]) -> None:
        """How much the journal's disk can still take."""
        full = Gauge("twin_overlay_journal_full", "1 while readings wait for space", registry=self._registry)
        free = Gauge("twin_overlay_journal_free_bytes", "Free on the journal's disk", registry=self._registry)
        left = Gauge("twin_overlay_journal_reserve_bytes", "Left of the reserve", registry=self._registry)
        full.set_function(lambda: float(bool(read().problem)))
        free.set_function(lambda: read().free)
        left.set_function(lambda: read().reserve)

    def count_overrides(self, read: Callable[[], Iterable[OverrideKind]]) -> None:
        """Show how many properties are overridden, by kind."""
        self._registry.register(
            _Counted("twin_overlay_overrides", "Properties out of service or forced", "kind", OverrideKind, read)
        )

    def count_faults(self, read: Callable[[], Iterable[FaultReason]]) -> None:
        """Show how many behaviors come to nothing by a mistake, by reason."""
        self._registry.register(
            _Counted(
                "twin_overlay_behaviors_in_error",
                "Behaviors that come to nothing by a mistake",
                "reason",
                FaultReason,
                read,
            )
        )

    def show_ledger(self, read: Callable[[], Ledger]) -> None:
        self._registry.register(_Ledger(read))

    def count_pushes(self, read: Callable[[], Iterable[Pushes]]) -> None:
        """By topic, of which there are few."""
        self._registry.register(_Pushes(read))

    def count_skipped(self, read: Callable[[], int]) -> None:
        """Show what the bus counts by itself."""
        self._registry.register(_Read("twin_overlay_bus_skipped", "Facts that slow subscribers did not get", read))


class _Counted(Collector):
    """A gauge a word of a few, counted when it is looked at: there are few, and the engine keeps them."""

    def __init__(self, name: str, text: str, label: str, words: object, read: Callable[[], Iterable[str]]) -> None:
        self._name, self._text, self._label, self._read = name, text, label, read
        self._words: tuple[str, ...] = get_args(words)

    def collect(self) -> Iterable[Metric]:
        found = GaugeMetricFamily(self._name, self._text, labels=[self._label])
        counts = Counted(self._read())
        for word in self._words:
            found.add_metric([word], counts[word])
        yield found


class _Ledger(Collector):
    """The loss ledger's words (app/model/ledger.py) as the `fate` of samples; what waits is a gauge of its own."""

    def __init__(self, read: Callable[[], Ledger]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        ledger = self._read()
        fates = CounterMetricFamily(
            "twin_overlay_ledger_samples", "What became of samples since the journal began", labels=["source", "fate"]
        )
        waits = GaugeMetricFamily(
            "twin_overlay_ledger_waiting_samples", "Samples in flight or pending", labels=["source", "state"]
        )
        for account in ledger.accounts:
            for word in COUNTED:
                if (count := getattr(account, word)) is not None:
                    fates.add_metric([account.source, word], count)
            for word in WAITING:
                if (count := getattr(account, word)) is not None:
                    waits.add_metric([account.source, word], count)
        off = sum(abs(imbalance.by) for imbalance in ledger.imbalances)
        yield fates
        yield waits
        yield GaugeMetricFamily(
            "twin_overlay_ledger_imbalance_samples", "By how much the ledger's equations do not hold; 0 is right", off
        )


class _Pushes(Collector):
    def __init__(self, read: Callable[[], Iterable[Pushes]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        found = CounterMetricFamily("twin_overlay_pushes", "Pushes to subscribers", labels=["topic", "fate"])
        for pushes in self._read():
            found.add_metric([pushes.topic, "delivered"], pushes.delivered)
            found.add_metric([pushes.topic, "skipped"], pushes.skipped)
        yield found


class _Read(Collector):
    """A counter whose number lives elsewhere; prometheus_client has set_function for gauges only."""

    def __init__(self, name: str, text: str, read: Callable[[], int]) -> None:
        self._name, self._text, self._read = name, text, read

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily(self._name, self._text, value=self._read())
