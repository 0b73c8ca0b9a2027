"""The documents people write: relationship types, twin types, twins, overlay types, overlays (specification, "Digital
Twin Overlay Model").

Names and shapes are the specification's, in snake_case, so a document of its form validates as printed. Unknown fields
are refused except inside `location`, `metadata`, `visualization`, `simulation.parameters` and `authentication`, which
belong to the user and are kept verbatim. These models check form alone; whether names exist is `commands`' question.
Behaviors are in model/behaviors.py.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from app.model.behaviors import BehaviorDefinition, Seconds
from app.model.document import (
    MAX_ITEMS,
    MAX_TEXT,
    Document,
    Faults,
    Finite,
    FreeForm,
    Identifier,
    Named,
    RolePath,
    Text,
    Version,
    exactly_one,
    refuse_twice,
)
from app.model.interlocks import InterlockDefinition
from app.model.value_types import MAX_FIELDS, Fault, type_faults

DataType = Literal["float", "integer", "boolean", "string", "enum", "datetime", "array", "object"]
Access = Literal["read", "write", "read-write"]
TwinKind = Literal["equipment", "sensor", "controller"]
Direction = Literal["incoming", "outgoing"]
Lifecycle = Literal["draft", "active", "suspended", "retired"]
"""Of an overlay. Only an active one's behaviors run; drafts and retired ones may have open roles, and have no edges."""
Impact = Literal["forward", "backward", "both", "none"]
"""Which way failure travels along an edge: forward is from its source to its target."""


class Described(Document):
    """What a value is: a data type with its limits; of an array its elements, of an object its parts."""

    description: Text = ""
    data_type: DataType
    unit: Text | None = None
    min_value: Finite | None = None
    max_value: Finite | None = None
    enum_values: list[Text] | None = Field(default=None, min_length=1, max_length=1000)
    items: "ItemDefinition | None" = None
    max_items: Annotated[int, Field(ge=1, le=MAX_ITEMS)] | None = None
    fields: "list[FieldDefinition] | None" = Field(default=None, min_length=1, max_length=MAX_FIELDS)


class ItemDefinition(Described):
    """An element of an array: it has no name."""


class FieldDefinition(Described, Named):
    """A part of an object."""

    required: bool = True


class _Typed(Described, Named):
    """What a property and a parameter share."""

    @model_validator(mode="after")
    def _description_fits_the_type(self) -> Self:
        faults = list(type_faults(self))
        if faults:
            raise Faults(faults)
        return self


class PropertyDefinition(_Typed):
    access: Access = "read"
    stale_after: Annotated[float, Field(gt=0)] | None = None
    """Seconds of quiet after which an MQTT-like source's property is silent."""
    deadband: Annotated[float, Field(ge=0)] | None = None
    """Thins push, graph and history only; conditions see every sample."""
    computed: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)] | None = None
    """An expression over the twin's own properties (`power / flow_rate`): it has no other source then."""


class ParameterDefinition(_Typed):
    pass


class RateLimit(Document):
    """The most sends within a time, whoever asks; one more is refused."""

    calls: Annotated[int, Field(ge=1, le=1000)]
    per: Seconds


class MethodDefinition(Document):
    name: Identifier
    description: Text = ""
    parameters: list[ParameterDefinition] = Field(default=[], max_length=100)
    return_type: DataType | None = None
    idempotent: bool = False
    """Calling it twice does what calling it once does: it may be sent again after a crash."""
    safe: bool = False
    """It brings the machine to rest (a stop): nothing should ever stand against it."""
    min_interval: Seconds | None = None
    """Between two sends, whoever asks; one that comes sooner is refused."""
    rate_limit: RateLimit | None = None
    timeout: Seconds | None = None
    """How long the device may take to answer; the server's own where it is left out."""


class EventDefinition(Document):
    name: Identifier
    description: Text = ""
    parameters: list[ParameterDefinition] = Field(default=[], max_length=100)


class RelationshipType(Document):
    """What edges of a type mean. The built-in ones (model/relationship_types.py) need no document."""

    relationship_type: Identifier
    inverse: Identifier | None = None
    """What such an edge is called seen from its target."""
    impact: Impact
    """Never assumed: an edge that quietly carried no failure would hide what an outage reaches."""
    description: Text = ""
    version: Version = "1.0.0"
    metadata: FreeForm = Field(default={})


