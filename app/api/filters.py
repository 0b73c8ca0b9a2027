"""The filters and orders of `twins` and `overlays` as GraphQL takes them, turned into what the Finder is asked.

A null is not "left out": where a client writes null for a value to compare with, it is told to ask for `known: false`.
"""

from collections.abc import Collection
from typing import Annotated, Any, cast

import strawberry
from strawberry.types.unset import UNSET

from app.api.pages import size_asked
from app.api.scalars import JSON
from app.api.types.enums import (
    AlertSeverity,
    ConnectionStatus,
    OrderDirection,
    OrderField,
    OverlayState,
    Quality,
    TraversalDirection,
)
from app.errors import Invalid, suggestion
from app.find.check import MAX_DEPTH
from app.find.query import (
    Box,
    Membership,
    MemberTest,
    Order,
    OverlayFilter,
    Place,
    PropertyTest,
    Related,
    TwinFilter,
    Window,
)
from app.model.definitions import Lifecycle
from app.topology.topology import Way

_BOUND = "A number, or for a datetime ISO 8601 text."
_COMPARED = ("eq", "gt", "gte", "lt", "lte")


@strawberry.input(
    description="About one property; all that is given must hold. Comparisons hold for known values only. "
    "UNKNOWN_PROPERTY, UNKNOWN_VALUE, TYPE_MISMATCH."
)
class PropertyWhere:
    property: str = strawberry.field(description="Its name.")
    eq: JSON | None = strawberry.field(default=UNSET, description="Exactly this.")
    in_: list[JSON] | None = strawberry.field(name="in", default=None, description="One of these.")
    gt: JSON | None = strawberry.field(default=UNSET, description=f"Above. {_BOUND}")
    gte: JSON | None = strawberry.field(default=UNSET, description=f"At or above. {_BOUND}")
    lt: JSON | None = strawberry.field(default=UNSET, description=f"Below. {_BOUND}")
    lte: JSON | None = strawberry.field(default=UNSET, description=f"At or below. {_BOUND}")
    known: bool | None = strawberry.field(
        default=None, description="Whether conditions may use its value now; twins that lack the property are neither."
    )
    quality: list[Quality] | None = strawberry.field(default=None, description="One of these.")
    overridden: bool | None = strawberry.field(
        default=None, description="Whether it is out of service or forced; twins that lack the property are neither."
    )

    def asked(self, path: str) -> PropertyTest:
        for name in _COMPARED:
            if getattr(self, name) is None:
                raise Invalid(
                    f"'{self.property}' is compared with null",
                    code="TYPE_MISMATCH",
                    hint="ask for `known: false` to find values that are not there",
                    path=f"{path}/{name}",
                )
        values = {name: None if (value := getattr(self, name)) is UNSET else value for name in _COMPARED}
        return PropertyTest(
            self.property,
            any_of=tuple(self.in_ or ()),
            known=self.known,
            quality=tuple(item.value for item in self.quality or ()),
            overridden=self.overridden,
            **values,
        )


@strawberry.input(description="Closed ranges over `location.coordinates`; who lacks a coordinate asked for is outside.")
class BoxWhere:
    min_x: float | None = strawberry.field(default=None, description="Lowest x.")
    max_x: float | None = strawberry.field(default=None, description="Highest x.")
    min_y: float | None = strawberry.field(default=None, description="Lowest y.")
    max_y: float | None = strawberry.field(default=None, description="Highest y.")
    min_z: float | None = strawberry.field(default=None, description="Lowest z.")
    max_z: float | None = strawberry.field(default=None, description="Highest z.")


@strawberry.input(description="Where a twin is, by its `location`. UNKNOWN_SITE, UNKNOWN_BUILDING and so on.")
class LocationWhere:
    site: str | None = strawberry.field(default=None, description="`location.site`.")
    building: str | None = strawberry.field(default=None, description="`location.building`.")
    floor: str | None = strawberry.field(default=None, description="`location.floor`, numbers as text.")
    room: str | None = strawberry.field(default=None, description="`location.room`, numbers as text.")
    within: BoxWhere | None = strawberry.field(default=None, description="In this box.")

    def asked(self) -> Place:
        box = self.within
        within = Box(box.min_x, box.max_x, box.min_y, box.max_y, box.min_z, box.max_z) if box else None
        return Place(self.site, self.building, self.floor, self.room, within)


