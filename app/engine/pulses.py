"""Behaviors that something happens to: they fire each time their condition is TRUE in the step of a pulse.

They are never active. Of two pulses of one kind in one step (an event that came twice) each is looked at by itself.
Nothing ends what a firing has led to: alerts that need a person stay until one acknowledges them, the others are over
as soon as they are raised.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.engine import actions, alarms, loops
from app.engine.cells import RuleState
from app.engine.memory import Pulse
from app.engine.step import Step
from app.model.events import BehaviorChanged, Cause, TwinEventOccurred

Firing = Sequence[Pulse]


class Looked(NamedTuple):
    rule: RuleState
    evidence: bool | None
    cause: Cause
    firings: Sequence[Firing] = ()


def look(step: Step, rule: RuleState, cause: Cause) -> Looked:
    """What a rule that was woken comes to, and how often it fires."""
    evidence = step.evaluate(rule, cause)
    pulses = step.pulses.pop(rule, None) if step.pulses else None
    if pulses is None or rule.memory is None:
        return Looked(rule, evidence, cause)
    firings = []
    for group in _groups(pulses):
        step.live.occurred = _occurred(group)
        truth = rule.memory.pulsed(group)
        if truth is None:
            evidence = None
        elif truth:
            firings.append(group)
    step.live.occurred = {}
    if firings or evidence is not rule.evidence:
        step.remember(rule)
    return Looked(rule, evidence, cause, firings)


def fire(step: Step, rule: RuleState, firing: Firing, cause: Cause) -> None:
    by = actions.by(step, rule, cause)
    turn = loops.turn_of(step, rule, cause)
    cut = loops.cut(step, rule, turn, by)
    step.live.occurred = _occurred(firing)
    step.remember(rule, firing)
    results, held = actions.run(step, rule, rule.plan.actions, by, cut=cut)
    step.live.occurred = {}
    step.behavior(
        BehaviorChanged(
            rule.key,
            "inactive",
            "true",
            step.now,
            cause,
            since=step.now,
            actions=results,
            basis=step.basis(rule),
            waits=held,
            fired=True,
            loops=turn.loops,
            follows=turn.follows,
            late=max(pulse.late for pulse in firing),
        )
    )
    alarms.clear_fired(step, rule.key, by)


def _groups(pulses: list[Pulse]) -> list[list[Pulse]]:
    groups: list[list[Pulse]] = []
    for pulse in pulses:
        for group in groups:
            if all(other.slot is not pulse.slot for other in group):
                group.append(pulse)
                break
        else:
            groups.append([pulse])
    return groups


def _occurred(firing: Firing) -> Mapping[tuple[str | None, str], TwinEventOccurred]:
    found: dict[tuple[str | None, str], TwinEventOccurred] = {}
    for pulse in firing:
        if pulse.event is not None and (named := pulse.slot.named()) is not None:
            found[named] = pulse.event
    return found
