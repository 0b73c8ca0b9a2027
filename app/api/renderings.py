"""Renderings: twins as they were answered, in bytes, in as much memory as they may take.

What they are good for, and how long, is decided where they are asked for (selections/kept.py); a change of the
catalogue empties a shelf as it is looked at next.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

import msgspec

from app.model.catalogue import Catalogue

_BESIDE = 300
"""Bytes that one takes beside its own."""
_SHELF = 1_000

Entry = tuple[object, int, msgspec.Raw]
"""The mark and the definition's revision that it was made at, and the bytes. The definition itself would be kept in
memory by it after another has replaced it, and is larger than the bytes."""
Key = tuple[Hashable, bytes, Hashable]
"""A selection, its variables and the viewer."""


class Shelf:
    """What is kept of one selection, for one set of variables and one viewer."""

    __slots__ = ("catalogue", "entries", "revision", "size")

    def __init__(self, catalogue: Catalogue, size: int) -> None:
        self.catalogue = catalogue
        self.revision = catalogue.revision
        self.size = size
        self.entries: dict[str, Entry] = {}


@dataclass(slots=True)
class Renderings:
    """All shelves of a server, in as many bytes as it may take at most. The selection that was asked for longest ago
    goes first, as a whole; of the only one, those twins that were answered first."""

    most: int = 64 * 1024 * 1024
    size: int = 0
    given: int = 0
    """Twins, in this run."""
    made: int = 0
    _shelves: OrderedDict[Hashable, Shelf] = field(default_factory=OrderedDict)

    def shelf(self, key: Key, catalogue: Catalogue) -> Shelf:
        found = self._shelves.get(key)
        if found is None:
            found = self._shelves[key] = Shelf(catalogue, _SHELF + len(key[1]))
            self.size += found.size
            self._make_room(found)
            return found
        self._shelves.move_to_end(key)
        if found.revision != catalogue.revision or found.catalogue is not catalogue:
            bare = _SHELF + len(key[1])
            self.size -= found.size - bare
            found.size, found.catalogue, found.revision = bare, catalogue, catalogue.revision
            found.entries.clear()
        return found

    def put(self, shelf: Shelf, twin_id: str, entry: Entry) -> None:
        before = shelf.entries.pop(twin_id, None)
        self.made += 1
        grown = _size_of(entry) - (_size_of(before) if before is not None else 0)
        shelf.entries[twin_id] = entry
        shelf.size += grown
        self.size += grown
        if self.size > self.most:
            self._make_room(shelf)

    def _make_room(self, used: Shelf) -> None:
        while self.size > self.most:
            key, oldest = next(iter(self._shelves.items()))
            if oldest is not used:
                del self._shelves[key]
                self.size -= oldest.size
                continue
            while self.size > self.most and used.entries:
                freed = _size_of(used.entries.pop(next(iter(used.entries))))
                used.size -= freed
                self.size -= freed
            return


def _size_of(entry: Entry) -> int:
    return len(entry[2]) + _BESIDE
