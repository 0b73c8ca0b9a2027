"""Series that are counted when they are looked at."""

from prometheus_client import CollectorRegistry

from app.model.live import FaultReason
from app.model.values import OverrideKind
from app.runtime.metrics import Metrics


def test_overrides_are_counted_by_kind_also_where_there_are_none() -> None:
    standing: list[OverrideKind] = []
    registry = CollectorRegistry()
    Metrics(registry).count_overrides(lambda: standing)

    def counted() -> tuple[float | None, float | None]:
        name = "twin_overlay_overrides"
        return (
            registry.get_sample_value(name, {"kind": "forced"}),
            registry.get_sample_value(name, {"kind": "out_of_service"}),
        )

    assert counted() == (0, 0)
    standing += ["forced", "out_of_service", "forced"]
    assert counted() == (2, 1)


def test_behaviors_in_error_are_counted_by_reason_also_where_there_are_none() -> None:
    found: list[FaultReason] = []
    registry = CollectorRegistry()
    Metrics(registry).count_faults(lambda: found)

    def counted(reason: FaultReason) -> float | None:
        return registry.get_sample_value("twin_overlay_behaviors_in_error", {"reason": reason})

    assert (counted("division_by_zero"), counted("cannot_run")) == (0, 0)
    found += ["division_by_zero", "division_by_zero"]
    assert (counted("division_by_zero"), counted("cannot_run")) == (2, 0)
