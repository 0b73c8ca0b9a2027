"""Owner: what twins and overlays have in common, which is to own behaviors and interlocks."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.connections import PAGES, After, Before, Connection, First, Last, connect
from app.api.context import Info
from app.api.types.alert import AlertConnection, alerts_of
from app.api.types.call import CallConnection, calls_of
from app.api.types.definition import Definition
from app.api.types.interlock import Interlock
from app.api.types.member import OverlayMembership, OverlayTypes, Roles, memberships_of
from app.api.wheres import AlertWhereArgument, CallWhereArgument
from app.model.asked import Sought
from app.model.catalogue import Catalogue
from app.model.composition import overlays_within, twins_within
from app.model.plan import OwnerKey

if TYPE_CHECKING:
    from app.api.types.behavior import Behavior
    from app.api.types.overlay import Overlay
    from app.api.types.twin import Twin


@strawberry.interface(description="Who owns behaviors and interlocks: a twin or an overlay.")
class Owner(Definition):
    @property
    def owner_key(self) -> OwnerKey:
        return OwnerKey("twin" if self.stored.kind == "twin" else "overlay", self.stored.id)

    @strawberry.field(description="Its behaviors with their live state, its type's included.")
    def behaviors(self, info: Info) -> list[Annotated["Behavior", strawberry.lazy("app.api.types.behavior")]]:
        from app.api.types.behavior import behaviors_of

        return behaviors_of(info.context.catalogue, info.context.live, self.owner_key)

    @strawberry.field(
        description="What must not be sent to it, or to its twins, and when; its type's included. What overlays set "
        "before a twin is in `Twin.guards`."
    )
    def interlocks(self, info: Info) -> list[Interlock]:
        from app.api.types.interlock import interlocks_of

        return interlocks_of(info.context.catalogue, self.owner_key)

    @strawberry.field(description=f"The roles that it fills in overlays, by overlayId and role. {PAGES}.")
    def memberships(
        self,
        info: Info,
        roles: Roles = None,
        overlay_types: OverlayTypes = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[OverlayMembership]:
        key = self.owner_key
        ids = memberships_of(info.context.catalogue, key, roles or (), overlay_types or ())

        def show(_: Catalogue, id: str) -> OverlayMembership:
            overlay_id, role = id.split("/")
            return OverlayMembership(role=role, overlay_id=strawberry.ID(overlay_id))

        of = f"memberships/{key.kind}/{key.id}/{sorted(roles or ())}/{sorted(overlay_types or ())}"
        return connect(ids, show, info.context, first, after, last, before, of)

    @strawberry.field(
        description=(
            "Alerts, newest first: of a twin those that concern it; of an overlay those of its own behaviors, of the "
            "overlays inside it, and those that concern a twin in any of them. Open ones from memory, closed ones from "
            f"the graph. {PAGES}, UNAVAILABLE while it is down."
        )
    )
    async def alerts(
        self, info: Info, where: AlertWhereArgument = None, first: First = None, after: After = None
    ) -> AlertConnection:
        key, catalogue = self.owner_key, info.context.catalogue
        if key.kind == "twin":
            sought = Sought(twins=(key.id,))
        else:
            inside = tuple(f"overlay/{id}" for id in overlays_within(catalogue, key.id))
            sought = Sought(twins=tuple(twins_within(catalogue, key.id)), owners=inside)
        return await alerts_of(info.context, f"{key.kind}/{key.id}", sought, where, first, after)

    @strawberry.field(
        description=(
            "Calls, newest first: of a twin those that go to it, of an overlay those that its behaviors decided. From "
            f"the graph, which is waited for. {PAGES}, UNAVAILABLE while it is down."
        )
    )
    async def calls(
        self, info: Info, where: CallWhereArgument = None, first: First = None, after: After = None
    ) -> CallConnection:
        key = self.owner_key
        name = f"{key.kind}/{key.id}"
        sought = Sought(twins=(key.id,)) if key.kind == "twin" else Sought(owners=(name,))
        return await calls_of(info.context, name, sought, where, first, after)


def find_owner(catalogue: Catalogue, key: OwnerKey) -> "Twin | Overlay | None":
    from app.api.types.overlay import Overlay
    from app.api.types.twin import Twin

    return Twin.find(catalogue, key.id) if key.kind == "twin" else Overlay.find(catalogue, key.id)
