"""The plant's PLC: a real OPC UA server with the specification's node ids, methods and events, on loopback.

`Speed` and `Position` are written as set points and read as measurements: a written value is handed to the plant and
never stored in the node, so that a client sees the ramp and not its own number echoed back.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua
from asyncua.common.node import Node
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AddressSpace, AttributeService
from asyncua.server.event_generator import EventGenerator
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from app.demo.physics import (
    FULLY_OPEN,
    MAX_SPEED_RPM,
    MAX_TARGET_FLOW,
    FaultOccurred,
    MaintenanceDue,
    PlantEvent,
    Pump,
    Station,
    StatusChanged,
    Valve,
)
from app.errors import Misconfigured
from app.model.names import to_pascal

NAMESPACE = "http://acme.com/pumps/"
_DOUBLE = ua.VariantType.Double
_TEXT = ua.VariantType.String
_EVENTS: dict[str, tuple[tuple[str, ua.VariantType], ...]] = {
    "status_changed": (("old_status", _TEXT), ("new_status", _TEXT)),
    "fault_occurred": (("fault_code", ua.VariantType.Int32), ("fault_description", _TEXT)),
    "maintenance_due": (("maintenance_type", _TEXT), ("due_date", ua.VariantType.DateTime)),
}


@dataclass(frozen=True, slots=True)
class _SetPoint:
    """Where a client's write goes."""

    most: float
    apply: Callable[[float], bool]


