"""Behaviors change state on the edges of their conditions, and their actions run once per activation.

UNKNOWN is no edge: it moves `evidence` and holds `state`. A write to a manual property lands inside the step and may
wake other behaviors; they follow in rounds, at most MAX_ROUNDS of them. Those that are woken after that are evaluated
all the same, and leave out whatever may wake others, with an alert. All rules of a round are evaluated before any of
them acts, so the order in which they are declared decides nothing.
"""

from collections.abc import Iterable

from app.engine import actions, delays, loops, parts, suppression, waits
from app.engine.cells import EVIDENCE, RuleState
from app.engine.pulses import fire, look
from app.engine.step import Step
from app.model.events import ActionResult, BehaviorChanged, Cause

MAX_ROUNDS = 16
_CUT = f"behaviors woke each other {MAX_ROUNDS} times in one step and were stopped"


def settle(step: Step) -> None:
    """Evaluates what was woken, then what that woke, until nothing is left. What is computed comes first each time."""
    for _ in range(MAX_ROUNDS):
        if not _round(step):
            return
    # What they come to is so all the same, and is told; only nobody wakes anybody any more.
    step.cut = _CUT
    _round(step)
    step.cut = ""


def _round(step: Step) -> bool:
    """False where nothing was woken."""
    step.derive()
    if not step.woken:
        return False
    woken, step.woken = step.woken, {}
    turned = [look(step, rule, cause) for rule, cause in woken.items()]
    step.turning = {looked.rule: looked.evidence for looked in turned}
    for rule, evidence, cause, firings in turned:
        for firing in firings:
            fire(step, rule, firing, cause)
        turn(step, rule, evidence, cause)
    step.turning = {}
    step.bases.clear()
    return True


def settle_loaded(step: Step, rules: Iterable[RuleState], cause: Cause) -> None:
    """The evaluation after a definition change: what is TRUE already raises alerts and withholds the rest."""
    step.loading = True
    found = [(rule, step.evaluate(rule, cause)) for rule in rules]
    step.loading = False
    step.turning = dict(found)
    for rule, evidence in found:
        if evidence is not rule.evidence:
            transition(step, rule, evidence, cause, loading=True)
        if rule.waits:
            parts.look(step, rule, cause)
    step.turning = {}
    step.bases.clear()
    step.pulses.clear()  # nothing has happened: it was loaded
    settle(step)


def turn(step: Step, rule: RuleState, evidence: bool | None, cause: Cause) -> None:
    """Something that it reads has changed."""
    if evidence is not rule.evidence:
        transition(step, rule, evidence, cause)
    if rule.waits:
        parts.look(step, rule, cause)


def transition(step: Step, rule: RuleState, evidence: bool | None, cause: Cause, *, loading: bool = False) -> None:
    was = rule.active
    active = was if evidence is None else evidence
    results: tuple[ActionResult, ...] = ()
    ended: tuple[str, ...] = ()
    held, turn = None, loops.STILL
    if active != was:
        by = actions.by(step, rule, cause)
        rule.active = active  # before the actions: what they wake sees the behavior as it is now
        if active:
            # A device that was silent while its rule was loaded must not be acted on because it is heard again; what a
            # person or a behavior sets for the first time is no such discovery.
            found_so = not rule.settled and cause.kind in ("reading", "source")
            withhold = (loading or found_so) and not rule.plan.act_on_load
            turn = loops.turn_of(step, rule, cause)
            cut = loops.cut(step, rule, turn, by)
            left, ended = actions.give_up(step, rule.key, "the behavior became active while it waited")
            delays.begun(step, rule, by)
            waits.stop_all(step, rule.key, (waits.EXPECT,))
            parts.begin_escalations(step, rule, by, withhold)
            results, held = actions.run(step, rule, rule.plan.actions, by, withhold=withhold, cut=cut)
        else:
            left, ended = actions.give_up(step, rule.key, "the behavior ended while it waited")
            delays.ended(step, rule, by)
            waits.stop_all(step, rule.key, (waits.ESCALATE,))
            if rule.plan.otherwise:
                waits.stop_all(step, rule.key, (waits.EXPECT,))
                if not loading and rule.settled:  # FALSE of who has been bound since is nobody's end
                    results, held = actions.run(step, rule, rule.plan.otherwise, by)
        results = left + results
        suppression.follow(step, rule.key.owner, by)
    step.behavior(
        BehaviorChanged(
            rule.key,
            "active" if active else "inactive",
            EVIDENCE[evidence],
            step.now,
            cause,
            "active" if was else "inactive",
            step.now if active != was else rule.since,
            results,
            step.basis(rule),
            held,
            ended,
            active and not was,
            turn.loops,
            turn.follows,
        )
    )
