"""What a property test means: checked against every definition of the property, then run over a column of values.

A property may be declared by several types with different data types; a literal must fit one of them, and matches only
values of its own sort (the boolean `true` is never the number 1).
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import compress

from app.errors import Problem
from app.find.index import TwinIndex
from app.find.lines import rank
from app.find.query import PropertyTest
from app.model.catalogue import Catalogue
from app.model.definitions import PropertyDefinition
from app.model.lineage import family
from app.model.near import near
from app.model.time import iso, parse_iso
from app.model.values import Value
from app.ports import LiveView

Step = Callable[[Sequence[str]], list[str]]
"""Of these ids, in their order, those that pass."""
Passing = Callable[[Sequence[Value]], list[bool]]
"""Which values of a column pass."""
Compare = Callable[[str, Sequence[str], Sequence[Passing]], list[str]]
"""Of these twins, in their order, those whose value of a property passes all tests."""

_SORTS = {"boolean": 0, "float": 1, "integer": 1, "string": 2, "enum": 2, "datetime": 2}
"""Data type -> rank of its values; a data type that is not here (lists, objects) can't be compared."""
_ORDERED = ("float", "integer", "datetime")
_BOUNDS = ("gt", "gte", "lt", "lte")
_LISTED = 20


def compared(live: LiveView, name: str, ids: Sequence[str], tests: Sequence[Passing]) -> list[str]:
    # Flags and compress, not pairs: 100,000 tuples made and filtered cost more than what is compared.
    left, column = list(ids), list(live.values(name, ids))
    for passing in tests:
        flags = passing(column)
        left, column = list(compress(left, flags)), list(compress(column, flags))
    return left


class Properties:
    def __init__(self, catalogue: Catalogue, index: TwinIndex, live: LiveView, compare: Compare) -> None:
        self._catalogue = catalogue
        self._index = index
        self._live = live
        self._compare = compare

    # ------------------------------------------------------------ checking

    def definitions(self, name: str, types: Collection[str] | None = None) -> list[PropertyDefinition]:
        """Of that property in all twin types, or in `types` with their subtypes, and in those types' twins."""
        within = self._within(types)
        found = [
            item
            for type_id in within
            if (item := self._catalogue.type_capabilities(type_id).properties.get(name)) is not None
        ]
        for twin_id in self._index.declaring.get(name, ()):
            twin = self._catalogue.twin(twin_id)
            if twin is not None and twin.twin_type in within:
                found += [item for item in twin.properties if item.name == name]
        return found

    def check_name(self, name: str, path: str, types: Collection[str] | None = None) -> Iterator[Problem]:
        if self.definitions(name, types):
            return
        within = self._within(types)
        known = {key for type_id in within for key in self._catalogue.type_capabilities(type_id).properties}
        known.update(self._index.declaring)
        of = f" on {'twin types' if len(types) > 1 else 'twin type'} {', '.join(types)}" if types else ""
        yield Problem("UNKNOWN_PROPERTY", f"there is no property '{name}'{of}", path, hint(name, known))

    def check_order(self, name: str, path: str) -> Iterator[Problem]:
        problems = list(self.check_name(name, path))
        yield from problems
        kinds = {item.data_type for item in self.definitions(name)}
        if not problems and kinds.isdisjoint(_SORTS):
            shown = ", ".join(sorted(kinds))
            yield Problem("TYPE_MISMATCH", f"property '{name}' is {shown}: it has no order", path, "order by another")

    def check(self, test: PropertyTest, path: str, types: Collection[str]) -> Iterator[Problem]:
        problems = list(self.check_name(test.property, f"{path}/property", types or None))
        if problems:
            yield from problems
            return
        definitions = self.definitions(test.property, types or None)
        if test.eq is not None:
            yield from _check_value(test.property, test.eq, definitions, f"{path}/eq")
        for index, value in enumerate(test.any_of):
            yield from _check_value(test.property, value, definitions, f"{path}/in/{index}")
        for bound in _BOUNDS:
            value = getattr(test, bound)
            if value is not None:
                yield from _check_bound(test.property, value, definitions, f"{path}/{bound}")

    def _within(self, types: Collection[str] | None) -> set[str]:
        if types is None:
            return set(self._catalogue.ids("twin_type"))
        return {below for type_id in types for below in family(self._catalogue, type_id)}

    # ------------------------------------------------------------ running

    def steps(self, test: PropertyTest) -> Iterator[Step]:
        """Comparisons first: they read one column; quality is asked of what they leave."""
        compare = self._comparison(test)
        if compare is not None:
            yield compare
        if test.known is not None:
            yield self._known(test.property, test.known)
        if test.overridden is not None:
            yield self._overridden(test.property, test.overridden)
        if test.quality:
            yield self._quality(test.property, frozenset(test.quality))

    def _comparison(self, test: PropertyTest) -> Step | None:
        name, compare = test.property, self._compare
        moments = all(item.data_type == "datetime" for item in self.definitions(name))
        wanted = [] if test.eq is None else [(_normal(test.eq, moments),)]
        if test.any_of:
            wanted.append(tuple(_normal(value, moments) for value in test.any_of))
        tests = [_one_of(items) for items in wanted]
        for bound in _BOUNDS:
            limit = getattr(test, bound)
            if limit is not None:
                tests.append(_bound(bound, _normal(limit, moments)))
        if not tests:
            return None

        return lambda ids: compare(name, ids, tests)

    def _known(self, name: str, wanted: bool) -> Step:
        """Twins that lack the property are neither."""
        live, capabilities = self._live, self._catalogue.capabilities

        def step(ids: Sequence[str]) -> list[str]:
            return [
                id
                for id, value in zip(ids, live.values(name, ids), strict=True)
                if (value is not None) is wanted and (wanted or name in capabilities(id).properties)
            ]

        return step

    def _overridden(self, name: str, wanted: bool) -> Step:
        """Twins that lack the property are neither."""
        overrides, capabilities = self._live.overrides, self._catalogue.capabilities

        def step(ids: Sequence[str]) -> list[str]:
            over = {key.twin_id for key in overrides() if key.name == name}
            return [id for id in ids if (id in over) is wanted and (wanted or name in capabilities(id).properties)]

        return step

    def _quality(self, name: str, wanted: frozenset[str]) -> Step:
        state = self._live.property_state

        def step(ids: Sequence[str]) -> list[str]:
            return [id for id in ids if (found := state(id, name)) is not None and found.quality in wanted]

        return step


