"""What every resolver gets: the services, who asks, and this request's loaders.

Over a WebSocket one context lives as long as the connection, so nothing in it may remember an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry

from app.api.loaders import Loaders
from app.api.order import Order
from app.api.services import Services
from app.commands.actor import Actor
from app.errors import Invalid
from app.model.catalogue import Catalogue
from app.ports import LiveView

MAX_ACTOR = 128


@dataclass
class Context:
    services: Services
    order: Order
    loaders: Loaders
    headers: Mapping[str, str]
    connection_params: dict[str, Any] = field(default_factory=dict)
    """Payload of the WebSocket's connection_init; Strawberry sets it."""

    @property
    def catalogue(self) -> Catalogue:
        return self.services.catalogue

    @property
    def live(self) -> LiveView:
        return self.services.live

    def actor(self) -> Actor:
        """Who asks: the X-Actor header, or `actor` of connection_init; "anonymous" where nobody says. A claim, not
        a proof, until there is access control. Raises Invalid (ACTOR_INVALID)."""
        given = self.connection_params.get("actor", self.headers.get("x-actor"))
        if given is None:
            return Actor("anonymous", "graphql")
        name = given.strip() if isinstance(given, str) else ""
        if not name or len(name) > MAX_ACTOR or not name.isprintable():
            raise Invalid(
                "the name in X-Actor is not usable",
                code="ACTOR_INVALID",
                hint=f"1 to {MAX_ACTOR} printable characters, or leave the header out",
            )
        return Actor(name, "graphql")


Info = strawberry.Info[Context, None]
