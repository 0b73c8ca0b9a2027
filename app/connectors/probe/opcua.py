"""What an OPC UA server has below a node: its variables with their values, its methods and the events it may raise.

Address spaces have cycles and no bounds: every node is visited once, and what goes past the limits is cut with a note.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError

from app.connectors.keys import Keys, wall_clock, wanted
from app.connectors.opcua_nodes import namespace_array
from app.connectors.opcua_security import Access
from app.connectors.opcua_session import FAILURES, Session, Timing, is_good, opened, reason_of
from app.connectors.opcua_subscriptions import batches
from app.connectors.opcua_values import status_name
from app.connectors.probe.found import Found
from app.connectors.probe.opcua_nodes import Describing, MetMethod, MetVariable
from app.errors import Misconfigured, NotFound, Unavailable

OBJECTS = "i=85"
_OF_EVERY_SERVER = frozenset(ua.NodeId(ua.Int32(number)) for number in (2253, 23470, 31915))
"""Below Objects: Server, Aliases, Locations. They say nothing of the plant."""
_BROWSED_AT_ONCE = 50
_TELLING = ("EngineeringUnits", "EURange", "EnumStrings", "EnumValues")
"""Properties of a variable that say how to read it."""


@dataclass(frozen=True, slots=True)
class Limits:
    nodes: int = 5000
    depth: int = 12


@dataclass(slots=True)
class _Space:
    """Nodes as they were met."""

    variables: dict[ua.NodeId, MetVariable] = field(default_factory=dict)
    methods: dict[ua.NodeId, MetMethod] = field(default_factory=dict)
    objects: dict[ua.NodeId, tuple[str, ...]] = field(default_factory=dict)
    events: dict[tuple[ua.NodeId, ua.NodeId], tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """(object, event type) -> the type's name, and where the object stands."""


async def probe_opcua(
    endpoint: str,
    root: str,
    authentication: Mapping[str, Any] | None,
    limits: Limits,
    keys: Keys,
    timing: Timing | None = None,
) -> Found:
    """Raises Misconfigured (ENDPOINT_INVALID, and what `wanted` does), NotFound (NODE_NOT_FOUND) for the root,
    Unavailable."""
    _check_address(endpoint)
    who = wanted(authentication, "opc-ua", endpoint)
    start = _node_id(root)
    now = wall_clock()
    access = Access(who, await keys.credentials(who, endpoint, now), keys.trust, now)
    try:
        async with opened(endpoint, access, timing or Timing()) as session:
            try:
                await session.learn_limits()
                return await _found(session, endpoint, start, limits)
            except FAILURES as error:
                raise Unavailable(f"{endpoint} stopped answering: {reason_of(error)}") from error
    except Unavailable as error:
        raise _explained(error) from error


def _check_address(endpoint: str) -> None:
    try:
        parts = urlsplit(endpoint)
        fits = parts.scheme == "opc.tcp" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        hint = "write it as opc.tcp://host:4840"
        raise Misconfigured(f"'{endpoint[:200]}' is not an OPC UA endpoint", code="ENDPOINT_INVALID", hint=hint)


def _node_id(text: str) -> ua.NodeId:
    try:
        return ua.NodeId.from_string(text)
    except (UaError, ValueError, KeyError):
        raise Misconfigured(
            f"'{text[:100]}' is not a node id", code="NODE_ID_INVALID", hint="write it like ns=2;s=Pump123 or i=85"
        ) from None


def _explained(error: Unavailable) -> Unavailable:
    """Why a server would not have us, in the words of the command line."""
    if error.code in ("ACCESS_DENIED", "TOKEN_NOT_OFFERED"):
        hint = "give --user NAME and --password-env VARIABLE of somebody who may, or --certificate ID"
        return Unavailable(error.message, code="ACCESS_DENIED", hint=hint)
    if error.code == "PASSWORD_UNPROTECTED":
        hint = "give --certificate ID, or --allow-plain-password"
        return Unavailable(error.message, code=error.code, hint=hint)
    if error.code == "SECURITY_NOT_OFFERED":
        hint = "give --certificate ID (make one with: twin-overlay certificate create ID), or leave it out for None"
        return Unavailable(error.message, code=error.code, hint=hint)
    if error.code == Unavailable.default_code:
        hint = "look at host and port, and whether the server runs and lets you in"
        return Unavailable(error.message, code="DEVICE_UNREACHABLE", hint=hint)
    return error


# ---------------------------------------------------------------- browsing


