"""GraphQL in numbers for /metrics: operations by kind and outcome, how long they took, refusals by code, who is there.

What each operation counts is looked up in dicts of ours: prometheus_client would take a lock and build a tuple of
labels each time.
"""

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Iterable, Iterator, Sized
from typing import Any, TypeVar

from graphql import GraphQLError
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.api.renderings import Renderings
from app.errors import TwinOverlayError

Result = TypeVar("Result")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Traffic:
    """One per server; counts nothing that anybody sees without a registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self._operations = Counter(
            "twin_overlay_graphql_operations",
            "GraphQL operations that were executed, by kind and outcome: ok, errors (of fields), timed_out, gone (its"
            " client has left); of subscriptions only that they started",
            ["kind", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "twin_overlay_graphql_operation_seconds",
            "How long queries and mutations took that were executed",
            ["kind"],
            registry=registry,
            buckets=_BUCKETS,
        )
        self._refused = Counter(
            "twin_overlay_graphql_refused",
            "GraphQL requests that were not executed, by code",
            ["code"],
            registry=registry,
        )
        self._sockets: dict[int, Sized] = {}
        open_sockets = Gauge("twin_overlay_graphql_sockets", "Open WebSockets of GraphQL clients", registry=registry)
        open_sockets.set_function(lambda: len(self._sockets))
        under_way = Gauge(
            "twin_overlay_graphql_socket_operations",
            "Operations under way on WebSockets: subscriptions",
            registry=registry,
        )
        under_way.set_function(lambda: sum(map(len, self._sockets.values())))
        self._ended: dict[tuple[str, str], Counter] = {}
        self._took: dict[str, Histogram] = {}

    @property
    def sockets(self) -> int:
        """How many are open."""
        return len(self._sockets)

    @contextlib.contextmanager
    def socket(self, operations: Sized) -> Iterator[None]:
        """While it is open; `operations` are those under way on it."""
        self._sockets[id(operations)] = operations
        try:
            yield
        finally:
            del self._sockets[id(operations)]

    async def timed(self, kind: str, work: Coroutine[Any, Any, Result]) -> Result:
        """Counts how an operation that is executed ends."""
        began = time.perf_counter()
        outcome = "failed"
        try:
            result = await work
            outcome = "errors" if getattr(result, "errors", None) else "ok"
        except asyncio.CancelledError:
            outcome = "gone"
            raise
        except TwinOverlayError as error:
            outcome = "timed_out" if error.code == "TIMED_OUT" else "failed"
            raise
        finally:
            self._count(kind, outcome, time.perf_counter() - began)
        return result

    def refused_for(self, errors: Iterable[GraphQLError]) -> None:
        for error in errors:
            self.refused(str((error.extensions or {}).get("code", "")))

    def refused(self, code: str) -> None:
        self._refused.labels(code).inc()

    def subscribed(self) -> None:
        """A subscription is executed until its end, which says little: only its beginning is counted."""
        self._operations.labels("subscription", "started").inc()

    def _count(self, kind: str, outcome: str, seconds: float) -> None:
        counter = self._ended.get((kind, outcome))
        if counter is None:
            counter = self._ended[kind, outcome] = self._operations.labels(kind, outcome)
        counter.inc()
        histogram = self._took.get(kind)
        if histogram is None:
            histogram = self._took[kind] = self._seconds.labels(kind)
        histogram.observe(seconds)


class RenderingSeries(Collector):
    def __init__(self, renderings: Renderings) -> None:
        self._renderings = renderings

    def collect(self) -> Iterable[Metric]:
        found = self._renderings
        twins = CounterMetricFamily(
            "twin_overlay_graphql_kept_twins",
            "Twins that were answered with bytes from before (given), and made anew to be kept (made)",
            labels=["outcome"],
        )
        twins.add_metric(["given"], found.given)
        twins.add_metric(["made"], found.made)
        size = GaugeMetricFamily("twin_overlay_graphql_kept_bytes", "What these bytes take", value=found.size)
        return twins, size
