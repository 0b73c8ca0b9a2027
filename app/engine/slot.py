"""A part of a condition that depends on more than the values of now, as one rule has it.

It has two faces. `value` only looks: at cells, at timers, at the time. `advance` looks and makes the facts that follow
(a timer starts, pauses, stops); it runs each time the rule is woken, innermost slot first. All that a slot knows is in
the state (timers, cells): what it keeps itself is a copy that saves the rule from being woken, or from looking at
everything again, for nothing.
"""

from typing import TYPE_CHECKING, Any, Final

from app.model.events import Cause, TimerKey

if TYPE_CHECKING:
    from app.engine.memory import Memory
    from app.engine.step import Step

UNSEEN: Final[Any] = object()


class Slot:
    __slots__ = ("key", "live", "seen", "waits")

    is_pulse = False

    def __init__(self, key: TimerKey) -> None:
        self.key = key
        self.live: Any = None
        """What the condition reads."""
        self.seen: Any = UNSEEN
        """What it asks itself, when it was last advanced."""
        self.waits = False
        """Whether its timer waited then for what the rule reads to be read back."""

    def named(self) -> tuple[str | None, str] | None:
        """The event that it is for, by owner as the condition names it and name."""
        return None

    def value(self, memory: "Memory") -> Any:
        return self.live

    def advance(self, memory: "Memory", step: "Step", cause: Cause) -> None:
        self.live, self.seen = self.value(memory), None

    def _look(self, memory: "Memory") -> None:
        timer = memory.plant.timers.get(self.key)
        self.waits = timer is not None and timer.waits

    def steady(self, memory: "Memory") -> bool:
        return self.seen is not UNSEEN

    def why(self, memory: "Memory") -> str:
        """Why it is unknown, where no cell says so."""
        return ""
