"""What the engine is loaded with: definitions with names resolved, inheritance flattened and conditions parsed.

A `Shape` is the part that many owners share (all twins of a type that add nothing of their own have one shape); its
rules are compiled once. An owner (twin or overlay) brings a shape and its bindings. commands/plan.py derives plans
from the catalogue; the engine never sees a definition. Plans are journaled inside `Load`, so they are msgspec structs.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from app.model.behaviors import Severity
from app.model.conditions import Condition
from app.model.definitions import Access, DataType, Lifecycle
from app.model.time import Micros
from app.model.values import Value

OwnerKind = Literal["twin", "overlay"]


class OwnerKey(msgspec.Struct, frozen=True, array_like=True):
    """Who owns a behavior: a twin or an overlay."""

    kind: OwnerKind
    id: str


class PropertyKey(msgspec.Struct, frozen=True, array_like=True):
    """One property of one twin."""

    twin_id: str
    name: str


class BehaviorKey(msgspec.Struct, frozen=True, array_like=True):
    """One behavior of one owner: its identity for life (design, section 4)."""

    owner: OwnerKey
    name: str


class PropertyPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    data_type: DataType
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    enum_values: tuple[str, ...] = ()
    access: Access = "read"
    stale_after: Micros | None = None
    deadband: float | None = None
    computed: Condition | None = None
    """What it is computed from, over properties of its own twin."""
    error: str = ""
    """Why it can't be computed: the reason it is shown with."""
    items: "PropertyPlan | None" = None
    """Of an array: its elements, without a name."""
    max_items: int | None = None
    fields: tuple["PropertyPlan", ...] = ()
    """Of an object."""
    required: bool = True
    """Of a field."""


class MethodPlan(msgspec.Struct, frozen=True):
    name: str
    parameters: tuple[PropertyPlan, ...] = ()
    """Parameters have the same data type and limits as properties; access means nothing here."""
    return_type: DataType | None = None
    idempotent: bool = False
    min_interval: Micros | None = None
    """Between two sends, whoever asks."""
    most_calls: int | None = None
    """Sends within `per`, likewise."""
    per: Micros = 0
    timeout: Micros | None = None
    """For its answer; None for the server's own."""


class EventPlan(msgspec.Struct, frozen=True):
    name: str
    parameters: tuple[PropertyPlan, ...] = ()


class MessageValue(msgspec.Struct, frozen=True):
    """Where a message shows a value, as it is when the alert is raised."""

    value: Condition
    decimals: int | None = None
    """None: as many as it needs."""
    unit: str = ""
    """Of an expression; that of a property is the property's."""


class AlertPlan(msgspec.Struct, frozen=True, tag="alert"):
    code: str
    severity: Severity
    message: str
    """As it is shown, unless it has values in it."""
    latched: bool
    ack_required: bool
    delay_on: Micros = 0
    delay_off: Micros = 0
    deadband: float = 0.0
    re_alarm: Micros = 0
    group: str = ""
    parts: tuple[str | MessageValue, ...] = ()
    """The message in pieces, where it has values (or braces) in it."""


class CallPlan(msgspec.Struct, frozen=True, tag="call"):
    """`owner` is a role, path or twin id of the overlay, as in conditions; None means the twin itself."""

    owner: str | None
    method: str
    arguments: dict[str, Value]
    required: bool = False
    """Whether what follows waits until the device has accepted it."""


class WritePlan(msgspec.Struct, frozen=True, tag="write"):
    owner: str | None
    property: str
    value: Value
    required: bool = False


class EmitPlan(msgspec.Struct, frozen=True, tag="emit"):
    owner: str | None
    event: str
    parameters: dict[str, Value]


class ExpectPlan(msgspec.Struct, frozen=True, tag="expect"):
    within: Micros
    condition: Condition
    otherwise: "tuple[PlainPlan, ...]" = ()
    index: int = 0
    """Its place among the behavior's actions: what it is told apart by."""


PlainPlan = AlertPlan | CallPlan | WritePlan | EmitPlan
ActionPlan = PlainPlan | ExpectPlan


