"""A dry run of changed rules over what happened: what is asked, and what came of it."""

from typing import Literal

import msgspec

from app.model.plan import OwnerKey, Plan
from app.model.time import Micros

Fact = Literal["activation", "alert", "call"]


class Comparison(msgspec.Struct, frozen=True):
    """What to run: the plant as it is defined now, beside the same with the change."""

    now: Plan
    """Of all owners that the change can reach, as they stand."""
    changed: Plan
    since: Micros
    """Facts before that are not compared; they only bring both to the state of that moment."""
    most_seconds: float


class Compared(msgspec.Struct, frozen=True):
    """One thing that a behavior does, as often as the running rules and the changed ones do it."""

    owner: OwnerKey
    behavior: str
    fact: Fact
    what: str
    """The alert's code, `twin.method` of a call; "" of an activation."""
    before: int
    after: int
    gone: tuple[Micros, ...]
    """When only the running rules do it; the first ones."""
    new: tuple[Micros, ...]
    """When only the changed ones do."""


class Beside(msgspec.Struct, frozen=True):
    began: Micros
    """Later than asked for, where the journal does not reach back so far."""
    ended: Micros
    entries: int
    whole: bool
    """False where it took too long: it ends before the journal does."""
    rows: tuple[Compared, ...]
    """Of every behavior that did something in one of the two; those that differ come first."""
