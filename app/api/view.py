"""GraphQL over HTTP and WebSocket, with the manners of the GraphQL-over-HTTP specification.

A client that accepts application/graphql-response+json gets that, with 4xx where its request could not be executed at
all; one that asks for application/json gets 200 then, as older clients expect. Everything that goes wrong before
execution is a GraphQL answer too, never plain text. Strawberry's view is kept for the WebSocket alone.
"""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta

import msgspec
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from app.api.asking import (
    JSON_TYPE,
    RESPONSE_TYPE,
    Asked,
    NotTaken,
    acceptable,
    by_get,
    by_post,
    check_form,
    decoded,
)
from app.api.claims import address_of
from app.api.connected import ClientGone, while_connected
from app.api.context import Context
from app.api.encoding import answer_of, encode, executed
from app.api.graphiql.examples import Example
from app.api.graphiql.page import headers, page
from app.api.limits.admission import Admission
from app.api.loaders import Loaders
from app.api.order import Order
from app.api.schema import schema
from app.api.services import Services
from app.api.sockets import SocketAdapter, TransportHandler
from app.errors import Invalid, TwinOverlayError
from app.off_loop import unlooked

_WAYS = "send mutations by POST, and subscriptions over a WebSocket with graphql-transport-ws"
_STATUS = {"PERSISTED_ONLY": 403, "INTROSPECTION_OFF": 403, "TIMED_OUT": 504}
"""Of what was not executed, by code, for clients that look at it; 400 otherwise."""
_LARGE_BYTES = 65_536
"""Of a request, as of one that saves a hundred twins."""


