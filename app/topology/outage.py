"""The loss of an outage as far as it is told: within a depth, with how much is left of each twin's narrowest group."""

from dataclasses import dataclass

import numpy as np

from app.topology.loss import Loss, loss
from app.topology.needs import Needs, between
from app.topology.runs import Ints


@dataclass(frozen=True, slots=True)
class Outage:
    """Twins by index."""

    loss: Loss
    lost: Ints
    degraded: Ints
    left: Ints
    """Of each degraded one: the sources that are left in its narrowest group that has lost some."""
    beyond: int
    """Lost and degraded ones further away."""


def outage(needs: Needs, removed: Ints, without: Ints, max_depth: int | None) -> Outage:
    """The loss is reckoned to its end in any case: what is near may hang on what is far."""
    found = loss(needs, removed, without)
    lost, degraded = found.lost, found.degraded
    if max_depth is not None:
        lost, degraded = (twins[found.depth[twins] <= max_depth] for twins in (lost, degraded))
    beyond = len(found.lost) + len(found.degraded) - len(lost) - len(degraded)
    return Outage(found, lost, degraded, _left(needs, found, degraded), beyond)


def _left(needs: Needs, found: Loss, degraded: Ints) -> Ints:
    counts = needs.first[degraded + 1] - needs.first[degraded]
    own = between(needs.first[degraded], needs.first[degraded + 1])
    left = needs.width[own] - found.gone[own]
    left[found.gone[own] == found.gone_before[own]] = np.iinfo(np.int32).max  # it has lost nobody now
    least: Ints = np.minimum.reduceat(left, np.cumsum(counts) - counts) if len(left) else left
    return least
