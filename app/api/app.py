"""The API as Starlette sees it: its routes, and the middleware in front of them.

`middleware` needs the port that was bound, `routes` the running services: main makes the one before, the other in its
lifespan.
"""

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute

from app.api.assets import asset_routes
from app.api.compression import Compressed
from app.api.graphiql.examples import EXAMPLES, Example
from app.api.graphiql.page import graphiql_routes
from app.api.http import plain_routes
from app.api.limits.admission import Admission
from app.api.rest.face import rest_routes
from app.api.security import AllowedHosts, BodyLimit, OnlyOurs
from app.api.services import Services
from app.api.view import GraphQLView
from app.settings import AssetSettings, ServerSettings


def routes(
    services: Services,
    settings: ServerSettings,
    admission: Admission | None = None,
    *,
    examples: Sequence[Example] = EXAMPLES,
) -> list[BaseRoute]:
    """/graphql (HTTP and WebSocket), /api/v1 (REST), /assets, /healthz, /readyz, /metrics, and / which leads to
    /graphql. /graphiql has what the editor there loads; `examples` are the documents that it shows."""
    view = GraphQLView(services, examples, admission)
    return [
        Route("/graphql", view),
        WebSocketRoute("/graphql", view),
        *graphiql_routes(),
        *rest_routes(services),
        *asset_routes(services),
        *plain_routes(services),
    ]


def middleware(settings: ServerSettings, port: int, assets: AssetSettings) -> list[Middleware]:
    """In order: whose request it is, CORS for origins that the settings allow, the size of the body, and on the way
    back what is worth compressing."""
    found = [Middleware(OnlyOurs, allowed=AllowedHosts(settings, port))]
    if settings.allowed_origins:
        found.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=["content-type", "x-actor", "if-match", "if-none-match", "if-range", "range"],
                expose_headers=["etag", "location", "link", "x-warnings", "content-range", "accept-ranges"],
            )
        )
    found.append(Middleware(BodyLimit, max_bytes=settings.max_body_bytes, max_asset_bytes=assets.max_file_bytes))
    return [*found, Middleware(Compressed, over_bytes=settings.compress_over_bytes)]
