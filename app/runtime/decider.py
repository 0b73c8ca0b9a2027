"""What the runtime needs of the engine; app.engine.engine.Engine is the one there is.

`decide` changes the engine's state at once, before anything is durable: whoever calls it must commit the Outcome next
or stop for good.
"""

from collections.abc import Iterator
from typing import Protocol

from app.model.events import Entry, Input, Outcome
from app.model.ledger import Tally
from app.model.time import Micros


class HasSequence(Protocol):
    sequence: int
    tallies: dict[str, Tally]
    """By source, what became of its samples since the journal began."""

    @property
    def behind(self) -> Micros:
        """How far the machine's clock was said to be behind engine time."""


class Taking(Protocol):
    """A snapshot that is taken a little at a time, between decisions."""

    small: bool
    """Whether it may as well be taken in one go."""
    complete: bool
    """Whether only the end is left."""
    void: bool
    """Whether it can't be ended any more."""

    def pieces(self) -> Iterator[None]: ...

    def end(self) -> bytes | bytearray:
        """The state of now. Only once it is `complete` and while it is not `void`."""


class Decider(Protocol):
    @property
    def live(self) -> HasSequence: ...

    def decide(self, input: Input, now: Micros) -> Outcome:
        """Raises Invalid, with nothing changed, for an input that it can't take at all."""

    def next_due(self) -> Micros | None:
        """When a Tick would do something; None for never."""

    def counts_time(self) -> bool:
        """Whether it hangs on the journal's time how long something has waited that a start would pause."""

    def fold(self, entry: Entry) -> None: ...

    def take(self) -> Taking:
        """In place of any that was begun."""

    def restore(self, state: bytes) -> None: ...
