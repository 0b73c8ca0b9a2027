"""The Finder: which twins, which overlays, in which order, a page at a time, as of one journal sequence.

An order that no live value decides is walked from the cursor, block by block, until the page is full; an order by a
property needs every match first. Both cost the same from either end.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial, reduce
from operator import and_

from app.errors import Problem
from app.find.check import Checks, refuse
from app.find.cursor import Cursors, decode, seal
from app.find.edges import Edges
from app.find.index import Index, OverlayIndex, TwinIndex
from app.find.lines import Key, Line, by_value, rank
from app.find.matching import Matching
from app.find.narrow import Narrowed, Narrowing
from app.find.properties import Compare, Properties, compared
from app.find.query import Order, OverlayFilter, TwinFilter, Window
from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange
from app.ports import LiveView
from app.topology.topology import Topology

_BLOCK = 256
_LARGEST_BLOCK = 16_384
_SPARSE = 8
"""Sets that leave less than one in so many are sorted for themselves; others are met on the walk."""


@dataclass(frozen=True, slots=True)
class Found:
    ids: tuple[str, ...]
    cursors: Sequence[str]
    has_previous: bool
    has_next: bool
    sequence: int
    """The journal sequence the answer stands at."""
    count: Callable[[], int]
    """How many there are over all pages; counted when asked, within the same turn of the loop."""


class Finder:
    """Keeps its indexes from the moment it is made; make one per catalogue, after the topology, which it asks."""

    def __init__(self, catalogue: Catalogue, topology: Topology, live: LiveView) -> None:
        self._catalogue = catalogue
        self._topology = topology
        self.edges = Edges(catalogue)
        self._twins = TwinIndex(catalogue)
        self._overlays = OverlayIndex(catalogue)
        self._read(live, partial(compared, live))
        catalogue.followers.append(self._follow)

    def through(self, live: LiveView, compare: Compare) -> "Finder":
        """The same indexes, with live values as another view of the same plant gives and compares them."""
        found = copy(self)
        found._read(live, compare)
        return found

    def twins(self, where: TwinFilter, order: Order, window: Window) -> Found:
        """Raises Invalid with every unknown name of the filter and the order (UNKNOWN_PROPERTY, UNKNOWN_TWIN_TYPE,
        TYPE_MISMATCH, ...; its code is the first one's), CURSOR_INVALID, CURSOR_FOREIGN."""
        refuse([*self._checks.twins(where), *self._checks.order(order, overlays=False)])
        return self._search(self._twins, self._narrowing.twins(where), order, window, seal(where, order))

    def overlays(self, where: OverlayFilter, order: Order, window: Window) -> Found:
        """Raises as `twins` does."""
        refuse([*self._checks.overlays(where), *self._checks.order(order, overlays=True)])
        return self._search(self._overlays, self._narrowing.overlays(where), order, window, seal(where, order))

    @property
    def twin_ids(self) -> Collection[str]:
        return self._twins.held

    @property
    def overlay_ids(self) -> Collection[str]:
        return self._overlays.held

    def all_twins(self, where: TwinFilter) -> set[str]:
        """For a filter that `problems` finds nothing in."""
        return self._narrowing.all_twins(where)

    def passing(self, where: TwinFilter) -> Callable[[list[str]], list[str]]:
        """Which of some twins pass such a filter, in their order; to be asked within the same turn of the loop."""
        return self._narrowing.twins(where).run

    def problems(self, where: TwinFilter, path: str = "/where") -> Iterator[Problem]:
        return self._checks.twins(where, path)

    def matching(self, where: TwinFilter) -> Matching:
        """For one twin at a time, from now on. Raises as `twins` does."""
        refuse(self._checks.twins(where))
        return Matching(self._catalogue, self._live, self._narrowing, where)

    def _read(self, live: LiveView, compare: Compare) -> None:
        self._live = live
        catalogue, twins, overlays = self._catalogue, self._twins, self._overlays
        properties = Properties(catalogue, twins, live, compare)
        self._checks = Checks(catalogue, twins, overlays, properties)
        self._narrowing = Narrowing(catalogue, self._topology, live, twins, overlays, properties)

    def _follow(self, change: DefinitionChange) -> None:
        self._twins.apply(change)
        self._overlays.apply(change)

    # ------------------------------------------------------------ searching

    def _search(self, index: Index, narrowed: Narrowed, order: Order, window: Window, sealed: str) -> Found:
        line: Line
        if order.by == "property":
            ids = _everyone(index, narrowed)
            line, narrowed = by_value(ids, self._values(ids, order), order.descending), Narrowed()
        else:
            among = narrowed.smallest()
            sparse = among is not None and len(among) * _SPARSE < len(index.held)
            line = index.line(order, among if sparse else None)
        start = line.after(decode(window.after, sealed, order.by, "after")) if window.after is not None else 0
        stop = len(line)
        if window.before is not None:
            stop = max(start, line.before(decode(window.before, sealed, order.by, "before")))
        found = _walk(line, narrowed, start, stop, window.size + 1, window.backward)
        more = len(found) > window.size
        found = found[: window.size]
        if window.backward:
            found.reverse()
        behind = bool(_walk(line, narrowed, 0, start, 1, True))
        ahead = bool(_walk(line, narrowed, stop, len(line), 1, False))
        return Found(
            tuple(found),
            Cursors(sealed, [self._key(index, id, order) for id in found]),
            has_previous=behind or (more and window.backward),
            has_next=ahead or (more and not window.backward),
            sequence=self._live.sequence,
            count=lambda: _count(index, line, narrowed),
        )

    def _key(self, index: Index, id: str, order: Order) -> Key:
        if order.by != "property":
            return index.key(id, order.by)
        (value,) = self._values([id], order)
        where = rank(value)
        return where, value if where is not None else None, id

    def _values(self, ids: list[str], order: Order) -> list[object]:
        assert order.property is not None
        twin_ids = ids if order.role is None else [self._in_role(id, order.role) for id in ids]
        return list(self._live.values(order.property, twin_ids))

    def _in_role(self, overlay_id: str, role: str) -> str:
        """The twin's id, the first of many; "" (which no twin has) where no twin fills the role."""
        overlay = self._catalogue.overlay(overlay_id)
        twins = (binding.twin_id for binding in overlay.twins if binding.role == role) if overlay else iter(())
        return next(twins, "") or ""


def _everyone(index: Index, narrowed: Narrowed) -> list[str]:
    """All that match, by id."""
    among = narrowed.smallest()
    if among is not None:
        return narrowed.run(sorted(among))
    return narrowed.run(index.line(Order()).ids(0, len(index.held)))


def _walk(line: Line, narrowed: Narrowed, start: int, stop: int, count: int, backward: bool) -> list[str]:
    """The first `count` that match from `start`, or from `stop` back if `backward`; in the order they were met."""
    found: list[str] = []
    block = max(_BLOCK, count)
    while start < stop and len(found) < count:
        if backward:
            passed = narrowed.run(line.ids(max(start, stop - block), stop))
            passed.reverse()
            stop -= block
        else:
            passed = narrowed.run(line.ids(start, min(stop, start + block)))
            start += block
        found += passed
        block = min(block * 2, _LARGEST_BLOCK)
    return found[:count]


def _count(index: Index, line: Line, narrowed: Narrowed) -> int:
    """Over all pages. Sets may name what is not there any more."""
    if not narrowed.sets:
        return len(narrowed.run(line.ids(0, len(line)))) if narrowed.steps else len(line)
    left = reduce(and_, sorted(narrowed.sets, key=len), index.held.keys())
    return len(Narrowed(steps=narrowed.steps).run(list(left))) if narrowed.steps else len(left)