def _multiplicity(text: str) -> str:
    low, dots, high = text.partition("..")
    counts = [part for part in (low, high if dots else low) if _is_count(part)]
    if not _is_count(low) or (dots and high != "*" and (len(counts) < 2 or int(high) < int(low))):
        raise Faults([Fault("BAD_MULTIPLICITY", (), f"'{text[:140]}' does not say how many there may be")])
    return text


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 6


Multiplicity = Annotated[str, AfterValidator(_multiplicity)]
"""How many there may be: `1`, `0..1`, `0..*`, `1..*`, `2..4`."""


def bounds(multiplicity: str) -> tuple[int, int | None]:
    """The least and the most; None where there is no most."""
    low, dots, high = multiplicity.partition("..")
    return int(low), None if high == "*" else int(high if dots else low)


class RelationshipRule(Document):
    """A relationship that twins of a type may have. A type that declares any, itself or above, allows no others."""

    name: Identifier
    description: Text = ""
    relationship_type: Identifier | None = None
    """Any where it is not written."""
    direction: Direction = "outgoing"
    """Seen from the twin that declares it."""
    target_type: Identifier | None = None
    """What the other twin must be; anything where it is not written."""
    multiplicity: Multiplicity = "0..*"
    group: Identifier | None = None
    """Of those that write none themselves."""


class RelationshipDefinition(Document):
    """An edge declared by one of its twins; `incoming` means the target points at this twin.

    What is left out is in effect all the same: model/relationships.py knows from where.
    """

    name: Identifier
    """Several of one name lead to different twins, where the rule of the twin's type allows several."""
    target_twin_id: Identifier
    relationship_type: Identifier | None = None
    direction: Direction | None = None
    group: Identifier | None = None
    """Edges that fail together only: what is fed by several of one group lives while one of their sources does. Where
    none is written, the edges of one type are a group."""


class PropertyMapping(Document):
    """Where a property lives on the device. OPC UA: node_id; MQTT: topic (+ pointer into a JSON payload)."""

    node_id: Text | None = None
    sampling_interval: Annotated[float, Field(ge=0, le=86_400_000)] | None = None
    """Milliseconds."""
    topic: Text | None = None
    pointer: Text | None = None
    """RFC 6901 pointer to the value in a JSON payload; the whole payload where left out."""
    timestamp_pointer: Text | None = None
    quality_pointer: Text | None = None
    qos: Literal[0, 1, 2] | None = None
    write_topic: Text | None = None
    """MQTT: writes are published here as JSON `{"value": ...}`."""
    unit: Text | None = None
    """The device's, where it is not the definition's: values are converted on the way in and on the way out."""


class MethodMapping(Document):
    node_id: Text | None = None
    topic: Text | None = None
    qos: Literal[0, 1, 2] | None = None
    units: dict[Identifier, Text] = Field(default={})
    """By parameter: the device's unit, where it is not the definition's."""


class EventMapping(Document):
    node_id: Text | None = None
    topic: Text | None = None
    pointer: Text | None = None
    qos: Literal[0, 1, 2] | None = None


class Mapping(Document):
    properties: dict[Identifier, PropertyMapping] = Field(default={})
    methods: dict[Identifier, MethodMapping] = Field(default={})
    events: dict[Identifier, EventMapping] = Field(default={})


class Availability(Document):
    """MQTT: the topic on which a device says whether it is there (a birth and last-will pair)."""

    topic: Text
    online: Text = "online"
    offline: Text = "offline"


Protocol = Literal["opc-ua", "mqtt"]
MAX_FALLBACKS = 8


class _PathPart(Document):
    """One way to a device: where it is and what lives where on it."""

    protocol: Protocol | None = None
    endpoint: Text | None = None
    namespace: Text | None = None
    """OPC UA: the namespace URI that the `ns=` of this document's node ids means (index looked up at connect)."""
    node_id: Text | None = None
    """OPC UA: the twin's own object, on which methods are called and events are subscribed."""
    authentication: FreeForm | None = None
    mapping: Mapping = Mapping()
    availability: Availability | None = None
    client_id: Text | None = None


class FallbackPath(_PathPart):
    """Another way to the same device. What it leaves out it takes from the preferred one, where that is of the same
    protocol; its own mapping goes over that one's entry by entry (model/connectivity.py)."""

    endpoint: Text


class Heartbeat(Document):
    """What has to be heard of a device again and again for its path to count as alive, whatever the connection says."""

    interval: Seconds
    """The longest quiet there may be."""
    property: Identifier | None = None
    """A property that the device keeps reporting (over OPC UA: changing); anything at all where it is left out."""


