"""What every resolver gets: the services, who asks, and this request's loaders.

Over a WebSocket one context lives as long as the connection, so nothing in it may remember an answer.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry

from app.api.claims import CLI_AGENT, claimed
from app.api.limits.admission import Admission
from app.api.loaders import Loaders
from app.api.order import Order
from app.api.services import Services
from app.commands.actor import Actor
from app.commands.uses import Uses
from app.find.edges import Edges
from app.model.catalogue import Catalogue
from app.ports import LiveView


@dataclass
class Context:
    services: Services
    order: Order
    loaders: Loaders
    headers: Mapping[str, str]
    address: str = ""
    """Of the host that asks."""
    connection_params: dict[str, Any] = field(default_factory=dict)
    """Payload of the WebSocket's connection_init; Strawberry sets it."""
    admission: Admission = field(default_factory=Admission)
    """What may be asked for."""
    in_bytes: bool = False
    """Whether parts of an answer may be bytes that were made before: nobody looks at it before it is sent."""

    @property
    def catalogue(self) -> Catalogue:
        return self.services.catalogue

    @property
    def live(self) -> LiveView:
        return self.services.live

    @property
    def edges(self) -> Edges:
        return self.services.finder.edges

    @property
    def uses(self) -> Uses:
        return self.services.uses

    def actor(self) -> Actor:
        """Who asks: the X-Actor header, or `actor` of connection_init; "anonymous" where nobody says. A claim, not
        a proof, until there is access control. Raises Invalid (ACTOR_INVALID)."""
        via = "cli" if self.headers.get("user-agent", "").startswith(CLI_AGENT) else "graphql"
        return claimed(self.connection_params.get("actor", self.headers.get("x-actor")), via, self.address)

    @property
    def viewer(self) -> Hashable:
        """For whom it is decided what may be seen. Raises as `actor`."""
        return self.services.sight.viewer(self.actor().name)


Info = strawberry.Info[Context, None]
