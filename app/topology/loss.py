"""Which twins are lost, and which live on with less, once some are gone.

*Alive* without the gone ones is the largest part of the plant that can still grow as it grew with them (needs.py): from
what needs nothing, each twin with a living source in each of its groups; only a cycle that was its own source may count
on itself. Lost is what was alive before and is not now.

Two things are looked at. Who has a need with no source left is lost, and so on (`_end`). Who then still has sources,
but none of those that were alive before it, may be living off itself and has to grow again from the rest
(`_unfounded`). All of it costs what the lost and the doubtful are fed by and feed, and not the plant around them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.topology.needs import Flags, Needs, between, once
from app.topology.runs import Ints

Counts = NDArray[np.unsignedinteger]
_NOBODY: Ints = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class Loss:
    needs: Needs
    lost: Ints
    """Nearest first, with those that were removed before all others."""
    degraded: Ints
    """Alive, with fewer sources in one of their groups than before; nearest first."""
    depth: Ints
    """By twin: how many edges from the nearest removed one, along edges that carry the loss; -1 of all others."""
    gone: Counts
    """By need: how many of its sources are lost now."""
    gone_before: Counts
    """By need: how many of them were lost already."""
    dead: Flags
    """By twin: whether it is lost, now or already."""
    dead_before: Flags
    already_lost: Ints
    already_degraded: Ints


def loss(needs: Needs, removed: Ints, without: Ints = _NOBODY) -> Loss:
    """Of removing these twins from a plant that others are gone from already."""
    before, after = _Removal(needs), _Removal(needs)
    if len(without):
        before.remove(np.unique(without).astype(np.int32))
    fresh = np.unique(removed).astype(np.int32)
    after.remove(np.union1d(without, removed).astype(np.int32) if len(without) else fresh)
    depth, lost, degraded = after.depths(fresh[before.dead[fresh] == 0], before)
    return Loss(
        needs,
        lost,
        degraded,
        depth,
        after.gone,
        before.gone,
        after.dead,
        before.dead,
        before.lost(),
        np.unique(needs.target[before.narrowed()]),
    )


class _Removal:
    def __init__(self, needs: Needs) -> None:
        self.needs = needs
        self.dead: Flags = np.zeros(needs.twins, np.uint8)
        self.gone: Counts = np.zeros(len(needs.target), needs.count_type)
        self._lost: list[Ints] = []
        self._narrowed: list[Ints] = []
        """Round by round, needs that had sources left when one was lost."""
        self._straight = True
        """Whether each need that has ended lost all its sources in one round: then rounds are depths."""
        self._marks: Ints = np.empty(max(needs.twins, len(needs.target)), np.int32)

    def remove(self, dying: Ints) -> None:
        while len(dying):
            more = self._end(dying)
            dying = self._unfounded() if more or len(self._lost) == 1 else _NOBODY
            self._straight = self._straight and not len(dying)

    def lost(self) -> Ints:
        return np.concatenate([_NOBODY, *self._lost])

    def narrowed(self) -> Ints:
        """Needs of the living that have lost some of their sources."""
        found = once(np.concatenate([_NOBODY, *self._narrowed]), self._marks)
        of_living: Ints = found[self.dead[self.needs.target[found]] == 0]
        return of_living

    # ------------------------------------------------------------ who has nobody left

    def _end(self, dying: Ints) -> bool:
        """These are lost, and whoever is left without a source in one of its groups; whether there are any."""
        frontier, rounds = dying, 0
        self.dead[dying] = 1
        while len(frontier):
            self._lost.append(frontier)
            rounds += 1
            frontier = self._end_few(frontier.tolist()) if len(frontier) < self.needs.few else self._end_many(frontier)
        return rounds > 1

    def _end_many(self, frontier: Ints) -> Ints:
        needs, gone, dead = self.needs, self.gone, self.dead
        fed = needs.fed_by(frontier)
        width = needs.width[fed]
        several = fed[width > 1]
        if len(several) < len(fed):
            gone[fed[width == 1]] = 1
        if len(several):
            begun = gone[several] > 0
            np.add.at(gone, several, 1)
            self._straight &= not (begun & (gone[several] == needs.width[several])).any()
        ended = gone[fed] == width
        self._narrowed.append(fed[~ended])
        targets = needs.target[fed[ended]]
        found = once(targets[dead[targets] == 0], self._marks)
        dead[found] = 1
        return found

    def _end_few(self, frontier: list[int]) -> Ints:
        needs = self.needs
        feeds, starts, targets = needs.feeds.data, needs.feeds_start.data, needs.target.data
        width, gone, dead = needs.width.data, self.gone.data, self.dead.data
        found, narrowed = [], []
        for twin in frontier:
            for need in feeds[starts[twin] : starts[twin + 1]]:
                count = gone[need] = gone[need] + 1
                if count < width[need]:
                    narrowed.append(need)
                    continue
                if count > 1:
                    self._straight = False  # perhaps it is: nobody has looked
                if not dead[target := targets[need]]:
                    dead[target] = 1
                    found.append(target)
        self._narrowed.append(np.array(narrowed, np.int32))
        return np.array(found, np.int32)

    # ------------------------------------------------------------ who only has those that it keeps alive itself

    def _unfounded(self) -> Ints:
        """Of the living, those that can't grow again from the others."""
        needs, touched = self.needs, self.narrowed()
        touched = touched[(needs.inner[touched] == 0) & (self.gone[touched] >= needs.supports[touched])]
        if not len(touched):
            return _NOBODY
        doubt, cut = np.zeros(needs.twins, np.uint8), np.zeros(len(needs.target), np.int32)
        exact = np.zeros(len(cut), np.uint8)
        """By need: whether `cut` has its lost supports too, and not only the doubtful ones."""
        doubtful: list[Ints] = []
        while len(touched):
            found = self._cut_off(touched, cut, exact, doubt)
            doubt[found] = 1
            doubtful.append(found)
            touched = needs.supported_by(found)
            np.add.at(cut, touched, 1)
        everyone = np.concatenate([_NOBODY, *doubtful])
        if not len(everyone):
            return everyone
        self._grow_again(everyone, cut, exact, doubt)
        left: Ints = everyone[doubt[everyone] == 1]
        return left

    def _cut_off(self, touched: Ints, cut: Ints, exact: Flags, doubt: Flags) -> Ints:
        """Whose need has lost everybody that was alive before it, to death or to doubt."""
        needs = self.needs
        near = touched[
            (exact[touched] == 0)
            & (needs.inner[touched] == 0)
            & (cut[touched] + self.gone[touched] >= needs.supports[touched])
        ]
        if len(near):
            near = once(near, self._marks)
            exact[near] = 1
            places = between(needs.sources_start[near], needs.sources_start[near + 1])
            sources, of = needs.sources[places], np.repeat(near, needs.width[near])
            counts = (self.dead[sources] == 1) & (needs.level[sources] < needs.level[needs.target[of]])
            np.add.at(cut, of[counts], 1)
        broken = touched[(exact[touched] == 1) & (cut[touched] == needs.supports[touched])]
        targets = needs.target[broken]
        return once(targets[(doubt[targets] == 0) & (self.dead[targets] == 0)], self._marks)

    def _grow_again(self, everyone: Ints, cut: Ints, exact: Flags, doubt: Flags) -> None:
        """Takes the doubt from whoever has a living source in each group without going in a circle."""
        needs = self.needs
        waiting = needs.of(everyone)
        waiting = waiting[(exact[waiting] == 1) & (cut[waiting] == needs.supports[waiting])]
        places = between(needs.sources_start[waiting], needs.sources_start[waiting + 1])
        sources = needs.sources[places]
        living = (self.dead[sources] == 0) & (doubt[sources] == 0)
        of = np.repeat(np.arange(len(waiting)), needs.width[waiting])
        waiting = waiting[np.bincount(of[living], minlength=len(waiting)) == 0]
        unmet = np.zeros(needs.twins, np.int32)
        np.add.at(unmet, needs.target[waiting], 1)
        waits = np.zeros(len(needs.target), np.uint8)
        waits[waiting] = 1
        frontier = everyone[unmet[everyone] == 0]
        while len(frontier):
            doubt[frontier] = 0
            fed = needs.fed_by(frontier)
            met = once(fed[waits[fed] == 1], self._marks)
            waits[met] = 0
            targets = needs.target[met]
            np.subtract.at(unmet, targets, 1)
            frontier = once(targets[unmet[targets] == 0], self._marks)

    # ------------------------------------------------------------ how far away

    def depths(self, removed: Ints, before: "_Removal") -> tuple[Ints, Ints, Ints]:
        """By twin, and who is lost and who is degraded, nearest first. A lost twin is reached by a need that has nobody
        left, one that lives on by a need that has fewer."""
        depth = np.full(self.needs.twins, -1, np.int32)
        if self._straight and not len(before.lost()):
            return depth, self.lost(), self._by_rounds(depth)
        depth[removed] = 0
        lost, degraded, frontier, at = [removed], [_NOBODY], removed, 0
        known: Flags = before.dead.copy()
        known[removed] = 1
        while len(frontier):
            at += 1
            step: Callable[[Ints, Flags], tuple[Ints, Ints]]
            step = self._reach_few if len(frontier) < self.needs.few else self._reach_many
            frontier, narrower = step(frontier, known)
            depth[frontier] = at
            depth[narrower] = at
            lost.append(frontier)
            degraded.append(narrower)
        return depth, np.concatenate(lost), np.concatenate(degraded)

    def _by_rounds(self, depth: Ints) -> Ints:
        """Who is degraded, nearest first, where everybody was lost as soon as the loss came by."""
        for at, twins in enumerate(self._lost):
            depth[twins] = at
        rounds = [self.needs.target[fed] for fed in self._narrowed]
        rounds = [targets[self.dead[targets] == 0] for targets in rounds]
        for at in range(len(rounds), 0, -1):
            depth[rounds[at - 1]] = at
        found = once(np.concatenate([_NOBODY, *rounds]), self._marks)
        nearest: Ints = found[np.argsort(depth[found], kind="stable")]
        return nearest

    def _reach_many(self, frontier: Ints, known: Flags) -> tuple[Ints, Ints]:
        needs = self.needs
        fed = needs.fed_by(frontier)
        targets = needs.target[fed]
        fresh = known[targets] == 0
        fed, targets = fed[fresh], targets[fresh]
        dead = self.dead[targets] == 1
        carried = targets[dead & (self.gone[fed] == needs.width[fed])]
        lost, narrower = once(carried, self._marks), once(targets[~dead], self._marks)
        known[lost] = 1
        known[narrower] = 1
        return lost, narrower

    def _reach_few(self, frontier: Ints, known: Flags) -> tuple[Ints, Ints]:
        needs = self.needs
        feeds, starts, targets = needs.feeds.data, needs.feeds_start.data, needs.target.data
        width, gone, dead, met = (
            needs.width.data,
            self.gone.data,
            self.dead.data,
            known.data,
        )
        lost, narrower = [], []
        for twin in frontier.tolist():
            for need in feeds[starts[twin] : starts[twin + 1]]:
                target = targets[need]
                if met[target]:
                    continue
                if not dead[target]:
                    narrower.append(target)
                elif gone[need] == width[need]:
                    lost.append(target)
                else:
                    continue
                met[target] = 1
        return np.array(lost, np.int32), np.array(narrower, np.int32)
