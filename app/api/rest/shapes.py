"""What the REST face answers and takes beside the documents themselves, as pydantic models for the OpenAPI alone.

Nothing is validated or encoded with them: documents are app/model's, and the commands judge what comes in.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.api.rest.alert_shapes import ALERT_SHAPES
from app.api.rest.explanation_shapes import EXPLANATION_SHAPES
from app.api.rest.notification_shapes import NOTIFICATION_SHAPES
from app.api.rest.rehearsal_shapes import REHEARSAL_SHAPES
from app.model.definitions import Lifecycle, Overlay, OverlayType, RelationshipType, Twin, TwinType
from app.model.document import MAX_TEXT


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProblemItem(Shape):
    """One of several faults."""

    code: str = Field(description="Stable, for programs.")
    message: str = Field(description="What is wrong, for people.")
    path: str = Field(description="Where: an RFC 6901 JSON pointer into the body, or file:line:column; may be empty.")
    hint: str = Field(description="What to do next; may be empty.")


class ProblemDetails(Shape):
    """An error, after RFC 9457."""

    type: str = Field(description="A relative reference that names the kind of problem and never changes.")
    title: str = Field(description="The code in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong, for people.")
    code: str = Field(description="Stable, for programs.")
    hint: str = Field(description="What to do next; may be empty.")
    path: str | None = Field(default=None, description="Where, if it is one place.")
    problems: list[ProblemItem] | None = Field(default=None, description="Every fault that was found.")
    reference: str | None = Field(default=None, description="Of an internal error: the log has it too.")
    call: "CallShape | None" = Field(default=None, description="The call that the device did not accept.")


class PageInfo(Shape):
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class _Page(Shape):
    page_info: PageInfo
    total_count: int = Field(description="Over all pages.")


class TwinPage(_Page):
    items: list[Twin]


class OverlayPage(_Page):
    items: list[Overlay]


class TwinTypePage(_Page):
    items: list[TwinType]


class OverlayTypePage(_Page):
    items: list[OverlayType]


class RelationshipTypePage(_Page):
    items: list[RelationshipType]


class AssetShape(Shape):
    path: str = Field(description="As documents write it.")
    url: str = Field(description="Where this server serves it.")
    media_type: str = Field(description="By the ending of its path.")
    size: int = Field(description="Bytes.")
    etag: str = Field(description="Strong, in its quotes.")
    modified_at: str


class AssetPage(_Page):
    items: list[AssetShape]


class Reading(Shape):
    value: JsonValue = Field(description="null before the first reading.")
    timestamp: str | None = Field(description="Source time, ISO 8601 in UTC; null before the first reading.")
    quality: Literal["good", "uncertain", "bad"]
    path: str | None = Field(
        default=None,
        description="The connector it comes by, of one property that is asked for; absent while it is not known, and "
        "without a device.",
    )
    override: "OverrideShape | None" = Field(
        default=None, description="What a person has put over it, which decides the fields above; absent where none."
    )
    reported: "Reading | None" = Field(
        default=None, description="What it would be without the override; absent where there is none."
    )


class OverrideShape(Shape):
    kind: Literal["out_of_service", "forced"]
    value: JsonValue = Field(default=None, description="The forced value; absent for out of service.")
    by: str
    at: str
    reason: str


class OverrideGiven(Shape):
    """What to put over a property."""

    kind: Literal["out_of_service", "forced"]
    value: JsonValue = Field(default=None, description="To force: of the property's data type, within its limits.")
    reason: str = Field(description="Why, for whoever is on shift next.", min_length=1, max_length=10_000)


class OverriddenProperty(Reading):
    twin_id: str
    name: str


class OverridePage(_Page):
    items: list[OverriddenProperty]


class SampleGiven(Shape):
    value: JsonValue = Field(default=None, description="Of the data type; left out where the quality is bad.")
    timestamp: str | None = Field(default=None, description="When it was so, ISO 8601; now where left out.")
    quality: Literal["good", "uncertain", "bad"] = "good"


class NamedSample(SampleGiven):
    property: str


class SamplesGiven(Shape):
    """Samples of one twin, of properties that no device feeds: by property, as the instance prints them, or a list."""

    properties: dict[str, SampleGiven] = Field(default={})
    samples: list[NamedSample] = Field(
        default=[], max_length=10_000, description="Several of one property come one after another."
    )


class SampleNotTaken(Shape):
    path: str = Field(description="A JSON pointer into the body.")
    property: str
    reason: str = Field(description="TypeMismatch, NotInEnum, NotFinite, TooLong, Late, ...")


class SamplesTaken(Shape):
    sequence: int = Field(description="The journal entry that has them.")
    accepted: int = Field(description="How many were taken, those that said nothing new included.")
    rejected: list[SampleNotTaken]


class EventShape(Shape):
    name: str
    timestamp: str
    parameters: dict[str, Any]


class StateShape(Shape):
    properties: dict[str, Reading]
    active_behaviors: list[str]
    last_events: list[EventShape] = Field(description="Newest first, at most 20.")


class ConnectivityStatus(Shape):
    status: Literal["connected", "disconnected", "connecting", "unconfigured"]
    last_connected: str | None
    quality: Literal["good", "uncertain", "bad"] | None
    reason: str | None = None
    path: str | None = Field(default=None, description="The connector it is heard by; absent for the preferred one.")
    fallback: int | None = Field(default=None, description="Which of its fallbacks that is, from 1; absent for none.")


class SimulationStatus(Shape):
    status: Literal["disabled", "stopped"]
    last_updated: str | None


class InstanceMetadata(Shape):
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str


class TwinInstance(Shape):
    """The live twin, in exactly the specification's shape."""

    instance_id: str
    twin_id: str
    version: str
    state: StateShape
    connectivity_status: ConnectivityStatus
    simulation_status: SimulationStatus
    metadata: InstanceMetadata


