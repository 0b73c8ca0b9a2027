"""Loading rules into a live plant: alerts tell at once, calls and writes wait for a change (design, section 4).

What a rule was and did belongs to its owner and name: an edited rule goes on in the state it had and runs nothing
because of the edit; one that is gone, or no longer loads, takes its alerts with it.
"""

from collections.abc import Mapping

from app.engine import actions, alarms, edits, loading, shelving, suppression
from app.engine.behaviors import settle_loaded
from app.engine.cells import EVIDENCE
from app.engine.loading import Replaced
from app.engine.step import Step
from app.model.events import ActionResult, Alert, AlertKey, BehaviorChanged, BehaviorState, Cause, Load, OverrideChanged
from app.model.plan import OwnerKey, Rule

REMOVED = "BehaviorRemoved"
FAILED_TO_LOAD = "BehaviorFailedToLoad"
ALERT_REMOVED = "AlertRemoved"
_NONE: tuple[tuple[ActionResult, ...], tuple[str, ...]] = ((), ())


def decide(step: Step, input: Load) -> None:
    """Raises Invalid, with nothing changed, where the plan is not whole."""
    cause = Cause("load", str(input.plan.catalogue_revision), step.now)
    loaded = loading.load(step.live, input.plan)
    rules = loaded.rules()
    for rule in rules:
        rule.settled = rule.settled or rule.evaluate() is not None  # before what the load leads to, as a fold sees it
    for timer in loaded.stopped:
        step.timer(timer, "stopped")
    for cell in loaded.changed:
        step.cell_changed(cell, cause, wake=False)  # all its readers are among the loaded rules
    for key, override, why in loaded.dropped:
        step.overrides.append(
            OverrideChanged(key.twin_id, key.name, None, override, step.now, input.author, why, cause)
        )
    for owner in loaded.owners:
        edits.carry(step, owner, cause)
        _drop(step, owner, cause)
    _end_shelvings(step, {owner.key: owner for owner in loaded.owners}, cause)
    settle_loaded(step, rules, cause)
    for owner in loaded.owners:
        suppression.follow(step, owner.key, cause)
    loaded.let_go()


def _drop(step: Step, owner: Replaced, cause: Cause) -> None:
    for name, rule in owner.before.items():
        new = (owner.after or {}).get(name)
        gone = owner.reborn or new is None or new.error is not None
        was: BehaviorState = "active" if rule.active else "inactive"
        edited = gone or (new is not None and _todo(new.plan) != _todo(rule.plan))
        why = "the behavior was changed while it waited"
        results, ended = actions.give_up(step, rule.key, why) if edited else _NONE
        if gone and (rule.active or ended or (new is not None and rule.evidence is not None)):
            since = rule.since if was == "inactive" and not owner.reborn else step.now
            step.behavior(
                BehaviorChanged(rule.key, "inactive", "unknown", step.now, cause, was, since, results, ended=ended)
            )
        elif ended:
            evidence = EVIDENCE[rule.evidence]
            step.behavior(
                BehaviorChanged(rule.key, was, evidence, step.now, cause, was, rule.since, results, ended=ended)
            )
    for alert in step.live.alerts_owned(owner.key):
        reason = _why_over(owner, alert)
        if reason:
            alarms.clear(step, alert, reason, cause)


def _end_shelvings(step: Step, owners: Mapping[OwnerKey, Replaced], cause: Cause) -> None:
    for key in [key for key in step.live.shelvings if key.owner in owners]:
        reason = _why_over(owners[key.owner], key)
        if reason in (REMOVED, ALERT_REMOVED):  # what fails to load, or is suspended, may come back
            shelving.end(step, step.live.shelvings[key], None, reason, cause)


def _why_over(owner: Replaced, alert: Alert | AlertKey) -> str:
    if owner.after is None or owner.reborn:
        return REMOVED
    if not alert.behavior:
        return ""
    new = owner.after.get(alert.behavior)
    if new is None:
        return REMOVED
    if new.error is not None:
        silence = new.owner.silence
        return silence.reason if silence is not None else FAILED_TO_LOAD
    old = owner.before.get(alert.behavior)
    planned = old is not None and alert.code in _codes(old.plan)
    return ALERT_REMOVED if planned and alert.code not in _codes(new.plan) else ""


def _codes(rule: Rule) -> set[str]:
    return {plan.code for plan in rule.all_alerts()}


def _todo(rule: Rule) -> tuple[object, ...]:
    return rule.actions, rule.otherwise, rule.escalations
