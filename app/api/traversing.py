"""Questions that follow edges, as GraphQL asks them: `Twin.related` and three of the root."""

import asyncio
from typing import Annotated, Any, cast

import strawberry

from app.api.connections import After, Connection, First
from app.api.context import Info
from app.api.filters import TwinWhereArgument
from app.api.pages import DEFAULT_PAGE, page_size
from app.api.types.enums import TraversalDirection
from app.api.types.traversal import Component, RelatedConnection, ShortestPaths, Subgraph, components_of
from app.find.check import MAX_DEPTH
from app.find.query import Around, Connected, TwinFilter
from app.find.traversals import MAX_EDGES, MAX_NODES, MAX_PATH, MAX_STARTS
from app.topology.topology import Way

MAX_PATHS = 100
_PATHS = 10
_NODES = 500

Direction = Annotated[TraversalDirection, strawberry.argument(description="Which way to follow edges.")]
RelationshipTypes = Annotated[
    list[str] | None,
    strawberry.argument(description="Only edges of these types, at most 100; all where left out."),
]
TwinTypes = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="Only twins of these types, subtypes included, at most 100; all where left out."),
]
RELATED = (
    "The twins that edges lead to, nearest first, then by id, each once and never the twin itself. `twinTypes` and "
    "`where` say which are shown; the others are walked through all the same. Answered from memory, live values "
    "included. DEPTH_INVALID, UNKNOWN_RELATIONSHIP_TYPE, UNKNOWN_TWIN_TYPE, what `twins` says of `where`, "
    "PAGE_SIZE_INVALID, CURSOR_INVALID, CURSOR_FOREIGN for a cursor of another question."
)


async def find_related(
    parent: strawberry.Parent[Any],
    info: Info,
    direction: Direction = TraversalDirection.BOTH,
    relationship_types: RelationshipTypes = None,
    twin_types: TwinTypes = None,
    where: TwinWhereArgument = None,
    min_depth: Annotated[int, strawberry.argument(description="The nearest to show, in hops: 1 to `maxDepth`.")] = 1,
    max_depth: Annotated[int, strawberry.argument(description=f"Hops, 1 to {MAX_DEPTH}.")] = 1,
    first: First = None,
    after: After = None,
) -> RelatedConnection:
    """Of a Twin."""
    asked = Around(
        parent.twin_id,
        _way(direction),
        tuple(relationship_types or ()),
        tuple(twin_types or ()),
        where.asked() if where else TwinFilter(),
        min_depth,
        max_depth,
    )
    size = page_size(DEFAULT_PAGE if first is None else first)
    if max_depth > 1:
        await _in_turn(info)
    page = info.context.services.traversals.related(asked, size, after)
    return RelatedConnection.of(page, info.context.catalogue)


@strawberry.type
class TraversalQueries:
    @strawberry.field(
        description=(
            "All shortest paths from one twin to another. UNKNOWN_TWIN, SAME_TWIN, UNKNOWN_RELATIONSHIP_TYPE, "
            "DEPTH_INVALID, PAGE_SIZE_INVALID."
        )
    )
    async def shortest_paths(
        self,
        info: Info,
        from_: Annotated[strawberry.ID, strawberry.argument(name="from", description="The twin to start from.")],
        to: Annotated[strawberry.ID, strawberry.argument(description="The twin to get to.")],
        direction: Direction = TraversalDirection.BOTH,
        relationship_types: RelationshipTypes = None,
        max_depth: Annotated[
            int, strawberry.argument(description=f"The longest to look for, in hops: 1 to {MAX_PATH}.")
        ] = MAX_DEPTH,
        first: Annotated[int, strawberry.argument(description=f"At most so many paths, 0 to {MAX_PATHS}.")] = _PATHS,
    ) -> ShortestPaths:
        count = page_size(first, most=MAX_PATHS)
        await _in_turn(info)
        found = info.context.services.traversals.shortest_paths(
            from_, to, _way(direction), tuple(relationship_types or ()), max_depth, count
        )
        return ShortestPaths.of(found, info.context.catalogue)

    @strawberry.field(
        description=(
            "A part of the graph to draw: the twins around some, and the edges among them. What `twinTypes` leaves out "
            f"is not walked through either. At most {MAX_EDGES} edges. NO_IDS, TOO_MANY_IDS, UNKNOWN_TWIN, "
            "UNKNOWN_RELATIONSHIP_TYPE, UNKNOWN_TWIN_TYPE, DEPTH_INVALID, SIZE_INVALID."
        )
    )
    async def subgraph(
        self,
        info: Info,
        around: Annotated[
            list[strawberry.ID], strawberry.argument(description=f"Twins to begin at, 1 to {MAX_STARTS}.")
        ],
        depth: Annotated[int, strawberry.argument(description=f"Hops, 0 to {MAX_DEPTH}.")] = 1,
        direction: Direction = TraversalDirection.BOTH,
        relationship_types: RelationshipTypes = None,
        twin_types: TwinTypes = None,
        max_nodes: Annotated[
            int,
            strawberry.argument(description=f"At most so many twins, 1 to {MAX_NODES}; the farthest are left out."),
        ] = _NODES,
    ) -> Subgraph:
        await _in_turn(info)
        found = info.context.services.traversals.subgraph(
            around, _way(direction), tuple(relationship_types or ()), tuple(twin_types or ()), depth, max_nodes
        )
        return Subgraph.of(found, info.context.catalogue)

    @strawberry.field(
        description=(
            "Which twins hang together, whichever way their edges run: largest first, then by the least id. Of an "
            "overlay, of those that match `where`, of both, or of all twins; only edges between those count. "
            "UNKNOWN_OVERLAY, UNKNOWN_RELATIONSHIP_TYPE, SIZE_INVALID, what `twins` says of `where`, "
            "PAGE_SIZE_INVALID, CURSOR_INVALID, CURSOR_FOREIGN."
        )
    )
    async def components(
        self,
        info: Info,
        overlay_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only the twins in this overlay and in those inside it."),
        ] = None,
        where: TwinWhereArgument = None,
        relationship_types: RelationshipTypes = None,
        min_size: Annotated[int, strawberry.argument(description="Only those of so many twins, 1 or more.")] = 1,
        first: First = None,
        after: After = None,
    ) -> Connection[Component]:
        asked = Connected(overlay_id, where.asked() if where else None, tuple(relationship_types or ()), min_size)
        size = page_size(DEFAULT_PAGE if first is None else first)
        await _in_turn(info)
        return components_of(info.context.services.traversals.components(asked, size, after))


async def _in_turn(info: Info) -> None:
    """However many walks a request asks for, and however many ask: what the caller does before it waits again is all
    that the loop is held up by."""
    async with info.context.services.walking:
        await asyncio.sleep(0)


def _way(direction: TraversalDirection) -> Way:
    return cast("Way", direction.value)