def _one_of(wanted: Sequence[Value]) -> Passing:
    sorts = {(rank(value), value) for value in wanted}
    return lambda column: [value is not None and _sort(value) in sorts for value in column]


def _sort(value: Value) -> tuple[int | None, Value]:
    where = rank(value)
    return where, value if where is not None else None


def _bound(bound: str, limit: Value) -> Passing:
    classes = frozenset((str,) if isinstance(limit, str) else (int, float))
    match bound:
        case "gt":
            return lambda column: [value.__class__ in classes and value > limit for value in column]
        case "gte":
            return lambda column: [value.__class__ in classes and value >= limit for value in column]
        case "lt":
            return lambda column: [value.__class__ in classes and value < limit for value in column]
        case _:
            return lambda column: [value.__class__ in classes and value <= limit for value in column]


def _normal(value: Value, moments: bool) -> Value:
    """Live datetimes are kept in one form, so that their text compares as they do."""
    return iso(parse_iso(value)) if moments and isinstance(value, str) else value


def _check_value(name: str, value: Value, definitions: Sequence[PropertyDefinition], path: str) -> Iterator[Problem]:
    fitting = [item for item in definitions if _fits(value, item)]
    if not fitting:
        yield _mismatch(name, value, definitions, path)
        return
    listed = [item.enum_values for item in fitting if item.data_type == "enum"]
    if len(listed) == len(fitting):
        known = sorted({word for words in listed for word in words or ()})
        if value not in known:
            yield Problem("UNKNOWN_VALUE", f"property '{name}' is never '{value}'", path, hint(value, known))


def _check_bound(name: str, value: Value, definitions: Sequence[PropertyDefinition], path: str) -> Iterator[Problem]:
    ordered = [item for item in definitions if item.data_type in _ORDERED]
    if not ordered:
        kinds = ", ".join(sorted({item.data_type for item in definitions}))
        some = any(item.data_type in _SORTS for item in definitions)
        instead = "compare it with eq or in" if some else "nothing can be compared with it: ask for quality or known"
        yield Problem("TYPE_MISMATCH", f"property '{name}' is {kinds}: it has no order", path, instead)
    elif not any(_fits(value, item) for item in ordered):
        yield _mismatch(name, value, ordered, path)


def _fits(value: Value, item: PropertyDefinition) -> bool:
    if rank(value) is None or rank(value) != _SORTS.get(item.data_type):
        return False
    if item.data_type != "datetime":
        return True
    try:
        parse_iso(value)
    except (ValueError, OverflowError):
        return False
    return True


def _mismatch(name: str, value: Value, definitions: Sequence[PropertyDefinition], path: str) -> Problem:
    kinds = ", ".join(sorted({item.data_type for item in definitions}))
    shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
    return Problem("TYPE_MISMATCH", f"property '{name}' is {kinds} and can't be compared with {shown}", path)


def hint(name: str, known: Collection[str]) -> str:
    """The nearest name, else all of them where they are few."""
    found = near(name, known)
    if not found and 0 < len(known) <= _LISTED:
        found = f"known are {', '.join(sorted(known))}"
    return found