class GraphQLView(GraphQL[Context, None]):
    graphql_transport_ws_handler_class = TransportHandler
    websocket_adapter_class = SocketAdapter

    def __init__(self, services: Services, examples: Sequence[Example], admission: Admission | None = None) -> None:
        self._admission = admission or Admission()
        limits = self._admission.settings
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=limits.init_timeout_seconds),
            max_subscriptions_per_connection=limits.max_operations_per_socket,
        )
        self._services = services
        self._examples = examples
        self._order = Order()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            with unlooked() if _is_large(request) else nullcontext():
                response = await self._answer(request)
        except (ClientGone, ClientDisconnect):
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        accept = request.headers.get("accept", "")
        media = acceptable(accept)
        try:
            if request.method not in ("GET", "HEAD", "POST"):
                told = f"{request.method} is not a method of GraphQL over HTTP"
                raise _not_allowed(told, "METHOD_NOT_ALLOWED", "GET, HEAD, POST")
            if self._wants_page(request, accept):
                return self._page(request)
            if media is None:
                raise NotTaken(
                    Invalid(
                        f"the answer is {RESPONSE_TYPE} or {JSON_TYPE}, and the client accepts neither",
                        code="NOT_ACCEPTABLE",
                        hint=f"set the header Accept: {RESPONSE_TYPE}, {JSON_TYPE}",
                    ),
                    406,
                )
            check_form(request)
            admission = self._admission
            body = await request.body() if request.method == "POST" else b""
            try:
                if request.method == "POST":
                    asked = by_post(body, admission.trusted, admission.settings.batch_operations)
                else:
                    asked = by_get(request, admission.trusted)
            except TwinOverlayError as error:  # a document that is not there: the request itself is well-formed
                admission.traffic.refused(error.code)
                return _response(_result(error), media)
            if isinstance(asked, list):
                results = [await self._executed(request, item) for item in asked]
                return _sent(msgspec.json.encode([answer_of(result) for result in results]), media)
            return _response(await self._executed(request, asked), media)
        except NotTaken as refusal:
            self._admission.traffic.refused(refusal.error.code)
            return _refusal(refusal, media or JSON_TYPE)

    async def _executed(self, request: Request, asked: Asked) -> ExecutionResult:
        """Subscriptions are refused: over plain HTTP Strawberry would execute them as queries."""
        by_get = request.method != "POST"
        allowed = OperationType.from_http("GET" if by_get else "POST") - {OperationType.SUBSCRIPTION}
        context = await self.get_context(request, request)
        context.in_bytes = True
        try:
            return await while_connected(
                request.receive,
                self.schema.execute(
                    asked.text,
                    variable_values=asked.variables,
                    context_value=context,
                    operation_name=asked.operation_name,
                    allowed_operation_types=allowed,
                ),
            )
        except InvalidOperationTypeError as error:
            if by_get:
                raise _not_allowed(error.as_http_error_reason("GET"), "OPERATION_NOT_ALLOWED", "POST") from error
            # In a list of several it stands beside others that were executed.
            return _result(Invalid(error.as_http_error_reason("POST"), code="OPERATION_NOT_ALLOWED", hint=_WAYS))

    # ------------------------------------------------------------ the editor

    def _wants_page(self, request: Request, accept: str) -> bool:
        asks = request.query_params
        return request.method in ("GET", "HEAD") and "text/html" in accept and not {"query", "documentId"} & asks.keys()

    def _page(self, request: Request) -> Response:
        note = ""
        if self._admission.settings.trusted_only:
            note = "This server executes trusted documents only: what is written here is refused with PERSISTED_ONLY."
        html, nonce = page(self._examples, str(request.url.replace(query="", fragment="")), note)
        own = {"cache-control": "no-store", "x-content-type-options": "nosniff", "vary": "Accept"}
        return HTMLResponse(html, headers={**own, **headers(nonce)})

    # ------------------------------------------------------------ what Strawberry asks for

    async def get_context(self, request: Request | WebSocket, response: object) -> Context:
        services = self._services
        return Context(
            services,
            self._order,
            Loaders(services),
            request.headers,
            address_of(request),
            admission=self._admission,
        )

    def is_websocket_origin_allowed(self, request: WebSocket, origin: str) -> bool:
        return True  # the middleware has decided, with the lists of the settings (security.py)

    def decode_json(self, data: str | bytes) -> object:
        """Of a WebSocket's message."""
        try:
            return decoded(data)
        except NotTaken as error:
            raise json.JSONDecodeError(str(error), "", 0) from error

    def encode_json(self, data: object) -> str:
        """For a WebSocket, to which bytes would be a binary message."""
        return msgspec.json.encode(data).decode()


def _is_large(request: Request) -> bool:
    length = request.headers.get("content-length", "")
    return length.isdecimal() and int(length) > _LARGE_BYTES


def _response(result: ExecutionResult, media: str) -> Response:
    status = 200
    if media == RESPONSE_TYPE and not executed(result):
        codes = [str((error.extensions or {}).get("code")) for error in result.errors or ()]
        status = next((_STATUS[code] for code in codes if code in _STATUS), 400)
    return _sent(encode(result), media, status)


def _result(error: TwinOverlayError) -> ExecutionResult:
    return ExecutionResult(None, [GraphQLError(error.message, extensions=error.extensions())])


def _refusal(refusal: NotTaken, media: str) -> Response:
    response = _response(_result(refusal.error), media)
    response.status_code = refusal.status
    for name, value in refusal.headers.items():
        response.headers[name] = value
    return response


def _not_allowed(message: str, code: str, allow: str) -> NotTaken:
    return NotTaken(Invalid(message, code=code, hint=_WAYS), 405, allow=allow)


def _sent(body: bytes, media: str, status: int = 200) -> Response:
    response = Response(status_code=status)
    response.body = body
    response.raw_headers = [*_HEADERS[media], (b"content-length", b"%d" % len(body))]
    return response


_HEADERS = {
    media: [
        (b"content-type", f"{media}; charset=utf-8".encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"vary", b"Accept"),
    ]
    for media in (JSON_TYPE, RESPONSE_TYPE)
}
"""Of every answer, but for its length."""
