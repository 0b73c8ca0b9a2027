"""What can be asked: filters, orders and pages, as every face (GraphQL, REST) hands them to the Finder.

All parts of a filter must hold; what is left out (None, an empty tuple) asks nothing. Lists of words are "one of
these", except tags, which must all be there.
"""

from dataclasses import dataclass
from typing import Literal

from app.model.behaviors import Severity
from app.model.definitions import Lifecycle
from app.model.values import Quality, Value
from app.topology.topology import Way

Status = Literal["connected", "disconnected", "connecting", "unconfigured"]
OrderBy = Literal["id", "type", "updated", "property"]


@dataclass(frozen=True, slots=True)
class PropertyTest:
    """About one property of a twin. Comparisons hold for known values only, as conditions do: UNKNOWN is no match."""

    property: str
    eq: Value = None
    any_of: tuple[Value, ...] = ()
    gt: Value = None
    gte: Value = None
    lt: Value = None
    lte: Value = None
    known: bool | None = None
    quality: tuple[Quality, ...] = ()
    overridden: bool | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """Closed ranges over `location.coordinates`; a twin that lacks a coordinate asked for is outside."""

    min_x: float | None = None
    max_x: float | None = None
    min_y: float | None = None
    max_y: float | None = None
    min_z: float | None = None
    max_z: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    site: str | None = None
    building: str | None = None
    floor: str | None = None
    room: str | None = None
    within: Box | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """At most so many edges away from `twin_id`; the way is seen from that twin."""

    twin_id: str
    way: Way = "both"
    relationship_types: tuple[str, ...] = ()
    max_depth: int = 1


@dataclass(frozen=True, slots=True)
class Membership:
    """Fills a role: in this overlay, in this role, or both."""

    overlay_id: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class TwinFilter:
    types: tuple[str, ...] = ()
    """Subtypes included."""
    tags: tuple[str, ...] = ()
    location: Place | None = None
    text: str | None = None
    related_to: Related | None = None
    member: Membership | None = None
    connectivity: tuple[Status, ...] = ()
    active_behavior: str | None = None
    alert_severity: tuple[Severity, ...] = ()
    properties: tuple[PropertyTest, ...] = ()
    overridden: bool | None = None
    """Whether a person has put something over any of its properties."""


@dataclass(frozen=True, slots=True)
class MemberTest:
    """One of an overlay's twins: in this role, this twin, matching that filter; all that is given."""

    role: str | None = None
    twin_id: str | None = None
    where: TwinFilter | None = None


@dataclass(frozen=True, slots=True)
class OverlayFilter:
    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    text: str | None = None
    members: tuple[MemberTest, ...] = ()
    active_behavior: str | None = None
    alert_severity: tuple[Severity, ...] = ()
    lifecycles: tuple[Lifecycle, ...] = ()
    """One of these; where none is given, every one that is not retired."""


@dataclass(frozen=True, slots=True)
class Order:
    """Ties are broken by id, the same way up. A property's unknown values come last in both directions."""

    by: OrderBy = "id"
    property: str | None = None
    role: str | None = None
    """For overlays by property: of the twin in this role."""
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """So many after and before these cursors, counted from the start, or from the end if `backward`."""

    size: int
    after: str | None = None
    before: str | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """Which twins edges lead to from one, all of them walked through, those of the filters shown."""

    twin_id: str
    way: Way = "both"
    relationship_types: tuple[str, ...] = ()
    twin_types: tuple[str, ...] = ()
    """Subtypes included."""
    where: TwinFilter = TwinFilter()
    min_depth: int = 1
    max_depth: int = 1


@dataclass(frozen=True, slots=True)
class Connected:
    """Which twins hang together: those of an overlay, those of a filter, or all; over the edges among them."""

    overlay_id: str | None = None
    """Those in it and in the overlays inside it."""
    where: TwinFilter | None = None
    relationship_types: tuple[str, ...] = ()
    min_size: int = 1
