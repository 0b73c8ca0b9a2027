"""Statuses of one source, of which nothing was read in between, told as one.

While nothing is taken a path may come and go a thousand times, which must take no more room. What it loses by that must
not be lost with it: after a silence nobody vouches for what was known before, nor for what a path that took over has
not brought. So each path keeps its last turns, and the engine loses by them what it would have lost by all.
"""

import msgspec

from app.model.events import PathStatus, SourceStatus

KEPT = 3
"""Alive, silent, alive: what was reported during a silence is known by the first, lost by the second, and not known
anew by the third."""


def as_one(before: SourceStatus, now: SourceStatus) -> SourceStatus:
    turns: dict[str, list[PathStatus]] = {}
    for path in (*before.paths, *now.paths):
        told = turns.setdefault(path.twin_id, [])
        if told and told[-1].alive == path.alive:
            unfed = tuple(dict.fromkeys((*told.pop().unfed, *path.unfed)))
            path = msgspec.structs.replace(path, unfed=unfed)
        told.append(path)
        del told[:-KEPT]
    return SourceStatus(now.source, tuple(path for told in turns.values() for path in told))