@strawberry.input(description="So many edges away from a twin. UNKNOWN_TWIN, UNKNOWN_RELATIONSHIP_TYPE, DEPTH_INVALID.")
class RelatedWhere:
    twin_id: strawberry.ID = strawberry.field(description="That twin.")
    direction: TraversalDirection = strawberry.field(
        default=TraversalDirection.BOTH, description="Which way the edges run, seen from that twin."
    )
    relationship_types: list[str] | None = strawberry.field(default=None, description="Only edges of these types.")
    max_depth: int = strawberry.field(default=1, description=f"At most so many hops away, 1 to {MAX_DEPTH}.")

    def asked(self) -> Related:
        way = cast(Way, self.direction.value)
        return Related(self.twin_id, way, tuple(self.relationship_types or ()), self.max_depth)


@strawberry.input(description="Fills a role of an overlay. UNKNOWN_OVERLAY, UNKNOWN_ROLE.")
class MemberWhere:
    overlay_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this overlay; of any if left out."
    )
    role: str | None = strawberry.field(default=None, description="This role; any if left out.")

    def asked(self) -> Membership:
        return Membership(self.overlay_id, self.role)


@strawberry.input(
    description="Which twins; all that is given must hold. Every unknown name is an error with a suggestion, never an "
    "empty answer."
)
class TwinWhere:
    type: list[strawberry.ID] | None = strawberry.field(
        default=None, description="One of these types, subtypes included. UNKNOWN_TWIN_TYPE."
    )
    tag: list[str] | None = strawberry.field(default=None, description="All of these in `metadata.tags`. UNKNOWN_TAG.")
    location: LocationWhere | None = strawberry.field(default=None, description="Where it is.")
    text: str | None = strawberry.field(
        default=None,
        description="Somewhere in its id, description, asset data, location or metadata, in any case. BAD_TEXT.",
    )
    related_to: RelatedWhere | None = strawberry.field(default=None, description="Next to another twin.")
    member: MemberWhere | None = strawberry.field(default=None, description="In an overlay.")
    connectivity: list[ConnectionStatus] | None = strawberry.field(default=None, description="One of these.")
    active_behavior: str | None = strawberry.field(
        default=None, description="Its own behavior of this name is active. UNKNOWN_BEHAVIOR."
    )
    alert_severity: list[AlertSeverity] | None = strawberry.field(
        default=None, description="An open alert of one of these severities concerns it."
    )
    properties: list[PropertyWhere] | None = strawberry.field(default=None, description="About live values.")
    overridden: bool | None = strawberry.field(
        default=None, description="Whether any of its properties is out of service or forced."
    )

    def asked(self, path: str = "/where") -> TwinFilter:
        return TwinFilter(
            types=tuple(self.type or ()),
            tags=tuple(self.tag or ()),
            location=self.location.asked() if self.location else None,
            text=self.text,
            related_to=self.related_to.asked() if self.related_to else None,
            member=self.member.asked() if self.member else None,
            connectivity=tuple(item.value for item in self.connectivity or ()),
            active_behavior=self.active_behavior,
            alert_severity=tuple(item.value for item in self.alert_severity or ()),
            properties=tuple(
                item.asked(f"{path}/properties/{index}") for index, item in enumerate(self.properties or ())
            ),
            overridden=self.overridden,
        )


@strawberry.input(description="One of an overlay's twins; all that is given must hold for the same one.")
class OverlayTwinWhere:
    role: str | None = strawberry.field(default=None, description="It fills this role. UNKNOWN_ROLE.")
    twin_id: strawberry.ID | None = strawberry.field(default=None, description="It is this twin. UNKNOWN_TWIN.")
    where: TwinWhere | None = strawberry.field(default=None, description="It matches this filter.")

    def asked(self, path: str) -> MemberTest:
        return MemberTest(self.role, self.twin_id, self.where.asked(f"{path}/where") if self.where else None)


