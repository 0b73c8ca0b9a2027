"""What a condition came to, node by node, and what would have to change: answers about a moment, for people to read.

Nodes are a flat list in which each names its parent by its place, because GraphQL has no recursion; a node always
stands before what is under it.
"""

from typing import Literal

import msgspec

from app.model.conditions import Condition
from app.model.events import Alert, Basis, BehaviorChanged, BehaviorState, Call, Cause, Evidence
from app.model.plan import BehaviorKey
from app.model.time import Micros
from app.model.values import Value

ValueType = Literal["number", "boolean", "text", "time", "duration", "composed"]


class Seen(msgspec.Struct, frozen=True):
    """One node of a condition and what it came to."""

    parent: int | None
    """The place of the node that it is under; None for the whole condition."""
    node: Condition
    type: ValueType | None
    """None where it can only be UNKNOWN."""
    value: Value
    """True or false of a condition, else a number or text; None is UNKNOWN."""
    why: str = ""
    """Why it is UNKNOWN, where that is not because of what is under it; of a `for` how it stands."""


class Missing(msgspec.Struct, frozen=True):
    """A sub-condition that stands in the way, and what it would take."""

    place: int
    """Of its node."""
    wanted: bool
    """What it would have to be."""
    needs: str = ""
    """`>= 80.0`; "" where no single value says it."""
    subject: int | None = None
    """The place of the node whose value would have to change; None where that is not one node."""
    nearest: Value = None
    """The value nearest to the one now that would do; None where there is no such value to name."""
    distance: float | None = None
    """How far that is: of numbers relative to the one now, of all else 1; None where it is not known."""


class Way(msgspec.Struct, frozen=True):
    """A smallest set of changes that together would make the condition TRUE."""

    parts: tuple[Missing, ...]
    distance: float | None
    """Of all its parts together; None where it is not known."""


class Explanation(msgspec.Struct, frozen=True):
    """Why a behavior is as it is or turned as it did, or why an alert was raised."""

    key: BehaviorKey
    at: Micros
    """The moment of the values."""
    state: BehaviorState
    evidence: Evidence
    since: Micros = 0
    error: str | None = None
    """Why the behavior can't run."""
    basis: Basis | None = None
    """None where it can't run, or where an alert stands on no condition."""
    nodes: tuple[Seen, ...] = ()
    cause: Cause | None = None
    """What turned it last, or raised the alert."""
    alert: Alert | None = None
    """The one that is explained."""
    turn: BehaviorChanged | None = None
    """The one that is explained: then all of this is of that moment."""
    calls: tuple[Call, ...] = ()
    """What it decided since it came into its state, or with the alert."""


class WhyNot(msgspec.Struct, frozen=True):
    """What keeps a behavior from being active."""

    explanation: Explanation
    ways: tuple[Way, ...] = ()
    """Nearest first. Empty where it is active, can't run, or where no values at all would make it TRUE."""
    whole: bool = True
    """False where the condition is too large to look for smallest sets: the ways are then those of its first level."""
    blocked: tuple[str, ...] = ()
    """What would stand in the way of its actions if it became active now, one line each."""
