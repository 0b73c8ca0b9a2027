"""OPC UA events of a twin's object, decoded to DeviceEvents.

An event is recognised by its type: the mapped node_id is the event type's node; where the mapping has none, the type's
browse name is compared (`FaultOccurred` is `fault_occurred`). What the filter does not select is not sent, so the
fields of each mapped type are looked up first, by the type that declares them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from asyncua import ua
from asyncua.common.node import Node
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from app.connectors.decode import Rejected, Unusable
from app.connectors.opcua_nodes import node_of
from app.connectors.opcua_session import Session, is_good
from app.connectors.opcua_values import event_parameters, plain_variant, source_time
from app.model.connection import TwinConnection
from app.model.events import DeviceEvent
from app.model.names import to_snake
from app.model.time import Micros

_BASE_EVENT = ua.NodeId(ua.Int32(ObjectIds.BaseEventType))
_BASE_FIELDS = ("EventType", "Time", "Message")


@dataclass(slots=True)
class EventSource:
    """One twin's object as a source of events."""

    twin_id: str
    node: ua.NodeId
    names_by_type: dict[ua.NodeId, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    """Events without a node_id, recognised by their type's browse name."""
    fields: list[str] = field(default_factory=list)
    """What each selected field after the base fields is called."""
    filter: ua.EventFilter = field(default_factory=ua.EventFilter)


class EventTypes:
    """What this session has learned of the server's event types."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._fields: dict[ua.NodeId, list[tuple[ua.NodeId, ua.QualifiedName]]] = {}
        self._names: dict[ua.NodeId, str] = {}

    async def is_object_type(self, node: ua.NodeId) -> bool:
        (data,) = await self._session.read([node], AttributeIds.NodeClass)
        return is_good(data) and data.Value is not None and data.Value.Value == ua.NodeClass.ObjectType

    async def fields_of(self, node: ua.NodeId) -> list[tuple[ua.NodeId, ua.QualifiedName]]:
        """The type's own fields and those it inherits, without the base event's: (declaring type, name)."""
        if node not in self._fields:
            found: list[tuple[ua.NodeId, ua.QualifiedName]] = []
            current = node
            for _ in range(20):  # a server whose types inherit in a circle must not hold us
                if current == _BASE_EVENT:
                    break
                here = Node(self._session.requests, current)
                properties = await here.get_references(
                    ObjectIds.HasProperty, ua.BrowseDirection.Forward, ua.NodeClass.Variable
                )
                found.extend((current, reference.BrowseName) for reference in properties)
                parents = await here.get_references(ObjectIds.HasSubtype, ua.BrowseDirection.Inverse)
                if not parents:
                    break
                parent = parents[0].NodeId
                current = ua.NodeId(parent.Identifier, parent.NamespaceIndex, parent.NodeIdType)
            self._fields[node] = found
        return self._fields[node]

    async def name_of(self, node: ua.NodeId) -> str:
        """The type's browse name in snake_case; "" where the server does not say."""
        if node not in self._names:
            (data,) = await self._session.read([node], AttributeIds.BrowseName)
            known = is_good(data) and data.Value is not None and data.Value.Value is not None
            self._names[node] = to_snake(data.Value.Value.Name) if known and data.Value else ""
        return self._names[node]


async def event_source(
    twin: TwinConnection, namespaces: Sequence[str], types: EventTypes
) -> tuple[EventSource | None, list[Rejected]]:
    """How to subscribe to a twin's mapped events, and the mappings that cannot be used."""
    connectivity = twin.connectivity
    mapped = connectivity.mapping.events
    if not mapped:
        return None, []
    rejected: list[Rejected] = []
    try:
        source = EventSource(twin.twin_id, node_of(connectivity.node_id, twin, namespaces))
    except Unusable as unusable:
        return None, [
            Rejected(unusable.reason, f"{twin.twin_id}: the object that raises its events: {unusable.detail}")
        ]
    clauses = [_clause(_BASE_EVENT, ua.QualifiedName(name, ua.UInt16(0))) for name in _BASE_FIELDS]
    for name, mapping in mapped.items():
        if mapping.node_id is None:
            source.names.add(name)
            continue
        try:
            node = node_of(mapping.node_id, twin, namespaces)
            if not await types.is_object_type(node):
                raise Unusable("UnknownNode", f"{mapping.node_id} is not an event type of the server")
        except Unusable as unusable:
            rejected.append(Rejected(unusable.reason, f"event {twin.twin_id}.{name}: {unusable.detail}"))
            continue
        source.names_by_type[node] = name
        for owner, browse_name in await types.fields_of(node):
            clauses.append(_clause(owner, browse_name))
            source.fields.append(to_snake(browse_name.Name))
    if not source.names and not source.names_by_type:
        return None, rejected
    source.filter.SelectClauses = clauses
    return source, rejected


def _clause(owner: ua.NodeId, name: ua.QualifiedName) -> ua.SimpleAttributeOperand:
    operand = ua.SimpleAttributeOperand()
    operand.TypeDefinitionId = owner
    operand.BrowsePath = [name]
    operand.AttributeId = ua.UInt32(AttributeIds.Value)
    return operand


async def decode_event(
    source: EventSource, fields: Sequence[ua.Variant], received_at: Micros, types: EventTypes
) -> tuple[DeviceEvent | None, tuple[Rejected, ...]]:
    """None for an event that the twin does not map."""
    if len(fields) < len(_BASE_FIELDS) or not isinstance(fields[0].Value, ua.NodeId):
        return None, (Rejected("BadPayload", f"{source.twin_id}: an event without its type"),)
    kind, time, message = fields[0].Value, fields[1].Value, fields[2]
    name = source.names_by_type.get(kind)
    if name is None and source.names:
        by_name = await types.name_of(kind)
        name = by_name if by_name in source.names else None
    if name is None:
        return None, ()
    own = {
        field: value for field, value in zip(source.fields, fields[len(_BASE_FIELDS) :], strict=False) if _there(value)
    }
    parameters, rejected = event_parameters(own)
    if not own and _there(message):
        parameters = {"message": plain_variant(message)}
    return DeviceEvent(source.twin_id, name, source_time(time) or received_at, parameters), rejected


def _there(value: ua.Variant) -> bool:
    return value.Value is not None
