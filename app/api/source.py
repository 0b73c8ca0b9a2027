"""What a subscription is fed from: how things stand, then what happens, each item with the sequence it stands at.

A source is made for each client that subscribes, since each is shown how things stand as it comes; what happens is
heard once for all who share an operation (sharing.py).
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Item:
    push: Any
    """What the selection is executed on."""
    sequence: int
    subject: Hashable = None
    """Of a state: what a newer one of the same replaces."""
    twin: str = ""
    skipped: int = 0
    initial: bool = False
    look: int = 0
    """Of an initial one that came as something joined: the number of that look; 0 for a client's own start."""


@dataclass(frozen=True, slots=True)
class Part:
    """How some of it stands, all at one sequence: of states, of the twins up to `last`, by id."""

    sequence: int
    items: Iterable[Item]
    last: str = ""


class Listening(Protocol):
    """What happens from now on. `news` was given to it and is called when `take` may have something."""

    looks: int
    """How often something was shown as it joined."""

    @property
    def ended(self) -> bool: ...

    @property
    def error(self) -> Exception | None: ...

    def look(self) -> None:
        """Let what has joined by now be shown to those who are here."""

    def take(self) -> Item | None:
        """None where there is nothing now."""

    def held(self) -> Sequence[tuple[Hashable, int]]:
        """Of subjects for which something waits: how many changes have come."""

    def close(self) -> None: ...


class Source(Protocol):
    """Also an AsyncIterable, for graphql-core asks for one; nobody iterates it."""

    name: str
    """The subscription field."""
    states: bool
    """Whether a newer item of the same subject makes an older one needless; else none is ever left out."""
    resumes: bool
    """Whether it begins with what was missed instead of with how things stand."""

    def __aiter__(self) -> AsyncIterator[Any]: ...

    def listen(self, news: Callable[[], None]) -> Listening: ...

    def sequence(self) -> int:
        """Up to which everything has been published, in this turn of the loop."""

    def standing(self) -> Iterator[Part]:
        """In the order of the twins' ids, made as it is asked for."""

    def missed(self) -> AsyncGenerator[Item, None]:
        """What happened since, until nothing is left in the turn in which it ends. Raises Unavailable (RESUME_TOO_OLD,
        ...), Invalid (RESUME_AHEAD)."""
