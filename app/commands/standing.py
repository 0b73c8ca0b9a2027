"""How twins stand now, in a few words: whatever there is to know of one before it is relied on."""

from collections.abc import Collection
from typing import Literal

from app.model.plan import OwnerKey
from app.ports import LiveView

Trouble = Literal["disconnected", "out_of_service", "forced", "unknown", "alerting", "degraded"]


class Standing:
    """Good for one turn of the loop: what is looked up once is not looked up again."""

    def __init__(self, live: LiveView, degraded: Collection[str] = ()) -> None:
        """`degraded`: twins that have less than they should already."""
        self._live = live
        self._degraded = degraded
        self._alerting = {twin_id for alert in live.open_alerts() if alert.active for twin_id in alert.twins}
        self._overridden: dict[str, set[str]] = {}
        for key, override in live.overrides().items():
            self._overridden.setdefault(key.twin_id, set()).add(override.kind)

    def of(self, twin_id: str) -> tuple[Trouble, ...]:
        found: list[Trouble] = []
        path = self._live.connectivity(twin_id)
        if path is not None and path.status in ("disconnected", "connecting"):
            found.append("disconnected")
        kinds = self._overridden.get(twin_id, ())
        if "out_of_service" in kinds:
            found.append("out_of_service")
        if "forced" in kinds:
            found.append("forced")
        if any(view.evidence == "unknown" for view in self._live.behaviors(OwnerKey("twin", twin_id))):
            found.append("unknown")
        if twin_id in self._alerting:
            found.append("alerting")
        if twin_id in self._degraded:
            found.append("degraded")
        return tuple(found)