class EscalationPlan(msgspec.Struct, frozen=True):
    after: Micros
    unless_acknowledged: bool
    actions: tuple[ActionPlan, ...]


class Rule(msgspec.Struct, frozen=True):
    """A behavior as the engine runs it. With `error` set it never runs and is shown with that error."""

    name: str
    condition: Condition | None
    actions: tuple[ActionPlan, ...] = ()
    act_on_load: bool = False
    error: str | None = None
    otherwise: tuple[ActionPlan, ...] = ()
    escalations: tuple[EscalationPlan, ...] = ()
    suppressed_by: tuple[str, ...] = ()
    pulse: bool = False
    """Fires each time its condition is TRUE, and is never active."""

    def expects(self) -> Iterator[ExpectPlan]:
        return (action for action in self.actions if isinstance(action, ExpectPlan))

    def while_active(self) -> Iterator[AlertPlan]:
        """Alerts that end with the behavior's activity."""
        lists = (self.actions, *(escalation.actions for escalation in self.escalations))
        return (action for actions in lists for action in actions if isinstance(action, AlertPlan))

    def all_actions(self) -> Iterator[ActionPlan]:
        """Wherever they stand."""
        for actions in (self.actions, self.otherwise, *(escalation.actions for escalation in self.escalations)):
            yield from actions
        for expect in self.expects():
            yield from expect.otherwise

    def all_alerts(self) -> Iterator[AlertPlan]:
        """Wherever they stand."""
        yield from self.while_active()
        for actions in (self.otherwise, *(expect.otherwise for expect in self.expects())):
            yield from (action for action in actions if isinstance(action, AlertPlan))


class Interlock(msgspec.Struct, frozen=True):
    """What must not be sent while its condition is TRUE, or not known. With `error` set it stands against all sends."""

    name: str
    owner: str | None
    """As in actions; a role of many means each that fills it."""
    method: str | None
    property: str | None
    condition: Condition | None
    written: str
    """The condition as its author wrote it."""
    error: str | None = None


class Shape(msgspec.Struct, frozen=True):
    """`shape_id` changes whenever the content does (it carries the revision): equal id, equal content."""

    shape_id: str
    properties: tuple[PropertyPlan, ...] = ()
    """Empty for overlays."""
    methods: tuple[MethodPlan, ...] = ()
    rules: tuple[Rule, ...] = ()
    interlocks: tuple[Interlock, ...] = ()
    events: tuple[EventPlan, ...] = ()


class TwinPlan(msgspec.Struct, frozen=True):
    twin_id: str
    twin_type: str
    shape_id: str
    revision: int
    life: int
    """The revision at which this twin was created: a row of a former life never lands on its successor."""
    mapped: tuple[str, ...] = ()
    """Properties that a connector feeds; the others are manual and never stale."""
    connected: bool = False
    """Whether it has connectivity at all."""


class OverlayPlan(msgspec.Struct, frozen=True):
    overlay_id: str
    overlay_type: str | None
    shape_id: str
    revision: int
    bindings: dict[str, str]
    """Role (for one of many `role/twin id`, or a twin id or path that a behavior names) -> twin id. An open role is
    absent."""
    filled: tuple[str, ...] = ()
    """Roles and paths that behaviors test for null and that overlays fill."""
    lifecycle: Lifecycle = "active"
    members: dict[str, tuple[str, ...]] = {}
    """Of each role of many, or path to one, that an aggregate is over: the ids of who fills it, in order. `bindings`
    has `role/id` for each that is a twin, and `role/id/inner role` for what is asked about inside an overlay."""


class Plan(msgspec.Struct, frozen=True):
    """What changes in one load: owners here replace those of the same id; the removed ones go."""

    catalogue_revision: int
    shapes: tuple[Shape, ...] = ()
    twins: tuple[TwinPlan, ...] = ()
    overlays: tuple[OverlayPlan, ...] = ()
    removed_twins: tuple[str, ...] = ()
    removed_overlays: tuple[str, ...] = ()
