"""What a compiled condition needs to remember: one plan for each part of it that asks for more than the values of now.

A plan is shared by all owners of a shape; what one owner remembers is beside its rule (memory.py). `place` is that of a
cell among those that the condition reads; the tests take all slots, then all cells, as the condition itself does.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.engine.values import Spec
from app.model import conditions
from app.model.time import Micros

Test = Callable[..., bool | None]


@dataclass(frozen=True, slots=True)
class Held:
    name: str
    duration: Micros
    item: Test


@dataclass(frozen=True, slots=True)
class Within:
    """Whether `other` is TRUE, or was not longer ago than that."""

    name: str
    duration: Micros
    other: Test


@dataclass(frozen=True, slots=True)
class Age:
    """Whether the last report is at least so old."""

    name: str
    place: int
    limit: Micros


@dataclass(frozen=True, slots=True)
class Rate:
    name: str
    place: int
    window: Micros


@dataclass(frozen=True, slots=True)
class Trailed:
    """Asks nothing itself: the cell is to keep the value before the last change."""

    name: str
    place: int


@dataclass(frozen=True, slots=True)
class Changed:
    name: str
    place: int


@dataclass(frozen=True, slots=True)
class Occurred:
    name: str
    owner: str | None
    event: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the event that occurs in this step, where it is what the event declares."""

    name: str
    owner: str | None
    event: str
    parameter: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class Every:
    name: str
    schedule: conditions.Every


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the members of a role of many come to together."""

    name: str
    node: conditions.Aggregate
    outside: tuple[conditions.PropertyRef, ...]
    """What each member is asked about that is not its own."""
    outer: tuple[int, ...]
    """The places of those."""


SlotPlan = Held | Within | Age | Rate | Trailed | Changed | Occurred | Parameter | Every | Gathered
