"""A real OPC UA server with one pump, in this process or (run as a module) in one that can be killed.

Its namespace is never the number that documents write: another one is registered first, so that whoever forgets to
look the number up finds nothing.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.common.node import Node
from asyncua.common.structures104 import new_struct, new_struct_field
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from tests.servers.standard_nodes import QuickServer

NAMESPACE = "http://acme.com/pumps/"
VARIABLES: dict[str, tuple[Any, ua.VariantType]] = {
    "FlowRate": (42.5, ua.VariantType.Double),
    "Temperature": (65.25, ua.VariantType.Float),
    "Status": (2, ua.VariantType.Int32),
    "Mode": ("automatic", ua.VariantType.String),
    "Speed": (2500.0, ua.VariantType.Double),
    "Count": (7, ua.VariantType.Int16),
    "Enabled": (True, ua.VariantType.Boolean),
    "StartedAt": (datetime(2026, 1, 2, 3, 4, 5), ua.VariantType.DateTime),
    "Blob": (b"\x01\x02", ua.VariantType.ByteString),
    "Profile": ([1.5, 2.5], ua.VariantType.Float),
    "Matrix": ([[1, 2], [3, 4]], ua.VariantType.Int16),
    "Span": (ua.Range(ua.Double(1.0), ua.Double(9.0)), ua.VariantType.ExtensionObject),
}


class _OneUser(UserManager):
    """Lets one in, by name and password."""

    def __init__(self, name: str, password: str) -> None:
        self._known = (name, password)

    def get_user(
        self, iserver: Any, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> User | None:
        return User(role=UserRole.User) if (username, password) == self._known else None


@dataclass(frozen=True, slots=True)
class Security:
    """What it offers, and whom it lets in; nothing by default."""

    policies: Sequence[ua.SecurityPolicyType] = (ua.SecurityPolicyType.NoSecurity,)
    tokens: Sequence[type] = ()
    certificate: Path | None = None
    key: Path | None = None
    application_uri: str = "urn:test:plc"
    validator: Any = None


class OpcUaServer:
    """`calls` has what clients called, in order; `refuse` makes Start answer false. Anonymous unless `user` gives a
    name and password."""

    def __init__(self, user: tuple[str, str] | None = None, security: "Security | None" = None) -> None:
        self.server = Server(QuickServer(None if user is None else _OneUser(*user)))
        self._security = security or Security()
        self._anonymous = user is None
        self.port = 0
        self.index = 0
        self.calls: list[tuple[Any, ...]] = []
        self.refuse = False
        self.variables: dict[str, Node] = {}
        self.pump: Node | None = None
        self.fault: Node | None = None
        self.maintenance: Node | None = None

    @property
    def endpoint(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> None:
        await self.server.init()
        self.server.set_endpoint(f"opc.tcp://127.0.0.1:{port}")
        await self._secure()
        await self.server.register_namespace("http://example.com/first")
        self.index = await self.server.register_namespace(NAMESPACE)
        self.pump = await self.server.nodes.objects.add_object(self._id("Pump123"), self._name("Pump123"))
        for name, (value, kind) in VARIABLES.items():
            node = await self.pump.add_variable(self._id(f"Pump123.{name}"), self._name(name), value, kind)
            await node.set_writable()
            self.variables[name] = node
        await self._methods()
        self.fault = await self._event_type(
            "FaultOccurred", [("fault_code", ua.VariantType.Int32), ("FaultDescription", ua.VariantType.String)]
        )
        self.maintenance = await self._event_type("MaintenanceDue", [])
        await self.server.get_event_generator(self.fault, self.pump.nodeid)  # makes the pump a source of events
        await self.server.start()
        assert self.server.bserver is not None
        self.port = self.server.bserver.port

    async def _secure(self) -> None:
        security = self._security
        await self.server.set_application_uri(security.application_uri)
        self.server.set_security_policy(list(security.policies))
        tokens = list(security.tokens)
        if not self._anonymous and not tokens:
            tokens = [ua.UserNameIdentityToken]
        if tokens:
            self.server.set_identity_tokens(tokens)
        if security.certificate is not None:
            await self.server.load_certificate(str(security.certificate))
            await self.server.load_private_key(str(security.key), format="pem")
        if security.validator is not None:
            self.server.set_certificate_validator(security.validator)

    async def stop(self) -> None:
        clock, self.server.iserver.time_task = self.server.iserver.time_task, None
        if clock is not None:
            clock.cancel()  # Server.stop() would wait up to a second for it
            with contextlib.suppress(asyncio.CancelledError):
                await clock
        await self.server.stop()

    async def reset(self) -> None:
        """As it was at its start."""
        self.calls.clear()
        self.refuse = False
        for name, (value, _) in VARIABLES.items():
            await self.set(name, value)

    async def set(self, name: str, value: Any, *, status: int = 0, at: datetime | None = None) -> None:
        moment = at or datetime.now(UTC)
        data = ua.DataValue(
            ua.Variant(value, VARIABLES[name][1]),
            ua.StatusCode(ua.UInt32(status)),
            SourceTimestamp=ua.DateTime.fromtimestamp(moment.timestamp(), UTC),
        )
        await self.server.write_attribute_value(self.variables[name].nodeid, data)

    async def add(self, name: str, value: float) -> Node:
        """A variable that was not there at the start."""
        assert self.pump is not None
        node: Node = await self.pump.add_variable(
            self._id(f"Pump123.{name}"), self._name(name), value, ua.VariantType.Double
        )
        return node

    async def get(self, name: str) -> Any:
        return await self.variables[name].read_value()

    async def raise_event(self, kind: Node, at: datetime, **fields: Any) -> None:
        assert self.pump is not None
        generator = await self.server.get_event_generator(kind, self.pump.nodeid)
        for name, value in fields.items():
            setattr(generator.event, name, value)
        await generator.trigger(time_attr=at, message="look")

    # ------------------------------------------------------------ the address space

    def _id(self, name: str) -> ua.NodeId:
        return ua.NodeId(ua.String(name), ua.Int16(self.index))

    def _name(self, name: str) -> ua.QualifiedName:
        return ua.QualifiedName(name, ua.UInt16(self.index))

    async def _methods(self) -> None:
        def start(_: ua.NodeId) -> list[ua.Variant]:
            self.calls.append(("start",))
            return [ua.Variant(not self.refuse, ua.VariantType.Boolean)]

        def set_speed(_: ua.NodeId, speed: ua.Variant, ramp: ua.Variant) -> list[ua.Variant]:
            self.calls.append(("set_speed", speed.VariantType, speed.Value, ramp.VariantType, ramp.Value))
            return [ua.Variant(speed.Value * 2, ua.VariantType.Double)]

        def reset(_: ua.NodeId) -> ua.StatusCode:
            return ua.StatusCode(ua.UInt32(StatusCodes.BadInvalidState))

        assert self.pump is not None
        boolean, double, short = ua.VariantType.Boolean, ua.VariantType.Double, ua.VariantType.Int16
        await self.pump.add_method(self._id("Pump123.Start"), self._name("Start"), start, [], [boolean])
        await self.pump.add_method(
            self._id("Pump123.SetSpeed"), self._name("SetSpeed"), set_speed, [double, short], [double]
        )
        await self._take_profile()
        await self.pump.add_method(self._id("Pump123.Reset"), self._name("Reset"), reset, [], [])

    async def _take_profile(self) -> None:
        def take(_: ua.NodeId, profile: ua.Variant) -> list[ua.Variant]:
            self.calls.append(("take_profile", profile.VariantType, profile.Value))
            return [ua.Variant(profile.Value[::-1], ua.VariantType.Float)]

        assert self.pump is not None
        argument = ua.Argument(
            Name=ua.String("Profile"), DataType=ua.NodeId(ua.Int32(ObjectIds.Float)), ValueRank=ua.Int32(1)
        )
        await self.pump.add_method(
            self._id("Pump123.TakeProfile"), self._name("TakeProfile"), take, [argument], [argument]
        )

    async def add_recipe(self) -> None:
        """A structure of this server's own. asyncua keeps its class for the process, so whoever wants to see a client
        learn it runs this server in another one."""
        span = await self.server.nodes.base_structure_type.get_child("0:Range")
        parts = [
            new_struct_field("Name", ua.VariantType.String),
            new_struct_field("Steps", ua.VariantType.Int32, array=True),
            new_struct_field("Within", span),
        ]
        kind, _ = await new_struct(self.server, self.index, "Recipe", parts)
        await self.server.load_data_type_definitions()
        value = ua.Recipe(Name="bake", Steps=[1, 2], Within=ua.Range(ua.Double(1.0), ua.Double(9.0)))  # type: ignore[attr-defined]
        assert self.pump is not None
        node = await self.pump.add_variable(
            self._id("Pump123.Recipe"), self._name("Recipe"), value, ua.VariantType.ExtensionObject, kind.nodeid
        )
        await node.set_writable()

    async def _event_type(self, name: str, fields: Iterable[tuple[str, ua.VariantType]]) -> Node:
        base = self.server.get_node(ua.NodeId(ua.Int32(ObjectIds.BaseEventType)))
        kind = await base.add_object_type(self._id(f"Pump123.{name}"), self._name(name))
        for field, variant in fields:
            await kind.add_property(self.index, field, ua.get_default_value(variant), varianttype=variant)
        return kind


@contextlib.asynccontextmanager
async def serving(
    port: int = 0, user: tuple[str, str] | None = None, security: Security | None = None
) -> AsyncIterator[OpcUaServer]:
    server = OpcUaServer(user, security)
    await server.start(port)
    try:
        yield server
    finally:
        await server.stop()


async def _main(port: int) -> None:
    async with serving(port) as server:
        await server.add_recipe()
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