class OpcUaPlant:
    """Serves a Station. Call `publish` after every step; commands of clients are published at once."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._server = Server()
        self._values: list[tuple[ua.NodeId, ua.VariantType, Callable[[], Any]]] = []
        self._published: dict[ua.NodeId, Any] = {}
        self._generators: dict[tuple[str, str], EventGenerator] = {}
        self._publishing = asyncio.Lock()
        self._index = 0

    async def start(self, port: int) -> str:
        """Listen on 127.0.0.1 (0 takes a free port); the endpoint's address. Raises Misconfigured."""
        server = self._server
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{port}")
        server.set_server_name("Acme pumping station")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        server.set_identity_tokens([ua.AnonymousIdentityToken])
        self._index = await server.register_namespace(NAMESPACE)
        set_points: dict[ua.NodeId, _SetPoint] = {}
        for pump in self._station.pumps.values():
            await self._add_pump(pump, set_points)
        for valve in self._station.valves:
            await self._add_valve(valve, set_points)
        await self._add_controller()
        server.iserver.attribute_service = _SetPointWrites(server.iserver.aspace, set_points, self.publish)
        await self.publish()
        try:
            await server.start()
        except OSError as error:
            raise Misconfigured(
                f"cannot serve OPC UA on 127.0.0.1:{port}: {os.strerror(error.errno or 0)}",
                code="PORT_TAKEN",
                hint="choose another with --opcua-port, or 0 for a free one",
            ) from error
        assert server.bserver is not None
        return f"opc.tcp://127.0.0.1:{server.bserver.port}"

    async def publish(self) -> None:
        """Write what has changed since the last time, with one source time, then raise what has happened."""
        async with self._publishing:
            now = ua.DateTime.now(UTC)
            for node_id, kind, read in self._values:
                value = read()
                if self._published.get(node_id) != value:
                    self._published[node_id] = value
                    await self._server.write_attribute_value(
                        node_id, ua.DataValue(ua.Variant(value, kind), SourceTimestamp=now, ServerTimestamp=now)
                    )
            events = list(self._station.events)
            self._station.events.clear()
            for event in events:
                await self._raise(event, now)

    async def stop(self) -> None:
        # Server.stop() waits for its one-second clock to wake up; ended here, it costs nothing.
        clock, self._server.iserver.time_task = self._server.iserver.time_task, None
        if clock is not None:
            clock.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await clock
        await self._server.stop()

    # ------------------------------------------------------------ the address space

    async def _add_pump(self, pump: Pump, set_points: dict[ua.NodeId, _SetPoint]) -> None:
        node = await self._object(pump.id)
        for name in ("flow_rate", "pressure", "temperature", "power"):
            await self._variable(node, pump, name, _DOUBLE)
        await self._variable(node, pump, "status", _TEXT)
        speed = await self._variable(node, pump, "speed", _DOUBLE, writable=True)
        flow = await self._variable(node, pump, "target_flow_rate", _DOUBLE, writable=True)

        def set_speed(rpm: float) -> bool:
            return self._taken_over("manual", pump.set_speed(rpm))

        def set_target_flow(flow_rate: float) -> bool:
            return self._taken_over("automatic", pump.set_target_flow(flow_rate))

        set_points[speed.nodeid] = _SetPoint(MAX_SPEED_RPM, set_speed)
        set_points[flow.nodeid] = _SetPoint(MAX_TARGET_FLOW, set_target_flow)
        await self._method(node, "start", pump.start)
        await self._method(node, "stop", pump.stop)
        await self._method(node, "reset_fault", pump.reset_fault)
        await self._method(node, "set_speed", set_speed, ("speed", MAX_SPEED_RPM))
        for name, fields in _EVENTS.items():
            event_type = await self._server.nodes.base_event_type.add_object_type(
                self._part(node, name), ua.QualifiedName(f"{to_pascal(pump.id)}{to_pascal(name)}", self._index)
            )
            for field, kind in fields:
                await event_type.add_property(
                    self._id(f"{_text(event_type)}.{field}"),
                    ua.QualifiedName(field, self._index),
                    ua.get_default_value(kind),
                    varianttype=kind,
                )
            self._generators[pump.id, name] = await self._server.get_event_generator(event_type, node.nodeid)

    async def _add_valve(self, valve: Valve, set_points: dict[ua.NodeId, _SetPoint]) -> None:
        node = await self._object(valve.id)
        await self._variable(node, valve, "status", _TEXT)
        position = await self._variable(node, valve, "position", _DOUBLE, writable=True)
        set_points[position.nodeid] = _SetPoint(FULLY_OPEN, valve.open)
        await self._method(node, "open", valve.open, ("position", FULLY_OPEN))
        await self._method(node, "close", valve.close)

    async def _add_controller(self) -> None:
        node = await self._object("controller_234")
        await self._variable(node, self._station, "status", _TEXT)
        await self._variable(node, self._station, "mode", _TEXT)

    async def _object(self, twin_id: str) -> Node:
        name = to_pascal(twin_id)
        return await self._server.nodes.objects.add_object(self._id(name), ua.QualifiedName(name, self._index))

    async def _variable(
        self, parent: Node, source: Any, name: str, kind: ua.VariantType, *, writable: bool = False
    ) -> Node:
        node_id = self._part(parent, name)
        node = await parent.add_variable(
            node_id,
            ua.QualifiedName(to_pascal(name), self._index),
            ua.get_default_value(kind),
            varianttype=kind,
        )
        if writable:
            await node.set_writable()
        self._values.append((node_id, kind, lambda: getattr(source, name)))
        return node

    async def _method(
        self, parent: Node, name: str, act: Callable[..., bool], parameter: tuple[str, float] | None = None
    ) -> None:
        async def called(_: ua.NodeId, *arguments: ua.Variant) -> ua.CallMethodResult:
            result = _checked(arguments, parameter[1] if parameter else None)
            if result.StatusCode.is_good():
                done = act(*(argument.Value for argument in arguments))
                await self.publish()
                result.OutputArguments = [ua.Variant(done, ua.VariantType.Boolean)]
            return result

        await parent.add_method(
            self._part(parent, name),
            ua.QualifiedName(to_pascal(name), self._index),
            called,
            [_argument(parameter[0], ObjectIds.Double)] if parameter else [],
            [_argument("done", ObjectIds.Boolean)],
        )

    def _id(self, text: str) -> ua.NodeId:
        return ua.NodeId(ua.String(text), ua.Int16(self._index))

    def _part(self, parent: Node, name: str) -> ua.NodeId:
        """`Pump123`, `flow_rate` -> `ns=2;s=Pump123.FlowRate`."""
        return self._id(f"{_text(parent)}.{to_pascal(name)}")

    # ------------------------------------------------------------ what happens

    def _taken_over(self, mode: Any, done: bool) -> bool:
        """Setting a speed by hand takes the station out of automatic; a target flow puts it back."""
        if done:
            self._station.mode = mode
        return done

    async def _raise(self, event: PlantEvent, now: datetime) -> None:
        name, severity, message, fields = _described(event, now)
        generator = self._generators[event.pump, name]
        for field, value in fields.items():
            setattr(generator.event, field, value)
        generator.event.Severity = severity
        await generator.trigger(now, message)


