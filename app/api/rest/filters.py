"""Filters as query parameters: comparisons of properties in one text each, and where a fault of a filter stands.

`property=temperature>=80` is what GraphQL has as `{property: "temperature", gte: 80}`. A value is JSON, or plain text
where it is none: `status=running`, `serial="123"`, `status=["running","starting"]` for one of several.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, cast

import msgspec
from fastapi import Query

from app.errors import Invalid, Problem
from app.find.query import Box, MemberTest, OverlayFilter, PropertyTest, Related, TwinFilter
from app.model.unreadable import UNREADABLE
from app.model.values import Quality
from app.topology.topology import Way

_NAME = r"[A-Za-z0-9_.:\-]{1,128}"
_COMPARISON = re.compile(rf"({_NAME})(>=|<=|==|!=|=|>|<)(.*)", re.DOTALL)
_QUALITY = re.compile(rf"({_NAME}):(good|uncertain|bad)")
_MEMBER = re.compile(rf"({_NAME}?)\.([A-Za-z0-9_:\-]{{1,128}})")
_FIELDS = {"=": "eq", "==": "eq", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_HOW = 'write it like temperature>=80, status=running or status=["running","starting"]'

Comparisons = Annotated[
    list[Annotated[str, Query(pattern=rf"^{_NAME}(>=|<=|=|>|<)")]] | None,
    Query(
        description='Live values, all of these: `temperature>=80`, `status=running`, `status=["on","off"]` for one of '
        "several. A value is JSON, or text where it is none. Comparisons hold for known values only.",
    ),
]
Known = Annotated[list[str] | None, Query(description="Conditions may use the value of each of these properties now.")]
Unknown = Annotated[list[str] | None, Query(description="They may not; twins that lack the property are neither.")]
Qualities = Annotated[
    list[Annotated[str, Query(pattern=rf"^{_NAME}:(good|uncertain|bad)$")]] | None,
    Query(description="Like `temperature:bad`; several of one property are one of these."),
]
Coordinate = Annotated[
    float | None, Query(allow_inf_nan=False, description="Of `location.coordinates`, itself included.")
]
Direction = Annotated[
    Literal["incoming", "outgoing", "both"], Query(description="Which way those edges run, seen from `related_to`.")
]
RelationshipTypes = Annotated[list[str] | None, Query(description="Only edges of these types lead to `related_to`.")]


@dataclass(slots=True)
class Places:
    """Where in the address a part of a filter comes from, by its pointer in GraphQL's filter."""

    known: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self) -> None:
        if self.problems:
            raise Invalid.of(self.problems, "the query", code=self.problems[0].code)

    def told(self, error: Invalid) -> Invalid:
        problems = [replace(item, path=self._place(item.path)) for item in error.problems]
        return Invalid(error.message, code=error.code, hint=error.hint, path=self._place(error.path), problems=problems)

    def _place(self, path: str) -> str:
        parts = path.split("/")
        for length in range(len(parts), 1, -1):
            found = self.known.get("/".join(parts[:length]))
            if found is not None:
                rest = parts[length:] if found.startswith("=") else []
                return "/".join([found.removeprefix("="), *rest])
        return path


TWIN_PLACES: Mapping[str, str] = {
    "/where/type": "=/twin_type",
    "/where/tag": "=/tag",
    "/where/text": "/text",
    "/where/location": "=",
    "/where/relatedTo/twinId": "/related_to",
    "/where/relatedTo/relationshipTypes": "=/relationship_type",
    "/where/member/overlayId": "/overlay",
    "/where/member/role": "/role",
    "/where/activeBehavior": "/active_behavior",
    "/where/properties": "/property",
    "/orderBy/property": "/order_by_property",
}
OVERLAY_PLACES: Mapping[str, str] = {
    "/where/type": "=/overlay_type",
    "/where/tag": "=/tag",
    "/where/text": "/text",
    "/where/members": "/property",
    "/where/activeBehavior": "/active_behavior",
    "/orderBy/property": "/order_by_property",
    "/orderBy/role": "/order_by_role",
}
"""With `=`, what follows stays (`/twin_type/0`)."""


