"""Every name in a filter must be carried by something: a misspelled one is an error with a suggestion, never an empty
answer.

Paths are those of the GraphQL input, which the REST face shares (`/where/properties/0/gte`).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from app.errors import Invalid, Problem
from app.find.index import PLACES, OverlayIndex, TwinIndex
from app.find.properties import Properties, hint
from app.find.query import Membership, MemberTest, Order, OverlayFilter, Related, TwinFilter
from app.model.catalogue import Catalogue
from app.model.near import near
from app.model.relationship_types import meant

MAX_TEXT = 1000
MAX_WORDS = 100
"""In one list."""
MAX_TESTS = 20
"""Of properties; each reads a column of every twin that is left, on the loop that decides."""
MAX_MEMBERS = 10
MAX_DEPTH = 100
"""Hops of a walk whose paths are shown."""


def refuse(problems: Iterable[Problem]) -> None:
    """Raises Invalid with all of them, where there are any; its code is the first one's."""
    found = list(problems)
    if found:
        raise Invalid.of(found, "the question", code=found[0].code)


class Checks:
    def __init__(self, catalogue: Catalogue, twins: TwinIndex, overlays: OverlayIndex, properties: Properties) -> None:
        self._catalogue = catalogue
        self._twins = twins
        self._overlays = overlays
        self._properties = properties

    def twins(self, where: TwinFilter, path: str = "/where") -> Iterator[Problem]:
        known_types = [type_id for type_id in where.types if self._catalogue.twin_type(type_id) is not None]
        types = tuple(self._catalogue.ids("twin_type"))
        yield from _words("twin type", where.types, types, f"{path}/type")
        yield from _words("tag", where.tags, self._twins.tags, f"{path}/tag")
        yield from _text(where.text, f"{path}/text")
        if where.location is not None:
            for name in PLACES:
                word = getattr(where.location, name)
                if word is not None:
                    yield from unknown_one(name, word, self._twins.places[name], f"{path}/location/{name}")
        if where.related_to is not None:
            yield from self._related(where.related_to, f"{path}/relatedTo")
        if where.member is not None:
            yield from self._member(where.member, f"{path}/member")
        if where.active_behavior is not None:
            known = self._behaviors()
            yield from unknown_one("behavior", where.active_behavior, known, f"{path}/activeBehavior")
        yield from _few(where.properties, MAX_TESTS, f"{path}/properties")
        for index, test in enumerate(where.properties[:MAX_TESTS]):
            yield from _few(test.any_of, MAX_WORDS, f"{path}/properties/{index}/in")
            if len(known_types) == len(where.types) and len(test.any_of) <= MAX_WORDS:
                yield from self._properties.check(test, f"{path}/properties/{index}", known_types)

    def overlays(self, where: OverlayFilter, path: str = "/where") -> Iterator[Problem]:
        yield from _words("overlay type", where.types, tuple(self._catalogue.ids("overlay_type")), f"{path}/type")
        yield from _words("tag", where.tags, self._overlays.tags, f"{path}/tag")
        yield from _text(where.text, f"{path}/text")
        yield from _few(where.members, MAX_MEMBERS, f"{path}/members")
        for index, test in enumerate(where.members[:MAX_MEMBERS]):
            yield from self._member_test(test, f"{path}/members/{index}")
        if where.active_behavior is not None:
            known = set(self._overlays.behaviors)
            for stored in self._catalogue.all("overlay_type"):
                known.update(item.name for item in stored.definition.behaviors)  # type: ignore[union-attr]
            yield from unknown_one("behavior", where.active_behavior, known, f"{path}/activeBehavior")

    def order(self, order: Order, overlays: bool) -> Iterator[Problem]:
        if order.by != "property":
            return
        if order.property is not None:
            yield from self._properties.check_order(order.property, "/orderBy/property")
        if overlays and order.role is not None:
            yield from unknown_one("role", order.role, self._roles(), "/orderBy/role")
        elif overlays:
            yield Problem(
                "MISSING_ROLE", "to order overlays by a property, say of which role", "/orderBy/role", "give role too"
            )

    def _related(self, related: Related, path: str) -> Iterator[Problem]:
        yield from unknown_one("twin", related.twin_id, self._twins.held, f"{path}/twinId")
        yield from unknown_types(self._catalogue, related.relationship_types, f"{path}/relationshipTypes")
        yield from check_depth(related.max_depth, 1, MAX_DEPTH, f"{path}/maxDepth")

    def _member(self, member: Membership, path: str) -> Iterator[Problem]:
        if member.overlay_id is not None:
            yield from unknown_one("overlay", member.overlay_id, self._overlays.held, f"{path}/overlayId")
        if member.role is not None:
            yield from unknown_one("role", member.role, self._roles(), f"{path}/role")

    def _member_test(self, test: MemberTest, path: str) -> Iterator[Problem]:
        if test.role is not None:
            yield from unknown_one("role", test.role, self._roles(), f"{path}/role")
        if test.twin_id is not None:
            yield from unknown_one("twin", test.twin_id, self._twins.held, f"{path}/twinId")
        if test.where is not None:
            yield from self.twins(test.where, f"{path}/where")

    def _behaviors(self) -> set[str]:
        known = set(self._twins.behaviors)
        for type_id in self._catalogue.ids("twin_type"):
            known.update(self._catalogue.type_capabilities(type_id).behaviors)
        return known

    def _roles(self) -> set[str]:
        known = set(self._overlays.roles)
        for stored in self._catalogue.all("overlay_type"):
            known.update(item.role for item in stored.definition.twin_roles)  # type: ignore[union-attr]
        return known


