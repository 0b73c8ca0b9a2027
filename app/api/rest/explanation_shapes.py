"""The OpenAPI shapes of explanations."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.api.rest.alert_shapes import CauseShape

Truth = Literal["true", "false", "unknown"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExplainedInput(_Shape):
    twin_id: str
    property: str
    role: str | None = Field(description="What the condition calls the twin; null for the twin itself.")
    value: JsonValue
    unit: str | None
    quality: Literal["good", "uncertain", "bad"]
    timestamp: str | None
    known: bool
    reason: str | None
    source: str | None = Field(description="Who gave it.")


class ExplainedMember(_Shape):
    id: str
    evidence: Truth | None = Field(description="Of a condition; null for a number.")
    value: JsonValue = Field(description="Of a number.")


class ExplainedMembers(_Shape):
    """What the members of a role of many came to together."""

    count: int = Field(description="How many fill the role.")
    unknown: int = Field(description="Of how many it is not known.")
    deciding: list[ExplainedMember] = Field(description="Those by whom it is so, at most 10.")
    missing: list[str] = Field(description="Those of which it is not known, at most 10.")


class ExplainedNode(_Shape):
    parent: int | None = Field(description="The place of the node that it is under.")
    kind: str
    text: str = Field(description="In JSON notation.")
    evidence: Truth | None = Field(description="Of a condition; null for a number or a text.")
    value: JsonValue = Field(description="Of a number or a text.")
    why: str | None
    input: int | None = Field(description="Of a property: its place in `inputs`.")
    members: ExplainedMembers | None = Field(description="Of an aggregate: who decides; null of others.")


class ExplainedCall(_Shape):
    call_id: str
    twin_id: str
    method: str | None
    property: str | None
    status: str
    error: str | None


class ExplanationShape(_Shape):
    """Why a behavior is as it is or turned as it did, or why an alert was raised."""

    text: str = Field(description="All of it in plain English.")
    at: str
    state: Literal["active", "inactive"]
    evidence: Truth
    since: str | None
    error: str | None = Field(description="Why the behavior can't run.")
    revision: str | None
    nodes: list[ExplainedNode] = Field(description="The condition, every node before what is under it.")
    inputs: list[ExplainedInput]
    cause: list[CauseShape] = Field(description="Nearest first.")
    calls: list[ExplainedCall]


class MissingPart(_Shape):
    node: int
    text: str
    wanted: bool
    needs: str | None
    nearest: JsonValue
    distance: float | None


class MissingWay(_Shape):
    parts: list[MissingPart]
    distance: float | None


class WhyNotShape(_Shape):
    """What keeps a behavior from being active."""

    text: str
    ways: list[MissingWay] = Field(description="Nearest first.")
    whole: bool = Field(description="False where the condition is large: then its first level only.")
    blocked: list[str] = Field(description="What would stand in the way of its calls and writes now.")
    explanation: ExplanationShape


EXPLANATION_SHAPES: tuple[type[BaseModel], ...] = (ExplanationShape, WhyNotShape)