def tests(
    property: Sequence[str] | None,
    known: Sequence[str] | None,
    unknown: Sequence[str] | None,
    quality: Sequence[str] | None,
    places: Places,
) -> list[tuple[str, PropertyTest]]:
    """Each with its place in the address; what can't be read is told to `places`."""
    found: list[tuple[str, PropertyTest]] = []
    for index, text in enumerate(property or ()):
        test = _comparison(text, f"/property/{index}", places)
        if test is not None:
            found.append((f"/property/{index}", test))
    for wanted, names in ((True, known), (False, unknown)):
        where = "known" if wanted else "unknown"
        found += [(f"/{where}/{index}", PropertyTest(name, known=wanted)) for index, name in enumerate(names or ())]
    qualities: dict[str, tuple[str, tuple[Quality, ...]]] = {}
    for index, text in enumerate(quality or ()):
        match = _QUALITY.fullmatch(text)
        if match is None:
            message = f"'{text[:100]}' names no property and quality"
            hint = "write it like temperature:bad; qualities are good, uncertain and bad"
            places.problems.append(Problem("FILTER_INVALID", message, f"/quality/{index}", hint))
            continue
        place, words = qualities.get(match[1], (f"/quality/{index}", ()))
        qualities[match[1]] = (place, (*words, cast(Quality, match[2])))
    found += [(place, PropertyTest(name, quality=words)) for name, (place, words) in qualities.items()]
    return found


def _comparison(text: str, place: str, places: Places) -> PropertyTest | None:
    match = _COMPARISON.fullmatch(text)
    if match is None or match[2] == "!=":
        places.problems.append(Problem("FILTER_INVALID", f"'{text[:100]}' is no comparison", place, _HOW))
        return None
    name, operator, written = match.groups()
    value = _value(written)
    if value is None:
        message = f"'{name}' is compared with null"
        hint = f"ask for unknown={name} to find values that are not there"
        places.problems.append(Problem("TYPE_MISMATCH", message, place, hint))
        return None
    if operator in ("=", "==") and isinstance(value, list):
        if not value:
            places.problems.append(Problem("FILTER_INVALID", f"'{name}' is compared with no value", place, _HOW))
            return None
        return PropertyTest(name, any_of=tuple(value))
    return PropertyTest(name, **{_FIELDS[operator]: value})


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except UNREADABLE:
        return text


def of_twins(where: TwinFilter, asked: Iterable[tuple[str, PropertyTest]], places: Places) -> TwinFilter:
    listed = list(asked)
    for index, (place, _) in enumerate(listed):
        places.known[f"/where/properties/{index}"] = place
    return replace(where, properties=tuple(test for _, test in listed))


def of_overlays(
    where: OverlayFilter,
    asked: Iterable[tuple[str, PropertyTest]],
    roles: Sequence[str] | None,
    twin_ids: Sequence[str] | None,
    places: Places,
) -> OverlayFilter:
    """Properties are written with their role (`primary_pump.temperature`); what is asked of one role must hold for one
    and the same twin in it."""
    members: list[MemberTest] = []
    of_role: dict[str, list[tuple[str, PropertyTest]]] = {}
    for place, test in asked:
        match = _MEMBER.fullmatch(test.property)
        if match is None:
            message = f"'{test.property}' does not say of which role"
            hint = f"write role.{test.property}"
            places.problems.append(Problem("MISSING_ROLE", message, place, hint))
        else:
            of_role.setdefault(match[1], []).append((place, replace(test, property=match[2])))
    for role, listed in of_role.items():
        at = f"/where/members/{len(members)}"
        places.known[f"{at}/role"] = listed[0][0]
        for index, (place, _) in enumerate(listed):
            places.known[f"{at}/where/properties/{index}"] = place
        members.append(MemberTest(role, where=TwinFilter(properties=tuple(test for _, test in listed))))
    for index, role in enumerate(roles or ()):
        places.known[f"/where/members/{len(members)}/role"] = f"/role/{index}"
        members.append(MemberTest(role))
    for index, twin_id in enumerate(twin_ids or ()):
        places.known[f"/where/members/{len(members)}/twinId"] = f"/twin_id/{index}"
        members.append(MemberTest(twin_id=twin_id))
    return replace(where, members=tuple(members))


def related(
    twin_id: str | None, direction: Way, relationship_types: Sequence[str] | None, places: Places
) -> Related | None:
    if twin_id is not None:
        return Related(twin_id, direction, tuple(relationship_types or ()))
    if relationship_types:
        message = "`relationship_type` was given without `related_to`"
        hint = "say to which twin the edges lead"
        places.problems.append(Problem("FILTER_INVALID", message, "/relationship_type", hint))
    return None


def box(*sides: float | None) -> Box | None:
    """min_x, max_x, min_y, ...; None where none is given."""
    return Box(*sides) if any(side is not None for side in sides) else None
