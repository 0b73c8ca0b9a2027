"""Behaviors that wake each other through the plant: one calls a device, what the device then shows wakes another, ...

Inside one step behaviors.py cuts them. Across steps an activation *follows* from a behavior where that behavior called
or wrote to one of the twins that it reads less than ECHO ago. A behavior that follows from itself, over however many
others, MAX_LOOPS times in a row without TURN passing between two of them, has its calls and writes left out until it
is activated by something else. A controller that switches as fast as its plant fills and empties is no such loop: what
wakes it comes long after the call.
"""

from typing import NamedTuple

from app.engine import alarms, codes
from app.engine.cells import RuleState, TwinState
from app.engine.step import Step
from app.model.events import Cause
from app.model.plan import BehaviorKey
from app.model.time import SECOND, Micros

ECHO = 2 * SECOND
TURN = 10 * SECOND
MAX_LOOPS = 10
_MAX_HOPS = 16


class Turn(NamedTuple):
    loops: int
    follows: BehaviorKey | None


STILL = Turn(0, None)


def cut(step: Step, rule: RuleState, turn: Turn, cause: Cause) -> str:
    """Why its calls and writes are left out this time, with an alert; "" where they are not."""
    if turn.loops < MAX_LOOPS:
        return ""
    why = f"the behavior woke itself {MAX_LOOPS} times in a row through what its calls and writes did"
    message = f"{why}: they are left out until something else wakes '{rule.key.name}'"
    alarms.raise_own(step, rule.key.owner, rule.key.name, codes.CASCADE_LIMIT, message, rule.twins(), cause)
    return why


def turn_of(step: Step, rule: RuleState, cause: Cause) -> Turn:
    """What an activation now is."""
    first = cause
    while first.kind == "tick" and first.parent is not None:  # what lasted (`for`) began with what its timer began with
        first = first.parent
    follows = _led_by(step, cause) or (_echo_of(step, rule) if first.kind == "reading" else None)
    if follows is None:
        return Turn(0, None)
    at: BehaviorKey | None = follows
    for _ in range(_MAX_HOPS):
        if at is None:
            break
        if at == rule.key:
            again = rule.turned_at and _ago(step, rule.turned_at) <= TURN
            return Turn(rule.loops + 1 if again else 0, follows)
        before = step.live.rule(at)
        if before is None or _ago(step, before.turned_at) > TURN:
            break
        at = before.follows
    return Turn(0, follows)


def _led_by(step: Step, cause: Cause) -> BehaviorKey | None:
    """The behavior whose write to a property without a device woke it, in this very step."""
    link: Cause | None = cause
    while link is not None and link.kind != "behavior":
        link = link.parent
    if link is None:
        return None
    owner, _, name = link.ref.rpartition("/")
    for found in (step.live.twins.get(owner), step.live.overlays.get(owner)):
        if found is not None and name in found.rules:
            return BehaviorKey(found.key, name)
    return None


def _echo_of(step: Step, rule: RuleState) -> BehaviorKey | None:
    """The last one that acted on what it reads."""
    twins: dict[TwinState, None] = dict.fromkeys(cell.twin for cell in rule.everything())
    acted = [twin.acted for twin in twins if twin.acted is not None and _ago(step, twin.acted[0]) <= ECHO]
    return max(acted, key=lambda item: item[0])[1] if acted else None


def _ago(step: Step, moment: Micros) -> Micros:
    """However the clock was set meanwhile."""
    return step.now - step.live.elapsed.from_then(moment)
