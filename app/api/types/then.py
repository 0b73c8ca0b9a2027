"""Definitions as they stood at a moment, with what followed from them then: parts of types, members and edges.

Live values are no part of it: nothing keeps them. Why a behavior turned is told by `Behavior.explanation(at)`.
"""

import asyncio

import strawberry

from app.api.connections import PAGES, After, Before, Connection, First, Last, connect
from app.api.context import Info
from app.api.loaders import HistoryAt
from app.api.scalars import DateTime
from app.api.types.behavior_definition import BehaviorDefinition
from app.api.types.capability import Method, PropertyDefinition
from app.api.types.enums import DefinitionKind, OverlayState, RelationshipImpact
from app.api.types.interlock import Interlock, interlocks_of
from app.api.types.member import Member, Nested, Roles, members_of
from app.api.types.revision import Revision
from app.api.world_then import world_then
from app.commands.overlay_names import behaviors_in_effect
from app.find.edges import Edge, edges_of_overlay, edges_of_twin
from app.model.catalogue import NO_CAPABILITIES, Capabilities, Catalogue
from app.model.change import RevisionRecord
from app.model.definitions import Kind, Overlay
from app.model.plan import OwnerKey

_LIVE = "Live values, states and alerts are no part of it."


@strawberry.type(description=f"A definition as it stood at a moment, with what followed from it then. {_LIVE}")
class DefinitionThen:
    record: strawberry.Private[RevisionRecord]
    world: strawberry.Private["asyncio.Task[Catalogue] | None"] = None
    time: DateTime = strawberry.field(description="The moment.")
    revision: Revision = strawberry.field(description="The revision that stood then, with its document; or a deletion.")

    @strawberry.field(
        description="The type of a twin or overlay, or the one that a twin type extended, as it stood then, if any."
    )
    async def type(self, info: Info) -> "DefinitionThen | None":
        world = await self._world(info)
        match self.record.kind:
            case "twin":
                twin = world.twin(self.record.id)
                return await then(info, "twin_type", twin.twin_type, self.time) if twin is not None else None
            case "overlay":
                overlay = world.overlay(self.record.id)
                kind = overlay.overlay_type if overlay is not None else None
                return await then(info, "overlay_type", kind, self.time) if kind is not None else None
            case "twin_type":
                twin_type = world.twin_type(self.record.id)
                above = twin_type.extends if twin_type is not None else None
                return await then(info, "twin_type", above, self.time) if above is not None else None
            case _:
                return None

    @strawberry.field(
        description="Of a twin or a twin type: the properties that it had, its types' included. Empty for others."
    )
    async def properties(self, info: Info) -> list[PropertyDefinition]:
        return [PropertyDefinition(item=item) for item in (await self._able(info)).properties.values()]

    @strawberry.field(description="The methods, likewise.")
    async def methods(self, info: Info) -> list[Method]:
        return [Method.of(item) for item in (await self._able(info)).methods.values()]

    @strawberry.field(
        description="The behaviors that it had, its types' included. Empty for a relationship type, and where deleted."
    )
    async def behaviors(self, info: Info) -> list[BehaviorDefinition]:
        world = await self._world(info)
        overlay = self._overlay(world)
        if overlay is not None:
            return [BehaviorDefinition.of(item) for item in behaviors_in_effect(world, overlay).values()]
        overlay_type = world.overlay_type(self.record.id) if self.record.kind == "overlay_type" else None
        if overlay_type is not None:
            return [BehaviorDefinition.of(item) for item in overlay_type.behaviors]
        return [BehaviorDefinition.of(item) for item in (await self._able(info)).behaviors.values()]

    @strawberry.field(description="The interlocks, likewise.")
    async def interlocks(self, info: Info) -> list[Interlock]:
        world = await self._world(info)
        if self._overlay(world) is not None:
            return interlocks_of(world, OwnerKey("overlay", self.record.id))
        overlay_type = world.overlay_type(self.record.id) if self.record.kind == "overlay_type" else None
        if overlay_type is not None:
            return [Interlock.of(item) for item in overlay_type.interlocks]
        return [Interlock.of(item) for item in (await self._able(info)).interlocks.values()]

    @strawberry.field(description="Of an overlay: how far it was in its life; null for others, and where deleted.")
    async def lifecycle(self, info: Info) -> OverlayState | None:
        overlay = self._overlay(await self._world(info))
        return OverlayState(overlay.lifecycle) if overlay is not None else None

    @strawberry.field(
        description=f"Of an overlay: who filled its roles then, as `Overlay.members`. Empty for others. {PAGES}."
    )
    async def members(
        self,
        info: Info,
        roles: Roles = None,
        nested: Nested = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> "Connection[MemberThen]":
        world = await self._world(info)
        overlay = self._overlay(world)
        members = members_of(world, overlay, roles or (), nested) if overlay is not None else []
        found = {item.key: item for item in members}
        of = f"membersThen/{self.record.id}/{nested}/{sorted(roles or ())}"
        return connect(
            sorted(found),
            lambda _, key: MemberThen.of(found[key], self.time),
            info.context,
            first,
            after,
            last,
            before,
            of,
        )

    @strawberry.field(
        description=(
            "Of an overlay: the edges that it made then, its type's included; of a twin: those that its own document "
            f"declared. Empty for others. {PAGES}."
        )
    )
    async def relationships(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> "Connection[RelationshipThen]":
        world = await self._world(info)
        twin = world.twin(self.record.id) if self.record.kind == "twin" else None
        made = edges_of_twin(world, twin) if twin is not None else edges_of_overlay(world, self._overlay(world))
        found = {edge.key: edge for edge in made}
        of = f"relationshipsThen/{self.record.kind}/{self.record.id}"
        return connect(
            sorted(found),
            lambda _, key: RelationshipThen.of(info.context.catalogue, found[key]),
            info.context,
            first,
            after,
            last,
            before,
            of,
        )

    async def _world(self, info: Info) -> Catalogue:
        """Put together once, for all fields that need it."""
        if self.world is None:
            made = world_then(info.context.loaders, self.record, self.time)
            self.world = asyncio.ensure_future(made)
        return await self.world

    async def _able(self, info: Info) -> Capabilities:
        world = await self._world(info)
        match self.record.kind:
            case "twin":
                return world.capabilities(self.record.id)
            case "twin_type":
                return world.type_capabilities(self.record.id)
            case _:
                return NO_CAPABILITIES

    def _overlay(self, world: Catalogue) -> Overlay | None:
        return world.overlay(self.record.id) if self.record.kind == "overlay" else None


@strawberry.type(description="Who filled a role at a moment.")
class MemberThen:
    member: strawberry.Private[Member]
    time: strawberry.Private[DateTime]
    role: str = strawberry.field(description="The role.")
    path: list[str] = strawberry.field(description="The roles that led to it, from the overlay that was asked.")
    kind: DefinitionKind = strawberry.field(description="TWIN or OVERLAY.")
    definition_id: strawberry.ID = strawberry.field(description="Its twinId or overlayId.")

    @strawberry.field(description="As it stood then; null where it was not there.")
    async def definition(self, info: Info) -> DefinitionThen | None:
        return await then(info, self.kind.value, self.definition_id, self.time)

    @classmethod
    def of(cls, member: Member, time: DateTime) -> "MemberThen":
        return cls(
            member=member,
            time=time,
            role=member.path[-1],
            path=list(member.path),
            kind=DefinitionKind(member.kind),
            definition_id=strawberry.ID(member.id),
        )


@strawberry.type(description="An edge between two twins at a moment.")
class RelationshipThen:
    name: str = strawberry.field(description="Its name.")
    relationship_type: str = strawberry.field(description="Its type, as it was in effect then.")
    source_twin_id: strawberry.ID = strawberry.field(description="The twin that it started from.")
    target_twin_id: strawberry.ID = strawberry.field(description="The twin that it led to.")
    impact: RelationshipImpact | None = strawberry.field(
        description="Which way failure travels along edges of this type now; null where the type is gone."
    )

    @classmethod
    def of(cls, now: Catalogue, edge: Edge) -> "RelationshipThen":
        found = now.relationship_type(edge.relationship_type)
        return cls(
            name=edge.name,
            relationship_type=edge.relationship_type,
            source_twin_id=strawberry.ID(edge.source),
            target_twin_id=strawberry.ID(edge.target),
            impact=RelationshipImpact(found.impact) if found is not None else None,
        )


async def then(info: Info, kind: Kind, id: str, time: DateTime) -> DefinitionThen | None:
    """None where there was none yet."""
    found = await info.context.loaders.history_at.load(HistoryAt(kind, id, time))
    return DefinitionThen(record=found, time=time, revision=Revision.of(found)) if found is not None else None