def unknown_types(catalogue: Catalogue, names: Sequence[str], path: str) -> Iterator[Problem]:
    """Of relationships that a question wants followed."""
    yield from _few(names, MAX_WORDS, path)
    for index, name in enumerate(names[:MAX_WORDS]):
        if catalogue.relationship_type(name) is None:
            message = f"there is no relationship type '{name}'"
            yield Problem("UNKNOWN_RELATIONSHIP_TYPE", message, f"{path}/{index}", meant(catalogue, name))


def unknown_twin_types(catalogue: Catalogue, names: Sequence[str], path: str) -> Iterator[Problem]:
    yield from _words("twin type", names, tuple(catalogue.ids("twin_type")), path)


def unknown_twins(known: Collection[str], twin_ids: Sequence[str], path: str) -> Iterator[Problem]:
    for index, twin_id in enumerate(twin_ids):
        yield from unknown_one("twin", twin_id, known, f"{path}/{index}")


def check_depth(depth: int, least: int, most: int, path: str) -> Iterator[Problem]:
    if not least <= depth <= most:
        name = path.rpartition("/")[2]
        yield Problem("DEPTH_INVALID", f"`{name}` is {depth}; it may be {least} to {most}", path)


def check_size(size: int, least: int, most: int, path: str) -> Iterator[Problem]:
    if not least <= size <= most:
        name = path.rpartition("/")[2]
        yield Problem("SIZE_INVALID", f"`{name}` is {size}; it may be {least} to {most}", path)


def _few(items: Sequence[object], most: int, path: str) -> Iterator[Problem]:
    if len(items) > most:
        yield Problem("TOO_MANY_VALUES", f"{len(items)} were given; the most is {most}", path)


def _words(what: str, words: Sequence[str], known: Collection[str], path: str) -> Iterator[Problem]:
    yield from _few(words, MAX_WORDS, path)
    for index, word in enumerate(words[:MAX_WORDS]):
        yield from unknown_one(what, word, known, f"{path}/{index}")


def unknown_one(what: str, word: str, known: Collection[str], path: str) -> Iterator[Problem]:
    """Where nothing carries this word."""
    if word not in known:
        code = "UNKNOWN_" + what.upper().replace(" ", "_")
        many = what in ("twin", "overlay")  # an installation's own ids, which nobody wants listed
        yield Problem(code, f"there is no {what} '{word}'", path, near(word, known) if many else hint(word, known))


def _text(text: str | None, path: str) -> Iterator[Problem]:
    if text is not None and not 0 < len(text) <= MAX_TEXT:
        yield Problem("BAD_TEXT", f"the text to look for has 1 to {MAX_TEXT} characters, not {len(text)}", path)
