"""Who fills the roles of an overlay, and which roles somebody fills: the same edge from both ends.

Members of overlays that are inside are reached once, by the first way that leads to them.
"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Annotated, NamedTuple

import strawberry

from app.api.context import Info
from app.model import definitions as model
from app.model.catalogue import Catalogue
from app.model.plan import OwnerKey

if TYPE_CHECKING:
    from app.api.types.overlay import Overlay
    from app.api.types.twin import Twin

Roles = Annotated[list[str] | None, strawberry.argument(description="Only those in roles of these names.")]
OverlayTypes = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="Only those in overlays of these types.")
]
Nested = Annotated[
    bool, strawberry.argument(description="Whether those of the overlays inside it count too, at any depth.")
]


@strawberry.type(description="A role that a twin or an overlay fills in an overlay.")
class OverlayMembership:
    role: str = strawberry.field(description="The role.")
    overlay_id: strawberry.ID = strawberry.field(description="The overlay whose role it is.")

    @strawberry.field(description="That overlay; null where it was deleted meanwhile.")
    def overlay(self, info: Info) -> Annotated["Overlay", strawberry.lazy("app.api.types.overlay")] | None:
        from app.api.types.overlay import Overlay

        return Overlay.find(info.context.catalogue, self.overlay_id)


@strawberry.type(description="Somebody who fills a role of an overlay: a twin or another overlay.")
class OverlayMember:
    member: strawberry.Private["Member"]
    role: str = strawberry.field(description="The role.")
    path: list[str] = strawberry.field(
        description="The roles that lead to it, from the overlay that was asked: one where that is its own role."
    )

    @strawberry.field(description="How many roles lead to it: 1 for the overlay's own.")
    def depth(self) -> int:
        return len(self.path)

    @strawberry.field(description="The twin that fills it; null where an overlay does.")
    def twin_id(self) -> strawberry.ID | None:
        return strawberry.ID(self.member.id) if self.member.kind == "twin" else None

    @strawberry.field(description="The overlay that fills it; null where a twin does.")
    def overlay_id(self) -> strawberry.ID | None:
        return strawberry.ID(self.member.id) if self.member.kind == "overlay" else None

    @strawberry.field(description="The twin that fills it; null where an overlay does.")
    def twin(self, info: Info) -> Annotated["Twin", strawberry.lazy("app.api.types.twin")] | None:
        from app.api.types.twin import Twin

        return Twin.find(info.context.catalogue, self.member.id) if self.member.kind == "twin" else None

    @strawberry.field(description="The overlay that fills it; null where a twin does.")
    def overlay(self, info: Info) -> Annotated["Overlay", strawberry.lazy("app.api.types.overlay")] | None:
        from app.api.types.overlay import Overlay

        return Overlay.find(info.context.catalogue, self.member.id) if self.member.kind == "overlay" else None

    @strawberry.field(description="The overlay whose role it is: the one asked, or one inside it.")
    def within(self, info: Info) -> Annotated["Overlay", strawberry.lazy("app.api.types.overlay")] | None:
        from app.api.types.overlay import Overlay

        return Overlay.find(info.context.catalogue, self.member.within)

    @classmethod
    def of(cls, member: "Member") -> "OverlayMember":
        return cls(member=member, role=member.path[-1], path=list(member.path))


class Member(NamedTuple):
    path: tuple[str, ...]
    kind: str
    id: str
    within: str

    @property
    def key(self) -> str:
        """Its place: no identifier has a slash."""
        return "/".join((*self.path, self.kind, self.id))


def members_of(catalogue: Catalogue, overlay: model.Overlay, roles: Collection[str], nested: bool) -> list[Member]:
    """In the order of their places; `roles` are those of whoever's role it is, and empty asks for all."""
    found = _walk(catalogue, overlay, nested)
    return sorted((item for item in found if not roles or item.path[-1] in roles), key=lambda item: item.key)


def memberships_of(
    catalogue: Catalogue, filler: OwnerKey, roles: Collection[str], overlay_types: Collection[str]
) -> list[str]:
    """`overlay id/role`, sorted."""
    of_twin = filler.kind == "twin"
    outer = catalogue.overlays_of_twin(filler.id) if of_twin else catalogue.overlays_of_overlay(filler.id)
    return sorted(
        f"{overlay_id}/{binding.role}"
        for overlay_id in outer
        if (overlay := catalogue.overlay(overlay_id)) is not None
        and (not overlay_types or overlay.overlay_type in overlay_types)
        for binding in overlay.twins
        if (binding.twin_id if of_twin else binding.overlay_id) == filler.id and (not roles or binding.role in roles)
    )


def _walk(catalogue: Catalogue, overlay: model.Overlay, nested: bool) -> Iterator[Member]:
    seen = {overlay.overlay_id}
    waiting: list[tuple[tuple[str, ...], model.Overlay]] = [((), overlay)]
    while waiting:
        path, at = waiting.pop()
        for binding in at.twins:
            here = (*path, binding.role)
            if binding.twin_id is not None:
                yield Member(here, "twin", binding.twin_id, at.overlay_id)
            elif binding.overlay_id is not None:
                yield Member(here, "overlay", binding.overlay_id, at.overlay_id)
                inner = catalogue.overlay(binding.overlay_id) if nested else None
                if inner is not None and inner.overlay_id not in seen:
                    seen.add(inner.overlay_id)
                    waiting.append((here, inner))
