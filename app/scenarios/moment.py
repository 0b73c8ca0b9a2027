"""Expectations of the moment: what a property, a behavior, a connection or an open alert is now."""

from collections.abc import Iterable

from app.dtsl.spelling import dtsl_type
from app.explain.english import paragraph, why_not_paragraph
from app.model.events import Alert
from app.model.plan import BehaviorKey
from app.scenarios import naming, telling
from app.scenarios.comparing import compared
from app.scenarios.mismatch import Mismatch, Said, facts_of, text
from app.scenarios.script import ExpectAlert, ExpectBehavior, ExpectConnection, ExpectNoAlert, ExpectProperty, ExpectWhy
from app.scenarios.stage import Stage


def property_as(stage: Stage, expects: ExpectProperty) -> Mismatch | None:
    twin_id, name = naming.property_of(stage, expects.target)
    state = stage.engine.live.property_state(twin_id, name)
    assert state is not None, "the engine has what the catalogue has"
    override = state.override.kind if state.override is not None else None
    fits = (
        (expects.op is None or (state.value is not None and compared(state.value, expects.op, expects.value)))
        and expects.known in (None, state.known)
        and expects.quality in (None, state.quality)
        and expects.override in (None, override)
        and expects.reason in (None, state.reason)
    )
    if fits:
        return None
    wanted = [telling.member(twin_id, name)]
    wanted += [f"{expects.op} {telling.value(expects.value)}"] if expects.op is not None else []
    wanted += [{True: "known", False: "unknown"}[expects.known]] if expects.known is not None else []
    wanted += [expects.quality] if expects.quality is not None else []
    wanted += [expects.override.replace("_", " ")] if expects.override is not None else []
    wanted += [f"({expects.reason})"] if expects.reason is not None else []
    return Mismatch(" ".join(wanted), (f"{telling.member(twin_id, name)} {telling.state(state, stage.now)}",))


def behavior_as(stage: Stage, said: Said, expects: ExpectBehavior) -> Mismatch | None:
    key = naming.behavior_of(stage, expects.target)
    facts = [fact for fact in facts_of(stage, "behaviors") if fact.key == key]
    view = next((view for view in stage.engine.live.behaviors(key.owner) if view.key == key), None)
    if view is not None:
        skipped = [item for fact in facts for item in fact.skipped]
        fits = (
            expects.state in (None, view.state)
            and expects.evidence in (None, view.evidence)
            and (not expects.fired or any(fact.fired for fact in facts))
            and (expects.skipped is None or any(expects.skipped.fits(item) for item in skipped))
            and (expects.error is None or expects.error.fits(view.error or ""))
        )
        if fits:
            said.named += facts
            return None
        found = f"{telling.behavior(key)} {view.state} evidence {view.evidence}"
        found += f" error {telling.value(view.error)}" if view.error else ""
        found += " fired" if expects.fired and any(fact.fired for fact in facts) else ""
        found += "".join(f" skipped {telling.value(item)}" for item in skipped)
    else:
        found = f"{telling.behavior(key)} is not there any more"
    wanted = [telling.behavior(key)]
    wanted += [expects.state] if expects.state is not None else []
    wanted += [f"evidence {expects.evidence}"] if expects.evidence is not None else []
    wanted += ["fired"] if expects.fired else []
    wanted += [f"skipped {text(expects.skipped)}"] if expects.skipped is not None else []
    wanted += [f"error {text(expects.error)}"] if expects.error is not None else []
    return Mismatch(" ".join(wanted), (found,), (key,))


def connection_as(stage: Stage, expects: ExpectConnection) -> Mismatch | None:
    twin_id = naming.twin(stage, expects.twin)
    found = stage.engine.live.connectivity(twin_id)
    assert found is not None, "the engine has what the catalogue has"
    if found.status == expects.status and expects.reason in (None, found.reason):
        return None
    wanted = f"{dtsl_type(twin_id)} {expects.status}" + (f" ({expects.reason})" if expects.reason else "")
    shown = f"{dtsl_type(twin_id)} {found.status}" + (f" ({found.reason})" if found.reason else "")
    return Mismatch(wanted, (shown,))


