"""The WebSocket side: Strawberry's graphql-transport-ws handler, hardened against messages that are not of its form.

A malformed message closes the socket with 4400 and a reason, as the protocol says; unhandled it were a server error.
"""

from datetime import timedelta
from typing import Any, cast

from starlette import websockets
from strawberry import Schema
from strawberry.http import exceptions
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message

from app.api.context import Context
from app.api.going import CODE, REASON
from app.api.prepared import prepared
from app.api.reader import Connection, Outbox
from app.frames import EXTENSION

CONNECTION_INIT_WAIT = timedelta(seconds=10)
MAX_OPERATIONS = 100
"""At once on one socket."""
_GONE = (exceptions.WebSocketDisconnected, websockets.WebSocketDisconnect, websockets.WebSocketDisconnected)
"""Of whom it depends on the moment: found out by Starlette, or known to it already."""


class TransportHandler(BaseGraphQLTransportWSHandler[Context, None]):
    _outbox: Outbox

    async def handle(self) -> None:
        going = self.context.services.going
        if going.down:
            await self._close(CODE, REASON)
            return
        close = self._close
        going.opened(close)
        self._outbox = self.context.services.sharing.outbox(_connection(self.websocket))
        try:
            await super().handle()
        finally:
            going.closed(close)

    async def _close(self, code: int, reason: str) -> None:
        await self.websocket.close(code=code, reason=reason)

    async def handle_message(self, message: Message) -> None:
        fault = malformed(message)
        if fault:
            await self.handle_invalid_message(fault)
        else:
            await super().handle_message(message)

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        """A subscription is shared; queries and mutations are Strawberry's to run."""
        if "subscription" not in operation.query:
            await super().run_operation(operation)
            return
        try:
            schema = cast(Schema, self.schema)
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
            await self.handle_task_exception(error)
            self.operations.pop(operation.id, None)
            raise

    async def handle_task_exception(self, error: Exception) -> None:
        """A client that goes while something is pushed to it is no error: clients do."""
        if not isinstance(error, _GONE):
            await super().handle_task_exception(error)

    async def send_message(self, message: Message) -> None:
        if message["type"] == "error":
            for error in message["payload"]:
                # Strawberry's own refusals, such as too many operations, come without a code.
                error.setdefault(
                    "extensions",
                    {"code": "OPERATION_REFUSED", "hint": f"at most {MAX_OPERATIONS} operations at once on one socket"},
                )
        await super().send_message(message)


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
    payload = message.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "`payload` must be an object with the `query` as text"
    if not isinstance(payload.get("variables"), dict | None):
        return "`variables` must be an object or null"
    if not isinstance(payload.get("operationName"), str | None):
        return "`operationName` must be text or null"
    return ""
