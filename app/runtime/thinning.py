"""Deadbands: which changes of a number are worth telling, for pushes and for the graph.

It thins what is told and nothing else: conditions, filters and queries see every sample. Each change is compared with
the last one that was told, never with the one before it, so a slow drift is told as soon as it has gone far enough.
"""

from collections.abc import Callable, Iterable

from app.model.events import PropertyChanged
from app.model.values import PropertyState, Value

DeadbandOf = Callable[[str, str], float | None]
"""By twin id and property; None for one that has none, or is not there."""


def no_deadband(twin_id: str, name: str) -> None:
    return None


class Thinning:
    """For one listener that is told in order. It remembers nothing of properties without a deadband."""

    def __init__(self, deadband_of: DeadbandOf = no_deadband) -> None:
        self._deadband_of = deadband_of
        self._told: dict[str, dict[str, PropertyChanged]] = {}

    def passes(self, change: PropertyChanged) -> bool:
        """Whether to tell it; it counts as told then."""
        deadband = self._deadband_of(change.twin_id, change.property)
        if not deadband:
            return True
        told = self._told.setdefault(change.twin_id, {})
        last = told.get(change.property)
        if last is not None and negligible(last, change, deadband):
            return False
        told[change.property] = change
        return True

    def forget(self, twins: Iterable[str] | None = None) -> None:
        """The next change of each of these twins (None: of every twin) is told, however small."""
        if twins is None:
            self._told.clear()
        elif self._told:
            for twin_id in twins:
                self._told.pop(twin_id, None)


def negligible(last: PropertyChanged | PropertyState, new: PropertyChanged, deadband: float) -> bool:
    """Whether nothing but the value is another, and that by no more than the deadband."""
    same = (last.quality, last.known, last.reason, last.override) == (new.quality, new.known, new.reason, new.override)
    return same and _near(last.value, new.value, deadband)


def _near(last: Value, new: Value, deadband: float) -> bool:
    """The first value, and one of another kind, is near to nothing."""
    return isinstance(last, int | float) and isinstance(new, int | float) and abs(new - last) <= deadband
