"""What goes by a behavior's activity: delays, deadbands, escalations, `otherwise`, and which behaviors suppress which.

Most of it is a question to the condition: one that is TRUE for single steps only is never active, and a deadband needs
something to move.
"""

from collections.abc import Mapping, Sequence

from app.commands.findings import Findings
from app.engine.deadband import eased
from app.model.behaviors import AlertAction, BehaviorDefinition, Escalation, action_lists
from app.model.conditions import Condition, is_pulse
from app.model.near import near

_OF_ACTIVITY = ("delay_on", "delay_off", "deadband")


def check_activity(behavior: BehaviorDefinition, condition: Condition, path: str, findings: Findings) -> None:
    if is_pulse(condition):
        _check_pulse(behavior, path, findings)
        return
    for where, actions in action_lists(behavior):
        for index, action in enumerate(actions):
            if isinstance(action, AlertAction) and action.deadband and eased(condition, action.deadband) == condition:
                message = "the deadband has no effect: no number is compared with < <= > or >= in the condition"
                pointer = f"{path}/{where}/{index}/deadband"
                findings.warn("DEADBAND_WITHOUT_EFFECT", message, pointer, "leave it out, or use delay_off")
    tells = any(isinstance(action, AlertAction) for action in behavior.actions)
    for index, escalation in enumerate(behavior.escalations):
        _check_escalation(behavior, index, escalation, tells, path, findings)


def _check_pulse(behavior: BehaviorDefinition, path: str, findings: Findings) -> None:
    message = "the behavior fires each time and is never active, so it has no"
    hint = "leave it out, or wait for something that lasts"
    for field in ("otherwise", "escalations"):
        if getattr(behavior, field):
            findings.fault("NEVER_ACTIVE", f"{message} {field}", f"{path}/{field}", hint)
    for index, action in enumerate(behavior.actions):
        for option in _OF_ACTIVITY if isinstance(action, AlertAction) else ():
            if getattr(action, option) is not None:
                findings.fault("NEVER_ACTIVE", f"{message} {option}", f"{path}/actions/{index}/{option}", hint)


def _check_escalation(
    behavior: BehaviorDefinition, index: int, escalation: Escalation, tells: bool, path: str, findings: Findings
) -> None:
    pointer = f"{path}/escalations/{index}"
    if escalation.unless_acknowledged and not tells:
        message = "nobody can acknowledge: the behavior raises no alert when it becomes active"
        findings.warn("NOTHING_TO_ACKNOWLEDGE", message, f"{pointer}/unless_acknowledged", "add an alert")
    for earlier in behavior.escalations[:index]:
        if earlier.after == escalation.after and earlier.unless_acknowledged == escalation.unless_acknowledged:
            message = f"two escalations come after {escalation.after:g} s: they are done one behind the other"
            findings.warn("SAME_MOMENT", message, f"{pointer}/after", "put their actions into one")
            return


def check_suppression(
    own: Sequence[tuple[str, BehaviorDefinition]], all_of_them: Mapping[str, BehaviorDefinition], findings: Findings
) -> None:
    """`own` with their pointers, of `all_of_them` by name that the owner has."""
    for path, behavior in own:
        for index, name in enumerate(behavior.suppressed_by):
            where = f"{path}/suppressed_by/{index}"
            if name == behavior.name:
                findings.fault("SUPPRESSES_ITSELF", f"'{name}' can't suppress itself", where, "name another behavior")
            elif name not in all_of_them:
                message = f"there is no behavior '{name}' beside '{behavior.name}'"
                hint = near(name, all_of_them) or "behaviors of the same owner suppress each other"
                findings.fault("UNKNOWN_BEHAVIOR", message, where, hint)
            elif name in behavior.suppressed_by[:index]:
                findings.fault("DUPLICATE_NAME", f"'{name}' is named twice", where, "leave one of them out")
            elif (circle := _circle(behavior.name, name, all_of_them)) is not None:
                message = f"these suppress each other: {' -> '.join(circle)}"
                findings.fault("SUPPRESSION_CYCLE", message, where, "decide which of them tells more")


def _circle(start: str, first: str, behaviors: Mapping[str, BehaviorDefinition]) -> list[str] | None:
    """The way from `first` back to `start`, over what suppresses what."""
    came: dict[str, str] = {first: start}
    waiting = [first]
    while waiting:
        at = waiting.pop(0)
        found = behaviors.get(at)
        for name in found.suppressed_by if found is not None else ():
            if name == start:
                way = [at, start]
                while way[0] != start:
                    way.insert(0, came[way[0]])
                return way
            if name not in came:
                came[name] = at
                waiting.append(name)
    return None
