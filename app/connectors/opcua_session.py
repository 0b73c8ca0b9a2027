"""One OPC UA session: with opcua_security.py and opcua_subscriptions.py the only file that reaches into asyncua.

asyncua's own subscriptions take one notification at a time and re-create themselves behind our back; here one
PublishResult is one call, and whatever breaks (socket, session, subscription, keep-alive) ends the session, so that
there is one way to come back: connect again.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from app.connectors.opcua_security import (
    APPLICATION_URI,
    Access,
    SecureClient,
    discovered,
    not_offered,
    offers_plain,
)
from app.connectors.opcua_subscriptions import BATCH, Subscriptions, batches
from app.connectors.opcua_values import status_name
from app.errors import Unavailable

logging.getLogger("asyncua.client").setLevel(logging.CRITICAL)  # a traceback per lost connection; ours is one line


@dataclass(frozen=True, slots=True)
class Timing:
    """How long anything may take before the connection counts as dead; seconds."""

    connect_seconds: float = 5.0
    answer_seconds: float = 10.0
    """A read, and whatever else is asked to set the session up."""
    listen_seconds: float = 120.0
    """A write or method call: whoever asked has long given up by then, but a late answer is told."""
    probe_seconds: float = 2.0
    """The server's state is read this often, and must come within as long: a half-open link shows after twice that."""
    keep_alive_seconds: float = 2.0
    """A quiet subscription sends a keep-alive this often; three missed ones end the session."""
    close_seconds: float = 1.0
    read_back_seconds: float = 60.0
    """All values are read and compared with what the subscriptions told; 0 for never."""
    missing_seconds: float = 30.0
    """Nodes and namespaces that were not there are looked for again this often."""


class Session:
    """An activated session. Methods raise what asyncua raises (see `FAILURES` and `reason_of`)."""

    def __init__(self, client: SecureClient, timing: Timing, lost: "asyncio.Future[str]") -> None:
        self.client = client
        self.security = ""
        """How it is secured, for people."""
        self._timing = timing
        self._lost = lost
        self.subscriptions = Subscriptions(
            self.requests, timing.keep_alive_seconds, timing.probe_seconds, self.end, self._failed
        )
        self.broken = False
        """The connection was lost under it, so that the server may still have it."""
        self.read_batch = BATCH

    @property
    def requests(self) -> UaSession:
        return self.client.uaclient.session

    async def learn_limits(self) -> None:
        """How much the server takes in one request; 0 or nothing means no limit of its own."""
        limits = (
            ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
            ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
        )
        read, create = [
            data.Value.Value if data.Value is not None and is_good(data) else None
            for data in await self.read([ua.NodeId(ua.Int32(limit)) for limit in limits])
        ]
        self.read_batch = min(BATCH, int(read or BATCH))
        self.subscriptions.create_batch = min(BATCH, int(create or BATCH))

    async def learn_structures(self) -> None:
        """What the server's own structures are made of (opcua_structures.py); without it they are bytes."""
        with contextlib.suppress(UaError):  # a server without descriptions has structures that nobody can read
            await self.client.load_data_type_definitions()

    async def read(
        self, nodes: Sequence[ua.NodeId], attribute: AttributeIds = AttributeIds.Value
    ) -> list[ua.DataValue]:
        """One DataValue a node, in order, each with its own status."""
        found: list[ua.DataValue] = []
        for batch in batches(nodes, self.read_batch):
            parameters = ua.ReadParameters()
            parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
            for node in batch:
                wanted = ua.ReadValueId()
                wanted.NodeId = node
                wanted.AttributeId = attribute
                parameters.NodesToRead.append(wanted)
            found.extend(await self.requests.read(parameters))
        return found

    async def write(self, node: ua.NodeId, value: ua.DataValue, seconds: float) -> ua.StatusCode:
        """asyncua's own would wait as long as for a read."""
        request = ua.WriteRequest()
        attribute = ua.WriteValue()
        attribute.NodeId, attribute.AttributeId, attribute.Value = node, AttributeIds.Value, value
        request.Parameters.NodesToWrite.append(attribute)
        answer = struct_from_binary(ua.WriteResponse, await self.requests._send_request(request, seconds))
        answer.ResponseHeader.ServiceResult.check()
        status: ua.StatusCode = answer.Results[0]
        return status

    async def call(self, method: ua.CallMethodRequest, seconds: float) -> ua.CallMethodResult:
        request = ua.CallRequest()
        request.Parameters.MethodsToCall = [method]
        answer = struct_from_binary(ua.CallResponse, await self.requests._send_request(request, seconds))
        answer.ResponseHeader.ServiceResult.check()
        result: ua.CallMethodResult = answer.Results[0]
        return result

    def end(self, reason: str) -> None:
        if not self._lost.done():
            self._lost.set_result(reason)

    def _failed(self, error: Exception) -> None:
        if not self._lost.done():
            self._lost.set_exception(error)

    async def ended(self) -> str:
        """Waits until the session is lost; why. Raises what a handler of `subscribe` raised."""
        while True:
            done, _ = await asyncio.wait({self._lost}, timeout=self._timing.probe_seconds / 2)
            if done:
                return self._lost.result()
            if (quiet := self.subscriptions.quiet()) is not None:
                return quiet


