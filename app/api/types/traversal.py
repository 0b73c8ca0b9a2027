"""What traversals answer with: edges, hops, paths, drawings and components, each at the sequence it stands at."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.api.connections import PAGES, After, Before, Connection, First, Last, PageInfo, connect, page_info
from app.api.context import Info
from app.api.pages import MAX_PAGE
from app.api.scalars import Long
from app.api.types.enums import OwnerKind, RelationshipDirection
from app.api.types.relationship import BetweenTwins, Relationship
from app.find.edges import Edge as Declared
from app.find.traversals import ComponentsPage, FoundPaths, FoundSubgraph, RelatedPage
from app.model.catalogue import Catalogue
from app.topology.components import Component as FoundComponent
from app.topology.topology import Edge as Held
from app.topology.walk import Hop as Step

if TYPE_CHECKING:
    from app.api.types.twin import Twin

_Twin = Annotated["Twin", strawberry.lazy("app.api.types.twin")]


@strawberry.type(description="One step of a path: an edge, and which way it is gone.")
class Hop(BetweenTwins):
    direction: RelationshipDirection = strawberry.field(
        description="OUTGOING where the path follows the edge, INCOMING where it goes against it."
    )
    parallel: list[Relationship] = strawberry.field(
        description="The other edges between the same two twins that the path could take as well."
    )

    @classmethod
    def taken(cls, step: Step) -> "Hop":
        return cls(
            direction=RelationshipDirection(step.direction),
            parallel=[Relationship.of(_edge(edge)) for edge in step.parallel],
            **_fields(step.edge),
        )


def _cursor(self: "RelatedEdge") -> str:
    return self.cursors[self.at]


@strawberry.type(description="A twin that a traversal reached, and how.")
class RelatedEdge:
    node: _Twin = strawberry.field(description="The twin.")
    cursor: str = strawberry.field(resolver=_cursor, description="Its place: give it as `after`.")
    depth: int = strawberry.field(description="Hops from the start, along a shortest path.")
    steps: strawberry.Private[Callable[[], Sequence[Step]]]
    cursors: strawberry.Private[Sequence[str]]
    """Of the whole page, each written when it is asked for."""
    at: strawberry.Private[int]

    @strawberry.field(description="A shortest path from the start: of several always the same one.")
    def path(self) -> list[Hop]:
        return [Hop.taken(step) for step in self.steps()]


@strawberry.type(description=f"A page of at most {MAX_PAGE} related twins, nearest first, then by id, each once.")
class RelatedConnection:
    edges: list[RelatedEdge] = strawberry.field(description="The twins with how they are reached.")
    nodes: list[_Twin] = strawberry.field(description="The twins alone.")
    page_info: PageInfo = strawberry.field(description="Whether there is more, and from where.")
    sequence: Long = strawberry.field(description="The journal sequence that the answer stands at.")
    count: strawberry.Private[Callable[[], int]]

    @strawberry.field(
        description="How many there are over all pages; counted only where asked for, by a walk to the end."
    )
    def total_count(self) -> int:
        return self.count()

    @classmethod
    def of(cls, page: RelatedPage, catalogue: Catalogue) -> "RelatedConnection":
        from app.api.types.twin import Twin

        find, cursors = Twin.find, page.cursors
        found = [
            RelatedEdge(node=twin, depth=item.depth, steps=item.path, cursors=cursors, at=at)
            for at, item in enumerate(page.items)
            if (twin := find(catalogue, item.twin_id)) is not None
        ]
        return cls(
            edges=found,
            nodes=[edge.node for edge in found],
            page_info=page_info(cursors, page.has_previous, page.has_next),
            sequence=Long(page.sequence),
            count=page.count,
        )


@strawberry.type(description="A way from one twin to another.")
class Path:
    twins: list[_Twin] = strawberry.field(description="The twins it goes through, both ends included, in order.")
    hops: list[Hop] = strawberry.field(description="Its steps, one fewer than twins.")

    @classmethod
    def of(cls, steps: Sequence[Step], catalogue: Catalogue) -> "Path":
        ids: list[str] = []
        for edge, direction, _ in steps:
            ends = (edge.source, edge.target) if direction == "outgoing" else (edge.target, edge.source)
            ids += ends[1:] if ids else ends
        twins = [twin for id in ids if (twin := _twin(catalogue, id)) is not None]
        return cls(twins=twins, hops=[Hop.taken(step) for step in steps])


@strawberry.type(description="The shortest ways between two twins.")
class ShortestPaths:
    length: int | None = strawberry.field(description="Hops of each; null where there is none within `maxDepth`.")
    paths: list[Path] = strawberry.field(
        description="By the ids of the twins that they go through; parallel edges make no path of their own."
    )
    has_more: bool = strawberry.field(description="Whether there are more of that length than `first`.")
    sequence: Long = strawberry.field(description="The journal sequence that the answer stands at.")

    @classmethod
    def of(cls, found: FoundPaths, catalogue: Catalogue) -> "ShortestPaths":
        paths = [Path.of(steps, catalogue) for steps in found.paths]
        return cls(length=found.length, paths=paths, has_more=found.more, sequence=Long(found.sequence))


@strawberry.type(description="A twin of a drawing.")
class SubgraphNode:
    twin: _Twin = strawberry.field(description="The twin.")
    depth: int = strawberry.field(description="Hops from the nearest of `around`; 0 for those themselves.")


@strawberry.type(description="A part of the graph to draw.")
class Subgraph:
    nodes: list[SubgraphNode] = strawberry.field(description="Nearest first, then by id.")
    edges: list[Relationship] = strawberry.field(
        description="All that were asked for between `nodes`, parallel ones too."
    )
    nodes_left_out: int = strawberry.field(description="How many more there are than `maxNodes`; 0 where it is whole.")
    edges_left_out: int = strawberry.field(
        description="How many more there are between `nodes` than a drawing holds; 0 where it is whole."
    )
    sequence: Long = strawberry.field(description="The journal sequence that the answer stands at.")

    @classmethod
    def of(cls, found: FoundSubgraph, catalogue: Catalogue) -> "Subgraph":
        drawn = found.subgraph
        return cls(
            nodes=[
                SubgraphNode(twin=twin, depth=depth)
                for id, depth in drawn.nodes
                if (twin := _twin(catalogue, id)) is not None
            ],
            edges=[Relationship.of(_edge(edge)) for edge in drawn.edges],
            nodes_left_out=drawn.nodes_left_out,
            edges_left_out=drawn.edges_left_out,
            sequence=Long(found.sequence),
        )


@strawberry.type(description="Twins that hang together, whichever way the edges between them run.")
class Component:
    size: int = strawberry.field(description="How many twins it has.")
    least_twin_id: strawberry.ID = strawberry.field(
        description="The least of their ids: no two components of an answer share it."
    )
    ids: strawberry.Private[Sequence[str]]

    @strawberry.field(description=f"Its twins by id. {PAGES}.")
    def members(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[_Twin]:
        of = f"component/{self.least_twin_id}"
        return connect(self.ids, _twin, info.context, first, after, last, before, of)

    @classmethod
    def of(cls, found: FoundComponent) -> "Component":
        return cls(size=len(found.members), least_twin_id=strawberry.ID(found.least), ids=found.members)


def components_of(page: ComponentsPage) -> Connection[Component]:
    nodes = [Component.of(item) for item in page.items]
    return Connection(
        cursors=page.cursors,
        nodes=nodes,
        page_info=page_info(page.cursors, page.has_previous, page.has_next),
        sequence=Long(page.sequence),
        count=lambda: page.total,
    )


def _fields(edge: Held) -> dict[str, Any]:
    return {
        "relationship_type": edge.relationship_type,
        "name": edge.name,
        "source_twin_id": strawberry.ID(edge.source),
        "target_twin_id": strawberry.ID(edge.target),
        "owner_kind": OwnerKind(edge.declared_by.kind),
        "owner_id": strawberry.ID(edge.declared_by.id),
        "group": edge.group,
    }


def _edge(edge: Held) -> Declared:
    owner = edge.declared_by
    return Declared(edge.name, edge.source, edge.target, owner.kind, owner.id, edge.relationship_type, edge.group)


def _twin(catalogue: Catalogue, twin_id: str) -> "Twin | None":
    from app.api.types.twin import Twin

    return Twin.find(catalogue, twin_id)