class InterlockOverride(Shape):
    reason: str = Field(description="Why, for the record.", min_length=1, max_length=MAX_TEXT)


class PropertyValue(Shape):
    value: JsonValue = Field(description="Of the property's data type, in its unit, within its limits.")
    override_interlocks: InterlockOverride | None = Field(
        default=None, description="A person's word over interlocks, this once."
    )


class MethodArgument(Shape):
    name: str
    value: JsonValue


class MethodParameters(Shape):
    parameters: list[MethodArgument] = Field(default=[], description="By name; every parameter of the method.")
    override_interlocks: InterlockOverride | None = Field(
        default=None, description="A person's word over interlocks, this once; no limit is lifted by it."
    )


class UnknownInputShape(Shape):
    what: str = Field(description="`pump_123.level`, or what is wrong with the interlock itself.")
    reason: str = Field(description="NoReading, PathSilent, ...")


class InterlockVerdictShape(Shape):
    """An interlock that stood against a call as it would have been sent."""

    model_config = ConfigDict(serialize_by_alias=True)

    owner_kind: Literal["twin", "overlay"]
    owner_id: str
    interlock: str
    truth: Literal["true", "unknown"]
    condition: str = Field(alias="while", description="As it is written.")
    unknown: list[UnknownInputShape] = Field(description="What kept it unknown.")


class RefusalShape(Shape):
    """Why a call was refused before it was sent."""

    code: Literal["CALL_INTERLOCKED", "CALL_RATE_LIMITED", "CALL_TOO_SOON"]
    interlocks: list[InterlockVerdictShape]
    retry_at: str | None = Field(description="When it may be sent again, where a limit refused it.")


class CallShape(Shape):
    """A method call or property write on its way to a device."""

    call_id: str
    twin_id: str
    status: Literal["decided", "attempted", "accepted", "refused", "failed", "withheld", "expired", "indeterminate"]
    method: str | None
    property: str | None
    parameters: dict[str, Any] = Field(description="By name; of a write `value`.")
    decided_at: str
    attempted_at: str | None
    finished_at: str | None
    value: JsonValue = Field(description="What the device answered.")
    error: str | None = Field(description="Why it was refused or failed.")
    observed_at: str | None = Field(description="When its effect was seen on the plant.")
    refusal: RefusalShape | None = Field(description="Where it was refused before it was sent: by what.")
    override_reason: str | None = Field(description="Why a person had it sent over interlocks.")
    overrode: list[InterlockVerdictShape] = Field(description="The interlocks that stood against it then.")


class PropertyWritten(Reading):
    name: str
    call: CallShape | None = Field(description="The write to the device; null for a property without one.")


