"""What time does to rules: a moment that one waited for has come, or the paths that it waited for have had contact."""

from app.engine.cells import TwinState
from app.engine.memory import Every, Pulse
from app.engine.step import Step, led_to
from app.model.events import Cause, Timer
from app.model.plan import BehaviorKey

STANDING = frozenset({"held"})
"""Kinds of slots whose timers are kept when they are met, until what they waited for is over."""


def wake(step: Step, timer: Timer) -> None:
    """The rule looks again: what it waited for is so now, or not yet."""
    rule = step.live.rule(BehaviorKey(timer.key.owner, timer.key.behavior))
    if rule is not None:
        step.woken.setdefault(rule, _cause(step, timer))


def strike(step: Step, timer: Timer) -> None:
    """A schedule's moment has come: once for all that were missed, and on to the next."""
    rule = step.live.rule(BehaviorKey(timer.key.owner, timer.key.behavior))
    memory = rule.memory if rule is not None else None
    slot = memory.slot(timer.key.slot) if memory is not None else None
    if rule is None or memory is None or not isinstance(slot, Every) or timer.due is None:
        return
    slot.set(memory, step, timer.due)
    late = step.now - timer.due
    step.pulse(rule, Pulse(slot, late=late if late > step.max_skew else 0), _cause(step, timer))


def _cause(step: Step, timer: Timer) -> Cause:
    return led_to("tick", timer.key.slot, step.now, timer.cause)


def begin(step: Step) -> None:
    """A run has begun: what needs nobody's contact is looked at at once."""
    cause = Cause("tick", "start", step.now)
    for owners in (step.live.twins, step.live.overlays):
        for owner in owners.values():
            for rule in owner.rules.values():
                if rule.memory is not None:
                    step.woken.setdefault(rule, cause)


def touched(step: Step, twin: TwinState, cause: Cause) -> None:
    """Something was told of its path: rules that ask for evidence look again, and those whose timers the start has
    paused."""
    for cell in twin.cells.values():
        cell.mark()
        for rule in cell.readers:
            if rule.memory is not None:
                step.woken.setdefault(rule, cause)
