"""What a twin depends on, near and far: against the direction in which failure travels, and back again.

No redundancy here: whoever is looking for a cause wants every twin that may have had a part in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.topology.loss import loss
from app.topology.needs import Flags, Needs, between, once
from app.topology.runs import Ints

NONE, DEGRADED, LOST = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Weight:
    """What speaks for one twin as the cause."""

    twin: int
    below: list[int]
    """The marked ones among those that depend on it, and itself; ascending."""
    effect: int
    """What the worst hit start would be if this twin alone were gone."""


def upstream(needs: Needs, starts: Ints, max_depth: int | None = None) -> Ints:
    """By twin, how many edges it is away from the nearest start; -1 of those that these do not depend on."""
    depth = np.full(needs.twins, -1, np.int32)
    marks = np.empty(needs.twins, np.int32)
    frontier, at = np.unique(starts).astype(np.int32), 0
    depth[frontier] = 0
    while len(frontier) and at != max_depth:
        at += 1
        own = needs.of(frontier)
        sources = needs.sources[between(needs.sources_start[own], needs.sources_start[own + 1])]
        frontier = once(sources[depth[sources] < 0], marks)
        depth[frontier] = at
    return depth


def below(needs: Needs, twin: int, inside: Flags) -> Ints:
    """Whoever depends on the twin, and itself, among those that are marked."""
    seen: Flags = np.zeros(needs.twins, np.uint8)
    marks = np.empty(needs.twins, np.int32)
    frontier = np.array([twin], np.int32)
    seen[frontier] = 1
    found = [frontier]
    while len(frontier):
        if len(frontier) < needs.few:
            frontier = _below_few(needs, frontier, inside, seen)
        else:
            targets = needs.target[needs.fed_by(frontier)]
            frontier = once(targets[(seen[targets] == 0) & (inside[targets] == 1)], marks)
            seen[frontier] = 1
        found.append(frontier)
    return np.concatenate(found)


def _below_few(needs: Needs, frontier: Ints, inside: Flags, seen: Flags) -> Ints:
    feeds, starts, targets = needs.feeds.data, needs.feeds_start.data, needs.target.data
    met, wanted = seen.data, inside.data
    found = []
    for twin in frontier.tolist():
        for need in feeds[starts[twin] : starts[twin + 1]]:
            target = targets[need]
            if wanted[target] and not met[target]:
                met[target] = 1
                found.append(target)
    return np.array(found, np.int32)


def weigh(needs: Needs, depth: Ints, starts: Ints, candidates: Sequence[int], marked: Sequence[int]) -> list[Weight]:
    """`depth`: what `upstream` gave for the starts."""
    inside: Flags = (depth >= 0).astype(np.uint8)
    found = []
    for twin in candidates:
        hit = np.intersect1d(below(needs, twin, inside), np.array(marked, np.int32)).tolist()
        found.append(Weight(twin, hit, NONE if depth[twin] == 0 else _effect(needs, twin, starts)))
    return found


def _effect(needs: Needs, twin: int, starts: Ints) -> int:
    found = loss(needs, np.array([twin], np.int32))
    if (found.dead[starts] == 1).any():
        return LOST
    return DEGRADED if (found.depth[starts] >= 0).any() else NONE


def dead_without(needs: Needs, without: Ints) -> Flags:
    """By twin, whether it is gone, or lost for that."""
    return loss(needs, without).dead if len(without) else np.zeros(needs.twins, np.uint8)


def suspects(depth: Ints, dead: Flags, others: Sequence[int]) -> Ints:
    """Of those that the start depends on, or that it is: who is dead, and these others; ascending."""
    found: Flags = dead.copy()
    found[np.array(others, np.int32)] = 1
    return np.flatnonzero((found == 1) & (depth >= 0)).astype(np.int32)


def step_down(needs: Needs, twin: int, depth: Ints) -> dict[int, list[int]]:
    """The twins that depend on this one and are a step nearer to the start, each with the groups in which it does."""
    fed = needs.feeds[needs.feeds_start[twin] : needs.feeds_start[twin + 1]]
    nearer = fed[depth[needs.target[fed]] == depth[twin] - 1]
    found: dict[int, list[int]] = {}
    for target, group in zip(needs.target[nearer].tolist(), needs.group[nearer].tolist(), strict=True):
        found.setdefault(target, []).append(group)
    return found