class ConnectivityPart(_PathPart):
    """What a twin type (with `{twin_id}` in its texts) or a twin says of it; a twin's own goes over its type's."""

    heartbeat: Heartbeat | None = None
    fallbacks: list[FallbackPath] = Field(default=[], max_length=MAX_FALLBACKS)
    """Taken in their order where those before them are silent."""
    fallback_after: Annotated[float, Field(ge=0, le=86_400)] | None = None
    """Seconds that the path in use is silent before the next one is taken; the server's own where it is left out."""
    return_after: Annotated[float, Field(ge=0, le=86_400)] | None = None
    """Seconds that a path before the one in use must have been alive before it is taken again; likewise."""


class Connectivity(ConnectivityPart):
    """A twin's, with everything that it takes from its type (model/connectivity.py)."""

    protocol: Protocol
    endpoint: Text


class Simulation(Document):
    enabled: bool = False
    model_type: Text | None = None
    model_path: Text | None = None
    parameters: FreeForm = Field(default={})


class _Capabilities(Document):
    """What a twin type and a twin both may declare."""

    version: Version = "1.0.0"
    description: Text = ""
    properties: list[PropertyDefinition] = Field(default=[], max_length=MAX_ITEMS)
    methods: list[MethodDefinition] = Field(default=[], max_length=MAX_ITEMS)
    events: list[EventDefinition] = Field(default=[], max_length=MAX_ITEMS)
    behaviors: list[BehaviorDefinition] = Field(default=[], max_length=MAX_ITEMS)
    interlocks: list[InterlockDefinition] = Field(default=[], max_length=MAX_ITEMS)
    connectivity: ConnectivityPart | None = None
    simulation: Simulation | None = None
    visualization: FreeForm | None = None
    metadata: FreeForm = Field(default={})

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        return refuse_twice(self, properties="name", methods="name", events="name", behaviors="name", interlocks="name")


class TwinType(_Capabilities):
    type_id: Identifier
    name: Text = ""
    extends: Identifier | None = None
    """The one type it takes everything from; what it declares itself is added, or replaces by name and may narrow."""
    kind: TwinKind = "equipment"
    """Where it is not written, that of the type it extends (lineage.kind_in_effect)."""
    relationships: list[RelationshipRule] = Field(default=[], max_length=MAX_ITEMS)

    @model_validator(mode="after")
    def _rules_are_unique(self) -> "TwinType":
        return refuse_twice(self, relationships="name")


class Twin(_Capabilities):
    """Takes everything from its type; what it declares itself is added or replaces the type's by name."""

    twin_id: Identifier
    twin_type: Identifier
    manufacturer: Text | None = None
    model: Text | None = None
    serial_number: Text | None = None
    installation_date: Text | None = None
    location: FreeForm | None = None
    relationships: list[RelationshipDefinition] = Field(default=[], max_length=MAX_ITEMS)

    @model_validator(mode="after")
    def _relationships_are_unique(self) -> "Twin":
        return refuse_twice(self, relationships=("name", "target_twin_id"))


class RoleDefinition(Document):
    """Filled by a twin of `twin_type` or of one below it, or by an overlay of exactly `overlay_type`."""

    role: Identifier
    description: Text = ""
    many: bool = False
    """Filled by any number of them; where it is required, by one at least."""
    required: bool = Field(default_factory=lambda role: not role.get("many", False))
    """True where it is not written; false for a role of many."""
    twin_type: Identifier | None = None
    overlay_type: Identifier | None = None

    @model_validator(mode="after")
    def _one_type(self) -> "RoleDefinition":
        return exactly_one(self, "twin_type", "overlay_type", f"role '{self.role}'", "TWO_TYPES")

    @property
    def filled_by(self) -> str:
        """`a centrifugal_pump`, `an overlay of type 'pumping_system'`: for messages."""
        return f"a {self.twin_type}" if self.twin_type else f"an overlay of type '{self.overlay_type}'"


class RoleRelationship(Document):
    """An edge between roles, made for every overlay of the type in which both roles are bound; where a role has many,
    from each and to each."""

    name: Identifier
    description: Text = ""
    source_role: RolePath
    target_role: RolePath
    relationship_type: Identifier | None = None
    required: bool = True
    group: Identifier | None = None


