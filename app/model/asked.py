"""What of the past is asked for: closed alerts and calls, newest first, after a place; several filters hold together.

What is left out (None, an empty tuple) asks nothing; an empty set of twins is one that nothing is in.
"""

from dataclasses import dataclass

from app.model.events import CallStatus
from app.model.time import Micros

Place = tuple[Micros, str]
"""Where an item stands, newest first: when it was raised or decided, and its id."""


@dataclass(frozen=True, slots=True)
class ClosedAlerts:
    severities: tuple[str, ...] = ()
    owner: str | None = None
    """`twin/pump_1` or `overlay/north`."""
    behavior: str | None = None
    """Its name, whoever has it."""
    code: str | None = None
    about: tuple[frozenset[str], frozenset[str]] | None = None
    """Of a behavior of one of the first (`overlay/north`), or concerning one of the second, which are twin ids."""
    acknowledged: bool | None = None
    shelved: bool | None = None
    suppressed: bool | None = None
    text: str | None = None
    """In its message, in any case."""
    since: Micros | None = None
    until: Micros | None = None
    """Raised before this moment."""


@dataclass(frozen=True, slots=True)
class Calls:
    statuses: tuple[CallStatus, ...] = ()
    owner: str | None = None
    """Of the behavior that decided it."""
    behavior: str | None = None
    """The name of that one."""
    twins: frozenset[str] | None = None
    """To one of them."""
    method: str | None = None
    property: str | None = None
    since: Micros | None = None
    until: Micros | None = None
    """Decided before this moment."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Whose items one of several askers wants: those of any of these, raised or decided in a span of its own."""

    twins: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    """Of any behavior of these."""
    behaviors: tuple[str, ...] = ()
    """`twin/pump_1/hot`."""
    since: Micros | None = None
    until: Micros | None = None
