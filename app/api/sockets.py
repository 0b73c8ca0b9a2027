"""The WebSocket side: Strawberry's graphql-transport-ws handler, hardened against messages that are not of its form.

A malformed message closes the socket with 4400 and a reason, as the protocol says; unhandled it were a server error.
What is refused of one operation is an `error` message with its id, and the socket stays.
"""

from contextlib import suppress
from typing import Any, cast

from graphql import GraphQLError
from starlette import websockets
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http import exceptions
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message, PingMessage, SubscribeMessage

from app.api.asking import NotTaken, asked_by
from app.api.context import Context
from app.api.errors import presented
from app.api.going import CODE, REASON
from app.api.prepared import prepared
from app.api.reader import Connection, Outbox
from app.api.schema import TwinOverlaySchema
from app.errors import TwinOverlayError
from app.frames import EXTENSION

_FULL = 1013
"""Try again later (RFC 6455): clients do, with their own back-off."""
_GONE = (exceptions.WebSocketDisconnected, websockets.WebSocketDisconnect, websockets.WebSocketDisconnected)
"""Of whom it depends on the moment: found out by Starlette, or known to it already."""


_REASON_BYTES = 123
"""RFC 6455 has room for no more; a longer one would be no close frame at all."""


class SocketAdapter(ASGIWebSocketAdapter):
    async def close(self, code: int, reason: str) -> None:
        """What a client sent may stand in the reason, however long it was."""
        await super().close(code, reason.encode()[:_REASON_BYTES].decode(errors="ignore"))


class TransportHandler(BaseGraphQLTransportWSHandler[Context, None]):
    _outbox: Outbox

    async def handle(self) -> None:
        going = self.context.services.going
        if going.down:
            await self._close(CODE, REASON)
            return
        admission = self.context.admission
        traffic = admission.traffic
        if traffic.sockets >= admission.settings.max_sockets:
            traffic.refused("SOCKETS_EXCEEDED")
            await self._close(_FULL, f"this server has {traffic.sockets} open sockets, which is the most")
            return
        close = self._close
        going.opened(close)
        self._outbox = self.context.services.sharing.outbox(_connection(self.websocket))
        try:
            with traffic.socket(self.operations):
                await super().handle()
        finally:
            going.closed(close)

    async def _close(self, code: int, reason: str) -> None:
        await self.websocket.close(code=code, reason=reason)

    async def handle_message(self, message: Message) -> None:
        fault = malformed(message)
        if fault:
            await self.handle_invalid_message(fault)
        elif message["type"] != "subscribe" or not self.connection_acknowledged:
            await super().handle_message(message)
        else:
            await self._subscribe(message)

    async def _subscribe(self, message: SubscribeMessage) -> None:
        """With the text of the document that the client names, where it sends none."""
        admission = self.context.admission
        try:
            text = asked_by(message["payload"], admission.trusted).text
        except NotTaken as error:
            await self.handle_invalid_message(str(error))
        except TwinOverlayError as error:  # a trusted document that is not there
            admission.traffic.refused(error.code)
            told = GraphQLError(error.message, extensions=error.extensions()).formatted
            await self.send_message({"id": message["id"], "type": "error", "payload": [told]})
        else:
            await super().handle_message({**message, "payload": {**message["payload"], "query": text}})

    async def handle_ping(self, message: PingMessage) -> None:
        payload = message.get("payload")
        await self.send_message({"type": "pong", "payload": payload} if payload is not None else {"type": "pong"})

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        """A subscription is shared; queries and mutations are Strawberry's to run."""
        if "subscription" not in operation.query:
            await super().run_operation(operation)
            return
        try:
            schema = cast(TwinOverlaySchema, self.schema)
            found = await prepared(schema, operation.query, operation.variables, operation.operation_name, self.context)
            if isinstance(found, list):
                await operation.send_initial_errors(found)
            elif found is None:
                await super().run_operation(operation)
            else:
                sharing = self.context.services.sharing
                await sharing.run(found, sharing.reader(found, self._outbox, operation.id))
                await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except Exception as error:
            if _gone(error):
                self.operations.pop(operation.id, None)
                raise
            # a fault of the program, which the log has under the reference that the client is told
            told = presented(GraphQLError(str(error), original_error=error))
            with suppress(KeyError, *_GONE):  # it may have been completed, or be gone by now
                await operation.send_initial_errors([told])

    async def handle_task_exception(self, error: Exception) -> None:
        if not _gone(error):
            await super().handle_task_exception(error)

    async def send_message(self, message: Message) -> None:
        if message["type"] == "error":
            for error in message["payload"]:
                # Strawberry's own refusals, such as too many operations, come without a code.
                most = self.max_subscriptions_per_connection
                hint = f"at most {most} operations at once on one socket: complete some, or open another"
                error.setdefault("extensions", {"code": "OPERATIONS_EXCEEDED", "hint": hint})
        await super().send_message(message)


def _gone(error: Exception) -> bool:
    """A client that goes while something is pushed to it is no error: clients do. Neither is one that was let go,
    because it answered no ping: uvicorn has closed its socket then, and takes nothing more for it."""
    let_go = isinstance(error, RuntimeError) and "after sending 'websocket.close'" in str(error)
    return isinstance(error, _GONE) or let_go


def _connection(websocket: Any) -> Connection:
    """Of the server's own protocol: it must be app/frames.py's."""
    found: Connection = websocket.ws.scope["extensions"][EXTENSION]["connection"]
    return found


def malformed(message: Any) -> str:
    """What is wrong with a message's form; "" where nothing is."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "a message is a JSON object with a `type`"
    if message["type"] in ("subscribe", "complete") and not isinstance(message.get("id"), str):
        return "`id` must be text"
    if message["type"] != "subscribe":
        return ""
    return "" if isinstance(message.get("payload"), dict) else "`payload` must be an object"