async def _found(session: Session, endpoint: str, start: ua.NodeId, limits: Limits) -> Found:
    namespaces = await namespace_array(session)
    found = Found("opc-ua", endpoint, namespaces=namespaces)
    root = ua.NodeId(start.Identifier, start.NamespaceIndex, start.NodeIdType)
    if isinstance(start, ua.ExpandedNodeId) and start.NamespaceUri:
        if start.NamespaceUri not in namespaces:
            raise NotFound.named("namespace", start.NamespaceUri, namespaces)
        root = ua.NodeId(start.Identifier, ua.Int16(namespaces.index(start.NamespaceUri)), start.NodeIdType)
    (named,) = await session.read([root], AttributeIds.BrowseName)
    if not is_good(named) or named.Value is None:
        code = status_name(int(named.StatusCode.value)) if named.StatusCode else ""
        hint = "probe without --root to see what there is"
        raise NotFound(f"{endpoint} has no node {root.to_string()} ({code})", code="NODE_NOT_FOUND", hint=hint)
    space = await _browse(session, root, str(named.Value.Value.Name), limits, found.notes)
    found.objects = {place: node.to_string() for node, place in space.objects.items() if place}
    describing = Describing(session)
    found.properties = await describing.properties(list(space.variables.values()))
    found.methods = await describing.methods(list(space.methods.values()))
    found.events = await describing.events(space.events)
    return found


async def _browse(session: Session, root: ua.NodeId, name: str, limits: Limits, notes: list[str]) -> _Space:
    space = _Space()
    top = () if root == ua.NodeId(ua.Int32(ObjectIds.ObjectsFolder)) else (name,)
    space.objects[root] = top
    level: list[tuple[ua.NodeId, tuple[str, ...]]] = [(root, top)]
    seen = {root, *(_OF_EVERY_SERVER - {root})}
    most = limits.nodes + len(seen)
    depth = 0
    while level:
        if depth == limits.depth:
            notes.append(f"cut at depth {limits.depth}: {len(level)} nodes were not looked into (--max-depth)")
            break
        below: list[tuple[ua.NodeId, tuple[str, ...]]] = []
        for batch in batches(level, _BROWSED_AT_ONCE):
            answers = await _references(session, [node for node, _ in batch])
            for (parent, place), references in zip(batch, answers, strict=True):
                for reference in references:
                    found = _meet(space, parent, place, reference, seen)
                    if found is not None:
                        below.append(found)
                    if len(seen) >= most:
                        notes.append(f"cut at {limits.nodes} nodes (--max-nodes, or --root for a part)")
                        return space
        level = below
        depth += 1
    return space


def _meet(
    space: _Space,
    parent: ua.NodeId,
    place: tuple[str, ...],
    reference: ua.ReferenceDescription,
    seen: set[ua.NodeId],
) -> tuple[ua.NodeId, tuple[str, ...]] | None:
    """Notes one node; what is to be looked into further, and where that stands."""
    target = reference.NodeId
    node = ua.NodeId(target.Identifier, target.NamespaceIndex, target.NodeIdType)
    name = str(reference.BrowseName.Name)
    if reference.ReferenceTypeId == ua.NodeId(ua.Int32(ObjectIds.GeneratesEvent)):
        space.events[(parent, node)] = (name, place)
        return None
    if node in seen:
        return None
    variable, method = space.variables.get(parent), space.methods.get(parent)
    if variable is not None and name in _TELLING:
        variable.telling[name] = node
    elif method is not None and name in ("InputArguments", "OutputArguments"):
        method.arguments[name] = node
    elif reference.NodeClass == ua.NodeClass.Variable:
        space.variables[node] = MetVariable(node, name, place)
    elif reference.NodeClass == ua.NodeClass.Method:
        space.methods[node] = MetMethod(node, name, place)
    elif reference.NodeClass == ua.NodeClass.Object:
        space.objects[node] = (*place, name)
    else:
        return None
    seen.add(node)
    return node, (*place, name)


async def _references(session: Session, nodes: Sequence[ua.NodeId]) -> list[list[ua.ReferenceDescription]]:
    """Of each node: what is below it, and the events that it raises."""
    found: list[list[ua.ReferenceDescription]] = [[] for _ in nodes]
    for kind in (ObjectIds.HierarchicalReferences, ObjectIds.GeneratesEvent):
        parameters = ua.BrowseParameters()
        parameters.View.Timestamp = ua.get_win_epoch()
        parameters.RequestedMaxReferencesPerNode = ua.UInt32(0)
        for node in nodes:
            wanted = ua.BrowseDescription()
            wanted.NodeId = node
            wanted.BrowseDirection = ua.BrowseDirection.Forward
            wanted.ReferenceTypeId = ua.NodeId(ua.Int32(kind))
            wanted.IncludeSubtypes = True
            wanted.NodeClassMask = ua.UInt32(0)
            wanted.ResultMask = ua.UInt32(ua.BrowseResultMask.All)
            parameters.NodesToBrowse.append(wanted)
        results = await session.requests.browse(parameters)
        for here, result in zip(found, results, strict=True):
            here.extend(result.References or ())
            while result.ContinuationPoint:
                more = ua.BrowseNextParameters()
                more.ContinuationPoints = [result.ContinuationPoint]
                more.ReleaseContinuationPoints = False
                (result,) = await session.requests.browse_next(more)
                here.extend(result.References or ())
    return found
