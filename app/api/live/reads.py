"""What one execution has read, as keys by which a fact finds it again.

Keys may be coarser than what was read, never finer: one too many costs an execution that pushes nothing, one too few a
screen that is wrong. A kind of which too much was read is kept as a whole, under the key that has nothing but its kind.
"""

from collections.abc import Iterable, Sequence

from app.find.properties import Passing
from app.model.values import PropertyState, Value

Key = tuple[str, ...]
"""The kind of thing, and which: ("value", "pump_123", "speed"). The kind alone is all of it."""

MOST_OF_A_KIND = 20_000
"""Keys of one kind that are kept one by one."""

ANYTHING: Key = ("anything",)
"""Whatever is committed: for what hangs on values that only the engine knows of."""


class _Range:
    """One comparison of a filter: who was looked at, and who passed."""

    def __init__(self, tests: Sequence[Passing]) -> None:
        self._tests = tests
        self._looked_at: set[str] | None = set()
        """None for everybody, where they are many."""
        self._passed: set[str] = set()

    def add(self, looked_at: Sequence[str], passed: Sequence[str]) -> None:
        self._passed.update(passed)
        if self._looked_at is not None:
            self._looked_at.update(looked_at)
            if len(self._looked_at) > MOST_OF_A_KIND:
                self._looked_at = None

    def crossed(self, twin_id: str, value: Value) -> bool:
        if self._looked_at is not None and twin_id not in self._looked_at:
            return False
        return all(test([value])[0] for test in self._tests) != (twin_id in self._passed)


class Reads:
    """`moments` where the answer shows when things were last heard of, which moves although no value does."""

    def __init__(self, *, moments: bool = False) -> None:
        self._moments = moments
        self._kinds: dict[str, set[Key]] = {}
        self._whole: set[str] = set()
        self.shown: dict[tuple[str, str], PropertyState | None] = {}
        """By twin and property, the state that the answer shows: deadbands are measured from it."""
        self._ranges: dict[str, dict[int, _Range]] = {}
        """By property, then by the tests themselves."""

    def note(self, kind: str, *which: str) -> None:
        if kind in self._whole:
            return
        found = self._kinds.setdefault(kind, set())
        found.add((kind, *which))
        if not which or len(found) > MOST_OF_A_KIND:
            self._whole.add(kind)
            self._kinds[kind] = {(kind,)}

    def value(self, twin_id: str, name: str, state: PropertyState | None) -> None:
        self.shown[twin_id, name] = state
        self.note("value", twin_id, name)
        self.twin(twin_id)
        self.note("path", twin_id)
        if self._moments:
            self.note("heard", twin_id)

    def column(self, name: str, twin_ids: Iterable[str], *, few: bool) -> None:
        """What a filter or an order has looked at, which no deadband thins."""
        if few:
            for twin_id in twin_ids:
                self.note("sample", twin_id, name)
                self.twin(twin_id)
        else:
            self.note("column", name)
            self.note("loaded")

    def compared(self, name: str, tests: Sequence[Passing], looked_at: Sequence[str], passed: Sequence[str]) -> None:
        """A filter's comparison: only who comes to pass it, or passes it no more, makes another answer."""
        self.note("range", name)
        self.note("loaded")
        of_name = self._ranges.setdefault(name, {})
        found = of_name.get(id(tests))
        if found is None:
            found = of_name[id(tests)] = _Range(tests)
        found.add(looked_at, passed)

    def crossed(self, name: str, twin_id: str, value: Value) -> bool:
        """Whether the value that conditions may use now puts the twin on another side of a filter."""
        return any(found.crossed(twin_id, value) for found in self._ranges.get(name, {}).values())

    def path(self, twin_id: str) -> None:
        self.note("path", twin_id)
        self.twin(twin_id)
        if self._moments:
            self.note("heard", twin_id)

    def twin(self, twin_id: str) -> None:
        """Anything of a twin's live state: a change of definitions may change it without a fact."""
        self.note("owner", "twin", twin_id)

    def twins(self) -> tuple[str, ...]:
        """All that it was read of; none where they are too many to be kept one by one."""
        return tuple(sorted(key[2] for key in self._kinds.get("definition", ()) if key[1:2] == ("twin",)))

    def keys(self) -> set[Key]:
        return set().union(*self._kinds.values())
