"""Towards an OPC UA device: property writes and method calls, each value in exactly the type that the node takes.

`refused` is a no (the value does not fit, the method answered false), `failed` is a bad status or no answer; a write
that timed out may still have happened.
"""

from collections.abc import Sequence

from asyncua import ua
from asyncua.common.node import Node
from asyncua.common.ua_utils import data_type_to_variant_type
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from app.connectors.decode import Unusable
from app.connectors.opcua_nodes import node_of
from app.connectors.opcua_session import FAILURES, Session, is_good, reason_of
from app.connectors.opcua_structures import structure_of
from app.connectors.opcua_values import encode, plain_variant, status_name
from app.model.connection import CallAnswer, TwinConnection
from app.model.plan import MethodPlan
from app.model.time import SECOND
from app.model.values import Value

_Type = tuple[ua.VariantType | None, type | None]
"""What a node takes, an array of it included; the class of the structure, where it is one."""


class Calls:
    """What can be asked of the device in one session; types and argument lists are looked up once."""

    def __init__(self, session: Session, namespaces: Sequence[str], listen_seconds: float) -> None:
        """`listen_seconds` is how long an answer is waited for: longer than anybody waits, for late ones are told."""
        self._session = session
        self._listens = listen_seconds
        self._namespaces = namespaces
        self._kinds: dict[ua.NodeId, ua.VariantType] = {}
        self._inputs: dict[ua.NodeId, list[_Type] | None] = {}
        self._objects: dict[ua.NodeId, ua.NodeId] = {}

    async def write(self, twin: TwinConnection, name: str, value: Value) -> CallAnswer:
        plan = twin.properties.get(name)
        mapping = twin.connectivity.mapping.properties.get(name)
        if plan is None or mapping is None:
            return CallAnswer("refused", error=f"{twin.twin_id}.{name} is not mapped to a node")
        try:
            node = node_of(mapping.node_id, twin, self._namespaces)
            kind, structure = await self._type_of_variable(node)
            variant = encode(value, kind, plan, structure)
            status = await self._session.write(node, ua.DataValue(variant), self._listens)
        except Unusable as unusable:
            return CallAnswer("refused", error=f"{twin.twin_id}.{name}: {unusable.detail}")
        except FAILURES as error:
            why = f"{twin.twin_id}.{name} was not written: {reason_of(error)}"
            return CallAnswer("failed", error=why, answered=False)
        if not status.is_good():
            code = status_name(int(status.value))
            return CallAnswer("failed", error=f"{twin.twin_id}.{name} was not written: {code}")
        return CallAnswer("accepted")

    async def call(self, twin: TwinConnection, name: str, arguments: dict[str, Value]) -> CallAnswer:
        plan = twin.methods.get(name)
        mapping = twin.connectivity.mapping.methods.get(name)
        where = f"{twin.twin_id}.{name}"
        if plan is None or mapping is None:
            return CallAnswer("refused", error=f"{where} is not mapped to a method node")
        try:
            request = ua.CallMethodRequest()
            request.MethodId = node_of(mapping.node_id, twin, self._namespaces)
            request.ObjectId = await self._object_of(twin, request.MethodId)
            request.InputArguments = await self._arguments(request.MethodId, plan, arguments)
            listens = self._listens if plan.timeout is None else self._listens + plan.timeout / SECOND
            result = await self._session.call(request, listens)
        except Unusable as unusable:
            return CallAnswer("refused", error=f"{where}: {unusable.detail}")
        except FAILURES as error:
            return CallAnswer("failed", error=f"{where} did not answer: {reason_of(error)}", answered=False)
        return _answer(where, result)

    async def _type_of_variable(self, node: ua.NodeId) -> _Type:
        (data,) = await self._session.read([node], AttributeIds.DataType)
        if data.StatusCode is not None:
            data.StatusCode.check()
        return (ua.VariantType.Variant, None) if data.Value is None else await self._type(data.Value.Value)

    async def _type(self, data_type: ua.NodeId) -> _Type:
        return await self._kind(data_type), structure_of(data_type)

    async def _kind(self, data_type: ua.NodeId) -> ua.VariantType:
        if data_type not in self._kinds:
            self._kinds[data_type] = await data_type_to_variant_type(Node(self._session.requests, data_type))
        return self._kinds[data_type]

    async def _object_of(self, twin: TwinConnection, method: ua.NodeId) -> ua.NodeId:
        """The twin's own object; where it names none, the object that the method belongs to."""
        own = twin.connectivity.node_id
        if own is not None:
            return node_of(own, twin, self._namespaces)
        if method not in self._objects:
            owners = await Node(self._session.requests, method).get_references(
                ObjectIds.HasComponent, ua.BrowseDirection.Inverse
            )
            if not owners:
                raise Unusable("NoNodeId", "the twin has no node_id, and no object of the server has this method")
            owner = owners[0].NodeId
            self._objects[method] = ua.NodeId(owner.Identifier, owner.NamespaceIndex, owner.NodeIdType)
        return self._objects[method]

    async def _arguments(self, method: ua.NodeId, plan: MethodPlan, arguments: dict[str, Value]) -> list[ua.Variant]:
        """In the order in which the definition declares them, which must be the device's."""
        types = await self._input_types(method)
        if types is not None and len(types) != len(plan.parameters):
            raise Unusable(
                "WrongArguments", f"the device takes {len(types)} arguments, the definition has {len(plan.parameters)}"
            )
        missing = [parameter.name for parameter in plan.parameters if parameter.name not in arguments]
        if missing:
            raise Unusable("WrongArguments", f"no value for {', '.join(missing)}")
        return [
            encode(arguments[parameter.name], kind, parameter, structure)
            for parameter, (kind, structure) in zip(
                plan.parameters, types or [(None, None)] * len(plan.parameters), strict=True
            )
        ]

    async def _input_types(self, method: ua.NodeId) -> list[_Type] | None:
        """None where the device does not describe its arguments."""
        if method not in self._inputs:
            references = await Node(self._session.requests, method).get_references(
                ObjectIds.HasProperty, ua.BrowseDirection.Forward, ua.NodeClass.Variable
            )
            inputs = [reference.NodeId for reference in references if reference.BrowseName.Name == "InputArguments"]
            types: list[_Type] | None = None
            if inputs:
                (data,) = await self._session.read(inputs[:1])
                if is_good(data) and data.Value is not None:
                    types = [await self._type(argument.DataType) for argument in data.Value.Value or ()]
            self._inputs[method] = types
        return self._inputs[method]


def _answer(where: str, result: ua.CallMethodResult) -> CallAnswer:
    if result.StatusCode.is_bad():
        reasons = [status_name(int(result.StatusCode.value))]
        reasons += [
            f"argument {index} {status_name(int(status.value))}"
            for index, status in enumerate(result.InputArgumentResults or (), start=1)
            if status.is_bad()
        ]
        return CallAnswer("failed", error=f"{where} failed on the device: {', '.join(reasons)}")
    try:
        outputs = [plain_variant(output) for output in result.OutputArguments or ()]
    except Unusable:
        outputs = []  # it was done; what it returned has no plain form
    value = outputs[0] if len(outputs) == 1 else outputs or None
    if value is False:
        return CallAnswer("refused", value=False, error=f"{where} was refused by the device: it answered false")
    return CallAnswer("accepted", value=value)
