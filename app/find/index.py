"""Secondary indexes of twins and overlays by what their documents say, kept by the changes the catalogue applies.

Sorted lines are made when an order is first asked for, then kept too: one changed twin is a bisection in each.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from typing import Any

from app.find.lines import Key, Keys
from app.find.query import Box, Order, OrderBy
from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange, StoredDefinition
from app.model.definitions import Kind, Overlay, Twin

PLACES = ("site", "building", "floor", "room")
_MANY = 500
"""Changes at once from which a line is cheaper made anew than mended."""
_BETWEEN = "\0"
"""No text of a document can hold it, so nothing matches over the end of a field."""
Definition = Twin | Overlay


class Groups(dict[str, set[str]]):
    """Word -> the ids that carry it; a word that nothing carries any more is gone."""

    def put(self, word: str, id: str) -> None:
        self.setdefault(word, set()).add(id)

    def drop(self, word: str, id: str) -> None:
        self[word].discard(id)
        if not self[word]:
            del self[word]


class Index:
    """What twins and overlays have in common."""

    kind: Kind

    def __init__(self, catalogue: Catalogue) -> None:
        self.held: dict[str, StoredDefinition] = {}
        self.types = Groups()
        self.tags = Groups()
        self.texts: dict[str, str] = {}
        self.behaviors: Counter[str] = Counter()
        """Names that documents declare themselves, beside their types'."""
        self._lines: dict[OrderBy, list[Any]] = {}
        for stored in catalogue.all(self.kind):
            self._put(stored)

    def apply(self, change: DefinitionChange) -> None:
        removed = [id for kind, id in change.removed if kind == self.kind]
        saved = [stored for stored in change.saved if stored.kind == self.kind]
        if len(removed) + len(saved) > _MANY:
            self._lines.clear()
        for id in removed:
            self._drop(id)
        for stored in saved:
            self._put(stored)

    def line(self, order: Order, among: Iterable[str] | None = None) -> Keys:
        """All in an order that no live value decides, or only those `among`."""
        by, plain = order.by, order.by == "id"
        if among is not None:
            return Keys(sorted(self._row(id, by) for id in among), order.descending, plain)
        rows = self._lines.get(by)
        if rows is None:
            rows = self._lines[by] = sorted(self._row(id, by) for id in self.held)
        return Keys(rows, order.descending, plain)

    def key(self, id: str, by: OrderBy) -> Key:
        row = self._row(id, by)
        return (row,) if by == "id" else row

    # ------------------------------------------------------------ keeping

    def _row(self, id: str, by: OrderBy) -> Any:
        match by:
            case "type":
                return _type_of(self.held[id].definition), id
            case "updated":
                return self.held[id].updated_at, id
            case _:
                return id

    def _put(self, stored: StoredDefinition) -> None:
        self._drop(stored.id)
        id, definition = stored.id, stored.definition
        assert isinstance(definition, Definition)
        self.held[id] = stored
        self.types.put(_type_of(definition), id)
        for tag in tags_of(definition):
            self.tags.put(tag, id)
        self.texts[id] = _BETWEEN.join(text for text in _texts(definition) if text).casefold()
        self.behaviors.update(behavior.name for behavior in definition.behaviors)
        for by, rows in self._lines.items():
            insort(rows, self._row(id, by))

    def _drop(self, id: str) -> None:
        stored = self.held.get(id)
        if stored is None:
            return
        definition = stored.definition
        assert isinstance(definition, Definition)
        for by, rows in self._lines.items():
            del rows[bisect_left(rows, self._row(id, by))]
        self.types.drop(_type_of(definition), id)
        for tag in tags_of(definition):
            self.tags.drop(tag, id)
        _less(self.behaviors, (behavior.name for behavior in definition.behaviors))
        del self.texts[id], self.held[id]