def alert_as(stage: Stage, said: Said, expects: ExpectAlert) -> Mismatch | None:
    key = naming.behavior_of(stage, expects.target)
    found = _open(stage, key)
    for item in found:
        if (
            expects.severity in (None, item.severity)
            and (expects.message is None or expects.message.fits(item.message))
            and expects.code in (None, item.code)
            and all(_flag(item, flag) for flag in expects.flags)
        ):
            said.named += [fact for fact in facts_of(stage, "alerts") if fact.alert.alert_id == item.alert_id]
            return None
    wanted = ["alert", telling.behavior(key)]
    wanted += [expects.severity] if expects.severity else []
    wanted += [text(expects.message)] if expects.message is not None else []
    wanted += [f"code {expects.code}"] if expects.code else []
    return Mismatch(" ".join([*wanted, *expects.flags]), _alerts(found, "no open alert of it"), (key,))


def _flag(alert: Alert, flag: str) -> bool:
    match flag:
        case "active":
            return alert.active
        case "cleared":
            return not alert.active
        case "acknowledged":
            return alert.acknowledged
        case "unacknowledged":
            return not alert.acknowledged
        case "shelved":
            return alert.shelved is not None
        case "suppressed":
            return bool(alert.suppressed_by)
        case _:
            return alert.latched


def no_alert(stage: Stage, said: Said, expects: ExpectNoAlert) -> Mismatch | None:
    key = naming.behavior_of(stage, expects.target) if expects.target is not None else None
    found = [item for item in _open(stage, key) if expects.code in (None, item.code)]
    if not found:
        said.named += [
            fact
            for fact in facts_of(stage, "alerts")
            if key is None or (fact.alert.owner, fact.alert.behavior) == (key.owner, key.name)
        ]
        return None
    wanted = "no open alert" + (f" of {telling.behavior(key)}" if key is not None else "")
    return Mismatch(wanted, _alerts(found, ""), (key,) if key is not None else ())


def _alerts(found: Iterable[Alert], none: str) -> tuple[str, ...]:
    return tuple(f"alert {telling.alert(item)}" for item in found) or (none,)


def _open(stage: Stage, key: BehaviorKey | None) -> list[Alert]:
    alerts = stage.engine.live.open_alerts()
    return [item for item in alerts if key is None or (item.owner, item.behavior) == (key.owner, key.name)]


def explained_as(stage: Stage, expects: ExpectWhy) -> Mismatch | None:
    key = naming.behavior_of(stage, expects.target)
    live = stage.engine.live
    found: list[str] = []
    if expects.of == "alert":
        found = [paragraph(live.explain_alert(item)) for item in _open(stage, key)]
    elif expects.of == "not":
        found = [why_not_paragraph(why_not)] if (why_not := live.why_not(key)) is not None else []
    else:
        found = [paragraph(why)] if (why := live.explain(key)) is not None else []
    if any(expects.text.fits(item) for item in found):
        return None
    word = {"behavior": "why", "not": "why not", "alert": "why alert"}[expects.of]
    return Mismatch(f"{word} {telling.behavior(key)} {text(expects.text)}", tuple(found) or ("nothing to explain",))


def why(stage: Stage, key: BehaviorKey) -> list[str]:
    explanation = stage.engine.live.explain(key)
    return [paragraph(explanation)] if explanation is not None else []


def inputs(stage: Stage, key: BehaviorKey) -> list[str]:
    """What its condition reads, as it stands."""
    rule = stage.engine.live.rule(key)
    if rule is None:
        return []
    cells = dict.fromkeys(rule.cells)
    names = [telling.member(cell.twin.plan.twin_id, cell.spec.plan.name) for cell in cells]
    width = max(map(len, names), default=0)
    states = [
        f"{name:{width}} {telling.state(cell.state(), stage.now)}" for name, cell in zip(names, cells, strict=True)
    ]
    return [*states, *rule.notes]
