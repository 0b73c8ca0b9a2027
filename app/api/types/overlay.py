"""Overlay: a group of twins by role, with relationships and behaviors of its own and of its type."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.connections import PAGES, After, Before, Connection, First, Last, connect
from app.api.context import Info
from app.api.ids import global_id
from app.api.scalars import JSON
from app.api.types.asset import REFERENCES, AssetReference, referenced
from app.api.types.lifecycle import OverlayLifecycle
from app.api.types.member import Nested, OverlayMember, Roles, members_of
from app.api.types.owner import Owner
from app.api.types.relationship import Relationship
from app.api.types.twin import Twin
from app.find.edges import edges_of_overlay
from app.model import definitions as model
from app.model.catalogue import Catalogue

if TYPE_CHECKING:
    from app.api.types.overlay_type import OverlayType, RoleDefinition


@strawberry.type(description="A role of an overlay and who fills it: a twin or another overlay, or several.")
class OverlayRole:
    holder: strawberry.Private[str]
    holder_type: strawberry.Private[str | None]
    fillers: strawberry.Private[list[model.RoleBinding]]
    role: str = strawberry.field(description="Unique within the overlay.")
    description: str = strawberry.field(description="From the overlay's type; empty where there is none.")
    required: bool = strawberry.field(description="Whether the type demands it; false for a role the type lacks.")
    many: bool = strawberry.field(description="Whether more than one may fill it.")
    twin_type: strawberry.ID | None = strawberry.field(
        description="The twin type that the overlay's type asks for; null where it asks for an overlay, or has no role."
    )
    overlay_type: strawberry.ID | None = strawberry.field(
        description="The overlay type that the overlay's type asks for; null where it asks for a twin, or has no role."
    )

    @strawberry.field(description="The twin that fills it; null where it is open, an overlay fills it, or many may.")
    def twin_id(self) -> strawberry.ID | None:
        return None if self.many else next(iter(self._twin_ids()), None)

    @strawberry.field(description="The twin that fills it; null where it is open, an overlay fills it, or many may.")
    def twin(self, info: Info) -> Twin | None:
        found = next(iter(self._twin_ids()), None)
        return Twin.find(info.context.catalogue, found) if found is not None and not self.many else None

    @strawberry.field(description=f"The twins that fill it, by twinId; none where it is open or overlays do. {PAGES}.")
    def twins(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Twin]:
        of = f"twins/{self.holder}/{self.role}"
        return connect(sorted(self._twin_ids()), Twin.find, info.context, first, after, last, before, of)

    @strawberry.field(description="The overlay that fills it; null where it is open, a twin fills it, or many may.")
    def overlay_id(self) -> strawberry.ID | None:
        return None if self.many else next(iter(self._overlay_ids()), None)

    @strawberry.field(description="The overlay that fills it; null where it is open, a twin fills it, or many may.")
    def overlay(self, info: Info) -> Annotated["Overlay", strawberry.lazy("app.api.types.overlay")] | None:
        found = None if self.many else next(iter(self._overlay_ids()), None)
        return Overlay.find(info.context.catalogue, found) if found is not None else None

    @strawberry.field(
        description=f"The overlays that fill it, by overlayId; none where it is open or twins do. {PAGES}."
    )
    def overlays(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Annotated["Overlay", strawberry.lazy("app.api.types.overlay")]]:
        of = f"overlays/{self.holder}/{self.role}"
        return connect(sorted(self._overlay_ids()), Overlay.find, info.context, first, after, last, before, of)

    @strawberry.field(description="The role as its type declares it; null for one that the type lacks.")
    def declared(self, info: Info) -> Annotated["RoleDefinition", strawberry.lazy("app.api.types.overlay_type")] | None:
        from app.api.types.overlay_type import find_role

        return find_role(info.context.catalogue, self.holder_type, self.role) if self.holder_type else None

    def _twin_ids(self) -> list[strawberry.ID]:
        return [strawberry.ID(item.twin_id) for item in self.fillers if item.twin_id is not None]

    def _overlay_ids(self) -> list[strawberry.ID]:
        return [strawberry.ID(item.overlay_id) for item in self.fillers if item.overlay_id is not None]


@strawberry.type(description="A group of twins by role.")
class Overlay(Owner):
    definition: strawberry.Private[model.Overlay]
    overlay_id: strawberry.ID = strawberry.field(description="The id that people write, unique among overlays.")
    overlay_type: strawberry.ID | None = strawberry.field(description="The typeId of its type; null where it has none.")
    name: str = strawberry.field(description="For people; empty where none was written.")

    @strawberry.field(description="Its type; null where it has none.")
    def type(self, info: Info) -> Annotated["OverlayType", strawberry.lazy("app.api.types.overlay_type")] | None:
        from app.api.types.overlay_type import OverlayType

        return OverlayType.find(info.context.catalogue, self.overlay_type) if self.overlay_type else None

    @strawberry.field(description="How far it is in its life: only an ACTIVE overlay's behaviors run.")
    def lifecycle(self) -> OverlayLifecycle:
        return OverlayLifecycle(overlay_id=self.overlay_id, lifecycle=self.definition.lifecycle)

    @strawberry.field(description="Its roles, the type's first, with who fills them.")
    def roles(self, info: Info) -> list[OverlayRole]:
        return roles_of(info.context.catalogue, self.definition)

    @strawberry.field(
        description=(
            "Who fills its roles: twins and overlays, with the way to them, by path. Its own roles only, unless "
            f"`nested`; what several ways lead to is there once. {PAGES}."
        )
    )
    def members(
        self,
        info: Info,
        roles: Roles = None,
        nested: Nested = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[OverlayMember]:
        found = {item.key: item for item in members_of(info.context.catalogue, self.definition, roles or (), nested)}
        of = f"members/{self.overlay_id}/{nested}/{sorted(roles or ())}"
        return connect(
            sorted(found), lambda _, key: OverlayMember.of(found[key]), info.context, first, after, last, before, of
        )

    @strawberry.field(
        description=(
            "Its edges, the type's included where both roles are filled: a role that many fill has one for each, all "
            f"of one name. By name, then ends. {PAGES}."
        )
    )
    def relationships(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Relationship]:
        edges = {edge.key: edge for edge in edges_of_overlay(info.context.catalogue, self.definition)}
        of = f"relationships/overlay/{self.overlay_id}"
        return connect(
            sorted(edges), lambda _, key: Relationship.of(edges[key]), info.context, first, after, last, before, of
        )

    @strawberry.field(description="Its visualization; null where it has none.")
    def visualization(self) -> JSON | None:
        return JSON(self.definition.visualization) if self.definition.visualization is not None else None

    @strawberry.field(description=REFERENCES)
    async def assets(self, info: Info) -> list[AssetReference]:
        return await referenced(info, self.definition.visualization, None)

    @classmethod
    def find(cls, catalogue: Catalogue, overlay_id: str) -> "Overlay | None":
        stored = catalogue.get("overlay", overlay_id)
        if stored is None or not isinstance(stored.definition, model.Overlay):
            return None
        found = stored.definition
        return cls(
            id=global_id("Overlay", overlay_id),
            stored=stored,
            definition=found,
            overlay_id=strawberry.ID(overlay_id),
            overlay_type=strawberry.ID(found.overlay_type) if found.overlay_type else None,
            name=found.name,
        )


def roles_of(catalogue: Catalogue, overlay: model.Overlay) -> list[OverlayRole]:
    fillers: dict[str, list[model.RoleBinding]] = {}
    for binding in overlay.twins:
        fillers.setdefault(binding.role, []).append(binding)
    kind = catalogue.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    declared = [
        OverlayRole(
            holder=overlay.overlay_id,
            holder_type=overlay.overlay_type,
            fillers=fillers.pop(item.role, []),
            role=item.role,
            description=item.description,
            required=item.required,
            many=item.many,
            twin_type=strawberry.ID(item.twin_type) if item.twin_type else None,
            overlay_type=strawberry.ID(item.overlay_type) if item.overlay_type else None,
        )
        for item in (kind.twin_roles if kind else ())
    ]
    own = [
        OverlayRole(
            holder=overlay.overlay_id,
            holder_type=None,
            fillers=filling,
            role=role,
            description="",
            required=False,
            many=False,
            twin_type=None,
            overlay_type=None,
        )
        for role, filling in fillers.items()
    ]
    return declared + own
