"""Queries: what there is and how it stands. Definitions and live values come from memory, the rest from the graph.

A singular query for an id that nothing carries answers null; an id of the wrong form, or an unknown id used as a
filter, is an error.
"""

from importlib.metadata import version
from typing import Annotated

import strawberry

from app.api.connections import PAGES, After, Before, Connection, First, Last, connect, show
from app.api.context import Info
from app.api.filters import (
    FINDING,
    OverlayOrderArgument,
    OverlayWhereArgument,
    TwinOrderArgument,
    TwinWhereArgument,
    window,
)
from app.api.happening import HappeningQueries
from app.api.impact import ImpactQueries
from app.api.notifying import NotificationQueries
from app.api.overridden import overridden_keys
from app.api.overrides import find_overridden
from app.api.planning import PlanningQueries
from app.api.rehearsing import RehearsalQueries
from app.api.resolve import find_node, find_nodes
from app.api.scalars import DateTime, Long
from app.api.scripts import ScriptQueries
from app.api.traversing import TraversalQueries
from app.api.types.asset import Asset, Prefix
from app.api.types.connector import Connector
from app.api.types.enums import DefinitionKind, SpaceState
from app.api.types.history import DefinitionHistory, find_history
from app.api.types.ledger import IngestLedger
from app.api.types.node import Node
from app.api.types.overlay import Overlay
from app.api.types.overlay_type import OverlayType
from app.api.types.property import Property
from app.api.types.relationship_type import RelationshipType
from app.api.types.twin import Twin
from app.api.types.twin_type import TwinType
from app.api.wheres import OverrideWhere, OverrideWhereArgument
from app.api.written import written
from app.commands.assets import paths_below
from app.errors import Invalid
from app.find.query import Order, OverlayFilter, TwinFilter

VERSION = version("twin-overlay")
MAX_NODES = 1000
PAGING = f"by id; {PAGES}"


@strawberry.type(description="How far the graph is behind the journal; live values, alerts and calls are not.")
class GraphBehind:
    behind_entries: Long = strawberry.field(description="Journal entries that the graph does not have yet.")
    behind_seconds: float = strawberry.field(description="How long ago the first of them happened.")
    problem: str | None = strawberry.field(description="Why it can't be written just now; null while it can.")
    set_aside: Long = strawberry.field(
        description="Rows that it refused; the server keeps them in `set-aside.ndjson`, each with the reason."
    )


@strawberry.type(description="The disk on which the journal lies.")
class JournalDisk:
    state: SpaceState = strawberry.field(description="What may still be written.")
    free_bytes: Long = strawberry.field(description="That the server may still write.")
    reserve_bytes: Long = strawberry.field(description="Left of what is held ready for a full disk.")
    problem: str | None = strawberry.field(description="Why readings are not taken just now; null while they are.")


@strawberry.type(description="The server and where it stands.")
class Server:
    version: str = strawberry.field(description="Of the program.")
    time: DateTime = strawberry.field(description="The server's clock.")
    sequence: Long = strawberry.field(description="The journal sequence that live values stand at.")
    catalogue_revision: Long = strawberry.field(description="+1 with every accepted change of definitions.")
    graph: GraphBehind = strawberry.field(description="The graph behind it.")
    disk: JournalDisk = strawberry.field(description="The disk on which everything accepted is kept.")