class _SetPointWrites(AttributeService):
    """Hands clients' writes of set points to the plant, each with its own answer; the rest goes the usual way."""

    def __init__(
        self,
        aspace: AddressSpace,
        set_points: dict[ua.NodeId, _SetPoint],
        publish: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(aspace)
        self._set_points = set_points
        self._publish = publish

    async def write(self, params: ua.WriteParameters, user: User | None = None) -> list[ua.StatusCode]:
        who = user or User(role=UserRole.Admin)
        answers: list[ua.StatusCode] = []
        for item in params.NodesToWrite:
            set_point = self._set_points.get(item.NodeId)
            if set_point is None or item.AttributeId != AttributeIds.Value:
                answers += await super().write(ua.WriteParameters(NodesToWrite=[item]), who)
                continue
            status = _number_in_range(item.Value.Value, set_point.most)
            if status == StatusCodes.Good and not set_point.apply(item.Value.Value.Value):
                status = StatusCodes.BadInvalidState
            answers.append(_status(status))
        await self._publish()
        return answers


def _number_in_range(value: ua.Variant | None, most: float) -> int:
    if value is None or value.VariantType != _DOUBLE or value.is_array:
        return StatusCodes.BadTypeMismatch
    return StatusCodes.Good if 0.0 <= value.Value <= most else StatusCodes.BadOutOfRange


def _checked(arguments: tuple[ua.Variant, ...], most: float | None) -> ua.CallMethodResult:
    """Good, or what is wrong with the arguments of a method that takes one number up to `most`, or none."""
    expected = 0 if most is None else 1
    result = ua.CallMethodResult()
    if len(arguments) != expected:
        few = len(arguments) < expected
        result.StatusCode = _status(StatusCodes.BadArgumentsMissing if few else StatusCodes.BadTooManyArguments)
    elif most is not None:
        status = _number_in_range(arguments[0], most)
        result.InputArgumentResults = [_status(status)]
        if status != StatusCodes.Good:
            result.StatusCode = _status(StatusCodes.BadInvalidArgument)
    return result


def _described(event: PlantEvent, now: datetime) -> tuple[str, int, str, dict[str, Any]]:
    """Event type, severity, message and the event's own fields."""
    match event:
        case StatusChanged(pump, old, new):
            return "status_changed", 100, f"{pump} is {new}", {"old_status": old, "new_status": new}
        case FaultOccurred(pump, code, description):
            told = {"fault_code": code, "fault_description": description}
            return "fault_occurred", 800, f"{pump}: fault {code}, {description}", told
        case MaintenanceDue(pump, kind, days):
            due = {"maintenance_type": kind, "due_date": now + timedelta(days=days)}
            return "maintenance_due", 300, f"{pump}: {kind} is due in {days} days", due


def _argument(name: str, data_type: int) -> ua.Argument:
    return ua.Argument(Name=name, DataType=ua.NodeId(ua.Int32(data_type)), ValueRank=ua.Int32(-1))


def _status(code: int) -> ua.StatusCode:
    return ua.StatusCode(ua.UInt32(code))


def _text(node: Node) -> str:
    return str(node.nodeid.Identifier)
