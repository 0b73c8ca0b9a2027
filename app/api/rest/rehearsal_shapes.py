"""The OpenAPI shapes of trials."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.api.rest.alert_shapes import AlertShape
from app.api.rest.explanation_shapes import ExplanationShape
from app.model.listed import MOST_LISTED

_Kind = Literal["relationship_type", "twin_type", "twin", "overlay_type", "overlay"]
_State = Literal["active", "inactive"]
_TRUNCATED = f"Whether a list ends before all of it is told, after {MOST_LISTED}: `totals` says how many there are."


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RehearsedChange(_Shape):
    """A value that a property would have."""

    twin_id: str
    property: str = Field(description="Not a computed one.")
    value: JsonValue = Field(default=None, description="In the definition's unit; `bad` needs none.")
    quality: Literal["good", "uncertain", "bad"] = "good"


class RehearsedStep(_Shape):
    """What happens at one moment: all values together, then the paths, and after that time passes."""

    set: list[RehearsedChange] = Field(default=[], description="Values, reported at once.")
    disconnect: list[str] = Field(default=[], description="Twins whose path falls silent.")
    connect: list[str] = Field(default=[], description="Twins whose path is there again.")
    wait: float = Field(default=0.0, ge=0, le=30 * 86_400, description="Seconds that then pass.")


class RehearsalGiven(_Shape):
    """What to try out."""

    steps: list[RehearsedStep] = Field(min_length=1, max_length=100)
    answers: Literal["accept", "refuse", "nothing"] = Field(
        default="accept", description="What devices would answer to the calls that follow."
    )


class _Turn(_Shape):
    owner_kind: Literal["twin", "overlay"]
    owner_id: str
    behavior: str
    was: _State = Field(description="Equal to `state` where only evidence changes.")
    state: _State
    evidence: Literal["true", "false", "unknown"]


class RehearsedTransitionShape(_Turn):
    step: int = Field(description="From 0.")
    after: float = Field(description="Seconds since the beginning.")
    skipped: list[str] = Field(description="Actions that would not be taken, each with why.")
    explanation: ExplanationShape


class RehearsedAlertShape(_Shape):
    step: int
    after: float
    transition: str
    alert: AlertShape = Field(description="Its id is not that of any real one.")


class RehearsedCallShape(_Shape):
    step: int
    after: float
    call: Any = Field(description="As /calls/{call_id} has it; its id is not that of any real one.")


class RehearsalTotalsShape(_Shape):
    transitions: int
    alerts: int
    calls: int
    notes: int


class RehearsalShape(_Shape):
    """What would follow. Nothing of it has happened, and no call reached a device."""

    sequence: int = Field(description="The journal sequence of the live state that it began from.")
    twins: int = Field(description="How many the changes could reach; only these were tried.")
    behaviors: int
    transitions: list[RehearsedTransitionShape]
    alerts: list[RehearsedAlertShape]
    calls: list[RehearsedCallShape]
    notes: list[str] = Field(description="What keeps a change from showing.")
    totals: RehearsalTotalsShape
    truncated: bool = Field(description=_TRUNCATED)


class DefinitionGiven(_Shape):
    kind: _Kind
    document: dict[str, Any] = Field(description="The whole document, as it is saved.")


class DefinitionsGiven(_Shape):
    """Changed definitions: documents, or a script; not both."""

    documents: list[DefinitionGiven] = Field(default=[], description="Each replaces the definition of its id.")
    source: str | None = Field(default=None, description="A DTSL script instead.")


class DefinitionsOverHours(DefinitionsGiven):
    """The same, to be run over what happened."""

    hours: float = Field(default=24.0, gt=0, le=24.0 * 366, description="How far to look back.")


class _Named(_Shape):
    kind: _Kind
    id: str


class _Remark(_Shape):
    code: str
    message: str
    path: str
    hint: str


class DocumentDifference(_Shape):
    op: Literal["add", "remove", "replace"]
    path: str = Field(description="A JSON pointer into the document.")
    where: str = Field(description="The same place, items of named lists by their name.")
    before: JsonValue
    after: JsonValue


class PlannedChange(_Shape):
    definition: _Named
    changes: list[DocumentDifference]


class PlannedTransitionShape(_Turn):
    withheld: list[str] = Field(description="Calls and writes that it would not make: its condition is true already.")
    made: list[str] = Field(description="Calls and writes that it would make: it says `on load act`.")


class PlannedAlertShape(_Shape):
    transition: str
    alert: AlertShape


class DefinitionPlanTotalsShape(_Shape):
    warnings: int
    twins: int
    overlays: int
    open_alerts: int
    transitions: int
    alerts: int


class DefinitionPlanShape(_Shape):
    """What saving definitions would do. Nothing of it is done."""

    created: list[_Named]
    updated: list[_Named]
    unchanged: list[_Named]
    changes: list[PlannedChange]
    warnings: list[_Remark]
    twins: list[str] = Field(description="Those whose rules or properties would be loaded anew.")
    overlays: list[str] = Field(description="Active ones that would be.")
    open_alerts: list[AlertShape] = Field(description="Of those, as they stand.")
    transitions: list[PlannedTransitionShape] = Field(description="Behaviors that would turn at once.")
    alerts: list[PlannedAlertShape] = Field(description="What would become of alerts at once.")
    totals: DefinitionPlanTotalsShape
    truncated: bool = Field(description=_TRUNCATED)


class DifferenceOverHours(_Shape):
    """One thing that a behavior does, with the running definitions and with the changed ones."""

    owner_kind: Literal["twin", "overlay"]
    owner_id: str
    behavior: str
    fact: Literal["activation", "alert", "call"]
    what: str = Field(description="The alert's code; of a call the twin and the method; empty for an activation.")
    before: int
    after: int
    gone: list[str] = Field(description="When only the running ones do it; the first 20.")
    new: list[str] = Field(description="When only the changed ones do; the first 20.")


class DefinitionRehearsalTotalsShape(_Shape):
    differences: int
    unchanged: int
    warnings: int


class DefinitionRehearsalShape(_Shape):
    """What changed definitions would have done, beside what the running ones did."""

    began: str | None = Field(description="Later than asked for where the journal does not reach back so far.")
    ended: str | None = Field(description="Null, as `began`, where nothing that runs changes.")
    entries: int
    whole: bool = Field(description="False where it took too long and ends before the journal does.")
    differences: list[DifferenceOverHours]
    unchanged: list[DifferenceOverHours]
    warnings: list[_Remark]
    totals: DefinitionRehearsalTotalsShape
    truncated: bool = Field(description=_TRUNCATED)


REHEARSAL_SHAPES: tuple[type[BaseModel], ...] = (
    *(RehearsalGiven, RehearsalShape, DefinitionsGiven, DefinitionPlanShape),
    *(DefinitionsOverHours, DefinitionRehearsalShape),
)