class LifecycleWanted(Shape):
    lifecycle: Lifecycle = Field(description="What it is to be.")
    reason: str = Field(description="Why, for the history.", min_length=1, max_length=MAX_TEXT)


class LifecycleChangeShape(Shape):
    lifecycle: Lifecycle = Field(description="What it became.")
    at: str
    by: str
    reason: str = Field(description="Empty where nobody said.")
    revision: int = Field(description="The revision of the overlay that this made.")


class OverlayLifecycleShape(Shape):
    """How far an overlay is in its life."""

    overlay_id: str
    lifecycle: Lifecycle
    since: str | None
    by: str | None
    reason: str | None
    history: list[LifecycleChangeShape] = Field(description="Newest first, at most 100.")


class DefinitionRef(Shape):
    kind: Literal["relationship_type", "twin_type", "twin", "overlay_type", "overlay"]
    id: str


class DiagnosticShape(Shape):
    code: str
    severity: str
    message: str
    hint: str
    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class ScriptExecuted(Shape):
    created: list[DefinitionRef]
    updated: list[DefinitionRef]
    unchanged: list[DefinitionRef]
    warnings: list[ProblemItem]
    diagnostics: list[DiagnosticShape] = Field(description="Remarks about the text; errors are none of them.")


class ScriptItem(Shape):
    """A script that is kept."""

    script_id: str
    source: str
    revision: int
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str


class ScriptShape(ScriptItem):
    """With what is to be said of it."""

    diagnostics: list[DiagnosticShape] = Field(description="Against the definitions as they stand, errors included.")


class ScriptPage(_Page):
    items: list[ScriptItem]


class ScriptRevision(Shape):
    number: int
    at: str
    author: str
    reason: str
    source: str | None = Field(description="null for a deletion.")


class ScriptRevisions(Shape):
    items: list[ScriptRevision]


class DefinitionChange(BaseModel):
    """A part of a definition, merged into what there is: named lists by name, mapping and metadata by key, location
    whole; `{"name": ..., "remove": true}` removes an item, `"twin_id": null` empties a role."""

    model_config = ConfigDict(extra="allow")


class ConnectorShape(Shape):
    """One connection to one device endpoint or broker."""

    name: str
    protocol: str
    endpoint: str
    status: Literal["connecting", "connected", "degraded", "disconnected", "failed"]
    since: str | None = Field(description="Since when it has this status.")
    last_error: str | None
    last_error_code: str | None
    security: str | None
    tries: int = Field(description="To connect, since it last stood, the one under way included.")
    next_try: str | None
    outages: int = Field(description="Times it was lost or not had, since it was configured as it is.")
    twins: int
    silent_twins: int = Field(description="Its twins that are silent although it stands.")
    fallback_twins: int = Field(description="Its twins that are heard by it although they prefer another path.")
    missing: dict[str, int] = Field(description="What can't be had by it while it stands, by reason.")
    missing_details: list[str] = Field(description="The first few of that, in words.")
    samples: int
    standby: int = Field(description="Came by it for twins that are heard by another path, and was not taken.")
    rejected: dict[str, int] = Field(description="By reason.")


class ConnectorList(Shape):
    connectors: list[ConnectorShape]


class PathShape(Shape):
    """One of the ways to a twin's device."""

    name: str = Field(description="Its connector.")
    in_use: bool
    alive: bool
    since: str | None
    reason: str | None = Field(description="Why it is silent; null while it is alive.")


class PathList(Shape):
    twin_id: str
    paths: list[PathShape]


SHAPES: tuple[type[BaseModel], ...] = (
    *(Twin, Overlay, TwinType, OverlayType, RelationshipType),
    *(TwinPage, OverlayPage, TwinTypePage, OverlayTypePage, RelationshipTypePage, DefinitionChange),
    *(AssetShape, AssetPage),
    *(OverrideGiven, OverriddenProperty, OverridePage, SamplesGiven, SamplesTaken),
    *(ConnectorList, PathList),
    *(TwinInstance, Reading, PropertyValue, PropertyWritten, MethodParameters, CallShape),
    *(OverlayLifecycleShape, LifecycleWanted),
    *(ScriptExecuted, ScriptShape, ScriptPage, ScriptRevisions, ProblemDetails),
    *ALERT_SHAPES,
    *EXPLANATION_SHAPES,
    *REHEARSAL_SHAPES,
    *NOTIFICATION_SHAPES,
)