@strawberry.input(
    description="Which overlays; all that is given must hold. Every unknown name is an error with a suggestion, never "
    "an empty answer."
)
class OverlayWhere:
    type: list[strawberry.ID] | None = strawberry.field(
        default=None, description="One of these types. UNKNOWN_OVERLAY_TYPE."
    )
    tag: list[str] | None = strawberry.field(default=None, description="All of these in `metadata.tags`. UNKNOWN_TAG.")
    text: str | None = strawberry.field(
        default=None, description="Somewhere in its id, name, description or metadata, in any case. BAD_TEXT."
    )
    members: list[OverlayTwinWhere] | None = strawberry.field(
        default=None, description="For each of these, one of its twins."
    )
    active_behavior: str | None = strawberry.field(
        default=None, description="Its behavior of this name is active. UNKNOWN_BEHAVIOR."
    )
    alert_severity: list[AlertSeverity] | None = strawberry.field(
        default=None, description="An open alert of one of these severities is its own, or concerns one of its twins."
    )

    lifecycle: list[OverlayState] | None = strawberry.field(
        default=None, description="One of these; all but RETIRED where left out."
    )

    def asked(self) -> OverlayFilter:
        return OverlayFilter(
            types=tuple(self.type or ()),
            tags=tuple(self.tag or ()),
            text=self.text,
            members=tuple(item.asked(f"/where/members/{index}") for index, item in enumerate(self.members or ())),
            active_behavior=self.active_behavior,
            alert_severity=tuple(item.value for item in self.alert_severity or ()),
            lifecycles=tuple(cast("Lifecycle", item.value) for item in self.lifecycle or ()),
        )


_FIELD = "By this; ID where neither this nor `property` is given."
_DIRECTION = "Which way up; ties are broken by id, the same way."


@strawberry.input(description="The order of twins. UNKNOWN_PROPERTY, ORDER_INVALID.")
class TwinOrder:
    field: OrderField | None = strawberry.field(default=None, description=_FIELD)
    property: str | None = strawberry.field(
        default=None, description="By this property's live value; unknown values come last, either way up."
    )
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description=_DIRECTION)

    def asked(self) -> Order:
        return _order(self.field, self.property, None, self.direction)


@strawberry.input(description="The order of overlays. UNKNOWN_PROPERTY, UNKNOWN_ROLE, MISSING_ROLE, ORDER_INVALID.")
class OverlayOrder:
    field: OrderField | None = strawberry.field(default=None, description=_FIELD)
    property: str | None = strawberry.field(
        default=None, description="By this property of the twin in `role`; unknown values come last, either way up."
    )
    role: str | None = strawberry.field(default=None, description="Whose property.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description=_DIRECTION)

    def asked(self) -> Order:
        return _order(self.field, self.property, self.role, self.direction)


TwinWhereArgument = Annotated[
    TwinWhere | None, strawberry.argument(description="Only these; all twins where left out.")
]
OverlayWhereArgument = Annotated[
    OverlayWhere | None, strawberry.argument(description="Only these; all overlays where left out.")
]
TwinOrderArgument = Annotated[TwinOrder | None, strawberry.argument(description="By id where left out.")]
OverlayOrderArgument = Annotated[OverlayOrder | None, strawberry.argument(description="By id where left out.")]


FINDING = (
    "Every unknown name in the filter is an error with a suggestion (UNKNOWN_PROPERTY, UNKNOWN_TWIN_TYPE, UNKNOWN_TAG, "
    "...); TYPE_MISMATCH, TOO_MANY_VALUES, PAGE_SIZE_INVALID, CURSOR_INVALID, CURSOR_FOREIGN for a cursor of another "
    "filter or order."
)


def of_type(asked: tuple[str, ...], types: Collection[str]) -> tuple[str, ...]:
    """Of these types, those that are asked for as well, all where none is. Raises Invalid (UNKNOWN_TYPE_HERE)."""
    if not asked:
        return tuple(types)
    for index, type_id in enumerate(asked):
        if type_id not in types:
            raise Invalid(
                f"nothing here is of type '{type_id}'",
                code="UNKNOWN_TYPE_HERE",
                hint=suggestion(type_id, types) or "leave `type` out",
                path=f"/where/type/{index}",
            )
    return asked


def window(first: int | None, after: str | None, last: int | None, before: str | None) -> Window:
    """Raises Invalid (PAGE_SIZE_INVALID)."""
    return Window(size_asked(first, last), after, before, backward=last is not None)


def _order(field: Any, property: str | None, role: str | None, direction: OrderDirection) -> Order:
    descending = direction is OrderDirection.DESC
    if property is not None and field is not None:
        raise Invalid(
            "`field` and `property` were both given",
            code="ORDER_INVALID",
            hint="one order at a time; ties are broken by id",
            path="/orderBy",
        )
    if role is not None and property is None:
        raise Invalid("`role` was given without a `property`", code="ORDER_INVALID", path="/orderBy/role")
    if property is not None:
        return Order("property", property, role, descending)
    return Order(field.value if field is not None else "id", descending=descending)
