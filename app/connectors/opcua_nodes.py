"""Where a twin's properties, methods and events lie on a server: node ids of the definition as the server numbers them.

The trap is `ns=`: a server gives namespaces their numbers at its start, so a document with a `namespace` means that
URI by every `ns=` other than 0, and the number is looked up at each connect.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError

from app.connectors.decode import Unusable
from app.connectors.opcua_session import Session, is_good
from app.errors import suggestion
from app.model.connection import TwinConnection
from app.model.plan import PropertyPlan

DEFAULT_INTERVAL_MS = 1000.0
SHORTEST_INTERVAL_MS = 10.0
"""What a sampling_interval of 0 (as fast as you can) asks for."""


@dataclass(frozen=True, slots=True)
class Item:
    """One property to read and watch."""

    twin_id: str
    plan: PropertyPlan
    node: ua.NodeId
    interval_ms: float


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A property that cannot be read, and why; `reason` is counted and becomes the reason of its bad quality."""

    twin_id: str
    property: str
    reason: str
    detail: str


@dataclass(slots=True)
class Layout:
    """The properties of all twins of one connection, sorted into what can be tried and what can't."""

    namespaces: Sequence[str] = ()
    """Of the server, as they were when this was laid out."""
    items: list[Item] = field(default_factory=list)
    read: list[ua.DataValue] = field(default_factory=list)
    """Of each item, while it is being subscribed to."""
    unreachable: list[Unreachable] = field(default_factory=list)
    missing: list[Item] = field(default_factory=list)
    """Items whose node the server does not have (yet); each is among the unreachable too."""


async def namespace_array(session: Session) -> list[str]:
    (data,) = await session.read([ua.NodeId(ua.Int32(ObjectIds.Server_NamespaceArray))])
    return list(data.Value.Value) if data.Value is not None and is_good(data) and data.Value.Value else []


def node_of(node_id: str | None, twin: TwinConnection, namespaces: Sequence[str]) -> ua.NodeId:
    """Raises Unusable: NoNodeId, BadNodeId or UnknownNamespace."""
    if not node_id:
        raise Unusable("NoNodeId", "its mapping has no node_id")
    try:
        parsed = ua.NodeId.from_string(node_id)
    except (UaError, ValueError, KeyError):
        raise Unusable("BadNodeId", f"'{node_id[:100]}' is not a node id such as ns=2;s=Pump123.Speed") from None
    uri = twin.address.namespace
    if isinstance(parsed, ua.ExpandedNodeId):
        uri = parsed.NamespaceUri or uri
        parsed = ua.NodeId(parsed.Identifier, parsed.NamespaceIndex, parsed.NodeIdType)
    elif parsed.NamespaceIndex == 0:
        return parsed
    if uri is None:
        return parsed
    if uri not in namespaces:
        hint = suggestion(uri, namespaces)
        raise Unusable("UnknownNamespace", f"the server has no namespace '{uri}'" + (f"; {hint}" if hint else ""))
    return ua.NodeId(parsed.Identifier, ua.Int16(namespaces.index(uri)), parsed.NodeIdType)


def layout(twins: Sequence[TwinConnection], namespaces: Sequence[str]) -> Layout:
    """Write-only properties have nothing to read and appear nowhere."""
    found = Layout(namespaces)
    for twin in twins:
        mapped = twin.connectivity.mapping.properties
        for name, plan in twin.properties.items():
            mapping = mapped.get(name)
            if mapping is None or plan.access == "write":
                continue
            try:
                node = node_of(mapping.node_id, twin, namespaces)
            except Unusable as unusable:
                found.unreachable.append(Unreachable(twin.twin_id, name, unusable.reason, unusable.detail))
                continue
            wanted = DEFAULT_INTERVAL_MS if mapping.sampling_interval is None else mapping.sampling_interval
            found.items.append(Item(twin.twin_id, plan, node, max(SHORTEST_INTERVAL_MS, wanted)))
    return found
