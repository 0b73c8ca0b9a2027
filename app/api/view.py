"""GraphQL over HTTP and WebSocket: Strawberry's view, with the manners of the GraphQL-over-HTTP specification.

A client that accepts application/graphql-response+json gets that, with 400 where its request could not be executed at
all; one that asks for application/json gets 200 then, as older clients expect. Everything that goes wrong before
execution is a GraphQL answer too, never plain text.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import MissingQueryError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from app.api.claims import address_of
from app.api.context import Context
from app.api.encoding import answer_of
from app.api.graphiql import headers, page
from app.api.loaders import loaders
from app.api.order import Order
from app.api.schema import schema
from app.api.security import answer
from app.api.services import Services
from app.api.sockets import CONNECTION_INIT_WAIT, MAX_OPERATIONS, TransportHandler
from app.errors import Invalid

RESPONSE_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"


class GraphQLView(GraphQL[Context, None]):
    graphql_transport_ws_handler_class = TransportHandler

    def __init__(self, services: Services, examples: Mapping[str, str]) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql",
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=CONNECTION_INIT_WAIT,
            max_subscriptions_per_connection=MAX_OPERATIONS,
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
            response = await self.run(request)
        except HTTPException as error:
            response = _refusal(error)
        except _NotJson as error:
            response = answer(error.error, 415)
        response.headers.setdefault("cache-control", "no-store")
        response.headers["x-content-type-options"] = "nosniff"
        await response(scope, receive, send)

    # ------------------------------------------------------------ what Strawberry asks for

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        services = self._services
        return Context(
            services, self._order, loaders(services.store, services.live), request.headers, address_of(request)
        )

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        return Response(media_type=_media_type(request.headers.get("accept", "")))

    def is_websocket_origin_allowed(self, request: WebSocket, origin: str) -> bool:
        return True  # the middleware has decided, with the lists of the settings (security.py)

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData | list[GraphQLRequestData]:
        if request.method == "POST":
            given = (request.content_type or "").partition(";")[0].strip().lower()
            if given != JSON_TYPE:
                # Anything else a page of another origin may send without asking (text/plain, a form).
                raise _NotJson(given)
        found = await super().parse_http_body(request)
        if isinstance(found, GraphQLRequestData) and not isinstance(found.operation_name, str | None):
            raise HTTPException(400, "`operationName` must be text or null")
        return found

    async def execute_single(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: Context,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """As Strawberry's, but subscriptions are refused: over plain HTTP it would execute them as queries."""
        allowed = OperationType.from_http(request_adapter.method) - {OperationType.SUBSCRIPTION}
        try:
            return await self.schema.execute(
                request_data.query,
                variable_values=request_data.variables,
                context_value=context,
                operation_name=request_data.operation_name,
                allowed_operation_types=allowed,
                operation_extensions=request_data.extensions,
            )
        except MissingQueryError as error:
            raise HTTPException(400, "there is no `query` in the request") from error
        except CannotGetOperationTypeError as error:
            raise HTTPException(400, error.as_http_error_reason()) from error
        except InvalidOperationTypeError as error:
            raise HTTPException(
                405 if request_adapter.method == "GET" else 400, error.as_http_error_reason(request_adapter.method)
            ) from error

    def parse_json(self, data: str | bytes) -> Any:
        try:
            found = self.decode_json(data)
        except json.JSONDecodeError as error:
            raise HTTPException(400, f"the request is not valid JSON: {error.msg}") from error
        if not isinstance(found, dict | None):
            raise HTTPException(400, "a request, its variables and its extensions are JSON objects")
        return found or {}

    def decode_json(self, data: str | bytes) -> object:
        """Stricter than json.loads: no NaN, no lone surrogates; deep nesting is an error and not a crash."""
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise json.JSONDecodeError(str(error), "", 0) from error

    def encode_json(self, data: object) -> bytes:
        return msgspec.json.encode(data)

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        return cast(GraphQLHTTPResponse, answer_of(result))

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        executed = "data" in cast(GraphQLHTTPResponse, response_data)
        status = 400 if not executed and sub_response.media_type == RESPONSE_TYPE else 200
        return Response(self.encode_json(response_data), status, media_type=sub_response.media_type)

    async def render_graphql_ide(self, request: Request) -> Response:
        html, nonce = page(self._examples, str(request.url.replace(query="", fragment="")))
        return HTMLResponse(html, headers=headers(nonce))


class _NotJson(Exception):
    def __init__(self, given: str) -> None:
        super().__init__(given)
        self.error = Invalid(
            f"a GraphQL request is sent as {JSON_TYPE}, not as {given[:100] or 'nothing'}",
            code="CONTENT_TYPE_NOT_ALLOWED",
            hint=f"set the header Content-Type: {JSON_TYPE}",
        )


def _media_type(accept: str) -> str:
    """What the client likes better of the two; application/json where it likes neither or both alike."""
    weights = {JSON_TYPE: 0.0, RESPONSE_TYPE: 0.0}
    for part in accept.lower().split(","):
        media, *parameters = (item.strip() for item in part.split(";"))
        weight = next((_weight(item[2:]) for item in parameters if item.startswith("q=")), 1.0)
        if media in weights:
            weights[media] = max(weights[media], weight)
        elif media in ("*/*", "application/*"):
            weights[JSON_TYPE] = max(weights[JSON_TYPE], weight)
    return RESPONSE_TYPE if weights[RESPONSE_TYPE] > 0 and weights[RESPONSE_TYPE] >= weights[JSON_TYPE] else JSON_TYPE


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _refusal(error: HTTPException) -> Response:
    hint = "POST {query, variables, operationName} as application/json, or GET a query"
    status, code = error.status_code, "REQUEST_INVALID"
    if isinstance(error.__cause__, InvalidOperationTypeError):
        code = "OPERATION_NOT_ALLOWED"
        hint = "send mutations by POST, and subscriptions over a WebSocket with graphql-transport-ws"
    elif status == 405:
        code = "METHOD_NOT_ALLOWED"
    response = answer(Invalid(error.reason, code=code, hint=hint), status)
    if status == 405:
        response.headers["allow"] = "POST" if code == "OPERATION_NOT_ALLOWED" else "GET, POST"
    return response