class OverlayType(Document):
    type_id: Identifier
    name: Text = ""
    description: Text = ""
    version: Version = "1.0.0"
    twin_roles: list[RoleDefinition] = Field(default=[], max_length=MAX_ITEMS)
    relationship_types: list[RoleRelationship] = Field(default=[], max_length=MAX_ITEMS)
    behaviors: list[BehaviorDefinition] = Field(default=[], max_length=MAX_ITEMS)
    interlocks: list[InterlockDefinition] = Field(default=[], max_length=MAX_ITEMS)
    visualization: FreeForm | None = None
    metadata: FreeForm = Field(default={})

    @model_validator(mode="after")
    def _names_are_unique(self) -> "OverlayType":
        return refuse_twice(self, twin_roles="role", relationship_types="name", behaviors="name", interlocks="name")


class RoleBinding(Document):
    """A role that an overlay fills, by a twin or by another overlay."""

    twin_id: Identifier | None = None
    overlay_id: Identifier | None = None
    role: Identifier

    @model_validator(mode="after")
    def _one_filler(self) -> "RoleBinding":
        return exactly_one(self, "twin_id", "overlay_id", f"role '{self.role}'", "TWO_FILLERS")


class OverlayRelationship(Document):
    source_twin_id: Identifier
    target_twin_id: Identifier
    relationship_type: Identifier | None = None
    name: Identifier
    group: Identifier | None = None


class Overlay(Document):
    """A group of twins and of other overlays by role; with an `overlay_type` it takes that type's relationships and
    behaviors too."""

    overlay_id: Identifier
    overlay_type: Identifier | None = None
    name: Text = ""
    description: Text = ""
    version: Version = "1.0.0"
    lifecycle: Lifecycle = "active"
    twins: list[RoleBinding] = Field(default=[], max_length=MAX_ITEMS)
    relationships: list[OverlayRelationship] = Field(default=[], max_length=MAX_ITEMS)
    behaviors: list[BehaviorDefinition] = Field(default=[], max_length=MAX_ITEMS)
    interlocks: list[InterlockDefinition] = Field(default=[], max_length=MAX_ITEMS)
    visualization: FreeForm | None = None
    metadata: FreeForm = Field(default={})

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Overlay":
        return refuse_twice(self, relationships="name", behaviors="name", interlocks="name")

    @property
    def in_place(self) -> bool:
        """Whether all of it has to be there: every required role filled, every edge made."""
        return self.lifecycle in ("active", "suspended")

    @model_validator(mode="after")
    def _nobody_fills_a_role_twice(self) -> "Overlay":
        faults: list[Fault] = []
        seen: set[tuple[str, str | None, str | None]] = set()
        for index, item in enumerate(self.twins):
            if (key := (item.role, item.twin_id, item.overlay_id)) in seen:
                message = f"role '{item.role}' has '{item.twin_id or item.overlay_id}' twice"
                at = ("twins", index, "twin_id" if item.twin_id else "overlay_id")
                faults.append(Fault("DUPLICATE_NAME", at, message, "leave one of them out"))
            seen.add(key)
        if faults:
            raise Faults(faults)
        return self


Definition = RelationshipType | TwinType | Twin | OverlayType | Overlay
Kind = Literal["relationship_type", "twin_type", "twin", "overlay_type", "overlay"]
MODELS: dict[Kind, type[Definition]] = {
    "relationship_type": RelationshipType,
    "twin_type": TwinType,
    "twin": Twin,
    "overlay_type": OverlayType,
    "overlay": Overlay,
}


_KIND_OF: dict[type[Definition], Kind] = {model: kind for kind, model in MODELS.items()}


def kind_of(definition: Definition) -> Kind:
    return _KIND_OF[type(definition)]


def id_of(definition: Definition) -> str:
    match definition:
        case RelationshipType():
            return definition.relationship_type
        case TwinType() | OverlayType():
            return definition.type_id
        case Twin():
            return definition.twin_id
        case Overlay():
            return definition.overlay_id


_written: dict[frozenset[str], set[str]] = {}


def share_names_of_fields(definition: Definition) -> None:
    """One set of the fields that were written for all documents that wrote the same ones: it is a quarter of what a
    twin takes in memory, and nobody changes it in a frozen model."""
    own = definition.__pydantic_fields_set__
    shared = _written.setdefault(frozenset(own), own)
    if shared is not own:
        object.__setattr__(definition, "__pydantic_fields_set__", shared)


def to_document(definition: Definition) -> dict[str, Any]:
    """The JSON document of a definition: only what its author wrote (`exclude_unset`), so nothing is made up."""
    return definition.model_dump(mode="json", exclude_unset=True)
