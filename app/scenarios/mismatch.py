"""What does not fit: both sides, to be shown like a diff; and what expectations have said of the step so far."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.model.events import AlertChanged, BehaviorChanged, CallChanged, SampleRejected, TwinEventOccurred
from app.model.plan import BehaviorKey
from app.scenarios import telling
from app.scenarios.script import Text
from app.scenarios.stage import Stage

Fact = BehaviorChanged | AlertChanged | CallChanged | TwinEventOccurred


@dataclass(frozen=True, slots=True)
class Mismatch:
    expected: str
    found: tuple[str, ...]
    behaviors: tuple[BehaviorKey, ...] = ()
    """Whose inputs are to be shown with it."""


@dataclass(slots=True)
class Said:
    """What was said of the step so far: which facts expectations have named, what was refused and rejected."""

    named: list[Fact] = field(default_factory=list)
    refusal: tuple[str, str] | None = None
    """(code, message) of the command that was refused, until an expectation names it."""
    rejections: list[SampleRejected] = field(default_factory=list)
    """Likewise."""


def facts_of(stage: Stage, field: str) -> Iterator[Any]:
    for outcome in stage.since:
        yield from getattr(outcome, field)


def told(lines: Iterable[str], none: str) -> tuple[str, ...]:
    return tuple(lines) or (none,)


def text(expected: Text) -> str:
    return ("containing " if expected.part else "") + telling.value(expected.text)
