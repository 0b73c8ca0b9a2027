"""Behaviors as documents: what is true when, and what is done then.

Conditions stay text, in the canonical JSON notation (`primary_pump.status == 'fault' for 30 s`): the text is what
people diff and revise; the tree (model/conditions.py) is derived from it at load. Lengths of time are seconds.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from app.model.document import MAX_TEXT, Document, Faults, Finite, Identifier, Named, RolePath, Text, refuse_twice
from app.model.value_types import Fault

Severity = Literal["info", "warning", "error", "critical"]
MAX_SECONDS = 366 * 86_400.0
Seconds = Annotated[float, Field(gt=0, le=MAX_SECONDS, allow_inf_nan=False)]
ConditionText = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class Argument(Document):
    name: Identifier
    value: JsonValue


class AlertAction(Document):
    type: Literal["alert"] = "alert"
    severity: Severity
    message: Text
    """With `{primary_pump.temperature}` where the value at the moment goes; `{{` is a brace."""
    code: Identifier | None = None
    """Names the alert among its behavior's others; the action's index where left out."""
    latched: bool = False
    ack_required: bool | None = None
    """Whether closing waits for a person; by default for error and critical."""
    delay_on: Seconds | None = None
    """How long the behavior must have been active before it is raised (ISA-18.2, on-delay)."""
    delay_off: Seconds | None = None
    """How long it must have been inactive before it is cleared (ISA-18.2, off-delay)."""
    deadband: Annotated[Finite, Field(gt=0)] | None = None
    """Moves every ordered comparison with a constant in the clearing direction, while the alert is active."""
    re_alarm: Seconds | None = None
    """Still active so long after it was acknowledged, it is unacknowledged again."""
    group: Identifier | None = None
    """Alerts of one owner that a single cause raises together: the first is marked."""


class _OnTwin(Document):
    """On the twin itself, or on the twin of a `role` or `twin_id` (one of them, in overlays only)."""

    role: RolePath | None = None
    twin_id: Identifier | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.role and self.twin_id:
            kind = getattr(self, "type", "action")
            raise Faults([Fault("TWO_TARGETS", ("twin_id",), f"a {kind} names a role or a twin_id, not both")])
        return self


class MethodCallAction(_OnTwin):
    type: Literal["method_call"] = "method_call"
    method: Identifier
    parameters: list[Argument] = Field(default=[], max_length=100)
    required: bool = False
    """What follows waits until the device has accepted it, and is left out where it has not."""


class PropertyWriteAction(_OnTwin):
    type: Literal["property_write"] = "property_write"
    property: Identifier
    value: JsonValue
    required: bool = False


class EmitEventAction(_OnTwin):
    """An event of the twin's type, as if its device had raised it: behaviors may wait for it, people see it."""

    type: Literal["emit_event"] = "emit_event"
    event: Identifier
    parameters: list[Argument] = Field(default=[], max_length=100)


PlainAction = Annotated[
    AlertAction | MethodCallAction | PropertyWriteAction | EmitEventAction, Field(discriminator="type")
]


class ExpectAction(Document):
    """What was commanded before it in the list is to be seen in time (specification, reflex timers)."""

    type: Literal["expect"] = "expect"
    within: Seconds
    condition: ConditionText
    otherwise: list[PlainAction] = Field(default=[], max_length=100)
    """Done where it was not TRUE in time."""


Action = Annotated[
    AlertAction | MethodCallAction | PropertyWriteAction | EmitEventAction | ExpectAction, Field(discriminator="type")
]


class Escalation(Document):
    """What is done when the behavior has been active for so long."""

    after: Seconds
    unless_acknowledged: bool = False
    """Not where a person has acknowledged all of its alerts by then."""
    actions: list[PlainAction] = Field(min_length=1, max_length=100)


class LetDefinition(Named):
    """A name for an expression, inside one behavior."""

    value: ConditionText


class BehaviorDefinition(Document):
    name: Identifier
    description: Text = ""
    let: list[LetDefinition] = Field(default=[], max_length=100)
    """Each may use those before it."""
    conditions: list[Annotated[str, Field(max_length=MAX_TEXT)]] = Field(min_length=1, max_length=100)
    """All must hold (`&&`)."""
    actions: list[Action] = Field(default=[], max_length=100)
    """Done in order, once, when it becomes active."""
    otherwise: list[PlainAction] = Field(default=[], max_length=100)
    """Done when it becomes inactive because its condition is FALSE; never because it was edited or removed."""
    escalations: list[Escalation] = Field(default=[], max_length=20)
    suppressed_by: list[Identifier] = Field(default=[], max_length=100)
    """Other behaviors of the same owner: while one is active, this one's alerts are suppressed by design (ISA-18.2)."""
    on_load: Literal["withhold", "act"] = "withhold"
    """What calls and writes do when the condition is already TRUE as the behavior is loaded."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        return refuse_twice(self, let="name")


TargetedAction = MethodCallAction | PropertyWriteAction | EmitEventAction


def action_lists(behavior: BehaviorDefinition) -> Iterator[tuple[str, Sequence[Action]]]:
    """Every list of actions, nested ones behind those they stand in, with its pointer: `actions/2/otherwise`."""
    yield "actions", behavior.actions
    for index, action in enumerate(behavior.actions):
        if isinstance(action, ExpectAction):
            yield f"actions/{index}/otherwise", action.otherwise
    yield "otherwise", behavior.otherwise
    for index, escalation in enumerate(behavior.escalations):
        yield f"escalations/{index}/actions", escalation.actions


def targeted_actions(behavior: BehaviorDefinition) -> Iterator[TargetedAction]:
    """Every action on a twin, wherever it stands."""
    for _, actions in action_lists(behavior):
        for action in actions:
            if not isinstance(action, AlertAction | ExpectAction):
                yield action


def messages(behavior: BehaviorDefinition) -> Iterator[str]:
    """The message of every alert, wherever it stands."""
    for _, actions in action_lists(behavior):
        for action in actions:
            if isinstance(action, AlertAction):
                yield action.message


def expressions(behavior: BehaviorDefinition) -> Iterator[tuple[str, str]]:
    """Every condition and named expression as text, with its pointer: `conditions/0`."""
    for index, item in enumerate(behavior.let):
        yield f"let/{index}/value", item.value
    for index, text in enumerate(behavior.conditions):
        yield f"conditions/{index}", text
    for index, action in enumerate(behavior.actions):
        if isinstance(action, ExpectAction):
            yield f"actions/{index}/condition", action.condition
