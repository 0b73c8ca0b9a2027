"""Behaviors of one owner against one another: what two of them do against each other, and what comes round in a circle.

Only what follows from the texts is told, as a warning: whether two are ever active together, and what a device does
when it is called, nobody knows here. A call has the effects that the behavior expects of it, and `set_speed` sets
`speed`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from app.commands.findings import Findings
from app.commands.overlay_names import Names
from app.dtsl import diagnostics_conditions as messages
from app.dtsl.contradictions import never_holds, things_limited
from app.dtsl.parse import parse_condition
from app.errors import Invalid
from app.model.behaviors import (
    BehaviorDefinition,
    EmitEventAction,
    ExpectAction,
    MethodCallAction,
    PropertyWriteAction,
    TargetedAction,
)
from app.model.conditions import (
    And,
    Changed,
    Compare,
    Condition,
    Literal,
    Occurred,
    PropertyRef,
    is_pulse,
    nodes,
    references,
    written,
)

_OPPOSITES = (
    *(("start", "stop"), ("open", "close"), ("on", "off"), ("enable", "disable"), ("lock", "unlock"), ("up", "down")),
    *(("raise", "lower"), ("increase", "decrease"), ("fill", "drain"), ("activate", "deactivate"), ("arm", "disarm")),
    *(("engage", "disengage"), ("connect", "disconnect"), ("forward", "reverse"), ("heat", "cool"), ("run", "halt")),
)
_OPPOSITE = {one: other for pair in _OPPOSITES for one, other in (pair, pair[::-1])}
_MOST_PAIRS = 2_000
"""Of one owner that are compared; more are left alone."""
_MOST_LOOPS = 20


@dataclass(frozen=True, slots=True)
class Acting:
    """A behavior without a fault, and whom it acts on."""

    path: str
    """"" for an inherited one."""
    definition: BehaviorDefinition
    condition: Condition
    actions: Sequence[tuple[str | None, TargetedAction]]
    """With the role, path or id of whom, None for the twin itself."""
    expected: Sequence[Condition]

    @property
    def name(self) -> str:
        return self.definition.name


def acting(path: str, definition: BehaviorDefinition, condition: Condition, names: Names) -> Acting:
    actions = [
        (names.target(action), action)
        for action in definition.actions
        if isinstance(action, MethodCallAction | PropertyWriteAction | EmitEventAction)
    ]
    expects = [action for action in definition.actions if isinstance(action, ExpectAction)]
    return Acting(path, definition, condition, actions, [*_conditions(expects)] if actions else [])


def _conditions(expects: Sequence[ExpectAction]) -> Iterator[Condition]:
    for expect in expects:
        try:
            yield parse_condition(expect.condition)
        except Invalid:
            continue


def check_one_another(behaviors: Sequence[Acting], findings: Findings) -> None:
    _check_contradictions([item for item in behaviors if item.actions], findings)
    _check_loops([item for item in behaviors if item.actions], findings)


# -------------------------------------------------------------------------------------------- against each other


def _check_contradictions(behaviors: Sequence[Acting], findings: Findings) -> None:
    for count, (one, other) in enumerate(combinations(behaviors, 2)):
        if count == _MOST_PAIRS:
            return
        what = _against(one, other)
        if what is not None and _together(one.condition, other.condition):
            told, told_of = (other, one) if other.path else (one, other)
            if told.path:
                message = messages.against_each_other(told.name, told_of.name, *what)
                findings.warnings.append(message.problem(told.path))


def _against(one: Acting, other: Acting) -> tuple[str, str] | None:
    """The first two of their actions that go against each other, as they are written."""
    for owner, action in one.actions:
        for owner_too, action_too in other.actions:
            if owner == owner_too and _opposed(action, action_too):
                return _shown(owner, action), _shown(owner_too, action_too)
    return None


def _opposed(one: TargetedAction, other: TargetedAction) -> bool:
    match one, other:
        case PropertyWriteAction(), PropertyWriteAction():
            return one.property == other.property and one.value != other.value
        case MethodCallAction(), MethodCallAction() if one.method == other.method:
            return _given(one) != _given(other)
        case MethodCallAction(), MethodCallAction():
            return _opposite_names(one.method, other.method)
        case _:
            return False


def _given(call: MethodCallAction) -> Mapping[str, object]:
    return {item.name: item.value for item in call.parameters}


def _opposite_names(one: str, other: str) -> bool:
    parts, parts_too = one.split("_"), other.split("_")
    differing = [pair for pair in zip(parts, parts_too, strict=False) if pair[0] != pair[1]]
    return len(parts) == len(parts_too) and len(differing) == 1 and _OPPOSITE.get(differing[0][0]) == differing[0][1]


def _shown(owner: str | None, action: TargetedAction) -> str:
    whose = f"{written(owner)}." if owner is not None else ""
    match action:
        case PropertyWriteAction():
            return f"{whose}{action.property} = {action.value!r}"
        case MethodCallAction():
            return f"{whose}{action.method}({', '.join(repr(item.value) for item in action.parameters)})"
        case _:
            return f"{whose}{action.event}"


def _together(one: Condition, other: Condition) -> bool:
    """Whether both are surely possible at once, as far as one can see: they are the same, or limit the same things and
    leave something of them."""
    if one == other:
        return True
    if is_pulse(one) or is_pulse(other) or not things_limited(one) & things_limited(other):
        return False
    return not never_holds(And((one, other)))


# ---------------------------------------------------------------------------------------------------- circles


def _check_loops(behaviors: Sequence[Acting], findings: Findings) -> None:
    leads = {at: [to for to, other in enumerate(behaviors) if _leads(item, other)] for at, item in enumerate(behaviors)}
    told: set[frozenset[int]] = set()
    for start in leads:
        loop = _way(start, leads)
        if loop is None or frozenset(loop) in told or len(told) == _MOST_LOOPS:
            continue
        told.add(frozenset(loop))
        path = next((behaviors[at].path for at in sorted(loop, reverse=True) if behaviors[at].path), "")
        if path:
            findings.warnings.append(messages.feedback([behaviors[at].name for at in loop]).problem(path))


def _way(start: int, leads: Mapping[int, Sequence[int]]) -> list[int] | None:
    """The shortest way from it back to it, without the last step."""
    came: dict[int, int] = {}
    waiting = [start]
    while waiting:
        at = waiting.pop(0)
        for to in leads[at]:
            if to == start:
                way = [at]
                while way[0] != start:
                    way.insert(0, came[way[0]])
                return way
            if to not in came:
                came[to] = at
                waiting.append(to)
    return None


def _leads(one: Acting, other: Acting) -> bool:
    """Whether what the one does may be what the other waits for."""
    itself = one is other
    return any(_feeds(effect, other.condition, itself) for effect in _effects(one))


Effect = Occurred | Compare | PropertyRef
"""An event, what a property comes to, or a property that comes to nobody knows what."""


def _effects(item: Acting) -> Iterator[Effect]:
    for owner, action in item.actions:
        match action:
            case EmitEventAction(event=event):
                yield Occurred(owner, event)
            case PropertyWriteAction(property=name, value=bool() | int() | float() | str() as value):
                yield Compare("==", PropertyRef(owner, name), Literal(value))
            case PropertyWriteAction(property=name):
                yield PropertyRef(owner, name)
            case MethodCallAction(method=method) if method.startswith("set_"):
                yield PropertyRef(owner, method.removeprefix("set_"))
    for condition in item.expected:
        for node in nodes(condition):
            if isinstance(node, Compare) and isinstance(node.left, PropertyRef):
                yield node


def _feeds(effect: Effect, condition: Condition, itself: bool) -> bool:
    """One that is active already is not begun anew, so alone only a pulse goes round."""
    if isinstance(effect, Occurred):
        return any(
            isinstance(node, Occurred) and (node.owner, node.event) == (effect.owner, effect.event)
            for node in nodes(condition)
        )
    ref = effect.left if isinstance(effect, Compare) else effect
    if itself:
        return any(isinstance(node, Changed) and node.ref == ref for node in nodes(condition))
    if ref not in references(condition):
        return False
    return not (isinstance(effect, Compare) and never_holds(And((condition, effect))))