@strawberry.type(description="What there is and how it stands.")
class Query(
    HappeningQueries,
    ImpactQueries,
    TraversalQueries,
    RehearsalQueries,
    PlanningQueries,
    ScriptQueries,
    NotificationQueries,
):
    @strawberry.field(description="Anything with a global id; null where nothing carries it. ID_INVALID.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="A `Node.id`.")]
    ) -> Node | None:
        return await find_node(info.context, id)

    @strawberry.field(description=f"The same for at most {MAX_NODES} ids, in their order. ID_INVALID, TOO_MANY_IDS.")
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Several `Node.id`.")]
    ) -> list[Node | None]:
        if len(ids) > MAX_NODES:
            raise Invalid(f"{len(ids)} ids were given; the most is {MAX_NODES}", code="TOO_MANY_IDS", path="/ids")
        return await find_nodes(info.context, ids)

    @strawberry.field(description="One twin; null where there is none of that id. ID_INVALID.")
    def twin(
        self, info: Info, twin_id: Annotated[strawberry.ID, strawberry.argument(description="The id in its document.")]
    ) -> Twin | None:
        return Twin.find(info.context.catalogue, written(twin_id, "twinId"))

    @strawberry.field(description=f"Twins, a page at a time. {FINDING}")
    def twins(
        self,
        info: Info,
        where: TwinWhereArgument = None,
        order_by: TwinOrderArgument = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Twin]:
        order = order_by.asked() if order_by else Order()
        page = window(first, after, last, before)
        found = info.context.services.finder.twins(where.asked() if where else TwinFilter(), order, page)
        return show(found, Twin.find, info.context.catalogue)

    @strawberry.field(description="One twin type; null where there is none of that id. ID_INVALID.")
    def twin_type(
        self, info: Info, type_id: Annotated[strawberry.ID, strawberry.argument(description="The id in its document.")]
    ) -> TwinType | None:
        return TwinType.find(info.context.catalogue, written(type_id, "typeId"))

    @strawberry.field(description=f"Twin types {PAGING}.")
    def twin_types(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[TwinType]:
        catalogue = info.context.catalogue
        ids = info.context.order.ids(catalogue, "twin_type")
        return connect(ids, TwinType.find, info.context, first, after, last, before, "twinTypes")

    @strawberry.field(description="One overlay; null where there is none of that id. ID_INVALID.")
    def overlay(
        self,
        info: Info,
        overlay_id: Annotated[strawberry.ID, strawberry.argument(description="The id in its document.")],
    ) -> Overlay | None:
        return Overlay.find(info.context.catalogue, written(overlay_id, "overlayId"))

    @strawberry.field(description=f"Overlays, a page at a time. {FINDING}")
    def overlays(
        self,
        info: Info,
        where: OverlayWhereArgument = None,
        order_by: OverlayOrderArgument = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Overlay]:
        order = order_by.asked() if order_by else Order()
        page = window(first, after, last, before)
        found = info.context.services.finder.overlays(where.asked() if where else OverlayFilter(), order, page)
        return show(found, Overlay.find, info.context.catalogue)

    @strawberry.field(description="One overlay type; null where there is none of that id. ID_INVALID.")
    def overlay_type(
        self, info: Info, type_id: Annotated[strawberry.ID, strawberry.argument(description="The id in its document.")]
    ) -> OverlayType | None:
        return OverlayType.find(info.context.catalogue, written(type_id, "typeId"))

    @strawberry.field(description=f"Overlay types {PAGING}.")
    def overlay_types(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[OverlayType]:
        catalogue = info.context.catalogue
        ids = info.context.order.ids(catalogue, "overlay_type")
        return connect(ids, OverlayType.find, info.context, first, after, last, before, "overlayTypes")

    @strawberry.field(description="One relationship type, built in or not; null where there is none. ID_INVALID.")
    def relationship_type(
        self, info: Info, relationship_type: Annotated[strawberry.ID, strawberry.argument(description="Its name.")]
    ) -> RelationshipType | None:
        return RelationshipType.find(info.context.catalogue, written(relationship_type, "relationshipType"))

    @strawberry.field(description=f"Relationship types, the built-in ones included, {PAGING}.")
    def relationship_types(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[RelationshipType]:
        ids = info.context.order.ids(info.context.catalogue, "relationship_type")
        return connect(ids, RelationshipType.find, info.context, first, after, last, before, "relationshipTypes")

    @strawberry.field(
        description="A definition over time, a deleted one too; null where nothing ever had that id. ID_INVALID."
    )
    async def definition(
        self,
        info: Info,
        kind: Annotated[DefinitionKind, strawberry.argument(description="What kind of definition.")],
        id: Annotated[strawberry.ID, strawberry.argument(description="The id in its document.")],
    ) -> DefinitionHistory | None:
        return await find_history(info, kind, written(id, "id"))

    @strawberry.field(description=f"The files that this server keeps, by path. {PAGES}, ASSETS_UNAVAILABLE.")
    async def assets(
        self,
        info: Info,
        prefix: Prefix = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Asset]:
        store = info.context.services.commands.assets.store
        await store.refresh()
        paths = paths_below(store, prefix or "")
        of = f"assets/{prefix or ''}"
        return connect(paths, lambda _, path: Asset.find(store, path), info.context, first, after, last, before, of)

    @strawberry.field(
        description=(
            "Everything that is out of service or forced, as properties (see `value.override`), by twin id and name. "
            "TWIN_NOT_FOUND, TWIN_TYPE_NOT_FOUND, OVERLAY_NOT_FOUND, TOO_MANY_IDS, PAGE_SIZE_INVALID, CURSOR_INVALID, "
            "CURSOR_FOREIGN."
        )
    )
    def overrides(
        self,
        info: Info,
        where: OverrideWhereArgument = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Property]:
        kinds, membership, by = (where or OverrideWhere()).asked(info.context.catalogue)
        ids = overridden_keys(info.context.live, membership, kinds, by)
        return connect(ids, find_overridden, info.context, first, after, last, before, f"overrides/{where!r}")

    @strawberry.field(description="The connections to devices and brokers, by name.")
    def connectors(self, info: Info) -> list[Connector]:
        return [Connector.of(item) for item in sorted(info.context.services.devices.health(), key=lambda x: x.name)]

    @strawberry.field(description="The loss ledger: what became of every sample, and whether that adds up.")
    def ingest_ledger(self, info: Info) -> IngestLedger:
        services = info.context.services
        return IngestLedger.of(services.ledger(), services.bus.pushes(), services.bus.pushed())

    @strawberry.field(description="The journal sequence that live values stand at.")
    def sequence(self, info: Info) -> Long:
        return Long(info.context.live.sequence)

    @strawberry.field(description="The server and where it stands.")
    def server(self, info: Info) -> Server:
        graph, space = info.context.services.graph(), info.context.services.space()
        return Server(
            version=VERSION,
            time=DateTime(info.context.services.clock.now()),
            sequence=Long(info.context.live.sequence),
            catalogue_revision=Long(info.context.catalogue.revision),
            graph=GraphBehind(
                behind_entries=Long(graph.behind_entries),
                behind_seconds=graph.behind_seconds,
                problem=graph.problem or None,
                set_aside=Long(graph.set_aside),
            ),
            disk=JournalDisk(
                state=SpaceState(space.state),
                free_bytes=Long(space.free),
                reserve_bytes=Long(space.reserve),
                problem=space.problem or None,
            ),
        )
