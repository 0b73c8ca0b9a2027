"""What Prometheus sees of the targets; read when it is looked at, since the deliveries keep it anyway."""

from collections.abc import Callable, Iterable, Sequence
from typing import get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.model.notifications import TargetHealth, TargetState


class TargetSeries(Collector):
    def __init__(self, targets: Callable[[], Sequence[TargetHealth]]) -> None:
        self._targets = targets

    def collect(self) -> Iterable[Metric]:
        told = CounterMetricFamily(
            "twin_overlay_notifications", "Notifications sent, or given up", labels=["target", "outcome"]
        )
        tries = CounterMetricFamily(
            "twin_overlay_notification_tries_failed", "Tries that came to nothing", labels=["target"]
        )
        pending = GaugeMetricFamily(
            "twin_overlay_notifications_pending", "Notifications that wait in memory", labels=["target"]
        )
        states = GaugeMetricFamily(
            "twin_overlay_notification_target", "1 for the state that a target is in", labels=["target", "state"]
        )
        for health in self._targets():
            told.add_metric([health.name, "sent"], health.sent)
            told.add_metric([health.name, "failed"], health.failed)
            tries.add_metric([health.name], health.tries_failed)
            pending.add_metric([health.name], health.pending)
            for state in get_args(TargetState):
                states.add_metric([health.name, state], health.state == state)
        return told, tries, pending, states
