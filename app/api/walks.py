"""Pages of what is too much to list before it is cut: walked from the cursor until the page is full.

A plant has half a million behaviors and a million edges, and most filters are about their state of now: the walk lets
others have their turn, and stops where the page does. Counting walks everything, and only where that is asked for.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import TypeVar, cast

from app.api.connections import Connection, show
from app.api.context import Context
from app.api.pages import decode_cursor, encode_cursor, size_asked
from app.find.finder import Found
from app.model.catalogue import Catalogue
from app.off_loop import give_way

Node = TypeVar("Node")
_TURN = 1000
"""Owners between two turns of others."""
Place = tuple[str, ...]


class Walk(ABC):
    """Keys are texts with slashes, which identifiers have not, and begin with their owner's. The order is that of the
    parts: as texts `a/x` would stand behind `a-b/x`."""

    owners: Sequence[str]
    """In their order."""

    @abstractmethod
    def of(self, owner: str) -> Iterable[str]:
        """The keys of one owner, in their order."""

    @abstractmethod
    def owner(self, key: str) -> str:
        """Whose key it is."""

    async def keys(
        self, low: str | None, high: str | None, *, backward: bool = False, closed: bool = False
    ) -> AsyncIterator[str]:
        """Those between the two, which are left out unless `closed`, from either end."""
        start, stop = 0, len(self.owners)
        if low is not None:
            start = bisect_left(self.owners, _place(self.owner(low)), key=_place)
        if high is not None:
            stop = bisect_right(self.owners, _place(self.owner(high)), key=_place)
        least, most = (None if end is None else _place(end) for end in (low, high))
        places = range(stop - 1, start - 1, -1) if backward else range(start, stop)
        for turn, index in enumerate(places, 1):
            if turn % _TURN == 0:
                await give_way()
            names = list(self.of(self.owners[index]))
            for key in reversed(names) if backward else names:
                place = _place(key)
                inside = (least is None or least < place) and (most is None or place < most)
                if inside or (closed and place in (least, most)):
                    yield key

    async def count(self) -> int:
        return sum([1 async for _ in self.keys(None, None)])


def _place(key: str) -> Place:
    return tuple(key.split("/"))


async def walk_page(
    context: Context,
    walk: Walk,
    find: Callable[[Catalogue, str], Node | None],
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    of: str,
) -> Connection[Node]:
    """Raises Invalid (PAGE_SIZE_INVALID, CURSOR_INVALID, CURSOR_FOREIGN)."""
    size, backward = size_asked(first, last), last is not None
    low = decode_cursor(after, "after", of) if after is not None else None
    high = decode_cursor(before, "before", of) if before is not None else None
    found = await _first(walk.keys(low, high, backward=backward), size + 1)
    more = len(found) > size
    behind = low is not None and bool(await _first(walk.keys(None, low, backward=True, closed=True), 1))
    ahead = high is not None and bool(await _first(walk.keys(high, None, closed=True), 1))
    page = found[:size]
    if backward:
        page.reverse()
    return show(
        Found(
            tuple(page),
            tuple(encode_cursor(key, of) for key in page),
            has_previous=behind or (more and backward),
            has_next=ahead or (more and not backward),
            sequence=context.live.sequence,
            count=cast(Callable[[], int], walk.count),  # the executor waits for it, as for any field
        ),
        find,
        context.catalogue,
    )


async def _first(keys: AsyncIterator[str], count: int) -> list[str]:
    found: list[str] = []
    async for key in keys:
        found.append(key)
        if len(found) == count:
            break
    return found