FAILURES = (OSError, asyncio.TimeoutError, UaError)
"""What a broken or unwilling server looks like; everything else is our own bug."""


def reason_of(error: BaseException) -> str:
    """One line for people: `connection refused`, `BadUserAccessDenied`, `no answer`."""
    if isinstance(error, UaStatusCodeError) and error.code is not None:
        return status_name(int(error.code))
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__


@contextlib.asynccontextmanager
async def opened(endpoint: str, access: Access, timing: Timing) -> AsyncIterator[Session]:
    """An activated session, closed at the end whatever state it is in. Raises Unavailable where there is none."""
    client = SecureClient(endpoint, timeout=timing.answer_seconds, watchdog_intervall=timing.probe_seconds)
    client.name = client.description = "Twin Overlay"
    client.application_uri = APPLICATION_URI
    client.session_timeout = 60_000  # small servers have few sessions: one that we lost must not stay for an hour
    lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    session = Session(client, timing, lost)

    async def on_loss(error: Exception) -> None:
        session.broken = True
        session.end(f"connection lost: {reason_of(error)}")

    client.connection_lost_callback = on_loss
    try:
        await _connect(client, endpoint, access, timing)
        session.security = access.told(client)
        yield session
    finally:
        await _close(client, timing, polite=not lost.done())
        if lost.done():
            lost.exception()  # seen, also where nobody waited for it any more


async def _connect(client: SecureClient, endpoint: str, access: Access, timing: Timing) -> None:
    offered: list[ua.EndpointDescription] = []
    try:
        if access.discovers:
            offered = await endpoints_of(endpoint, timing)
    except FAILURES as error:
        raise Unavailable(f"cannot connect to {endpoint}: {reason_of(error)}") from error
    try:
        async with asyncio.timeout(timing.connect_seconds):
            if access.discovers:
                await access.secure(client, offered, endpoint)
            await client.connect()
    except AssertionError as error:  # asyncua's, where the server answers with a fault instead of a channel
        refusal = ConnectionRefusedError("the server opens no secure channel")
        raise access.refused(refusal, str(refusal), endpoint) from error
    except FAILURES as error:
        if isinstance(error, UaError) and not access.discovers:
            with contextlib.suppress(*FAILURES):
                offered = await endpoints_of(endpoint, timing)
                if offered and not offers_plain(offered):
                    raise not_offered(endpoint, "None", offered) from error
        raise access.refused(error, reason_of(error), endpoint) from error


async def endpoints_of(endpoint: str, timing: Timing) -> list[ua.EndpointDescription]:
    """What the server offers. Raises what asyncua does (`FAILURES`)."""
    async with asyncio.timeout(timing.connect_seconds):
        return await discovered(SecureClient(endpoint, timeout=timing.connect_seconds))


async def _close(client: SecureClient, timing: Timing, *, polite: bool) -> None:
    """Close session and socket, and leave no task: asyncua's publish loop would outlive a lost socket by a second, and
    its `disconnect` leaves the transport of a half-open link open."""
    publishing = client.uaclient.session._publish_task
    protocol = client.uaclient.protocol
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timing.close_seconds if polite else 0.05):
            await client.disconnect()
    if publishing is not None and not publishing.done():
        publishing.cancel()
        await asyncio.wait({publishing})
    if protocol is not None and protocol.transport is not None:
        protocol.transport.abort()


def is_good(data: ua.DataValue) -> bool:
    return data.StatusCode is None or data.StatusCode.is_good()