class TwinIndex(Index):
    kind: Kind = "twin"

    def __init__(self, catalogue: Catalogue) -> None:
        self.places: dict[str, Groups] = {name: Groups() for name in PLACES}
        self.points: dict[str, dict[str, float]] = {}
        """Coordinates by axis, of the twins that have any."""
        self.declaring = Groups()
        """Property -> the twins whose own document declares it."""
        super().__init__(catalogue)

    def inside(self, box: Box, ids: Iterable[str]) -> list[str]:
        asked = [
            (axis, low, high)
            for axis, low, high in (
                ("x", box.min_x, box.max_x),
                ("y", box.min_y, box.max_y),
                ("z", box.min_z, box.max_z),
            )
            if low is not None or high is not None
        ]
        found = []
        for id in ids:
            point = self.points.get(id)
            if point is not None and all(_within(point.get(axis), low, high) for axis, low, high in asked):
                found.append(id)
        return found

    def _put(self, stored: StoredDefinition) -> None:
        super()._put(stored)
        twin = stored.definition
        assert isinstance(twin, Twin)
        for name, word in _places(twin):
            self.places[name].put(word, stored.id)
        if point := _point(twin):
            self.points[stored.id] = point
        for item in twin.properties:
            self.declaring.put(item.name, stored.id)

    def _drop(self, id: str) -> None:
        stored = self.held.get(id)
        super()._drop(id)
        if stored is not None and isinstance(stored.definition, Twin):
            for name, word in _places(stored.definition):
                self.places[name].drop(word, id)
            self.points.pop(id, None)
            for item in stored.definition.properties:
                self.declaring.drop(item.name, id)


class OverlayIndex(Index):
    kind: Kind = "overlay"

    def __init__(self, catalogue: Catalogue) -> None:
        self.roles: Counter[str] = Counter()
        """Names of roles that are filled."""
        self.lifecycles = Groups()
        super().__init__(catalogue)

    def _put(self, stored: StoredDefinition) -> None:
        super()._put(stored)
        assert isinstance(stored.definition, Overlay)
        self.roles.update(binding.role for binding in stored.definition.twins)
        self.lifecycles.put(stored.definition.lifecycle, stored.id)

    def _drop(self, id: str) -> None:
        stored = self.held.get(id)
        super()._drop(id)
        if stored is not None and isinstance(stored.definition, Overlay):
            _less(self.roles, (binding.role for binding in stored.definition.twins))
            self.lifecycles.drop(stored.definition.lifecycle, id)


def tags_of(definition: Definition) -> Set[str]:
    """The texts in `metadata.tags`, where that is a list."""
    tags = definition.metadata.get("tags")
    return {tag for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else frozenset()


def _type_of(definition: Any) -> str:
    found = definition.twin_type if isinstance(definition, Twin) else definition.overlay_type
    return found or ""


def _texts(definition: Definition) -> Iterator[str | None]:
    yield definition.description
    match definition:
        case Twin():
            yield definition.twin_id
            yield from (definition.manufacturer, definition.model)
            yield from (definition.serial_number, definition.installation_date)
            yield from _words(definition.location)
        case Overlay():
            yield from (definition.overlay_id, definition.name)
    yield from _words(definition.metadata)


def _words(value: Any) -> Iterator[str]:
    """The texts and whole numbers in a free-form part, not its keys: an order's number is written either way."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _words(item)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)


def _places(twin: Twin) -> Iterator[tuple[str, str]]:
    location = twin.location or {}
    for name in PLACES:
        word = location.get(name)
        if isinstance(word, str):
            yield name, word
        elif isinstance(word, int) and not isinstance(word, bool):
            yield name, str(word)  # people write floors as numbers, too


def _point(twin: Twin) -> dict[str, float]:
    point = (twin.location or {}).get("coordinates")
    if not isinstance(point, dict):
        return {}
    return {
        axis: value
        for axis in ("x", "y", "z")
        if isinstance(value := point.get(axis), int | float) and not isinstance(value, bool)
    }


def _within(value: float | None, low: float | None, high: float | None) -> bool:
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _less(counter: Counter[str], names: Iterable[str]) -> None:
    for name in names:
        counter[name] -= 1
        if not counter[name]:
            del counter[name]
