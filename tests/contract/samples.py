"""A small plant to save, and short ways to say a change or a batch."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.model.change import (
    BehaviorNode,
    DefinitionChange,
    FactBatch,
    InterlockNode,
    PropertyRow,
    RelationshipEdge,
    StoredDefinition,
)
from app.model.conditions import And, Bound, Compare, Literal, PropertyRef
from app.model.definitions import Definition, Kind, Overlay, OverlayType, Twin, TwinType, id_of, kind_of
from app.model.events import Alert, Basis, Call, Cause, PropertyChanged, Read, TwinEventOccurred
from app.model.plan import BehaviorKey, OwnerKey, PropertyKey
from app.model.time import SECOND, Micros

T0: Micros = 1_767_323_045_123_456
"""2026-01-02T03:04:05.123456Z"""
CAUSE = Cause("reading", "plant", T0)


def pump_type(**more: Any) -> TwinType:
    return TwinType.model_validate(
        {
            "type_id": "pump",
            "name": "Pump",
            "properties": [
                {"name": "temperature", "data_type": "float", "unit": "celsius", "max_value": 120},
                {"name": "status", "data_type": "enum", "enum_values": ["running", "stopped", "fault"]},
                {
                    "name": "curve",
                    "data_type": "array",
                    "max_items": 9,
                    "items": {
                        "data_type": "object",
                        "fields": [{"name": "x", "data_type": "float", "required": False}],
                    },
                },
                {"name": "margin", "data_type": "float", "computed": "120 - temperature"},
            ],
            "methods": [
                {"name": "start", "safe": False, "min_interval": 5, "rate_limit": {"calls": 3, "per": 3600}},
                {"name": "stop", "safe": True},
            ],
            "interlocks": [{"name": "hot", "method": "start", "while": "temperature > 100"}],
            "metadata": {"größe": [1, 2.5, None, {"x": "\u2028 'quoted\" \\ // $no; MATCH (n) DETACH DELETE n"}]},
        }
        | more
    )


def pump(twin_id: str, **more: Any) -> Twin:
    return Twin.model_validate({"twin_id": twin_id, "twin_type": "pump"} | more)


def station_type() -> OverlayType:
    return OverlayType.model_validate(
        {
            "type_id": "pumping_station",
            "twin_roles": [
                {"role": "primary_pump", "twin_type": "pump"},
                {"role": "backup_pump", "twin_type": "pump", "required": False},
            ],
            "interlocks": [
                {"name": "one", "role": "backup_pump", "method": "start", "while": "primary_pump.status == 'running'"}
            ],
        }
    )


def station(*bindings: tuple[str, str], overlay_type: str | None = "pumping_station") -> Overlay:
    document: dict[str, Any] = {
        "overlay_id": "station_a",
        "twins": [{"role": role, "twin_id": twin_id} for role, twin_id in bindings],
    }
    if overlay_type:
        document["overlay_type"] = overlay_type
    return Overlay.model_validate(document)


def stored(definition: Definition, revision: int = 1, life: int = 1) -> StoredDefinition:
    return StoredDefinition(
        kind_of(definition), id_of(definition), definition, revision, life, T0, "ada", T0 + revision * SECOND, "bob"
    )


def change(
    at_revision: int,
    *saved: StoredDefinition,
    removed: Sequence[tuple[Kind, str]] = (),
    reason: str = "because",
    properties: Mapping[str, tuple[PropertyRow, ...]] | None = None,
    relationships: dict[OwnerKey, tuple[RelationshipEdge, ...]] | None = None,
    behaviors: dict[OwnerKey, tuple[BehaviorNode, ...]] | None = None,
    interlocks: dict[OwnerKey, tuple[InterlockNode, ...]] | None = None,
) -> DefinitionChange:
    return DefinitionChange(
        at_revision,
        T0 + at_revision * SECOND,
        "bob",
        reason,
        saved,
        tuple(removed),
        dict(properties or {}),
        relationships or {},
        behaviors or {},
        interlocks or {},
    )


TEMPERATURE = PropertyRow("temperature", "float", "celsius")
STATUS = PropertyRow("status", "enum", None)


def twin_owner(twin_id: str) -> OwnerKey:
    return OwnerKey("twin", twin_id)


STATION = OwnerKey("overlay", "station_a")


def behavior(owner: OwnerKey, name: str, reads: Sequence[str] = (), acts_on: Sequence[str] = ()) -> BehaviorNode:
    """`reads` are `twin_id/property`."""
    keys = tuple(PropertyKey(*read.split("/")) for read in reads)
    return BehaviorNode(BehaviorKey(owner, name), f"{name}, described", keys, tuple(acts_on))


def interlock(owner: OwnerKey, name: str, reads: Sequence[str] = (), guards: Sequence[str] = ()) -> InterlockNode:
    """It stands before `start`; `reads` as of a behavior."""
    keys = tuple(PropertyKey(*read.split("/")) for read in reads)
    return InterlockNode(BehaviorKey(owner, name), "", "start", None, "as written", keys, tuple(guards))


def edge(source: str, target: str, name: str = "feeds", kind: str = "physical_connection") -> RelationshipEdge:
    return RelationshipEdge(name, kind, source, target)


def plant(at_revision: int = 0) -> DefinitionChange:
    """Two pumps of a type in a station, with everything that hangs on them; at a later revision, saved once more."""
    revision = at_revision + 1
    return change(
        at_revision,
        stored(pump_type(), revision),
        stored(station_type(), revision),
        stored(pump("pump_1"), revision),
        stored(pump("pump_2"), revision),
        stored(station(("primary_pump", "pump_1"), ("backup_pump", "pump_2")), revision),
        properties={"pump_1": (TEMPERATURE, STATUS), "pump_2": (TEMPERATURE, STATUS)},
        relationships={
            twin_owner("pump_1"): (edge("pump_1", "pump_2"),),
            STATION: (edge("pump_2", "pump_1", "backs_up", "control"),),
        },
        behaviors={
            twin_owner("pump_1"): (behavior(twin_owner("pump_1"), "too_hot", ["pump_1/temperature"], ["pump_1"]),),
            STATION: (behavior(STATION, "failover", ["pump_1/status"], ["pump_2"]),),
        },
        interlocks={
            twin_owner("pump_2"): (interlock(twin_owner("pump_2"), "hot", ["pump_2/temperature"], ["pump_2"]),),
            STATION: (interlock(STATION, "one", ["pump_1/status"], ["pump_2"]),),
        },
    )


def reading(
    twin_id: str, name: str, value: Any, at: Micros = T0, life: int = 1, quality: Any = "good"
) -> tuple[int, PropertyChanged]:
    return life, PropertyChanged(twin_id, name, value, quality, at, at + 1, quality != "bad")


def batch(after: int, upto: int, **facts: Any) -> FactBatch:
    return FactBatch(after, upto, **facts)


def alert(alert_id: str, *, raised_at: Micros = T0, owner: OwnerKey = STATION, **more: Any) -> Alert:
    values: dict[str, Any] = {
        "behavior": "failover",
        "code": "0",
        "severity": "critical",
        "message": "the primary pump has failed",
        "twins": ("pump_1", "pump_2"),
        "ack_required": True,
        "latched": False,
        "cause": Cause("behavior", "overlay/station_a/failover", T0, CAUSE),
        "basis": BASIS,
    }
    return Alert(alert_id, owner, raised_at=raised_at, **(values | more))


BASIS = Basis(
    "overlay_type/station/1",
    And((Bound("pump"), Compare(">", PropertyRef("pump", "temperature"), Literal(80)))),
    (Read("pump", PropertyChanged("pump_1", "temperature", 91.5, "good", T0, T0, True), "float", "celsius", "opc"),),
    ("pump",),
)


def closed(alert_id: str, raised_at: Micros, **more: Any) -> Alert:
    return alert(
        alert_id,
        raised_at=raised_at,
        **more,
        active=False,
        acknowledged=True,
        cleared_at=raised_at + 1,
        clear_reason="condition false",
        acknowledged_at=raised_at + 2,
        acknowledged_by="ada",
        comment="seen",
        closed_at=raised_at + 2,
    )


def call(call_id: str, **more: Any) -> Call:
    values: dict[str, Any] = {"status": "decided", "decided_at": T0, "cause": CAUSE, "method": "stop"}
    return Call(call_id, "pump_1", **(values | more))


def event(name: str, at: Micros, twin_id: str = "pump_1", **parameters: Any) -> TwinEventOccurred:
    return TwinEventOccurred(twin_id, name, at, parameters, CAUSE)
