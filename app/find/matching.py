"""Whether one twin matches a filter now: for whoever hears of twins one at a time instead of asking for all.

What definitions decide is a set that is kept until they change; what live values decide is looked at per twin, at most
once a sequence prepared.
"""

from collections.abc import Set
from dataclasses import replace

from app.find.narrow import Narrowed, Narrowing
from app.find.query import TwinFilter
from app.model.catalogue import Catalogue
from app.ports import LiveView


class Matching:
    def __init__(self, catalogue: Catalogue, live: LiveView, narrowing: Narrowing, where: TwinFilter) -> None:
        self._catalogue = catalogue
        self._live = live
        self._narrowing = narrowing
        nothing = TwinFilter()
        self._moving = TwinFilter(
            connectivity=where.connectivity,
            active_behavior=where.active_behavior,
            alert_severity=where.alert_severity,
            properties=where.properties,
            overridden=where.overridden,
        )
        self._fixed = replace(
            where, connectivity=(), active_behavior=None, alert_severity=(), properties=(), overridden=None
        )
        self._moves = self._moving != nothing
        self._narrowed: tuple[tuple[int, int], Narrowed] | None = None

    def members(self) -> Set[str]:
        """Those that match as far as definitions decide."""
        return self._narrowing.all_twins(self._fixed)

    def holds(self, twin_id: str) -> bool:
        """Of one of `members`: whether it matches now."""
        if not self._moves:
            return True
        at = (self._live.sequence, self._catalogue.revision)
        if self._narrowed is None or self._narrowed[0] != at:
            self._narrowed = (at, self._narrowing.twins(self._moving))
        return bool(self._narrowed[1].run([twin_id]))
