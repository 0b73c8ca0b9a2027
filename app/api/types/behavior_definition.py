"""BehaviorDefinition: a rule as its author wrote it. The live one is Behavior (types/behavior.py)."""

from collections.abc import Sequence
from typing import Any

import strawberry

from app.api.scalars import JSON
from app.api.types.enums import OnLoad
from app.model import behaviors as model

_FORM = "A list in the specification's form"


@strawberry.type(description="A name that a behavior gives to an expression.")
class Let:
    name: str = strawberry.field(description="Unique among the behavior's names.")
    value: str = strawberry.field(description="In JSON notation, `inlet.pressure - outlet.pressure`.")


@strawberry.type(description="What is done when a behavior has been active for so long.")
class Escalation:
    after: float = strawberry.field(description="Seconds since it became active.")
    unless_acknowledged: bool = strawberry.field(
        description="Not where a person has acknowledged all of its open alerts by then."
    )
    actions: JSON = strawberry.field(description=f"{_FORM}.")


@strawberry.type(description="A behavior as a type declares it, without life.")
class BehaviorDefinition:
    name: str = strawberry.field(description="Unique among the behaviors of its owner.")
    description: str = strawberry.field(description="In the author's words; empty where none was written.")
    let: list[Let] = strawberry.field(description="Its names for expressions; each may use those before it.")
    conditions: list[str] = strawberry.field(description="All must hold; in JSON notation, `temperature >= 80.0`.")
    actions: JSON = strawberry.field(description=f"{_FORM}; run once when it becomes active.")
    otherwise: JSON = strawberry.field(description=f"{_FORM}; run when it becomes inactive.")
    escalations: list[Escalation] = strawberry.field(description="What is done when it stays active.")
    suppressed_by: list[str] = strawberry.field(
        description="Other behaviors of its owner: while one is active, alerts of this one are suppressed by design."
    )
    on_load: OnLoad = strawberry.field(description="What calls and writes do when it is already TRUE as it is loaded.")

    @classmethod
    def of(cls, item: model.BehaviorDefinition) -> "BehaviorDefinition":
        return cls(name=item.name, **described(item))


def described(item: model.BehaviorDefinition | None) -> dict[str, Any]:
    """All but the name; empty of one whose definition is gone."""
    return {
        "description": item.description if item else "",
        "let": [Let(name=name.name, value=name.value) for name in item.let] if item else [],
        "conditions": item.conditions if item else [],
        "actions": _listed(item.actions if item else ()),
        "otherwise": _listed(item.otherwise if item else ()),
        "escalations": [_escalation(escalation) for escalation in item.escalations] if item else [],
        "suppressed_by": list(item.suppressed_by) if item else [],
        "on_load": OnLoad(item.on_load if item else "withhold"),
    }


def _escalation(item: model.Escalation) -> Escalation:
    return Escalation(after=item.after, unless_acknowledged=item.unless_acknowledged, actions=_listed(item.actions))


def _listed(actions: Sequence[model.Action]) -> JSON:
    return JSON([action.model_dump(mode="json", exclude_none=True) for action in actions])
